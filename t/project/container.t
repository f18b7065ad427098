use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# The image's entrypoint, without an image: how many workers there are, with
# another folder for the control groups, and with programs that say what they
# are told.  "make fresh PARTS=image" has the rest.

my $dir = run_dir() . "/container$$";
my $cgroup = "$dir/cgroup";
my $script = slurp(root() . '/conf/container/entrypoint');

mkdir $_ or BAIL_OUT("mkdir $_: $!") for $dir, "$dir/bin";
$script =~ s{/sys/fs/cgroup}{$cgroup} or die 'the entrypoint has no cgroup';
spew("$dir/entrypoint", $script);
spew("$dir/bin/nginx", "#!/bin/sh\nprintf '%s\\n' \"\$@\"\n");
spew("$dir/bin/nproc", "#!/bin/sh\necho 8\n");
chmod 0755, glob "$dir/bin/*" or BAIL_OUT("chmod: $!");


# what nginx is started with

sub options {
    my (%file) = @_;

    run('rm', '-rf', $cgroup);
    mkdir $_ or BAIL_OUT("mkdir $_: $!") for $cgroup, "$cgroup/cpu";
    spew("$cgroup/$_", "$file{$_}\n") for keys %file;

    local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
    my ($status, $out, $err) = run('sh', "$dir/entrypoint", '-t');

    return $out . $err;
}


sub workers {
    my ($n) = @_;

    return "-e\nstderr\n-g\ndaemon off; worker_processes $n;\n-t\n";
}


sub v1 {
    my ($quota, $period) = @_;

    return ('cpu/cpu.cfs_quota_us' => $quota,
            'cpu/cpu.cfs_period_us' => $period // 100_000);
}


for my $case (
    [8, 'no control group'],
    [8, 'no limit', 'cpu.max' => 'max 100000'],
    [1, 'a half', 'cpu.max' => '50000 100000'],
    [1, 'one', 'cpu.max' => '100000 100000'],
    [2, 'one and a bit', 'cpu.max' => '101000 100000'],
    [4, 'another period', 'cpu.max' => '40000 10000'],
    [8, 'more than there are', 'cpu.max' => '1600000 100000'],
    [8, 'no limit of v1', v1(-1)],
    [2, 'one and a half of v1', v1(150_000)],
    [3, 'another period of v1', v1(60_000, 20_000)],
    [3, 'v2 before v1', 'cpu.max' => '300000 100000', v1(100_000)])
{
    my ($workers, $name, %file) = @$case;

    is(options(%file), workers($workers), "workers: $name");
}

{
    local $ENV{WORKER_PROCESSES} = 5;
    is(options('cpu.max' => '100000 100000'), workers(5), 'workers: as told');
}

done_testing();
