package Report;

# What t/bench/run has measured, as tables: report.md.

use strict;
use warnings;

use List::Util qw(max min);


# ---- numbers


sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $half = int @sorted / 2;

    return undef unless @sorted;
    return @sorted % 2 ? $sorted[$half]
                       : ($sorted[$half - 1] + $sorted[$half]) / 2;
}


sub spread {
    my ($format, @values) = @_;

    return @values > 1 ? number($format, min(@values)) . ' to '
                         . number($format, max(@values)) : '';
}


# one that a person reads: 19,706

sub number {
    my ($format, $value) = @_;

    return '–' unless defined $value;

    my $text = sprintf $format, $value;

    1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
    return $text;
}


# ---- what it must show


# A heading is a part, which of its figures is compared, the two that tell the
# noise, and what each row begins with; a row is the rest of that, the goal,
# who, and against whom: with nobody there the figure is the row's own.

my $goals = <<'ROWS';
= bytes | ratio | | | bytes of the gzipped page ÷ gzip -9
sample, winner | at most 1.04 | sample, winner
sample, everybody else | at most 1.03 | sample, everybody else
ten tags | at most 1.10 | ten tags
prose, ten tags | at most 1.10 | prose, ten tags
a hundred tags | at most 1.67 | a hundred tags
prose, a hundred tags | | prose, a hundred tags
64 KB, a hundred tags | | 64 KB, a hundred tags
= bytes | ms | | | ms to make it ready
sample | at most 1000 | sample, winner
1 MiB, ten tags | at most 1000 | 1 MiB, ten tags
1 MiB, a hundred tags | at most 1000 | 1 MiB, a hundred tags
= cpu | cpu | static-control | static-nopush | worker CPU
plain ÷ static file | at most 1 | prize-redis | static-nopush
plain ÷ static file without sendfile | at most 1 | prize-redis | static-plain
gzipped ÷ gzip_static | at most 1 | prize-redis-gzip | gzip_static-nopush
the same without sendfile | at most 1 | prize-redis-gzip | gzip_static-plain
gzipped ÷ plain | at most 1 | prize-redis-gzip | prize-redis
plain ÷ OpenResty Lua | at most 0.28 | prize-redis | lua
gzipped ÷ OpenResty Lua with gzip | at most 0.05 | prize-redis-gzip | lua-gzip
plain ÷ Node service | | prize-redis | node
gzipped ÷ Node service with gzip | | prize-redis-gzip | node-gzip
= cluster | cpu | | | worker CPU
a cluster of three ÷ one Redis | at most 1.1 | apart-cluster | apart-redis
= burst at once | seconds | static-control | static-nopush | 10,000 at once
plain ÷ static | at most 1.15 | prize-redis | static-nopush
gzipped ÷ gzip_static | at most 1.15 | prize-redis-gzip | gzip_static-nopush
= burst kept | seconds | static-control | static-nopush | 10,000 that are there
plain ÷ static | at most 1.15 | prize-redis | static-nopush
gzipped ÷ gzip_static | at most 1.15 | prize-redis-gzip | gzip_static-nopush
= postgres | throughput | control | static | pages/s
PostgreSQL only ÷ Redis | at least 0.7 | postgres | redis
PostgreSQL only ÷ pgbench -S -M prepared | at least 2.5 | postgres | pgbench
the same with a page of 4 KB | | postgres-4KB | pgbench
the ceiling: static file ÷ pgbench | | static | pgbench
= postgres | store | | | PostgreSQL's CPU
a transaction of pgbench ÷ a page | | pgbench | postgres
= instructions | instructions | again | plain | worker instructions
signed link ÷ unsigned | at most 1.15 | signed-stepped | plain-stepped
the same, SHA-256 in software | | signed | plain
gzipped ÷ plain | | gzip | plain
plain ÷ static file | | plain | static
PostgreSQL only ÷ Redis | | postgres | plain
= growth | instructions | | | worker instructions
1,000,000 employees ÷ N | at most 1.02 | employees 1000000 | employees N
= growth | cpu | | | worker CPU, plain
1,000,000 employees ÷ N | | employees 1000000 | employees N
10,000 connections ÷ 100 | | connections 10000 | connections 100
= growth | gzip_cpu | | | worker CPU, gzipped
1,000,000 employees ÷ N | | employees 1000000 | employees N
10,000 connections ÷ 100 | | connections 10000 | connections 100
= rate | p99 | static-control | static-nopush | p99 at 2,000 a second
plain, ms | at most 2 | prize-redis
gzipped, ms | at most 2 | prize-redis-gzip
plain ÷ OpenResty Lua | at most 1 | prize-redis | lua
gzipped ÷ OpenResty Lua with gzip | at most 1 | prize-redis-gzip | lua-gzip
plain ÷ static file | | prize-redis | static-nopush
= load | seconds | | | prizectl load
seconds for 12,000 records | at most 1 | 12,000
= load | rate | | | prizectl
load ÷ redis-cli --pipe, 1,000,000 records | at least 0.5 | load | pipe
thousand links a second of processor time | at least 200 | sign
= load | mib | | | prizectl, MiB of memory for 1,000,000 records
load | at most 64 | load
verify | at most 64 | verify
ROWS


# Where a part was wanted each of its rows is there, also if it has no figure:
# it is void if its part is, or one of those who are compared.

