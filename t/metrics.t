use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use List::Util qw(sum);
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# prize_status prometheus: what it counts is what happened, over reloads and
# the death of a worker.

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $prefix = "metrics$$";

$postgres->sql(<<"SQL");
    CREATE TABLE $prefix (id text, name text);
    INSERT INTO $prefix VALUES ('cold', 'Cold'), ('stale', 'Stale'),
        ('twice', 'One'), ('twice', 'Two');
SQL
$redis->command('HSET', "$prefix:warm", id => 'warm', name => 'Warm');
$redis->command('HSET', "$prefix:stale", id => 'stale');
$redis->command('HSET', "$prefix:foreign", id => 'other', name => 'Other');

my $nginx = Test::Prize::Nginx->start(workers => 2,
    files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' },
    http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_key $prefix:\$prize_id;
    prize_redis_timeout 10s;
    prize_postgres_pass hr;
    prize_postgres_timeout 10s;
    prize_postgres_query "SELECT id, name FROM $prefix WHERE id = ANY(\$1)";
    prize_write_back off;
    keepalive_requests 1000000;

    log_format code '\$status';

    server {
        listen 127.0.0.1:$port;
        location = /h5 { prize_page page.html; access_log pages.log code; }
        location = /metrics { prize_status; access_log off; }
        location = /status { prize_status json; access_log off; }
    }
CONF

eventually { 2 == (() = $nginx->workers) } 'both workers';

my $http = HTTP::Tiny->new(keep_alive => 0);


sub metrics {
    my $answer = $http->get("http://127.0.0.1:$port/metrics");
    my %value;

    for my $line (grep { !/^#/ } split /\n/, $answer->{content}) {
        my ($series, $value) = $line =~ /^(\S+) (\S+)$/
            or BAIL_OUT("no series: $line");
        $value{$series} = $value;
    }

    return { %value, text => $answer->{content},
             type => $answer->{headers}{'content-type'} };
}


sub ask {
    my ($id, $method) = @_;

    return $http->request($method // 'GET',
                          "http://127.0.0.1:$port/h5?id=$id")->{status};
}


my $before = metrics();
my $peer = qq{peer="127.0.0.1:$redis->{port}"};
my @bounds = qw(0.0005 0.001 0.002 0.003 0.005 0.0075 0.01 0.015 0.025 0.05 0.1
                0.25 0.5 1 2.5 +Inf);

is($before->{type}, 'text/plain; version=0.0.4', 'the type that Prometheus '
   . 'asks for');
is($before->{"prize_http_requests_total{code=\"$_\"}"}, 0, "$_ starts at 0")
    for qw(200 400 403 404 405 410 499 500 503 other);
is($before->{prize_worker_starts_total}, 2, 'two workers have started');
is($before->{'prize_pages_total{page="page.html"}'}, 0, 'the page is there');
is($before->{"prize_redis_errors_total{peer=\"127.0.0.1:$redis->{port}\","
             . 'reason="lost"}'}, 0, 'and the server');

# every series is there before anything has happened

my %labels = (
    prize_build_info => [qr/version="[\d.]+"/],
    prize_start_time_seconds => [''],
    prize_lookups_total => [(map { qq{source="redis",result="$_"} }
        qw(found not_found stale foreign timeout lost error)),
        map { qq{source="postgres",result="$_"} }
        qw(found not_found timeout lost error)],
    prize_pages_total => ['page="page.html"'],
    prize_requests_in_flight => [''],
    prize_redis_connections => [map { qq{$peer,state="$_"} }
                                qw(connecting connected)],
    prize_redis_commands_in_flight => [$peer],
    prize_redis_errors_total => [map { qq{$peer,reason="$_"} }
        qw(connect lost timeout protocol away denied reply)],
    prize_postgres_errors_total => [map { qq{reason="$_"} }
        qw(connect lost timeout query rows)],
    prize_postgres_connections => [map { qq{state="$_"} }
                                   qw(connecting connected)],
    prize_postgres_queue_length => [''],
    prize_postgres_queue_max => [''],
    prize_breaker_open => [qq{backend="redis",$peer},
                           'backend="postgres",peer="hr"'],
    prize_breaker_transitions_total => [map { my $backend = $_;
        map { qq{backend="$backend",to="$_"} } qw(open half_open shut) }
        qw(redis postgres)],
    prize_shed_total => [map { qq{reason="$_"} } qw(queue_full down)],
    prize_writebacks_total => [map { qq{result="$_"} } qw(stored kept failed)],
    prize_request_duration_seconds_bucket => [map { my $source = $_;
        map { qq{source="$source",le="$_"} } @bounds }
        qw(redis postgres none)],
    map({ ("${_}_bucket" => [map { qq{le="$_"} } @bounds]) }
        qw(prize_redis_command_duration_seconds
           prize_postgres_query_duration_seconds
           prize_postgres_queue_wait_seconds)),
    prize_postgres_batch_size_count => [''],
    map({ $_ => [''] } qw(prize_coalesced_requests_total
        prize_client_aborts_total prize_stale_records_total
        prize_owner_mismatches_total prize_log_suppressed_total
        prize_worker_starts_total)),
);

for my $name (sort keys %labels) {
    for my $label (@{ $labels{$name} }) {
        my $series = ref $label ? qr/^\Q$name\E\{$label\} \d/m
                   : $label eq '' ? qr/^\Q$name\E \d/m
                   : qr/^\Q$name\E\{\Q$label\E\} \d/m;

        like($before->{text}, $series, "$name" . ($label && "{$label}"));
    }
}

# a connection to Redis begins with a PING, which is a command

is_deeply([grep { /_(?:total|count|sum|bucket)\b/ && !/^prize_redis_command/
                  && $before->{$_} != 0 } sort keys %$before],
          ['prize_worker_starts_total'],
          'all counters but that of the workers start at 0');

my ($checked, $out, $err) = run({ stdin => $before->{text} }, 'promtool',
                                'check', 'metrics');
is($checked, 0, 'promtool check metrics') or diag($out, $err);
is($out . $err, '', 'finds nothing');


my %asked = (warm => [200, 30], cold => [200, 20], stale => [200, 10],
             foreign => [404, 5], nobody => [404, 5], twice => [503, 4],
             'no%20id' => [400, 3]);

for my $id (sort keys %asked) {
    my ($status, $times) = @{ $asked{$id} };

    is_deeply([map { ask($id) } 1 .. $times], [($status) x $times],
              "$id: $status");
}

is(ask('warm', 'POST'), 405, 'POST: 405');
is(ask('warm', 'HEAD'), 200, 'HEAD: 200');

my $after = metrics();

my %expected = (
    'prize_http_requests_total{code="200"}' => 61,
    'prize_http_requests_total{code="400"}' => 3,
    'prize_http_requests_total{code="404"}' => 10,
    'prize_http_requests_total{code="405"}' => 1,
    'prize_http_requests_total{code="503"}' => 4,
    'prize_lookups_total{source="redis",result="found"}' => 31,
    'prize_lookups_total{source="redis",result="not_found"}' => 29,
    'prize_lookups_total{source="redis",result="stale"}' => 10,
    'prize_lookups_total{source="redis",result="foreign"}' => 5,
    'prize_lookups_total{source="postgres",result="found"}' => 30,
    'prize_lookups_total{source="postgres",result="not_found"}' => 10,
    'prize_lookups_total{source="postgres",result="error"}' => 4,
    'prize_stale_records_total' => 10,
    'prize_owner_mismatches_total' => 5,
    'prize_pages_total{page="page.html"}' => 61,
    'prize_request_duration_seconds_count{source="redis"}' => 31,
    'prize_request_duration_seconds_count{source="postgres"}' => 30,
    'prize_request_duration_seconds_count{source="none"}' => 18,
    'prize_postgres_query_duration_seconds_count' => 44,
    'prize_postgres_batch_size_sum' => '44.000000',
    'prize_requests_in_flight' => 0,
    'prize_postgres_queue_length' => 0,
);

is($after->{$_}, $expected{$_}, $_) for sort keys %expected;


# the access log is the truth, whatever happens to the workers

sub codes {
    my %count;

    $count{$_}++ for split /\n/, $nginx->log('pages.log');
    return \%count;
}


sub counted {
    my ($metrics) = @_;
    my %count;

    for my $series (keys %$metrics) {
        next unless $series =~ /^prize_http_requests_total\{code="(\d+)"/;
        $count{$1} = $metrics->{$series} if $metrics->{$series};
    }

    return \%count;
}


# The difference of each code, of those that there are.

sub differences {
    my ($counted, $logged) = (counted(metrics()), codes());

    return map { abs(($counted->{$_} // 0) - ($logged->{$_} // 0)) }
           keys %{ { %$counted, %$logged } };
}


# 100,000 requests, whatever becomes of them, and what happens meanwhile

sub crowd {
    my (%after) = @_;
    my $result = Test::Prize::Clients->new(port => $port, connections => 50,
        request => sub {
            my ($n) = @_;
            my $id = $n % 10 ? 'warm' : $n % 20 ? 'nobody' : 'no%20id';

            return ("/h5?id=$id", $id);
        })->run(requests => 100_000, after => \%after);

    is($result->{answers} + $result->{lost}, 100_000, 'all were asked');
    is($result->{wrong}, 0, 'and none is wrong');
    return $result;
}


my $starts = metrics()->{prize_worker_starts_total};
my $asked = () = $nginx->log('pages.log') =~ /\n/g;

crowd(map { $_ * 15_000 => sub { $nginx->reload } } 1 .. 5);

eventually { metrics()->{prize_worker_starts_total} >= $starts + 10 }
    'the workers of five reloads';
eventually { 2 == $nginx->children } 'the end of the old ones';

cmp_ok(() = $nginx->log('pages.log') =~ /\n/g, '>=', $asked + 100_000,
       'the log has them all');
is_deeply(counted(metrics()), codes(),
          'after 100,000 requests and five reloads they are those of the log');


# A worker that dies between its two notes of a request leaves one of them.

my $killed = 2;

$starts = metrics()->{prize_worker_starts_total};

crowd(map { $_ * 30_000 => sub { kill 'KILL', ($nginx->workers)[0] } }
      1 .. $killed);

eventually { metrics()->{prize_worker_starts_total} == $starts + $killed }
    'their successors';

cmp_ok(sum(differences()), '<=', $killed,
       'after the death of two workers in 100,000 more they differ by one each '
       . 'at most');

my $json = $nginx->status("http://127.0.0.1:$port/status");

is($json->{'prize_http_requests_total{code="404"}'}, counted(metrics())->{404},
   'JSON has the same numbers');
is($json->{workers}, 2, 'of two workers');

$redis->command('DEL', map { "$prefix:$_" } qw(warm stale foreign));
$postgres->sql("DROP TABLE $prefix");

done_testing();
