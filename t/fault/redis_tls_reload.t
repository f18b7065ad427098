use strict;
use warnings;

use lib 't/lib';
use File::Copy qw(cp);
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Fault;
use Test::Prize::Roster;

# Certificates that are renewed, and locations that differ in them.

my $names = 'DNS:redis.test,IP:127.0.0.1';
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# Each time all is another's: who signs, what Redis shows, what we show, the
# password.  The files keep their names.

subtest 'row 68: all renewed, and a reload under load' => sub {
    my $dir = Test::Prize::Process->new_dir('renewed');
    my $renew = sub {
        my ($n) = @_;
        my $ca = Test::Prize::Certificates->new(name => "CA $n");
        my $us = $ca->issue('nginx');

        my %file = ('ca.crt' => $ca->{file}, 'us.crt' => $us->{certificate},
                    'us.key' => $us->{key});

        # another file of that name: a newer nginx keeps what has the inode and
        # the second of the last time (ssl_object_cache_inheritable)
        for my $name (sort keys %file) {
            cp($file{$name}, "$dir/new") or die "$file{$name}: $!";
            rename "$dir/new", "$dir/$name" or die "$dir/$name: $!";
        }

        spew("$dir/password", "secret-$n\n");
        return $ca->issue('redis.test', names => $names);
    };

    my $redis = Test::Prize::Redis->start(
        tls => $renew->(0), options => ['--tls-auth-clients', 'yes']);
    my $admin = $redis->connect;
    my $tell = sub {
        print {$admin} Test::Prize::Redis::encode(@_);
        return Test::Prize::Redis::decode($admin);
    };

    $roster->load($redis);
    $tell->(qw(CONFIG SET requirepass secret-0));

    my $site = site(redis => [$redis], workers => 2, secrets => ['secret-'],
        location => <<"CONF");
            prize_redis_password_file $dir/password;
            prize_redis_ssl on;
            prize_redis_ssl_trusted_certificate $dir/ca.crt;
            prize_redis_ssl_certificate $dir/us.crt;
            prize_redis_ssl_certificate_key $dir/us.key;
CONF
    my $nginx = $site->nginx;
    my ($times, $asked, %old) = (0, 0);
    my $result = $site->ask('no failed page', rate => 200, connections => 50,
        every => [0.02 => sub {
            my ($clients) = @_;
            my @workers = $nginx->workers;

            return if $clients->answers < $asked + 40 || @workers < 2
                      || grep { $old{$_} } @workers;
            return $clients->stop if $times == 5;

            my $server = $renew->(++$times);

            is($tell->('CONFIG', 'SET', 'requirepass', "secret-$times",
                       'tls-cert-file', $server->{certificate},
                       'tls-key-file', $server->{key},
                       'tls-ca-cert-file', $server->{ca}), 'OK', 'renewed');
            @old{@workers} = (1) x @workers;
            $asked = $clients->answers;
            $nginx->signal('HUP');
        }]);

    is_deeply($result->{status}, { 200 => $result->{requests} },
              'all are 200');

    # an old worker that has closed its connection, and is asked once more, has
    # an authority that does not know the new certificate
    cmp_ok($result->{source}{redis}, '>', $result->{requests} / 2,
           'from Redis');
    is($times, 5, 'five times');
    eventually { $nginx->children == 2 } 'the end of the old workers';

    # what is new holds for a connection that is made later, too
    $tell->(qw(CLIENT KILL TYPE normal));
    $site->returns_to_redis;
    eventually {
        $site->quietly(requests => 50);
        $site->status->{'prize_redis_tls_connections{peer="127.0.0.1:'
                        . "$redis->{port}\"}"} == 2;
    } 'both workers by TLS';
    $site->over;
};


subtest 'row 69: locations that differ only in TLS' => sub {
    my $ca = Test::Prize::Certificates->new;
    my $stranger = Test::Prize::Certificates->new(name => 'Stranger');
    my ($us, $too) = map { $ca->issue("nginx $_") } 1, 2;
    my $redis = Test::Prize::Redis->start(
        tls => $ca->issue('redis.test', names => $names),
        options => ['--tls-auth-clients', 'optional']);
    my $copy = spew(run_dir() . '/copy.crt', slurp($ca->{file}));

    $roster->load($redis);

    # from which store each is, and whether its connection is another's
    my @locations = (
        [redis => 1, ''],
        [redis => 0, "prize_redis_ssl_trusted_certificate $ca->{file};"],
        [redis => 1, "prize_redis_ssl_trusted_certificate $copy;"],
        [redis => 1, 'prize_redis_ssl_name redis.test;'],
        [redis => 1, 'prize_redis_ssl_name 127.0.0.1;'],
        [redis => 1, 'prize_redis_ssl_verify off;'],
        [redis => 1, 'prize_redis_ssl_verify_depth 3;'],
        [redis => 1, "prize_redis_ssl_certificate $us->{certificate};"
                     . " prize_redis_ssl_certificate_key $us->{key};"],
        [redis => 1, "prize_redis_ssl_certificate $too->{certificate};"
                     . " prize_redis_ssl_certificate_key $too->{key};"],
        [redis => 1, 'prize_redis_ssl_protocols TLSv1.3;'],
        [redis => 1, 'prize_redis_ssl_ciphers HIGH;'],
        [redis => 1, 'prize_redis_ssl_session_reuse off;'],
        [redis => 1, 'prize_redis_ssl_server_name off;'],
        [redis => 1, 'prize_redis_ssl_conf_command MinProtocol TLSv1.2;'],
        [postgres => 0,
         "prize_redis_ssl_trusted_certificate $stranger->{file};"],
        [postgres => 0, 'prize_redis_ssl_name other.test;'],
        [postgres => 0, 'prize_redis_ssl off;'],
    );
    my $site = site(
        http => "upstream store { server 127.0.0.1:$redis->{port}; }",
        server => "prize_redis_ssl on;"
        . " prize_redis_ssl_trusted_certificate $ca->{file};" . join '', map {
            "location = /$_ { prize_page page.html; prize_redis_pass store;"
            . " prize_postgres_pass hr; prize_postgres_timeout 10s;"
            . " $locations[$_][2] }\n" } 0 .. $#locations);
    my $id = $roster->ids->[0];
    my $wanted = 0;

    $wanted += $_->[1] for @locations;
    eventually { $site->status->{redis_connections} == $wanted }
               "$wanted connections";

    # the good ones first, and the others last, which could use theirs
    for my $round (1 .. 2) {
        is_deeply([map {
            $site->nginx->get("http://127.0.0.1:$site->{port}/$_?id=$id")
                ->{headers}{'x-source'}
        } 0 .. $#locations], [map { $_->[0] } @locations],
            "each from where it has to be, $round");
    }

    is($site->status->{redis_connections}, $wanted, 'a connection each');
    is(scalar($redis->clients(qr/cmd=hmget/)), $wanted, 'Redis says so, too');
    $site->over(lines => 12);
};

done_testing();
