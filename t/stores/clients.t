use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# What clients do while a store is asked: they leave, send the rest of a body,
# see nginx reload.  What one request does, and gets, is in blocks:
# t/methods.t, t/phases.t.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my ($port, $h2) = map { free_port() } 1, 2;

$redis->commands(map { [HSET => "employee:$_", id => $_, name => "N$_"] }
                 7, 8);

my $nginx = Test::Prize::Nginx->start(workers => 2,
    files => {'page.html' => '<p data-id="{{id}}">{{name}}</p>'},
    http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    prize_redis_pass 127.0.0.1:$redis->{port};
    $patient
    prize_postgres_query "SELECT id, 'N' || id AS name
                          FROM unnest(\$1::text[]) AS id
                          WHERE id IN ('7', 'p')";
    prize_write_back off;
    keepalive_requests 100000;
    log_format away "\$uri \$upstream_bytes_received";

    server {
        listen 127.0.0.1:$port backlog=4096;
        listen 127.0.0.1:$h2 http2;

        location = /redis { prize_page page.html; }
        location = /postgres {
            prize_page page.html;
            prize_redis_pass off;
            prize_postgres_pass hr;
        }

        location = /then { prize_page page.html; post_action /after; }
        location = /after { prize_page page.html; prize_id 8; }
        location = /proxied { prize_page page.html; post_action /away; }
        location = /away {
            proxy_pass http://127.0.0.1:$port/postgres?id=7;
            access_log away.log away;
        }

        location = /status { prize_status json; }
    }
CONF

my $client = Test::Prize::Client->new($port);
my $page = '<p data-id="7">N7</p>';
my %store = (redis => $redis, postgres => $postgres);


sub status {
    return $nginx->status("http://127.0.0.1:$port/status");
}


sub waiting {
    my ($n, $what) = @_;

    eventually { status()->{requests_in_flight} == $n } $what;
}


sub at_rest {
    my ($name) = @_;

    ok(eval { eventually { !grep { $_ } @{status()}{@gauges} } 'rest'; 1 },
       "$name: nothing is left in flight");
}


sub get_text {
    return Test::Prize::Client::text('GET', @_);
}


# the connections first, so that no later count holds one of them

eventually { my $status = status();
             $status->{redis_connections} == 2
             && $status->{postgres_connections} == 4 } 'all stores';


subtest 'many streams of one connection, in any order' => sub {
    my ($status, $out, $err) = run('nghttp', '-n', '-v', '--no-dep',
        map { ("http://127.0.0.1:$h2/redis?id=7&$_",
               "http://127.0.0.1:$h2/postgres?id=p&$_",
               "http://127.0.0.1:$h2/redis?id=0$_") } 1 .. 20);
    my %status;

    $status{$1}++ while $out =~ /:status: (\d+)/g;
    is_deeply(\%status, {200 => 40, 404 => 20}, 'statuses')
        or diag($status, $out, $err);
};


subtest 'the rest of a body while Redis is asked' => sub {
    my $connection = $client->connect;

    $redis->pause;
    $connection->send("GET /redis?id=7 HTTP/1.1\r\nHost: h5\r\n"
                      . "Content-Length: 10\r\n\r\nhello");
    waiting(1, 'the request');
    $connection->send('world' . get_text('/redis?id=8'));
    select undef, undef, undef, 0.1;
    $redis->resume;

    is($connection->answer->{body}, $page, 'the page');
    is($connection->answer->{body}, '<p data-id="8">N8</p>',
       'and the next request');
};


for my $name (sort keys %store) {
    subtest "clients that leave while $name is silent" => sub {
        my $target = "/$name?id=7";
        my @connections = map { $client->connect } 1 .. 10;

        $store{$name}->pause;
        $_->send(get_text($target)) for @connections;
        waiting(10, 'all of them');
        $_->leave for @connections[0 .. 8];
        waiting(1, 'the one who stays');

        my $curl = open my $output, '-|', 'curl', '-s',
            '--http2-prior-knowledge', "http://127.0.0.1:$h2$target"
            or die "curl: $!";
        waiting(2, 'one more, by HTTP/2');
        kill 'TERM', $curl;
        waiting(1, 'the one who stays');

        $store{$name}->resume;
        is($connections[9]->answer->{body}, $page, 'who stayed has the page');
        is($client->get($target)->{body}, $page, 'so has the next one');
        at_rest($name);
    };
}


# nginx runs a "post_action" for a client that has left before it ends the
# client's own lookup: that one is given up, and does not end the request

subtest 'post_action for clients that leave' => sub {
    my @workers = sort $nginx->workers;

    for my $target ('/then?id=7', '/proxied?id=7') {
        my @connections = map { $client->connect } 1 .. 5;
        my $aborts = status()->{prize_client_aborts_total};

        $_->pause for values %store;
        $_->send(get_text($target)) for @connections;
        waiting(5, 'all of them');
        $_->leave for @connections;

        if ($target =~ /then/) {
            eventually { status()->{prize_client_aborts_total} == $aborts + 5 }
                       'their end';
            waiting(5, 'what is behind them');

        } else {
            waiting(10, 'what is behind them, and the proxy in between');
        }

        $redis->resume;
        eventually { !status()->{redis_commands_in_flight} } 'all of Redis';
        $postgres->resume;

        at_rest($target);
        is($client->get($target)->{body}, $page, 'the next one has the page');
    }

    # five that were left, and the next one; Redis has no bytes to tell
    my @away;
    eventually { @away = $nginx->log('away.log') =~ m{^/away (.*)}mg;
                 @away == 6 } 'all of the log';
    is_deeply([grep { !/^0 : [1-9]\d*$/ } @away], [],
              'what is behind the proxy has come to its end');
    is_deeply([sort $nginx->workers], \@workers, 'by the same workers');
};


subtest 'a reload while both stores are asked' => sub {
    my %old = map { $_ => 1 } $nginx->workers;
    my @connections = map { $client->connect } 1 .. 20;

    $_->pause for values %store;
    $_->send(get_text('/redis?id=7')) for @connections[0 .. 9];
    $_->send(get_text('/postgres?id=7')) for @connections[10 .. 19];
    waiting(20, 'all of them');

    $nginx->reload;
    is(status()->{requests_in_flight}, 20, 'requests survive the reload');
    $_->resume for values %store;

    is_deeply([map { $_->answer->{body} } @connections], [($page) x 20],
              'all are answered');
    ok(eval { eventually { !grep { $old{$_} } $nginx->children } 'leave'; 1 },
       'the old workers leave');

    # the new ones may have tried to connect in vain, and try again
    for my $name (sort keys %store) {
        ok(eval { eventually { $client->get("/$name?id=7")->{body} eq $page }
                             'an answer'; 1 }, "the new ones answer: $name");
    }

    at_rest('a reload');
};


$nginx->stop('QUIT');
unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]|exited on signal/,
       'no alert');

done_testing();
