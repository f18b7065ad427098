use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Roster;

# PostgreSQL is there and says no: to a query, to one ID of it, or to a
# connection.

my $postgres = Test::Prize::Postgres->start(options => [
    '-c', 'log_connections=on', '-c', 'max_connections=8',
    '-c', 'superuser_reserved_connections=4', '-c', 'max_wal_senders=0'],
    hba => <<'HBA');
local all all trust
host all locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
HBA
my $roster = Test::Prize::Roster->create($postgres, rows => 200);
my @ids = @{ $roster->ids };

$roster->sql(<<'SQL');
    CREATE ROLE h5 LOGIN;
    CREATE ROLE locked LOGIN PASSWORD 'the right one';
    GRANT SELECT ON employee TO h5, locked;
SQL


sub conninfo {
    my ($user, $more) = @_;

    return "hostaddr=127.0.0.1 port=$postgres->{port} user=$user"
           . " dbname=$roster->{name} " . ($more // '');
}


sub site {
    my (%option) = @_;

    return Test::Prize::Fault->new(roster => $roster,
        conninfo => conninfo('h5'), %option);
}


# how often PostgreSQL has logged that

sub logged {
    my ($pattern) = @_;
    my @lines = $postgres->output =~ /$pattern/g;

    return scalar @lines;
}


for my $case (['57014', 'statement_timeout'], ['55P03', 'lock_timeout']) {
    my ($sqlstate, $setting) = @$case;

    subtest "row 24: $sqlstate" => sub {
        my $site = site(conninfo => conninfo('h5',
                                             "options='-c $setting=100'"));
        my $lock = $roster->lock;

        $site->ask("row 24: $sqlstate", requests => 60,
                   status => {503 => 60});
        like($site->nginx->error_log, qr/prize: .*SQLSTATE $sqlstate/,
             'and the log says why');
        is($site->status->{
               'prize_postgres_errors_total{reason="lost"}'}, 0,
           'the connections are kept');
        close $lock;
        $site->ask("row 24: $sqlstate: over", requests => 60,
                   status => {200 => 60});
        $site->over("row 24: $sqlstate");
    };
}


subtest 'row 24: an overdue query' => sub {
    my $site = site(timeout => '100ms', pool => 'connections=1');
    my $lock = $roster->lock;
    my $before = logged('LOG:  connection received');

    $site->ask('row 24: overdue', requests => 150, rate => 75,
               status => {503 => 150});

    my $connects = logged('LOG:  connection received') - $before;

    cmp_ok($connects, '>=', 1, 'the connection was dropped');
    cmp_ok($connects, '<=', 12, "$connects reconnects in two seconds");
    like($site->nginx->error_log, qr/prize: .*no answer in time/,
         'and the log says why');

    close $lock;
    $site->recovers('row 24: overdue');
    $site->over('row 24: overdue');
};


subtest 'row 25: too many connections' => sub {
    my @taken = map { my $session = $postgres->session($roster->{name});
                      print {$session} "SET ROLE h5;\n"; $session } 1 .. 3;

    eventually { $roster->sql(q{SELECT count(*) FROM pg_stat_activity
                     WHERE application_name = 'psql'}) == 4 } 'three sessions';

    my $before = logged('remaining connection slots|too many clients');
    my $site = site(pool => 'connections=3');

    $site->ask('row 25: pages', requests => 400, rate => 200,
               status => {200 => 400});

    my $refused = logged('remaining connection slots|too many clients')
                  - $before;

    is($site->status->{postgres_connections}, 1, 'over one connection');
    cmp_ok($refused, '>=', 1, 'the others were refused');
    cmp_ok($refused, '<=', 12, "$refused times in two seconds");
    like($site->nginx->error_log, qr/prize: .*53300/, 'and the log says why');

    close $_ for @taken;
    $site->connected(postgres_connections => 3);
    $site->ask('row 25: pages', requests => 100, status => {200 => 100});
    $site->over('row 25');
};


subtest 'row 26: wrong password' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $start = $clock->now;
    my $site = site(conninfo => conninfo('locked', "password='a wrong one'"),
                    secrets => ['a wrong one'], clock => $clock);
    my $tried = sub {
        cmp_ok(logged('FATAL:  password authentication failed'), '<=',
               1 + int(($clock->now - $start) / 15),
               'row 26: one attempt in fifteen seconds');
    };

    eventually { logged('password authentication failed') } 'a refusal';

    for (1 .. 3) {
        $site->ask('row 26: BUSY', requests => 50, status => {503 => 50});
        $clock->pass(4);
    }

    $tried->();
    like($site->nginx->error_log, qr/prize: .*28P01/, 'and the log says why');

    $roster->sql("ALTER ROLE locked PASSWORD 'a wrong one'");
    $clock->pass(15);
    $site->recovers('row 26: the password made right');
    $tried->();
    $site->over('row 26');
};


