package Rounds;

# Servers that are measured in rounds, one after the other, every other round
# in reverse.  The machine's speed drifts, so that two of them are compared by
# measurements that stand next to each other: who is compared with several
# has several places in a round.
#
#     my $rounds = Rounds::measure('cpu', 7, \%void, sub {
#         my ($subject, $warm) = @_;
#         return { cpu => ... };
#     }, Rounds::in_order('cpu', @subjects));
#
#     $rounds->{of}{lua}{cpu}                   # all its values
#     Rounds::ratios($rounds, 'prize', 'lua', 'cpu')
#
# The first round warms up and is not counted.  A subject that has failed once
# is asked no more; what it gave is void, and "void" says why, by "cpu, lua".

use strict;
use warnings;

# Who is compared stands side by side; what begins a line is compared with
# nobody of the line above.

my %order = (
    cpu => [
        qw(static-control static-nopush prize-redis static-sendfile),
        qw(static-plain prize-redis lua),
        qw(node prize-redis prize-redis-gzip lua-gzip),
        qw(gzip_static-plain prize-redis-gzip gzip_static-sendfile),
        qw(gzip_static-nopush prize-redis-gzip node-gzip),
        qw(prize-postgres prize-postgres-gzip)],
    rate => [
        qw(static-control static-nopush prize-redis lua),
        qw(gzip_static-nopush prize-redis-gzip lua-gzip),
        qw(prize-postgres prize-postgres-gzip node node-gzip)],

    # without lua-gzip: what nginx compresses by itself has no length that a
    # client could check

    burst => [
        qw(static-control static-nopush prize-redis lua),
        qw(gzip_static-nopush prize-redis-gzip),
        qw(prize-postgres prize-postgres-gzip node node-gzip)],
    postgres => [
        qw(control static pgbench postgres redis),
        qw(postgres-4KB pgbench)],
);


sub order { return @{ $order{$_[0]} } }


# a part's subjects, as often and in the order in which they are measured;
# who is not there is left out

sub in_order {
    my ($part, @subjects) = @_;
    my %by_name = map { $_->{name} => $_ } @subjects;

    return grep { defined } @by_name{order($part)};
}


sub measure {
    my ($what, $rounds, $void, $measure, @subjects) = @_;
    my $self = { of => {}, ratios => {} };

    for my $round (0 .. $rounds) {
        my $last;

        for my $subject ($round % 2 ? @subjects : reverse @subjects) {
            my $name = $subject->{name};
            next if $void->{"$what, $name"};

            my $got = eval { $measure->($subject, $round == 0) };
            $void->{"$what, $name"} = $@ unless $got;

            add($self, $last, { name => $name, got => $got })
                if $got && $round;
            $last = $got ? { name => $name, got => $got } : undef;
        }

        print "$what: round $round of $rounds\n";
    }

    drop($self, $_) for map { /^\Q$what, \E(.*)/ } keys %$void;
    return $self;
}


sub add {
    my ($self, $last, $new) = @_;

    for my $key (keys %{ $new->{got} }) {
        push @{ $self->{of}{ $new->{name} }{$key} }, $new->{got}{$key};
    }

    return unless $last;

    for my $pair ([$new, $last], [$last, $new]) {
        my ($one, $other) = @$pair;

        for my $key (grep { $other->{got}{$_} } keys %{ $one->{got} }) {
            push @{ $self->{ratios}{"$one->{name} $other->{name}"}{$key} },
                 $one->{got}{$key} / $other->{got}{$key};
        }
    }
}


sub drop {
    my ($self, $name) = @_;
    my @pairs = grep { grep { $_ eq $name } split ' ' }
                keys %{ $self->{ratios} };

    delete $self->{of}{$name};
    delete @{ $self->{ratios} }{@pairs};
}


# of the measurements of two subjects that were neighbours, in their order

sub ratios {
    my ($self, $one, $other, $key) = @_;

    return @{ $self->{ratios}{"$one $other"}{$key} // [] };
}


1;
