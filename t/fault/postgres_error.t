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


# as whom, with what else the conninfo says

sub site {
    my ($user, %option) = @_;

    return Test::Prize::Fault->new(roster => $roster, conninfo =>
        "hostaddr=127.0.0.1 port=$postgres->{port} dbname=$roster->{name}"
        . " user=$user", %option);
}


# how often PostgreSQL has logged that

sub logged {
    my ($pattern) = @_;

    return scalar(() = $postgres->output =~ /$pattern/g);
}


for my $case (['57014', 'statement_timeout'], ['55P03', 'lock_timeout']) {
    my ($sqlstate, $setting) = @$case;

    subtest "row 24: $sqlstate" => sub {
        my $site = site("h5 options='-c $setting=100'");
        my $lock = $roster->lock;

        $site->ask('BUSY', requests => 60, status => 503);
        like($site->nginx->error_log, qr/prize: .*SQLSTATE $sqlstate/,
             'and the log says why');
        is($site->status->{'prize_postgres_errors_total{reason="lost"}'}, 0,
           'the connections are kept');
        undef $lock;
        $site->ask('pages again', requests => 60, status => 200);
        $site->over;
    };
}


subtest 'row 24: an overdue query' => sub {
    my $site = site('h5', timeout => '100ms', pool => 'connections=1');
    my $lock = $roster->lock;
    my $before = logged('LOG:  connection received');

    $site->ask('overdue', requests => 150, rate => 75, status => 503);

    my $connects = logged('LOG:  connection received') - $before;

    cmp_ok($connects, '>=', 1, 'the connection was dropped');
    cmp_ok($connects, '<=', 12, "$connects reconnects in two seconds");
    like($site->nginx->error_log, qr/prize: .*no answer in time/,
         'and the log says why');

    cmp_ok($site->errors(postgres => 'timeout'), '>=', 1, 'each is counted');
    is($site->errors(postgres => 'lost'), 0, 'once');

    undef $lock;
    $site->recovers;
    $site->over;
};


subtest 'row 25: too many connections' => sub {
    my @taken = map { my $session = $postgres->session($roster->{name});
                      print {$session} "SET ROLE h5;\n"; $session } 1 .. 3;

    eventually { $roster->sql(q{SELECT count(*) FROM pg_stat_activity
                     WHERE application_name = 'psql'}) == 4 } 'three sessions';

    my $slots = 'remaining connection slots|too many clients';
    my $before = logged($slots);
    my $site = site('h5', pool => 'connections=3');

    $site->ask('pages', requests => 400, rate => 200, status => 200);

    my $refused = logged($slots) - $before;

    is($site->status->{postgres_connections}, 1, 'over one connection');
    cmp_ok($refused, '>=', 1, 'the others were refused');
    cmp_ok($refused, '<=', 12, "$refused times in two seconds");
    like($site->nginx->error_log, qr/prize: .*53300/, 'and the log says why');

    close $_ for @taken;
    $site->connected(postgres_connections => 3);
    $site->ask('pages', requests => 100, status => 200);
    $site->over;
};


subtest 'row 26: wrong password' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $start = $clock->now;
    my $site = site("locked password='a wrong one'",
                    secrets => ['a wrong one'], clock => $clock);
    my $refused = 'FATAL:  password authentication failed';
    my $tried = sub {
        cmp_ok(logged($refused), '<=', 1 + int(($clock->now - $start) / 15),
               'one attempt in fifteen seconds');
    };

    eventually { logged($refused) } 'a refusal';

    for (1 .. 3) {
        $site->ask('BUSY', requests => 50, status => 503);
        $clock->pass(4);
    }

    $tried->();
    like($site->nginx->error_log, qr/prize: .*28P01/, 'and the log says why');

    $roster->sql("ALTER ROLE locked PASSWORD 'a wrong one'");
    $clock->pass(15);
    $site->recovers;
    $tried->();
    $site->over;
};


# The role has the new one first, then the file, and then nginx is told.

subtest 'row 68: a password renewed, and a reload under load' => sub {
    my @secrets = map { "one of $_" } 1 .. 4;
    my $renew = sub {
        my ($secret) = @_;
        $roster->sql("ALTER ROLE locked PASSWORD '$secret'");
        spew(run_dir() . '/h5.postgres', "$secret\n");
    };
    my $in = 'connection authorized: user=locked';

    $renew->($secrets[0]);

    my $before = logged($in);
    my $site = site('locked', workers => 2, secrets => \@secrets,
        pool => 'connections=1 password_file=' . run_dir() . '/h5.postgres');

    $site->connected(postgres_connections => 2);
    $site->ask('pages', requests => 1600, rate => 400, status => 200, after =>
        { map { my $n = $_; ($n * 400 => sub { $renew->($secrets[$n]);
                                               $site->nginx->reload }) }
          1 .. 3 });
    $site->connected(postgres_connections => 2);
    is(logged($in) - $before, 2 * 4, 'each worker was let in once');
    $site->over(lines => 0);
};


