use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Roster;

# More lookups than PostgreSQL can take: a queue that is full, one that is
# too slow, one ID that everybody wants, and IDs that nobody has.

my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 400);
my @ids = @{ $roster->ids };
my @stored = @ids[0 .. 99];

$roster->load($redis, ids => \@stored);

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


sub site {
    return Test::Prize::Fault->new(roster => $roster,
                                   location => 'prize_write_back off;', @_);
}


# the number of queries since the last time

sub queries {
    return $roster->sql(q{SELECT last_value FROM queries;
                          ALTER SEQUENCE queries RESTART});
}


subtest 'row 33: the queue is full' => sub {
    my $site = site(pool => 'connections=1 queue=4 batch=1');
    my $lock = $roster->lock;
    my $first = $site->begin($ids[0]);
    my @at_once;

    $site->connected(postgres_lookups_in_flight => 1);
    $site->ask('four wait', requests => 60, connections => 60,
        ids => [@ids[1 .. 60]], status => {200 => 4, 503 => 56},
        keep => sub { push @at_once, $_[1]{status} if $lock },
        after => { 56 => sub {
            is_deeply([@{ $site->status }{qw(postgres_queue_length
                                             postgres_lookups_in_flight)}],
                      [4, 1], 'the gauges say so');
            undef $lock;
        } });

    is_deeply(\@at_once, [(503) x 56],
              'the others are turned away while nothing moves');
    is($first->answer->{status}, 200, 'and the first has its page');
    $site->over;
};


subtest 'row 33: overdue in the queue' => sub {
    my $site = site(pool => 'connections=1 batch=1', timeout => '200ms');
    my $lock = $roster->lock;

    $site->ask('overdue', requests => 60, connections => 60, status => 503);
    $site->connected(postgres_queue_length => 0);
    undef $lock;
    $site->recovers;
    $site->over;
};


# No more than 1,000 are there at a time: so many more prove no more.

subtest 'row 35: 10,000 clients ask for one cold ID' => sub {
    my $clients = $ENV{PRIZE_NIGHTLY} ? 10_000 : 2_000;
    my $site = site(redis => [$redis], query =>
        'SELECT * FROM employee WHERE id = ANY($1) AND (SELECT query_alone())');

    queries();
    $site->ask('pages', requests => $clients, connections => 1000,
               close => 1, ids => [$ids[300]], status => 200);

    my $queries = queries();

    cmp_ok($queries, '<=', $clients / 10, "by $queries queries, one at a time");
    $site->over;
};


subtest 'row 36: a flood of unknown IDs' => sub {
    my $site = site(redis => [$redis], query => 'SELECT * FROM employee'
        . ' RIGHT JOIN query_slowly() ON true WHERE id = ANY($1)');
    my @asked = map { $_ % 4 ? "unknown-$_" : $stored[$_ % @stored] }
                0 .. 1999;
    my ($connections, %status) = 0;

    queries();
    $site->ask('404 and 200, and Redis hits go on', requests => 2000,
        ids => \@asked, connections => 256,
        status => {200 => 500, 404 => 1500}, from => {redis => 500},
        keep => sub { my (undef, $answer) = @_;
                      my $who = $answer->{id} =~ /^unknown/ ? 'unknown'
                                                            : 'stored';
                      $status{"$who $answer->{status}"}++ },
        every => [0.02 => sub {
            my $n = $site->status->{postgres_connections};
            $connections = $n if $n > $connections;
        }]);

    my $queries = queries();

    is_deeply(\%status, {'stored 200' => 500, 'unknown 404' => 1500},
              'each what it should be');
    is($connections, 2, 'two connections');
    cmp_ok($queries, '<=', 750, "$queries queries");
    $site->over;
};


done_testing();
