package Group;

# A Redis of several servers, which is one store to a chaos run: it can do what
# Site::Redis can, and something can happen to some of its servers.
#
#     my $redis = Group::Cluster->start;       # or Group::Sentinel
#     $redis->kill; $redis->start;             # all of its Redis at once
#     my $node = $redis->node(0.7);            # of the nodes, by a part of 1
#     $redis->down(kill => $node);             # stop, pause
#     my $new = $redis->elected;               # after a primary's death
#     $redis->up($node);
#     my $new = $redis->fail_over(0.7);        # of one of its primaries
#
# All of it listens on loopback: slots move, and servers find each other, by
# the addresses that nginx has, too.  What a network's cut would do is a pause.
#
# A record is written to the disk before its writer knows: a server that was
# killed has on its return what it had, wherever slots have gone meanwhile.

use strict;
use warnings;

use Test::Prize;

use constant KEEP => [qw(--appendonly yes --appendfsync no)];


sub new {
    my ($class, $servers) = @_;

    return bless { servers => $servers, down => {}, counted => {} }, $class;
}


sub node {
    my ($self, $part) = @_;
    my @nodes = $self->nodes;

    return $nodes[$part * @nodes];
}


sub addresses { return map { $_->address } $_[0]->all }
sub seeds     { return $_[0]->addresses }
sub primary_addresses { return map { $_->address } $_[0]->primaries }
sub is_whole { return !%{ $_[0]{down} } }


sub is_primary {
    my ($self, $node) = @_;

    return scalar grep { $_ == $node } $self->primaries;
}


# what happens to some servers

sub down {
    my ($self, $how, @some) = @_;

    # what it has counted ends with it
    $self->count(@some) if $how ne 'pause';

    for my $server (@some) {
        $self->{down}{$server} = $how;
        $server->$how;
    }
}


# returns when all that run are of one mind

sub up {
    my ($self, @some) = @_;

    for my $server (@some) {
        my $how = delete $self->{down}{$server};

        $how eq 'pause' ? $server->resume : $server->start;
    }

    $self->settle;
}


# what happens to all Redis

sub kill   { my ($self) = @_; $self->down('kill', $self->nodes) }
sub stop   { my ($self) = @_; $self->down('stop', $self->nodes) }
sub pause  { my ($self) = @_; $self->down('pause', $self->nodes) }
sub start  { my ($self) = @_; $self->up($self->nodes) }
sub resume { my ($self) = @_; $self->up($self->nodes) }


sub start_empty {
    my ($self) = @_;

    $self->up($self->nodes);
    $_->command('FLUSHALL') for $self->primaries;
}


# those that primaries have of clients who were let in: who has to prove that
# he is still of the same cluster is not asked for a key

sub ports {
    my ($self) = @_;

    return map { / addr=[\d.]+:(\d+)/ }
           map { $_->clients(qr/ cmd=(?:hmget|evalsha|eval) /) }
           $self->primaries;
}


sub drop {
    my ($self) = @_;

    $_->commands([qw(CLIENT KILL TYPE normal SKIPME yes)],
                 [qw(CLIENT KILL TYPE replica)])
        for grep { !$self->{down}{$_} } $self->all;
}


sub load {
    my ($self, $roster) = @_;

    $self->{servers}->load($roster);
}


# it has it all on its disk

sub save { }


# How often servers were asked who is who, but for what one was asked between
# the last count and its end.

sub asked {
    my ($self) = @_;

    $self->count(grep { !$self->{down}{$_} } $self->all);
    return $self->{counted};
}


sub count {
    my ($self, @some) = @_;

    for my $server (@some) {
        for my $command ($self->questions) {
            $self->{counted}{$command} += $server->calls($command);
        }
    }
}


package Group::Cluster;

# three primaries, each with a replica

use strict;
use warnings;

use Test::Prize;
use Test::Prize::Cluster;
use Time::HiRes qw(sleep time);

our @ISA = qw(Group);

use constant TIMEOUT => 2000;       # ms, in which a node is found dead
use constant AGAIN => 6;            # seconds, until a fail-over is given up


