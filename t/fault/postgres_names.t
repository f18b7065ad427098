use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::DNS;
use Test::Prize::Fault;
use Test::Prize::Roster;

# PostgreSQL by names that nginx's resolver looks up, "prize_postgres ...
# resolve": they move, have several addresses, or cannot be looked up; the
# primary dies and its standby is promoted; and a certificate is another's.

my $dns = Test::Prize::DNS->start;
my $port = free_port();
my @addresses = map { "127.0.0.$_" } 1, 2;

# servers with one port, and the same roster
my ($first, $second) = map { Test::Prize::Postgres->start(port => $port,
                                               address => $_) } @addresses;
my $roster = Test::Prize::Roster->create($first, rows => 200);
my $name = $roster->{name};
my $copy = Test::Prize::Roster->create($second, rows => 200, name => $name);


# one whose conninfo begins with these hosts

sub site {
    my ($hosts, %option) = @_;
    my $at = $hosts =~ /port=/ ? '' : " port=$port";

    return Test::Prize::Fault->new(roster => $roster,
        http => "resolver $dns->{address} valid=1s ipv6=off;",
        pool => 'connections=2 resolve', %option,
        conninfo => "host=$hosts$at user=postgres dbname=$name");
}


# nginx's connections

sub connections {
    my ($server) = @_;

    return $server->sql(q{SELECT count(*) FROM pg_stat_activity
                          WHERE application_name = 'nginx'});
}


# ends them

sub lose {
    my ($server) = @_;

    $server->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = 'nginx'});
}


# returns when it has answered two more questions, so that the first of these
# answers is in use

sub looked_up {
    my ($host) = @_;
    my $asked = $dns->asked($host);

    eventually { $dns->asked($host) > $asked + 1 } "two lookups of $host";
}


sub log_has {
    my ($site, $pattern, $test) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like($site->nginx->error_log, $pattern, $test);
}


subtest 'row 90: before the first answer, and with it' => sub {
    my $host = 'early.example';
    my $site = site($host);

    eventually { $dns->asked($host) } 'a question';
    $site->ask('nobody is known', requests => 50, status => 503);
    log_has($site, qr/prize: "$host" could not be resolved: .*; no address of/,
            'and why is told');

    $dns->set($host => $addresses[0]);
    $site->connected(postgres_connections => 2);
    $site->ask('pages', requests => 50, status => 200);
    $site->over;
};


subtest 'row 90: a name moves, and cannot be looked up' => sub {
    my $host = 'moves.example';

    $dns->set($host => $addresses[0]);

    my $site = site($host);

    $site->connected(postgres_connections => 2);
    is(connections($first), 2, 'at the first address');

    # who is connected stays so
    $dns->set($host => $addresses[1]);
    looked_up($host);
    $site->ask('pages', requests => 50, status => 200);
    is(connections($second), 0, 'of the first server still');

    $site->ask('its end', requests => 800, rate => 400, status => 200,
               after => { 200 => sub { $first->kill } });
    $site->connected(postgres_connections => 2);
    is(connections($second), 2, 'at the second address');

    # the last address is tried as long as nothing else is known
    for my $answer ('', qw(NXDOMAIN SERVFAIL SILENT)) {
        $dns->set($host => $answer || ());
        looked_up($host) unless $answer eq 'SILENT';
        $site->ask("connected once more: $answer", requests => 200,
            rate => 400, status => 200,
            after => { 100 => sub { lose($second) } });
        $site->connected(postgres_connections => 2);
    }

    log_has($site, qr/prize: "$host" could not be resolved: .*; its last addr/,
            'what has failed is in the log');
    $first->start;
    $site->over(lines => 12);
};


# nginx's own resolver answers in another order each time

subtest 'several hosts, addresses, ports and a socket' => sub {
    my $nobody = free_port();
    my $hosts = "silent.example,several.example,$first->{dir}"
                . " port=$nobody,$port,$port";

    $dns->set('silent.example' => 'SILENT');
    $dns->set('several.example' => '127.0.0.3', $addresses[1]);

    my $site = site($hosts);

    # the socket is there before any name is
    looked_up('several.example');
    lose($first);
    $site->ask('pages', requests => 50, status => 200);
    $site->connected(postgres_connections => 2);
    is(connections($second), 2, 'of a name the address that answers');

    $second->pause;
    $site->recovers;
    is(connections($first), 2, 'a socket once that is silent');
    $second->resume;
    $site->over;
};


