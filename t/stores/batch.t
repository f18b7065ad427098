use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# Clients of two workers miss while PostgreSQL does not answer: each worker
# asks for an ID once, whether it waits or is under way, and writes it back
# once.  PostgreSQL itself notes who was asked for.

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $workers = 2;

$postgres->sql(<<'SQL');
    CREATE TABLE asked (id text, query bigint DEFAULT txid_current());
    CREATE FUNCTION note(ids text[]) RETURNS SETOF text AS $$
        INSERT INTO asked SELECT unnest(ids) RETURNING id
    $$ LANGUAGE sql;
SQL

my $nginx = Test::Prize::Nginx->start(workers => $workers,
    files => { 'page.html' => '<body data-id="{{id}}">{{name}}</body>' },
    http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}" connections=2;
    access_log off;

    server {
        listen 127.0.0.1:$port;

        prize_redis_pass unix:$redis->{socket};
        $patient
        prize_postgres_pass hr;
        prize_postgres_query "SELECT id, 'name ' || id AS name
                              FROM note(\$1) AS id";

        location = /h5 { prize_page page.html; }
        location = /status { prize_status json; }
    }
CONF


sub status { return $nginx->status("http://127.0.0.1:$port/status") }


# one ID that sixty want, and forty that three want, in turns

my @ids = map { my $n = $_; map { ('cold', "e$n") } 1 .. 3 } 1 .. 40;
my $resumed;

eventually { status()->{postgres_connections} == 2 * $workers }
           'two connections of each worker';
$postgres->pause;

my $clients = Test::Prize::Clients->new(port => $port,
    connections => scalar @ids, check => sub {
        my ($id, $body, $status) = @_;
        return if $body eq qq{<body data-id="$id">name $id</body>};
        return "$status: $body";
    },
    request => sub { my $id = $ids[$_[0]]; return ("/h5?id=$id", $id) });

my $result = $clients->run(requests => scalar @ids, every => [0.02 => sub {
    my $status = status();

    return if $resumed || $status->{requests_in_flight} < @ids
              || $status->{redis_commands_in_flight};
    $resumed = 1;
    $postgres->resume;
}]);

$postgres->resume;

is_deeply([@$result{qw(lost wrong extra status)}],
          [0, 0, 0, {200 => scalar @ids}], 'everybody gets their page')
    or diag(Test::Prize::Clients->describe($result));
ok($resumed, 'all of them waited together');

# what does not fit into the queries that are under way is the next one's
my ($most, $ids, $asked, $queries) = split /\t/, $postgres->sql(<<'SQL');
    SELECT max(n), count(*), sum(n),
           (SELECT count(DISTINCT query) FROM asked)
    FROM (SELECT count(*) AS n FROM asked GROUP BY id) AS each;
SQL

is($ids, 41, 'each ID is asked for');
cmp_ok($most, '<=', $workers, 'once by each worker');
cmp_ok($queries, '<=', 3 * $workers, "by $queries queries");
is(status()->{postgres_connections}, 2 * $workers,
   'over the connections that were there');

my $status;

eventually { $status = status(); !$status->{redis_commands_in_flight} }
           'all replies';

my $calls = 0;

$calls += $_ for $redis->command('INFO', 'commandstats')
                 =~ /^cmdstat_eval(?:sha)?:calls=(\d+)/mg;
is($calls, $asked, 'each answer is written back once');
is_deeply({ @{ $redis->command('HGETALL', 'employee:cold') } },
          { id => 'cold', name => 'name cold' }, 'and stands in Redis');

is_deeply([@$status{@gauges}], [(0) x @gauges], 'nothing is left in flight');
unlike($nginx->error_log, qr/\[(?!info|notice)\w+\] \d/,
       'and nothing to complain of');

done_testing();
