use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize ();
use Test::Prize::Certificates;
use Test::Prize::Peer::TLS;
use Test::Prize::Socket;

# The directives about TLS to Redis, prize_redis_ssl...
#
# Servers by TLS, each of which has the employee 7, Ann, and the port that the
# variable has; but for _DEEP, the certificate is of redis.test and 127.0.0.1,
# by the authority in the file $TEST_NGINX_CA:
#
#     $TEST_NGINX_TLS      a Redis that wants no certificate of ours
#     $TEST_NGINX_STRICT   one that wants it, TLSv1.2 and one cipher
#     $TEST_NGINX_DEEP     two others stand between its certificate and CA
#     $TEST_NGINX_NAMED    has Ann for who has sent a name, which is in {{sni}}
#     $TEST_NGINX_RESUMED  has Ann for who takes up a session, and ends each
#                          connection after a lookup
#
# Certificates of ours are $TEST_NGINX_US with the key $TEST_NGINX_US_KEY, and
# _THEM of an authority that nobody trusts, _CA2; _LOCKED has a key that is
# encrypted, and _FILE is a file with its password.

my $ca = Test::Prize::Certificates->new;
my $other = Test::Prize::Certificates->new(name => 'Other CA');
my $names = 'DNS:redis.test,IP:127.0.0.1';
my $server = $ca->issue('redis.test', names => $names);
my $us = $ca->issue('nginx');
my $them = $other->issue('nginx');
my $locked = $ca->issue('nginx', password => 'sesame');
my $chain = $ca->issue('one', authority => 1)->issue('two', authority => 1);

my $redis = Test::Prize::Redis->start(tls => $server);
my $strict = Test::Prize::Redis->start(tls => $server, options => [
    '--tls-auth-clients', 'yes', '--tls-protocols', 'TLSv1.2',
    '--tls-ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384']);
my $deep = Test::Prize::Redis->start(
    tls => $chain->issue('redis.test', names => $names));

$_->command(qw(HSET employee:7 id 7 name Ann)) for $redis, $strict, $deep;

my $named = Test::Prize::Peer::TLS->start(tls => $server, lookup => sub {
    my ($peer, $client, undef, @command) = @_;
    my $name = Net::SSLeay::get_servername($client->{ssl});

    $peer->{records} = { $command[0] => { id => 7, name => 'Ann',
                                          sni => $name } } if $name;
    my $answer = $peer->usual('HMGET', @command);

    $peer->{records} = {};
    return $answer;
});

my $resumed = Test::Prize::Peer::TLS->start(tls => $server, lookup => sub {
    my ($peer, $client, undef, @command) = @_;

    $peer->{records} = Net::SSLeay::session_reused($client->{ssl})
        ? { $command[0] => { id => 7, name => 'Ann' } } : {};
    $peer->write($client, $peer->usual('HMGET', @command));
    return $peer->close($client);
});

my %file = (CA => $ca->{file}, CA2 => $other->{file},
            CRL => $ca->crl, US => $us->{certificate}, US_KEY => $us->{key},
            THEM => $them->{certificate}, THEM_KEY => $them->{key},
            LOCKED => $locked->{certificate}, LOCKED_KEY => $locked->{key},
            FILE => Test::Prize::spew(Test::Prize::run_dir() . '/passwords',
                                      "wrong\nsesame\n"),
            WRONG => Test::Prize::spew(Test::Prize::run_dir() . '/wrong',
                                       "wrong\n"));

$ca->revoke($server);

my %variable = (%file, CRL2 => $ca->crl, TLS => $redis->{port},
                STRICT => $strict->{port}, DEEP => $deep->{port},
                NAMED => $named->{port}, RESUMED => $resumed->{port},
                SOCKET => $redis->{socket});

@ENV{map { "TEST_NGINX_$_" } keys %variable} = values %variable;


# Directives that find Ann, and some that do not, in each context: what is
# outermost does not, but for "http".  "redis" is the server's variable.

my $base = 'prize_redis_ssl on; prize_redis_ssl_trusted_certificate'
           . ' $TEST_NGINX_CA;';

