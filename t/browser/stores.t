use strict;
use warnings;

use lib 't/lib';
use JSON::PP qw(encode_json);
use Test::Prize;
use Test::Prize::Browser;
use Test::Prize::Certificates;
use Test::Prize::Client;
use Test::Prize::Cluster;
use Test::Prize::Sentinel;

# What prize_status html says of each Redis, of a cluster and of Sentinels:
# t/browser/stores.js.

my $ca = Test::Prize::Certificates->new;
my $us = $ca->issue('nginx', days => 3);
my $plain = shared_redis();
my $tls = Test::Prize::Redis->start(
    tls => $ca->issue('redis', names => 'IP:127.0.0.1'));
my $cluster = Test::Prize::Cluster->start(primaries => 2, replicas => 1);
my $group = Test::Prize::Sentinel->start(sentinels => 1);
my ($sentinel) = $group->sentinels;
my $name = Test::Prize::Sentinel::NAME;


# "lost" has Sentinels where nobody listens

my %location = (
    plain => "prize_redis_pass 127.0.0.1:$plain->{port};",
    tls => <<"CONF",
        prize_redis_pass 127.0.0.1:$tls->{port};
        prize_redis_ssl on;
        prize_redis_ssl_trusted_certificate $ca->{file};
        prize_redis_ssl_certificate $us->{certificate};
        prize_redis_ssl_certificate_key $us->{key};
CONF
    cluster => "prize_redis_cluster on; prize_redis_pass "
               . ($cluster->nodes)[0]->address . ';',
    sentinel => "prize_redis_sentinel $name; prize_redis_pass "
                . $sentinel->address . ';',
    lost => "prize_redis_sentinel $name; prize_redis_pass 127.0.0.1:"
            . free_port() . ';',
);
my @running;

sub site {
    my (@names) = @_;
    my $port = free_port();
    my $locations = join '', map { "location = /$_ { prize_page page.html;"
                                   . " $location{$_} }\n" } @names;

    push @running, Test::Prize::Nginx->start(
        files => { 'page.html' => '{{id}}' }, http => <<"CONF");
    $patient
    server {
        listen 127.0.0.1:$port;
        location = /status { prize_status html; }
        $locations
    }
CONF
    return $port;
}


# a slot that nobody has, and after the map is known one that has moved

my ($gone, $slot) = $cluster->slots('gone', 'employee:7');
my ($from) = $cluster->primary('employee:7');
my ($to) = grep { $_ != $from } $cluster->primaries;

$from->command(qw(HSET employee:7 id 7));
$_->command('CLUSTER', 'DELSLOTS', $gone) for $cluster->nodes;
$cluster->settle;

my %port = (plain => site('plain'), all => site(qw(plain tls cluster sentinel)),
            lost => site('lost'));
my $client = Test::Prize::Client->new($port{all});

eventually { $client->get('/cluster?id=7')->{status} == 200 } 'the cluster';
$cluster->move_slot($slot, $to);
$client->get('/cluster?id=7');

my @replica = map { $cluster->replicas_of($_) } $from, $to;

exit Test::Prize::Browser::run_node(['browser/stores.js'],
    map({ (uc $_ => "http://127.0.0.1:$port{$_}/status") } keys %port),
    SERVERS => encode_json({
        plain => $plain->address, tls => $tls->address,
        sentinel => $sentinel->address,
        primary => [map { $_->address } $from, $to, $group->master],
        replica => [map { $_->address } @replica, $group->replicas],
    }));
