use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::DNS;
use Test::Prize::Fault;
use Test::Prize::Roster;

# Redis by a name that moves while nginx runs: "prize_redis_pass NAME:PORT
# resolve" on any nginx, and nginx's own "resolve" in an upstream block.

my ($major, $minor, $patch) = (run($ENV{TEST_NGINX_BINARY}, '-v'))[2]
                              =~ m{nginx/(\d+)\.(\d+)\.(\d+)};

# A block's is of nginx 1.27.3.  With PRIZE_WAY="a block" the other way is left
# to another nginx, with which CI has run it.
my $way = $ENV{PRIZE_WAY} // '';
my @ways = ($way ? () : 'ours',
            $major * 1_000_000 + $minor * 1000 + $patch >= 1_027_003
            ? 'a block' : ());

plan skip_all => '"resolve" in an upstream block is of nginx 1.27.3'
    unless @ways;

my $dns = Test::Prize::DNS->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $port = free_port();


# what http and a location say to ask a name in that way

sub named {
    my ($way, $name) = @_;
    my $resolver = "resolver $dns->{address} valid=1s ipv6=off;";

    return ($resolver, "prize_redis_pass $name:$port resolve;")
        if $way eq 'ours';

    return (<<~"HTTP", 'prize_redis_pass moving;');
        $resolver
        upstream moving {
            zone moving 256k;
            server $name:$port resolve max_fails=0;
        }
        HTTP
}


sub site {
    my ($way, $name) = @_;
    my ($http, $pass) = named($way, $name);

    return Test::Prize::Fault->new(roster => $roster, http => $http,
                                   location => $pass);
}


# whom the metrics know
sub peers {
    my ($site) = @_;

    my $series = qr/^prize_breaker_open\{backend="redis",peer="(.*)"\}/;

    return map { /$series/ ? $1 : () } keys %{ $site->status };
}


sub start_redis {
    my $redis = Test::Prize::Redis->start(port => $port, address => "@_");
    $roster->load($redis);
    return $redis;
}


# A balancer asks the health of a worker before it sends anybody there.

sub before_the_first_answer {
    my ($way) = @_;
    my $name = 'early-' . length($way) . '.example';
    my ($http, $pass) = named($way, $name);
    my $web = free_port();
    my $nginx = Test::Prize::Nginx->start(http => <<~"CONF",
        $http
        server {
            listen 127.0.0.1:$web;
            location = /h5 { prize_page page.html; $pass }
            location = /health { prize_status health; }
            location = /status { prize_status; }
        }
        CONF
        files => { 'page.html' => '{{id}}' });
    my $get = sub { return $nginx->get("http://127.0.0.1:$web$_[0]") };
    my $redis = start_redis('127.0.0.1');

    eventually { $dns->asked($name) } 'a question';
    is($get->('/health')->{status}, 503, 'nobody can answer yet');
    is($get->('/h5?id=7')->{status}, 503, 'nor does anybody');
    unlike($get->('/status')->{content}, qr/peer=/, 'no peer yet');

    $dns->set($name => '127.0.0.1');

    ok(eval { eventually { $get->('/health')->{status} == 200 } 'health' },
       'healthy before the first page is asked for');
    like($get->('/status')->{content}, qr/peer="127\.0\.0\.1:$port"/,
         'the peer is the address');
    is($get->('/h5?id=' . $roster->ids->[0])->{status}, 200, 'a page');

    # there is nobody, and the first one still lives
    $dns->set($name => '127.0.0.3');
    ok(eval { eventually { $get->('/h5?id=7')->{status} == 503
                           && $get->('/health')->{status} == 503 } 'neither' },
       'no page and no health where the name has gone');

    $nginx->stop('QUIT');
    $redis->stop;
    unlike($nginx->error_log, qr/127\.0\.0\.1.*prize: |\[alert\]/,
           'nothing to complain of');
}


sub old_address_dies {
    my ($way) = @_;
    my $old = start_redis('127.0.0.1');

    $dns->set('moves.example' => '127.0.0.1');

    my $site = site($way, 'moves.example');

    $site->returns_to_redis;
    is_deeply([peers($site)], ["127.0.0.1:$port"], 'the first address');

    $old->kill;
    $site->ask('its pages are PostgreSQL\'s', requests => 50,
               from => 'postgres');

    my $new = start_redis('127.0.0.2');

    $dns->set('moves.example' => '127.0.0.2');
    $site->returns_to_redis;

    ok(eval { eventually { "@{[peers($site)]}" eq "127.0.0.2:$port" }
                         'the end of the first' },
       'the first has ended');
    $site->over;
    $new->stop;
}


