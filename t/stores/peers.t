use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# The servers and pools that prize_status names, over reloads that bring and
# take them: those that a worker has, however many there have been.

my $redis = shared_redis();
my $port = free_port();
my $closed = free_port();
my $good = "127.0.0.1:$redis->{port}";
my $conninfo = shared_postgres()->conninfo;

$redis->command(qw(HSET employee:warm id warm));
$redis->command(qw(SET employee:odd), 'no hash');


sub conf {
    my ($pool, @servers) = @_;

    return (files => { 'page.html' => '{{id}}' . "\n" x 100_000 },
            http => <<"CONF");
    prize_postgres $pool "$conninfo" connections=1;
    upstream employees { @{[ map { "server $_;" } @servers ]} }
    prize_redis_pass employees;
    $patient
    prize_postgres_pass $pool;
    prize_postgres_query "SELECT '1' AS id WHERE '1' = ANY(\$1)";
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


# nobody listens at these

sub backups {
    return map { "127.1.0.$_:$closed backup max_fails=0" } @_;
}


my $nginx = Test::Prize::Nginx->start(conf('hr', $good));


# returns when the old worker has ended

sub reload {
    $nginx->configure(conf(@_));
    $nginx->reload;
    eventually { 1 == $nginx->children } 'the end of the old worker';
}


sub get {
    my ($path) = @_;

    return HTTP::Tiny->new->get("http://127.0.0.1:$port$path");
}


sub metrics {
    return get('/metrics')->{content};
}


# peers with a breaker, as "backend name", sorted

sub peers {
    my ($text) = @_;

    return [sort map { s/",peer="/ /r } $text =~ /^prize_breaker_open
                 \{backend="(\w+",peer="[^"]*)"\}/gmx];
}


my $replies = qr/^prize_redis_errors_total\{peer="\Q$good\E",
                  reason="reply"\}\ 3$/mx;

is(get('/h5?id=odd')->{status}, 404, 'a key that is no hash') for 1 .. 3;
like(metrics(), $replies, 'is counted');


# twelve backups, and others after each reload: more than there are labels for

reload('hr', $good, backups(12 * $_ + 1 .. 12 * $_ + 12)) for 0 .. 2;

is_deeply(peers(metrics()),
          ['postgres hr',
           sort map { "redis $_" } $good, map { s/ .*//r } backups(25 .. 36)],
          'after three reloads those are told of that there are');
like(metrics(), $replies, 'with what was counted before');
unlike($nginx->error_log, qr/no label is left/, 'there is room for all');


# more than that at once, of which none was there before

reload('hr', $good);
reload('late', $good, backups(41 .. 80));

my $text = metrics();
my @told = @{ peers($text) };

cmp_ok(scalar(grep { /^redis 127\.1/ } @told), '>=', 25,
       'of many at once some have a label');
is_deeply([grep { !/^redis 127\.1/ } @told],
          ['postgres late', "redis $good", 'redis other'],
          'others share one; the server of before and the pool have their own');
like($text, $replies, 'the numbers are right');
is(get('/h5?id=warm')->{status}, 200, 'as are the pages');
like($nginx->error_log, qr/no\ label\ is\ left\ for\ "127\.1\.0\.\d+:$closed",
     \ "prize_status"\ counts\ it\ as\ "other"/x, 'the log says so');

my ($checked, $out, $err) = run({ stdin => $text }, 'promtool', 'check',
                                'metrics');
is($checked, 0, 'promtool check metrics');
is($out . $err, '', 'finds nothing');

reload('hr', $good);
is_deeply(peers(metrics()), ['postgres hr', "redis $good"],
          'and all is as before');


# an old worker that stays, since a client takes its time

reload('hr', "127.1.0.1:$closed max_fails=0");

my $away = qr/^prize_breaker_open\{.*peer="127\.1\.0\.1:$closed"\} 1$/m;

eventually { get('/h5?id=nobody'); metrics() =~ $away }
    'a server that is left alone';

my $slow = Test::Prize::Client->new($port)->connect;

$slow->send("GET /slow?id=1 HTTP/1.1\r\nHost: h5\r\n\r\n");
like($slow->bytes(15), qr/^HTTP\/1\.1 200 /, 'a page that takes its time');
$nginx->configure(conf('hr', $good));
$nginx->reload;

eventually { metrics() !~ $away } 'the new configuration';
is_deeply(peers(metrics()), ['postgres hr', "redis $good"],
          'a server that only a worker on its way out has is not told of');
is($nginx->status("http://127.0.0.1:$port/status")->{workers}, 2,
   'though it is still there');
$slow->leave;

done_testing();
