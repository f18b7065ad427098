use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Peer;

# prize_status health: what a balancer is told.  It asks for nothing else, so
# that its question has to find out what has changed.

my $record = { id => 'E1', name => 'One' };


sub site {
    my ($servers, $conninfo) = @_;
    my $port = free_port();
    my ($pool, $fallback) = $conninfo
        ? ("prize_postgres hr \"$conninfo\";",
           'prize_postgres_pass hr; prize_postgres_query'
           . ' "SELECT id, id AS name FROM unnest($1::text[]) AS id";')
        : ('', '');
    my $nginx = Test::Prize::Nginx->start(
        files => { 'page.html' => '{{id}} {{name}}' }, http => <<"CONF");
    $pool
    upstream store { @{[ map { "server 127.0.0.1:$_ max_fails=0;" }
                         @$servers ]} }
    server {
        listen 127.0.0.1:$port;
        prize_redis_connect_timeout 10s;
        prize_redis_timeout 10s;
        location = /h5 {
            prize_page page.html;
            prize_redis_pass store;
            $fallback
        }
        location = /health { prize_status health; }
    }
CONF

    return Test::Prize::Client->new($port), $nginx;
}


sub health {
    my ($client) = @_;
    my $answer = $client->get('/health');

    return "$answer->{status} $answer->{body}";
}


sub becomes {
    my ($client, $health, $name) = @_;

    ok(eval { eventually { health($client) eq $health } $health },
       "$name: $health" =~ s/\n//r) or diag(health($client));
}


my $up = "200 redis up, postgres down\n";
my $down = "503 redis down, postgres down\n";


subtest 'a Redis that comes after nginx' => sub {
    my $redis = Test::Prize::Redis->start;

    $redis->kill;

    my ($client, $nginx) = site([$redis->{port}]);

    becomes($client, $down, 'not yet');
    $redis->start;
    becomes($client, $up, 'there, and nobody has asked for a page');
    $redis->command('HSET', 'employee:E1', %$record);
    is($client->get('/h5?id=E1')->{body}, 'E1 One', 'a page');

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
};


subtest 'a Redis that is there, and not for us' => sub {
    for my $error ('LOADING a while', 'NOPERM no') {
        my $peer = Test::Prize::Peer->start(answer => sub {
            my ($peer, $client, @command) = @_;
            return $command[0] eq 'HMGET' ? "-$error\r\n"
                                          : $peer->usual(@command);
        });
        my ($client, $nginx) = site([$peer->{port}]);

        becomes($client, $up, 'nobody has asked it');
        is($client->get('/h5?id=E1')->{status}, 503, $error);
        is(health($client), $down, 'no store can answer');
    }
};


subtest 'one store of several is enough' => sub {
    my $redis = Test::Prize::Redis->start;
    my ($client, $nginx) = site([free_port(), $redis->{port}]);

    becomes($client, $up, 'one of two Redis');
    $redis->command('HSET', 'employee:E1', %$record);
    $client->get('/h5?id=E1') for 1 .. 10;
    is(health($client), $up, 'after some pages, too');

    ($client, $nginx) = site([free_port()], shared_postgres()->conninfo);
    $client->get('/h5?id=E1') for 1 .. 10;
    becomes($client, "200 redis down, postgres up\n", 'PostgreSQL');
};


done_testing();