# Each Redis has sixteen, and all live: nobody has a reason to leave an address
# but that the name has.

sub two_hundred_addresses {
    my ($way) = @_;
    my @addresses = map { my $n = $_; map { "127.0.$n.$_" } 1 .. 16 } 1 .. 13;
    my @redis = map {
        my @own = @addresses[$_ * 16 .. $_ * 16 + 15];
        my $redis = Test::Prize::Redis->start(port => $port,
            address => $own[0], options => ['--bind', @own]);
        $roster->load($redis);
        $redis;
    } 0 .. 12;
    my $move = sub {
        my $n = $_[0];
        $dns->set('many.example' => @addresses[$n * 8 .. $n * 8 + 7]);
    };

    $move->(0);

    my $site = site($way, 'many.example');

    $site->returns_to_redis;
    $site->connected(redis_connections => 8);

    my $before = $site->descriptors;
    my $memory = $site->memory;

    $site->ask('while it moves', requests => 2600, rate => 80, from => 'redis',
               after => { map { my $n = $_; ($n * 100 => sub { $move->($n) }) }
                          1 .. 25 });

    eventually { 8 == grep { /^127\.0\.13\.(?:9|1\d):/ } peers($site) }
               'the last ones';

    cmp_ok(scalar(my @peers = peers($site)), '<=', 24, 'and a few more');
    cmp_ok($site->descriptors, '<=', $before + 16, 'with a descriptor each');
    cmp_ok($site->memory, '<=', $memory + 2048, 'and no KiB more for each')
        unless sanitized();
    is(scalar(map { $_->clients } @redis[0 .. 10]), 0,
       'no client is left of the others');
    $site->over;
    $_->stop for @redis;
}


# The addresses of a name are asked in turn.  An answer without one takes none
# away, and a dead one is PostgreSQL's.

sub no_answer {
    my @redis = map { start_redis("127.0.0.$_") } 1, 2;
    my $name = 'last.example';

    $dns->set($name => '127.0.0.1', '127.0.0.2');

    my $site = site('ours', $name);

    $site->returns_to_redis;
    $site->connected(redis_connections => 2);
    is_deeply($site->ask('both', requests => 100, from => 'redis')->{asked},
              { map { ("127.0.0.$_:$port" => 50) } 1, 2 }, 'in turn');

    for my $answer ('', qw(NXDOMAIN SERVFAIL SILENT)) {
        my $asked = $dns->asked($name);

        $dns->set($name => $answer || ());
        eventually { $dns->asked($name) > $asked + 1 } "two lookups: $answer";
        $site->ask("as before: $answer", requests => 50, from => 'redis');
    }

    $redis[0]->kill;
    $site->ask('one is left', requests => 50, from => 'redis');
    $redis[1]->kill;
    $site->ask('none is left', requests => 50, from => 'postgres');

    my $new = start_redis('127.0.0.3');

    $dns->set($name => '127.0.0.3');
    $site->returns_to_redis;
    like($site->nginx->error_log, qr/prize: "$name" could not be resolved: /,
         'what has failed is in the log');
    $site->over(lines => 12);
    $new->stop;
}


# The address changes, the name in the certificate does not.

sub certificate_of_the_name {
    my $ca = Test::Prize::Certificates->new;
    my $redis = Test::Prize::Redis->start(
        tls => $ca->issue('tls', names => 'DNS:tls.example'));
    my %location = map { $_ => <<~"CONF" } qw(tls.example other.example);
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate $ca->{file};
        prize_redis_pass $_:$redis->{port} resolve;
        CONF

    $roster->load($redis);
    $dns->set($_ => '127.0.0.1') for keys %location;

    my ($right, $wrong) = map {
        Test::Prize::Fault->new(roster => $roster, location => $location{$_},
                                http => (named('ours', $_))[0])
    } qw(tls.example other.example);

    $right->returns_to_redis;
    $right->ask('by TLS', requests => 50, from => 'redis');
    $right->over;
    $wrong->ask('another name', requests => 50, from => 'postgres');
    like($wrong->nginx->error_log,
         qr/its certificate does not name: other\.example/, 'is told');
    $wrong->over;
    $redis->stop;
}


for my $way (@ways) {
    subtest "row 59: before the first answer, and with it: $way" =>
        sub { before_the_first_answer($way) };
    subtest "row 60: the old address dies and the name moves on: $way" =>
        sub { old_address_dies($way) };
    subtest "row 61: two hundred addresses in turn: $way" =>
        sub { two_hundred_addresses($way) };
}

if (!$way) {
    subtest 'row 61: no answer with an address' => \&no_answer;
    subtest 'row 62: by TLS' => \&certificate_of_the_name;
}

done_testing();
