use strict;
use warnings;

use lib 't/lib';
use IO::Socket::INET ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Roster;

# Clients that leave or dawdle.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 500);
my $records = Test::Prize::Peer->records_of($roster);
my $ids = $roster->ids;


# a machine that is busy with something else must not look like a fault

sub site {
    return Test::Prize::Fault->new(roster => $roster,
        server => 'prize_redis_connect_timeout 20s; prize_redis_timeout 20s;',
        @_);
}


sub request {
    my ($id) = @_;

    return "GET /h5?id=$id HTTP/1.1\r\nHost: h5\r\n\r\n";
}


sub connection {
    my ($site, %option) = @_;

    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $site->port, %option) // die "connect: $!";
}


sub descriptors {
    my ($pid) = @_;

    return scalar(my @links = glob "/proc/$pid/fd/*");
}


subtest 'row 40: clients that leave at once, by the thousand' => sub {

    # half of the records are only in PostgreSQL; the others take a moment
    my %known = map { ("employee:$_" => $records->{"employee:$_"}) }
                @$ids[0 .. 249];
    my $peer = Test::Prize::Peer->start(records => \%known, answer => sub {
        my ($peer, $client, @command) = @_;
        my $reply = $peer->usual(@command);

        return $peer->later(0.01, sub { $peer->write($client, $reply) });
    });
    my $site = site(redis => [$peer]);
    my ($worker) = $site->nginx->workers;

    $site->ask('row 40: before', requests => 500, status => {200 => 500});
    eventually { my $status = $site->status;
                 $status->{requests_in_flight} == 0
                 && $status->{postgres_connections} == 2 } 'rest';
    my $before = descriptors($worker);

    # in each way to leave, while others stay
    my $gone = 0;
    my $leave = sub {
        my @sockets = map { connection($site) } 1 .. 100;

        for my $socket (@sockets) {
            my $request = request($ids->[$gone++ % 500]);

            $request = substr $request, 0, length($request) / 2
                if $gone % 10 == 0;
            syswrite $socket, $request;
            shutdown $socket, 1 if $gone % 3 == 1;
            setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0
                if $gone % 3 == 0;
        }

        close $_ for @sockets;
    };
    my $result = $site->ask('row 40: those who stay', requests => 1500,
        status => {200 => 1500},
        after => { map { $_ * 100 => $leave } 0 .. 11 });

    is($gone, 1200, 'many have left');
    is($result->{source}{redis}, 750, 'the order is intact');
    is($peer->connects, 1, 'over one connection to Redis');
    eventually { $site->status->{requests_in_flight} == 0 } 'rest';
    ok(eventually(sub { descriptors($worker) <= $before }, 'descriptors'),
       'no descriptor is left');
    is(scalar($site->nginx->workers), 1, 'one worker,');
    is(($site->nginx->workers)[0], $worker, 'the same');
    $site->over('row 40', lines => 0);
};


subtest 'row 41: slow clients' => sub {
    my $redis = Test::Prize::Redis->start;
    my $site = site(redis => [$redis]);

    $roster->load($redis);
    $redis->command('HSET', "employee:$ids->[0]", 'name', 'x' x 2**20);

    # requests that never end, and answers that are hardly read
    my @slow = map { connection($site) } 1 .. 200;
    my @readers = map { connection($site) } 1 .. 20;
    my @read = ('') x @readers;

    syswrite $_, 'GET /h5?id=1 HTTP/1.1' for @slow;
    syswrite $_, request($ids->[0]) for @readers;

    for my $round (1 .. 5) {
        my $result = $site->ask('row 41: the others', requests => 300,
            ids => [@$ids[1 .. 400]], status => {200 => 300});

        is_deeply($result->{source}, {redis => 300}, 'from Redis');
        syswrite $_, "\r\nX-$round: y" for @slow;
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

    close $_ for @slow, @readers;
    $site->over('row 41', lines => 0);
};


done_testing();
