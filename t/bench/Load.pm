package Load;

# What prizectl takes: a load of 12,000 employees, a load of a million beside
# "redis-cli --pipe" with the same commands prepared in a file, a verify, and
# the links of a roster.
#
#     my ($seconds, $kib) = Load::run_program($input, prizectl(), 'load', ...);
#     my $result = Load::measure($site, rounds => 3);

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(time);

use Test::Prize;
use Test::Prize::Roster;

my @names = qw(id name department prize claim_url);


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

        $peak = $1 if $exe !~ /perl/ && $status =~ /^VmHWM:\s+(\d+) kB/m
                      && $1 > $peak;
        select undef, undef, undef, 0.01;
    }

    my $seconds = time - $started;

    die "@command[0, 1]: " . slurp("$base.err") if $?;
    unlink map { "$base.$_" } qw(out err);
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


# the commands that load writes, in the order of its rows

sub prepare_commands {
    my ($roster, $file) = @_;
    my $sql = 'SELECT * FROM large ORDER BY id COLLATE "C"';

    open my $rows, '-|', Test::Prize::Postgres::bindir() . '/psql', '-XqAt',
        '-F', "\t", '-v', 'FETCH_COUNT=10000', '-d', $roster->conninfo, '-c',
        $sql or die "psql: $!";
    open my $out, '>:raw', $file or die "$file: $!";

    my $hset = '*' . (2 + 2 * @names);

    while (my $row = <$rows>) {
        chomp $row;
        my @values = split /\t/, $row, -1;
        my $key = "employee:$values[0]";
        my @pairs = map { ($names[$_], $values[$_]) } 0 .. $#names;
        my $ttl = 172_800_000 + int rand 17_280_000;

        print {$out} join "\r\n", '*1', '$5', 'MULTI', '*2', '$3', 'DEL',
            '$' . length($key), $key, $hset, '$4', 'HSET',
            '$' . length($key), $key,
            (map { ('$' . length($_), $_) } @pairs), '*3', '$7', 'PEXPIRE',
            '$' . length($key), $key, '$' . length($ttl), $ttl, '*1', '$4',
            "EXEC\r\n";
    }

    close $rows or die "psql: $?";
    close $out or die "$file: $!";
}


# links a second of the command's own processor time

sub sign_rate {
    my ($keys, $rows) = @_;
    my $file = spew(run_dir() . "/sign.$$.csv", "id,name,department\n"
        . join '', map { "E$_,employee number $_,\"R&D, $_\"\n" } 1 .. $rows);
    my $before = (times)[2] + (times)[3];

    run_program($file, prizectl(), 'sign', '--key-file', $keys, '--event',
                'bench', '--url', 'https://h5.example.com/h5', '--expires',
                '2099-01-01T00:00Z');
    unlink $file;
    return $rows / ((times)[2] + (times)[3] - $before);
}


sub measure {
    my ($site, %option) = @_;
    my $rows = $option{rows} // 1_000_000;
    my $redis = Test::Prize::Redis->start;
    my $roster = create_roster($site->{postgres}, $rows);
    my $commands = run_dir() . "/commands.$$";
    my @options = ('--postgres', $roster->conninfo, '--redis',
                   'redis://' . $redis->address, '--query');
    my %result = (rows => $rows);

    my $into = sub {
        my ($expected, @program) = @_;

        $redis->command('FLUSHALL');
        my @got = run_program(@program);
        die "$program[1]: not all were stored\n"
            if $redis->command('DBSIZE') != $expected;
        return @got;
    };

    prepare_commands($roster, $commands);

    for (1 .. $option{rounds}) {
        my ($small) = $into->(12_000, '/dev/null', prizectl(), 'load',
                              @options, 'SELECT * FROM employee');
        my ($pipe) = $into->($rows, $commands, 'redis-cli', '-p',
                             $redis->{port}, '--pipe');
        my ($load, $kib) = $into->($rows, '/dev/null', prizectl(), 'load',
                                   @options, 'SELECT * FROM large');
        my (undef, $verify) = run_program('/dev/null', prizectl(), 'verify',
                                          @options, 'SELECT * FROM large');

        push @{ $result{small} }, $small;
        push @{ $result{pipe} }, $rows / $pipe;
        push @{ $result{load} }, $rows / $load;
        push @{ $result{load_mib} }, $kib / 1024;
        push @{ $result{verify_mib} }, $verify / 1024;
        push @{ $result{sign} }, sign_rate($site->keys, 300_000);
        print "load: round $_ of $option{rounds}\n";
    }

    unlink $commands;
    $redis->stop;
    return \%result;
}


1;