subtest 'row 30: column or right missing' => sub {
    my $site = site();

    $roster->sql('REVOKE SELECT ON employee FROM h5');
    $site->ask('row 30: 42501', requests => 100, status => {503 => 100});

    my @told = $site->nginx->error_log =~ /prize: .*SQLSTATE 42501/g;

    is(scalar(@told), 1, 'row 30: 42501 logged once');
    $roster->sql('GRANT SELECT ON employee TO h5');
    $site->ask('row 30: no 42501', requests => 100, status => {200 => 100});
    $site->over('row 30');

    my $column = site(query =>
        'SELECT id, name, office FROM employee WHERE id = ANY($1)');

    # what is counted is lines: more failures leave no more of them

    my $result = $column->ask('row 30: 42703, a thousand times',
        requests => $ENV{PRIZE_NIGHTLY} ? 10_000 : 1_000, connections => 200,
        status => 503);
    my $times = 1 + int($result->{seconds} / 10);

    my @lines = $column->nginx->error_log =~ /prize: .*SQLSTATE 42703/g;

    cmp_ok(scalar(@lines), '<=', $times, 'row 30: 42703 logged once in 10 s');
    $column->over('row 30: 42703', lines => 4 * $times);
};


# who gets what, by ID, when all are asked for at once and so many have to wait

sub statuses {
    my ($site, $name, $ids, $waiting) = @_;
    my %status;

    # a batch is what waits while the only connection is busy
    my $lock = $roster->lock;
    my $opened;

    $site->ask($name, ids => $ids, requests => scalar @$ids,
        connections => scalar @$ids, every => [0.05 => sub {
            my $status = $site->status;
            return if $opened || $status->{requests_in_flight} < $waiting;
            close $lock;
            $opened = 1;
        }], keep => sub { my (undef, $answer) = @_;
                          $status{$answer->{id}} = $answer->{status} });
    return \%status;
}


subtest 'row 31: a bad one in a batch with others' => sub {
    $roster->sql(<<'SQL');
        CREATE TABLE numbered (id integer PRIMARY KEY, name text,
                               department text, prize text, age text);
        INSERT INTO numbered SELECT n, 'n' || n, 'd', 'p', n
            FROM generate_series(1, 40) AS n;
        UPDATE numbered SET age = 'unknown' WHERE id = 17;
        GRANT SELECT ON numbered TO h5;
SQL
    my $site = site(pool => 'connections=1', query =>
        'SELECT id, name, department, prize, age::int FROM numbered'
        . ' WHERE id = ANY($1) AND (SELECT count(*) FROM employee) > 0');
    my @bad = ('x', '99999999999', '1e3', '-', '7x');
    my %want = ((map { $_ => 200 } 1 .. 40), (map { $_ => 404 } @bad),
                17 => 503, 4711 => 404);

    is_deeply(statuses($site, 'row 31: at once', [sort keys %want],
                       scalar keys %want), \%want,
              'row 31: 404, 503, and the neighbours 200');
    is_deeply(statuses($site, 'row 31: again, the type known',
                       [sort keys %want], keys(%want) - @bad), \%want,
              'row 31: the same');
    $site->over('row 31');
};


done_testing();
