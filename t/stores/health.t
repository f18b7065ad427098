use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Peer;

# prize_status health, where a Redis comes and goes.  A balancer asks for
# nothing else, so its question has to find out what has changed.

my $redis = shared_redis();
my $loading = Test::Prize::Peer->start(answer => sub {
    my ($peer, $client, @command) = @_;
    return $command[0] eq 'HMGET' ? "-LOADING a while\r\n"
                                  : $peer->usual(@command);
});

my ($up, $down) = ("200 redis up, postgres down\n",
                   "503 redis down, postgres down\n");


sub site {
    my ($store) = @_;
    my $port = free_port();
    my $nginx = Test::Prize::Nginx->start(
        files => { 'page.html' => '{{id}}' }, http => <<"CONF");
    $patient
    upstream store { server 127.0.0.1:$store->{port} max_fails=0; }
    server {
        listen 127.0.0.1:$port;
        location = /h5 { prize_page page.html; prize_redis_pass store; }
        location = /health { prize_status health; }
    }
CONF

    return Test::Prize::Client->new($port), $nginx;
}


sub becomes {
    my ($client, $health, $name) = @_;
    my $found;

    eval {
        eventually {
            my $answer = $client->get('/health');
            $found = "$answer->{status} $answer->{body}";
            $found eq $health;
        } $health;
    };
    is($found, $health, $name);
}


$redis->kill;

my ($client, $nginx) = site($redis);

becomes($client, $down, 'a Redis that is not there yet');
$redis->start;
becomes($client, $up, 'is there, and nobody has asked for a page');
$redis->command(qw(HSET employee:E1 id E1));
is($client->get('/h5?id=E1')->{body}, 'E1', 'a page');

# it ends and comes again before anybody was answered
for (1 .. 2) {
    $redis->kill;
    $client->get('/h5?id=E1') for 1 .. 5;
    becomes($client, $down, 'away');
    $redis->start;
    becomes($client, $up, 'back');
}

$redis->command(qw(CLIENT KILL TYPE normal));
becomes($client, $up, 'only its connection has ended');

($client, $nginx) = site($loading);
becomes($client, $up, 'one that nobody has asked');
is($client->get('/h5?id=E1')->{status}, 503, 'is loading');
is($client->get('/health')->{body}, "redis down, postgres down\n",
   'and cannot answer');

done_testing();
