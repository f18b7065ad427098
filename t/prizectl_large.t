use strict;
use warnings;

use lib 't/lib';
use POSIX ();
use Test::More;
use Test::Prize;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# How fast "prizectl load" is and how little memory it takes, against
# "redis-cli --pipe" with the same commands prepared in a file.  What else the
# machine does meanwhile counts as well, so a time is measured up to five
# times and the best one counts; a load and its rival take turns.

use constant ROWS => 1_000_000;

plan skip_all => 'the speed of a checker'
    if `ldd '@{[ prizectl() ]}'` =~ /libasan/;

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $roster = Test::Prize::Roster->create($postgres);
my $dir = run_dir();
my $commands = "$dir/commands.$$";
my $redis_url = "redis://127.0.0.1:$redis->{port}";

delete @ENV{qw(REDISCLI_AUTH)};


# seconds and the most memory, in KiB, of a command

sub measure {
    my ($input, @command) = @_;
    my $started = time;
    my $peak = 0;
    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', $input or POSIX::_exit(126);
        open STDOUT, '>', "$dir/large.$$" or POSIX::_exit(126);
        open STDERR, '>', '/dev/null' or POSIX::_exit(126);
        exec @command or POSIX::_exit(127);
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

    is($?, 0, "$command[0] $command[1]") or diag(slurp("$dir/large.$pid"));
    unlink "$dir/large.$pid";
    return ($seconds, $peak);
}


# 12,000 employees, of every odd name

{
    my $best;

    for (1 .. 5) {
        $redis->command('FLUSHALL');
        my ($seconds) = measure('/dev/null', prizectl(), 'load', '--postgres',
            $roster->conninfo, '--redis', $redis_url, '--query',
            'SELECT * FROM employee');
        $best = $seconds if !defined $best || $seconds < $best;
        last if $best < 1;
    }

    cmp_ok($best, '<', 1, '12,000 records, in seconds');
    is($redis->command('DBSIZE'), 12_000, 'all of them');
}

# a million

$roster->sql(<<"SQL");
CREATE TABLE large AS
    SELECT 'E' || i AS id, 'employee number ' || i AS name,
           'department ' || i % 100 AS department,
           CASE WHEN i % 10 = 0 THEN 'gold' ELSE '' END AS prize,
           'gift.example.com/claim?ticket=' || md5(i::text) AS claim_url
    FROM generate_series(1, @{[ ROWS ]}) AS i;
ANALYZE large;
SQL


# the commands that load writes, in the order of its rows

sub prepare_commands {
    my @names = qw(id name department prize claim_url);
    my $sql = 'SELECT * FROM large ORDER BY id COLLATE "C"';

    open my $rows, '-|', Test::Prize::Postgres::bindir() . '/psql', '-XqAt',
        '-F', "\t", '-v', 'FETCH_COUNT=10000', '-d', $roster->conninfo, '-c',
        $sql or die "psql: $!";
    open my $out, '>:raw', $commands or die "$commands: $!";

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
    close $out or die "$commands: $!";
}


prepare_commands();

my @options = ('--postgres', $roster->conninfo, '--redis', $redis_url,
               '--query', 'SELECT * FROM large');
my ($ratio, $peak, @said) = (0, 0);

for (1 .. 5) {
    $redis->command('FLUSHALL');
    my ($pipe) = measure($commands, 'redis-cli', '-p', $redis->{port},
                         '--pipe');
    is($redis->command('DBSIZE'), ROWS, 'redis-cli: all of them');

    $redis->command('FLUSHALL');
    my ($load, $kib) = measure('/dev/null', prizectl(), 'load', @options);
    is($redis->command('DBSIZE'), ROWS, 'load: all of them');

    $ratio = $pipe / $load if $pipe / $load > $ratio;
    $peak = $kib if $kib > $peak;
    push @said, sprintf 'redis-cli --pipe %.1f s, load %.1f s, %d KiB',
                        $pipe, $load, $kib;
    last if $ratio >= 0.5;
}

note($_) for @said;
cmp_ok($ratio, '>=', 0.5, 'the rate of redis-cli --pipe, or half of it')
    or diag(join "\n", @said);
cmp_ok($peak, '<', 64 * 1024, 'KiB of a load of a million rows');

(undef, $peak) = measure('/dev/null', prizectl(), 'verify', @options);
cmp_ok($peak, '<', 64 * 1024, 'KiB of a verify of a million rows');

done_testing();


END { unlink $commands if $commands }
