use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny ();
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# The balancers of nginx choose the server, whatever the block says; the
# access log tells what happened.  Each Redis holds another "home" in each
# record, so that a page says who answered.

my @redis = map { Test::Prize::Redis->start } 0 .. 2;
my $postgres = shared_postgres();
my $table = "balancer_$$";
my $port = free_port();
my $proxy_port = free_port();
my $dead_port = free_port();
my $ids = 300;

my @address = map { "127.0.0.1:$_->{port}" } @redis;
my $postgres_address = "127.0.0.1:" . $postgres->way->{port};

sub fill {
    my ($n) = @_;

    $redis[$n]->commands(map { ['HSET', "employee:$_", 'id', $_,
                                'home', $address[$n]] } 1 .. $ids);
}

fill($_) for 0 .. $#redis;

$postgres->sql(<<"SQL");
    CREATE TABLE $table (id text PRIMARY KEY, home text);
    INSERT INTO $table SELECT n, 'postgres' FROM generate_series(1, $ids + 99)
           AS n;
SQL

END { shared_postgres()->sql("DROP TABLE $table") if $table }


# what stands in each upstream block

my $three = join '', map { "server $_ max_fails=0; " } @address;
my $dead = "server 127.0.0.1:$dead_port max_fails=0;";

my %block = (
    round_robin => $three,
    weighted => "server $address[0] weight=4; server $address[1];",
    consistent => "hash \$arg_id consistent; $three",
    hashed => "hash \$arg_id; $three",
    hashed_zone => "zone hashed 64k; hash \$arg_id; $three",
    zone => "zone plain 64k; $three",
    ip_hash => "ip_hash; $three",
    least_conn => "least_conn; $three",
    least_conn_zone => "zone least 64k; least_conn; $three",
    random => "random; $three",
    random_two => "zone random 64k; random two least_conn; $three",
    keepalive => "$three keepalive 8;",
    unix => "server unix:$redis[1]{socket};",
    down => "server $address[0] down; server $address[1];",
    backup => "server $address[0] max_fails=0; "
              . "server $address[1] max_fails=0 backup;",
    one_dead => "$dead server $address[1] max_fails=0;",
    all_dead => "$dead server unix:$redis[0]{dir}/nobody max_fails=0;",
    stock => "$dead server $address[1];",
    limited => "server $address[0] max_conns=2; server $address[1];",
    limited_alone => "server $address[0] max_conns=2;",
    limited_zone => "zone limited 64k; server $address[0] max_conns=2; "
                    . "server $address[1];",
);

my $blocks = join "\n", map { "upstream $_ { $block{$_} }" } sort keys %block;
my $locations = join "\n", map { <<"CONF" } sort keys %block;
        location = /$_ { prize_page page.html; prize_redis_pass $_; }
        location = /${_}_postgres {
            prize_page page.html;
            prize_redis_pass $_;
            prize_postgres_pass hr;
            prize_write_back off;
        }
CONF

# nginx's own proxy asks the same blocks, so that it can be asked who it
# would have chosen; Redis ends its connection at once

