package Report;

# What t/bench/run has measured, as a table (report.md) and as a picture
# (report.svg).

use strict;
use warnings;

use List::Util qw(max min sum);


sub median {
    my @sorted = sort { $a <=> $b } @_;

    return @sorted ? $sorted[@sorted / 2] : undef;
}


# the median of the ratios of neighbours, its least and its greatest

sub ratio {
    my ($what, $one, $other) = @_;
    my ($a, $b) = ($one->{$what}, $other->{$what});

    return unless $a && $b;

    my @ratios = map { $a->[$_] / $b->[$_] } 0 .. min($#$a, $#$b);
    return (median(@ratios), min(@ratios), max(@ratios));
}


sub cell {
    my ($format, $value) = @_;

    return defined $value ? sprintf $format, $value : '-';
}


# of the ways to serve a file, the one that costs least

sub cheapest {
    my ($kind, @subjects) = @_;
    my @sorted = sort { median(@{ $a->{cpu} }) <=> median(@{ $b->{cpu} }) }
                 grep { $_->{kind} eq $kind && $_->{cpu} } @subjects;

    return $sorted[0];
}


sub servers_table {
    my (@subjects) = @_;
    my $text = "| server | CPU µs a page | least to most | pages/s "
               . "| bytes | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|--:|--:|\n";

    for my $s (@subjects) {
        $text .= sprintf "| %s | %s | %s | %s | %s | %s | %s |\n", $s->{name},
            cell('%.1f', $s->{cpu} && median(@{ $s->{cpu} })),
            $s->{cpu} ? sprintf '%.1f to %.1f', min(@{ $s->{cpu} }),
                                max(@{ $s->{cpu} }) : '-',
            cell('%.0f', $s->{rate} && median(@{ $s->{rate} })),
            cell('%.0f', $s->{bytes} && median(@{ $s->{bytes} })),
            cell('%.2f', $s->{rate_p50}), cell('%.2f', $s->{rate_p99});
    }

    return $text;
}


sub goals {
    my ($result) = @_;
    my @subjects = @{ $result->{subjects} };
    my %s = map { $_->{name} => $_ } @subjects;
    my $static = cheapest('static', @subjects);
    my $gzip_static = cheapest('gzip_static', @subjects);
    my @rows;

    my $compare = sub {
        my ($what, $key, $one, $other, $goal, $least) = @_;
        return unless $one && $other;
        my ($ratio, $from, $to) = ratio($key, $one, $other);
        return unless defined $ratio;
        push @rows, [$what, $ratio, $from, $to, $goal, $least];
    };

    $compare->("CPU, plain ÷ $static->{name}", 'cpu', $s{'prize-redis'},
               $static, 1) if $static;
    $compare->("CPU, gzipped ÷ $gzip_static->{name}", 'cpu',
               $s{'prize-redis-gzip'}, $gzip_static, 1) if $gzip_static;
    $compare->('CPU, gzipped ÷ plain', 'cpu', $s{'prize-redis-gzip'},
               $s{'prize-redis'}, 1);
    $compare->('CPU, plain ÷ Lua', 'cpu', $s{'prize-redis'}, $s{lua}, 0.28);
    $compare->('CPU, gzipped ÷ Lua with gzip', 'cpu', $s{'prize-redis-gzip'},
               $s{'lua-gzip'}, 0.05);
    $compare->('CPU, plain ÷ Node', 'cpu', $s{'prize-redis'}, $s{node});
    $compare->('CPU, gzipped ÷ Node with gzip', 'cpu', $s{'prize-redis-gzip'},
               $s{'node-gzip'});
    $compare->('pages/s, PostgreSQL only ÷ Redis', 'rate',
               $s{'prize-postgres'}, $s{'prize-redis'}, 0.7, 1);

    if ($result->{pgbench} && $s{'prize-postgres'}{rate}) {
        my @ratios = map { $_ / $result->{pgbench} }
                     @{ $s{'prize-postgres'}{rate} };
        push @rows, ['pages/s, PostgreSQL only ÷ pgbench -S -M prepared',
                     median(@ratios), min(@ratios), max(@ratios), 2.5, 1];
    }

    if ($s{'prize-redis'}{burst}) {
        for my $way (qw(burst kept)) {
            my ($a, $b) = map { [map { $_->{seconds} } @{ $_->{$way} }] }
                          $s{'prize-redis'}, $s{'static-nopush'};
            my @ratios = map { $a->[$_] / $b->[$_] } 0 .. $#$a;
            push @rows, ["time to the last page, $way ÷ static-nopush",
                         median(@ratios), min(@ratios), max(@ratios), 1.15];
        }
    }

    # one way to serve a file against itself, a neighbour in time

    if ($static && @{ $static->{cpu} } > 1) {
        my @cpu = @{ $static->{cpu} };
        my @ratios = map { $cpu[$_] / $cpu[$_ - 1] } 1 .. $#cpu;
        push @rows, ["the noise: CPU, $static->{name} ÷ itself a round before",
                     median(@ratios), min(@ratios), max(@ratios)];
    }

    return @rows;
}


sub goals_table {
    my (@rows) = @_;
    my $text = "| what | median | least to most | goal | |\n"
               . "|---|--:|--:|--:|---|\n";

    for my $row (@rows) {
        my ($what, $ratio, $from, $to, $goal, $least) = @$row;
        my $met = !defined $goal ? ''
                  : ($least ? $ratio >= $goal : $ratio <= $goal) ? 'met'
                  : 'not met';

        $text .= sprintf "| %s | %.3f | %.3f to %.3f | %s | %s |\n", $what,
            $ratio, $from, $to,
            defined $goal ? ($least ? "at least $goal" : "at most $goal") : '',
            $met;
    }

    return $text;
}


sub burst_table {
    my (@subjects) = @_;
    my $text = "| 10,000 clients | seconds to the last page | failed "
               . "| connections at Redis |\n|---|--:|--:|--:|\n";

    for my $s (grep { $_->{burst} } @subjects) {
        for my $way (['burst', 'ask once and leave'],
                     ['kept', 'stay and ask ten times'])
        {
            my @runs = @{ $s->{ $way->[0] } };
            $text .= sprintf "| %s, %s | %.2f | %d | %d |\n", $s->{name},
                $way->[1], median(map { $_->{seconds} } @runs),
                sum(map { $_->{failed} } @runs),
                max(map { $_->{redis} } @runs);
        }
    }

    return $text;
}


sub growth_table {
    my (@rows) = @_;
    my $text = "| what grows | to | CPU µs, plain | CPU µs, gzipped |\n"
               . "|---|--:|--:|--:|\n";

    $text .= sprintf "| %s | %d | %.1f | %.1f |\n", @$_ for @rows;
    return $text;
}


sub markdown {
    my ($result) = @_;
    my %set = %{ $result->{set} };
    my @subjects = @{ $result->{subjects} };
    my $settings = join ' ', map { "$_=$set{$_}" }
                   qw(PAGE TAGS EMPLOYEES ROUNDS SECONDS);
    my $text = <<~"MD";
        # What a page costs

        $result->{date}; $result->{versions}.

        `make bench $settings`:
        one worker each, $set{CONNECTIONS} kept connections, random employees.
        CPU is the server's own, user and system, of wrk's runs; p50 and p99
        are at 2,000 requests a second.

        MD

    $text .= servers_table(@subjects) . "\n";
    $text .= goals_table(goals($result)) . "\n";
    $text .= sprintf "pgbench -S -M prepared: %.0f transactions/s\n\n",
                     $result->{pgbench} if $result->{pgbench};
    $text .= burst_table(@subjects) . "\n"
        if grep { $_->{burst} } @subjects;
    $text .= growth_table(@{ $result->{growth} }) if $result->{growth};

    return $text;
}


# bars of CPU time on a logarithmic scale: the servers are far apart

sub svg {
    my ($result) = @_;
    my @bars = map { [$_->{name}, median(@{ $_->{cpu} }), $_->{kind}] }
               grep { $_->{cpu} } @{ $result->{subjects} };
    my %color = (static => '#8a8f98', gzip_static => '#8a8f98',
                 prize => '#c8452c', lua => '#3f6fb5', node => '#4f8a4b');
    my ($left, $width, $row) = (150, 520, 24);
    my $most = max(100, map { $_->[1] } @bars);
    my $scale = $width / (log($most * 1.1) - log 5);
    my $height = 60 + $row * @bars;
    my $text = sprintf qq{<svg xmlns="http://www.w3.org/2000/svg" }
        . qq{viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">\n}
        . qq{<rect width="100%%" height="100%%" fill="#fff"/>\n}
        . qq{<text x="10" y="20" font-size="14">CPU of the server, }
        . qq{µs a page (logarithmic)</text>\n}, $left + $width + 60, $height;

    for my $line (10, 20, 50, 100, 200, 500, 1000) {
        next if $line > $most;
        my $x = $left + (log($line) - log 5) * $scale;
        $text .= sprintf qq{<line x1="%.1f" y1="30" x2="%.1f" y2="%d" }
            . qq{stroke="#ddd"/><text x="%.1f" y="%d" fill="#666" }
            . qq{text-anchor="middle">%d</text>\n},
            $x, $x, $height - 22, $x, $height - 8, $line;
    }

    for my $n (0 .. $#bars) {
        my ($name, $cpu, $kind) = @{ $bars[$n] };
        my $y = 34 + $n * $row;
        my $w = max(1, (log(max($cpu, 5)) - log 5) * $scale);

        $text .= sprintf qq{<text x="%d" y="%d" text-anchor="end">%s</text>}
            . qq{<rect x="%d" y="%d" width="%.1f" height="16" fill="%s"/>}
            . qq{<text x="%.1f" y="%d">%.1f</text>\n}, $left - 8, $y + 13,
            $name, $left, $y, $w, $color{$kind}, $left + $w + 6, $y + 13, $cpu;
    }

    return "$text</svg>\n";
}


sub write {
    my ($dir, $result) = @_;

    for my $file (['report.md', markdown($result)],
                  ['report.svg', svg($result)])
    {
        open my $out, '>:raw', "$dir/$file->[0]"
            or die "cannot write $dir/$file->[0]: $!";
        print {$out} $file->[1];
        close $out or die "cannot write $dir/$file->[0]: $!";
    }
}


1;