sub outside {
    my ($bad, $redis, $more) = @_;

    return <<"CONF";
    $bad
    prize_redis_pass 127.0.0.1:\$TEST_NGINX_$redis;
    @{[ $more // $base ]}
    server {
        listen 127.0.0.1:\$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
CONF
}

sub inside {
    my ($good, $bad) = @_;

    return <<"CONF";
    $good
    location = /server { prize_page page.html; }
    location = /location { prize_page page.html; $bad }
    location /around {
        $bad
        prize_page page.html;
        location = /around/inner { prize_page page.html; }
    }
    location = /if { prize_page page.html; if (\$arg_if) { $bad } }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { $bad }
    }
CONF
}

# what is asked in such a block, once or several times

sub everywhere {
    my ($times) = @_;

    return [map { ("GET $_") x ($times // 1) } 'http://http/h5?id=7',
            map { "/$_&id=7" } qw(server? location? around/inner? if? if?if=1
                                  limit_except?)];
}

sub seldom {
    my ($code) = @_;

    return [$code, 200, $code, $code, 200, $code, $code];
}

run_tests();

__DATA__

=== TEST 1: prize_redis_ssl is off
--- page: {{name}}
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;

    location = /h5 { prize_page page.html; }
    location = /on { prize_page page.html; prize_redis_ssl on; }
--- request eval: ["GET /h5?id=7", "GET /on?id=7"]
--- error_code eval: [503, 200]
--- error_log: : closed without an answer, it probably wants TLS, 

=== TEST 2: prize_redis_ssl in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl off;', 'TLS',
              'prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;')
--- page: {{name}}
--- config eval: main::inside('prize_redis_ssl on;', 'prize_redis_ssl off;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 3: prize_redis_ssl twice
--- config
    prize_redis_ssl on;
    prize_redis_ssl off; # here
--- must_die: "prize_redis_ssl" directive is duplicate

=== TEST 4: prize_redis_ssl that is neither on nor off
--- config: prize_redis_ssl yes; # here
--- must_die: it must be "on" or "off"

=== TEST 5: the address is checked, as an address
--- http_config
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
--- page: {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /same {
        prize_page page.html;
        prize_redis_ssl_name 127.0.0.1;
    }
    location = /another {
        prize_page page.html;
        prize_redis_ssl_name 127.0.0.2;
    }
    location = /six { prize_page page.html; prize_redis_ssl_name ::1; }
--- request eval
[map { "GET /$_?id=7" } qw(h5 same another six)]
--- error_code eval: [200, 200, 503, 503]
--- error_log: : its certificate does not name: 127.0.0.2, left alone for now

=== TEST 6: the host of a server line is checked, and sent
--- http_config
    upstream store { server localhost:$TEST_NGINX_NAMED; }
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    prize_redis_pass store;
--- page: {{name}} {{sni}}
--- config
    location = /h5 { prize_page page.html; }
    location = /named {
        prize_page page.html;
        prize_redis_ssl_name redis.test;
    }
    location = /full {
        prize_page page.html;
        prize_redis_ssl_name Redis.Test.;
    }
    location = /unchecked {
        prize_page page.html;
        prize_redis_ssl_verify off;
    }
--- request eval: [map { "GET /$_?id=7" } qw(h5 named full unchecked)]
--- error_code eval: [503, 200, 200, 200]
--- response_body_like eval
['', '^Ann redis.test$', '^Ann Redis.Test$', '^Ann localhost$']
--- error_log: : its certificate does not name: localhost, left alone for now

=== TEST 7: prize_redis_ssl_name in http, server, location, if and limit_except
--- http_config eval: main::outside('prize_redis_ssl_name other.test;', 'TLS')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_name redis.test;',
             'prize_redis_ssl_name other.test;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 8: prize_redis_ssl_name for a Unix socket
--- http_config
    upstream store {
        server 127.0.0.1:$TEST_NGINX_TLS;
        server unix:$TEST_NGINX_SOCKET backup;
    }
--- page
--- config
    prize_redis_pass store;
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    location = /named { prize_page page.html; prize_redis_ssl_name redis.test; }
    location = /any { prize_page page.html; prize_redis_ssl_verify off; }
    location = /h5 { prize_page page.html; } # here
--- must_die eval
'"prize_redis_ssl_verify" needs "prize_redis_ssl_name", since "unix:'

=== TEST 9: prize_redis_ssl_name for a Unix socket in prize_redis_pass
--- page
--- config
    location = /h5 {
        prize_redis_pass unix:$TEST_NGINX_SOCKET;
        prize_redis_ssl on;
        prize_page page.html; # here
    }
--- must_die: "prize_redis_ssl_verify" needs "prize_redis_ssl_name", since "

=== TEST 10: prize_redis_ssl_name with a variable
--- config: prize_redis_ssl_name $host; # here
--- must_die eval
'"prize_redis_ssl_name" takes the name of a host or an address, without a '
. 'port, not "$host"'

=== TEST 11: prize_redis_ssl_name with a port
--- config: prize_redis_ssl_name redis.test:6380; # here
--- must_die: without a port, not "redis.test:6380"

=== TEST 12: prize_redis_ssl_name that is empty
--- config: prize_redis_ssl_name ""; # here
--- must_die: without a port, not ""

=== TEST 13: prize_redis_ssl_name with a dot in front, for all names below
--- config: prize_redis_ssl_name .test; # here
--- must_die: without a port, not ".test"

=== TEST 14: prize_redis_ssl_name twice
--- config
    prize_redis_ssl_name redis.test;
    prize_redis_ssl_name redis.test; # here
--- must_die: "prize_redis_ssl_name" directive is duplicate

=== TEST 15: prize_redis_ssl_server_name is on, but an address is not sent
--- http_config
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    prize_redis_pass 127.0.0.1:$TEST_NGINX_NAMED;
--- page: {{name}}
--- config
    location = /h5 { prize_page page.html; }
    location = /named { prize_page page.html; prize_redis_ssl_name redis.test; }
--- request eval: ["GET /h5?id=7", "GET /named?id=7"]
--- error_code eval: [404, 200]

=== TEST 16: prize_redis_ssl_server_name in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_server_name off;', 'NAMED')
. 'prize_redis_ssl_name redis.test;'
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_server_name on;',
             'prize_redis_ssl_server_name off;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(404)

=== TEST 17: prize_redis_ssl_server_name twice
--- config
    prize_redis_ssl_server_name on;
    prize_redis_ssl_server_name on; # here
--- must_die: "prize_redis_ssl_server_name" directive is duplicate

=== TEST 18: prize_redis_ssl_verify is on
--- page: {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
        prize_redis_ssl on;
    }
--- request: GET /h5?id=7
--- error_code: 503
--- error_log eval
qr/: its certificate is refused: .* in certificate chain \(19\), left alone/

=== TEST 19: prize_redis_ssl_verify in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_verify on;', 'TLS', 'prize_redis_ssl on;')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_verify off;', 'prize_redis_ssl_verify on;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 20: prize_redis_ssl_verify twice
--- config
    prize_redis_ssl_verify off;
    prize_redis_ssl_verify off; # here
--- must_die: "prize_redis_ssl_verify" directive is duplicate

=== TEST 21: prize_redis_ssl_verify_depth is enough for two in between
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_DEEP;
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
--- page: {{name}}
--- config
    location = /h5 { prize_page page.html; }
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 22: prize_redis_ssl_verify_depth in http, server, location, if and limit_except
--- http_config eval: main::outside('prize_redis_ssl_verify_depth 1;', 'DEEP')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_verify_depth 2;',
             'prize_redis_ssl_verify_depth 0;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 23: prize_redis_ssl_verify_depth that is no number
--- config: prize_redis_ssl_verify_depth deep; # here
--- must_die: "prize_redis_ssl_verify_depth" directive invalid number

=== TEST 24: prize_redis_ssl_verify_depth twice
--- config
    prize_redis_ssl_verify_depth 1;
    prize_redis_ssl_verify_depth 1; # here
--- must_die: "prize_redis_ssl_verify_depth" directive is duplicate

=== TEST 25: prize_redis_ssl_trusted_certificate in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_trusted_certificate $TEST_NGINX_CA2;', 'TLS',
              'prize_redis_ssl on;')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;',
             'prize_redis_ssl_trusted_certificate $TEST_NGINX_CA2;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 26: prize_redis_ssl_trusted_certificate beside nginx.conf
--- pages eval
">>> page.html\n{{name}}\n>>> ca.crt\n" . Test::Prize::slurp($ENV{TEST_NGINX_CA})
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate ca.crt;
    }
--- request: GET /h5?id=7
--- response_body
Ann

=== TEST 27: prize_redis_ssl_trusted_certificate that is not there
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate missing.crt; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_trusted_certificate" does not work: .*missing\.crt.*No such file/

=== TEST 28: prize_redis_ssl_trusted_certificate that is no certificate
--- pages eval: ">>> page.html\n\n>>> ca.crt\nhello\n"
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate ca.crt; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_trusted_certificate" does not work: .*\(SSL: /

=== TEST 29: prize_redis_ssl_trusted_certificate that is not there, without TLS
--- http_config: prize_redis_pass unix:$TEST_NGINX_SOCKET;
--- page: {{name}}
--- config
    prize_redis_ssl_trusted_certificate missing.crt;
    location = /h5 { prize_page page.html; }
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 30: prize_redis_ssl_trusted_certificate twice
--- config
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA; # here
--- must_die: "prize_redis_ssl_trusted_certificate" directive is duplicate

=== TEST 31: prize_redis_ssl_trusted_certificate with a variable
--- config: prize_redis_ssl_trusted_certificate $arg_ca; # here
--- must_die
"prize_redis_ssl_trusted_certificate" directive takes no variables

=== TEST 32: prize_redis_ssl_crl in http, server, location, if and limit_except
--- http_config eval: main::outside('prize_redis_ssl_crl $TEST_NGINX_CRL2;', 'TLS')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_crl $TEST_NGINX_CRL;',
             'prize_redis_ssl_crl $TEST_NGINX_CRL2;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)
--- error_log: : its certificate is refused: certificate revoked (23), left alone

=== TEST 33: prize_redis_ssl_crl that is not there
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl on;
    prize_redis_ssl_crl missing.crl; # here
    location = /h5 { prize_page page.html; }
--- must_die eval: qr/"prize_redis_ssl_crl" does not work: .*missing\.crl/

=== TEST 34: prize_redis_ssl_crl twice
--- config
    prize_redis_ssl_crl $TEST_NGINX_CRL;
    prize_redis_ssl_crl $TEST_NGINX_CRL; # here
--- must_die: "prize_redis_ssl_crl" directive is duplicate

=== TEST 35: no prize_redis_ssl_certificate, where Redis wants one
--- page
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    }
--- request: GET /h5?id=7
--- error_code: 503
--- error_log eval
qr/: the TLS handshake failed: .*\(SSL: .*alert.*\), left alone for now/

=== TEST 36: prize_redis_ssl_certificate and its key in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_certificate $TEST_NGINX_THEM;'
              . ' prize_redis_ssl_certificate_key $TEST_NGINX_THEM_KEY;',
              'STRICT')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_certificate $TEST_NGINX_US;'
             . ' prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;',
             'prize_redis_ssl_certificate $TEST_NGINX_THEM;'
             . ' prize_redis_ssl_certificate_key $TEST_NGINX_THEM_KEY;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 37: prize_redis_ssl_certificate without a key
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate $TEST_NGINX_US; # here
    location = /h5 { prize_page page.html; }
--- must_die
"prize_redis_ssl_certificate" has no "prize_redis_ssl_certificate_key" in 

=== TEST 38: prize_redis_ssl_certificate_key without a certificate
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY; # here
    location = /h5 { prize_page page.html; }
--- must_die
"prize_redis_ssl_certificate_key" has no "prize_redis_ssl_certificate" in 

=== TEST 39: prize_redis_ssl_certificate that is not there
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate missing.crt; # here
    prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_certificate" does not work: cannot load certificate ".*missing\.crt"/

=== TEST 40: prize_redis_ssl_certificate_key of another certificate
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate $TEST_NGINX_US;
    prize_redis_ssl_certificate_key $TEST_NGINX_THEM_KEY; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_certificate_key" does not work: .*key values mismatch/

=== TEST 41: prize_redis_ssl_certificate_key that is not there
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate $TEST_NGINX_US;
    prize_redis_ssl_certificate_key missing.key; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_certificate_key" does not work: cannot load certificate key /

=== TEST 42: prize_redis_ssl_certificate twice
--- config
    prize_redis_ssl_certificate $TEST_NGINX_US;
    prize_redis_ssl_certificate $TEST_NGINX_US; # here
--- must_die: "prize_redis_ssl_certificate" directive is duplicate

=== TEST 43: prize_redis_ssl_certificate_key twice
--- config
    prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;
    prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY; # here
--- must_die: "prize_redis_ssl_certificate_key" directive is duplicate

=== TEST 44: prize_redis_ssl_password_file in http, server, location, if and limit_except
--- http_config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    prize_redis_ssl_certificate $TEST_NGINX_LOCKED;
    prize_redis_ssl_certificate_key $TEST_NGINX_LOCKED_KEY;
    prize_redis_ssl_password_file $TEST_NGINX_FILE;
    server {
        listen 127.0.0.1:$TEST_NGINX_CLIENT_PORT;
        server_name http;
        location = /h5 { prize_page page.html; }
    }
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_password_file $TEST_NGINX_FILE;',
             'prize_redis_ssl_password_file $TEST_NGINX_FILE;')
