package Test::Prize::Cluster;

# A Redis Cluster of real servers, each of which a test can kill, pause and
# start again.
#
#     my $cluster = Test::Prize::Cluster->start(primaries => 3, replicas => 3);
#     $cluster->load($roster);
#     my $primary = $cluster->primary('employee:7');
#     my ($replica) = $cluster->replicas_of($primary);
#     $primary->kill;
#     $cluster->fail_over($replica);           # or: $cluster->elected($replica)
#     $primary->start;
#     $cluster->settle;
#
# Nodes are Test::Prize::Redis, and have their "id".  "start" also takes
# "timeout", the cluster-node-timeout in milliseconds: by default nobody is
# elected but by "fail_over"; "tls", as a Redis does; and "options" of each.
# A slot moves in three steps:
#
#     $cluster->open_slot($slot, $to);
#     $cluster->move_keys($slot);              # from now on -ASK
#     $cluster->close_slot($slot);             # and now -MOVED
#
# What a node counts is the module's: this file never asks CLUSTER SLOTS.

use strict;
use warnings;

use Carp qw(croak);
use Encode qw(decode_utf8);

use Test::Prize;

# nodes tell each other what they know twice in this time, in milliseconds

use constant { SLOTS => 16_384, NEVER => 600_000, SOON => 2000 };


sub start {
    my ($class, %option) = @_;
    my $self = bless { primaries => 3, replicas => 0, timeout => NEVER,
                       options => [], %option, nodes => [] }, $class;
    my $n = $self->{primaries};

    $self->add for 1 .. $n + $self->{replicas};

    my @nodes = $self->nodes;

    for my $i (0 .. $n - 1) {
        $nodes[$i]->commands(
            ['CLUSTER', 'SET-CONFIG-EPOCH', $i + 1],
            ['CLUSTER', 'ADDSLOTSRANGE', int(SLOTS * $i / $n),
             int(SLOTS * ($i + 1) / $n) - 1]);
    }

    $self->meet($_) for @nodes;
    $self->replicate($nodes[$n + $_], $nodes[$_ % $n])
        for 0 .. $self->{replicas} - 1;
    $self->settle;

    $_->command('CONFIG', 'SET', 'cluster-node-timeout', $self->{timeout})
        for @nodes;
    return $self;
}


# A server that knows nobody yet; "class" and more, where it is none of these
# on loopback.

sub add {
    my ($self, %option) = @_;
    my $class = delete $option{class} // 'Test::Prize::Cluster::Node';
    my $bus = free_port();
    my $node = $class->start(%option, bus => $bus,
        tls => $self->{tls}, options => [
            '--cluster-enabled', 'yes', '--cluster-port', $bus,
            '--cluster-node-timeout', SOON,
            '--cluster-require-full-coverage', 'no',
            '--cluster-replica-validity-factor', 0,
            '--cluster-allow-replica-migration', 'no',
            '--repl-ping-replica-period', 1,
            '--repl-diskless-sync-delay', 0,
            $self->{tls} ? qw(--tls-cluster yes --tls-replication yes) : (),
            @{ $self->{options} }]);

    $node->{id} = $node->command(qw(CLUSTER MYID));
    push @{ $self->{nodes} }, $node;
    return $node;
}


# returns when it and all others know each other

sub meet {
    my ($self, $node) = @_;
    my @nodes = $self->living;

    $node->command('CLUSTER', 'MEET', $_->{address} // '127.0.0.1',
                   @$_{qw(port bus)})
        for grep { $_ != $node } @nodes;

    eventually {
        for my $other (@nodes) {
            my $view = $other->view;
            return 0 if !$view->{$node->{id}} || !$node->view->{$other->{id}};
        }
        return 1;
    } 'all to know the node';
}


sub replicate {
    my ($self, $node, $primary) = @_;

    $node->command('CLUSTER', 'REPLICATE', $primary->{id});
}


# it leaves the cluster and ends

