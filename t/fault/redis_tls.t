use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Clock;
use Test::Prize::Fault;
use Test::Prize::Peer;
use Test::Prize::Peer::TLS;
use Test::Prize::Roster;

# TLS to Redis that cannot be agreed upon, or does not come to an end: pages
# come from PostgreSQL, and from Redis again when that has been mended.

my $ca = Test::Prize::Certificates->new;
my $other = Test::Prize::Certificates->new(name => 'Other CA');
my $names = 'DNS:redis.test,IP:127.0.0.1';
my $server = $ca->issue('redis.test', names => $names);
my $us = $ca->issue('nginx');

my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $records = Test::Prize::Peer->records_of($roster);
my $tls = "prize_redis_ssl on;"
          . " prize_redis_ssl_trusted_certificate $ca->{file};";


sub site { return Test::Prize::Fault->new(roster => $roster, @_) }


# Each case: what is told, the Redis, the location, how it is mended.

sub present {
    my ($certificate) = @_;

    return ['CONFIG', 'SET', 'tls-cert-file', $certificate->{certificate},
            'tls-key-file', $certificate->{key}];
}


sub cases {
    my $redis = sub { Test::Prize::Redis->start(tls => $_[0],
                                                options => $_[1] // []) };
    my $crl = Test::Prize::Certificates->new;
    my $revoked = $crl->issue('redis.test', names => $names);
    my $good = $crl->issue('redis.test', names => $names);
    my $them = $other->issue('nginx');
    my $strict = ['--tls-auth-clients', 'yes'];

    $crl->revoke($revoked);
    my $file = $crl->crl;

    return (
        ['its certificate is refused: .*self.signed certificate in .*\(19\)',
         $redis->($other->issue('redis.test', names => $names)), $tls,
         present($server)],
        ['its certificate is refused: certificate has expired \(10\)',
         $redis->($ca->issue('redis.test', names => $names, days => -1)), $tls,
         present($server)],
        ['its certificate is refused: certificate revoked \(23\)',
         $redis->($revoked), "prize_redis_ssl on;"
         . " prize_redis_ssl_trusted_certificate $crl->{file};"
         . " prize_redis_ssl_crl $file;", present($good)],
        ['its certificate does not name: redis\.test',
         $redis->($ca->issue('other.test', names => 'DNS:other.test')),
         "$tls prize_redis_ssl_name redis.test;", present($server)],
        ['its certificate does not name: 127\.0\.0\.1',
         $redis->($ca->issue('other', names => 'IP:127.0.0.9,DNS:127.0.0.1')),
         $tls, present($server)],
        ['it refuses us: SSL_read\(\) failed \(SSL: .*alert .*required',
         $redis->($server, $strict), $tls,
         ['CONFIG', 'SET', 'tls-auth-clients', 'no']],
        ['it refuses us: SSL_read\(\) failed \(SSL: .*alert unknown ca',
         $redis->($server, $strict),
         "$tls prize_redis_ssl_certificate $them->{certificate};"
         . " prize_redis_ssl_certificate_key $them->{key};",
         ['CONFIG', 'SET', 'tls-auth-clients', 'no']],
        ['the TLS handshake failed: SSL_do_handshake\(\) failed \(SSL: .*alert',
         $redis->($server, [@$strict, '--tls-protocols', 'TLSv1.2']), $tls,
         ['CONFIG', 'SET', 'tls-auth-clients', 'no']],
    );
}


subtest 'rows 62 and 63: a certificate that does not do' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my @cases = cases();

    $roster->load($_->[1]) for @cases;

    my $start = $clock->now;
    my @sites = map { site(redis => [$_->[1]], clock => $clock,
                           location => $_->[2]) } @cases;

    # a Redis does not count who leaves in the handshake
    my $tried = sub {
        my ($n) = @_;
        my $tries = $sites[$n]->errors('redis', 'tls');

        cmp_ok($tries, '>=', 1, "$cases[$n][0]: it was tried");
        cmp_ok($tries, '<=', 1 + int(($clock->now - $start) / 10),
               'once in ten seconds');
    };

    for my $pass (4, 4, 0) {
        $sites[$_]->ask('from PostgreSQL', requests => 100, from => 'postgres')
            for 0 .. $#cases;
        $clock->pass($pass);
    }

    for my $n (0 .. $#cases) {
        $tried->($n);
        $cases[$n][1]->command(@{ $cases[$n][3] });
    }

    $clock->pass(10);

    for my $n (0 .. $#cases) {
        my ($said) = @{ $cases[$n] };

        $sites[$n]->returns_to_redis;
        $tried->($n);
        like("@{ $sites[$n]->over }", qr/: $said.*, left alone for now/,
             'the log says why, in the words of OpenSSL');
    }
};


# Either says nothing: a plain Redis waits for the end of a line, one by TLS
# closes.  Neither can be told for certain, so each is left alone after as many
# failures as any other server, and then tried once in ten seconds.

subtest 'row 64: plain where TLS is wanted, and TLS where it is not' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my @cases = (
        ['no answer to TLS, it probably speaks none', $tls, undef, $server],
        ['closed without an answer, it probably wants TLS', '', $server, undef],
    );
    my @redis = map { Test::Prize::Redis->start(tls => $_->[2]) } @cases;
    my @sites = map { site(redis => [$redis[$_]], clock => $clock, budgets =>
        'prize_redis_connect_timeout 200ms; prize_redis_timeout 20s;',
        location => $cases[$_][1]) } 0 .. 1;

    for my $n (0 .. 1) {
        my $tries = sub { $sites[$n]->errors('redis', 'connect') };

        eventually {
            $sites[$n]->ask('from PostgreSQL', requests => 20,
                            connections => 1, from => 'postgres');
            $sites[$n]->status->{'prize_breaker_open{backend="redis",peer='
                                 . qq{"127.0.0.1:$redis[$n]{port}"\}}};
        } 'left alone';

        my $left = $tries->();
        cmp_ok($left, '>=', 5, 'it was tried');
        cmp_ok($left, '<=', 8, 'and left alone then');

        # the growing pause of any other server would be over in five
        $clock->pass(6);
        $sites[$n]->ask('then', requests => 100, from => 'postgres');
        is($tries->(), $left, 'for ten seconds');
    }

    for my $n (0 .. 1) {
        $redis[$n]->stop;
        $redis[$n]{tls} = $cases[$n][3];
        $redis[$n]->start;
        $roster->load($redis[$n]);
    }

    $clock->pass(11);

    for my $n (0 .. 1) {
        $sites[$n]->returns_to_redis;
        like("@{ $sites[$n]->over }", qr/: $cases[$n][0]/,
             'the log says which');
    }
};


