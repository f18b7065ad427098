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

my $employees = Test::Prize::Employees->start($roster, redis => [$redis],
                                              load => \@command);

$employees->kill_loads($ENV{PRIZE_NIGHTLY} ? 20 : 6, '3000/s', 1);

# a server is killed in the middle, and comes again; what remains of the query
# is more than what sockets would hold

my $wide = "SELECT *, repeat('x', 8000) AS padding FROM employee";

for my $case (['Redis', {}, $redis, 'redis://'],
              ['PostgreSQL', {503 => 1}, $postgres, 'PostgreSQL'])
{
    my ($name, $status, $server, $says) = @$case;
    my ($load, $killed, $exit, $out, $said, $up);

    $employees->flush;
    $employees->open("$name is killed", $status, sub {
        $load //= $employees->load('800/s', '--query', $wide);

        if (!$killed) {
            return 0 if ($employees->records)[0] < $n / 8;
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
    is(($employees->records)[1], 0, "$name is killed: no record in part");
    $employees->completes("$name is killed");
}

unlike($employees->error_log, qr/\[(?:crit|alert|emerg)\]/,
       'nginx has nothing worse than an error to say');

done_testing();
