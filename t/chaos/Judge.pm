package Judge;

# Keeps what was done to the site and when, and judges the record of the
# requests by it.
#
#     my $judge = Judge->new(rate => 2000);
#     $judge->phase('redis kill');              # a kind of time, for the table
#     $judge->broken('redis'); $judge->whole('redis');
#     $judge->killed($worker); $judge->reloaded;
#     $judge->elected($address, @workers);      # another primary
#     $judge->promise($held, 'what was promised', late => 0);
#     $judge->window($from, $to, sub { my ($counts) = @_; ... });
#     $judge->read($load);
#     exit $judge->report;
#
# A store is whole from when all workers are connected to it and it has all
# records until just before it is broken.  While one is, an answer that is no
# page counts against the promise of 99.9 %.  What is dropped is not broken.
#
# A Redis of several servers is whole while each slot has a primary that
# answers, or Sentinels name one that does: it is broken from just before a
# primary dies until another has been elected, and the time is over that
# workers have to find out.  It stays whole while slots move, while replicas or
# Sentinels are away, and while a cluster's fail-over is forced, which leaves no
# gap.
#
# A promise that does not hold is broken, or late if it is one about time: a
# busy machine can be at fault.  An answer that came too late for its budget is
# told from others by the module itself; so is a server's, 504, after which
# nobody else was there to be asked.

use strict;
use warnings;

use List::Util qw(max sum0);
use Time::HiRes qw(time);

use constant {
    PAGES  => 0.999,
    RECOVERY => 10,             # seconds
    USED   => 2,                # seconds, from the election
    RELOAD => 5,                # seconds in which old workers may leave
};


sub new {
    my ($class, %option) = @_;

    return bless {
        rate => $option{rate}, start => time, phases => [], windows => [],
        whole => { redis => [], postgres => [] }, killed => [], reloads => [],
        elections => [], of => {}, promises => [], recoveries => 0,
        slowest => 0, kinds => {}, order => [], total => counts(),
        reasons => [], sources => {}, sources_whole => {},
    }, $class;
}


# of some of the requests

sub counts {
    return { requests => 0, lost => 0, wrong => 0, status => {}, result => {},
             times => [] };
}


# what happens, as it happens

sub phase {
    my ($self, $kind) = @_;
    my $now = time;

    printf "%7.2f  %s\n", $now - $self->{start}, $kind;
    push @{ $self->{phases} }, [$now, $kind];
    push @{ $self->{order} }, $kind unless $self->{kinds}{$kind};
    $self->{kinds}{$kind} //= counts();
    return $now;
}


sub broken {
    my ($self, $store) = @_;
    my $last = $self->{whole}{$store}[-1];

    $last->[1] //= time if $last;
}


sub whole {
    my ($self, $store) = @_;

    push @{ $self->{whole}{$store} }, [time, undef];
}


sub killed   { push @{ $_[0]{killed} }, [time, $_[1]] }
sub reloaded { push @{ $_[0]{reloads} }, time }


# A primary that the run has just seen, by its address, and the workers that
# are to use it: when each gave its first page of it is kept.

sub elected {
    my ($self, $address, @workers) = @_;
    my $election = [time, { map { $_ => undef } @workers }];

    push @{ $self->{elections} }, $election;
    push @{ $self->{of}{$address} }, $election;
}


# a store is used again, after so many seconds, or not at all

sub recovered {
    my ($self, $store, $seconds) = @_;

    return $self->promise(0, "$store is used again") unless defined $seconds;

    $self->{recoveries}++;
    $self->{slowest} = max($self->{slowest}, $seconds);
}


sub promise {
    my ($self, $held, $text, %option) = @_;
    my $verdict = $held ? 'holds' : $option{late} ? 'LATE' : 'BROKEN';

    push @{ $self->{promises} }, [$verdict, $text];
}


# What is called in the end with the counts of what was asked between two
# times: also of each "source", and by "seconds" lists of times.

sub window {
    my ($self, $from, $to, $judge) = @_;

    push @{ $self->{windows} }, {
        from => $from, to => $to, judge => $judge,
        counts => { %{ counts() }, source => {}, seconds => [] },
    };
}


# the record

sub read {
    my ($self, $load) = @_;

    $self->{end} = time;
    $_->[1] //= $self->{end} + 60 for map { $_->[-1] // () }
                                      values %{ $self->{whole} };
    @$self{qw(known known_pages known_late excused again astray)} = (0) x 6;

    $load->each(sub { $self->take($_[0]) });

    $self->{extra} = $load->extra;
}


