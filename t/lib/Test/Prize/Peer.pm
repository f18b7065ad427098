package Test::Prize::Peer;

# A Redis that does what a test tells it: a process that accepts, reads
# commands and answers as a function says.
#
#     my $peer = Test::Prize::Peer->start(records => {...}, lookup => sub {
#         my ($peer, $client, $usual, $key) = @_;
#         return $key eq 'employee:7' ? "-LOADING\r\n" : $usual;
#     });
#
# That is the answer to a lookup, HMGET, where "usual" would be that from
# "records", a hash by key of hashes.  "answer" is called for all commands:
#
#     answer => sub { my ($peer, $client, @command) = @_;
#                     return $peer->usual(@command); }
#
# "usual" answers PING, AUTH, SELECT, READONLY and ASKING, HMGET, EVAL with 0,
# and what "replies" has, by the name of a command: bytes, or a function that is
# called with the peer and the command.  What a function returns is written, as
# it is; undef writes nothing.  Within it
#
#     $peer->write($client, $bytes);           at once, before the rest
#     $peer->write_later($seconds, $client, $bytes);
#     $peer->later($seconds, sub { ... });
#     $peer->close($client); $peer->reset($client);
#
# "accept" is called with each new client; "address" is the one to listen on.
#
# In the test, $peer->commands(qr/^HMGET/) are those that came, one string
# each, $peer->connects is the number of connections, and $peer->closes that
# of those whose client has closed them.

use strict;
use warnings;

use Carp qw(croak);
use IO::Select ();
use IO::Socket::IP ();
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_LINGER SOMAXCONN TCP_NODELAY);
use Time::HiRes qw(time);

use Test::Prize;

our @ISA = qw(Test::Prize::Process);


sub start {
    my ($class, %option) = @_;
    my $self = $class->attach(port => Test::Prize::free_port(),
                              dir => $class->new_dir('peer'),
                              records => {}, %option);
    my $listener = IO::Socket::IP->new(
        LocalHost => $self->{address} // '127.0.0.1',
        LocalPort => $self->{port}, ReuseAddr => 1, Listen => SOMAXCONN)
        or croak "listen on port $self->{port}: $!";

    return $self->fork_serve($listener);
}


sub commands {
    my ($self, $pattern) = @_;
    my $file = "$self->{dir}/seen";

    croak Test::Prize::slurp("$self->{dir}/output.log")
        if -s "$self->{dir}/output.log";
    return grep { $_ =~ $pattern }
           -e $file ? split /\n/, Test::Prize::slurp($file) : ();
}


sub connects { return scalar(() = $_[0]->commands(qr/^connect$/)) }
sub closes   { return scalar(() = $_[0]->commands(qr/^closed$/)) }


# the child's part

sub serve {
    my ($self, $listener) = @_;

    open my $seen, '>>', "$self->{dir}/seen" or die "$self->{dir}/seen: $!";
    $seen->autoflush(1);
    @$self{qw(seen clients timers)} = ($seen, {}, []);
    $self->{select} = IO::Select->new($listener);

    while (1) {
        my $next = (sort { $a <=> $b } map { $_->[0] } @{$self->{timers}})[0];
        my $wait = defined $next ? $next - time : undef;

        $wait = 0 if defined $wait && $wait < 0;

        for my $socket ($self->{select}->can_read($wait)) {
            $socket == $listener ? $self->accepted($listener->accept)
                                 : $self->readable($socket);
        }

        my $now = time;
        my @due = grep { $_->[0] <= $now } @{$self->{timers}};

        @{$self->{timers}} = grep { $_->[0] > $now } @{$self->{timers}};
        $_->[1]->() for @due;
    }
}


sub accepted {
    my ($self, $socket) = @_;

    return unless $socket;

    my $client = { socket => $socket, in => '' };

    binmode $socket;
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    print {$self->{seen}} "connect\n";
    $self->{clients}{$socket} = $client;
    $self->{select}->add($socket);
    $self->{accept}->($self, $client) if $self->{accept};
}


sub readable {
    my ($self, $socket) = @_;
    my $client = $self->{clients}{$socket} // return;

    return $self->gone($client) unless sysread $socket, my $bytes, 65536;

    $client->{in} .= $self->opened($client, $bytes);

    while ($client->{socket} && (my @command = $self->parse($client))) {
        print {$self->{seen}} join(' ', grep { defined } @command[0, 1]),
                              "\n";

        my $answer = $self->answer($client, @command);
        $self->write($client, $answer) if defined $answer;
    }
}


