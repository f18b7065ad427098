package Measure;

# The clients of the bench, and what they and the servers have used.  A
# subject is a hash: its "name", "port", "path", which ends where the ID
# begins, "encoding", gzip or identity, and "pids", a function.
#
# A run with a failed request counts for nothing: all of these die of one.

use strict;
use warnings;

use Compress::Zlib qw(memGunzip);
use IPC::Open2 qw(open2);
use List::Util qw(sum0);
use POSIX qw(sysconf _SC_CLK_TCK);

use Test::Prize;
use Test::Prize::Clients;


# user and system time of these processes, in microseconds

sub cpu {
    my (@pids) = @_;

    return sum0 map { (split ' ', slurp($_))[0] / 1000 }
                map { glob "/proc/$_/task/*/schedstat" } @pids;
}


# that of Redis, and of PostgreSQL's processes, also of those that have ended

sub stores {
    my ($site) = @_;
    my $postgres = $site->{postgres};
    my $ticks = sub {
        my ($pid, @fields) = @_;
        my ($stat) = (eval { slurp("/proc/$pid/stat") } // '') =~ /\) (.*)/;
        return defined $stat ? sum0((split ' ', $stat)[@fields]) : 0;
    };

    return cpu($site->{redis}{pid}) + 1e6 / sysconf(_SC_CLK_TCK)
           * sum0($ticks->($postgres->{pid}, 11 .. 14),
                  map { $ticks->($_, 11, 12) } $postgres->children);
}


# that of all that was run and has ended

sub children {
    my (undef, undef, $user, $system) = times;

    return ($user + $system) * 1e6;
}


# What "run" takes of the processors, which returns how many pages or
# transactions there were, and how many a second: in microseconds for each,
# and how many cores it keeps busy.

sub spent {
    my ($site, $pids, $run) = @_;
    my $used = sub { return (cpu(@$pids), children(), stores($site)) };
    my @before = $used->();
    my ($done, $rate, %more) = $run->();
    my @after = $used->();
    my ($cpu, $client, $store) = map { ($after[$_] - $before[$_]) / $done }
                                 0 .. 2;

    return { client => $client, store => $store, %more,
             @$pids ? (cpu => $cpu) : (),
             busy => ($cpu + $client + $store) * $rate / 1e6,
             throughput => $rate };
}


# as many requests as there can be, by wrk

sub throughput {
    my ($site, $subject, $connections, $seconds) = @_;

    return spent($site, [$subject->{pids}->()], sub {
        my (undef, $out, $err) = run('wrk', '-t1', "-c$connections",
            "-d${seconds}s", '--timeout', '10s', '-s',
            root() . '/t/bench/wrk.lua', "http://127.0.0.1:$subject->{port}",
            '--', $subject->{path}, $site->{employees}, $subject->{encoding});
        my %got = $out =~ /(\w+)=(\d+)/g;

        die "wrk: $out$err\n" if !$got{requests} || $got{failed};
        return ($got{requests}, $got{requests} / ($got{us} / 1e6),
                bytes => $got{bytes} / $got{requests});
    });
}


# in milliseconds, at 2,000 requests a second whatever the server does

sub latency {
    my ($site, $subject, $seconds) = @_;
    my $result = checked($subject, 200, sub {
        my $id = $site->id(1 + int rand $site->{employees});
        return ("$subject->{path}$id", $subject->{static} // $id);
    }, rate => 2000, requests => 2000 * $seconds);

    return { p50 => $result->{p50}, p99 => $result->{p99} };
}


# by clients that look at each page: it is the employee's, gzipped or not

sub checked {
    my ($subject, $connections, $request, %run) = @_;
    my $result = Test::Prize::Clients->new(port => $subject->{port},
        connections => $connections, request => $request,
        headers => "Accept-Encoding: $subject->{encoding}",
        check => sub {
            my ($id, $body, $status, $head) = @_;
            my ($gzip) = $head =~ /^content-encoding: (gzip)\r$/mi;
            return "status $status" if $status != 200;
            return 'another encoding'
                if ($gzip // 'identity') ne $subject->{encoding};
            return Test::Prize::Clients::check_page($id,
                $gzip ? memGunzip($body) : $body, $status);
        })->run(%run);

    die Test::Prize::Clients->describe($result) . "\n"
        if $result->{lost} || $result->{wrong};
    return $result;
}


# Many clients at once, see clients.c: "connections" that ask once and come
# within "seconds", or are kept and ask for so many "requests" in all.

sub clients {
    my ($site, $subject, %option) = @_;
    my @command = ("$ENV{TEST_NGINX_BUILD}/clients", $subject->{port},
        $option{connections}, $option{seconds} // 0,
        $site->{employees}, @$subject{qw(encoding path)},
        $option{requests} // 0);
    my $client = children();
    my $pid = open2(my $out, my $in, 'sh', '-c', 'exec "$0" "$@" 2>&1',
                    @command);
    my $said = readline $out;
    my $before = cpu($subject->{pids}->());

    print {$in} "\n";
    close $in;
    $said .= join '', readline $out;
    waitpid $pid, 0;
    die "@command[1 .. $#command]: $said\n" if $?;

    my $used = cpu($subject->{pids}->()) - $before;
    my %got = $said =~ /(\w+)=([\d.]+)/g;

    return { seconds => $got{seconds}, tail => $got{tail} * 1000,
             client => (children() - $client) / $got{pages},
             cpu => $used / $got{pages} };
}


# PostgreSQL's own client

sub pgbench {
    my ($site, $seconds, @clients) = @_;
    my $postgres = $site->{postgres};
    my $script = spew(run_dir() . '/pgbench.sql', '\set id random(10000001, '
        . (10_000_000 + $site->{employees}) . ")\n" . <<~'SQL');
        SELECT id, name, department, prize, claim_url FROM employee
            WHERE id = :id;
        SQL

    return spent($site, [], sub {
        my (undef, $out, $err) = run(
            Test::Prize::Postgres::bindir() . '/pgbench', '-n', '-M',
            'prepared', @clients, '-T', $seconds, '-f', $script, '-h',
            $postgres->{dir}, '-p', $postgres->{port}, '-U', 'postgres',
            'postgres');
        my ($done) = $out =~ /actually processed: (\d+)/;

        die "pgbench: $out$err\n"
            if !$done || $out =~ /failed transactions: [1-9]/;
        return ($done, $out =~ /tps = ([\d.]+)/);
    });
}


# The number of clients and threads with which it does most.  One that fails is
# not the best.

sub best_pgbench {
    my ($site) = @_;
    my ($most, @best) = 0;

    for my $clients (2, 4, 8, 16, 32) {
        for my $threads (1, 2) {
            my @way = ('-c', $clients, '-j', $threads);
            my $got = eval { pgbench($site, 1, @way) } or next;
            ($most, @best) = ($got->{throughput}, @way)
                if $got->{throughput} > $most;
        }
    }

    return @best;
}


# ---- rounds


# Servers that are measured in rounds, one after the other, every other round
# in reverse.  The machine's speed drifts, so that two of them are compared by
# measurements that stand next to each other: who is compared with several
# has several places in a round.
#
#     my $of = Measure::rounds('cpu', 7, \%void,
#         sub { my ($subject, $round) = @_; return { cpu => ... } }, @subjects);
#
#     $of->{lua}{cpu}                   # all its values
#     $of->{'prize-redis ÷ lua'}{cpu}   # the ratios where they were neighbours
#
# Round 0 warms up and is not counted.  A subject that has failed once
# is asked no more, and is void: "cpu, lua" of %void says why.

sub rounds {
    my ($part, $rounds, $void, $measure, @subjects) = @_;
    my $of = {};

    for my $round (0 .. $rounds) {
        my @last;

        for my $subject ($round % 2 ? @subjects : reverse @subjects) {
            my $name = $subject->{name};
            my $got = !$void->{"$part, $name"}
                      && eval { $measure->($subject, $round) };

            $void->{"$part, $name"} ||= $@ unless $got;
            add($of, $name, $got) if $got && $round;
            add_ratios($of, $name, $got, @last) if $got && @last;
            add_ratios($of, @last, $name, $got) if $got && @last;
            @last = $got && $round ? ($name, $got) : ();
        }

        print "$part: round $round of $rounds\n";
    }

    return $of;
}


sub add {
    my ($of, $name, $got) = @_;

    push @{ $of->{$name}{$_} }, $got->{$_} for keys %$got;
}


sub add_ratios {
    my ($of, $one, $got, $other, $others) = @_;

    add($of, "$one ÷ $other", { map { $_ => $got->{$_} / $others->{$_} }
                                grep { $others->{$_} } keys %$got });
}


1;