sub take {
    my ($self, $request) = @_;
    my $kind = $self->phase_of($request->{asked});
    my $page = $request->{status} == 200 && !$request->{wrong};
    my $excused = !$request->{status} && $self->excused($request);

    count($_, $request, $excused) for $self->{total}, $self->{kinds}{$kind};

    for my $window (@{ $self->{windows} }) {
        my ($counts, $second) = ($window->{counts},
                                 $request->{asked} - $window->{from});

        next if $second < 0 || $request->{asked} >= $window->{to};
        count($counts, $request, $excused);
        $counts->{source}{ $request->{source} }++ if $page;
        push @{ $counts->{seconds}[$second] },
             ($request->{ended} - $request->{due}) * 1000;
    }

    if ($page) {
        $self->{sources}{ $request->{source} }++;
        $self->{sources_whole}{ $request->{source} }++
            if $self->known($request, 'redis');
        $self->uses($request) if $request->{primary} ne '';
    }

    $self->{excused}++ if $excused;
    push @{ $self->{reasons} }, "$request->{ended} $request->{why}"
        if $request->{why} ne '';

    if ($request->{again}) {
        $self->{again}++;
        $self->{astray}++ unless $self->in_transit($request);
    }

    return if $excused || !$self->known($request);

    $self->{known}++;
    return $self->{known_pages}++ if $page;

    $self->{known_late}++
        if $request->{result} eq 'timeout' || $request->{answers} =~ /504/;
    $self->{no_page}{ "$request->{status} $request->{result}"
                      . " ($request->{answers}) in \"$kind\"" }++;
}


sub count {
    my ($counts, $request, $excused) = @_;

    $counts->{requests}++;
    $counts->{wrong}++ if $request->{wrong};

    if ($request->{status}) {
        $counts->{status}{ $request->{status} }++;
        $counts->{result}{ $request->{result} }++ if $request->{status} != 200;
        push @{ $counts->{times} },
             ($request->{ended} - $request->{due}) * 1000;

    } else {
        $counts->{lost}++ unless $excused;
    }
}


sub phase_of {
    my ($self, $time) = @_;

    return last_before($self->{phases}, $time)->[1];
}


# of a list of lists that begin with a time

