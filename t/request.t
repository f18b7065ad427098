use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# From a request to an answer: which ID is one, in which order requests are
# refused, who is asked, and what clients do with their connections.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();

$postgres->sql('DROP DATABASE IF EXISTS request');
$postgres->sql('CREATE DATABASE request');

# the function counts how often it is asked, whatever it finds

my $longest = 'e' . 'x' x 62 . '9';

$postgres->sql(<<"SQL", 'request');
CREATE TABLE employee (id text, name text);
INSERT INTO employee VALUES ('7', 'Ann'), ('8', 'Ben'), ('p1', 'Pia'),
    ('$longest', 'Max');
CREATE SEQUENCE asked;
CREATE FUNCTION employees(text[]) RETURNS SETOF employee
LANGUAGE plpgsql AS \$\$
BEGIN
    PERFORM nextval('asked');
    RETURN QUERY SELECT * FROM employee WHERE id = ANY(\$1);
END
\$\$;
SQL

$redis->command(HSET => 'p1x-1', id => 'p1x', name => 'Pax');
$redis->commands(map { [HSET => "employee:$_->[0]", id => $_->[0],
                        name => $_->[1]] }
                 ['7', 'Ann'], ['8', 'Ben'], ['r1', 'Rob'], ['A', 'Abe']);

my ($port, $h2, $other) = map { free_port() } 1 .. 3;

