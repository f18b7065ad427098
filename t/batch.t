use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# Whoever misses while PostgreSQL is busy waits together: one query for all
# who ask for the same ID, and a few for all who ask for different ones.
# Every query draws a number from a sequence, so that PostgreSQL itself
# counts them.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $dbname = "batch_$$";
my $port = free_port();
my $workers = 2;

$postgres->sql("CREATE DATABASE $dbname");
$postgres->sql(<<'SQL', $dbname);
    CREATE SEQUENCE queries;
    CREATE TABLE employee (id text PRIMARY KEY, name text);
    INSERT INTO employee SELECT n, 'name ' || n
           FROM generate_series(1, 5000) AS n;
    ANALYZE employee;
SQL

# the CTE is evaluated once a query, whatever it finds
my $query = 'WITH query AS MATERIALIZED (SELECT nextval(\'queries\'))'
            . ' SELECT e.* FROM employee e, query WHERE id = ANY($1)';

my $nginx = Test::Prize::Nginx->start(workers => $workers,
    connections => 4096,
    files => { 'page.html' => '<body data-id="{{id}}">{{name}}</body>' },
    http => <<"CONF");
    upstream employees { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $postgres->conninfo($dbname) ]}"
                   connections=2 queue=4096 batch=256;
    prize_postgres narrow "@{[ $postgres->conninfo($dbname) ]}"
                   connections=1 queue=100 batch=10;

    access_log off;

    server {
        listen 127.0.0.1:$port backlog=4096;

        prize_redis_pass employees;
        prize_redis_timeout 20s;
        prize_redis_connect_timeout 10s;
        prize_postgres_timeout 30s;
        prize_postgres_query "$query";

        location = /h5 {
            prize_page page.html;
            prize_postgres_pass hr;
        }

        location = /narrow {
            prize_page page.html;
            prize_redis_pass off;
            prize_postgres_pass narrow;
        }

        location = /status { prize_status json; }
    }
CONF


sub queries {
    return $postgres->sql('SELECT CASE WHEN is_called THEN last_value'
                          . ' ELSE 0 END FROM queries', $dbname);
}


sub status {
    return $nginx->status("http://127.0.0.1:$port/status");
}


# asks for all these at once while PostgreSQL does not answer, until "ready"
# says that it may

sub ask {
    my ($location, $ids, $ready) = @_;
    my $before = queries();
    my ($resumed, %named);

    $postgres->pause;

    my $clients = Test::Prize::Clients->new(port => $port,
        connections => scalar @$ids, check => sub {
            my ($id, $body, $status) = @_;
            return if $status == 503;
            return if $body eq qq{<body data-id="$id">name $id</body>};
            return "$status: $body";
        },
        request => sub { my $id = $ids->[$_[0]];
                         return ("/$location?id=$id", $id) });

    my $result = $clients->run(requests => scalar @$ids,
        every => [0.05 => sub {
            return if $resumed || !$ready->(status());
            $resumed = 1;
            $postgres->resume;
        }]);

    $postgres->resume;
    $result->{queries} = queries() - $before;

    is_deeply([@$result{qw(lost wrong extra)}], [0, 0, 0],
              "/$location: an answer for each, and no other")
        or diag(Test::Prize::Clients->describe($result));
    return $result;
}


# 500 clients, one ID

my $one = ask('h5', [ (77) x 500 ], sub {
    return $_[0]{requests_in_flight} == 500
           && !$_[0]{redis_commands_in_flight};
});

is_deeply($one->{status}, {200 => 500}, 'one ID: a page for each');
cmp_ok($one->{queries}, '>=', 1, 'asked of PostgreSQL once');
cmp_ok($one->{queries}, '<=', $workers, 'by each worker');

eventually { $redis->command('EXISTS', 'employee:77') } 'the write-back';
is_deeply({ @{ $redis->command('HGETALL', 'employee:77') } },
          { id => 77, name => 'name 77' }, 'and written back');

my $writes = join '', grep { /^cmdstat_eval/ }
             split /^/m, $redis->command('INFO', 'commandstats');
my $calls = 0;

$calls += $1 while $writes =~ /calls=(\d+)/g;
cmp_ok($calls, '<=', $workers, 'once by each worker, too');


# 1000 clients, as many IDs

my $many = ask('h5', [ 1001 .. 2000 ], sub {
    return $_[0]{requests_in_flight} == 1000
           && !$_[0]{redis_commands_in_flight};
});

is_deeply($many->{status}, {200 => 1000}, '1000 IDs: a page for each');

# each worker: two queries that were under way, and what then waited by 256
cmp_ok($many->{queries}, '<=', 2 * $workers + 1000 / 256 + $workers,
       "$many->{queries} queries for 1000 IDs");
is(status()->{postgres_connections}, 3 * $workers,
   'over the connections that were asked for');


# IDs that wait several times over: each is in one batch once

my $twice = ask('h5', [ map { 2001 + $_ % 300 } 1 .. 900 ], sub {
    return $_[0]{requests_in_flight} == 900
           && !$_[0]{redis_commands_in_flight};
});

is_deeply($twice->{status}, {200 => 900}, '300 IDs, thrice: a page for each');
cmp_ok($twice->{queries}, '<=', 2 * $workers + 2 * $workers,
       "$twice->{queries} queries");


# a full queue turns away, and only what does not fit; the queue is the same
# for several looks once nobody is on the way any more

my ($last, $quiet) = (-1, 0);

sub queue_is_quiet {
    my ($status) = @_;

    $quiet = $status->{postgres_queue_length} == $last ? $quiet + 1 : 0;
    $last = $status->{postgres_queue_length};
    return $quiet >= 10;
}

my $full = ask('narrow', [ 3001 .. 3600 ], sub {
    my ($status) = @_;
    return $status->{requests_in_flight}
               == $status->{postgres_queue_length}
                  + $status->{postgres_lookups_in_flight}
           && $status->{postgres_queue_length} > 0
           && queue_is_quiet($status);
});

is_deeply([sort keys %{ $full->{status} }], [200, 503],
          'a full queue: some are turned away');
cmp_ok($full->{status}{200}, '>=', 100, 'as many as fit are served')
    or diag(explain($full->{status}));
cmp_ok($full->{status}{200}, '<=', $workers * 110 + $workers,
       'and no more than wait and are under way');

my $end = status();

is_deeply([@$end{qw(requests_in_flight postgres_queue_length
                    postgres_lookups_in_flight)}], [0, 0, 0],
          'nothing is left in flight');
is(join('', grep { !/\[(?:info|notice)\]/ } split /^/m, $nginx->error_log),
   '', 'and nothing to complain of');

$postgres->sql("DROP DATABASE $dbname WITH (FORCE)");

done_testing();
