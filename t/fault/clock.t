use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# The wall clock jumps an hour either way, while the breaker is open and while
# lookups are in flight.  libfaketime moves it for nginx alone, and leaves the
# monotonic clock as it is.

my $clock = Test::Prize::Clock->new;


sub jump { return $clock->set(sprintf '%+dh', $_[0]) }


# nginx's own, in its answers

sub hour {
    my ($site) = @_;
    my $answer = $site->begin('nobody')->answer;

    return ($answer->header('Date'))[0] =~ / (\d\d):\d\d:\d\d GMT/ ? $1 : die;
}


my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $redis = Test::Prize::Redis->start;

$roster->load($redis);

my $site = Test::Prize::Fault->new(roster => $roster, clock => $clock,
                                   redis => [$redis]);

$site->returns_to_redis;

my $hour = hour($site);

for my $jump (1, 0, -1, 0) {
    jump($jump);
    eventually { (hour($site) - $hour - $jump) % 24 <= 1 } 'the jump';

    # neither a timeout nor a breaker comes of it
    $site->ask("row 44: at $jump h", requests => 300, from => 'redis');

    # nor is a breaker open for longer, or a timeout later
    $redis->kill;
    $site->ask("row 44: at $jump h, without Redis", requests => 300,
               status => 200);
    jump($jump ? 0 : 1);
    $site->ask('row 44: a jump meanwhile', requests => 300, status => 200);
    $redis->start;
    $roster->load($redis);
    $site->returns_to_redis;
    jump($jump);
}

$site->over(lines => 8);


# while lookups wait for a reply that takes its time
my $peer = Test::Prize::Peer->start(
    records => Test::Prize::Peer->records_of($roster), lookup => sub {
        my ($peer, $client, $reply) = @_;
        return $peer->write_later(0.02, $client, $reply);
    });
my $n = 0;

$site = Test::Prize::Fault->new(roster => $roster, clock => $clock,
                                redis => [$peer]);
$site->ask('row 44: jumps while lookups are in flight', requests => 1000,
           from => 'redis',
           every => [0.05, sub { jump((1, 0, -1, 0)[$n++ % 4]) }]);

cmp_ok($n, '>=', 4, 'row 44: both ways');
is($peer->connects, 1, 'row 44: over one connection');
$site->over(lines => 0);

done_testing();
