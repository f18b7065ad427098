package Report;

# What t/bench/run has measured, as tables: report.md.

use strict;
use warnings;

use List::Util qw(max min sum);

use Plot;
use Rounds;


# ---- numbers


sub median {
    my @sorted = sort { $a <=> $b } grep { defined } @_;
    my $half = int @sorted / 2;

    return undef unless @sorted;
    return @sorted % 2 ? $sorted[$half]
                       : ($sorted[$half - 1] + $sorted[$half]) / 2;
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
    my ($of, $prefix) = @_;
    my @sorted = sort { median(@{ $of->{$a}{cpu} })
                        <=> median(@{ $of->{$b}{cpu} }) }
                 grep { /^${prefix}static-(?!control)/ } sort keys %$of;

    return $sorted[0];
}


# ---- what it must show


# A row is what is compared, the goal, the ratios of neighbours, and those of
# the control, one static file and the same one of another server.  Where a
# part was wanted each of its rows is there, also if it has no figure: it is
# void if its part is, or one of those who are compared.

sub goals {
    my ($result) = @_;
    my $void = $result->{void} // {};
    my %goals = (cpu => \&cpu_goals, burst => \&burst_goals,
                 postgres => \&postgres_goals, rate => \&rate_goals,
                 instructions => \&instruction_goals, load => \&load_goals);
    my @rows;

    for my $part (qw(cpu burst postgres instructions rate load)) {
        next unless $result->{$part} || $void->{$part};

        $goals{$part}->($result->{$part}, sub {
            my ($what, $goal, %row) = @_;
            my $of = $row{of} // $part;

            push @rows, { ratios => [], control => [], %row, what => $what,
                          goal => $goal, void => scalar grep { $void->{$_} }
                              $part, map { "$of, $_" }
                              @{ $row{names} // [] } };
        }, $result->{set});
    }

    return @rows;
}


# what a row has of two of a part's servers

sub pair {
    my ($rounds, $key, @names) = @_;

    return (names => \@names, $rounds
            ? (ratios => [Rounds::ratios($rounds, @names, $key)]) : ());
}


sub control {
    my ($rounds, $key, @names) = @_;

    return control => $rounds ? [Rounds::ratios($rounds, @names, $key)] : [];
}


sub cpu_goals {
    my ($cpu, $row) = @_;
    my $static = cheapest($cpu->{of}, '') // 'static';
    my $gzip_static = cheapest($cpu->{of}, 'gzip_') // 'gzip_static';
    my @control = control($cpu, 'cpu', 'static-control', 'static-nopush');

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
        my ($what, $goal, @names) = @$case;
        $row->("worker CPU, $what", $goal, pair($cpu, 'cpu', @names),
               @control);
    }
}


my %way = (second => 'within a second', once => 'at once',
           kept => 'kept connections');


# Those who come within a second take that second, whoever answers: it is no
# goal to be as fast as that.

sub burst_goals {
    my ($burst, $row) = @_;

    for my $way (qw(once kept second)) {
        my $rounds = $burst->{$way};
        my $goal = $way eq 'second' ? undef : 1.15;
        my @control = control($rounds, 'seconds', 'static-control',
                              'static-nopush');

        $row->("time to the last page, 10,000 $way{$way}, plain ÷ static"
               . ($way eq 'second' ? ', the second of arrival included' : ''),
               $goal, of => "burst, $way", @control,
               pair($rounds, 'seconds', 'prize-redis', 'static-nopush'));
        $row->('the same, gzipped ÷ gzip_static', $goal, of => "burst, $way",
               @control, pair($rounds, 'seconds', 'prize-redis-gzip',
                              'gzip_static-nopush'));
    }
}


sub postgres_goals {
    my ($postgres, $row) = @_;
    my @control = control($postgres, 'throughput', 'control', 'static');
    my $of = sub { return pair($postgres, 'throughput', @_) };

    $row->('throughput, PostgreSQL only ÷ Redis', 0.7, least => 1, @control,
           $of->('postgres', 'redis'));
    $row->('pages/s, PostgreSQL only ÷ pgbench -S -M prepared', 2.5,
           least => 1, @control, $of->('postgres', 'pgbench'));
    $row->('the same with a page of 4 KB', undef, @control,
           $of->('postgres-4KB', 'pgbench'));
    $row->('the ceiling: pages/s, static file ÷ pgbench', undef, @control,
           $of->('static', 'pgbench'));
    $row->("PostgreSQL's CPU, a transaction of pgbench ÷ a page", undef,
           pair($postgres, 'store', 'pgbench', 'postgres'));
}


sub instruction_goals {
    my ($count, $row, $set) = @_;
    my $ratio = sub {
        my ($one, $other) = @_;
        return $count ? [$count->{$one} / $count->{$other}] : [];
    };
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
        my ($what, $goal, @names) = @$case;
        $row->("worker instructions, $what", $goal,
               ratios => $ratio->(@names),
               control => $ratio->('again', 'plain'));
    }
}


