package Growth;

# What a page costs when one thing grows and the others stay as they are:
# processor time, which is what it costs, and instructions of the worker,
# which say the same on any day.
#
# A point is a hash: what "grows", to what, the "page" and the "connections",
# and what was found: "cpu" and "instructions", of a plain and of a gzipped
# page each.

use strict;
use warnings;

use List::Util qw(max min);

use Test::Prize;

use Instructions;
use Measure;
use Site;

use constant { TURNS => 3, BYTES => 2_000_000_000 };


sub measure {
    my ($site, $set, $page) = @_;
    my %same = (page => $page, bytes => $set->{PAGE});
    my $turns = min(TURNS, $set->{ROUNDS});

    # the roster that is there goes first
    my @rosters = sort { abs($a - $site->{employees})
                         <=> abs($b - $site->{employees}) }
                  10_000, 1_000_000;
    my @points = map { points($site, $turns, { grows => 'employees', to => $_,
                                             %same }) } @rosters;

    $site->fill($set->{EMPLOYEES}) if $site->{employees} != $set->{EMPLOYEES};

    my @connections = map { { grows => 'connections', to => $_, %same,
                              connections => $_ } } 1, 100, 10_000;
    my @sizes = map { page($site, 'KB a page', $_, $_ * 1024, $set->{TAGS}) }
                4, 16, 64, 256;
    my @tags = map { page($site, 'tags', $_, $set->{PAGE}, $_) } 1, 10, 100;

    push @points, points($site, $turns, @connections, @sizes, @tags);
    return [sort { $a->{to} <=> $b->{to} } @points];
}


# a point with a page of its own, if that has room for its tags

sub page {
    my ($site, $grows, $to, $bytes, $tags) = @_;

    return { grows => $grows, to => $to, bytes => $bytes,
             page => $site->page("$grows$to" =~ tr/ /-/r, $bytes, $tags) }
        if Site::has_room($bytes, $tags);

    print "growth: a page of $bytes bytes has no room for $tags tags\n";
    return;
}


# All of them in turn, every other time in reverse, since the machine's speed
# drifts.  Each page is looked at once before, byte for byte, and then each
# time that it is the right employee's.

sub points {
    my ($site, $turns, @points) = @_;
    my @nginx;

    if ($points[0]{grows} eq 'employees') {
        my $employees = $points[0]{to};
        $site->fill($employees) if $site->{employees} != $employees;
    }

    for my $point (@points) {
        my $conf = $site->prize($point->{page}, 'redis');
        my $nginx = $site->start($conf);

        push @nginx, $nginx;
        $point->{subject} = { name => "$point->{to} $point->{grows}",
                              port => $conf->{port}, path => '/h5?id=',
                              stored => 1,
                              pids => sub { return $nginx->workers } };
        check($site, $point);
    }

    for my $turn (0 .. $turns) {
        for my $point ($turn % 2 ? @points : reverse @points) {
            for my $gzip (0, 1) {
                my $cost = cost($site, $point, $gzip);
                push @{ $point->{cpu}[$gzip] }, $cost if $turn;
            }
        }
    }

    $_->stop for @nginx;
    delete $_->{subject} for @points;
    print 'growth: processor time of ', scalar @points, " points\n";

    for my $point (@points) {
        $point->{instructions} = [map { instructions($site, $point, $_) }
                                  0, 1];
    }

    print 'growth: instructions of ', scalar @points, " points\n";
    return @points;
}


sub check {
    my ($site, $point) = @_;
    my $page = slurp($point->{page} =~ s/\.template$/.html/r);

    Measure::check_page({ %{ $point->{subject} }, gzip => $_ },
        $point->{subject}{path} . $site->id(1), $page) for 0, 1;
}


sub cost {
    my ($site, $point, $gzip) = @_;
    my $connections = $point->{connections} // 100;
    my $requests = min($connections == 1 ? 10_000 : 30_000,
                       int(BYTES / $point->{bytes}));

    return Measure::clients($site, { %{ $point->{subject} }, gzip => $gzip },
                            connections => $connections,
                            requests => max($requests, $connections))->{cpu};
}


sub instructions {
    my ($site, $point, $gzip) = @_;

    return Instructions::row($site, $point->{page},
                             $gzip ? 'gzip' : 'plain',
                             connections => $point->{connections} // 1);
}


1;