my @hashed = qw(consistent hashed hashed_zone ip_hash);
my $proxies = join "\n", map { <<"CONF" } @hashed;
        location = /$_ { proxy_pass http://$_; proxy_next_upstream off; }
CONF

my $nginx = Test::Prize::Nginx->start(workers => 1, connections => 2048,
    files => { 'page.html' => '<body data-id="{{id}}">{{home}}</body>' },
    http => <<"CONF");
    $blocks
    prize_postgres hr "@{[ $postgres->conninfo ]}" queue=4096;

    log_format said '\$request_uri|\$status|\$upstream_addr|\$upstream_status|'
                    '\$prize_source|\$prize_result|\$prize_id|'
                    '\$upstream_response_time';
    access_log $ENV{TEST_NGINX_RUN_DIR}/balancer.log said;
    add_header X-Addr \$upstream_addr always;
    add_header X-Status \$upstream_status always;
    add_header X-Source \$prize_source always;

    server {
        listen 127.0.0.1:$port backlog=4096;

        prize_redis_timeout 30s;
        prize_redis_connect_timeout 10s;
        prize_postgres_timeout 20s;
        prize_postgres_query
            "SELECT id, home FROM $table WHERE id = ANY(\$1)";

        $locations

        location = /direct {
            prize_page page.html;
            prize_redis_pass $address[2];
        }

        location = /direct_unix {
            prize_page page.html;
            prize_redis_pass unix:$redis[2]{socket};
        }

        location = /other {
            prize_page page.html;
            prize_redis_pass round_robin;
            prize_postgres_pass hr;
            prize_write_back off;
            error_page 400 404 /sorry;
        }

        location = /sorry { internal; return 200 sorry; }

        location = /dead {
            prize_page page.html;
            prize_redis_pass all_dead;
            error_page 503 = \@postgres;
        }

        location \@postgres {
            prize_page page.html;
            prize_redis_pass off;
            prize_postgres_pass hr;
        }

        location = /late {
            prize_page page.html;
            prize_redis_pass unix;
            prize_redis_timeout 50ms;
            prize_postgres_pass hr;
            prize_write_back off;
        }

        location = /status { prize_status json; access_log off; }
    }

    server {
        listen 127.0.0.1:$proxy_port;
        access_log off;
        error_log /dev/null crit;
        $proxies
    }
CONF


sub get {
    my ($path) = @_;

    return $nginx->get("http://127.0.0.1:$port$path");
}


# the lines of the log that the requests since the last call have left

my $seen = 0;

sub said {
    my ($count) = @_;
    my @lines = eventually {
        my @all = split /\n/, slurp(run_dir() . '/balancer.log');
        return @all >= $seen + $count ? [@all[$seen .. $#all]] : undef;
    } 'the access log';

    $seen += @{ $lines[0] };
    return map { [split /\|/, $_, -1] } @{ $lines[0] };
}


# asks for the IDs, one after the other or many at once: who answered each,
# and how often each did

sub homes {
    my ($location, $from, $to, $connections, %option) = @_;
    my (%home, %times);

    my $clients = Test::Prize::Clients->new(port => $port,
        connections => $connections // 1,
        request => sub { my $id = $from + $_[0];
                         return ("/$location?id=$id", $id) });

    my $result = $clients->run(requests => $to - $from + 1, %option,
        keep => sub {
            my (undef, $answer) = @_;
            my ($home) = $answer->{body} =~ /^<body data-id="\d+">(.*)<\/body>/;
            my ($addr) = $answer->{head} =~ /^X-Addr: (.*)\r$/m;
            $home{$answer->{id}} = $home;
            $times{$home // 'nobody'}++;
            $times{"$addr, but $home"}++
                if defined $home && $home ne 'postgres'
                   && $addr !~ /(?:^|, )\Q$home\E\z|unix:/;
        });

    is_deeply([@$result{qw(lost wrong extra)}, $result->{status}],
              [0, 0, 0, {200 => $to - $from + 1}],
              "$location: a page for each, from where the log says")
        or diag(Test::Prize::Clients->describe($result));

    said($to - $from + 1);
    return (\%home, \%times);
}


# who nginx's own proxy would have asked

sub proxied {
    my ($location, $to) = @_;

    return { map {
        my $answer = $nginx->get(
            "http://127.0.0.1:$proxy_port/$location?id=$_");
        $_ => $answer->{headers}{'x-addr'};
    } 1 .. $to };
}


# turns, weights, sockets

for my $location (qw(round_robin zone keepalive)) {
    my (undef, $times) = homes($location, 1, 30);

    is_deeply($times, {map { $_ => 10 } @address}, "$location: in turn");
}

my (undef, $weighted) = homes('weighted', 1, 50);

is_deeply($weighted, {$address[0] => 40, $address[1] => 10},
          'weighted: four of five');

my (undef, $down) = homes('down', 1, 10);

is_deeply($down, {$address[1] => 10}, 'down: not asked');

my (undef, $unix) = homes('unix', 1, 10);

is_deeply($unix, {$address[1] => 10}, 'unix: the server behind the socket');
is(get('/unix?id=1')->{headers}{'x-addr'}, "unix:$redis[1]{socket}",
   'unix: and the log names it');
said(1);

for my $location (qw(direct direct_unix)) {
    my (undef, $times) = homes($location, 1, 10);

    is_deeply($times, {$address[2] => 10}, "$location: without a block");
}

my (undef, $ip_hash) = homes('ip_hash', 1, 20);

is_deeply([values %$ip_hash], [20], 'ip_hash: one client, one server');

my (%mapped, %by_proxy);

for my $client (map { "127.0.$_.1" } 1 .. 12) {
    my $http = HTTP::Tiny->new(local_address => $client, timeout => 60);

    ($mapped{$client}, $by_proxy{$client}) = map {
        $http->get("http://127.0.0.1:$_/ip_hash?id=1")->{headers}{'x-addr'}
    } $port, $proxy_port;
}

said(12);
is_deeply(\%mapped, \%by_proxy, 'ip_hash: as nginx would have it');
is(scalar keys %{{ reverse %mapped }}, 3, 'ip_hash: on all three');


# keys land where nginx's own proxy would have looked for them

for my $location (qw(consistent hashed hashed_zone)) {
    my ($one_by_one, $times) = homes($location, 1, 100);
    my ($at_once) = homes($location, 1, 100, 50);

    is_deeply($one_by_one, proxied($location, 100),
              "$location: where nginx would look for them");
    is_deeply($at_once, $one_by_one, "$location: and each time again");
    is(scalar keys %$times, 3, "$location: on all three");
}

for my $location (qw(random random_two)) {
    my (undef, $times) = homes($location, 1, 300, 20);

    is_deeply([sort keys %$times], [sort @address],
              "$location: each has its part");
}


# A server that does not answer: least_conn turns away from it, since what
# is in flight there counts.

for my $location (qw(least_conn least_conn_zone)) {
    my (undef, $times) = homes($location, 1, 30);

    is_deeply($times, {map { $_ => 10 } @address},
              "$location: all are alike while nobody waits");

    $redis[0]->pause;

    my (undef, $paused) = homes($location, 1, 60, 4,
                                after => {50 => sub { $redis[0]->resume }});

    cmp_ok($paused->{$address[0]} // 0, '<=', 15,
           "$location: one that does not answer is spared");
    cmp_ok($paused->{$_} // 0, '>=', 1, "$location: $_ works for it")
        for @address[1, 2];
}


# max_conns counts the lookups in flight

for my $location (qw(limited limited_zone)) {
    $redis[0]->pause;

    my (undef, $times) = homes($location, 1, 40, 10,
                               after => {38 => sub { $redis[0]->resume }});

    is_deeply($times, {$address[0] => 2, $address[1] => 38},
              "$location: two wait for the one, the others go elsewhere");
}

$redis[0]->pause;

my (undef, $alone) = homes('limited_alone_postgres', 1, 10, 10,
                           after => {8 => sub { $redis[0]->resume }});

is_deeply($alone, {$address[0] => 2, postgres => 8},
          'limited_alone: those who find no server go to PostgreSQL');


# what the access log says

sub logged {
    my ($path, @want) = @_;
    my $name = pop @want;

    get($path);

    my ($line) = said(1);
    my ($uri, @got) = @$line;
    my $times = pop @got;

    is_deeply(\@got, \@want, "the log: $name")
        or diag("got: @$line");

    my $tries = () = $want[1] =~ /[:,]\s/g;
    my $pattern = $want[1] eq '-' ? qr/^-\z/
                  : qr/^[\d.]+(?:(?:,| :) [\d.]+){$tries}\z/;

    like($times, $pattern, 'and how long each of them took');
}

my $beyond = $ids + 1;
my $nobody = $ids + 1000;

logged('/unix?id=5', 200, "unix:$redis[1]{socket}", 200, 'redis', 'found', 5,
       'found in Redis');
logged("/unix_postgres?id=$beyond", 200,
       "unix:$redis[1]{socket}, $postgres_address", '404, 200', 'postgres',
       'found', $beyond, 'missed, and found in PostgreSQL');
logged("/unix_postgres?id=$nobody", 404,
       "unix:$redis[1]{socket}, $postgres_address", '404, 404', '', 'unknown',
       $nobody, 'nobody knows the ID');
logged("/unix?id=$nobody", 404, "unix:$redis[1]{socket}", 404, '', 'unknown',
       $nobody, 'without PostgreSQL');
logged('/unix?id=a%2Fb', 400, '-', '-', '', 'refused', '', 'a bad ID');

$redis[1]->pause;
logged('/late?id=6', 200, "unix:$redis[1]{socket}, $postgres_address",
       '504, 200', 'postgres', 'found', 6, 'late, and found in PostgreSQL');
$redis[1]->resume;


# After error_page the log still says it.  Round robin: whose turn it is is
# not asked here.

sub sorry {
    my ($path) = @_;
    my $answer = get($path);
    my ($line) = said(1);

    is($answer->{content}, 'sorry', "$path: a friendly page");
    $line->[2] =~ s/^127\.0\.0\.1:\d+, /Redis, /;
    return [@$line[1 .. 6]];
}

is_deeply(sorry("/other?id=$nobody"),
          [404, "Redis, $postgres_address", '404, 404', '', 'unknown',
           $nobody], 'the log: unknown, after error_page');
is_deeply(sorry('/other?id=b%2Fa'), [400, '-', '-', '', 'refused', ''],
          'the log: refused, after error_page');


# A server that is not there: the next one is asked.  After some failures it
# is left alone, and leaves no trace in the log.

my $first = join ', ', "127.0.0.1:$dead_port", $address[1];
my (%addr, %status);

for my $id (1 .. 40) {
    my $answer = get("/one_dead?id=$id");

    is($answer->{content}, qq{<body data-id="$id">$address[1]</body>},
       "one is dead: page $id") if $id <= 10 || $id > 38;
    $addr{$answer->{headers}{'x-addr'}}++;
    $status{$answer->{headers}{'x-status'}}++;
}

said(40);
is_deeply([sort keys %addr], [sort $first, $address[1]],
          'the log: one is dead, the other answers')
    or diag(explain(\%addr));
is_deeply(\%status, {'502, 200' => $addr{$first},
                     '200' => $addr{$address[1]}},
          'and one entry for each that was asked');
cmp_ok($addr{$first}, '<=', 20, 'the one that is dead is soon left alone');

my $gone = get('/all_dead_postgres?id=9');

is($gone->{content}, '<body data-id="9">postgres</body>',
   'all are dead: PostgreSQL answers');
is($gone->{headers}{'x-source'}, 'postgres', 'and the log says so');
like($gone->{headers}{'x-addr'}, qr/(?:^|, )\Q$postgres_address\E\z/,
     'with its address');
said(1);

my $failed = get('/all_dead?id=9');
my ($failed_line) = said(1);

is($failed->{status}, 503, 'all are dead, and no PostgreSQL: 503');
is_deeply([@$failed_line[1, 4 .. 6]], [503, '', 'error', 9],
          'the log: an error');

my $named = get('/dead?id=9');
my ($named_line) = said(1);

is($named->{content}, '<body data-id="9">postgres</body>',
   'error_page goes to another location that finds it');
is_deeply([@$named_line[1, 4 .. 6]], [200, 'postgres', 'found', 9],
          'the log: what that location found');
like($named_line->[2], qr/(?:^| )\Q$postgres_address\E\z/,
     'and who told it');


# with nginx's own max_fails=1 and fail_timeout, too

my (undef, $stock) = homes('stock', 1, 40, 8);

is_deeply($stock, {$address[1] => 40}, 'stock: one is dead, one answers');


# a backup is asked once the first one has gone

my (undef, $backup) = homes('backup', 1, 10);

is_deeply($backup, {$address[0] => 10}, 'backup: not asked while all is well');

$redis[0]->stop;

my (undef, $taken_over) = homes('backup', 1, 40, 8);

is_deeply($taken_over, {$address[1] => 40}, 'backup: it takes over');

my (undef, $others) = homes('consistent', 1, 100, 8);

is($others->{$address[0]}, undef, 'consistent: the others answer for it');

$redis[0]->start;
fill(0);

my $returned = eventually {
    get('/backup?id=1')->{headers}{'x-addr'} eq $address[0];
} 'the first one is asked again';

ok($returned, 'backup: until the first one is back');
$seen = () = slurp(run_dir() . '/balancer.log') =~ /\n/g;

my ($as_before) = homes('consistent', 1, 100);

is_deeply($as_before, proxied('consistent', 100),
          'consistent: each key is where it was');


# Many blocks name the same servers, and all share their connections; that
# of a worker to a socket is another endpoint.  It was closed if the server,
# which was late above, was late for long.

get('/unix?id=5');
is_deeply([map { scalar $_->clients } @redis], [1, 2, 2],
          'one connection to each endpoint, whatever the block');
is($nginx->status("http://127.0.0.1:$port/status")->{requests_in_flight}, 0,
   'nothing is left in flight');

my @complaints = grep { !/\[(?:info|notice)\]/ } split /^/m,
                 $nginx->error_log;

is(scalar(grep { !/redis "(?:unix|127)|\[crit\].*connect\(\) to unix:/ }
               @complaints), 0, 'all complaints are of Redis')
    or diag(@complaints);

done_testing();