--- request eval: main::everywhere()
--- error_code eval: [(200) x 7]

=== TEST 45: prize_redis_ssl_password_file without the right one
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate $TEST_NGINX_LOCKED;
    prize_redis_ssl_certificate_key $TEST_NGINX_LOCKED_KEY; # here
    prize_redis_ssl_password_file $TEST_NGINX_WRONG;
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_certificate_key" does not work: cannot load certificate key /

=== TEST 46: prize_redis_ssl_password_file that is not there
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_STRICT;
    prize_redis_ssl on;
    prize_redis_ssl_certificate $TEST_NGINX_LOCKED;
    prize_redis_ssl_certificate_key $TEST_NGINX_LOCKED_KEY;
    prize_redis_ssl_password_file missing; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_password_file" does not work: .*missing" failed/

=== TEST 47: prize_redis_ssl_password_file twice
--- config
    prize_redis_ssl_password_file $TEST_NGINX_FILE;
    prize_redis_ssl_password_file $TEST_NGINX_FILE; # here
--- must_die: "prize_redis_ssl_password_file" directive is duplicate

=== TEST 48: prize_redis_ssl_protocols in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_protocols TLSv1.3;', 'STRICT')
. 'prize_redis_ssl_certificate $TEST_NGINX_US;'
. 'prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;'
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_protocols TLSv1.1 TLSv1.2;',
             'prize_redis_ssl_protocols TLSv1.3;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 49: prize_redis_ssl_protocols has all of them by name
