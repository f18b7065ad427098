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

use Instructions;
use Measure;

use constant { TURNS => 3, BYTES => 2_000_000_000 };


sub measure {
    my ($site, $set, $page) = @_;
    my %same = (page => $page, bytes => $set->{PAGE});

    # the roster that is there goes first
    my @rosters = sort { abs($a - $site->{employees})
                         <=> abs($b - $site->{employees}) }
                  10_000, 1_000_000;
    my @points = map { points($site, { grows => 'employees', to => $_, %same })
                 } @rosters;

    $site->fill($set->{EMPLOYEES}) if $site->{employees} != $set->{EMPLOYEES};

    my @connections = map { { grows => 'connections', to => $_, %same,
                              connections => $_ } } 1, 100, 10_000;
    my @sizes = map { { grows => 'KB a page', to => $_, bytes => $_ * 1024,
                        page => $site->page("size$_", $_ * 1024,
                                            $set->{TAGS}) } } 4, 16, 64, 256;
    my @tags = map { { %same, grows => 'tags', to => $_,
                       page => $site->page("tags$_", $set->{PAGE}, $_) } }
               1, 10, 100;

    push @points, points($site, @connections, @sizes, @tags);
    return [sort { $a->{to} <=> $b->{to} } @points];
}


# all of them in turn, since the machine's speed drifts

sub points {
    my ($site, @points) = @_;
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
                              pids => sub { return $nginx->workers } };
    }

    for my $turn (0 .. TURNS) {
        for my $point (@points) {
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
