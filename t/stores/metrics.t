use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use List::Util qw(sum0);
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Clients;
use Test::Prize::Cluster;
use Test::Prize::Peer;

# What prize_status counts where a store or a worker is killed, where clients
# leave, and over reloads.  All else that it counts is in t/metrics.t.

my $redis = shared_redis();
my $postgres = shared_postgres();
my @page = (files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' });
my $stores = <<"CONF";
    prize_postgres hr "@{[ $postgres->conninfo ]}" connections=1;
    prize_redis_pass 127.0.0.1:$redis->{port};
    $patient
    prize_postgres_pass hr;
    prize_postgres_query
        "SELECT u AS id, 'Ann' AS name FROM unnest(\$1::text[]) AS u
         WHERE u <> 'nobody'";
    prize_write_back off;
CONF

my ($port, $client);


sub site {
    my ($locations, %option) = @_;

    $port = free_port();
    $client = Test::Prize::Client->new($port);

    return Test::Prize::Nginx->start(%option, @page, http => <<"CONF");
    $stores
    log_format code '\$status';

    server {
        listen 127.0.0.1:$port;
        access_log off;
        location = /h5 { prize_page page.html; access_log pages.log code; }
        location = /status { prize_status html; add_header X-Worker \$pid; }
        $locations
    }
CONF
}


sub status {
    return Test::Prize::Nginx->status("http://127.0.0.1:$port/status?json");
}


# the series whose names, without "prize_" and "_total", are given

sub becomes {
    my ($name, %wanted) = @_;
    my %found;

    eval {
        eventually {
            my $status = status();
            %found = map { my $series = s/^(\w+)(?=\{|$)/prize_$1_total/r;
                           ($_ => $status->{$_} // $status->{$series}) }
                     keys %wanted;
            !grep { $found{$_} != $wanted{$_} } keys %wanted;
        } $name;
    };
    is_deeply(\%found, \%wanted, $name);
}


sub least {
    my ($name, @series) = @_;

    ok(eval { eventually { my $status = status();
                           !grep { !$status->{"prize_$_"} } @series } $name },
       $name);
}


sub ask {
    my ($target) = @_;

    return $client->get($target)->{status};
}


# asks, and returns when the request waits for a store

sub begin {
    my ($target) = @_;
    my $connection = $client->connect;

    $connection->send(Test::Prize::Client::text(GET => $target,
                                                Connection => 'close'));
    eventually { status()->{requests_in_flight} } 'the request';
    return $connection;
}


$redis->command(qw(HSET employee:warm id warm name Warm));


subtest 'a cluster' => sub {
    my $cluster = Test::Prize::Cluster->start(primaries => 2, replicas => 1);
    my ($slot, $gone) = $cluster->slots('employee:7', 'gone');
    my $from = $cluster->primary('employee:7');
    my ($to) = grep { $_ != $from } $cluster->primaries;
    my ($replica) = map { $cluster->replicas_of($_) } $from, $to;
    my $tried = join ', ', map { $_->address } $from, $to;
    my $nginx = site(<<"CONF");
        location = /cluster {
            prize_page page.html;
            prize_redis_pass @{[ $from->address ]};
            prize_redis_cluster on;
            prize_postgres_pass off;
            add_header X-Tried "\$upstream_addr|\$upstream_status";
        }
CONF

    my $tries = sub { join ' ', $client->get('/cluster?id=7')
                                       ->header('X-Tried') };

    $from->command(qw(HSET employee:7 id 7 name Ann));
    eventually { ask('/cluster?id=7') == 200 } 'a page';
    becomes('who is what', (map {
        ('prize_redis_role{peer="' . $_->address . '",role="primary"}' => 1)
    } $from, $to), 'prize_redis_role{peer="' . $replica->address
                   . '",role="replica"}' => 1,
            'prize_redis_uncovered_slots' => 0);
    cmp_ok(abs(status()->{prize_redis_map_timestamp_seconds} - time), '<', 600,
           'the map is new');

    $cluster->open_slot($slot, $to);
    $cluster->move_keys($slot);
    is($tries->(), "$tried|302, 200",
       'a slot that moves: each redirection is an entry');
    becomes('which was an ASK', 'redis_redirects{kind="ask"}' => 1,
            'redis_redirects{kind="moved"}' => 0);

    $_->command('CLUSTER', 'DELSLOTS', $gone) for $cluster->nodes;
    $cluster->close_slot($slot);
    $cluster->settle;
    is($tries->(), "$tried|302, 200",
       'one that has moved');
    becomes('which was a MOVED, after which the map is new',
            'redis_redirects{kind="ask"}' => 1,
            'redis_redirects{kind="moved"}' => 1,
            'lookups{source="redis",result="moved"}' => 2,
            'prize_redis_uncovered_slots' => 1);
    least('refreshes', 'redis_refreshes_total{result="ok"}');
    is(status()->{'prize_redis_refreshes_total{result="failed"}'}, 0,
       'none has failed');

    $_->kill for $cluster->nodes;
    least('and now they do', 'redis_refreshes_total{result="failed"}');
    $nginx->stop('QUIT');
};


subtest 'a Redis that hangs and is killed' => sub {
    my $peer = qq{peer="127.0.0.1:$redis->{port}"};
    my $nginx = site(<<'CONF');
        location = /soon { prize_page page.html; prize_redis_timeout 300ms; }
CONF

    is(ask('/h5?id=warm'), 200, 'a page');

    $redis->pause;
    my $leaves = begin('/h5?id=warm');
    becomes('a request waits', requests_in_flight => 1,
            redis_commands_in_flight => 1, 'client_aborts' => 0);
    $leaves->leave;
    becomes('its client leaves', requests_in_flight => 0,
            'http_requests{code="499"}' => 1, 'client_aborts' => 1);
    $redis->resume;
    becomes('its reply is nobody\'s', redis_commands_in_flight => 0,
            'lookups{source="redis",result="found"}' => 1);

    $redis->pause;
    is(ask('/soon?id=warm'), 200, 'a late reply');
    becomes('is a timeout, and soon one of the connection',
            'lookups{source="redis",result="timeout"}' => 1,
            "redis_errors{$peer,reason=\"timeout\"}" => 1);
    $redis->resume;
    eventually { ask('/h5?id=warm');
                 status()->{'prize_lookups_total{source="redis",'
                            . 'result="found"}'} > 1 } 'a page from Redis';

    $redis->pause;
    my $loses = begin('/h5?id=warm');
    $redis->signal('KILL');
    is($loses->answer->{status}, 200, 'a reply that does not come');
    becomes('is lost', 'lookups{source="redis",result="lost"}' => 1,
            "redis_errors{$peer,reason=\"lost\"}" => 1);
    $redis->kill;

    eventually { ask('/h5?id=warm');
                 status()->{"prize_breaker_open{backend=\"redis\",$peer}"} }
        'an open breaker';
    least('failures open the breaker',
          'breaker_transitions_total{backend="redis",to="open"}',
          "redis_errors_total{$peer,reason=\"connect\"}");

    $redis->start;
    eventually { ask('/h5?id=warm');
                 !status()->{"prize_breaker_open{backend=\"redis\",$peer}"} }
        'a shut breaker';
    least('a probe shuts it',
          map { "breaker_transitions_total{backend=\"redis\",to=\"$_\"}" }
          qw(half_open shut));
};


subtest 'a Redis that is loading, one that talks nonsense' => sub {
    my %peer = map { my $reply = $_;
        ($reply => Test::Prize::Peer->start(answer => sub {
            my ($peer, $client, @command) = @_;
            return $command[0] eq 'HMGET' ? $reply : $peer->usual(@command);
        })) } "-LOADING a while\r\n", "nonsense\r\n";
    my ($loading, $nonsense) = map { "127.0.0.1:$_->{port}" }
                               @peer{sort keys %peer};
    my $nginx = site(<<"CONF");
        location = /away { prize_page page.html; prize_redis_pass $loading; }
        location = /wrong { prize_page page.html; prize_redis_pass $nonsense; }
CONF

    is(ask("/$_?id=1"), 200, $_) for qw(away wrong);
    becomes('both are lost lookups, for another reason each',
            'lookups{source="redis",result="lost"}' => 2,
            "redis_errors{peer=\"$loading\",reason=\"away\"}" => 1,
            "redis_errors{peer=\"$nonsense\",reason=\"protocol\"}" => 1);
};


subtest 'a PostgreSQL that hangs and is killed' => sub {
    my $nginx = site(<<'CONF');
        location = /soon { prize_page page.html; prize_postgres_timeout 1s; }
CONF
    my $breaker = 'prize_breaker_open{backend="postgres",peer="hr"}';

    is(ask('/h5?id=cold'), 200, 'a page');

    $postgres->pause;
    is(ask('/soon?id=cold'), 503, 'a late result');
    becomes('is a timeout, and soon one of the connection',
            'lookups{source="postgres",result="timeout"}' => 1,
            'postgres_errors{reason="timeout"}' => 1);
    $postgres->resume;
    eventually { ask('/h5?id=cold') == 200 } 'a page';

    $postgres->pause;
    my $loses = begin('/h5?id=cold');
    becomes('a lookup waits', postgres_lookups_in_flight => 1);
    kill 'KILL', $postgres->children;
    $postgres->signal('KILL');
    is($loses->answer->{status}, 503, 'a result that does not come');
    becomes('is lost', postgres_lookups_in_flight => 0,
            'lookups{source="postgres",result="lost"}' => 1);
    $postgres->kill;

    eventually { ask('/h5?id=cold'); status()->{$breaker} } 'an open breaker';
    least('failures open the breaker', 'shed_total{reason="down"}',
          'breaker_transitions_total{backend="postgres",to="open"}',
          map { "postgres_errors_total{reason=\"$_\"}" } qw(connect lost));

    $postgres->start;
    eventually { ask('/h5?id=cold') == 200 } 'a page';
    becomes('an answer shuts it', postgres_connections => 1);
    least('after a probe',
          map { "breaker_transitions_total{backend=\"postgres\",to=\"$_\"}" }
          qw(half_open shut));
};


# Two workers.  What the pages' log says is the truth, whatever becomes of them.

$redis->command(qw(HSET employee:warm id warm name Warm));

my $nginx = site('', workers => 2);
my $worker = HTTP::Tiny->new(timeout => 300);     # stays with one of them

eventually { status()->{workers} == 2 } 'both workers';


sub codes {
    my %count;

    $count{$_}++ for split /\n/, $nginx->log('pages.log');
    return \%count;
}


sub counted {
    my $status = status();

    return { map { my $n = $status->{"prize_http_requests_total{code=\"$_\"}"};
                   $n ? ($_ => $n) : () } qw(200 400 404 499 503) };
}


# 4,000 requests, and what happens after so many of them

sub crowd {
    my (%after) = @_;
    my $result = Test::Prize::Clients->new(port => $port, connections => 20,
        request => sub {
            my ($n) = @_;
            my $id = $n % 10 ? 'warm' : $n % 20 ? 'nobody' : 'no%20id';

            return ("/h5?id=$id", $id);
        })->run(requests => 4000, after => \%after);

    is_deeply([$result->{answers} + ($result->{lost} // 0), $result->{wrong}],
              [4000, 0], 'all are asked, and none gets another page');
}


# the rows of the history after a second, as hashes

sub rows {
    my ($since) = @_;
    my $status = JSON::PP::decode_json($worker->get(
        "http://127.0.0.1:$port/status?json&since=$since")->{content});

    return map { my %row; @row{@{ $status->{columns} }} = @$_; \%row }
           @{ $status->{history} };
}


sub total {
    my ($column, $since) = @_;

    return sum0 map { $_->{$column} } rows($since);
}

eventually { rows(0) } 'a first row';

my $from = (rows(0))[-1]{second};
my $starts = status()->{prize_worker_starts_total};

crowd(map { $_ * 1000 => sub { $nginx->reload } } 1 .. 3);

eventually { status()->{prize_worker_starts_total} == $starts + 6
             && $nginx->children == 2 } 'the workers of three reloads';
is_deeply(counted(), codes(),
          'after 4,000 requests and three reloads the log has the same');
is(status()->{workers}, 2, 'of two workers');

eventually { total('200', $from) == codes()->{200} } 'a row of the last pages';
is(total('400', $from), codes()->{400}, 'the history has the same');
is(total('404', $from), codes()->{404}, 'over the reloads');
is(total('from_redis', $from), codes()->{200}, 'by who had the record');
is(total('from_nobody', $from), codes()->{400} + codes()->{404}, 'or nobody');


# A worker that dies between its two notes of a request leaves one of them.

my $killed = 2;

$starts = status()->{prize_worker_starts_total};

crowd(map { $_ * 1500 => sub { kill 'KILL', ($nginx->workers)[0] } }
      1 .. $killed);

eventually { status()->{prize_worker_starts_total} == $starts + $killed }
    'their successors';

my ($counted, $logged) = (counted(), codes());

cmp_ok(sum0(map { abs(($counted->{$_} // 0) - ($logged->{$_} // 0)) }
            keys %{ { %$counted, %$logged } }), '<=', $killed,
       'after the death of two workers they differ by one each at most');

eventually { total('200', $from) == $counted->{200} }
    'the history after their death';


# a row a second, of whichever worker comes first

my @seconds = map { $_->{second} } rows($from);

is_deeply(\@seconds, [sort { $a <=> $b }
                       keys %{ { map { $_ => 1 } @seconds } }],
          'a second is one row');
cmp_ok($seconds[0], '>', $from, 'of those after "since"');


# one that hangs, while the other is asked over the same connection

my $asked = $worker->get("http://127.0.0.1:$port/status")
                   ->{headers}{'x-worker'};
my ($hangs) = grep { $_ != $asked } $nginx->workers;

sub silent {
    return (rows($from))[-1]{silent};
}

eventually { silent() == 0 } 'both workers at work';
kill 'STOP', $hangs;
ok(eval { eventually { silent() == 1 } 'silence' },
   'one that hangs is told of');
kill 'CONT', $hangs;
ok(eval { eventually { silent() == 0 } 'its word' }, 'until it goes on');


# with nginx itself it begins anew

my $start = status()->{start_time};

$nginx->stop('QUIT');
$nginx->start;
eventually { eval { status()->{start_time} != $start } } 'another start';
is_deeply(counted(), {}, 'nothing is left of the one before');
is(total('200', 0), 0, 'nor in the history');

done_testing();