--- http_config: prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
--- page: {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
        prize_redis_ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    }
--- request: GET /h5?id=7
--- response_body: Ann

=== TEST 50: prize_redis_ssl_protocols with one that there is not
--- config: prize_redis_ssl_protocols TLSv9; # here
--- must_die: invalid value "TLSv9"

=== TEST 51: prize_redis_ssl_ciphers in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;',
              'STRICT')
. 'prize_redis_ssl_certificate $TEST_NGINX_US;'
. 'prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;'
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_ciphers HIGH:!aNULL;',
             'prize_redis_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 52: prize_redis_ssl_ciphers that there are not
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl on;
    prize_redis_ssl_ciphers NONSENSE; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_ciphers" does not work: .*"NONSENSE".*no cipher match/

=== TEST 53: prize_redis_ssl_ciphers twice
--- config
    prize_redis_ssl_ciphers DEFAULT;
    prize_redis_ssl_ciphers DEFAULT; # here
--- must_die: "prize_redis_ssl_ciphers" directive is duplicate

=== TEST 54: prize_redis_ssl_conf_command in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_conf_command MinProtocol TLSv1.3;', 'STRICT')
. 'prize_redis_ssl_certificate $TEST_NGINX_US;'
. 'prize_redis_ssl_certificate_key $TEST_NGINX_US_KEY;'
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_conf_command MinProtocol TLSv1.2;'
             . ' prize_redis_ssl_conf_command MaxProtocol TLSv1.2;',
             'prize_redis_ssl_conf_command MinProtocol TLSv1.3;')