# a server that answers the handshake in words of its own

subtest 'row 64: plain words in answer to TLS, an alert to others' => sub {
    for my $case (["-ERR unknown command\r\n", $tls,
                   'it does not speak TLS: .*wrong version number'],
                  ["\x15\x03\x03\x00\x02\x02\x46", '',
                   'it probably wants TLS'])
    {
        my ($bytes, $location, $said) = @$case;
        my $peer = Test::Prize::Peer->start(accept => sub {
            my ($peer, $client) = @_;
            $peer->write($client, $bytes);
        });
        my $site = site(redis => [$peer], location => $location);

        $site->ask('from PostgreSQL', requests => 300, from => 'postgres');
        is($peer->connects, 1, 'tried once');
        cmp_ok($site->errors('redis', 'tls'), '==', 1, 'counted as TLS');
        like("@{ $site->over }", qr/: $said.*, left alone for now/,
             'the log says so');
    }
};


# What OpenSSL says of one connection is of that one alone.

subtest 'cut in the handshake, and then not there' => sub {
    my $clock = Test::Prize::Clock->new(timers => 1);
    my $peer = Test::Prize::Peer->start(accept => sub {
        my ($peer, $client) = @_;
        $peer->close($client);
    });
    my $site = site(redis => [$peer], location => $tls, clock => $clock);
    my $refused = sub { $site->nginx->error_log =~ /connect\(\) failed/ };

    $site->ask('from PostgreSQL', requests => 20, from => 'postgres');
    $peer->stop;

    # a line is due ten seconds after the last, and a probe before that
    eventually {
        $clock->pass(11);
        $site->quietly(requests => 5);
        $refused->();
    } 'a connection that is refused';

    my $lines = join '', @{ $site->over };

    like($lines, qr/: the TLS handshake failed: \S/, 'the first in its words');
    like($lines, qr/: connect\(\) failed(?:, left alone for now)?, \d/,
         'the second has none of them');
};


# As a proxy does whose other half made the session: it says nothing.  A ticket
# that is empty asks for one (RFC 5077, section 3.2).

subtest 'a session that is not taken up' => sub {
    my $peer = Test::Prize::Peer::TLS->start(tls => $server,
        version => 'TLSv1.2', records => $records,
        opened => sub {
            my ($peer, $client, $bytes) = @_;

            if (!$client->{ssl} && $bytes !~ /\x00\x23\x00\x00/) {
                print { $peer->{seen} } "cut\n";
                $peer->close($client);
                return '';
            }

            return $peer->open($client, $bytes);
        },
        lookup => sub {
            my ($peer, $client, $usual) = @_;

            return $usual if $peer->{n}++;
            $peer->write($client, $usual);
            return $peer->close($client);
        });
    my $site = site(redis => [$peer], location => $tls);

    $site->ask('from Redis', requests => 1, from => 'redis');
    $site->returns_to_redis;
    is(scalar(() = $peer->commands(qr/^cut$/)), 1, 'it is tried once');
    $site->over;
};


# in the head of a record, behind it, and in what it carries

subtest 'row 65: the handshake hangs at any byte' => sub {
    my @bytes = (1, 4, 5, 6, 100, 300, 600);
    my $peer = Test::Prize::Peer::TLS->start(tls => $server, accept => sub {
        my ($peer, $client) = @_;
        $client->{room} = $bytes[$peer->{n}++ % @bytes];
    });
    my $site = site(redis => [$peer], location => $tls, budgets =>
        'prize_redis_connect_timeout 100ms; prize_redis_timeout 20s;');

    $site->ask('from PostgreSQL', requests => 50, connections => 1,
               from => 'postgres');
    eventually { $peer->connects >= @bytes } 'it is tried again';
    $site->ask('then, too', requests => 300, from => 'postgres');
    cmp_ok($peer->closes, '>=', @bytes - 1, 'each is given up');
    like("@{ $site->over }", qr/: the TLS handshake timed out.* \(110: /,
         'the log says why');
};

done_testing();