sub goals {
    my ($result) = @_;
    my ($part, $wanted, $key, $begin, $of, @control);
    my $text = "| what | goal | median | least to most | control | |\n"
               . "|---|--:|--:|--:|--:|---|\n";

    for my $line (split /\n/, $goals =~ s/\bN\b/$result->{set}{EMPLOYEES}/gr) {
        my ($what, $limit, @names) = split / ?\| /, $line;

        if ($what =~ s/^= //) {
            ($part, $key, @control) = ($what, $limit, @names);
            $begin = pop @control;
            $of = $result->{of}{$part} // {};
            @control = figures($of, $key, @control);
            ($wanted) = grep { $part =~ /^$_/ } split ' ',
                                                $result->{set}{PARTS};
        } elsif ($wanted) {
            my $void = grep { $result->{void}{$_} } $wanted,
                            map { "$part, $_" } @names;
            $text .= goal("$begin, $what", $limit, $void,
                          [$void ? () : figures($of, $key, @names)],
                          @names > 1 ? @control : ());
        }
    }

    return $text;
}


sub goal {
    my ($what, $limit, $void, $figures, @control) = @_;

    return '| ' . join(' | ', $what, $limit,
        number('%.3f', median(@$figures)), spread('%.3f', @$figures),
        @control == 1 ? number('%.3f', @control) : spread('%.3f', @control),
        $void ? '**void**' : verdict($limit, $figures, @control)) . " |\n";
}


# of one, or the ratios of two: where they were neighbours, if they were

sub figures {
    my ($of, $key, @names) = @_;
    my ($one, $other, $ratios) = map { $of->{$_} ? $of->{$_}{$key} // [] : [] }
                                 @names, join ' ÷ ', @names;

    return @$one if @names == 1;
    return @$ratios if @$ratios;
    return map { $one->[$_] / $other->[$_] } 0 .. min($#$one, $#$other);
}


# A miss that is no greater than what the control shows between two equal
# servers is a miss all the same, and is said to be one that small.

sub verdict {
    my ($limit, $figures, @control) = @_;
    my $median = median(@$figures) // return 'not measured';
    my ($way, $goal) = $limit =~ /(least|most) (.+)/ or return '';
    my $over = $way eq 'least' ? $goal / $median : $median / $goal;
    my $noise = max(1, map { $_, 1 / $_ } @control);

    return $over <= 1 ? 'met'
           : $over <= $noise ? 'not met, by less than the control varies'
           : 'not met';
}


# ---- the parts


my @columns = (
    ['ratio', 'to gzip -9', '%.3f'],
    ['seconds', 'seconds', '%.3f'],
    ['tail', 'ms after the last arrival', '%.1f'],
    ['p99', 'p99 ms', '%.2f'],
    ['p50', 'p50 ms', '%.2f'],
    ['cpu', 'CPU µs a page', '%.1f'],
    ['gzip_cpu', 'gzipped', '%.1f'],
    ['instructions', 'instructions a page', '%.0f'],
    ['gzip_instructions', 'gzipped', '%.0f'],
    ['throughput', 'pages or transactions a second', '%.0f'],
    ['rate', 'thousand records or links a second', '%.0f'],
    ['mib', 'MiB', '%.1f'],
    ['client', 'client µs', '%.1f'],
    ['store', 'stores µs', '%.1f'],
    ['busy', 'cores busy', '%.2f'],
    ['bytes', 'bytes', '%.0f'],
    ['best', 'gzip -9', '%.0f'],
    ['mended', 'distances mended', '%.0f'],
    ['ms', 'ms to make it ready', '%.0f'],
    ['memory', 'bytes of memory', '%.0f'],
);


# the medians of what there is, and how far the first figure goes

sub section {
    my ($part, $of, $void) = @_;
    my @names = sort grep { !/÷/ && !$void->{"$part, $_"} } keys %$of;
    my @shown = grep { my $key = $_->[0];
                       grep { $of->{$_}{$key} } @names } @columns;
    my ($first, @titles) = map { $_->[1] } @shown;

    return '' unless @names;

    my $text = join(' | ', "\n## $part\n\n| ", $first, 'least to most',
                    @titles) . " |\n|---|"
               . '--:|' x (1 + @shown) . "\n";

    for my $name (@names) {
        my @cells = map { my ($key, undef, $format) = @$_;
                          my @values = @{ $of->{$name}{$key} // [] };
                          (number($format, median(@values)),
                           spread($format, @values)) } @shown;

        $text .= '| ' . join(' | ', $name, @cells[0, 1],
                             map { $cells[2 * $_] } 1 .. $#shown) . " |\n";
    }

    return $text;
}


# the medians, for a program: part, who, what and how much, apart by tabs

sub lines {
    my ($result) = @_;
    my @lines;

    for my $part (sort keys %{ $result->{of} }) {
        my $of = $result->{of}{$part};

        for my $name (grep { !/÷/ && !$result->{void}{"$part, $_"} }
                      sort keys %$of)
        {
            push @lines, join "\t", $part, $name, $_,
                median(@{ $of->{$name}{$_} }) for sort keys %{ $of->{$name} };
        }
    }

    return map { "$_\n" } @lines;
}


sub text {
    my ($result) = @_;
    my $set = $result->{set};
    my $text = "# What a page costs\n\n" . goals($result);

    for my $void (sort keys %{ $result->{void} }) {
        my $why = $result->{void}{$void} =~ s/\s+/ /gr =~ s/ $//r;
        $text .= "\n**Void, and not in the tables: $void: $why**\n";
    }

    $text .= section($_, $result->{of}{$_}, $result->{void})
        for sort keys %{ $result->{of} };
    return "$text\n## Measured\n\n"
           . join('', map { "- $_\n" } @{ $result->{with} })
           . '- make bench ' . join(' ', map { "$_='$set->{$_}'" }
                 qw(PAGE TAGS EMPLOYEES ROUNDS SECONDS PARTS)) . "\n";
}


1;
