use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Peer::Postgres qw(message error data description ready);
use Test::Prize::Roster;
use Time::HiRes qw(time);

# A PostgreSQL, or what somebody has put in its place, that speaks as no real
# one does: rows 22 to 29, as far as a real server cannot be made to do it.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $ids = $roster->ids;
my $records = { map { ($_ => $roster->record($_)) } @$ids };


# "lookup" is asked for the answers to queries

sub peer {
    my ($lookup, %option) = @_;

    return Test::Prize::Peer::Postgres->start(records => $records,
                                              lookup => $lookup, %option);
}


sub site {
    my ($peer, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster, conninfo =>
        "hostaddr=127.0.0.1 port=$peer->{port} user=h5 dbname=hr",
        pool => 'connections=1', %option);
}


subtest 'row 15: an answer that is split at every byte' => sub {
    my $peer = peer(sub {
        my ($peer, $client, $usual) = @_;

        $peer->write($client, $_) for split //, $usual;
        return undef;
    });
    my $site = site($peer);

    $site->ask('the same pages', requests => 200, status => 200);
    is($peer->connects, 1, 'over one connection');
    $site->over;
};


# each is the answer to the first query for an ID of its own; the connection is
# to be given up, its lookups asked again over the next one

my $copy = pack 'C n n', 0, 1, 0;
my %broken = (
    'COPY ... TO STDOUT' => message('H', $copy),
    'COPY ... FROM STDIN' => message('G', $copy),
    'COPY both ways' => message('W', $copy),
    'data of a COPY that goes on' =>
        message('H', $copy) . message('d', "row\n") x 1000,
    'garbage' => "garbage\r\n" x 10,
    'HTTP' => "HTTP/1.1 400 Bad Request\r\n\r\n",
    'a length below four' => "T\0\0\0\3",
    'a negative length' => "T\xff\xff\xff\xff",
    'a row before its description' => data(1, 2),
    'a row with a column too many' => description('id') . data(1, 2),
    'a row whose field is longer than it' =>
        description('id') . message('D', pack 'n N a', 1, 100, 'x'),
    'FATAL' => error(S => 'FATAL', V => 'FATAL', C => '57P01',
                     M => 'going down'),
    'FATAL without a message' => error(S => 'FATAL', V => 'FATAL'),
    'FATAL without a field' => error(),
);