sub last_before {
    my ($list, $time) = @_;
    my ($low, $high) = (0, $#$list);

    while ($low < $high) {
        my $middle = int(($low + $high + 1) / 2);
        $list->[$middle][0] <= $time ? $low = $middle : ($high = $middle - 1);
    }

    return $list->[$low];
}


# Did one of these stores, of all, know the employee and was whole, from the
# question to the answer?

sub known {
    my ($self, $request, @stores) = @_;

    @stores = keys %{ $self->{whole} } unless @stores;

    for my $whole (@{ $self->{whole} }{@stores}) {
        my $interval = @$whole ? last_before($whole, $request->{asked}) : next;

        return 1 if $interval->[0] <= $request->{asked}
                    && $request->{ended} <= $interval->[1];
    }

    return 0;
}


# is it a worker's first page of a new primary?

sub uses {
    my ($self, $request) = @_;
    my $elections = $self->{of}{ $request->{primary} } // return;
    my ($time, $used) = @{ last_before($elections, $request->{asked}) };
    my ($worker, $seconds) = ($request->{worker}, $request->{ended} - $time);

    return if $request->{asked} < $time || !exists $used->{$worker};

    $used->{$worker} = $seconds
        if !defined $used->{$worker} || $seconds < $used->{$worker};
}


# Was it in flight at a worker when that was killed?  Who accepts a new
# connection is known with the first answer only.

sub excused {
    my ($self, $request) = @_;

    return scalar grep {
        $request->{asked} <= $_->[0] + 0.1 && $request->{ended} >= $_->[0]
            && ($request->{worker} == $_->[1] || !$request->{worker})
    } @{ $self->{killed} };
}


# connections end when a worker does

sub in_transit {
    my ($self, $request) = @_;

    return scalar grep { $request->{ended} >= $_
                         && $request->{asked} <= $_ + RELOAD }
                  @{ $self->{reloads} }, map { $_->[0] } @{ $self->{killed} };
}


# the verdict

sub report {
    my ($self) = @_;

    $self->table;
    $self->figures;

    my ($known, $pages, $late) = @$self{qw(known known_pages known_late)};
    my $total = $self->{total};
    my @reasons = sort @{ $self->{reasons} };
    my @other = grep { $_ != 200 && $_ != 503 } keys %{ $total->{status} };

    $self->promise(!$total->{wrong}, "no wrong page: $total->{wrong}");
    $self->promise(!$total->{lost}, "no lost request: $total->{lost}, and"
                   . " $self->{excused} in flight at a worker that was"
                   . ' killed');
    $self->promise(!$self->{astray}, 'no connection closed without a reason:'
                   . " $self->{astray}");
    $self->promise(!$self->{extra}, 'no answer that nobody asked for:'
                   . " $self->{extra}");
    $self->promise(!@other, "no answer but 200 and 503: @other");
    $self->promise($pages >= PAGES * $known, sprintf('99.9 %% pages while a'
                   . ' store is whole: %.3f %% of %d, %d too late',
                   $known ? 100 * $pages / $known : 100, $known, $late),
                   late => $pages + $late >= PAGES * $known);

    $self->promise($total->{requests} >= 0.97 * $self->{rate}
                   * ($self->{end} - $self->{start}), 'the clients asked as'
                   . ' often as they should', late => 1);
    $self->promise($self->{slowest} <= RECOVERY, sprintf('what comes back is'
                   . ' used again within %d s: %.2f s', RECOVERY,
                   $self->{slowest}), late => 1);

    $self->elections if @{ $self->{elections} };

    $_->{judge}->($_->{counts}) for @{ $self->{windows} };

    printf "%-6s  %s\n", @$_ for @{ $self->{promises} };
    print map { "  $_\n" } grep { defined } @reasons[0 .. 9]
        if $total->{lost} || $total->{wrong};

    my %verdict = map { $_->[0] => 1 } @{ $self->{promises} };
    return $verdict{BROKEN} ? 1 : $verdict{LATE} ? 2 : 0;
}


sub table {
    my ($self) = @_;
    my $form = "%-26s %8s %8s %7s %6s %5s %5s %7s %8s %8s\n";

    printf "\n$form", 'phase', qw(requests 200 503 other lost wrong p50 p99
                                  max);

    for my $kind (@{ $self->{order} }, 'all') {
        my $counts = $self->{kinds}{$kind} // $self->{total};
        my %status = %{ $counts->{status} };
        my ($pages, $busy) = map { delete $status{$_} // 0 } 200, 503;

        next unless $counts->{requests};
        printf $form, $kind, $counts->{requests}, $pages, $busy,
            sum0(values %status), @$counts{qw(lost wrong)},
            map { sprintf '%.1f', $_ } parts($counts->{times}, 0.5, 0.99, 1);
    }

    print "Times are milliseconds from when a request was due.\n\n";
}


# parts(\@times, 0.5, 0.99): the median and the p99

sub parts {
    my ($times, @parts) = @_;
    my @sorted = sort { $a <=> $b } @$times;

    return map { @sorted ? $sorted[$#sorted * $_] : 0 } @parts;
}


sub figures {
    my ($self) = @_;
    my $seconds = $self->{end} - $self->{start};

    printf "%.0f s, %.0f requests a second; asked again %d times;"
           . " %d recoveries, the slowest in %.2f s\n",
           $seconds, $self->{total}{requests} / $seconds, $self->{again},
           @$self{qw(recoveries slowest)};
    print "pages from $_: $self->{sources}{$_}, of these while Redis was"
          . ' whole: ', $self->{sources_whole}{$_} // 0, "\n"
        for sort keys %{ $self->{sources} };
    print "no page while a store was whole: $self->{no_page}{$_} x $_\n"
        for sort keys %{ $self->{no_page} };
    print "\n";
}


# by the last worker to use it, of those that were there still

sub elections {
    my ($self) = @_;
    my @seconds = map { max(grep { defined } values %{ $_->[1] }) }
                  @{ $self->{elections} };
    my @used = grep { defined } @seconds;
    my ($median, $longest) = parts(\@used, 0.5, 1);

    $self->promise(@used == @seconds, @used . ' of ' . @seconds
                   . ' new primaries were used');
    $self->promise($longest <= USED, sprintf('from the election until all'
                   . ' workers use it, at most %d s: median %.2f s,'
                   . ' longest %.2f s', USED, $median, $longest), late => 1);
}


1;
