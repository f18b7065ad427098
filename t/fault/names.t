use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::DNS;
use Test::Prize::Fault;
use Test::Prize::Roster;

# Redis by a name that moves while nginx runs, in an upstream block of nginx's
# own "resolve".

my ($major, $minor, $patch) = (run($ENV{TEST_NGINX_BINARY}, '-v'))[2]
                              =~ m{nginx/(\d+)\.(\d+)\.(\d+)};

plan skip_all => '"resolve" in an upstream block is of nginx 1.27.3'
    if $major * 1_000_000 + $minor * 1000 + $patch < 1_027_003;

my $dns = Test::Prize::DNS->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my $port = free_port();


sub site {
    my ($name, %option) = @_;
    my $http = delete $option{http} // '';

    return Test::Prize::Fault->new(roster => $roster, %option,
        http => <<~"CONF",
            resolver $dns->{address} valid=1s ipv6=off;
            upstream moving {
                zone moving 256k;
                server $name:$port resolve max_fails=0;
            }
            $http
            CONF
        location => 'prize_redis_pass moving;' . ($option{location} // ''));
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

subtest 'row 59: before the first answer, and with it' => sub {
    my $web = free_port();
    my $nginx = Test::Prize::Nginx->start(http => <<~"CONF",
        resolver $dns->{address} valid=1s ipv6=off;
        upstream early {
            zone early 256k;
            server early.example:$port resolve;
        }
        server {
            listen 127.0.0.1:$web;
            location = /h5 { prize_page page.html; prize_redis_pass early; }
            location = /health { prize_status health; }
            location = /status { prize_status; }
        }
        CONF
        files => { 'page.html' => '{{id}}' });
    my $get = sub { return $nginx->get("http://127.0.0.1:$web$_[0]") };
    my $redis = start_redis('127.0.0.1');

    eventually { $dns->asked('early.example') } 'a question';
    is($get->('/health')->{status}, 503, 'nobody can answer yet');
    is($get->('/h5?id=7')->{status}, 503, 'nor does anybody');
    unlike($get->('/status')->{content}, qr/peer=/, 'no peer yet');

    $dns->set('early.example' => '127.0.0.1');

    ok(eval { eventually { $get->('/health')->{status} == 200 } 'health' },
       'healthy before the first page is asked for');
    like($get->('/status')->{content}, qr/peer="127\.0\.0\.1:$port"/,
         'the peer is the address');
    is($get->('/h5?id=' . $roster->ids->[0])->{status}, 200, 'a page');

    # there is nobody, and the first one still lives
    $dns->set('early.example' => '127.0.0.3');
    ok(eval { eventually { $get->('/h5?id=7')->{status} == 503
                           && $get->('/health')->{status} == 503 } 'neither' },
       'no page and no health where the name has gone');

    $nginx->stop('QUIT');
    $redis->stop;
    unlike($nginx->error_log, qr/127\.0\.0\.1.*prize: |\[alert\]/,
           'nothing to complain of');
};


subtest 'row 60: the old address dies and the name moves on' => sub {
    my $old = start_redis('127.0.0.1');

    $dns->set('moves.example' => '127.0.0.1');

    my $site = site('moves.example');

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
};


# Each Redis has sixteen, and all live: nobody has a reason to leave an address
# but that the name has.

subtest 'row 61: two hundred addresses in turn' => sub {
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

    my $site = site('many.example');

    $site->returns_to_redis;
    $site->connected(redis_connections => 8);

    my $before = $site->descriptors;

    $site->ask('while it moves', requests => 2600, rate => 80, from => 'redis',
               after => { map { my $n = $_; ($n * 100 => sub { $move->($n) }) }
                          1 .. 25 });

    eventually { 8 == grep { /^127\.0\.13\.(?:9|1\d):/ } peers($site) }
               'the last ones';

    cmp_ok(scalar(my @peers = peers($site)), '<=', 24, 'and a few more');
    cmp_ok($site->descriptors, '<=', $before + 16, 'with a descriptor each');
    is(scalar(map { $_->clients } @redis[0 .. 10]), 0,
       'no client is left of the others');
    $site->over;
};


done_testing();