subtest 'row 91: the primary lost, the standby promoted, under load' => sub {
    my $redis = Test::Prize::Redis->start;
    my $standby = $copy->{postgres}->standby('127.0.0.4');
    my $host = 'pair.example';
    my @ids = @{ $roster->ids };
    my %known = map { $ids[2 * $_] => 1 } 0 .. 99;
    my (%status, @hits);

    $dns->set($host => $addresses[1], '127.0.0.4');
    $roster->load($redis, ids => [keys %known]);

    my $site = site("$host target_session_attrs=primary", redis => [$redis],
                    location => 'prize_write_back off;');
    my $end = sub { return !$standby->sql('SELECT pg_is_in_recovery()::int') };

    $site->connected(postgres_connections => 2);
    is(connections($standby), 0, 'of the primary');

    $site->ask('pages, or BUSY', rate => 400,
        keep => sub {
            my (undef, $answer) = @_;
            $status{$answer->{status}}++;
            push @hits, $answer->{status} if $answer->{head} =~ /: redis\r$/m;
        },
        after => { 200 => sub { $second->kill },
                   600 => sub { $standby->promote } },
        every => [0.2 => sub {
            my ($clients) = @_;
            $clients->stop if $clients->answers > 600 && $end->()
                              && connections($standby) == 2;
        }]);
    is_deeply([grep { !/^(?:200|503)$/ } keys %status], [], 'nothing else');
    cmp_ok($status{503} // 0, '>', 0, 'misses were turned away');
    $site->ask('Redis had its own all the time', requests => 400,
               from => { redis => 200, postgres => 200 });
    is(scalar(grep { $_ != 200 } @hits), 0, 'and answered it');

    # the old primary is of no use, and no harm
    $second->start;
    $site->ask('pages', requests => 400, status => 200);
    $site->over(lines => 8);
    $standby->stop;
};


subtest 'a standby first, and the primary when that is away' => sub {
    my $standby = $copy->{postgres}->standby('127.0.0.4');

    $dns->set('standby.example' => '127.0.0.4');
    $dns->set('primary.example' => $addresses[1]);

    my $site = site('standby.example,primary.example');

    # whoever is up first is asked until it is lost
    looked_up('standby.example');
    lose($second);
    $site->connected(postgres_connections => 2);
    $site->ask('pages', requests => 50, status => 200);
    is(connections($standby), 2, 'of the standby');

    $site->ask('pages go on', requests => 800, rate => 400, status => 200,
               after => { 200 => sub { $standby->kill } });
    $site->connected(postgres_connections => 2);
    is(connections($second), 2, 'of the primary');
    $site->over;
};


subtest 'row 92: the certificate is of another name' => sub {
    my $ca = Test::Prize::Certificates->new;
    my $issued = $ca->issue('db', names => 'DNS:db.example');
    my $key = spew(run_dir() . '/db.key', slurp($issued->{key}));

    Test::Prize::Postgres::give($key);
    chmod 0600, $key or die "chmod $key: $!";

    my $server = Test::Prize::Postgres->start(options => ['-c', 'ssl=on',
        '-c', "ssl_cert_file=$issued->{certificate}",
        '-c', "ssl_key_file=$key"]);
    my $tls = Test::Prize::Roster->create($server, rows => 20);
    my $verify = "port=$server->{port} sslmode=verify-full"
                 . " sslrootcert=$ca->{file}";

    $dns->set($_ => $addresses[0]) for qw(db.example other.example);

    my ($right, $wrong) = map {
        Test::Prize::Fault->new(roster => $tls, pool => 'resolve',
            http => "resolver $dns->{address} valid=1s ipv6=off;",
            conninfo => "host=$_ $verify user=postgres dbname=$tls->{name}")
    } qw(db.example other.example);

    $right->recovers;
    is($server->sql(q{SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity
                      USING (pid) WHERE ssl AND application_name = 'nginx'}),
       2, 'by TLS');
    $right->over;

    eventually { $wrong->nginx->error_log =~ /certificate/ } 'a refusal';
    $wrong->ask('another name', requests => 50, status => 503);
    log_has($wrong, qr/prize: .*: server certificate for "db\.example" does not match host name "other\.example"/,
            'libpq says why');
    $wrong->over(lines => 8);
};


# What a turn of the event loop that waited for the answer would take.

subtest 'a resolver that takes three seconds holds nobody up' => sub {
    my $redis = Test::Prize::Redis->start;
    my $host = 'slow.example';

    $roster->load($redis);
    $dns->set($host => 'AFTER:3', $addresses[0]);

    my $site = site($host, redis => [$redis]);
    my $asked = sub { return $dns->asked($host) };

    eventually { $asked->() } 'a question';

    my $result = $site->ask('pages meanwhile', rate => 200, from => 'redis',
        every => [0.1 => sub { $_[0]->stop
            if $site->status->{postgres_connections} == 2 }]);

    cmp_ok($result->{requests}, '>=', 200, 'for a while');
    cmp_ok($result->{max}, '<', 1500, "the slowest: $result->{max} ms");
    $site->over;
};


done_testing();
