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


sub site {
    my (%option) = @_;

    return Test::Prize::Fault->new(roster => $roster, %option);
}


sub both_hosts {
    my $ports = join ',', $first->{port}, $second->{port};

    return "hostaddr=127.0.0.1,127.0.0.1 port=$ports user=postgres"
           . " dbname=$name";
}


sub nginx_connections {
    my ($server) = @_;

    return $server->sql(q{SELECT count(*) FROM pg_stat_activity
                          WHERE application_name = 'nginx'});
}


subtest 'row 27: the first host killed' => sub {
    my $site = site(conninfo => both_hosts(), workers => 2);

    $site->ask('row 27: pages', requests => 100, status => {200 => 100});
    is(nginx_connections($second), 0, 'of the first host');

    $site->ask('row 27: pages go on', requests => 800, rate => 400,
               status => {200 => 800},
               after => { 200 => sub { $first->kill } });
    $site->connected(postgres_connections => 4);
    is(nginx_connections($second), 4, 'of the second host');

    $first->start;
    $site->over('row 27');
};


# its kernel takes connections, and it never says a word

subtest 'row 27: the first host frozen' => sub {
    my $before = site(conninfo => both_hosts(), timeout => '2s');

    $before->ask('row 27: pages', requests => 100, status => {200 => 100});
    is(nginx_connections($second), 0, 'of the first host');

    $first->pause;

    my $after = site(conninfo => both_hosts(), timeout => '2s');

    for my $case ([$before, 'connected'], [$after, 'connecting']) {
        my ($site, $when) = @$case;

        $site->recovers("row 27: frozen while $when");
        $site->ask("row 27: frozen while $when: pages go on",
                   requests => 200, status => {200 => 200});
        $site->over("row 27: frozen while $when");
    }

    $first->resume;
};


subtest 'row 27: the first host out of reach' => sub {
    my $network = Test::Prize::Network->new
        or plan skip_all => Test::Prize::Network->why_not;
    my $port = $network->relay($first);
    my $site = site(timeout => '2s', conninfo =>
        "hostaddr=$network->{address},127.0.0.1 port=$port,$second->{port}"
        . " user=postgres dbname=$name");

    $site->ask('row 27: pages', requests => 100, status => {200 => 100});
    is(nginx_connections($second), 0, 'of the first host');

    $network->cut;
    $site->recovers('row 27: cut off');
    cmp_ok(nginx_connections($second), '>=', 1, 'of the second host');
    $site->over('row 27: cut off');
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

    my $query = 'SELECT * FROM employee WHERE id = ANY($1) AND (SELECT %s())';
    my $site = site(query => sprintf($query, 'fails_once'),
                    pool => 'connections=1');

    $site->ask('row 27: tried again', requests => 200,
               status => {200 => 200});
    $site->over('row 27: tried again');

    $site = site(query => sprintf($query, 'fails'), pool => 'connections=1');
    $roster->sql("SELECT setval('tries', 1000)");
    $site->ask('row 27: only once', requests => 1, status => {503 => 1});
    is($roster->sql("SELECT last_value FROM tries"), 1002, 'two tries');
    $site->over('row 27: only once');
};


subtest 'row 28: PgBouncer in transaction mode' => sub {
    my $pgbouncer = Test::Prize::PgBouncer->start($first,
                                                  default_pool_size => 2);
    my $site = site(workers => 2, conninfo => $pgbouncer->conninfo($name));

    $site->ask('row 28: pages', requests => 600, status => {200 => 600});
    cmp_ok(nginx_connections($first), '<=', 2, 'of four connections two');

    my $ended = 0;
    $site->ask('row 28: its servers ended', requests => 600,
        status => {200 => 600}, after => { 200 => sub {
            $ended = $first->sql(q{SELECT count(pg_terminate_backend(pid))
                FROM pg_stat_activity WHERE application_name = 'nginx'});
        } });
    cmp_ok($ended, '>=', 1, "$ended were ended");

    $pgbouncer->kill;
    $site->ask('row 28: killed', requests => 100, status => {503 => 100});
    $pgbouncer->start;
    $site->recovers('row 28: started again');
    $site->over('row 28');
};


subtest 'row 29: half-open TCP' => sub {
    my $network = Test::Prize::Network->new
        or plan skip_all => Test::Prize::Network->why_not;
    my $port = $network->relay($first);
    my $site = site(timeout => '2s', conninfo =>
        "hostaddr=$network->{address} port=$port user=postgres"
        . " dbname=$name");

    $site->ask('row 29: pages', requests => 100, status => {200 => 100});

    # one that still connects would be the first to be overdue
    $site->connected(postgres_connections => 2,
        'prize_postgres_connections{state="connected"}' => 2);
    $network->cut;
    $site->ask('row 29: the budget ends them', requests => 60,
               connections => 60, status => {503 => 60});
    like($site->nginx->error_log, qr/prize: postgres "hr": no answer in time/,
         'the connection was discarded');
    is($site->status->{postgres_connections}, 0, 'and no other is up');

    $network->mend;
    $site->recovers('row 29: mended');
    $site->over('row 29');
};


done_testing();
