package Report;

# What t/bench/run has measured, as tables: report.md.

use strict;
use warnings;

use List::Util qw(max min sum);

use Plot;


# ---- numbers


sub median {
    my @sorted = sort { $a <=> $b } grep { defined } @_;
    my $half = int @sorted / 2;

    return undef unless @sorted;
    return @sorted % 2 ? $sorted[$half]
                       : ($sorted[$half - 1] + $sorted[$half]) / 2;
}


# of two lists, round by round

sub ratios {
    my ($one, $other) = @_;

    return () unless $one && $other;
    return map { $one->[$_] / $other->[$_] } 0 .. min($#$one, $#$other);
}


sub spread {
    my ($format, @values) = @_;

    return @values > 1 ? sprintf "$format to $format", min(@values),
                                 max(@values) : '';
}


sub cell {
    my ($format, $value) = @_;

    return defined $value ? sprintf $format, $value : '–';
}


# a number that a person reads: 19,706

sub thousands {
    my $text = sprintf '%.0f', $_[0];

    1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
    return $text;
}


# of the ways to serve a file, the name of the one that costs least

sub cheapest {
    my ($cpu, $prefix) = @_;
    my @sorted = sort { median(@{ $cpu->{$a}{cpu} })
                        <=> median(@{ $cpu->{$b}{cpu} }) }
                 grep { /^${prefix}static-(?!control)/ } sort keys %$cpu;

    return $sorted[0];
}


# ---- what it must show


# A row is what is compared, the goal, the ratios round by round, and those
# of the control, one static file against the same one of another server.

sub goals {
    my ($result) = @_;
    my @rows;

    my $row = sub {
        my ($what, $goal, $ratios, $control, %more) = @_;
        push @rows, { what => $what, goal => $goal, ratios => $ratios,
                      control => $control // [], %more }
            if @$ratios || defined $goal;
    };

    cpu_goals($result->{cpu}, $row) if $result->{cpu};
    burst_goals($result->{burst}, $row) if $result->{burst};
    postgres_goals($result->{postgres}{series}, $row) if $result->{postgres};
    instruction_goals(@$result{qw(instructions set)}, $row)
        if $result->{instructions};
    rate_goals($result->{rate}, $row) if $result->{rate};
    load_goals($result->{load}, $row) if $result->{load};

    return @rows;
}


sub cpu_goals {
    my ($cpu, $row) = @_;
    my $static = cheapest($cpu, '');
    my $gzip_static = cheapest($cpu, 'gzip_');
    my @control = ratios(map { $cpu->{$_}{cpu} } 'static-control',
                         'static-nopush');

    for my $case (
        ["plain ÷ static file ($static)", 1, 'prize-redis', $static],
        ["gzipped ÷ gzip_static ($gzip_static)", 1, 'prize-redis-gzip',
         $gzip_static],
        ['gzipped ÷ plain', 1, 'prize-redis-gzip', 'prize-redis'],
        ['plain ÷ OpenResty Lua', 0.28, 'prize-redis', 'lua'],
        ['gzipped ÷ OpenResty Lua with gzip', 0.05, 'prize-redis-gzip',
         'lua-gzip'],
        ['plain ÷ Node service', undef, 'prize-redis', 'node'],
        ['gzipped ÷ Node service with gzip', undef, 'prize-redis-gzip',
         'node-gzip'])
    {
        my ($what, $goal, $one, $other) = @$case;
        $row->("worker CPU, $what", $goal,
               [ratios(map { $cpu->{$_}{cpu} } $one, $other)], \@control);
    }
}


my %way = (second => 'within a second', once => 'at once',
           kept => 'kept connections');


sub burst_goals {
    my ($burst, $row) = @_;

    for my $way (qw(second once kept)) {
        my $of = sub { return $burst->{$way}{ $_[0] }{seconds} };
        my @control = ratios($of->('static-control'), $of->('static-nopush'));

        $row->("time to the last page, 10,000 $way{$way}, plain ÷ static",
               1.15, [ratios($of->('prize-redis'), $of->('static-nopush'))],
               \@control);
        $row->("the same, gzipped ÷ gzip_static", 1.15,
               [ratios($of->('prize-redis-gzip'),
                       $of->('gzip_static-nopush'))], \@control);
    }
}


sub postgres_goals {
    my ($series, $row) = @_;
    my $of = sub { return $series->{ $_[0] }{throughput} };
    my @control = ratios($of->('control'), $of->('static'));
    my %least = (least => 1);

    $row->('throughput, PostgreSQL only ÷ Redis', 0.7,
           [ratios($of->('postgres'), $of->('redis'))], \@control, %least);
    $row->('pages/s, PostgreSQL only ÷ pgbench -S -M prepared', 2.5,
           [ratios($of->('postgres'), $of->('pgbench'))], \@control, %least);
    $row->('the same with a page of 4 KB', undef,
           [ratios($of->('postgres-4KB'), $of->('pgbench'))], \@control);
    $row->('the ceiling: pages/s, static file ÷ pgbench', undef,
           [ratios($of->('static'), $of->('pgbench'))], \@control);
    $row->("PostgreSQL's CPU, a transaction of pgbench ÷ a page", undef,
           [ratios(map { $series->{$_}{store} } 'pgbench', 'postgres')]);
}


sub instruction_goals {
    my ($count, $set, $row) = @_;
    my @control = ($count->{again} / $count->{plain});
    my $employees = thousands($set->{EMPLOYEES});

    for my $case (
        ["1,000,000 employees ÷ $employees", 1.02, 'million', 'plain'],
        ['signed link ÷ unsigned, stepped through', 1.15, 'signed-stepped',
         'plain-stepped'],
        ['signed link ÷ unsigned, SHA-256 in software', undef, 'signed',
         'plain'],
        ['gzipped ÷ plain', undef, 'gzip', 'plain'],
        ['plain ÷ static file', undef, 'plain', 'static'],
        ['PostgreSQL only ÷ Redis', undef, 'postgres', 'plain'])
    {
        my ($what, $goal, $one, $other) = @$case;
        $row->("worker instructions, $what", $goal,
               [$count->{$one} / $count->{$other}], \@control);
    }
}


sub rate_goals {
    my ($rate, $row) = @_;
    my $of = sub { return $rate->{ $_[0] }{p99} };
    my @control = ratios($of->('static-control'), $of->('static-nopush'));

    $row->('p99 at 2,000 a second, ms', 2, $of->('prize-redis') // []);
    $row->('p99 at 2,000 a second, gzipped, ms', 2,
           $of->('prize-redis-gzip') // []);
    $row->('p99, plain ÷ OpenResty Lua', 1,
           [ratios($of->('prize-redis'), $of->('lua'))], \@control);
    $row->('p99, gzipped ÷ OpenResty Lua with gzip', 1,
           [ratios($of->('prize-redis-gzip'), $of->('lua-gzip'))], \@control);
    $row->('p99, plain ÷ static file', undef,
           [ratios($of->('prize-redis'), $of->('static-nopush'))], \@control);
}


sub load_goals {
    my ($load, $row) = @_;
    my %least = (least => 1);

    $row->('prizectl load, seconds for 12,000 records', 1, $load->{small});
    $row->('prizectl load ÷ redis-cli --pipe, 1,000,000 records a second', 0.5,
           [ratios(@$load{qw(load pipe)})], undef, %least);
    $row->("prizectl $_, MiB of memory for 1,000,000 records", 64,
           $load->{"${_}_mib"}) for qw(load verify);
    $row->('prizectl sign, thousand links a second of processor time', 200,
           [map { $_ / 1000 } @{ $load->{sign} }], undef, %least);
}


# A miss that is no greater than what the control shows between two equal
# servers is a miss all the same, and is said to be one that small.

sub verdict {
    my ($row) = @_;
    my ($goal, $median) = ($row->{goal}, median(@{ $row->{ratios} }));

    return 'not measured' unless defined $median;
    return '' unless defined $goal;

    my $over = $row->{least} ? $goal / $median : $median / $goal;
    my $noise = max(1, map { $_, 1 / $_ } @{ $row->{control} });

    return $over <= 1 ? 'met'
           : $over <= $noise ? 'not met, by less than the control varies'
           : 'not met';
}


sub goals_table {
    my (@rows) = @_;
    my $text = "| what | goal | median | least to most | control | |\n"
               . "|---|--:|--:|--:|--:|---|\n";

    for my $row (@rows) {
        $text .= sprintf "| %s | %s | %s | %s | %s | %s |\n", $row->{what},
            !defined $row->{goal} ? ''
                : ($row->{least} ? 'at least ' : 'at most ') . $row->{goal},
            cell('%.3f', median(@{ $row->{ratios} })),
            spread('%.3f', @{ $row->{ratios} }),
            @{ $row->{control} } == 1 ? sprintf '%.3f', $row->{control}[0]
                : spread('%.3f', @{ $row->{control} }), verdict($row);
    }

    return $text;
}


# ---- the parts


sub servers_table {
    my ($cpu, $rate) = @_;
    my %names = map { $_ => 1 } map { keys %{ $_ // {} } } $cpu, $rate;
    my $text = "| server | CPU µs a page | least to most | pages/s "
               . "| bytes | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|--:|--:|\n";

    for my $name (sort { order($a, $cpu) <=> order($b, $cpu) || $a cmp $b }
                  keys %names)
    {
        my ($c, $r) = ($cpu->{$name}, $rate->{$name});
        $text .= "| $name | "
            . join(' | ', cell('%.1f', median(@{ $c->{cpu} // [] })),
                   spread('%.1f', @{ $c->{cpu} // [] }),
                   cell('%.0f', median(@{ $c->{throughput} // [] })),
                   cell('%.0f', median(@{ $c->{bytes} // [] })),
                   cell('%.2f', median(@{ $r->{p50} // [] })),
                   cell('%.2f', median(@{ $r->{p99} // [] }))) . " |\n";
    }

    return $text;
}


# the cheapest first

sub order {
    my ($name, $cpu) = @_;

    return median(@{ $cpu->{$name}{cpu} // [] }) // 0;
}


sub postgres_table {
    my ($postgres) = @_;
    my $series = $postgres->{series};
    my $text = "| who | pages or transactions/s | client µs | nginx µs "
               . "| stores µs | cores busy |\n|---|--:|--:|--:|--:|--:|\n";

    for my $name (qw(static control redis postgres postgres-4KB pgbench)) {
        my $s = $series->{$name} or next;
        my %median = map { $_ => median(@{ $s->{$_} // [] }) }
                     qw(throughput client cpu store);
        my $busy = sum(map { $median{$_} // 0 } qw(client cpu store))
                   * $median{throughput} / 1e6;

        $text .= "| $name | "
            . join(' | ', thousands($median{throughput}),
                   (map { cell('%.1f', $median{$_}) } qw(client cpu store)),
                   sprintf '%.2f', $busy) . " |\n";
    }

    return $text;
}


sub burst_table {
    my ($burst) = @_;
    my $text = "| 10,000 clients | of | seconds to the last page "
               . "| least to most | failed | connections at Redis "
               . "| client µs a page | server µs a page |\n"
               . "|---|---|--:|--:|--:|--:|--:|--:|\n";

    for my $way (qw(second once kept)) {
        for my $name (sort keys %{ $burst->{$way} }) {
            my $s = $burst->{$way}{$name};
            $text .= sprintf "| %s | %s | %.3f | %s | %d | %s | %.1f "
                . "| %.1f |\n", $way{$way}, $name, median(@{ $s->{seconds} }),
                spread('%.3f', @{ $s->{seconds} }), sum(@{ $s->{failed} }),
                $name =~ /^prize/ ? max(@{ $s->{redis} }) : '',
                median(@{ $s->{client} }), median(@{ $s->{cpu} });
        }
    }

    return $text;
}


sub instructions_table {
    my ($count) = @_;
    my %name = (plain => 'plain', again => 'plain, counted again',
                gzip => 'gzipped', signed => 'plain, signed link',
                'plain-stepped' => 'plain, stepped through',
                'signed-stepped' => 'plain, signed link, stepped through',
                million => 'plain, 1,000,000 employees',
                postgres => 'plain, PostgreSQL only',
                'postgres-gzip' => 'gzipped, PostgreSQL only',
                static => 'static file', gzip_static => 'gzip_static');
    my $text = "| page | instructions of the worker |\n|---|--:|\n";

    $text .= "| $name{$_} | " . thousands($count->{$_}) . " |\n"
        for qw(plain again gzip signed plain-stepped signed-stepped million
               postgres postgres-gzip static gzip_static);
    return $text;
}


# ---- prizectl


sub load_table {
    my ($load) = @_;
    my $text = "| who | thousand records or links a second | least to most |\n"
               . "|---|--:|--:|\n";

    for my $case (['load', 'prizectl load'], ['pipe', 'redis-cli --pipe'],
                  ['sign', 'prizectl sign'])
    {
        my ($key, $name) = @$case;
        my @values = map { $_ / 1000 } @{ $load->{$key} };

        $text .= sprintf "| %s | %.0f | %s |\n", $name, median(@values),
                         spread('%.0f', @values);
    }

    return $text;
}


# ---- growth


my @grows = ('employees', 'connections', 'KB a page', 'tags');


sub growth_table {
    my (@points) = @_;
    my $text = "| what grows | to | CPU µs, plain | CPU µs, gzipped "
               . "| instructions, plain | instructions, gzipped |\n"
               . "|---|--:|--:|--:|--:|--:|\n";

    for my $grows (@grows) {
        for my $point (grep { $_->{grows} eq $grows } @points) {
            $text .= sprintf "| %s | %s | %.1f | %.1f | %s | %s |\n", $grows,
                thousands($point->{to}),
                (map { median(@{ $point->{cpu}[$_] }) } 0, 1),
                map { thousands($point->{instructions}[$_]) } 0, 1;
        }
    }

    return $text;
}


sub range { return max(@_) / min(@_) }


# why a curve is not flat, if it is not; what it rises by is counted

my %why = (
    'employees' => sub {
        my ($first, $last) = @_;
        return sprintf 'Redis and the processor caches hold less of a larger'
            . ' roster; the worker itself takes %.3f times the instructions',
            $last->{instructions}[0] / $first->{instructions}[0];
    },
    'connections' => sub {
        return 'one request alone has a turn of the event loop, a write to'
               . ' Redis and a read from it to itself, many share them; very'
               . ' many connections no longer fit the processor caches';
    },
    'KB a page' => sub {
        my ($first, $last) = @_;
        return sprintf 'each byte is copied into a socket by the kernel,'
            . ' %.2f µs a KB plain and %.2f µs gzipped',
            map { (median(@{ $last->{cpu}[$_] })
                   - median(@{ $first->{cpu}[$_] }))
                  / ($last->{to} - $first->{to}) } 0, 1;
    },
    'tags' => sub {
        my ($first, $last) = @_;
        return sprintf 'each tag is looked at, escaped and sent as a piece of'
            . ' its own, %.0f instructions plain and %.0f gzipped',
            map { ($last->{instructions}[$_] - $first->{instructions}[$_])
                  / ($last->{to} - $first->{to}) } 0, 1;
    });


# flat is what changes by less than a tenth, in processor time; that much can be
# the noise of a few turns

use constant FLAT => 1.1;


sub growth_text {
    my (@points) = @_;
    my $text = '';

    for my $grows (@grows) {
        my @curve = grep { $_->{grows} eq $grows } @points or next;
        my @of = map {
            my $of = $_;
            range(map { median(@{ $_->{cpu}[$of] }) } @curve),
            range(map { $_->{instructions}[$of] } @curve);
        } 0, 1;
        my $flat = max(@of[0, 2]) <= FLAT;

        $text .= sprintf "- %s: %s. The dearest point costs %.2f times the"
            . " cheapest (instructions %.2f), gzipped %.2f (%.2f)%s.\n",
            $grows, $flat ? 'flat' : '**not flat**', @of,
            $flat ? '' : ': ' . $why{$grows}->(@curve[0, -1]);
    }

    return $text;
}


# ---- the file


sub head {
    my ($result) = @_;
    my %set = %{ $result->{set} };
    my $command = join ' ', map { "$_=" . ($set{$_} =~ / / ? "'$set{$_}'"
                                                           : $set{$_}) }
                  qw(PAGE TAGS EMPLOYEES ROUNDS SECONDS PARTS);
    my $text = <<~"MD";
        # What a page costs

        $result->{date}, $result->{seconds} seconds; $result->{versions}.

            make bench $command

        MD

    $text .= "**Void, and not in the tables: $_: "
             . $result->{void}{$_} =~ s/\s+\z//r . "**\n\n"
        for sort keys %{ $result->{void} // {} };
    return $text;
}


sub markdown {
    my ($result) = @_;
    my $text = head($result);
    my @goals = goals($result);
    my $section = sub { $text .= "## $_[0]\n\n$_[1]\n$_[2]\n" };

    $section->('What it must show', <<~'MD', goals_table(@goals)) if @goals;
        Each figure is the median, over the rounds, of the ratio of two
        servers in one round. The control is the same of two servers of one
        static file: what it varies by is noise.
        MD

    $section->('Servers', <<~'MD', servers_table(@$result{qw(cpu rate)}))
        One worker each, 64 kept connections of wrk, random employees. CPU is
        the server's own, user and system; p50 and p99 are of 40 h2load at
        2,000 requests a second in all.
        MD
        if $result->{cpu} || $result->{rate};

    $section->('PostgreSQL alone', <<~"MD",
        All on this machine at once: $result->{postgres}{workers} workers and
        256 connections of wrk, or pgbench at its best here, -c
        $result->{postgres}{clients} -j $result->{postgres}{threads}; Unix
        sockets. "µs" is processor time of a page or transaction, and the sum
        of it says how many cores it keeps busy.
        MD
        postgres_table($result->{postgres})) if $result->{postgres};

    $section->('The burst', <<~'MD', burst_table($result->{burst}))
        "within a second": they come evenly, so that a second is the least it
        can take; "at once": as fast as they can; "kept": they are there
        already and all ask at once. Where a page takes more of the client
        than of the server, it is the client that is waited for.
        MD
        if $result->{burst};

    $section->('Instructions', <<~'MD',
        Of the worker, per page, by callgrind, one request at a time; the
        kernel's are not in it.
        MD
        instructions_table($result->{instructions}))
        if $result->{instructions};

    $section->('Growth', growth_text(@{ $result->{growth} }),
               growth_table(@{ $result->{growth} })) if $result->{growth};

    $section->('prizectl', <<~'MD', load_table($result->{load}))
        A million rows of five columns; what redis-cli pipes are the same
        commands, prepared in a file. PostgreSQL and Redis work on this
        machine, too. Links are by the command's own processor time.
        MD
        if $result->{load};

    return $text;
}


sub write {
    my ($dir, $result) = @_;
    my %file = ('report.md' => markdown($result),
                'report.svg' => Plot::svg($result));

    for my $name (sort keys %file) {
        open my $out, '>:raw', "$dir/$name"
            or die "cannot write $dir/$name: $!\n";
        print {$out} $file{$name};
        close $out or die "cannot write $dir/$name: $!\n";
    }
}


1;
