use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Cluster;
use Test::Prize::Peer;
use Test::Prize::Sentinel;

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
    my ($store, $more) = @_;
    my $port = free_port();
    my $nginx = Test::Prize::Nginx->start(
        files => { 'page.html' => '{{id}}' }, http => <<"CONF");
    $patient
    @{[ $more // '' ]}
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


# ---- who says where the stores are is none

my $cluster = Test::Prize::Cluster->start(primaries => 2);
my $group = Test::Prize::Sentinel->start(replicas => 0, sentinels => 1);
my $name = Test::Prize::Sentinel::NAME;
my ($sentinel) = $group->sentinels;
my $master = $group->master;
my ($node, $other) = $cluster->nodes;


($client, $nginx) = site($node, 'prize_redis_cluster on;');
becomes($client, $up, 'a cluster');
$node->kill;
$client->get("/h5?id=$_") for 1 .. 20;
becomes($client, $up, 'one of its nodes, which is no seed');
$other->kill;
$client->get("/h5?id=$_") for 1 .. 20;
becomes($client, $down, 'none of them');
$_->start for $node, $other;
becomes($client, $up, 'they are back');

($client, $nginx) = site($redis, 'prize_redis_cluster on;');
becomes($client, $down, 'a seed that is in no cluster');

($client, $nginx) = site($sentinel, "prize_redis_sentinel $name;");
becomes($client, $up, 'a master');
$master->kill;
$client->get("/h5?id=$_") for 1 .. 5;
becomes($client, $down, 'the Sentinel alone');
$master->start;
becomes($client, $up, 'the master is back');

# it thinks about where they are

my $where = qr/^(?:CLUSTER|SENTINEL)\b/;
my $silent = Test::Prize::Peer->start(answer => sub {
    my ($peer, $client, @command) = @_;
    return $command[0] =~ $where ? undef : $peer->usual(@command);
});

for my $route ('prize_redis_cluster on;', "prize_redis_sentinel $name;") {
    my $before = $silent->commands($where);

    ($client, $nginx) = site($silent, $route);
    eventually { $silent->commands($where) > $before } 'the question';
    is($client->get('/health')->{body}, "redis down, postgres down\n",
       "$route who is asked is none");
}

done_testing();
