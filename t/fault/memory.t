use strict;
use warnings;

use lib 't/lib';
use Encode qw(decode_utf8);
use IO::Select ();
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Cluster;
use Test::Prize::Fault;
use Test::Prize::Roster;
use Test::Prize::Sentinel;
use Time::HiRes qw(sleep);

# An allocation of a request fails, one at a time: nginx's, ours and those
# of the libraries.  A library that is preloaded into nginx, t/fault/malloc.c,
# counts them and lets one fail.  A request of the same kind without a failure
# says what the whole right answer is.  Pools are small, so that most of what
# they give is an allocation.
#
# With PRIZE_NIGHTLY=1 it is each of them, and otherwise every fourth; the first
# of them is chosen at random, which is said, and by PRIZE_OFFSET=N.

my $step = $ENV{PRIZE_NIGHTLY} ? 1 : 4;
my $offset = $ENV{PRIZE_OFFSET} // int rand $step;

my $library = "$ENV{TEST_NGINX_BUILD}/malloc.so";
my $control = spew(run_dir() . "/malloc$$", pack 'Q4', (0) x 4);
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 50);
my $redis = Test::Prize::Redis->start;
my $connections = 1;
my $id = $roster->ids->[10];
my $other = $roster->ids->[11];
my $keys = spew(run_dir() . "/sign$$", 'k1 ' . 'b2xk' x 11 . "\n");

chmod 0600, $keys or die "chmod $keys: $!";
open my $words, '+<:raw', $control or die "$control: $!";

my ($signed) = link_of($id);


sub link_of {
    my ($status, $out, $err) = run({ stdin => "id\n$_[0]\n" }, prizectl(),
        'sign', '--key-file', $keys, '--event', 'gift', '--url',
        'https://h5.example.com/signed', '--expires', '2099-01-01T00:00Z');

    return ($out =~ /(\/signed\?\S+?)\r?$/m)[0] // die "prizectl sign: $err";
}


# of nginx and whatever it starts

sub preload {
    my ($start) = @_;

    # the sanitizer wants to be the first library
    local $ENV{ASAN_OPTIONS} = "$ENV{ASAN_OPTIONS},verify_asan_link_order=0"
        if sanitized();
    local $ENV{LD_PRELOAD} = $library;
    local $ENV{TEST_NGINX_MALLOC} = $control;

    return $start->();
}


sub start {
    my $twice = 'SELECT id, name, department, n::text AS prize FROM employee,'
                . ' generate_series(1, 2) AS n WHERE id = ANY($1)';

    # where libpq has no memory for a message it waits for the next one
    return Test::Prize::Fault->new(roster => $roster, redis => [$redis],
        conninfo => $roster->conninfo . ' connect_timeout=3',
        pool => 'connections=1', budgets => 'prize_redis_connect_timeout 10s;'
                                            . 'prize_redis_timeout 10s;',
        http => <<~'HTTP', server => <<~"SERVER");
        log_format all '$status $prize_result $prize_source $upstream_addr'
                       ' $upstream_status $upstream_response_time';
        HTTP
        access_log all.log all;
        connection_pool_size 256;
        request_pool_size 256;

        location = /busy {
            prize_page page.html;
            prize_postgres_pass hr;
            prize_postgres_query "$twice";
            prize_postgres_timeout 10s;
        }

        location = /signed {
            prize_page page.html;
            prize_redis_pass store;
            prize_sign_key_file $keys;
            prize_sign_event gift;
        }

        location = /ssi {
            ssi on;
            ssi_types *;
            return 200 '<!--# include virtual="/h5?id=$id" -->|end';
        }

        location = /redis {
            prize_page page.html;
            prize_redis_pass store;
        }

        location = /prometheus { prize_status prometheus; }
        SERVER
}


my $site = preload(\&start);
my ($worker) = $site->nginx->workers;


# the wanted allocation of the worker fails, or of the children of a process;
# 0: none

sub arm {
    my ($wanted, $parent) = @_;

    sysseek $words, 0, 0;
    syswrite $words, pack 'Q4', $parent ? (0, $parent) : ($worker, 0),
                                $wanted, 0;
}


# the wanted allocation, and how many there were so far

sub counted {
    sysseek $words, 0, 0;
    sysread $words, my $bytes, 32;

    return (unpack 'Q4', $bytes)[2, 3];
}


# no more; the number of allocations that there were

sub disarm {
    sysseek $words, 0, 0;
    syswrite $words, pack 'Q2', 0, 0;

    return (counted())[1];
}


# What nginx sends becomes what there is to read, up to where nginx closes, or
# no more comes of it: the failure has been, and nothing is in flight.  Whether
# nginx has closed.

sub receive {
    my ($connection) = @_;
    my $socket = $connection->{socket};
    my $select = IO::Select->new($socket);
    my ($bytes, $closed) = ('', 0);

    eventually {
        my ($wanted, $count) = counted();
        my $idle = $count >= $wanted && !grep { $_ } @{$site->status}{@gauges};

        while (!$closed && $select->can_read(0.01)) {
            $closed = !sysread $socket, $bytes, 65536, length $bytes;
        }

        return $closed || $idle;
    } 'an answer, or none';

    open $connection->{socket}, '<:raw', \$bytes or die $!;
    return $closed;
}


