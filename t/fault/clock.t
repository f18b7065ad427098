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


sub hour {
    my ($site) = @_;
    my $answer = $site->nginx->get('http://127.0.0.1:' . $site->port
                                   . '/status');

    my ($hour) = $answer->{headers}{date} =~ / (\d\d):\d\d:\d\d GMT/;
    return $hour;
}


my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $redis = Test::Prize::Redis->start;

# a machine that is busy with something else must not look like a fault
my @site = (roster => $roster, binary => $clock->binary,
    main => $clock->main,
    server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;');

$roster->load($redis);

my $site = Test::Prize::Fault->new(@site, redis => [$redis]);

$site->returns_to_redis('row 44: before');

my $hour = hour($site);

for my $jump (1, 0, -1, 0) {
    jump($jump);
    eventually { (hour($site) - $hour - $jump) % 24 == 0
                 || (hour($site) - $hour - $jump) % 24 == 1 } 'the jump';

    # neither a timeout nor a breaker comes of it
    my $result = $site->ask("row 44: at $jump h", requests => 300,
                            status => {200 => 300});
    is_deeply($result->{source}, {redis => 300}, 'row 44: from Redis');

    # nor is a breaker open for longer, or a timeout later
    $redis->kill;
    $site->ask("row 44: at $jump h, without Redis", requests => 300,
               status => {200 => 300});
    jump($jump ? 0 : 1);
    $site->ask('row 44: a jump meanwhile', requests => 300,
               status => {200 => 300});
    $redis->start;
    $roster->load($redis);
    $site->returns_to_redis('row 44: Redis is back');
    jump($jump);
}

$site->over('row 44', lines => 8);


# while lookups wait for a reply that takes its time
my $peer = Test::Prize::Peer->start(
    records => Test::Prize::Peer->records_of($roster), answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $peer->later(0.02, sub { $peer->write($client, $reply) });
    });

$site = Test::Prize::Fault->new(@site, redis => [$peer]);

my $n = 0;
my $result = $site->ask('row 44: jumps while lookups are in flight',
    requests => 1000, status => {200 => 1000},
    every => [0.05, sub { jump((1, 0, -1, 0)[$n++ % 4]) }]);

cmp_ok($n, '>=', 4, 'row 44: both ways');
is_deeply($result->{source}, {redis => 1000}, 'row 44: all from Redis');
is($peer->connects, 1, 'row 44: over one connection');
$site->over('row 44', lines => 0);

done_testing();
