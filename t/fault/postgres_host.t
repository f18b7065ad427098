use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Network;
use Test::Prize::Roster;

# The way to PostgreSQL: a second host, a pooler between, and a network that
# drops packets.

my $first = Test::Prize::Postgres->start;
my $second = Test::Prize::Postgres->start;
my $roster = Test::Prize::Roster->create($first, rows => 200);
my $name = $roster->{name};

# the roster of the second ends with its server
my $copy = Test::Prize::Roster->create($second, rows => 200, name => $name);


# with a conninfo of its own: an address and a port of each host

sub site {
    my ($addresses, $ports, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster, conninfo =>
        "hostaddr=$addresses port=$ports user=postgres dbname=$name", %option);
}


sub both_hosts {
    return site('127.0.0.1,127.0.0.1', "$first->{port},$second->{port}", @_);
}


# asks, and nothing of the second host

sub use_first {
    my ($site) = @_;

    $site->ask('pages', requests => 100, status => 200);
    is(nginx_connections($second), 0, 'of the first host');
}


sub nginx_connections {
    my ($server) = @_;

    return $server->sql(q{SELECT count(*) FROM pg_stat_activity
                          WHERE application_name = 'nginx'});
}


subtest 'row 27: the first host killed' => sub {
    my $site = both_hosts(workers => 2);

    use_first($site);
    $site->ask('pages go on', requests => 800, rate => 400, status => 200,
               after => { 200 => sub { $first->kill } });
    $site->connected(postgres_connections => 4);
    is(nginx_connections($second), 4, 'of the second host');

    $first->start;
    $site->over;
};


# its kernel takes connections, and it never says a word

subtest 'row 27: the first host frozen' => sub {
    my $before = both_hosts(timeout => '2s');

    use_first($before);
    $first->pause;

    # one when it was connected, and one when it connects

    for my $site ($before, both_hosts(timeout => '2s')) {
        $site->recovers;
        $site->ask('pages go on', requests => 200, status => 200);
        $site->over;
    }

    $first->resume;
};


subtest 'row 27: the first host out of reach' => sub {
    my $network = Test::Prize::Network->new
        or plan skip_all => Test::Prize::Network->why_not;
    my $port = $network->relay($first);
    my $site = site("$network->{address},127.0.0.1", "$port,$second->{port}",
                    timeout => '2s');

    use_first($site);
    $network->cut;
    $site->recovers;
    cmp_ok(nginx_connections($second), '>=', 1, 'of the second host');
    $site->over;
};


subtest 'row 27: serialization failures' => sub {
    $roster->sql(<<'SQL');
        CREATE SEQUENCE tries;
        CREATE FUNCTION fails_once() RETURNS boolean AS $$ BEGIN
            IF nextval('tries') % 2 = 1 THEN
                RAISE EXCEPTION 'once' USING ERRCODE = '40001';
            END IF;
            RETURN true;
        END $$ LANGUAGE plpgsql;
        CREATE FUNCTION fails() RETURNS boolean AS $$ BEGIN
            PERFORM nextval('tries');
            RAISE EXCEPTION 'always' USING ERRCODE = '40001';
        END $$ LANGUAGE plpgsql;
SQL

    for my $case ([fails_once => 200, 200], [fails => 1, 503]) {
        my ($function, $requests, $status) = @$case;
        my $site = Test::Prize::Fault->new(roster => $roster,
            pool => 'connections=1', query => 'SELECT * FROM employee'
                . " WHERE id = ANY(\$1) AND (SELECT $function())");

        $roster->sql("SELECT setval('tries', 1000)");
        $site->ask("$function: $status", requests => $requests,
                   status => $status);
        is($roster->sql('SELECT last_value FROM tries'), 1002, 'two tries')
            if $requests == 1;
        $site->over;
    }
};


subtest 'row 28: PgBouncer in transaction mode' => sub {
    my $pgbouncer = Test::Prize::PgBouncer->start($first,
                                                  default_pool_size => 2);
    my $site = site('127.0.0.1', $pgbouncer->{port}, workers => 2);

    $site->ask('pages', requests => 600, status => 200);
    cmp_ok(nginx_connections($first), '<=', 2, 'of four connections two');

    my $ended = 0;
    $site->ask('its servers ended', requests => 600, status => 200,
        after => { 200 => sub {
            $ended = $first->sql(q{SELECT count(pg_terminate_backend(pid))
                FROM pg_stat_activity WHERE application_name = 'nginx'});
        } });
    cmp_ok($ended, '>=', 1, "$ended were ended");

    $pgbouncer->kill;
    $site->ask('killed', requests => 100, status => 503);
    $pgbouncer->start;
    $site->recovers;
    $site->over;
};


subtest 'row 29: half-open TCP' => sub {
    my $network = Test::Prize::Network->new
        or plan skip_all => Test::Prize::Network->why_not;
    my $site = site($network->{address}, $network->relay($first),
                    timeout => '2s');

    $site->ask('pages', requests => 100, status => 200);

    # one that still connects would be the first to be overdue
    $site->connected(postgres_connections => 2,
        'prize_postgres_connections{state="connected"}' => 2);
    $network->cut;
    $site->ask('the budget ends them', requests => 60, connections => 60,
               status => 503);
    like($site->nginx->error_log, qr/prize: postgres "hr": no answer in time/,
         'the connection was discarded');
    is($site->status->{postgres_connections}, 0, 'and no other is up');

    $network->mend;
    $site->recovers;
    $site->over;
};


done_testing();
