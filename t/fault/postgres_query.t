use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Pgpool;
use Test::Prize::Roster;
use Time::HiRes qw(time);

# What a pool's queries lack is told when it connects, while Redis answers
# everybody: nobody has to fall back to find it out.  What is wrong with one
# that PostgreSQL answers is in t/prize_postgres.t.

my $postgres = Test::Prize::Postgres->start;
my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 200);

$roster->load($redis);
$roster->sql(<<'SQL');
    CREATE ROLE h5 LOGIN;
    GRANT SELECT ON employee TO h5;
    CREATE TABLE secret (id text, name text, department text, prize text);
    CREATE TABLE badges (id int);
    GRANT SELECT ON badges TO h5;
SQL

# directives of a location, where it stands, and what is told

my %wrong = (
    table  => ['SELECT id FROM nobody WHERE id = ANY($1)',
               'is refused: SQLSTATE 42P01: relation "nobody" does not exist'],
    right  => ['SELECT * FROM secret WHERE id = ANY($1)', 'is refused:'
               . ' SQLSTATE 42501: permission denied for table secret'],
    types  => ['SELECT id FROM badges WHERE id = ANY($1::text[])', 'is refused:'
               . ' SQLSTATE 42883: operator does not exist: integer = text'],
    scalar => ['SELECT id FROM badges WHERE id = $1',
               'takes no array: expected it as in "id = ANY($1)"'],
    column => ['SELECT id, department FROM employee WHERE id = ANY($1)', 'has'
               . ' no column "name", which more.html:2 uses, and lacks 1 more'],
);


# each on a line of its own, so that it is found in the log by that

sub site {
    my ($port) = @_;

    my $locations = join "\n", map {
        "location = /$_ {
            prize_page more.html; prize_postgres_pass hr;
            prize_postgres_query '$wrong{$_}[0]'; # $_
        }" } sort keys %wrong;

    return Test::Prize::Fault->new(roster => $roster, redis => [$redis],
        conninfo => "hostaddr=127.0.0.1 port=$port user=h5"
                    . " dbname=$roster->{name}",
        files => { 'more.html' => "{{department}}\n{{name}} {{prize}}\n" },
        server => "$locations
                   location = /health { prize_status health; }");
}


sub line_of {
    my ($site, $what) = @_;
    my @lines = split /^/m, slurp($site->nginx->{dir} . '/nginx.conf');
    my ($n) = grep { $lines[$_] =~ /# $what$/ } 0 .. $#lines;

    return $n + 1;
}


sub told {
    my ($site, $what) = @_;
    my $log = $site->nginx->error_log =~ s{\S+/(?=more\.html)}{}gr;

    return index($log, 'nginx.conf:' . line_of($site, $what)
                       . " $wrong{$what}[1]") >= 0;
}


sub health {
    my ($site) = @_;

    return $site->nginx->get("http://127.0.0.1:$site->{port}/health");
}


sub tells_all {
    my ($port) = @_;
    my $start = time;
    my $site = site($port);

    for my $what (sort keys %wrong) {
        ok(eval { eventually { told($site, $what) } $what }, "$what is told")
            or diag($site->nginx->error_log);
    }

    note(sprintf '%.2f s after the start', time - $start);

    is($site->status->{prize_postgres_wrong_queries}, 5, 'five are wrong');
    is(health($site)->{content},
       "redis up, postgres up but a query is wrong\n", 'health mentions it');
    $site->ask('Redis answers', requests => 200, from => 'redis');

    # nobody asks, and it is found out
    my $line = line_of($site, 'right');

    $roster->sql('GRANT SELECT ON secret TO h5');
    ok(eval { eventually { $site->nginx->error_log
                           =~ /nginx\.conf:$line is right now/ } 'it' },
       'a right that is given is noticed');
    is($site->status->{prize_postgres_wrong_queries}, 4, 'four are wrong');
    $roster->sql('REVOKE SELECT ON secret FROM h5');
    $site->over(lines => 1000);
}


subtest 'PostgreSQL itself' => sub { tells_all($postgres->{port}) };

subtest 'PgBouncer in transaction mode' => sub {
    tells_all(Test::Prize::PgBouncer->start($postgres,
                                            default_pool_size => 2)->{port});
};

subtest 'pgpool' => sub {
    my $pgpool = Test::Prize::Pgpool->start($postgres)
        or plan skip_all => 'no pgpool';

    tells_all($pgpool->{port});
};


done_testing();
