use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;
use Test::Prize::Roster;

# A thousand clients at once, each asking for one employee after the other:
# nobody sees the page of another, and each server of Redis sees one
# connection from each worker, never more.

# fewer under valgrind, say

my $requests = $ENV{TEST_NGINX_REQUESTS} // 100_000;
my $connections = 1000;
my $workers = 2;

my $roster = Test::Prize::Roster->create(shared_postgres());
my @redis = map { Test::Prize::Redis->start } 1, 2;
my $port = free_port();

$roster->load($_) for @redis;

my $nginx = Test::Prize::Nginx->start(workers => $workers,
    connections => 4096,
    files => { 'gift.html' => slurp(root() . '/conf/pages/gift.html') },
    http => <<"CONF");
    upstream employees {
        hash \$arg_id consistent;
        server 127.0.0.1:$redis[0]{port} max_fails=0;
        server 127.0.0.1:$redis[1]{port} max_fails=0;
    }

    access_log off;
    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:$port backlog=4096;

        location = /h5 {
            prize_page gift.html;
            prize_redis_pass employees;
            prize_redis_connect_timeout 10s;
            prize_redis_timeout 10s;
        }

        location = /status { prize_status json; }
        location = /another { return 200 '<body data-id="another">'; }
        location = /twice { return 200 'data-id="me" data-id="me"'; }
        location = /nobody { return 200 '<body>'; }
        location = /closed { return 444; }
    }
CONF


# one question after the other on a connection that is not counted

package Monitor {

    sub new {
        my ($class, $redis) = @_;
        return bless { socket => $redis->connect }, $class;
    }

    sub ask {
        my ($self, @command) = @_;
        print { $self->{socket} } Test::Prize::Redis::encode(@command)
            or die "Redis: $!";
        return Test::Prize::Redis::decode($self->{socket});
    }

    sub connected {
        my ($self) = @_;
        my @lines = split /\n/, $self->ask(qw(CLIENT LIST));
        return scalar(grep { !/ cmd=client/ } @lines);
    }

    sub received {
        my ($self) = @_;
        my ($n) = $self->ask('INFO', 'stats')
                  =~ /^total_connections_received:(\d+)/m;
        return $n;
    }
}


# a process' established connections to a port, as the kernel has them

sub connections_to {
    my ($pid, $to) = @_;
    my %socket = map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/
                       ? ($1 => 1) : () } glob "/proc/$pid/fd/*";
    my $count = 0;

    for (split /\n/, slurp("/proc/$pid/net/tcp")) {
        my (undef, undef, $remote, $state, @rest) = split ' ';
        next unless $remote =~ /:([0-9A-F]{4})\z/ && hex $1 == $to;
        $count++ if $state eq '01' && $socket{$rest[5]};
    }

    return $count;
}


# the clients themselves see what is wrong

sub seen {
    my ($path) = @_;
    my $result = Test::Prize::Clients->new(port => $port, connections => 3,
        request => sub { return ($path, 'me') })->run(requests => 10);

    return [@$result{qw(answers wrong lost)}];
}

is_deeply(seen('/another'), [10, 10, 0], 'the page of another is wrong');
is_deeply(seen('/twice'), [10, 10, 0], 'and so is one that names two');
is_deeply(seen('/nobody'), [10, 10, 0], 'or nobody');
is_deeply(seen('/closed'), [0, 0, 10], 'and no answer is a lost one');


my @monitors = map { Monitor->new($_) } @redis;

eventually { !grep { $_->connected != $workers } @monitors }
           'each worker connects when it starts';

my @before = map { $_->received } @monitors;
my (@most, %at_worker, $samples, %asked);

my $clients = Test::Prize::Clients->new(port => $port,
    connections => $connections,
    request => sub { my $id = $roster->some_id;
                     $asked{$id} = 1;
                     return ("/h5?id=$id", $id) });

my $result = $clients->run(requests => $requests,
    after => { map { $_ * $requests / 4 => sub {
        for my $worker ($nginx->workers) {
            $at_worker{connections_to($worker, $_->{port})}++ for @redis;
        }
    } } 1 .. 3 },
    every => [0.05 => sub {
        $samples++;
        for my $n (0 .. $#monitors) {
            my $now = $monitors[$n]->connected;
            $most[$n] = $now if $now > ($most[$n] // 0);
        }
    }]);

diag(Test::Prize::Clients->describe($result));

is($result->{answers}, $requests, 'each request is answered');
is($result->{lost}, 0, 'none is lost');
is($result->{extra}, 0, 'and none is answered twice');
is_deeply($result->{status}, {200 => $requests}, 'each with a page');
is($result->{wrong}, 0, 'and each page names the one who was asked for');
is($result->{busiest}, $connections, 'a thousand were waiting at once');
my $all = @{ $roster->ids };

cmp_ok(scalar keys %asked, '>', 0.95 * $all * (1 - exp(-$requests / $all)),
       'and they asked for everybody');

cmp_ok($samples, '>', 5, "$samples looks at Redis");
is_deeply(\@most, [$workers, $workers],
          'a connection from each worker at each server, never more');
is_deeply([map { $_->received } @monitors], \@before,
          'and they are those of the start');
is_deeply(\%at_worker, {1 => 3 * $workers * @redis},
          'one from each worker to each server');

my $status = $nginx->status("http://127.0.0.1:$port/status");

is($status->{requests_in_flight}, 0, 'nothing is left in flight')
    or diag(explain($status));
is(join('', grep { !/\[(?:info|notice)\]/ } split /^/m, $nginx->error_log),
   '', 'and nothing to complain of');

done_testing();
