package Test::Prize::Clients;

# Many HTTP clients at once, in one process, every answer checked.
#
#     my $clients = Test::Prize::Clients->new(port => $port,
#         connections => 1000,
#         request => sub { my $id = pick(); return ("/h5?id=$id", $id) });
#
#     my $result = $clients->run(requests => 100_000);         # closed loop
#     my $result = $clients->run(requests => 60_000, rate => 2000);
#
# In a closed loop each connection asks for the next page when it has the
# last one.  With a rate, request n is due n / rate seconds after the start,
# and its latency counts from then, so that a stall is not hidden by clients
# that wait for it.
#
# "request" is called with the number of the request and returns its path and
# the ID that the answer must name; "check" is called with that ID, the body,
# the status and the head, and returns why the answer is wrong, or nothing.
# The default wants data-id="ID", once, in every page of status 200.  More
# options of "new": "address", of the server, "headers", further lines of each
# request, "close", each request on a connection of its own, and "timeout",
# seconds after which an answer counts as lost.
#
# What happens during a run, so that a test can break something meanwhile:
#
#     after => { 500 => sub { $redis->kill } }     # after so many answers
#     every => [0.05 => sub { ... }]               # seconds
#     keep  => sub { ... }                         # each answer, see "answer"
#     missed => sub { ... }                        # each request that is lost
#
# All are called with the clients; they hold up the run while they last.
# $clients->stop asks for nothing more: the run ends with the last answer.
#
# The result is a hash: "requests", "answers", "lost" (no whole answer came),
# "wrong" (an answer other than what was asked for), "extra" (bytes that
# nobody asked for), "again" (asked again, as a browser does, since the
# connection had served others and was closed before a byte came), "status"
# with a count for each, "reasons" with the first of what was lost or wrong,
# "seconds", "busiest" (the most that were in flight at once), and latencies
# "p50", "p99" and "max" in milliseconds.

use strict;
use warnings;

use Carp qw(croak);
use Errno qw(EAGAIN EINPROGRESS EINTR EWOULDBLOCK);
use Socket qw(AF_INET IPPROTO_TCP SOCK_NONBLOCK SOCK_STREAM SOL_SOCKET
              SO_ERROR TCP_NODELAY inet_aton pack_sockaddr_in);
use Time::HiRes qw(time);

use constant READ_SIZE => 262_144;


sub new {
    my ($class, %option) = @_;

    croak 'no port' unless $option{port};
    croak 'no request' unless $option{request};

    return bless {
        connections => 1, check => \&check_page, headers => '', timeout => 60,
        %option,
        address => pack_sockaddr_in($option{port}, inet_aton(
            $option{address} // '127.0.0.1')),
    }, $class;
}


# A page names one ID, and it is the one that was asked for.

sub check_page {
    my ($id, $body, $status) = @_;

    return undef unless $status == 200;

    my @named = $body =~ /data-id="([^"]*)"/g;

    return undef if @named == 1 && $named[0] eq $id;
    return 'the page names ' . (join(' and ', map { "\"$_\"" } @named)
                                || 'nobody');
}