# {text, of status, names and body}, or {closed => why} where no whole answer
# came, or {hangs => why} where none ever will

sub ask {
    my ($path) = @_;
    my $connection = $site->connect->send(Test::Prize::Client::text(
        'GET', $path->{uri}, Connection => 'close',
        @{ $path->{headers} // [] }));

    my $closed = !$path->{hangs} || receive($connection);
    my $answer = eval { $connection->answer }
        // return { $closed ? 'closed' : 'hangs', $@ };
    my $body = $answer->{body};

    if ($answer->header('Content-Encoding')) {
        gunzip(\$answer->{body}, \$body)
            or return { hangs => "a body that is no gzip\n" };
    }

    # nginx sends no header whose value it cannot make
    my @names = sort grep { !/^x-(?:asked|source)$/ }
                map { lc $_->[0] } @{ $answer->{headers} };

    # a status differs in its numbers only
    $body =~ s/\d[\d.]*/0/g if $path->{numbers};
    $answer->{text} = "$answer->{status} @names\n$body\n";
    return $answer;
}


sub permitted {
    my ($answer, $right, $path) = @_;

    return $path->{allowed}-- > 0 if $answer->{hangs};
    return $answer->{closed} unless $answer->{text};
    return 1 if $answer->{status} =~ /^50[03]$/
                || $answer->{text} eq $right->{text};

    return $path->{instead} && $answer->{status} == $right->{status}
           && $answer->{text} =~ $path->{instead};
}


sub described {
    my ($answer) = @_;

    return $answer->{text} // join ' ', %$answer;
}


# The worker is killed, and the wanted allocation of its successor fails: the
# successor, or nothing where nginx starts none.  The dead one does not count.

sub replace_worker {
    my ($nginx, $wanted) = @_;
    my ($old) = $nginx->workers;
    my $fatal = () = $nginx->error_log =~ /cannot be respawned/g;

    kill STOP => $old or die "worker $old: $!";
    arm($wanted, $nginx->{pid});
    kill KILL => $old;

    return eventually {
        my ($new) = grep { $_ != $old } $nginx->workers;
        my $now = () = $nginx->error_log =~ /cannot be respawned/g;
        return $new ? [$new] : $now > $fatal ? [] : undef;
    } 'the successor of a worker';
}


# both stores are connected, and Redis has the record

sub settle {
    my $hit = { uri => "/h5?id=$other" };

    eventually {
        my $answer = ask($hit);
        return 0 unless ($answer->{status} // 0) == 200
                        && ($answer->header('X-Source'))[0] eq 'redis';
        my $status = $site->status;
        return $status->{redis_connections} == $connections
               && $status->{postgres_connections} == 1
               && !grep { $_ } @$status{@gauges};
    } 'both stores';
}


sub once {
    my ($path, $n) = @_;

    settle();
    $path->{before}->() if $path->{before};
    arm($n);
    $path->{armed}->() if $path->{armed};

    my $answer = ask($path);

    $path->{after}->($answer) if $path->{after};

    return ($answer, disarm());
}


# stops at what is wrong three times

sub each_fails {
    my ($name, $uri, %option) = @_;
    my $path = { uri => $uri, %option };
    my ($right, $points) = once($path, 0);
    my $n = 1 + $offset % $step;
    my (%count, @wrong);

    is($right->{status}, $path->{status} // 200, "row 46: $name: whole")
        or return diag(described($right));
    cmp_ok($points, '>=', 4, "row 46: $name: $points allocations");

    for (; @wrong < 3; $n += $step) {
        my ($answer, $count) = once($path, $n);
        last if $count < $n;

        $count{$answer->{status} // (keys %$answer)[0]}++;

        push @wrong, "allocation $n: " . described($answer)
                     . "for " . described($right)
            unless permitted($answer, $right, $path);

        my $next = described(ask($path));

        # a store that could not be connected to has a pause
        eval { eventually { ($next = described(ask($path))) eq $right->{text} }
                          'all of it' } if $path->{pauses};

        push @wrong, "after allocation $n: $next" if $next ne $right->{text};

        if (!kill 0, $worker) {
            push @wrong, "allocation $n: the worker is gone\n";
            ($worker) = eventually { $site->nginx->workers } 'a worker';
        }
    }

    is(join('', @wrong), '', "row 46: $name: PRIZE_OFFSET=$offset: only "
       . join ', ', map { "$_: $count{$_}" } sort keys %count);
    ok(scalar keys %count, "row 46: $name: some failed");
    return;
}


# A worker has more to allocate where there are stores.  None of that ends it:
# it would end with a code after which nginx starts no other.

sub each_at_start_fails {
    my ($uri) = @_;
    my $plain = preload(sub { Test::Prize::Nginx->start(connections => 4096) });
    my (%count, @wrong);

    replace_worker($plain, 0);
    my $own = disarm();
    $plain->stop('QUIT');

    my ($right) = once({ uri => $uri }, 0);

    for (my $n = $own + 1 + $offset % $step; @wrong < 3; $n += $step) {
        ($worker) = @{ replace_worker($site->nginx, $n) };

        if (!$worker) {
            disarm();
            push @wrong, "allocation $n: no worker";
            $site->nginx->reload;
            next;
        }

        my $answer = ask({ uri => $uri });
        my $points = disarm();

        $count{$answer->{status} // (keys %$answer)[0]}++;
        push @wrong, "allocation $n: " . described($answer)
            unless permitted($answer, $right, {});

        settle();
        last if $points < $n;
    }

    is(join("\n", @wrong), '', "row 46: a worker that starts: PRIZE_OFFSET="
       . "$offset: only " . join ', ', map { "$_: $count{$_}" }
                                       sort keys %count);
    return;
}


$roster->load($redis);
$redis->command('HSET', 'employee:large', id => 'large', name => 'x' x 700_000,
                department => '', prize => '');

sub forget { $redis->command('DEL', "employee:$id") }


sub spoil { $redis->command('HDEL', "employee:$id", 'prize') }


# the write-back goes out before the page, its reply comes later

sub written {
    for (1 .. 20) {
        return if $redis->command('EXISTS', "employee:$id");
        sleep 0.002;
    }
}


# Redis is connected to by the first request, PostgreSQL at once

sub disconnect_redis {
    $redis->command(qw(CLIENT KILL TYPE normal));
    $site->connected(redis_connections => 0);
}


sub disconnect_postgres {
    $roster->sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity'
                 . ' WHERE datname = current_database()'
                 . ' AND pid <> pg_backend_pid()');
}


sub renew_worker {
    disarm();
    $site->nginx->reload;
    ($worker) = $site->nginx->workers;
    settle();
}


# hiredis gives the buffer of a large reply back when it reads the next one

sub read_large { ask({ uri => '/redis?id=large' }) }


my $page = "/h5?id=$id";
my $redis_only = "/redis?id=$id";

each_fails('a hit', $page);
each_fails('a hit, gzip', $page, headers => ['Accept-Encoding' => 'gzip']);
each_fails('a hit after a large record', $redis_only,
           before => \&read_large);
each_fails('a miss', $page, before => \&forget, after => \&written);
each_fails('a stale record', $page, before => \&spoil, after => \&written);
each_fails('a new worker', $page,
           before => sub { renew_worker(); forget() }, after => \&written);
each_fails('no connection', $page,
           before => sub { forget(); disconnect_redis() }, pauses => 1,
           armed => \&disconnect_postgres, after => \&written);
each_fails('no connection, then the end', $redis_only,
           before => \&disconnect_redis, after => \&renew_worker);
each_fails('unknown', '/h5?id=nobody', status => 404);
each_fails('refused', '/h5?id=', status => 400);
each_fails('busy', "/busy?id=$id", status => 503);
each_fails('a signed link', $signed);

# nginx 1.22 forgets a subrequest that it cannot postpone, or not post: its
# parent waits until the client leaves
each_fails('SSI', '/ssi', instead => qr/\|end$/, hangs => 1, allowed => 2);

each_fails('status', '/status', numbers => 1);
each_fails('status, Prometheus', '/prometheus', numbers => 1);

is_deeply([$site->nginx->workers], [$worker], 'row 46: the same worker');
each_at_start_fails($page);
over();


sub over {
    $site->over(lines => 1000, expected => qr/\[emerg\]\ .*
        (?:malloc|posix_memalign)\(.*\ failed|exited\ on\ signal\ 9/x);
}


# A route asks a server who it is before a lookup goes there, up to a second
# later.

sub each_of_a_route_fails {
    my ($what, $location, $number, @servers) = @_;

    $connections = $number;
    $site = preload(sub { Test::Prize::Fault->new(roster => $roster,
        redis => [@servers], location => $location,
        pool => 'connections=1', server => <<~'SERVER') });
            location = /postgres {
                prize_page page.html;
                prize_postgres_pass hr;
            }
        SERVER
    ($worker) = $site->nginx->workers;
    $redis->command('HSET', "employee:$_", map { decode_utf8($_) }
                    %{ $roster->record($_) })
        for $id, $other;

    each_fails("$what: a hit", $page);
    each_fails("$what: a miss", $page, before => \&forget, after => \&written);
    each_fails("$what: no connection", $page, pauses => 1, before => sub {
        $redis->command(qw(CLIENT KILL TYPE normal)) });
    each_at_start_fails($page);
    over();
}


if ($ENV{PRIZE_NIGHTLY}) {
    my $cluster = Test::Prize::Cluster->start(primaries => 1);

    ($redis) = $cluster->nodes;
    each_of_a_route_fails('Cluster', 'prize_redis_cluster on;', 1, $redis);

    my $group = Test::Prize::Sentinel->start(replicas => 0, sentinels => 1);
    my $name = Test::Prize::Sentinel::NAME;

    $redis = $group->master;
    each_of_a_route_fails('Sentinel', "prize_redis_sentinel $name;", 2,
                          $group->sentinels);
}

done_testing();
