use strict;
use warnings;

use lib 't/lib';
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# Clients that leave, dawdle, or take all the connections that there are.  What
# is no ID, row 42, is in t/prize_id.t, and what would be more than text to a
# store or a browser, row 43, there and in t/stores/same.t.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


subtest 'rows 6 and 40: clients that leave at once, by the thousand' => sub {

    # half of the records are only in PostgreSQL; the others take a moment
    my %known = map { ("employee:$_" => $records->{"employee:$_"}) }
                @$ids[0 .. 249];
    my $peer = Test::Prize::Peer->start(records => \%known, answer => sub {
        my ($peer, $client, @command) = @_;
        return $peer->write_later(0.01, $client, $peer->usual(@command));
    });
    my $site = site(redis => [$peer]);
    my @workers = $site->nginx->workers;

    $site->ask('before', requests => 500, status => 200);
    $site->connected(requests_in_flight => 0, postgres_connections => 2);
    my $before = $site->descriptors;

    # in each way to leave, while others stay
    my $gone = 0;
    my $leave = sub {
        my @leave;

        for (1 .. 100) {
            my $id = $ids->[$gone++ % 500];
            my $client = $gone % 10 ? $site->begin($id)
                                    : $site->connect->send("GET /h5?id=$id");

            shutdown $client->{socket}, 1 if $gone % 3 == 1;
            setsockopt $client->{socket}, SOL_SOCKET, SO_LINGER,
                       pack 'II', 1, 0 if $gone % 3 == 0;
            push @leave, $client;
        }

        $_->leave for @leave;
    };

    $site->ask('those who stay, in order', requests => 1500,
        from => {redis => 750, postgres => 750},
        after => { map { $_ * 100 => $leave } 0 .. 11 });

    is($gone, 1200, 'many have left');
    is($peer->connects, 1, 'over one connection to Redis');
    $site->connected(requests_in_flight => 0);
    ok(eventually(sub { $site->descriptors <= $before }, 'descriptors'),
       'no descriptor is left');
    is_deeply([$site->nginx->workers], \@workers, 'the same worker');
    $site->over(lines => 0);
};


subtest 'row 41: slow clients' => sub {
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis]);

    $roster->load($redis);
    $redis->command('HSET', "employee:$ids->[0]", 'name', 'x' x 2**20);

    # requests that never end, and answers that are hardly read
    my @slow = map { $site->connect->send('GET /h5?id=1 HTTP/1.1') } 1 .. 200;
    my @readers = map { $site->begin($ids->[0])->{socket} } 1 .. 20;
    my @read = ('') x @readers;

    for my $round (1 .. 5) {
        $site->ask('the others', requests => 300, ids => [@$ids[1 .. 400]],
                   from => 'redis');
        $_->send("\r\nX-$round: y") for @slow;
        sysread $readers[$_], $read[$_], 100, length $read[$_]
            for 0 .. $#readers;
    }

    # late, but whole
    my @torn = grep {
        1 while $read[$_] !~ m{</body>\z}
                && sysread $readers[$_], $read[$_], 65536, length $read[$_];
        $read[$_] !~ m{data-id="\Q$ids->[0]\E">\[x{30000}}
            || length $read[$_] < 2**20;
    } 0 .. $#readers;

    is_deeply(\@torn, [], 'the pages of the slow readers');

    $_->leave for @slow;
    close $_ for @readers;
    $site->over(lines => 0);
};


# A connection with half a request, which nginx does not close to make room.

sub half {
    my ($site) = @_;

    return $site->connect->send("GET /h5?id=$ids->[1] HTTP/1.1\r\n");
}


# No connection is left for either store: clients have them all.

sub exhaust {
    my ($complaint, %option) = @_;
    my $postgres = Test::Prize::Postgres->start;
    my $redis = Test::Prize::Redis->start;
    my $site = Test::Prize::Fault->new(postgres => $postgres,
                                       redis => [$redis], %option);
    my @workers = $site->nginx->workers;

    $site->roster->load($redis);
    $site->returns_to_redis;

    # both stores go, clients take what they leave, both come back
    my @asking = map { half($site) } 1 .. 4;

    $redis->kill;
    $postgres->kill;
    $site->connected(redis_connections => 0, postgres_connections => 0);

    # who tries them again is refused at once, and takes no place for a moment
    my (@greedy, $full, $open);

    eventually {
        push @greedy, map { half($site) } 1 .. 10 if @greedy < 100;
        my $now = $site->descriptors;
        $full = $open && $open == $now ? $full + 1 : 0;
        $open = $now;
        return $full > 30 && $site->nginx->error_log =~ $complaint;
    } 'no room';

    $postgres->start;
    $redis->start;
    $site->roster->load($redis);

    my @status;

    for my $connection (@asking) {
        my $answer = $connection->send("Host: h5\r\n\r\n")->answer;

        push @status, join ' ', $answer->{status},
                      ('Retry-After') x (() = $answer->header('Retry-After'));
    }

    # nginx may close one that was answered to make room for a store's

    is($status[0], '503 Retry-After', 'BUSY');
    is_deeply([grep { !/^(?:200|503 Retry-After)\z/ } @status], [],
              'nothing worse');

    $_->leave for @asking, splice @greedy;

    $site->recovers;
    $site->returns_to_redis;
    is_deeply([$site->nginx->workers], \@workers, 'the same worker');
    $site->over(expected => $complaint, lines => 6);
}


subtest 'row 45: out of worker_connections' => sub {
    exhaust(qr/worker_connections are not enough/, connections => 40);
};

subtest 'row 45: out of descriptors' => sub {
    exhaust(qr/Too many open files/, main => 'worker_rlimit_nofile 40;');
};

done_testing();