sub run {
    my ($self, %option) = @_;

    croak 'no number of requests' unless $option{requests};

    my %after = %{ $option{after} // {} };

    @$self{qw(requests rate keep every missed)}
        = @option{qw(requests rate keep every missed)};
    $self->{after} = [ map { [$_, $after{$_}] } sort { $a <=> $b }
                       keys %after ];
    $self->{counts} = { map({ $_ => 0 } qw(requests answers lost wrong)),
                        status => {}, reasons => [], latencies => [] };
    @$self{qw(asked ended in_flight busiest extra again)} = (0) x 6;
    @$self{qw(by_fd idle)} = ({}, []);
    @$self{qw(reading writing)} = ('', '');

    my $start = $self->{started} = time;

    $self->{next_every} = $start + $self->{every}[0] if $self->{every};
    $self->{next_check} = $start + 1;
    $self->{lines} = join "\r\n", ' HTTP/1.1', 'Host: localhost',
        ('Connection: close') x !!$self->{close}, $self->{headers} || (), '';

    while ($self->{ended} < $self->{requests}) {
        $self->ask;
        $self->turn;
        $self->happen;
    }

    my $seconds = time - $start;

    $self->look_for_extra;
    $self->drop($_) for values %{ $self->{by_fd} };

    return $self->result($seconds);
}


sub stop {
    my ($self) = @_;

    $self->{requests} = $self->{asked};
}


sub answers {
    my ($self) = @_;

    return $self->{counts}{answers};
}


# starts what is due and has a connection

sub ask {
    my ($self) = @_;
    my $due = $self->{requests};

    if ($self->{rate}) {
        my $now = int((time - $self->{started}) * $self->{rate}) + 1;
        $due = $now if $now < $due;
    }

    while ($self->{asked} < $due
           && $self->{in_flight} < $self->{connections})
    {
        my $n = $self->{asked}++;
        my ($path, $id, @more) = $self->{request}->($n);

        $self->{counts}{requests}++;
        $self->{in_flight}++;
        $self->{busiest} = $self->{in_flight}
            if $self->{in_flight} > $self->{busiest};

        $self->send({
            n => $n, id => $id, path => $path,
            since => $self->{rate} ? $self->{started} + $n / $self->{rate}
                                   : time,
            out => join '', "GET $path$self->{lines}",
                        (map { "$_\r\n" } @more), "\r\n",
        }, $self->next_idle // $self->connect);
    }
}


# a client, or why there is none

sub send {
    my ($self, $request, $client) = @_;

    return $self->lose($request, $client) unless ref $client;

    @$client{qw(request out in head)} = ($request, $request->{out}, '', undef);
    $self->write($client) unless $client->{connecting};
}


# in turn, so that all of them, and all workers, have something to do

sub next_idle {
    my ($self) = @_;

    while (my $client = shift @{ $self->{idle} }) {
        return $client unless $client->{dropped};
    }

    return undef;
}


sub connect {
    my ($self) = @_;

    socket my $socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0
        or return "socket: $!";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;

    my $connecting = 0;

    if (!connect $socket, $self->{address}) {
        return "connect: $!" unless $! == EINPROGRESS;
        $connecting = 1;
    }

    my $client = { socket => $socket, fd => fileno $socket,
                   connecting => $connecting };

    $self->{by_fd}{$client->{fd}} = $client;
    vec($self->{reading}, $client->{fd}, 1) = 1;
    vec($self->{writing}, $client->{fd}, 1) = $connecting;

    return $client;
}


sub drop {
    my ($self, $client) = @_;

    vec($self->{reading}, $client->{fd}, 1) = 0;
    vec($self->{writing}, $client->{fd}, 1) = 0;
    delete $self->{by_fd}{$client->{fd}};
    $client->{dropped} = 1;
    close $client->{socket};
}


sub turn {
    my ($self) = @_;
    my $wait = 0.1;

    if ($self->{rate} && $self->{asked} < $self->{requests}) {
        my $next = $self->{started} + $self->{asked} / $self->{rate} - time;
        $wait = $next < 0 ? 0 : $next if $next < $wait;
    }

    # all in flight on as many connections: only an answer can help
    $wait ||= 0.001 if $self->{in_flight} >= $self->{connections};

    my $n = select my $readable = $self->{reading},
                   my $writable = $self->{writing}, undef, $wait;

    return if $n <= 0;

    for my $fd (members($writable)) {
        my $client = $self->{by_fd}{$fd} // next;
        $self->write($client);
    }

    for my $fd (members($readable)) {
        my $client = $self->{by_fd}{$fd} // next;
        $self->read($client) unless $client->{connecting};
    }
}


sub members {
    my $bits = unpack 'b*', $_[0];
    my @members;
    my $at = -1;

    push @members, $at while ($at = index $bits, '1', $at + 1) >= 0;
    return @members;
}


sub write {
    my ($self, $client) = @_;

    if ($client->{connecting}) {
        my $error = unpack 'i', getsockopt $client->{socket}, SOL_SOCKET,
                                           SO_ERROR;
        if ($error) {
            local $! = $error;
            return $self->fail($client, "connect: $!");
        }

        $client->{connecting} = 0;
    }

    if (length $client->{out}) {
        my $n = syswrite $client->{socket}, $client->{out};

        return $self->closed($client, "write: $!") if !defined $n && !again();
        substr $client->{out}, 0, $n // 0, '';
    }

    vec($self->{writing}, $client->{fd}, 1) = length $client->{out} ? 1 : 0;
}


sub again {
    return $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
}


sub read {
    my ($self, $client) = @_;
    my $n = sysread $client->{socket}, $client->{in}, READ_SIZE,
                    length($client->{in} // '');

    return if !defined $n && again();

    my $why = !defined $n ? "read: $!"
              : $n == 0 ? 'closed after ' . length($client->{in}) . ' bytes'
              : undef;

    if (!$client->{request}) {
        $self->{extra}++ if $n;
        return $self->drop($client);
    }

    return $self->closed($client, $why) if defined $why;

    $self->answered($client) if complete($client);
}


# nginx closes an idle connection when it likes: what was sent to it
# meanwhile, and got no byte of an answer, is sent again on a new one

sub closed {
    my ($self, $client, $why) = @_;
    my $request = $client->{request};

    if ($client->{used} && $client->{in} eq '' && !$request->{again}++) {
        $self->{again}++;
        $self->drop($client);
        return $self->send($request, $self->connect);
    }

    $self->fail($client, $why);
}


sub complete {
    my ($client) = @_;

    if (!defined $client->{head}) {
        my $end = index $client->{in}, "\r\n\r\n";
        return 0 if $end < 0;

        # nginx's own spelling: a search without case is five times as slow
        my $head = substr $client->{in}, 0, $end + 4;
        capitalize($head) if index($head, "\r\ncontent-length: ") >= 0;
        my $at = index $head, "\r\nContent-Length: ";

        $client->{head} = $head;
        $client->{status} = $head =~ m{^HTTP/1\.1 (\d+) } ? $1 : 0;
        $client->{whole} = $at < 0 ? undef : $end + 4
                           + (substr($head, $at + 18) =~ /^(\d+)/)[0];
        $client->{chunked} = $at < 0
            && index($head, "\r\nTransfer-Encoding: chunked\r\n") >= 0;
    }

    if (defined $client->{whole}) {
        return length $client->{in} >= $client->{whole};
    }

    return $client->{chunked} ? $client->{in} =~ /\r\n0\r\n\r\n\z/ : 0;
}


# the names of an answer that came through HAProxy, which are in small letters

sub capitalize {
    $_[0] =~ s/^([a-z][\w-]*)(?=:)/join '-', map { ucfirst } split '-', $1/gem;
}


sub answered {
    my ($self, $client) = @_;
    my $request = delete $client->{request};
    my $body = substr $client->{in}, length $client->{head};
    my $status = $client->{status};
    my $late = (time - $request->{since}) * 1000;

    if ($client->{chunked}) {
        $body = unchunk($body);

    } elsif (length $client->{in} > $client->{whole}) {
        $self->{extra}++;
    }

    my $why = $self->{check}->($request->{id}, $body, $status,
                               $client->{head});

    $self->{counts}{answers}++;
    $self->{counts}{status}{$status}++;
    push @{ $self->{counts}{latencies} }, $late;
    $self->count_reason('wrong', $request, $why) if defined $why;

    $self->{in_flight}--;
    $self->{ended}++;
    $self->{keep}->($self, {
        id => $request->{id}, n => $request->{n}, path => $request->{path},
        status => $status, head => $client->{head}, body => $body,
        since => $request->{since}, again => $request->{again}, wrong => $why,
        client => $client,
    }) if $self->{keep};

    $client->{used} = 1;

    if ($client->{head} =~ /^connection: close\r$/mi) {
        $self->drop($client);

    } else {
        push @{ $self->{idle} }, $client;
    }
}


sub unchunk {
    my ($chunks) = @_;
    my $body = '';

    while ($chunks =~ s/^([0-9a-fA-F]+)\r\n//) {
        my $length = hex $1;
        last unless $length;
        $body .= substr $chunks, 0, $length, '';
        $chunks =~ s/^\r\n//;
    }

    return $body;
}


sub fail {
    my ($self, $client, $why) = @_;
    my $request = $client->{request};

    $self->drop($client);
    $self->lose($request, $why, $client) if $request;
}


sub lose {
    my ($self, $request, $why, $client) = @_;

    $self->count_reason('lost', $request, $why);
    $self->{in_flight}--;
    $self->{ended}++;
    $self->{missed}->($self, { %$request, why => $why, client => $client })
        if $self->{missed};
}


sub count_reason {
    my ($self, $what, $request, $why) = @_;
    my $counts = $self->{counts};

    $counts->{$what}++;
    push @{ $counts->{reasons} }, "$what: $request->{path}: $why"
        if @{ $counts->{reasons} } < 10;
}


# what a test wants to happen now, and what has not come in time

sub happen {
    my ($self) = @_;

    while (@{ $self->{after} } && $self->{after}[0][0] <= $self->{ended}) {
        (shift @{ $self->{after} })->[1]->($self);
    }

    return unless $self->{every} || time > $self->{next_check};

    if ($self->{every} && time >= $self->{next_every}) {
        $self->{every}[1]->($self);
        $self->{next_every} = time + $self->{every}[0];
    }

    return unless time > $self->{next_check};

    $self->{next_check} = time + 1;

    for my $client (values %{ $self->{by_fd} }) {
        my $request = $client->{request} // next;

        $self->fail($client, "no answer in $self->{timeout} s")
            if time - $request->{since} > $self->{timeout};
    }
}


# an answer that comes twice is seen on a connection that waits for nothing

sub look_for_extra {
    my ($self) = @_;

    for my $client (grep { !$_->{dropped} } @{ $self->{idle} }) {
        my $n = sysread $client->{socket}, my $bytes, READ_SIZE;
        $self->{extra}++ if $n;
    }
}


sub result {
    my ($self, $seconds) = @_;
    my %result = (%{ $self->{counts} }, seconds => $seconds,
                  map { $_ => $self->{$_} } qw(busiest extra again));
    my @sorted = sort { $a <=> $b } @{ delete $result{latencies} };

    @result{qw(p50 p99 max)} = map { $sorted[$#sorted * $_] } 0.5, 0.99, 1
        if @sorted;
    return \%result;
}


# one line for a person

sub describe {
    my ($class, $result) = @_;
    my $status = $result->{status};

    return join ', ', "$result->{requests} requests",
        (map { "$status->{$_} x $_" } sort keys %$status),
        "$result->{lost} lost", "$result->{wrong} wrong",
        defined $result->{p50} ? sprintf 'p50 %.1f ms, p99 %.1f ms, max '
            . '%.1f ms', @$result{qw(p50 p99 max)} : (),
        $result->{seconds} ? sprintf '%.0f answers/s',
            $result->{answers} / $result->{seconds} : (),
        @{ $result->{reasons} };
}


1;
