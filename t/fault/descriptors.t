use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Fault;
use Test::Prize::Roster;

# No connection is left for either store: clients have them all.

my $postgres = Test::Prize::Postgres->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 500);
my $redis = Test::Prize::Redis->start;
my $id = $roster->ids->[1];


sub descriptors {
    my ($pid) = @_;

    return scalar(my @links = glob "/proc/$pid/fd/*");
}


# A connection with half a request, which nginx does not close to make room.

sub half {
    my ($client) = @_;

    return $client->connect->send("GET /h5?id=$id HTTP/1.1\r\n");
}


sub exhaust {
    my ($row, $complaint, %option) = @_;
    my $site = Test::Prize::Fault->new(roster => $roster, redis => [$redis],
        server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;',
        %option);
    my $client = Test::Prize::Client->new($site->port);
    my ($worker) = $site->nginx->workers;

    $roster->load($redis);
    $site->returns_to_redis("$row: before");

    # both stores go, clients take what they leave, both come back
    my @asking = map { half($client) } 1 .. 4;

    $redis->kill;
    $postgres->kill;
    $site->connected(redis_connections => 0, postgres_connections => 0);

    # who tries them again is refused at once, and takes no place for a moment
    my (@greedy, $full, $open);

    eventually {
        push @greedy, map { half($client) } 1 .. 10 if @greedy < 100;
        my $now = descriptors($worker);
        $full = $open && $open == $now ? $full + 1 : 0;
        $open = $now;
        return $full > 30 && $site->nginx->error_log =~ $complaint;
    } 'no room';

    $postgres->start;
    $redis->start;
    $roster->load($redis);

    my @status;

    for my $connection (@asking) {
        $connection->send("Host: h5\r\n\r\n");

        my $answer = $connection->answer;

        my ($wait) = $answer->header('Retry-After');

        push @status, $answer->{status}
                      . (defined $wait ? ' with Retry-After' : '');
    }

    # nginx may close one that was answered to make room for a store's

    is($status[0], '503 with Retry-After', "$row: BUSY");
    is_deeply([grep { !/^(?:200|503 with Retry-After)\z/ } @status], [],
              "$row: nothing worse");

    $_->leave for @asking, splice @greedy;

    $site->recovers("$row: room again");
    $site->returns_to_redis("$row: room again");
    is_deeply([$site->nginx->workers], [$worker], "$row: the same worker");
    $site->over($row, expected => $complaint, lines => 6);
}


exhaust('row 45: worker_connections', qr/worker_connections are not enough/,
        connections => 40);
exhaust('row 45: descriptors', qr/Too many open files/,
        main => 'worker_rlimit_nofile 40;');

done_testing();
