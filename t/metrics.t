use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use Test::More;
use Test::Prize;

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

is($before->{type}, 'text/plain; version=0.0.4', 'the type that Prometheus '
   . 'asks for');
is($before->{"prize_http_requests_total{code=\"$_\"}"}, 0, "$_ starts at 0")
    for qw(200 400 403 404 405 410 499 500 503 other);
is($before->{prize_worker_starts_total}, 2, 'two workers have started');
is($before->{'prize_pages_total{page="page.html"}'}, 0, 'the page is there');
is($before->{"prize_redis_errors_total{peer=\"127.0.0.1:$redis->{port}\","
             . 'reason="lost"}'}, 0, 'and the server');

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


for my $round (1 .. 3) {
    ask('warm') for 1 .. 20;
    ask('nobody') for 1 .. 5;
    $nginx->reload;
}

eventually { metrics()->{prize_worker_starts_total} >= 8 } 'new workers';
is_deeply(counted(metrics()), codes(), 'after three reloads');

kill 'KILL', ($nginx->workers)[0];
eventually { metrics()->{prize_worker_starts_total} >= 9 } 'its successor';

ask('warm') for 1 .. 20;

is_deeply(counted(metrics()), codes(), 'after the death of a worker');

my $json = $nginx->status("http://127.0.0.1:$port/status");

is($json->{'prize_http_requests_total{code="404"}'}, codes()->{404},
   'JSON has the same numbers');
is($json->{workers}, 2, 'of two workers');

$redis->command('DEL', map { "$prefix:$_" } qw(warm stale foreign));
$postgres->sql("DROP TABLE $prefix");

done_testing();
