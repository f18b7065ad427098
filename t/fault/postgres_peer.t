use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Fault;
use Test::Prize::Peer::Postgres;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# A PostgreSQL, or what somebody has put in its place, that speaks as no real
# one does: rows 22 to 29, as far as a real server cannot be made to do it.

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $ids = $roster->ids;
my $records = { map { ($_ => $roster->record($_)) } @$ids };


# What "code" returns is the answer to a query, or the usual one if nothing.

sub peer {
    my ($code, %option) = @_;

    return Test::Prize::Peer::Postgres->start(records => $records,
        answer => sub {
            my ($peer, $client, $type, @ids) = @_;
            my $answer = $type eq 'S' ? $code->($peer, $client, @ids) : undef;

            return $answer // $peer->usual($type, @ids);
        }, %option);
}


sub site {
    my ($peer, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster, conninfo =>
        "hostaddr=127.0.0.1 port=$peer->{port} user=h5 dbname=hr",
        pool => 'connections=1', %option);
}


sub message { return Test::Prize::Peer::Postgres::message(@_) }
sub error   { return Test::Prize::Peer::Postgres::error(@_) }


subtest 'the peer itself' => sub {
    my $peer = peer(sub { });
    my $site = site($peer);

    $site->ask('pages of a scripted PostgreSQL', requests => 400,
               status => {200 => 400});
    is($peer->connects, 1, 'over one connection');
    $site->over('the peer itself');
};


subtest 'row 15: an answer that is split at every byte' => sub {
    my $peer = peer(sub {
        my ($self, $client, @asked) = @_;
        my $answer = $self->rows(@asked) . $self->ready;

        $self->write($client, $_) for split //, $answer;
        return '';
    });
    my $site = site($peer);

    $site->ask('row 15: the same pages', requests => 200,
               status => {200 => 200});
    $site->over('row 15');
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
    'a row before its description' =>
        Test::Prize::Peer::Postgres::data(1, 2),
    'a row with a column too many' =>
        Test::Prize::Peer::Postgres::description('id')
        . Test::Prize::Peer::Postgres::data(1, 2),
    'a row whose field is longer than it' =>
        Test::Prize::Peer::Postgres::description('id')
        . message('D', pack 'n N a', 1, 100, 'x'),
    'FATAL' => error(S => 'FATAL', V => 'FATAL', C => '57P01',
                     M => 'going down'),
    'FATAL without a message' => error(S => 'FATAL', V => 'FATAL'),
    'FATAL without a field' => error(),
);

subtest 'row 23: answers that end a connection' => sub {
    my @names = sort keys %broken;
    my %name = map { ($ids->[$_] => $names[$_]) } 0 .. $#names;
    my $peer = peer(sub {
        my ($self, $client, @asked) = @_;
        my ($name) = map { delete $name{$_} // () } @asked;

        return unless defined $name;
        $self->write($client, $broken{$name});
        $self->later(0.2, sub { $self->close($client) });
        return '';
    });
    my $site = site($peer);

    for my $n (0 .. $#names) {
        $site->ask("row 23: $names[$n]", requests => 64, status => {200 => 64},
                   ids => [$ids->[$n], @$ids[100 .. 130]]);
        is($peer->connects, $n + 2, 'over another connection');
    }

    $site->over('row 23: answers that end a connection');
};


# nobody has asked, and no lookup is there to be told; the peer keeps its end

sub unasked {
    my ($bytes) = @_;

    return peer(sub {
        my ($self, $client, @asked) = @_;

        return if $self->{n}++;
        $self->later(0.1, sub { $self->write($client, $bytes) });
        return;
    });
}


for my $case (['FATAL without a message', error(S => 'FATAL', V => 'FATAL')],
              ['garbage', "garbage\r\n" x 10])
{
    my ($name, $bytes) = @$case;

    subtest "row 17: $name behind an answer" => sub {
        my $peer = unasked($bytes);
        my $site = site($peer);

        $site->ask("row 17: $name: first", requests => 1,
                   status => {200 => 1});
        eventually { $peer->connects >= 2 } 'another connection';
        $site->ask("row 17: $name", requests => 200,
                   status => {200 => 200});
        $site->over("row 17: $name");
    };
}


subtest 'row 17: a result behind an answer' => sub {
    my $peer = unasked(Test::Prize::Peer::Postgres->rows());
    my $site = site($peer);

    $site->ask('row 17: a result: first', requests => 1,
               status => {200 => 1});
    eventually { $site->nginx->error_log =~ /arrived from server while idle/ }
               'it is thrown away';
    $site->ask('row 17: a result', requests => 200, status => {200 => 200});
    $site->over('row 17: a result');
};


# in the order in which they were asked for first

subtest 'row 23: to the head of the queue' => sub {
    my @asked;
    my $peer = peer(sub {
        my ($self, $client, @ids) = @_;

        print {$self->{seen}} "ids @ids\n";
        return if $self->{n}++;

        # when others wait behind it
        $self->later(1, sub { $self->close($client) });
        return '';
    });
    my $site = site($peer, pool => 'connections=1 batch=1');
    my @wanted = @$ids[0 .. 3];
    my @clients;

    for my $id (@wanted) {
        push @clients, Test::Prize::Client->new($site->port)->connect
            ->send("GET /h5?id=$id HTTP/1.1\r\nHost: h5\r\n\r\n");
        eventually { my $status = $site->status;
                     $status->{requests_in_flight} == @clients } 'a lookup';
    }

    is_deeply([map { $_->answer->{status} } @clients], [(200) x 4],
              'row 23: pages');
    is_deeply([map { /^ids (.*)/ } $peer->commands(qr/^ids/)],
              [$wanted[0], @wanted],
              'row 23: who was given back is the first one again');
    $site->over('row 23: to the head of the queue');
};


# Who lets everybody in and puts them out at once is not connected to without
# an end.

subtest 'row 25: put out again' => sub {
    my $peer = peer(sub { }, accept => sub {
        my ($self, $client) = @_;
        $self->later(0.05, sub { $self->close($client) }) if !-e $self->{open};
    }, open => run_dir() . "/open.$$");
    my $site = site($peer, pool => 'connections=2');
    my $start = time;

    eventually { $peer->connects >= 20 } 'it is tried';
    cmp_ok(time - $start, '>=', 20 / 2 * 0.05 - 0.05 + 9 * 0.05,
           'row 25: after a while each time');
    spew("$peer->{open}", '');
    $site->recovers('row 25: put out again');
    $site->over('row 25: put out again');
};


# notifications of somebody's LISTEN, as behind a pooler

subtest 'row 28: notifications' => sub {
    my $peer = peer(sub {
        my ($self, $client) = @_;
        my $one = message('A', pack('N', 1) . "channel\0" . 'x' x 7000
                               . "\0");

        $self->write($client, $one x 2000);
        return;
    });
    my $site = site($peer);
    my ($worker) = $site->nginx->workers;
    my @resident = map {
        $site->ask("row 28: notifications, $_", requests => 1,
                   status => {200 => 1});
        (slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+) kB/m)[0];
    } 1 .. 10;

    cmp_ok($resident[-1] - $resident[2], '<', 16 * 1024,
           'row 28: they are not kept') unless sanitized();
    $site->over('row 28: notifications');
};


done_testing();