sub answer {
    my ($self, $client, @command) = @_;

    return $self->{answer}->($self, $client, @command) if $self->{answer};

    # whom "replies" answer
    $self->{client} = $client;

    my $usual = $self->usual(@command);
    my $name = shift @command;

    return $self->{lookup} && $name eq $self->lookup
           ? $self->{lookup}->($self, $client, $usual, @command) : $usual;
}


# the command that is one

sub lookup { return 'HMGET' }


sub parse {
    my ($self, $client) = @_;
    my $in = \$client->{in};
    my @words;

    $$in =~ /\G\*(\d+)\r\n/gc or return;

    for (1 .. $1) {
        if ($$in !~ /\G\$(\d+)\r\n/gc
            || length($$in) < pos($$in) + $1 + 2)
        {
            pos($$in) = undef;
            return;
        }

        push @words, substr $$in, pos $$in, $1;
        pos($$in) += $1 + 2;
    }

    substr $$in, 0, pos $$in, '';
    return @words;
}


sub usual {
    my ($self, $name, $key, @names) = @_;
    my $reply = $self->{replies}{$name};

    return ref $reply ? $reply->(@_) : $reply if defined $reply;
    return "+PONG\r\n" if $name eq 'PING';
    return "+OK\r\n" if $name =~ /^(?:AUTH|SELECT|READONLY|ASKING)$/;
    return ":0\r\n" if $name =~ /^EVAL/;
    return "-ERR unknown command '$name'\r\n" if $name ne 'HMGET';

    my $record = $self->{records}{$key} // {};

    return array(map { bulk($record->{$_}) } @names);
}


sub array   { return join '', '*' . @_ . "\r\n", @_ }
sub integer { return ":$_[0]\r\n" }


sub bulk {
    my ($value) = @_;

    return defined $value ? '$' . length($value) . "\r\n$value\r\n"
                          : "\$-1\r\n";
}


# CLUSTER SLOTS: ranges, each [first slot, last slot, [endpoint, port, ID, more
# of the endpoint...], replicas as that...]

sub slots {
    my ($class, @ranges) = @_;

    return array(map {
        my ($first, $last, @nodes) = @$_;
        array(integer($first), integer($last), map {
            my ($endpoint, $port, $id, @more) = @$_;
            array(bulk($endpoint), integer($port), bulk($id),
                  array(map { bulk($_) } @more));
        } @nodes);
    } @ranges);
}


# ROLE, of one without replicas, and of a replica

sub master { return array(bulk('master'), integer(0), array()) }

sub slave {
    my ($class, $port) = @_;

    return array(bulk('slave'), bulk('127.0.0.1'), integer($port),
                 bulk('connected'), integer(0));
}


# SENTINEL GET-MASTER-ADDR-BY-NAME: an address, or nothing

sub named {
    my ($class, @address) = @_;

    return @address ? array(map { bulk($_) } @address) : "*-1\r\n";
}


# what stands for these bytes on the wire, and the other way round

sub sealed { return $_[2] }
sub opened { return $_[2] }


sub write {
    my ($self, $client, $bytes) = @_;

    return $self->transmit($client, $self->sealed($client, $bytes));
}


sub transmit {
    my ($self, $client, $bytes) = @_;

    while (length $bytes && $client->{socket}) {
        my $n = syswrite($client->{socket}, $bytes)
            // return $self->gone($client);
        substr $bytes, 0, $n, '';
    }
}


sub gone {
    my ($self, $client) = @_;

    print {$self->{seen}} "closed\n";
    return $self->close($client);
}


sub later {
    my ($self, $seconds, $code) = @_;

    push @{$self->{timers}}, [time + $seconds, $code];
    return undef;
}


sub write_later {
    my ($self, $seconds, $client, $bytes) = @_;

    return $self->later($seconds, sub { $self->write($client, $bytes) });
}


sub close {
    my ($self, $client) = @_;
    my $socket = delete $client->{socket} // return;

    $self->{select}->remove($socket);
    delete $self->{clients}{$socket};
    CORE::close $socket;
    return undef;
}


sub reset {
    my ($self, $client) = @_;

    setsockopt $client->{socket}, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0
        if $client->{socket};
    return $self->close($client);
}


# the records of a roster, by key, for "records"

sub records_of {
    my ($class, $roster) = @_;

    return { map { ("employee:$_" => $roster->record($_)) }
             @{ $roster->ids } };
}


1;
