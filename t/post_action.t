use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# nginx runs a "post_action" for a client that has left while its lookup is
# still under way: that lookup ends, and the request is not ended twice.

my $redis = Test::Prize::Redis->start;
my $port = free_port();

$redis->command('HSET', "employee:$_", id => $_, name => "N $_") for 1, 2;

my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' },
    http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_timeout 30s;
    prize_redis_connect_timeout 30s;
    server {
        listen 127.0.0.1:$port;
        location = /page { prize_page page.html; post_action /after; }
        location = /after { prize_page page.html; prize_id 2; }
        location = /proxied { prize_page page.html; post_action /away; }
        location = /away { proxy_pass http://127.0.0.1:$port/slow; }
        location = /slow { prize_page page.html; prize_id 1; }
        location = /status { prize_status json; access_log off; }
    }
CONF

my $client = Test::Prize::Client->new($port);
my ($worker) = $nginx->workers;

is($client->get('/page?id=1')->{status}, 200, 'a page');

for my $target ('/page?id=1', '/proxied?id=1') {
    $redis->pause;

    for (1 .. 5) {
        my $connection = $client->connect;
        $connection->send(Test::Prize::Client::text('GET', $target));
        select undef, undef, undef, 0.05;
        $connection->leave;
    }

    select undef, undef, undef, 0.2;
    $redis->resume;

    eventually {
        my $status = $nginx->status("http://127.0.0.1:$port/status");
        !$status->{requests_in_flight} && !$status->{redis_commands_in_flight}
    } 'the end of what was asked';

    is($client->get('/page?id=2')->{status}, 200, "$target: the next page");
    is_deeply([$nginx->workers], [$worker], 'by the same worker');
}

$nginx->stop;
unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/, 'no alert');

done_testing();
