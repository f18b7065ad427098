package Load;

# What prizectl takes: a load of 12,000 employees, a load of a million beside
# "redis-cli --pipe" with the same transactions prepared in a file, a verify,
# and the links of a roster.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use POSIX ();
use Time::HiRes qw(sleep time);

use Test::Prize;
use Test::Prize::Roster;
use Measure;

use constant { ROWS => 1_000_000, LINKS => 300_000 };


# its seconds and the most memory it had, in KiB; dies if it fails

sub run_program {
    my ($input, @command) = @_;
    my $base = run_dir() . "/load.$$";
    my ($started, $peak) = (time, 0);
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', $input or POSIX::_exit(126);
        open STDOUT, '>', "$base.out" or POSIX::_exit(126);
        open STDERR, '>', "$base.err" or POSIX::_exit(126);
        { no warnings 'exec'; exec @command; }
        POSIX::_exit(127);
    }

    while (waitpid($pid, POSIX::WNOHANG()) == 0) {
        # until it runs the command, the process is a perl like this one
        my $exe = readlink("/proc/$pid/exe") // 'perl';
        my $status = eval { slurp("/proc/$pid/status") } // '';

        $peak = $1 if $exe !~ /perl/ && $status =~ /^VmHWM:\s+(\d+) kB/m;
        sleep 0.01;
    }

    my $seconds = time - $started;

    die "@command[0, 1]: " . slurp("$base.err") if $?;
    return ($seconds, $peak);
}


# a database with a table "large" of so many employees

sub create_roster {
    my ($postgres, $rows) = @_;
    my $roster = Test::Prize::Roster->create($postgres);

    $roster->sql(<<~"SQL");
        CREATE TABLE large AS
            SELECT 'E' || i AS id, 'employee number ' || i AS name,
                   'department ' || i % 100 AS department,
                   CASE WHEN i % 10 = 0 THEN 'gold' ELSE '' END AS prize,
                   'gift.example.com/claim?ticket=' || md5(i::text)
                       AS claim_url
            FROM generate_series(1, $rows) AS i;
        ANALYZE large;
        SQL

    return $roster;
}


# the transactions that load writes for them

sub prepare_commands {
    my $file = run_dir() . '/commands';

    open my $out, '>:raw', $file or die "$file: $!";

    for my $i (1 .. ROWS) {
        my $key = "employee:E$i";

        print {$out} map { Test::Prize::Redis::encode(@$_) } ['MULTI'],
            ['DEL', $key], ['HSET', $key, id => "E$i",
                name => "employee number $i",
                department => 'department ' . $i % 100,
                prize => $i % 10 ? '' : 'gold',
                claim_url => 'gift.example.com/claim?ticket=' . md5_hex($i)],
            ['PEXPIRE', $key, 172_800_000 + int rand 17_280_000], ['EXEC'];
    }

    close $out or die "$file: $!";
    return $file;
}


# by the command's own processor time

sub sign {
    my ($site) = @_;
    my $file = spew(run_dir() . '/sign.csv', "id,name,department\n"
        . join '', map { "E$_,employee number $_,\"R&D, $_\"\n" } 1 .. LINKS);
    my $before = (times)[2] + (times)[3];

    run_program($file, prizectl(), 'sign', '--key-file', $site->{keys},
                '--event', 'bench', '--url', 'https://h5.example.com/h5',
                '--expires', '2099-01-01T00:00Z');
    return { rate => LINKS / ((times)[2] + (times)[3] - $before) / 1000 };
}


# the two loads of a million follow each other

sub measure {
    my ($site, $rounds, $void) = @_;
    my $redis = Test::Prize::Redis->start;
    my $roster = create_roster($site->{postgres}, ROWS);
    my $commands = prepare_commands();
    my $prizectl = sub {
        my ($name, $table) = @_;
        return ('/dev/null', prizectl(), $name, '--postgres',
                $roster->conninfo, '--redis', 'redis://' . $redis->address,
                '--query', "SELECT * FROM $table");
    };

    my $into = sub {
        my ($rows, @program) = @_;
        $redis->command('FLUSHALL');
        my ($seconds, $kib) = run_program(@program);
        die "not all were stored\n" if $redis->command('DBSIZE') != $rows;
        return { rate => $rows / $seconds / 1000, seconds => $seconds,
                 mib => $kib / 1024 };
    };
    my %how = (
        '12,000' => sub { $into->(12_000, $prizectl->('load', 'employee')) },
        pipe => sub { $into->(ROWS, $commands, 'redis-cli', '-p',
                              $redis->{port}, '--pipe') },
        load => sub { $into->(ROWS, $prizectl->('load', 'large')) },
        verify => sub { return { mib => (run_program(
            $prizectl->('verify', 'large')))[1] / 1024 } },
        sign => sub { sign($site) });

    return Measure::rounds('load', $rounds, $void, sub {
        my ($subject, $round) = @_;
        return $round ? $how{ $subject->{name} }->() : {};
    }, map { { name => $_ } } '12,000', qw(pipe load verify sign));
}


1;
