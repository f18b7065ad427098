package Growth;

# What a page costs when one thing grows and the others stay as they are:
# processor time, which is what it costs, and instructions of the worker,
# which say the same on any day.

use strict;
use warnings;

use List::Util qw(min);

use Test::Prize;

use Instructions;
use Measure;


# The result is that of the rounds, by "employees 10000" and what else grows.
# It leaves a roster of a million.

sub measure {
    my ($site, $set, $void) = @_;
    my $point = sub {
        my ($name, %own) = @_;
        return { name => $name, connections => 100, in_flight => 1,
                 bytes => $set->{PAGE}, tags => $set->{TAGS}, %own };
    };
    my $points = sub { points($site, min(3, $set->{ROUNDS}), $void, @_) };
    my $of = $points->($point->("employees $set->{EMPLOYEES}"),
        (map { $point->("connections $_", connections => $_, in_flight => $_)
             } 1, 100, 10_000),
        (map { $point->(sprintf('page of %3d KB', $_), bytes => $_ * 1024) }
         4, 16, 64, 256),
        (map { $point->("tags $_", tags => $_) } 1, 10, 100));

    $site->fill(1_000_000);
    return { %$of, %{ $points->($point->('employees 1000000')) } };
}


sub points {
    my ($site, $rounds, $void, @points) = @_;
    my @nginx = map { serve($site, $_) } @points;
    my $of = Measure::rounds('growth', $rounds, $void,
                             sub { return cost($site, @_) }, @points);

    $_->stop for @nginx;

    for my $point (grep { $of->{ $_->{name} } } @points) {
        my ($plain, $gzip) = map {
            Instructions::row($site, $point->{page}, $_, $point->{in_flight})
        } qw(plain gzip);
        Measure::add($of, $point->{name}, { instructions => $plain,
                                            gzip_instructions => $gzip });
        print "growth: instructions, $point->{name}\n";
    }

    return $of;
}


# with a page of its own, which is looked at once before

sub serve {
    my ($site, $point) = @_;
    my $file = $point->{name} =~ tr/ /-/r;

    $point->{page} = $site->page($file, @$point{qw(bytes tags)});
    my $conf = $site->prize($point->{page}, 'redis');
    my $nginx = $site->prepare($conf)->start;
    my %subject = (name => $point->{name}, port => $conf->{port},
                   path => '/h5?id=', page => $file,
                   pids => sub { $nginx->workers });

    $point->{subjects} = [map { { %subject, encoding => $_ } }
                          qw(identity gzip)];
    $site->check_page($_) for @{ $point->{subjects} };
    return $nginx;
}


# not more pages than what two gigabytes hold

sub cost {
    my ($site, $point) = @_;
    my $most = $point->{connections} == 1 ? 10_000 : 30_000;
    my ($plain, $gzip) = map {
        Measure::clients($site, $_, connections => $point->{connections},
                         requests => min($most, int 2e9 / $point->{bytes}))
    } @{ $point->{subjects} };

    return { cpu => $plain->{cpu}, gzip_cpu => $gzip->{cpu} };
}


1;
