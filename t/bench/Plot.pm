package Plot;

# The report as a picture, report.svg: what a page costs each server, and
# how the cost grows.  It follows the reader's light or dark.

use strict;
use warnings;

use List::Util qw(max);

use constant {
    WIDTH => 760, LEFT => 168, RIGHT => 60, BAR => 22, PANEL => 160, GAP => 24,
};

my $style = <<'CSS';
svg { background: #fff; font: 12px sans-serif }
text { fill: #24292f }
.title { font-size: 15px; font-weight: bold }
.note, .axis { fill: #59636e }
.grid { stroke: #d9dee3 }
.static { fill: #8c959f }
.prize { fill: #c8452c }
.lua { fill: #3f6fb5 }
.node { fill: #4f8a4b }
.plain { stroke: #c8452c; fill: #c8452c }
.gzip { stroke: #3f6fb5; fill: #3f6fb5 }
polyline.plain, polyline.gzip { fill: none; stroke-width: 2 }
text.plain, text.gzip {
    stroke: #fff; stroke-width: 4; paint-order: stroke
}
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 }
text { fill: #e6edf3 }
.note, .axis { fill: #9198a1 }
.grid { stroke: #30363d }
.static { fill: #7d8590 }
.prize { fill: #f47c61 }
.lua { fill: #6ea8ff }
.node { fill: #6fbf69 }
.plain { stroke: #f47c61; fill: #f47c61 }
.gzip { stroke: #6ea8ff; fill: #6ea8ff }
polyline.plain, polyline.gzip { fill: none }
text.plain, text.gzip { stroke: #0d1117 }
}
CSS


sub median { return Report::median(@_) }


sub text {
    my ($x, $y, $text, %attribute) = @_;

    return sprintf qq{<text x="%.1f" y="%.1f"%s>%s</text>\n}, $x, $y,
                   join('', map { qq{ $_="$attribute{$_}"} }
                            sort keys %attribute), $text;
}


sub line {
    return sprintf qq{<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f"}
                   . qq{ y2="%.1f"/>\n}, @_;
}


# about four steps to the greatest value, each a round number

sub steps {
    my ($most) = @_;
    my $step = 10 ** int(log($most) / log(10));

    $step /= 10 if $step >= $most;
    ($step) = grep { $most / $_ <= 5 } map { $step * $_ } 0.2, 0.5, 1, 2, 5;
    return map { $step * $_ } 0 .. $most / $step;
}


# ---- bars, from zero, the cheapest first


sub bars {
    my ($top, $cpu) = @_;
    my @bars = map { [$_, median(@{ $cpu->{$_}{cpu} })] } keys %$cpu;
    my $most = max(map { $_->[1] } @bars);
    my $scale = (WIDTH - LEFT - RIGHT) / $most;
    my $end = $top + 32 + BAR * @bars;
    my $svg = text(16, $top, 'What a page costs: processor time of the'
                   . ' server, µs', class => 'title');

    for my $step (steps($most)) {
        my $x = LEFT + $step * $scale;
        $svg .= line($x, $top + 18, $x, $end);
        $svg .= text($x, $end + 16, $step, class => 'axis',
                     'text-anchor' => 'middle');
    }

    @bars = sort { $a->[1] <=> $b->[1] || $a->[0] cmp $b->[0] } @bars;

    for my $n (0 .. $#bars) {
        my ($name, $value) = @{ $bars[$n] };
        my ($kind) = $name =~ /(static|prize|lua|node)/;
        my ($y, $width) = ($top + 26 + BAR * $n, $value * $scale);

        $svg .= text(LEFT - 8, $y + 12, $name, 'text-anchor' => 'end',
                     $kind eq 'prize' ? ('font-weight' => 'bold') : ());
        $svg .= sprintf qq{<rect class="%s" x="%d" y="%.1f" width="%.1f"}
                        . qq{ height="16" rx="2"/>\n}, $kind, LEFT, $y, $width;
        $svg .= text(LEFT + $width + 6, $y + 12, sprintf '%.1f', $value);
    }

    return ($svg, $end + 56);
}


# ---- curves, one panel for each thing that grows, all of one scale


sub curves {
    my ($top, @points) = @_;
    my @grows = ('employees', 'connections', 'KB a page', 'tags');
    my $most = 1.15 * max(map { median(@{ $_->{cpu}[0] }),
                                median(@{ $_->{cpu}[1] }) } @points);
    my $height = 200;
    my $bottom = $top + 60 + $height;
    my $y = sub { return $bottom - $_[0] / $most * $height };
    my $svg = text(16, $top, 'How it grows: processor time of a page from'
                   . ' Redis, µs', class => 'title')
              . text(50, $top + 24, 'plain', class => 'plain',
                     'font-weight' => 'bold')
              . text(92, $top + 24, 'gzipped', class => 'gzip',
                     'font-weight' => 'bold');

    for my $step (steps($most)) {
        $svg .= line(44, $y->($step), WIDTH - 16, $y->($step));
        $svg .= text(38, $y->($step) + 4, $step, class => 'axis',
                     'text-anchor' => 'end');
    }

    for my $n (0 .. $#grows) {
        my @curve = grep { $_->{grows} eq $grows[$n] } @points or next;
        my $left = 50 + $n * (PANEL + GAP / 2 + 6);

        $svg .= panel($left, $bottom, $y, @curve);
        $svg .= text($left + PANEL / 2, $bottom + 38, $grows[$n],
                     'text-anchor' => 'middle', 'font-weight' => 'bold');
    }

    return ($svg, $bottom + 56);
}


sub panel {
    my ($left, $bottom, $y, @curve) = @_;
    my $svg = '';
    my $step = (PANEL - 44) / max(1, @curve - 1);
    my @x = map { $left + 22 + $_ * $step } 0 .. $#curve;

    for my $of (0, 1) {
        my $class = $of ? 'gzip' : 'plain';
        my @y = map { $y->(median(@{ $_->{cpu}[$of] })) } @curve;

        $svg .= sprintf qq{<polyline class="%s" points="%s"/>\n}, $class,
                join ' ', map { sprintf '%.1f,%.1f', $x[$_], $y[$_] }
                          0 .. $#x;
        $svg .= sprintf qq{<circle class="%s" cx="%.1f" cy="%.1f" r="3"/>\n},
                $class, $x[$_], $y[$_] for 0 .. $#x;
    }

    for my $n (0 .. $#curve) {
        my @cpu = map { median(@{ $curve[$n]{cpu}[$_] }) } 0, 1;
        my @above = $cpu[0] >= $cpu[1] ? (-8, 18) : (18, -8);

        $svg .= text($x[$n], $y->($cpu[$_]) + $above[$_],
                     sprintf('%.1f', $cpu[$_]), 'text-anchor' => 'middle',
                     class => $_ ? 'gzip' : 'plain') for 0, 1;
        $svg .= text($x[$n], $bottom + 18,
                     Report::thousands($curve[$n]{to}), class => 'axis',
                     'text-anchor' => 'middle');
    }

    return $svg;
}


sub svg {
    my ($result) = @_;
    my ($top, $body, $svg) = (56, '');

    if (%{ ($result->{cpu} // {})->{of} // {} }) {
        ($svg, $top) = bars($top, $result->{cpu}{of});
        $body .= $svg;
    }

    if ($result->{growth}) {
        ($svg, $top) = curves($top, @{ $result->{growth} });
        $body .= $svg;
    }

    my $note = text(16, 24, "$result->{date}; $result->{machine}",
                    class => 'note', 'font-size' => 11);

    return sprintf qq{<svg xmlns="http://www.w3.org/2000/svg" width="%d"}
        . qq{ height="%d" viewBox="0 0 %1\$d %2\$d">\n<style>\n%s</style>\n}
        . qq{%s%s</svg>\n}, WIDTH, $top, $style, $note, $body;
}


1;
