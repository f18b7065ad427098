package Test::Prize::Network;

# A network of two ends on one machine, which can be cut: packets are then
# dropped, and nobody is told.
#
#     my $network = Test::Prize::Network->new
#         or plan skip_all => Test::Prize::Network->why_not;
#     my $port = $network->relay($postgres);   # to its Unix socket
#     ... "hostaddr=$network->{address} port=$port" ...
#     $network->cut; $network->mend;
#     $network->forget;            # only what is connected now, for good
#
# The far end is a network namespace of its own, where a relay accepts
# connections and hands them on to the server's socket.  All of it ends with
# the test.

use strict;
use warnings;

use Carp qw(croak);
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use POSIX ();

use Test::Prize;

my $why_not = '';


# names and addresses are the machine's, and others may be at work on it

sub new {
    my ($class) = @_;

    for (1 .. 20) {
        my $self = $class->try(int rand 16_384);
        return $self if $self;
        return undef if $why_not !~ /exist/;
    }

    return undef;
}


sub try {
    my ($class, $number) = @_;
    my $name = "prize$number";

    # of the block for benchmarks, 198.18.0.0/15, which nobody routes
    my ($near, $address) = map { sprintf '198.18.%d.%d', $number / 64,
                                         $number % 64 * 4 + $_ } 1, 2;
    my $self = bless { name => $name, near => $near, address => $address,
                       owner => $$, relays => [] }, $class;

    for my $command (
        "netns add $name",
        "link add ${name}a type veth peer name ${name}b netns $name",
        "address add $near/30 dev ${name}a",
        "link set ${name}a up",
        "-n $name address add $address/30 dev ${name}b",
        "-n $name link set ${name}b up")
    {
        my ($status, undef, $err) = run('ip', split ' ', $command);
        next unless $status;
        croak "no ip: make deps-test" if $status == 127;
        $why_not = "ip $command: $err";
        $self->{name} = '' if $command =~ /^netns/;
        return undef;
    }

    return $self;
}


sub why_not { return "no network namespace: $why_not" }


# what arrives at the far end has no way back

sub cut {
    my ($self) = @_;

    $self->far(qw(route add blackhole), $self->{near});
}


sub mend {
    my ($self) = @_;

    $self->far(qw(route del blackhole), $self->{near});
}


# As a firewall does with what was silent for too long: packets of the
# connections that there are have no way back, those of new ones have.  Returns
# how many there were.

sub forget {
    my ($self) = @_;
    my (undef, $list) = run(qw(ss -Htn state established dst),
                            $self->{address});
    my @ports = $list =~ /\Q$self->{near}\E:(\d+)\s/g;

    $self->far(qw(rule add to), $self->{near}, qw(ipproto tcp dport), $_,
               'blackhole') for @ports;
    return scalar @ports;
}


sub far {
    my ($self, @command) = @_;
    my ($status, undef, $err) = run('ip', '-n', $self->{name}, @command);

    croak "ip @command: $err" if $status;
}


# the port on which the far end hands a server's connections on

sub relay {
    my ($self, $server) = @_;
    my $port = $server->{port};
    my $socket = $server->{socket} // "$server->{dir}/.s.PGSQL.$port";

    my $pid = fork // croak "fork: $!";

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT);
        exec qw(ip netns exec), $self->{name}, $^X, '-I' . root() . '/t/lib',
             '-MTest::Prize::Network', '-e',
             'Test::Prize::Network::serve(@ARGV)', $self->{address}, $port,
             $socket or POSIX::_exit(127);
    }

    push @{ $self->{relays} }, $pid;
    eventually { IO::Socket::INET->new(PeerAddr => $self->{address},
                                       PeerPort => $port) } 'the relay';
    return $port;
}


sub serve {
    my ($address, $port, $path) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => $address,
        LocalPort => $port, ReuseAddr => 1, Listen => 128)
        or die "listen on $address:$port: $!";
    my $select = IO::Select->new($listener);
    my %other;

    $SIG{PIPE} = 'IGNORE';

    while (1) {
        for my $socket ($select->can_read) {
            if ($socket == $listener) {
                my $near = $listener->accept or next;
                my $far = IO::Socket::UNIX->new(Peer => $path) or next;
                @other{$near, $far} = ($far, $near);
                $select->add($near, $far);
                next;
            }

            my $other = $other{$socket} // next;
            my $n = sysread $socket, my $bytes, 65_536;

            next if $n && syswrite $other, $bytes;

            delete @other{$socket, $other};
            $select->remove($socket, $other);
            close $_ for $socket, $other;
        }
    }
}


sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);

    return unless $self->{owner} == $$ && $self->{name};

    kill 'KILL', @{ $self->{relays} } if @{ $self->{relays} };
    waitpid $_, 0 for @{ $self->{relays} };
    run('ip', 'netns', 'delete', $self->{name});
}


1;