--- request eval: main::everywhere()
--- error_code eval: main::seldom(503)

=== TEST 55: prize_redis_ssl_conf_command that OpenSSL does not know
--- page
--- config
    prize_redis_pass 127.0.0.1:$TEST_NGINX_TLS;
    prize_redis_ssl on;
    prize_redis_ssl_conf_command Nonsense 1; # here
    location = /h5 { prize_page page.html; }
--- must_die eval
qr/"prize_redis_ssl_conf_command" does not work: SSL_CONF_cmd\("Nonsense", "1"\) failed/

=== TEST 56: prize_redis_ssl_conf_command with one word
--- config: prize_redis_ssl_conf_command MinProtocol; # here
--- must_die: invalid number of arguments in "prize_redis_ssl_conf_command"

=== TEST 57: prize_redis_ssl_session_reuse is on
--- page: {{name}}
--- config
    location = /h5 {
        prize_page page.html;
        prize_redis_pass 127.0.0.1:$TEST_NGINX_RESUMED;
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate $TEST_NGINX_CA;
    }
--- request eval: [("GET /h5?id=7") x 2]
--- error_code eval: [404, 200]

=== TEST 58: prize_redis_ssl_session_reuse in http, server, location, if and limit_except
--- http_config eval
main::outside('prize_redis_ssl_session_reuse off;', 'RESUMED')
--- page: {{name}}
--- config eval
main::inside('prize_redis_ssl_session_reuse on;',
             'prize_redis_ssl_session_reuse off;')
--- request eval: main::everywhere(2)
--- error_code eval: [404, 404, 404, 200, (404) x 4, 200, 200, (404) x 4]

=== TEST 59: prize_redis_ssl_session_reuse twice
--- config
    prize_redis_ssl_session_reuse on;
    prize_redis_ssl_session_reuse on; # here
--- must_die: "prize_redis_ssl_session_reuse" directive is duplicate