sub start {
    my ($class) = @_;

    return $class->SUPER::start if ref $class;
    return $class->new(Test::Prize::Cluster->start(primaries => 3,
        replicas => 3, timeout => TIMEOUT, options => Group::KEEP));
}


sub nodes     { return $_[0]{servers}->nodes }
sub all       { return $_[0]->nodes }
sub primaries { return $_[0]{servers}->primaries }
sub settle    { return $_[0]{servers}->settle }
sub questions { return 'cluster|slots' }


# asked before its death: who follows it

sub down {
    my ($self, $how, @some) = @_;

    $self->{heirs} = [@some == 1 ? $self->{servers}->replicas_of(@some) : ()];
    $self->SUPER::down($how, @some);
}


sub elected {
    my ($self) = @_;

    return $self->{servers}->elected(@{ $self->{heirs} });
}


# A replica is not listened to while its link is down, nor elected twice in a
# short time: it asks again.

sub fail_over {
    my ($self, $part) = @_;
    my @primaries = $self->primaries;
    my ($new) = $self->{servers}->replicas_of($primaries[$part * @primaries]);
    my $next = 0;

    return eventually {
        if (time > $next) {
            eval { $new->command(qw(CLUSTER FAILOVER)) };
            $next = time + AGAIN;
        }

        return $new->command('ROLE')->[0] eq 'master' && $new;
    } 'a fail-over';
}


# So many slots from the one at a part of 1, each to the primary after its own.
# Until that has them all, a key that has gone there is asked for with -ASK.
# The pauses leave the machine to others.

sub move {
    my ($self, $part, $n) = @_;
    my $cluster = $self->{servers};
    my $last = Test::Prize::Cluster::SLOTS;
    my $first = int $part * $last;
    my @slots = map { ($first + $_) % $last } 0 .. $n - 1;
    my @primaries = $self->primaries;
    my %next = map { $primaries[$_] => $primaries[($_ + 1) % @primaries] }
               0 .. $#primaries;
    my $owners = $cluster->owners;

    $cluster->open_slot($_, $next{ $owners->[$_] }), sleep 0.01 for @slots;
    $cluster->move_keys($_), sleep 0.01 for @slots;
    $cluster->close_slot($_), sleep 0.01 for @slots;
    $self->settle;
}


package Group::Sentinel;

# a Redis with two replicas, and three Sentinels

use strict;
use warnings;

use Test::Prize;
use Test::Prize::Sentinel;
use Time::HiRes qw(sleep);

our @ISA = qw(Group);


sub start {
    my ($class) = @_;

    return $class->SUPER::start if ref $class;
    return $class->new(Test::Prize::Sentinel->start(replicas => 2,
                                                    options => Group::KEEP));
}


sub nodes     { return $_[0]{servers}->redis }
sub sentinels { return $_[0]{servers}->sentinels }
sub all       { return ($_[0]->nodes, $_[0]->sentinels) }
sub primaries { return $_[0]{servers}->master }
sub seeds     { return map { $_->address } $_[0]->sentinels }


# a Sentinel has no statistics of its commands

sub questions { }


sub settle {
    my ($self) = @_;
    my $servers = $self->{servers};

    $servers->settle->synchronised($servers->master);
}


sub down {
    my ($self, $how, @some) = @_;

    $self->{old} = $self->{servers}->master;
    $self->SUPER::down($how, @some);
}


sub elected {
    my ($self) = @_;

    return eventually {
        my $new = $self->{servers}->master;
        return $new != $self->{old} && $new;
    } 'an election';
}


# They refuse where no replica was seen to be well lately.

sub fail_over {
    my ($self) = @_;
    my ($sentinel) = grep { !$self->{down}{$_} } $self->sentinels;

    $self->{old} = $self->{servers}->master;
    eventually {
        eval { $sentinel->command(qw(SENTINEL FAILOVER),
                                  Test::Prize::Sentinel::NAME) };
    } 'a fail-over that is begun';

    return $self->elected;
}


1;
