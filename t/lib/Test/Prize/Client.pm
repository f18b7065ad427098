package Test::Prize::Client;

# An HTTP client that sends what it is told to the byte, and hands back each
# header as often as it came.
#
#     my $client = Test::Prize::Client->new($port);
#     my $answer = $client->get('/h5?id=7', 'Accept-Encoding' => 'gzip');
#     is($answer->{status}, 200);
#     is_deeply([$answer->header('Vary')], ['Accept-Encoding']);
#
# "get" and "request" use a connection of their own.  For several requests in
# one, or for a client that leaves early:
#
#     my $connection = $client->connect;
#     $connection->send("GET / HTTP/1.1\r\nHost: h5\r\n\r\n" x 2);
#     my @answers = map { $connection->answer } 1 .. 2;
#     $connection->leave;

use strict;
use warnings;

use Carp qw(croak);
use IO::Socket::INET ();


sub new {
    my ($class, $port) = @_;

    return bless {port => $port}, $class;
}


sub connect {
    my ($self) = @_;
    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $self->{port})
        or croak "nginx on port $self->{port}: $!";

    binmode $socket;
    $socket->autoflush(1);
    return bless {port => $self->{port}, socket => $socket}, ref $self;
}


sub get {
    my ($self, $target, @headers) = @_;

    return $self->request('GET', $target, @headers);
}


sub request {
    my ($self, $method, $target, @headers) = @_;
    my $connection = $self->connect;

    $connection->send(text($method, $target, @headers,
                           Connection => 'close'));
    return $connection->answer($method);
}


# the bytes of a request without a body; a header "Host" is there already

sub text {
    my ($method, $target, @headers) = @_;
    my $text = "$method $target HTTP/1.1\r\nHost: h5\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n";
    }

    return "$text\r\n";
}


sub send {
    my ($self, $bytes) = @_;

    print {$self->{socket}} $bytes or croak "send: $!";
    return $self;
}


# the next answer; what it is the answer to says whether a body follows

sub answer {
    my ($self, $method) = @_;
    my ($status, $reason, @headers);
    local $/ = "\r\n";
    local $SIG{ALRM} = sub { croak 'no answer in a minute' };

    alarm 60;

    my $line = readline $self->{socket};
    croak 'nginx closed the connection' unless defined $line;

    ($status, $reason) = $line =~ m{^HTTP/1\.1 (\d+) ?(.*)\r\n\z}
        or croak "no status line: $line";

    while (defined($line = readline $self->{socket})) {
        last if $line eq "\r\n";
        $line =~ /^([^:]+): ?(.*)\r\n\z/ or croak "no header: $line";
        push @headers, [$1, $2];
    }

    my $answer = bless {status => $status, reason => $reason,
                        headers => \@headers, body => ''},
                       'Test::Prize::Client::Answer';

    $answer->{body} = $self->body($answer)
        unless ($method // 'GET') eq 'HEAD' || $status =~ /^(?:1..|204|304)$/;

    alarm 0;
    return $answer;
}


sub body {
    my ($self, $answer) = @_;
    my ($length) = $answer->header('Content-Length');

    return $self->bytes($length) if defined $length;

    if (($answer->header('Transfer-Encoding'))[0]) {
        my $body = '';

        while (1) {
            my $line = readline $self->{socket};
            my $size = hex(($line // croak 'no chunk') =~ s/\r\n\z//r);
            my $chunk = $self->bytes($size);

            $self->bytes(2);
            return $body if $size == 0;
            $body .= $chunk;
        }
    }

    local $/;
    return readline($self->{socket}) // '';
}


sub bytes {
    my ($self, $n) = @_;
    my $got = read($self->{socket}, my $bytes, $n) // croak "read: $!";

    croak "a body of $n bytes ended after $got" if $got != $n;
    return $bytes;
}


sub leave {
    my ($self) = @_;

    close delete $self->{socket};
}


package Test::Prize::Client::Answer;

use strict;
use warnings;


# all values of a header, in order

sub header {
    my ($self, $name) = @_;

    return map { $_->[1] } grep { lc $_->[0] eq lc $name }
           @{$self->{headers}};
}


1;
