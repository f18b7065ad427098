use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;
use Test::Prize;

# prize_status, of servers that come and go with reloads: those that a worker
# has are told of, and there are labels for them, however many there have been.

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $closed = free_port();
my $prefix = "peers$$";
my $good = "127.0.0.1:$redis->{port}";
my $http = HTTP::Tiny->new(keep_alive => 0);

$redis->command('HSET', "$prefix:warm", id => 'warm', name => 'Warm');
$redis->command('SET', "$prefix:odd", 'no hash');


sub conf {
    my ($servers, $pool) = @_;

    return (workers => 1, log_level => 'notice',
        files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>'
                                  . "\n" x 100_000 },
        http => <<"CONF");
    prize_postgres $pool "@{[ $postgres->conninfo ]}";
    upstream employees { $servers }
    prize_redis_pass employees;
    prize_redis_key $prefix:\$prize_id;
    prize_redis_connect_timeout 20s;
    prize_redis_timeout 20s;
    prize_postgres_pass $pool;
    prize_postgres_timeout 20s;
    prize_postgres_query
        "SELECT '1' AS id, 'One' AS name WHERE '1' = ANY(\$1)";
    prize_write_back off;

    server {
        listen 127.0.0.1:$port;
        location = /h5 { prize_page page.html; }
        location = /slow { prize_page page.html; limit_rate 1000; }
        location = /metrics { prize_status; }
        location = /status { prize_status json; }
    }
CONF
}


# nobody listens at this one

sub backup {
    my ($n) = @_;

    return "server 127.1.0.$n:$closed backup max_fails=0;";
}


my $nginx = Test::Prize::Nginx->start(conf("server $good;", 'hr'));


sub ask {
    my ($id) = @_;

    return $http->get("http://127.0.0.1:$port/h5?id=$id")->{status};
}


sub reload {
    $nginx->configure(conf(@_));
    $nginx->reload;
}


sub text {
    return $http->get("http://127.0.0.1:$port/metrics")->{content};
}


# peers with a breaker, as "backend name", sorted

sub peers {
    my ($text) = @_;
    my @peers;

    push @peers, "$1 $2" while $text =~ /^prize_breaker_open
        \{backend="(\w+)",peer="([^"]*)"\}/gmx;
    return [sort @peers];
}


sub replies {
    my ($text) = @_;

    return $text =~ /^prize_redis_errors_total\{peer="\Q$good\E",
                     reason="reply"\}\ (\d+)/mx ? $1 : -1;
}


sub without_old_workers {
    eventually { 1 == $nginx->children } 'the end of the old worker';
}


# forty backups, one after the other

is(ask('odd'), 404, 'a key that is no hash') for 1 .. 3;
is(replies(text()), 3, 'is counted');

for my $n (1 .. 40) {
    reload("server $good; " . backup($n), 'hr');
    without_old_workers();
}

is_deeply(peers(text()), ['postgres hr', "redis $good",
                          "redis 127.1.0.40:$closed"],
          'after forty reloads those are told of that there are');
is(replies(text()), 3, 'with what was counted before');
unlike($nginx->error_log, qr/no label is left/, 'there is room for all');


# more than there are labels for

reload("server $good; " . join(' ', map { backup($_) } 41 .. 80), 'late');
without_old_workers();

my $text = text();

cmp_ok(scalar(grep { /^redis 127/ } @{ peers($text) }), '>=', 25,
       'of many at once some have a label');
ok((grep { $_ eq 'redis other' } @{ peers($text) }), 'others share one');
ok((grep { $_ eq "redis $good" } @{ peers($text) }),
   'and a server that was there before keeps its own');
ok((grep { $_ eq 'postgres late' } @{ peers($text) }),
   'a pool is none of Redis');
is(replies($text), 3, 'the numbers are right');
is(ask('warm'), 200, 'as are the pages');
like($nginx->error_log, qr/no\ label\ is\ left\ for\ "127\.1\.0\.80:$closed",
     \ "prize_status"\ counts\ it\ as\ "other"/x, 'the log says so');

my ($checked, $out, $err) = run({ stdin => $text }, 'promtool', 'check',
                                'metrics');
is($checked, 0, 'promtool check metrics') or diag($out, $err);
is($out . $err, '', 'finds nothing');

reload("server $good;", 'hr');
without_old_workers();
is_deeply(peers(text()), ['postgres hr', "redis $good"],
          'and all is as before');


# an old worker that stays, since a client takes its time

reload(backup(1) =~ s/ backup//r, 'hr');
without_old_workers();

my $away = qr/^prize_breaker_open\{.*peer="127\.1\.0\.1:$closed"\} 1$/m;

eventually { ask('nobody'); text() =~ $away } 'a server that is left alone';

my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
    or die "connect: $!";

print {$slow} "GET /slow?id=1 HTTP/1.1\r\nHost: h5\r\n\r\n";
like(readline($slow), qr/^HTTP\/1\.1 200 /, 'a page that takes its time');
reload("server $good;", 'hr');

eventually { text() !~ $away } 'the new configuration to count';
is_deeply(peers(text()), ['postgres hr', "redis $good"],
          'a server that only a worker on its way out has is not told of');
is($nginx->status("http://127.0.0.1:$port/status")->{workers}, 2,
   'though it is still there');
close $slow;
without_old_workers();

$redis->command('DEL', "$prefix:warm", "$prefix:odd");

done_testing();
