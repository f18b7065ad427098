package Measure;

# The clients of the bench, and what they and the servers have used.  A
# subject is a hash: its "name", "port", "path", which ends where the ID
# begins, "fixed" where there is none, "gzip", "stored" if its gzip leaves the
# fields as they are, and "pids", a function.
#
# A run with a failed request counts for nothing: all of these die of one.

use strict;
use warnings;

use List::Util qw(max sum);
use POSIX qw(sysconf _SC_CLK_TCK);
use Time::HiRes qw(time);

use Test::Prize;

my $tick = 1e6 / sysconf(_SC_CLK_TCK);


# user and system time of these processes, in microseconds; a thread's is
# exact, a process' own is counted in ticks

sub cpu {
    my (@pids) = @_;
    my $sum = 0;

    for my $pid (@pids) {
        my @threads = map { eval { slurp($_) } // () }
                      glob "/proc/$pid/task/*/schedstat";

        $sum += @threads ? sum(map { (split ' ')[0] / 1000 } @threads)
                         : ticks($pid, 11, 12);
    }

    return $sum;
}


sub ticks {
    my ($pid, @fields) = @_;
    my ($stat) = (eval { slurp("/proc/$pid/stat") } // '') =~ /\) (.*)/s
        or return 0;

    return $tick * sum((split ' ', $stat)[@fields]);
}


# Of a server and all its children, those that have ended as well.  One that
# ends meanwhile is in neither sum.

sub cpu_of_all {
    my ($server) = @_;

    while (1) {
        my @children = $server->children;
        my $sum = ticks($server->{pid}, 11 .. 14)
                  + sum(0, map { ticks($_, 11, 12) } @children);

        return $sum if "@children" eq join ' ', $server->children;
    }
}


sub stores {
    my ($site) = @_;

    return cpu($site->{redis}{pid}) + cpu_of_all($site->{postgres});
}


# Dies unless the server has this page for this client, byte for byte when it
# is inflated, and gzipped where that is what is measured, nowhere else: wrk
# and h2load see no more of a page than its status.

sub check_page {
    my ($subject, $path, $expected) = @_;
    my ($status, $out, $err) = run('curl', '-s', '-f', '-i', '--max-time', 20,
        $subject->{gzip} ? '--compressed' : (),
        "http://127.0.0.1:$subject->{port}$path");
    my ($head, $page) = split /\r\n\r\n/, $out // '', 2;

    die "$subject->{name}: curl: $status $err\n" if $status;
    die "$subject->{name}: another page\n" if ($page // '') ne $expected;

    my $gzipped = $head =~ /^content-encoding: gzip\r?$/mi;

    die "$subject->{name}: ", $gzipped ? 'gzipped' : 'not gzipped', "\n"
        if !$gzipped != !$subject->{gzip};
}


# as many requests as there can be, by wrk

sub throughput {
    my ($site, $subject, %option) = @_;
    my $misses = $site->misses;
    my $clients = children();
    my $before = cpu($subject->{pids}->());
    my $stores = stores($site);
    my ($status, $out, $err) = run('wrk', '-t1', "-c$option{connections}",
        "-d$option{seconds}s", '--timeout', '10s', '-s',
        root() . '/t/bench/wrk.lua', "http://127.0.0.1:$subject->{port}",
        '--', $subject->{path},
        $subject->{fixed} ? 0 : $site->{employees},
        $subject->{gzip} ? 'gzip' : '');
    my $used = cpu($subject->{pids}->()) - $before;
    my $in_stores = stores($site) - $stores;
    my %got = $out =~ /(\w+)=(\d+)/g;

    die "$subject->{name}: wrk: $out$err\n" if $status || !$got{requests};
    die "$subject->{name}: $got{failed} of $got{requests} requests failed\n"
        if $got{failed};
    die "$subject->{name}: Redis did not know everybody\n"
        if $site->misses != $misses;

    return { cpu => $used / $got{requests}, requests => $got{requests},
             client => (children() - $clients) / $got{requests},
             store => $in_stores / $got{requests},
             bytes => $got{bytes} / $got{requests},
             throughput => $got{requests} / ($got{us} / 1e6) };
}


# processor time of all that was run and has ended, in microseconds

sub children {
    my (undef, undef, $user, $system) = times;

    return ($user + $system) * 1e6;
}


# ---- at a fixed rate


# h2load sends what is due for all its connections at once, so there are many
# of it, each with one: 40 of 50 a second for 2,000.

use constant SENDERS => 40;


sub latency {
    my ($site, $subject, %option) = @_;
    my $rate = $option{rate};
    my @pids = map { sender($site, $subject, $_, %option) } 1 .. SENDERS;
    my @failed = grep { waitpid $_, 0; $? } @pids;
    my $wanted = $rate * $option{seconds};
    my ($requests, @times) = 0;

    die "$subject->{name}: " . slurp(run_dir() . '/h2load.1.out') if @failed;

    for my $n (1 .. SENDERS) {
        for my $line (split /\n/, slurp(run_dir() . "/h2load.$n.log")) {
            my (undef, $status, $us) = split /\t/, $line;
            die "$subject->{name}: $status at $rate a second\n"
                if $status != 200;
            push @times, waits($us / 1000, 1000 * SENDERS / $rate);
            $requests++;
        }
    }

    die sprintf "%s: %d requests in place of %d at %d a second\n",
                $subject->{name}, $requests, $wanted, $rate
        if abs($requests - $wanted) > 0.05 * $wanted;

    @times = sort { $a <=> $b } @times;
    return { p50 => $times[$#times * 0.5], p99 => $times[$#times * 0.99] };
}


# A sender waits for its answer before it asks again.  Who was due meanwhile
# has waited as well, each for what was left of it, but h2load counts only
# from when it could ask: without these a server that stands still for a
# second has no p99 to show for it.

sub waits {
    my ($ms, $interval) = @_;
    my @waits;

    for (my $left = $ms; $left > 0; $left -= $interval) {
        push @waits, $left;
    }

    return @waits;
}


# with links of its own

sub sender {
    my ($site, $subject, $n, %option) = @_;
    my $base = run_dir() . "/h2load.$n";

    unlink "$base.log";
    spew("$base.uris", join '', map {
        "http://127.0.0.1:$subject->{port}$subject->{path}"
        . ($subject->{fixed} ? ''
           : $site->id(1 + int rand $site->{employees})) . "\n" } 1 .. 200);

    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;

    open STDOUT, '>', "$base.out" or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
    { no warnings 'exec'; exec 'h2load', '--h1', '-t', 1, '-c', 1,
        '--rps', $option{rate} / SENDERS, '-D', $option{seconds},
        '--log-file', "$base.log", '-i', "$base.uris", '-H',
        'Accept-Encoding: ' . ($subject->{gzip} ? 'gzip' : 'identity'); }
    print STDERR "cannot run h2load: $!\n";
    POSIX::_exit(127);
}


# ---- many clients at once: t/bench/clients.c


# Clients that ask once: "seconds" is the time in which they come, or "kept".
# Of Redis it tells how many connections the server has to it, and has made
# meanwhile.

sub burst {
    my ($site, $subject, %option) = @_;
    my $made = $site->connections;
    my $got = clients($site, $subject, connections => $option{clients},
        $option{kept} ? (requests => $option{clients})
                      : (over => $option{seconds}));

    $got->{redis} = $site->connections - $made
                    + connected($site->{redis}{port}, $subject->{pids}->());
    return $got;
}


# how many TCP connections processes have to a port

sub connected {
    my ($port, @pids) = @_;
    my %inode = map { $_ => 1 }
                map { (readlink($_) // '') =~ /^socket:\[(\d+)/ }
                map { glob "/proc/$_/fd/*" } @pids;
    my $to = sprintf ':%04X 01', $port;

    return scalar grep { /^ *\d+: \S+ \w+$to/ && $inode{ (split ' ')[9] } }
           split /\n/, slurp('/proc/net/tcp');
}


# with "requests" the connections are made first and kept, and what the
# server has used is counted from the first request on

sub clients {
    my ($site, $subject, %option) = @_;
    my $misses = $site->misses;
    my $identify = !$subject->{fixed}
                   && (!$subject->{gzip} || $subject->{stored});
    my @command = (client_program(), '-p', $subject->{port}, '-c',
        $option{connections},
        $subject->{gzip} ? '-g' : (), $identify ? '-i' : (),
        $subject->{fixed} ? () : ('-e', $site->{employees}),
        $option{requests} ? ('-k', '-n', $option{requests})
                          : ('-s', $option{over} // 0), $subject->{path});

    pipe my $in, my $go or die "pipe: $!\n";
    my $out = spew(run_dir() . '/clients.out', '');
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<&', $in or POSIX::_exit(126);
        open STDOUT, '>', $out or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        close $go;
        { no warnings 'exec'; exec @command; }
        print STDERR "cannot run $command[0]: $!\n";
        POSIX::_exit(127);
    }

    close $in;
    eventually { slurp($out) =~ /connected=/ || waitpid($pid, 1) }
        'the clients', 120 if $option{requests};

    my $before = cpu($subject->{pids}->());

    close $go;    # its end is as good as a line
    waitpid $pid, 0;

    my $used = cpu($subject->{pids}->()) - $before;
    my %got = slurp($out) =~ /(\w+)=(\d+)/g;

    die "$subject->{name}: @command[1 .. $#command]: " . slurp($out) . "\n"
        if $? || !$got{pages} || $got{failed};
    die "$subject->{name}: Redis did not know everybody\n"
        if $site->misses != $misses;

    return { seconds => $got{us} / 1e6, tail => $got{tail_us} / 1000,
             failed => $got{failed},
             client => $got{cpu_us} / $got{pages},
             cpu => $used / $got{pages} };
}


sub client_program {
    return ($ENV{TEST_NGINX_BUILD} // root() . '/build') . '/clients';
}


# ---- PostgreSQL's own client


sub pgbench {
    my ($site, %option) = @_;
    my $postgres = $site->{postgres};
    my $last = 10_000_000 + $site->{employees};
    my $script = spew(run_dir() . '/pgbench.sql', <<~"SQL");
        \\set id random(10000001, $last)
        SELECT id, name, department, prize, claim_url FROM employee
            WHERE id = :id;
        SQL
    my ($clients, $used) = (children(), cpu_of_all($postgres));
    my ($status, $out, $err) = run(
        Test::Prize::Postgres::bindir() . '/pgbench', '-n', '-M', 'prepared',
        '-c', $option{clients}, '-j', $option{threads}, '-T', $option{seconds},
        '-f', $script, '-h', $postgres->{dir}, '-p', $postgres->{port},
        '-U', 'postgres', 'postgres');
    my ($done) = $out =~ /actually processed: (\d+)/;
    my ($tps) = $out =~ /tps = ([\d.]+)/;

    die "pgbench: $out$err\n" if $status || !$tps
                                 || $out =~ /failed transactions: [1-9]/;
    return { throughput => $tps, client => (children() - $clients) / $done,
             store => (cpu_of_all($postgres) - $used) / $done };
}


# The number of clients and threads with which it does most.  One that fails is
# not the best; what all fail of is told by what is measured after this.

sub best_pgbench {
    my ($site) = @_;
    my $best = 0;
    my %best = (clients => 2, threads => 1);

    for my $clients (2, 4, 8, 16, 32) {
        for my $threads (1, 2) {
            my $got = eval { pgbench($site, clients => $clients, seconds => 1,
                                     threads => $threads) } or next;
            next if $got->{throughput} <= $best;
            $best = $got->{throughput};
            %best = (clients => $clients, threads => $threads);
        }
    }

    return %best;
}


1;