sub forget {
    my ($self, $node) = @_;

    $node->kill;
    @{ $self->{nodes} } = grep { $_ != $node } @{ $self->{nodes} };
    $_->command('CLUSTER', 'FORGET', $node->{id}) for $self->living;
}


sub nodes  { return @{ $_[0]{nodes} } }
sub living { return grep { $_->{pid} && !$_->{paused} } $_[0]->nodes }


# Returns when all that run see each other alike, and each replica has what its
# primary has.

sub settle {
    my ($self) = @_;
    my @nodes = $self->living;

    eventually {
        my %seen;

        for my $node (@nodes) {
            my $view = $node->view;
            my @lines = map { $view->{$_->{id}}{line} // '' } @nodes;

            return 0 if grep { $_ eq '' || /fail|handshake/ } @lines;
            return 0 if told_nothing($node);
            return 0 if $node->command(qw(CLUSTER INFO)) !~ /^cluster_state:ok/
                || $node->command(qw(INFO replication))
                   =~ /^master_link_status:down/m;
            $seen{"@lines"}++;
        }

        return 1 == keys %seen;
    } 'a cluster of one mind', 120;

    return $self;
}


# whether it thinks so of any replica, which CLUSTER SLOTS leaves out then; a
# primary says something every second

sub told_nothing {
    my ($node) = @_;

    for my $shard (@{ $node->command(qw(CLUSTER SHARDS)) }) {
        my %shard = @$shard;
        return 1 if grep { my %known = @$_; $known{health} eq 'loading' }
                    @{ $shard{nodes} };
    }

    return 0;
}


# by the view of one that runs

sub node {
    my ($self, $id) = @_;

    return (grep { $_->{id} eq $id } $self->nodes)[0] // croak "no node $id";
}


sub primaries {
    my ($self) = @_;
    my $view = ($self->living)[0]->view;

    return grep { ($view->{$_->{id}}{slots} // '') ne '' } $self->nodes;
}


sub replicas_of {
    my ($self, $primary) = @_;
    my $view = ($self->living)[0]->view;

    return grep { ($view->{$_->{id}}{primary} // '') eq $primary->{id} }
           $self->living;
}


sub slots {
    my ($self, @keys) = @_;

    return ($self->living)[0]->commands(map { ['CLUSTER', 'KEYSLOT', $_] }
                                        @keys);
}


# the primary of each slot

sub owners {
    my ($self) = @_;
    my $view = ($self->living)[0]->view;
    my @owners;

    for my $id (keys %$view) {
        for my $range (split / /, $view->{$id}{slots}) {
            my ($first, $last) = split /-/, $range;
            @owners[$first .. $last // $first]
                = ($self->node($id)) x (1 + ($last // $first) - $first);
        }
    }

    return \@owners;
}


sub primary {
    my ($self, $key) = @_;

    return $self->owners->[($self->slots($key))[0]];
}


# those of a roster, by whether they are at that node: two lists

sub split_ids {
    my ($self, $ids, $node) = @_;
    my @slots = $self->slots(map { "employee:$_" } @$ids);
    my $owners = $self->owners;
    my @split = ([], []);

    push @{ $split[$owners->[$slots[$_]] == $node ? 0 : 1] }, $ids->[$_]
        for 0 .. $#$ids;
    return @split;
}


# Records of a roster, or those of "ids", each at its node; and at its replicas,
# but with "lag".

sub load {
    my ($self, $roster, %option) = @_;
    my $ids = $option{ids} // $roster->ids;
    my @slots = $self->slots(map { "employee:$_" } @$ids);
    my $owners = $self->owners;
    my %commands;

    for my $n (0 .. $#$ids) {
        my $key = "employee:$ids->[$n]";
        my $record = $roster->record($ids->[$n]);

        push @{ $commands{ $owners->[$slots[$n]]{id} } }, ['DEL', $key],
            ['HSET', $key, map { decode_utf8($_) } %$record];
    }

    for my $id (keys %commands) {
        my $node = $self->node($id);
        my $replicas = $option{lag} ? 0 : $self->replicas_of($node);

        $node->commands(@{ $commands{$id} }, ['WAIT', $replicas, 60_000]);
    }

    return $self;
}


# the records that the primaries have, as those of Test::Prize::Roster

sub stored {
    my ($self, $roster) = @_;
    my $ids = $roster->ids;
    my @slots = $self->slots(map { "employee:$_" } @$ids);
    my $owners = $self->owners;
    my %at;

    push @{ $at{ $owners->[$slots[$_]]{id} } }, $ids->[$_] for 0 .. $#$ids;

    my %stored;

    for my $id (keys %at) {
        my @ids = @{ $at{$id} };
        @stored{@ids} = $self->node($id)->commands(
            map { ['HGETALL', "employee:$_"] } @ids);
    }

    return [map { @$_ ? {@$_} : undef } @stored{@$ids}];
}


# makes a replica the primary, whatever the others say

sub fail_over {
    my ($self, $replica) = @_;

    $replica->command(qw(CLUSTER FAILOVER TAKEOVER));
    return $self->settle;
}


# the one of a dead primary's replicas that has become one

sub elected {
    my ($self, @replicas) = @_;

    return eventually {
        my %primary = map { $_->{id} => 1 } $self->primaries;
        return (grep { $primary{$_->{id}} } @replicas)[0];
    } 'an election', 120;
}


sub open_slot {
    my ($self, $slot, $to) = @_;
    my $from = $self->owners->[$slot];

    $self->{moving}{$slot} = [$from, $to];
    $to->command('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $from->{id});
    $from->command('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $to->{id});
}


sub move_keys {
    my ($self, $slot) = @_;
    my ($from, $to) = @{ $self->{moving}{$slot} };

    while (my @keys = @{ $from->command('CLUSTER', 'GETKEYSINSLOT', $slot,
                                        100) })
    {
        $from->command('MIGRATE', '127.0.0.1', $to->{port}, '', 0, 60_000,
                       'KEYS', @keys);
    }
}


sub close_slot {
    my ($self, $slot) = @_;
    my ($from, $to) = @{ delete $self->{moving}{$slot} };

    $_->command('CLUSTER', 'SETSLOT', $slot, 'NODE', $to->{id}) for $to, $from;
}


sub move_slot {
    my ($self, $slot, $to) = @_;

    $self->open_slot($slot, $to);
    $self->move_keys($slot);
    $self->close_slot($slot);
}


# Of all that run: how often a command was called, and the module's connections.
# MIGRATE leaves one of its own for a while.

sub calls {
    my ($self, $command) = @_;
    my $sum = 0;

    $sum += $_->calls($command) for $self->living;
    return $sum;
}


sub connections {
    my ($self) = @_;

    return map { scalar(() = $_->module_clients) } $self->living;
}


package Test::Prize::Cluster::Node;

use strict;
use warnings;

our @ISA = qw(Test::Prize::Redis);


sub pause {
    my ($self) = @_;

    $self->{paused} = 1;
    return $self->SUPER::pause;
}


sub resume {
    my ($self) = @_;

    delete $self->{paused};
    return $self->SUPER::resume;
}


# as "clients" does, of the module

sub module_clients {
    my ($self) = @_;

    return $self->clients(qr/ flags=[Nr]+ (?!.* cmd=restore)/);
}


# Whom it knows, by ID: {primary => ID or '-', slots => 'RANGE RANGE...',
# line => all that others should see alike}.

sub view {
    my ($self) = @_;
    my %view;

    for my $line (split /\n/, $self->command(qw(CLUSTER NODES))) {
        my ($id, undef, $flags, $primary, undef, undef, undef, undef, @slots)
            = split / /, $line;
        my $slots = join ' ', grep { !/^\[/ } @slots;

        next if $flags =~ /handshake|noaddr/;
        $flags =~ s/myself,//;
        $view{$id} = { primary => $primary, slots => $slots,
                       line => "$id $flags $primary $slots" };
    }

    return \%view;
}


1;