subtest 'row 23: answers that end a connection' => sub {
    my @names = sort keys %broken;
    my %name = map { ($ids->[$_] => $names[$_]) } 0 .. $#names;
    my $peer = peer(sub {
        my ($peer, $client, $usual, @asked) = @_;
        my ($name) = map { delete $name{$_} // () } @asked;

        return $usual unless defined $name;
        $peer->later(0.2, sub { $peer->close($client) });
        return $broken{$name};
    });
    my $site = site($peer);

    for my $n (0 .. $#names) {
        $site->ask($names[$n], requests => 64, status => 200,
                   ids => [$ids->[$n], @$ids[100 .. 130]]);
        is($peer->connects, $n + 2, 'over another connection');
    }

    $site->over;
};


# What is asked before IDs are: an answer that says nothing, or none at all, is
# no reason to ask for nobody.

my $typed = message('1') . message('2');

for my $case (
    ['type', 'a column too few', $typed . description('typcategory')
                                 . data('A') . ready()],
    ['type', 'no column', $typed . description() . data() . ready()],
    ['type', 'no row', $typed . description('typcategory', 'format_type')
                       . ready()],
    ['query', 'silence', undef], ['type', 'silence', undef])
{
    my ($asked, $name, $bytes) = @$case;

    subtest "row 55: $name for the answer to a check" => sub {
        my $peer = Test::Prize::Peer::Postgres->start(records => $records,
            answer => sub {
                my ($peer, undef, @command) = @_;
                return $command[0] eq $asked ? $bytes
                                             : $peer->usual(@command);
            });
        my $site = site($peer);

        $site->ask('pages', requests => 20, status => 200);
        $site->over;
    };
}


# A server that goes: all of its connections end, whatever they were doing, and
# the next few are taken and closed.

subtest 'row 23: all connections at once, and then some refusals' => sub {
    my ($busy, $refusals) = (0, 0);
    my $peer = peer(sub {
        my ($peer, undef, $usual) = @_;

        return $usual if $refusals;
        return undef if ++$busy < 6;

        $refusals = 3;
        $peer->{accept} = sub {
            $_[0]->reset($_[1]) if $refusals++ < 8;
        };
        $peer->later(0.1, sub { $peer->reset($_)
                                for values %{ $peer->{clients} } });
        return undef;
    });
    my $site = site($peer, pool => 'connections=6 batch=1');

    $site->connected(postgres_connections => 6);
    $site->ask('each is answered', requests => 60, connections => 6,
               status => 200);
    is($site->status->{'prize_breaker_transitions_total'
                       . '{backend="postgres",to="open"}'}, 0,
       'one failure is one');
    $site->over;
};


# Nobody has asked, and no lookup is there to be told; the peer keeps its end.
# A result is thrown away, and the connection kept.

for my $case (['FATAL without a message', error(S => 'FATAL', V => 'FATAL')],
              ['garbage', "garbage\r\n" x 10],
              ['a result', Test::Prize::Peer::Postgres->rows])
{
    my ($name, $bytes) = @$case;

    subtest "row 17: $name behind an answer" => sub {
        my $peer = peer(sub {
            my ($peer, $client, $usual) = @_;

            $peer->write_later(0.1, $client, $bytes) if !$peer->{n}++;
            return $usual;
        });
        my $site = site($peer);

        $site->ask('first', requests => 1, status => 200);
        eventually { $peer->connects >= 2 || $site->nginx->error_log
                     =~ /arrived from server while idle/ } 'its end';
        $site->ask('then', requests => 200, status => 200);
        is($peer->connects, $name eq 'a result' ? 1 : 2, 'connections');
        $site->over;
    };
}


# in the order in which they were asked for first

subtest 'row 23: to the head of the queue' => sub {
    my $peer = peer(sub {
        my ($peer, $client, $usual, @asked) = @_;

        print {$peer->{seen}} "ids @asked\n";
        return $usual if $peer->{n}++;

        # when others wait behind it
        return $peer->later(1, sub { $peer->close($client) });
    });
    my $site = site($peer, pool => 'connections=1 batch=1');
    my @wanted = @$ids[0 .. 3];
    my @clients;

    for my $id (@wanted) {
        push @clients, $site->begin($id);
        $site->connected(requests_in_flight => scalar @clients);
    }

    is_deeply([map { $_->answer->{status} } @clients], [(200) x 4], 'pages');
    is_deeply([map { /^ids (.*)/ } $peer->commands(qr/^ids/)],
              [$wanted[0], @wanted],
              'who was given back is the first one again');
    $site->over;
};


# Who lets everybody in and puts them out at once is not connected to without
# an end.

subtest 'row 25: put out again' => sub {
    my $open = run_dir() . "/open.$$";
    my $peer = peer(undef, accept => sub {
        my ($peer, $client) = @_;
        $peer->later(0.05, sub { $peer->close($client) }) if !-e $open;
    });
    my $site = site($peer, pool => 'connections=2');
    my $start = time;

    eventually { $peer->connects >= 20 } 'it is tried';
    cmp_ok(time - $start, '>=', 20 / 2 * 0.05 - 0.05 + 9 * 0.05,
           'after a while each time');
    spew($open, '');
    $site->recovers;
    $site->over;
};


# notifications of somebody's LISTEN, as behind a pooler

subtest 'row 28: notifications' => sub {
    my $one = message('A', pack('N', 1) . "channel\0" . 'x' x 7000 . "\0");
    my $peer = peer(sub {
        my ($peer, $client, $usual) = @_;

        $peer->write($client, $one x 2000);
        return $usual;
    });
    my $site = site($peer);
    my @resident = map {
        $site->ask("page $_", requests => 1, status => 200);
        $site->memory;
    } 1 .. 10;

    cmp_ok($resident[-1] - $resident[2], '<', 16 * 1024, 'they are not kept')
        unless sanitized();
    $site->over;
};


done_testing();