my $nginx = Test::Prize::Nginx->start(workers => 2,
    files => {'page.html' => '<p>{{id}} {{name}}</p>',
              'vip.html' => 'vip {{name}}'},
    http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo('request') ]}";
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;
    prize_postgres_pass hr;
    prize_postgres_query "SELECT * FROM employees(\$1)";
    prize_postgres_timeout 60s;
    prize_write_back off;

    limit_req_zone \$prize_id zone=employee:1m rate=1r/m;
    add_header X-Source \$prize_source always;
    add_header X-Result \$prize_result always;
    add_header X-Id \$prize_id always;

    server { listen 127.0.0.1:$other; return 200 other; }

    server {
        listen 127.0.0.1:$port;
        listen 127.0.0.1:$h2 http2;

        location = /h5 { prize_page page.html; }
        location = /cookie { prize_page page.html; prize_id \$cookie_staff; }
        location = /header { prize_page page.html; prize_id \$http_x_staff; }
        location = /arg { prize_page page.html; prize_id \$arg_staff; }
        location = /text { prize_page page.html; prize_id p\$arg_n; }
        location = /around {
            prize_page page.html;
            prize_id p\${arg_n}x;
            prize_redis_key \${prize_id}-1;
            prize_postgres_pass off;
        }
        location ~ ^/named/(?<who>[^/]*)\$ {
            prize_page page.html;
            prize_id \$who;
        }
        location ~ ^/numbered/([^/]*)\$ {
            prize_page page.html;
            prize_id \$1;
        }
        location = /short { prize_page page.html; prize_id_max_length 1; }
        location = /key {
            prize_page page.html;
            prize_redis_key emp\$arg_key:\$prize_id;
            prize_postgres_pass off;
        }

        location = /limited { prize_page page.html; limit_req zone=employee; }
        location = /denied { prize_page page.html; deny all; }
        location = /beside { prize_page page.html; auth_request /may; }
        location = /may { if (\$http_x_may) { return 204; } return 403; }
        location = /by-page { prize_page page.html; auth_request /known; }
        location = /known { prize_page vip.html; prize_id \$http_x_by; }

        location = /if {
            prize_page page.html;
            if (\$arg_vip) { prize_page vip.html; }
            if (\$arg_set) { set \$any 1; }
            if (\$arg_local) { prize_redis_pass off; }
            if (\$arg_gone) { return 410; }
            if (\$arg_other) { proxy_pass http://127.0.0.1:$other; }
        }

        location = /except {
            prize_page page.html;
            limit_except GET { deny all; }
        }
        location = /except-page {
            limit_except POST { prize_page page.html; }
            return 200 posted;
        }

        location /outer {
            prize_page page.html;
            prize_redis_pass off;

            location /outer/own { prize_page vip.html; }
            location /outer/none { }
        }

        location = /no-redis { prize_page page.html; prize_redis_pass off; }
        location = /no-postgres {
            prize_page page.html;
            prize_postgres_pass off;
        }
        location = /status { prize_status json; }
    }
CONF

my $client = Test::Prize::Client->new($port);
my $page = '<p>7 Ann</p>';


# how often each store was asked since the last call

sub asked {
    my ($calls) = $redis->command('INFO', 'commandstats')
                  =~ /^cmdstat_hmget:calls=(\d+)/m;
    my ($queries) = $postgres->sql(
        "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM asked;"
        . "SELECT setval('asked', 1, false)", 'request') =~ /^(\d+)/;

    $redis->command('CONFIG', 'RESETSTAT');
    return sprintf 'redis %d postgres %d', $calls // 0, $queries;
}


sub seen {
    my ($answer) = @_;

    return join ' ', $answer->{status},
           map { ($answer->header($_))[0] // '-' }
           qw(X-Id X-Result X-Source);
}


sub private {
    my ($answer) = @_;

    return join ', ', map { "$_->[0]: $_->[1]" } sort { $a->[0] cmp $b->[0] }
           grep { $_->[0] =~ /^(?:Cache-Control|Referrer-Policy
                               |X-Content-Type-Options)$/xi }
           @{$answer->{headers}};
}

my $private = 'Cache-Control: private, no-store, Referrer-Policy: no-referrer,'
              . ' X-Content-Type-Options: nosniff';


sub gauge {
    my ($name) = @_;

    return $nginx->status("http://127.0.0.1:$port/status")->{$name};
}


# the connections first, so that no later count holds one of them

eventually { gauge('redis_connections') == 2
             && gauge('postgres_connections') == 4 } 'both stores';


# what is not an ID

asked();

my %bad = (
    'no argument'               => '/h5',
    'no argument of that name'  => '/h5?xid=7&i=7',
    'an empty one'              => '/h5?id=',
    'an empty one, then one'    => '/h5?id=&id=7',
    '65 bytes'                  => '/h5?id=' . 'a' x 65,
    '65 bytes, encoded'         => '/h5?id=' . '%61' x 65,
    'many bytes'                => '/h5?id=' . 'a' x 4000,
    '%00'                       => '/h5?id=%00',
    '%00 at the end'            => '/h5?id=7%00',
    '%00 in between'            => '/h5?id=7%008',
    'bad UTF-8'                 => '/h5?id=%ff%fe',
    'overlong UTF-8'            => '/h5?id=%c0%b7',
    'good UTF-8'                => '/h5?id=%e6%9d%8e',
    'raw bytes above ASCII'     => "/h5?id=\xe6\x9d\x8e",
    'encoded twice'             => '/h5?id=%2541',
    'a percent sign'            => '/h5?id=%25',
    'a space'                   => '/h5?id=7%208',
    'a space at the end'        => '/h5?id=7%20',
    'a plus'                    => '/h5?id=7+8',
    'an encoded plus'           => '/h5?id=%2b7',
    'a slash'                   => '/h5?id=7/8',
    'an encoded slash'          => '/h5?id=..%2f7',
    'a backslash'               => '/h5?id=7%5c',
    'a quote'                   => "/h5?id='7'",
    'a double quote'            => '/h5?id="7"',
    'an encoded quote'          => '/h5?id=%277',
    'a brace'                   => '/h5?id={7}',
    'a comma'                   => '/h5?id=7,8',
    'a star'                    => '/h5?id=*',
    'a colon'                   => '/h5?id=7:8',
    'a tag'                     => '/h5?id=%3cb%3e',
    'a line feed'               => '/h5?id=7%0a',
    'CRLF and a command'        => '/h5?id=7%0d%0aFLUSHALL%0d%0a',
    'a lone percent'            => '/h5?id=%',
    'a percent at the end'      => '/h5?id=7%',
    'half an escape'            => '/h5?id=7%3',
    'an escape that is none'    => '/h5?id=%zz',
    'an escape by halves'       => '/h5?id=%3g',
    'two bytes of one allowed'  => '/short?id=78',
    'no cookie'                 => '/cookie?id=7',
    'no header'                 => '/header?id=7',
    'no capture'                => '/named/?id=7',
);

for my $name (sort keys %bad) {
    my $answer = $client->get($bad{$name});

    is(seen($answer), '400 - refused -', "$name: refused");
    is(private($answer), $private, "$name: private");
}

is(seen($client->get('/cookie', Cookie => 'staff=7%208')), '400 - refused -',
   'a bad cookie');
is(asked(), 'redis 0 postgres 0', 'and no store was asked');

for my $target ('/h5?id=7', '/h5?id=nobody') {
    $client->get($target);
}

is(asked(), 'redis 2 postgres 1', 'as it is for an ID: the counters count');


# what is one

my %good = (
    'an ID'                    => ['/h5?id=7', '7'],
    'behind others'            => ['/h5?a=1&id=7&b=2', '7'],
    'the first of two'         => ['/h5?id=7&id=8', '7'],
    'encoded'                  => ['/h5?id=%37', '7'],
    'in capitals'              => ['/h5?ID=7', '7'],
    '64 bytes'                 => ["/h5?id=$longest", $longest],
    '64 bytes, encoded'        => ['/h5?id=' . join('', map { sprintf '%%%02x',
                                    ord } split //, $longest), $longest],
    'one byte of one allowed'  => ['/short?id=%37', '7'],
    'of another argument'      => ['/arg?staff=7&id=8', '7'],
    'of a named capture'       => ['/named/7?id=8', '7'],
    'of a numbered capture'    => ['/numbered/7?id=8', '7'],
    'of text and an argument'  => ['/text?n=1', 'p1'],
);

for my $name (sort keys %good) {
    my ($target, $id) = @{$good{$name}};
    my $answer = $client->get($target);

    is($answer->{status}, 200, "$name: found");
    like($answer->{body}, qr{^<p>\Q$id\E \w+</p>$}, "$name: the page");
    is(($answer->header('X-Id'))[0], $id, "$name: \$prize_id");
}

is($client->get('/cookie?id=8', Cookie => 'a=b; staff=7')->{body}, $page,
   'of a cookie');
is($client->get('/header?id=8', 'X-Staff' => '%37')->{body}, $page,
   'of a header');

is(seen($client->get('/around?n=1')), '200 p1x found redis',
   'text around the one variable of an ID, and behind that of a key');
is(seen($client->get('/around?n=2')), '404 p2x unknown -',
   'and what it is not');

is(seen($client->get('/key?id=7&key=loyee')), '200 7 found redis',
   'a key of two variables');
is(seen($client->get('/key?id=7&key=x')), '404 7 unknown -',
   'and another key');


# ID by ID: none of these bytes changes another's key

for my $id ('.', '..', '_', '@', '-', 'a.b_c@d-e', 'null', 'NULL', 'nil') {
    is(seen($client->get("/h5?id=$id")), "404 $id unknown -",
       "an unknown $id");
}


# order: 405 before 400, and both before anybody is asked

asked();

for my $method (qw(POST PUT DELETE PATCH OPTIONS)) {
    for my $target ('/h5?id=7', '/h5', '/h5?id=%00') {
        my $answer = $client->request($method, $target);

        is($answer->{status}, 405, "$method $target");
        is(private($answer), $private, 'private');
    }
}

is(asked(), 'redis 0 postgres 0', 'for which no store was asked');


# HEAD: the same headers, and no body

sub comparable {
    my ($answer) = @_;

    return [map { "$_->[0]: $_->[1]" =~ s/^(Date: ).*|^(Retry-After: ).*/$1/r }
            @{$answer->{headers}}];
}

for my $target ('/h5?id=7', '/h5?id=p1', '/h5?id=nobody', '/h5') {
    my $get = $client->get($target);
    my $connection = $client->connect;

    $connection->send(Test::Prize::Client::text('HEAD', $target,
                                                Connection => 'close'));
    my $head = $connection->answer('HEAD');

    is($head->{status}, $get->{status}, "HEAD $target");
    is_deeply(comparable($head), comparable($get), 'has the same headers');
    is(($head->header('Content-Length'))[0], length $get->{body},
       'with the length of the page');
    ok($connection->ended, 'and nothing behind them');
}


# one connection, several statuses; nginx closes it after a 400

sub mixed {
    my ($send) = @_;
    my $connection = $client->connect;
    my @requests = (
        ['GET', '/h5?id=7', 200], ['HEAD', '/h5?id=8', 200],
        ['GET', '/h5?id=nobody', 404], ['POST', '/h5?id=7', 405],
        ['GET', '/h5?id=p1', 200], ['GET', '/denied?id=7', 403],
        ['GET', '/h5?id=r1', 200], ['GET', '/h5?id=', 400]);
    my @got = $send->($connection, @requests);

    is_deeply([map { $_->{status} } @got], [map { $_->[2] } @requests],
              'statuses');
    is_deeply([map { $_->{body} } @got[0, 4, 6]],
              [$page, '<p>p1 Pia</p>', '<p>r1 Rob</p>'], 'pages');
}

subtest 'one after another in one connection' => sub {
    mixed(sub {
        my ($connection, @requests) = @_;

        return map {
            $connection->send(Test::Prize::Client::text(@$_[0, 1]));
            $connection->answer($_->[0]);
        } @requests;
    });
};

subtest 'pipelined' => sub {
    mixed(sub {
        my ($connection, @requests) = @_;

        $connection->send(join '', map { Test::Prize::Client::text(@$_[0, 1]) }
                                   @requests);
        return map { $connection->answer($_->[0]) } @requests;
    });
};


# bodies that nobody wants

for my $method (qw(GET POST)) {
    my $connection = $client->connect;
    my $status = $method eq 'GET' ? 200 : 405;

    $connection->send("$method /h5?id=7 HTTP/1.1\r\nHost: h5\r\n"
                      . "Content-Length: 5\r\n\r\nhello");
    is($connection->answer->{status}, $status, "$method with a body");

    $connection->send("$method /h5?id=7 HTTP/1.1\r\nHost: h5\r\n"
                      . "Transfer-Encoding: chunked\r\n\r\n"
                      . "5\r\nhello\r\n0\r\n\r\n");
    is($connection->answer->{status}, $status, "$method with chunks");

    $connection->send(Test::Prize::Client::text('GET', '/h5?id=8'));
    is($connection->answer->{body}, '<p>8 Ben</p>', 'and the next request');
}

{
    my $connection = $client->connect;

    $redis->pause;
    $connection->send("GET /h5?id=7 HTTP/1.1\r\nHost: h5\r\n"
                      . "Content-Length: 10\r\n\r\nhello");
    eventually { gauge('requests_in_flight') == 1 } 'the request';
    $connection->send('world' . Test::Prize::Client::text('GET', '/h5?id=8'));
    select undef, undef, undef, 0.1;
    $redis->resume;

    is($connection->answer->{body}, $page,
       'a body that comes while Redis is asked');
    is($connection->answer->{body}, '<p>8 Ben</p>', 'and the next request');
}


# in front of the page

{
    my ($first, $second) = map { $client->get('/limited?id=7') } 1 .. 2;

    is($first->{status}, 200, 'limit_req lets the first one through');
    is($second->{status}, 503, 'and not the second one');
    is(private($second), $private, 'which is private');
    is($client->get('/limited?id=%37')->{status}, 503,
       'nor the same ID in other bytes');
    is($client->get('/limited?id=8')->{status}, 200, 'another ID is another');
    is($client->get('/limited?id=%208')->{status}, 400, 'no ID is not counted')
        for 1 .. 2;
}

asked();
my $denied = $client->get('/denied?id=7');
is($denied->{status}, 403, 'deny');
is(private($denied), $private, 'is private');

is($client->get('/beside?id=7', 'X-May' => 1)->{body}, $page,
   'auth_request: yes');
my $not = $client->get('/beside?id=7');
is($not->{status}, 403, 'auth_request: no');
is(private($not), $private, 'is private');
is(asked(), 'redis 1 postgres 0', 'and no store was asked for the refused');

my $by_page = $client->get('/by-page?id=7', 'X-By' => 8);
is(seen($by_page), '200 7 found redis', 'auth_request by another\'s page');
is($by_page->{body}, $page, 'leaves the page alone');
is_deeply([$by_page->repeated], [], 'and its headers');


# if, limit_except and locations in locations

is($client->get('/if?id=7')->{body}, $page, 'no if holds');
is($client->get('/if?id=7&vip=1')->{body}, 'vip Ann', 'a page in an if');
is($client->get('/if?id=7&set=1')->{body}, $page, 'an if that only sets');
is(seen($client->get('/if?id=7&local=1')), '200 7 found postgres',
   'an if that cuts Redis off');
is($client->get('/if?id=7&gone=1')->{status}, 410, 'an if that returns');
is($client->get('/if?id=7&other=1')->{body}, 'other',
   'an if with another handler');

is($client->get('/except?id=7')->{body}, $page, 'limit_except: GET');
is($client->request('HEAD', '/except?id=7')->{status}, 200, 'HEAD');
my $except = $client->request('POST', '/except?id=7');
is($except->{status}, 403, 'POST');
is(private($except), $private, 'is private');

is($client->get('/except-page?id=7')->{body}, $page,
   'a page in limit_except');
is($client->request('POST', '/except-page?id=7')->{body}, 'posted',
   'and what is around it');

is($client->get('/outer?id=7')->{body}, $page, 'an outer location');
is(seen($client->get('/outer?id=7')), '200 7 found postgres',
   'has its backends');
is($client->get('/outer/own?id=7')->{body}, 'vip Ann', 'an inner location');
is(seen($client->get('/outer/own?id=7')), '200 7 found postgres',
   'inherits them');

asked();
is($client->get('/outer/none?id=7')->{status}, 404, 'but no page');
is(asked(), 'redis 0 postgres 0', 'and asks nobody');

is(seen($client->get('/no-redis?id=r1')), '404 r1 unknown -', 'Redis off');
is(asked(), 'redis 0 postgres 1', 'asks PostgreSQL only');
is(seen($client->get('/no-postgres?id=p1')), '404 p1 unknown -',
   'PostgreSQL off');
is(asked(), 'redis 1 postgres 0', 'asks Redis only');


# HTTP/2

sub curl {
    return (run('curl', '-sS', '--max-time', 60, '--http2-prior-knowledge',
                @_))[1];
}

my $base = "http://127.0.0.1:$h2";

is(curl('-w', ' %{http_version} %{http_code}', "$base/h5?id=7"),
   "$page 2 200", 'HTTP/2');
is(curl('-w', '%{http_code}:%{size_download}', '-I', '-o', '/dev/null',
        "$base/h5?id=7"), '200:0', 'HEAD by HTTP/2');
is(curl('-w', '%{http_code}', '-o', '/dev/null', '-X', 'POST',
        "$base/h5?id=7"), '405', 'POST by HTTP/2');

{
    # many streams of one connection, answered in any order

    my ($status, $out, $err) = run('nghttp', '-n', '-v', '--no-dep',
        map { ("$base/h5?id=7&$_", "$base/h5?id=p1&$_", "$base/h5?id=0$_") }
        1 .. 20);
    my %status;

    $status{$1}++ while $out =~ /:status: (\d+)/g;
    is_deeply(\%status, {200 => 40, 404 => 20}, '60 streams at once')
        or diag($out, $err);
}


# clients that leave

sub quiet {
    my @loud = grep { /\[(?:alert|crit|emerg)\]/ } split /\n/,
               $nginx->error_log;

    is_deeply(\@loud, [], 'nothing at alert or crit in the log');
}

for my $store ($redis, $postgres) {
    my $name = $store == $redis ? 'Redis' : 'PostgreSQL';
    my $target = $store == $redis ? '/h5?id=7' : '/no-redis?id=7';

    subtest "leaving while $name is silent" => sub {
        $store->pause;

        my @connections = map { $client->connect } 1 .. 10;
        $_->send(Test::Prize::Client::text('GET', $target)) for @connections;
        eventually { gauge('requests_in_flight') == 10 } '10 in flight';
        pass('10 requests are in flight');

        $_->leave for @connections[0 .. 8];
        eventually { gauge('requests_in_flight') == 1 } '9 left';
        pass('9 clients have left');

        $store->resume;
        is($connections[9]->answer->{body}, $page, 'who stayed has the page');

        for my $gauge (qw(requests_in_flight redis_commands_in_flight
                          postgres_queue_length postgres_lookups_in_flight))
        {
            eventually { gauge($gauge) == 0 } $gauge;
        }

        is($client->get($target)->{body}, $page, 'so has the next one');
        quiet();
    };

    subtest "leaving by HTTP/2 while $name is silent" => sub {
        $store->pause;
        my ($status) = run('curl', '-sS', '--max-time', 1,
                           '--http2-prior-knowledge', "$base$target");
        is($status, 28, 'curl gave up');
        eventually { gauge('requests_in_flight') == 0 } 'it left';
        $store->resume;

        is(curl("$base$target"), $page, 'the next one has the page');
        quiet();
    };
}


# reload

for my $store ($redis, $postgres) {
    my $name = $store == $redis ? 'Redis' : 'PostgreSQL';
    my $target = $store == $redis ? '/h5?id=7' : '/no-redis?id=7';

    subtest "reload while $name is asked" => sub {
        my %old = map { $_ => 1 } $nginx->workers;
        my @connections = map { $client->connect } 1 .. 20;

        $store->pause;
        $_->send(Test::Prize::Client::text('GET', $target)) for @connections;
        eventually { gauge('requests_in_flight') == 20 } '20 in flight';

        $nginx->reload;
        is(gauge('requests_in_flight'), 20, 'requests survive the reload');
        $store->resume;

        is_deeply([map { $_->answer->{body} } @connections], [($page) x 20],
                  'all are answered');
        eventually { !grep { $old{$_} } $nginx->children } 'the old workers';
        pass('the old workers have left');

        # they may have tried to connect in vain, and try again
        eventually { $client->get($target)->{body} eq $page }
            'an answer of the new ones';
        pass('the new ones answer');
        eventually { gauge('requests_in_flight') == 0 } 'nothing in flight';
        quiet();
    };
}

$nginx->stop;
is((scalar grep { /exited on signal/ } split /\n/, $nginx->error_log), 0,
   'no worker crashed');
$postgres->sql('DROP DATABASE request WITH (FORCE)');

done_testing();
