use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Employees;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# "prizectl load" is killed, and so is each server, while employees open their
# pages: each page is right at every moment, and the next run completes.

my $postgres = Test::Prize::Postgres->start;
my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 3000);
my $n = @{ $roster->ids };
my @command = ('--postgres', $roster->conninfo, '--redis',
               "redis://127.0.0.1:$redis->{port}", '--query',
               'SELECT * FROM employee');

my $employees = Test::Prize::Employees->start($roster, redis => [$redis]);


sub start_load {
    return Test::Prize::Program->start(prizectl(), 'load', @command, '--rate',
                                       '8000/s', @_);
}


# how many records the load has written, which live longer than those that
# nginx has, and how many are not whole or for ever

sub records {
    return @{ $redis->command('EVAL', <<~'LUA', 0) };
        local loaded, bad = 0, 0
        for _, key in ipairs(redis.call('KEYS', '*')) do
            local ttl = redis.call('PTTL', key)
            if ttl > 2 * 3600 * 1000 then
                loaded = loaded + 1
            end
            local fields = 9 + redis.call('HEXISTS', key, 'padding')
            if ttl <= 0 or redis.call('HLEN', key) ~= fields then
                bad = bad + 1
            end
        end
        return {loaded, bad}
        LUA
}


sub completes {
    my ($name) = @_;
    my ($status, $out, $err) = run(prizectl(), 'load', @command);

    is($status, 0, "$name: the next run") or diag($err);
    like($out, qr/^loaded $n rows/, "$name: completes it");

    ($status, $out) = run(prizectl(), 'verify', @command);
    is($status, 0, "$name: verify finds nothing") or diag($out);
}


# SIGKILL, several times, each after another part of the roster

my $times = $ENV{PRIZE_NIGHTLY} ? 20 : 6;

{
    my (@loaded, @bad, $load, $target);

    $employees->open('SIGKILL', {}, sub {
        if (!$load) {
            $redis->command('FLUSHALL');
            $load = start_load('--rate', '3000/s');
            $target = (@loaded + rand) / $times * $n;
            return 0;
        }

        return 0 if (records())[0] < $target;

        $load->end_by('KILL');
        undef $load;

        my ($records, $bad) = records();
        push @loaded, $records;
        push @bad, $bad;
        return @loaded == $times;
    });

    is_deeply(\@bad, [(0) x $times],
              "no record in part or for ever: of @loaded records");
    ok(scalar(grep { $_ > 0 && $_ < $n } @loaded),
       'some of them in the middle');
    completes('SIGKILL');
}

# a server is killed in the middle, and comes again; what remains of the query
# is more than what sockets would hold

my $wide = "SELECT *, repeat('x', 8000) AS padding FROM employee";

for my $case (['Redis', {}, $redis, 'redis://'],
              ['PostgreSQL', {503 => 1}, $postgres, 'PostgreSQL'])
{
    my ($name, $status, $server, $says) = @$case;
    my ($load, $killed, $exit, $out, $said, $up);

    $redis->command('FLUSHALL');

    $employees->open("$name is killed", $status, sub {
        $load //= start_load('--query', $wide, '--rate', '800/s');

        if (!$killed) {
            return 0 if (records())[0] < $n / 8;
            $server->kill;
            $killed = time;
            return 0;
        }

        if (!defined $exit) {
            ($exit, $out, $said) = $load->finish if $load->ended;
            return 0;
        }

        return 0 if time < $killed + 0.5;

        $server->start unless $up;
        $up //= time;
        return time > $up + 1;
    });

    is($exit, 1, "$name is killed: the load fails");
    is($out, '', "$name is killed: it claims nothing");
    like($said, qr/^prizectl: \Q$says\E.*\nprizectl: failed after \d+ rows$/s,
         "$name is killed: says why and how far it came");
    is((records())[1], 0, "$name is killed: no record in part");
    completes("$name is killed");
}

unlike($employees->error_log, qr/\[(?:crit|alert|emerg)\]/,
       'nginx has nothing worse than an error to say');

done_testing();
