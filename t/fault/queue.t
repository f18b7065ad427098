use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Fault;
use Test::Prize::Roster;

# More lookups than PostgreSQL can take: a queue that is full, one that is
# too slow, one ID that everybody wants, and IDs that nobody has.

my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 400);
my @ids = @{ $roster->ids };
my @stored = @ids[0 .. 99];

$roster->load($redis, query => 'SELECT * FROM employee WHERE id IN ('
                               . join(',', map { "'$_'" } @stored) . ')');

# how many queries there were; two at a time are one too many
$roster->sql(<<'SQL');
    CREATE SEQUENCE queries;
    CREATE FUNCTION query_alone() RETURNS boolean AS $$ BEGIN
        PERFORM nextval('queries');
        IF NOT pg_try_advisory_xact_lock(35) THEN
            RAISE EXCEPTION 'two queries at a time';
        END IF;
        PERFORM pg_sleep(0.05);
        RETURN true;
    END $$ LANGUAGE plpgsql;
    CREATE FUNCTION query_slowly() RETURNS boolean AS $$ BEGIN
        PERFORM nextval('queries'), pg_sleep(0.02);
        RETURN true;
    END $$ LANGUAGE plpgsql;
SQL


# a slow machine makes no Redis hit a miss
my $patient = 'prize_redis_connect_timeout 5s; prize_redis_timeout 5s;'
              . 'prize_write_back off;';


sub site {
    return Test::Prize::Fault->new(roster => $roster, @_);
}


# the number of queries since the last time

sub queries {
    return $roster->sql(q{SELECT last_value FROM queries;
                          ALTER SEQUENCE queries RESTART});
}


subtest 'row 33: the queue is full' => sub {
    my $site = site(pool => 'connections=1 queue=4 batch=1');
    my $lock = $roster->lock;
    my $first = Test::Prize::Client->new($site->port)->connect;

    $first->send("GET /h5?id=$ids[0] HTTP/1.1\r\nHost: h5\r\n\r\n");
    eventually { $site->status->{postgres_lookups_in_flight} == 1 }
               'a query';

    my @at_once;

    $site->ask('row 33: four wait', requests => 60, connections => 60,
        ids => [@ids[1 .. 60]], status => {200 => 4, 503 => 56},
        keep => sub { my (undef, $answer) = @_;
                      push @at_once, $answer->{status} if $lock },
        after => { 56 => sub {
            is_deeply([@{ $site->status }{qw(postgres_queue_length
                                             postgres_lookups_in_flight)}],
                      [4, 1], 'row 33: the gauges say so');
            close $lock;
            undef $lock;
        } });

    is_deeply([@at_once], [(503) x 56],
              'row 33: the others are turned away while nothing moves');
    is($first->answer->{status}, 200, 'row 33: and the first has its page');
    $site->over('row 33');
};


subtest 'row 33: overdue in the queue' => sub {
    my $site = site(pool => 'connections=1 batch=1', timeout => '200ms');
    my $lock = $roster->lock;

    $site->ask('row 33: overdue', requests => 60, connections => 60,
               status => {503 => 60});
    eventually { $site->status->{postgres_queue_length} == 0 }
               'an empty queue';
    close $lock;
    $site->recovers('row 33: overdue');
    $site->over('row 33: overdue');
};


# No more than 1,000 are there at a time: so many more prove no more.

subtest 'row 35: 10,000 clients ask for one cold ID' => sub {
    my $clients = $ENV{PRIZE_NIGHTLY} ? 10_000 : 2_000;
    my $site = site(redis => [$redis], location => $patient,
        query => 'SELECT * FROM employee WHERE id = ANY($1)'
                 . ' AND (SELECT query_alone())');

    queries();
    $site->ask('row 35: pages', requests => $clients, connections => 1000,
               close => 1, ids => [$ids[300]], status => 200);

    my $queries = queries();

    cmp_ok($queries, '<=', $clients / 10, "by $queries queries, one at a time");
    $site->over('row 35');
};


subtest 'row 36: a flood of unknown IDs' => sub {
    my $site = site(redis => [$redis], location => $patient,
        query => 'SELECT * FROM employee RIGHT JOIN query_slowly() ON true'
                 . ' WHERE id = ANY($1)');
    my @asked = map { $_ % 4 ? "unknown-$_" : $stored[$_ % @stored] }
                0 .. 1999;
    my ($connections, %status) = 0;

    queries();
    my $result = $site->ask('row 36: 404 and 200', requests => 2000,
        ids => \@asked, connections => 256,
        status => {200 => 500, 404 => 1500},
        keep => sub { my (undef, $answer) = @_;
                      my $who = $answer->{id} =~ /^unknown/ ? 'unknown'
                                                            : 'stored';
                      $status{"$who $answer->{status}"}++ },
        every => [0.02 => sub {
            my $n = $site->status->{postgres_connections};
            $connections = $n if $n > $connections;
        }]);

    is_deeply(\%status, {'stored 200' => 500, 'unknown 404' => 1500},
              'row 36: each what it should be');
    is($result->{source}{redis}, 500, 'row 36: Redis hits go on');

    my $queries = queries();

    is($connections, 2, 'row 36: two connections');
    cmp_ok($queries, '<=', 750, "row 36: $queries queries");
    $site->over('row 36');
};


done_testing();
