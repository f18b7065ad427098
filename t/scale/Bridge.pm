package Bridge;

# Machines on one switch, each a network namespace with an address, whose cables
# can be pulled.
#
#     Bridge::enter();                 # once, first of all: may start it anew
#     my $bridge = Bridge->new('10.0.0.2');
#     my $network = $bridge->machine('redis1', '10.0.0.21');
#     ... ip netns exec $network->{name} ...
#     $bridge->unplug('redis1');       # from everybody, without a word
#     $bridge->plug('redis1');
#     $bridge->cut('host1', 'redis1'); # what the second one answers the first
#     $bridge->mend('host1', 'redis1');
#
# All of it lives in namespaces of networks, mounts and processes that "enter"
# makes.  They end with the process that it starts, which ends with its parent,
# and so does everything in them: nothing of the machine is changed.  It takes
# root.

use strict;
use warnings;

use Carp qw(croak);

use Test::Prize;

use constant NAME => 'prize';


sub enter {
    return prepare() if delete $ENV{SCALE_ENTERED};

    die "this takes root, for network namespaces\n" if $>;
    $ENV{SCALE_ENTERED} = 1;
    exec qw(setpriv --pdeathsig KILL unshare --net --mount --pid --fork
            --kill-child --mount-proc), $^X, $0, @ARGV;
    die "no setpriv: $!\n";
}


# The first process of a namespace is ended by no signal that it has no handler
# for.

sub prepare {
    $SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

    mkdir '/run/netns';
    command(qw(mount -t tmpfs none /run/netns));
    command(qw(ip link set lo up));
}


sub command {
    my (@command) = @_;
    my ($status, $out, $err) = run(@command);

    croak "@command: $err" if $status;
    return $out;
}


sub new {
    my ($class, $address) = @_;
    my $self = bless { address => { balancer => $address } }, $class;

    command('ip', split ' ', $_)
        for "link add @{[ NAME ]} type bridge",
            "address add $address/24 dev @{[ NAME ]}",
            "link set @{[ NAME ]} up";
    return $self;
}


sub machine {
    my ($self, $name, $address) = @_;

    $self->{address}{$name} = $address;
    command('ip', split ' ', $_)
        for "netns add $name",
            "link add $name type veth peer name eth0 netns $name",
            "link set $name master @{[ NAME ]} up",
            "-n $name address add $address/24 dev eth0",
            "-n $name link set eth0 up",
            "-n $name link set lo up";
    return { name => $name, address => $address };
}


sub unplug { command(qw(ip link set), $_[1], 'nomaster') }
sub plug   { command(qw(ip link set), $_[1], 'master', NAME) }


# only one of the two has to be a machine of its own: the second

sub cut  { my ($self, @two) = @_; $self->blackhole('add', @two) }
sub mend { my ($self, @two) = @_; $self->blackhole('del', @two) }


sub blackhole {
    my ($self, $how, $from, $at) = @_;

    command(qw(ip -n), $at, 'route', $how, 'blackhole',
            $self->{address}{$from});
}


1;