sub rate_goals {
    my ($rate, $row) = @_;
    my @control = control($rate, 'p99', 'static-control', 'static-nopush');

    for my $case (['', 'prize-redis'], [', gzipped', 'prize-redis-gzip']) {
        my ($what, $name) = @$case;
        $row->("p99 at 2,000 a second$what, ms", 2, names => [$name],
               ratios => $rate->{of}{$name}{p99} // []);
    }

    for my $case (
        ['plain ÷ OpenResty Lua', 1, 'prize-redis', 'lua'],
        ['gzipped ÷ OpenResty Lua with gzip', 1, 'prize-redis-gzip',
         'lua-gzip'],
        ['plain ÷ static file', undef, 'prize-redis', 'static-nopush'])
    {
        my ($what, $goal, @names) = @$case;
        $row->("p99, $what", $goal, pair($rate, 'p99', @names), @control);
    }
}


# the two loads of a million follow each other, round by round

sub load_goals {
    my ($load, $row) = @_;
    my ($ours, $pipe) = map { $load->{$_} // [] } qw(load pipe);

    $row->('prizectl load, seconds for 12,000 records', 1,
           ratios => $load->{small} // []);
    $row->('prizectl load ÷ redis-cli --pipe, 1,000,000 records a second', 0.5,
           least => 1, ratios => [map { $ours->[$_] / $pipe->[$_] }
                                  0 .. min($#$ours, $#$pipe)]);
    $row->("prizectl $_, MiB of memory for 1,000,000 records", 64,
           ratios => $load->{"${_}_mib"} // []) for qw(load verify);
    $row->('prizectl sign, thousand links a second of processor time', 200,
           least => 1, ratios => [map { $_ / 1000 } @{ $load->{sign} // [] }]);
}


# A miss that is no greater than what the control shows between two equal
# servers is a miss all the same, and is said to be one that small.

sub verdict {
    my ($row) = @_;
    my ($goal, $median) = ($row->{goal}, median(@{ $row->{ratios} }));

    return $row->{void} ? '**void**' : 'not measured' unless defined $median;
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
    my ($cpu, $rate) = map { ($_ // {})->{of} // {} } @_;
    my %names = map { $_ => 1 } map { keys %$_ } $cpu, $rate;
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
    my $of = $postgres->{of};
    my $text = "| who | pages or transactions/s | client µs | nginx µs "
               . "| stores µs | cores busy |\n|---|--:|--:|--:|--:|--:|\n";

    for my $name (qw(static control redis postgres postgres-4KB pgbench)) {
        my $s = $of->{$name} or next;
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
               . "| least to most | of that after the last arrival, ms "
               . "| failed | connections at Redis "
               . "| client µs a page | server µs a page |\n"
               . "|---|---|--:|--:|--:|--:|--:|--:|--:|\n";

    for my $way (qw(second once kept)) {
        my $of = $burst->{$way}{of};

        for my $name (sort keys %$of) {
            my $s = $of->{$name};
            $text .= sprintf "| %s | %s | %.3f | %s | %.1f | %d | %s | %.1f "
                . "| %.1f |\n", $way{$way}, $name, median(@{ $s->{seconds} }),
                spread('%.3f', @{ $s->{seconds} }), median(@{ $s->{tail} }),
                sum(@{ $s->{failed} }),
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


# flat is what changes by less than a tenth, in processor time; that much can be
# the noise of a few turns

use constant FLAT => 1.1;


sub growth_text {
    my (@points) = @_;
    my $text = '';

    for my $grows (@grows) {
        my @curve = grep { $_->{grows} eq $grows } @points or next;
        my @of = map { my $of = $_; range(map { cpu($_, $of) } @curve) } 0, 1;
        my $flat = max(@of) <= FLAT;

        $text .= sprintf "- %s: %s. The dearest point costs %.2f times the"
            . " cheapest, gzipped %.2f%s.\n", $grows,
            $flat ? 'flat' : '**not flat**', @of,
            $flat ? '' : '; ' . reason(\@curve, $of[1] > $of[0])
                         . slope($grows, @curve[0, -1]);
    }

    return $text;
}


sub cpu {
    my ($point, $of) = @_;

    return median(@{ $point->{cpu}[$of] });
}


# Processor time that is not of more instructions in the worker is the
# kernel's, or is waited for memory: what was counted says which of them.

sub reason {
    my ($curve, $of) = @_;
    my @sorted = sort { cpu($a, $of) <=> cpu($b, $of) } @$curve;
    my ($cheap, $dear) = @sorted[0, -1];
    my $more = $dear->{instructions}[$of] / $cheap->{instructions}[$of];
    my $time = cpu($dear, $of) / cpu($cheap, $of);

    return sprintf 'the worker takes %.3f times the instructions for it%s%s',
        $more, $of ? ', gzipped' : '',
        $more >= $time ? ''
        : ', and the rest is the kernel\'s work and the processor\'s caches';
}


# what one more of it costs, where that means something

sub slope {
    my ($grows, $first, $last) = @_;
    my $by = $last->{to} - $first->{to};

    return '' unless $by && $grows =~ /^(?:KB a page|tags)$/;
    return sprintf '; one more is %.2f µs and %.0f instructions of the worker'
        . ' plain, %.2f µs and %.0f gzipped',
        map { ((cpu($last, $_) - cpu($first, $_)) / $by,
               ($last->{instructions}[$_] - $first->{instructions}[$_]) / $by)
        } 0, 1;
}


# ---- the file


sub head {
    my ($result) = @_;
    my %set = %{ $result->{set} };
    my $command = join ' ', map { "$_=" . ($set{$_} =~ / / ? "'$set{$_}'"
                                                           : $set{$_}) }
                  qw(PAGE TAGS EMPLOYEES ROUNDS SECONDS PARTS);
    my $took = join ', ', map { "$_ $result->{took}{$_}" }
                          sort keys %{ $result->{took} // {} };
    my $versions = join ', ', @{ $result->{versions} };

    $took = " ($took)" if $took;

    my $text = <<~"MD";
        # What a page costs

        $result->{date}, $result->{seconds} seconds$took; $result->{machine}.

            make bench $command

        Measured: $versions.

        MD

    $text .= "**Void, and not in the tables: $_: "
             . ($result->{void}{$_} =~ s/\s+\z//r =~ s/\s+/ /gr) . "**\n\n"
        for sort keys %{ $result->{void} // {} };
    return $text;
}


sub markdown {
    my ($result) = @_;
    my $text = head($result);
    my @goals = goals($result);
    my $section = sub { $text .= "## $_[0]\n\n$_[1]\n$_[2]\n" };

    $section->('What it must show', <<~'MD', goals_table(@goals)) if @goals;
        A ratio is the median, over the rounds, of those of two servers that
        were measured one right after the other. The control is the same of
        two servers of one static file: what it varies by is noise.
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
        can take, whoever answers; "at once": as fast as they can; "kept":
        they are there already and all ask at once. The client is one process:
        where a page takes more of it than of the server, it is the client
        that is waited for.
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