# What is counted is lines: more failures leave no more of them.

for my $case (['42501', 'REVOKE SELECT ON employee FROM h5',
               'GRANT SELECT ON employee TO h5'],
              ['42703', 'ALTER TABLE employee RENAME id TO nothing',
               'ALTER TABLE employee RENAME nothing TO id'])
{
    my ($sqlstate, $break, $mend) = @$case;

    subtest "row 30: $break" => sub {
        my $site = site('h5');

        $roster->sql($break);

        my $result = $site->ask('BUSY', connections => 200, status => 503,
            requests => $ENV{PRIZE_NIGHTLY} ? 10_000 : 1_000);
        my $times = 1 + int($result->{seconds} / 10);
        my $told = () = $site->nginx->error_log
                        =~ /prize: .*SQLSTATE $sqlstate/g;

        ok($told >= 1 && $told <= $times, "logged once in 10 s: $told");
        $roster->sql($mend);
        $site->ask('pages again', requests => 100, status => 200);
        $site->over(lines => 4 * $times);
    };
}


# who gets what, by ID, when all are asked for at once, and so many of them
# have to wait: the only connection is busy until they do

sub statuses {
    my ($site, $ids, $waiting) = @_;
    my $lock = $roster->lock;
    my %status;

    $site->ask('at once', ids => $ids, requests => scalar @$ids,
        connections => scalar @$ids, every => [0.05 => sub {
            undef $lock if $site->status->{requests_in_flight} >= $waiting;
        }], keep => sub { $status{$_[1]{id}} = $_[1]{status} });
    return \%status;
}


# row 32, rows that are not what was asked for, is in t/record.t

subtest 'row 31: a bad one in a batch with others' => sub {
    $roster->sql(<<'SQL');
        CREATE TABLE numbered (id integer PRIMARY KEY, name text,
                               department text, prize text, age text);
        INSERT INTO numbered SELECT n, 'n' || n, 'd', 'p', n
            FROM generate_series(1, 40) AS n;
        UPDATE numbered SET age = 'unknown' WHERE id = 17;
        GRANT SELECT ON numbered TO h5;
SQL
    my $site = site('h5', pool => 'connections=1', query =>
        'SELECT id, name, department, prize, age::int FROM numbered'
        . ' WHERE id = ANY($1) AND (SELECT count(*) FROM employee) > 0');
    my @bad = ('x', '99999999999', '1e3', '-', '7x');
    my %want = ((map { $_ => 200 } 1 .. 40), (map { $_ => 404 } @bad),
                17 => 503, 4711 => 404);
    my @ids = sort keys %want;

    is_deeply(statuses($site, \@ids, scalar @ids), \%want,
              '404, 503, and the neighbours 200');
    is_deeply(statuses($site, \@ids, @ids - @bad), \%want,
              'the same when the type is known');
    $site->over;
};


# each query has its own time, however long its ID has waited

subtest 'row 51: late in our queue' => sub {
    my $site = site('h5', pool => 'connections=1 batch=1', timeout => '1s',
        query => 'SELECT e.*, pg_sleep(0.3) FROM employee e'
                 . ' WHERE id = ANY($1)');

    for my $burst (1 .. 3) {
        my $result = $site->ask("burst $burst", requests => 10,
            connections => 10, ids => [@ids[0 .. 9]],
            status => undef);

        ok($result->{status}{503}, 'some are late');
    }

    is_deeply([map { $site->errors(postgres => $_) }
                   qw(timeout lost connect)], [0, 0, 0],
              'the connection is kept');
    $site->over;
};


subtest 'row 53: the type of id changes' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);

    $roster->sql('CREATE TABLE badge (id int)');
    $roster->sql('INSERT INTO badge VALUES (7)');
    $roster->sql('GRANT SELECT ON badge TO h5');

    my $site = site('h5', clock => $clock,
                    files => { 'page.html' => '{{id}}' },
                    query => 'SELECT id FROM badge WHERE id = ANY($1)');
    my $status = sub { return $site->begin($_[0])->answer->{status} };

    is($status->(7), 200, 'an ID');
    is($status->('E1'), 404, 'one that its type cannot hold');

    $roster->sql('ALTER TABLE badge ALTER id TYPE text');
    $roster->sql(q{INSERT INTO badge VALUES ('E1')});
    $clock->pass(11);
    is($status->('E1'), 200, 'within 10 s');

    # and back: the first one may still be asked of texts

    $roster->sql(q{DELETE FROM badge WHERE id = 'E1'});
    $roster->sql('ALTER TABLE badge ALTER id TYPE int USING id::int');
    $clock->pass(11);
    $status->('E1');
    is($status->('E1'), 404, 'one that its type cannot hold any more');

    $roster->sql('DROP TABLE badge');
    $site->over;
};


done_testing();
