use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Clients;

# What PostgreSQL answered is stored in Redis: when, for how long, and over
# what it is not.

my $redis = Test::Prize::Redis->start;
my $postgres = shared_postgres();
my $table = "writeback_$$";
my $port = free_port();
my $hour = 3_600_000;
my $last = 2000;

$postgres->sql(<<"SQL");
    CREATE TABLE $table (id text PRIMARY KEY, name text, seat text,
                         "a b" text, unused text);
    INSERT INTO $table SELECT n, 'name ' || n, NULL, E'x\\r\\ny', ''
           FROM generate_series(1, $last) AS n;
    INSERT INTO $table VALUES ('huge', repeat('x', 2 * 1024 * 1024));
    INSERT INTO $table VALUES ('large', repeat('y', 1024 * 1024));
SQL

END { shared_postgres()->sql("DROP TABLE $table") if $table }

$redis->command('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read',
                '+@connection');

my $nginx = Test::Prize::Nginx->start(workers => 1, files => {
        'page.html' => '<body data-id="{{id}}">{{name}}|{{seat}}</body>',
    }, http => <<"CONF");
    upstream employees { server 127.0.0.1:$redis->{port} max_fails=0; }
    prize_postgres hr "@{[ $postgres->conninfo ]}";

    add_header X-Status \$upstream_status always;
    add_header X-Source \$prize_source always;

    server {
        listen 127.0.0.1:$port;

        prize_redis_pass employees;
        prize_redis_timeout 10s;
        prize_redis_connect_timeout 10s;
        prize_postgres_timeout 20s;
        prize_postgres_pass hr;
        prize_postgres_query "SELECT * FROM $table WHERE id = ANY(\$1)";

        location = /h5 { prize_page page.html; }

        location = /off {
            prize_page page.html;
            prize_write_back off;
        }

        location = /short {
            prize_page page.html;
            prize_write_back 90s;
        }

        location = /reader {
            prize_page page.html;
            prize_redis_username reader;
            prize_redis_password secret;
        }

        location = /hasty {
            prize_page page.html;
            prize_redis_timeout 50ms;
        }

        location = /status { prize_status json; access_log off; }
    }
CONF


# each test has employees of its own

my $id = 0;

sub get {
    my ($location, $who) = @_;

    return $nginx->get("http://127.0.0.1:$port/$location?id=$who");
}


sub said {
    my ($answer) = @_;

    return join ' ', $answer->{status}, $answer->{headers}{'x-source'} // '-',
                     $answer->{headers}{'x-status'} // '-';
}


sub page {
    my ($who, $name) = @_;

    $name //= "name $who";
    return qq{<body data-id="$who">$name|</body>};
}


sub record {
    my ($who) = @_;
    my $list = $redis->command('HGETALL', "employee:$who");

    return { @$list };
}


sub row {
    my ($who) = @_;

    return { id => $who, name => "name $who", seat => '', 'a b' => "x\r\ny",
             unused => '' };
}


# The connection is one and Redis goes by turns: when the write-back of
# another one is there, what was to come before it has come.

sub settled {
    my $who = ++$id;

    eventually {
        get('h5', $who);
        $redis->command('EXISTS', "employee:$who");
    } 'another write-back';
}


# asks while PostgreSQL does not answer, and does something meanwhile

sub meanwhile {
    my ($location, $who, $what) = @_;
    my ($answer, $done);

    $postgres->pause;

    my $clients = Test::Prize::Clients->new(port => $port,
        request => sub { return ("/$location?id=$who", $who) });

    $clients->run(requests => 1, keep => sub { $answer = $_[1] },
        every => [0.02 => sub {
            my $waiting = $nginx->status("http://127.0.0.1:$port/status");

            return if $done || !$waiting->{postgres_lookups_in_flight};
            $what->();
            $done = 1;
            $postgres->resume;
        }]);

    $postgres->resume;
    ok($done, 'it waited for PostgreSQL');
    return $answer;
}


# a clean miss

my $who = ++$id;
my $answer = get('h5', $who);

is(said($answer), '200 postgres 404, 200', 'missed, and found in PostgreSQL');
is($answer->{content}, page($who), 'the page');

eventually { $redis->command('EXISTS', "employee:$who") } 'the write-back';

is_deeply(record($who), row($who), 'the row is stored whole');

my $ttl = $redis->command('PTTL', "employee:$who");

cmp_ok($ttl, '>', 0.9 * $hour, 'for an hour');
cmp_ok($ttl, '<=', 1.1 * $hour, 'or up to a tenth longer');

$answer = get('h5', $who);
is(said($answer), '200 redis 200', 'then it is found in Redis');
is($answer->{content}, page($who), 'the same page');

$who = ++$id;
get('short', $who);
eventually { $redis->command('EXISTS', "employee:$who") } 'the write-back';
$ttl = $redis->command('PTTL', "employee:$who");
cmp_ok($ttl, '>', 0, 'prize_write_back 90s');
cmp_ok($ttl, '<=', 99_000, 'is no longer than that and a tenth');


# off, and nobody to write back

$who = ++$id;
is(said(get('off', $who)), '200 postgres 404, 200', 'off: found');
is(said(get('h5', 'nobody')), '404 - 404, 404', 'nobody knows that one');
settled();
is($redis->command('EXISTS', "employee:$who"), 0, 'off: not stored');
is($redis->command('EXISTS', 'employee:nobody'), 0, 'nor is nobody');


# too large a value is an error and is not stored; the largest one is fine

is(get('h5', 'huge')->{status}, 503, 'a value of 2 MiB is an error');
settled();
is($redis->command('EXISTS', 'employee:huge'), 0, 'and not stored');
like($nginx->error_log, qr/huge/, 'the log names the ID');

is(get('h5', 'large')->{content}, page('large', 'y' x 1_048_576),
   'a value of 1 MiB is fine');
eventually { $redis->command('EXISTS', 'employee:large') } 'the write-back';
$answer = get('h5', 'large');
is(said($answer), '200 redis 200', 'from Redis, too');
is($answer->{content}, page('large', 'y' x 1_048_576), 'and the same');


# What stands there stays: a record that was loaded meanwhile is newer.

$who = ++$id;
$answer = meanwhile('h5', $who, sub {
    $redis->command('HSET', "employee:$who", id => $who, name => 'newer',
                    seat => 'newer');
});

is($answer->{body}, page($who), 'the page is as it was asked for');
settled();
is_deeply(record($who), { id => $who, name => 'newer', seat => 'newer' },
          'the newer record stands');
is($redis->command('PTTL', "employee:$who"), -1, 'for as long as it would');


# a stale record is replaced whole, and lives as long as it would have

for my $case (['without an end', -1, 0],
              ['two hours left', 2 * $hour, 1.9 * $hour, 2 * $hour],
              ['a minute left', 60_000, 0.9 * $hour, 1.1 * $hour])
{
    my ($name, $left, $least, $most) = @$case;

    $who = ++$id;
    $redis->command('HSET', "employee:$who", id => $who, name => 'old',
                    gone => 'a column that was dropped');
    $redis->command('PEXPIRE', "employee:$who", $left) if $left > 0;

    $answer = get('h5', $who);
    is(said($answer), '200 postgres 200, 200', "stale, $name: asked of both");
    is($answer->{content}, page($who), 'the page is the row');

    eventually { record($who)->{name} eq "name $who" } 'the write-back';
    is_deeply(record($who), row($who), 'the record is the row');

    $ttl = $redis->command('PTTL', "employee:$who");
    ok($left < 0 ? $ttl == -1 : $ttl > $least && $ttl <= $most,
       "stale, $name: its time is the longer one") or diag($ttl);
}

$who = ++$id;
$redis->command('HSET', "employee:$who", id => $who, name => 'old');
is(get('off', $who)->{content}, page($who), 'stale, and off: the row');
settled();
is_deeply(record($who), { id => $who, name => 'old' }, 'and not replaced');

$who = ++$id;
$redis->command('HSET', "employee:$who", name => 'of nobody');
is(said(get('h5', $who)), '200 postgres 404, 200', 'no id: a miss');
eventually { record($who)->{name} eq "name $who" } 'the write-back';
is_deeply(record($who), row($who), 'which is replaced whole');


# what belongs to another, or is no hash, is not touched

$who = ++$id;
my %foreign = (id => 'another', name => 'another', seat => 'another');
$redis->command('HSET', "employee:$who", %foreign);
$answer = get('h5', $who);
is($answer->{content}, page($who), 'a foreign record: the row is shown');
is(said($answer), '200 postgres 502, 200', 'Redis has failed');
settled();
is_deeply(record($who), \%foreign, 'and it is not replaced');
like($nginx->error_log, qr/"$who" was asked for.*"another"/,
     'the log names both');

$who = ++$id;
delete $foreign{seat};
$redis->command('HSET', "employee:$who", %foreign);
is(get('h5', $who)->{content}, page($who), 'foreign and stale: the row');
settled();
is_deeply(record($who), \%foreign, 'and it is not replaced');

my %key = (string => ['SET', 'text'], list => ['RPUSH', 'a', 'b'],
           set => ['SADD', 'a'], stream => ['XADD', '*', 'a', 'b']);

for my $type (sort keys %key) {
    my ($command, @words) = @{ $key{$type} };

    $who = ++$id;
    $redis->command($command, "employee:$who", @words);

    my $dump = $redis->command('DUMP', "employee:$who");

    is(get('h5', $who)->{content}, page($who), "a $type: the row is shown");
    settled();
    ok($redis->command('DUMP', "employee:$who") eq $dump,
       'and the key is as it was');
}

like($nginx->error_log, qr/WRONGTYPE.*prizectl load/,
     'the log says what should be there');


# it is the clean answer that counts: late is not missed

$redis->pause;
$who = ++$id;
is(said(get('hasty', $who)), '200 postgres 504, 200', 'Redis is late');
$redis->resume;
settled();
is($redis->command('EXISTS', "employee:$who"), 0, 'late: not stored');


# the script goes once over a connection, and again when Redis has lost it

sub calls {
    my ($command) = @_;
    my ($n) = $redis->command('INFO', 'commandstats')
              =~ /^cmdstat_$command:calls=(\d+)/m;

    return $n // 0;
}

$redis->command('CONFIG', 'RESETSTAT');

my $first = $id + 1;

for my $round (1 .. 3) {
    settled() for 1 .. 20;
    $redis->command('SCRIPT', 'FLUSH');
}

settled() for 1 .. 20;
is_deeply([map { record($_) } $first .. $id], [map { row($_) } $first .. $id],
          'SCRIPT FLUSH: each is stored in the end');
cmp_ok(calls('eval'), '<=', 6, 'the script is sent when it is missing');
cmp_ok(calls('evalsha'), '>=', 70, 'and named by its hash otherwise');


# many at once, replies in order, with the script lost in between

my $from = $id + 1;
my $logged = length $nginx->error_log;

$id += 600;

my $clients = Test::Prize::Clients->new(port => $port, connections => 60,
    check => sub {
        my ($asked, $body, $status) = @_;
        return $body eq page($asked) ? undef : "$status: $body";
    },
    request => sub { my $asked = $from + int($_[0] / 2);
                     return ("/h5?id=$asked", $asked) });

my $result = $clients->run(requests => 1200,
    after => { map { $_ * 100 => sub {
        $redis->command('SCRIPT', 'FLUSH') } } 1 .. 10 });

is_deeply([@$result{qw(lost wrong extra)}, $result->{status}],
          [0, 0, 0, {200 => 1200}], 'write-backs among lookups: each its own')
    or diag(Test::Prize::Clients->describe($result));

my @all = $from .. $id;

settled();

my @strangers = grep {
    my $record = record($_);
    %$record && join("\0", %$record{qw(id name)})
                ne join("\0", id => $_, name => "name $_");
} @all;

is(scalar @strangers, 0, 'and each record, too');
unlike(substr($nginx->error_log, $logged), qr/reply|timed out|closed by/,
       'the connection was never in doubt');


# a user that may only read; a Redis that is full

$who = ++$id;
is(said(get('reader', $who)), '200 postgres 404, 200',
   'a user without scripts: PostgreSQL answers');
is(get('reader', $who)->{content}, page($who), 'each time');
is(said(get('reader', 1)), '200 redis 200', 'and Redis, where it is there');
eventually { $nginx->error_log =~ /refuses a write-back.*NOPERM/ }
           'the log says that it is refused';
is($redis->command('EXISTS', "employee:$who"), 0, 'not stored');

$redis->command('CONFIG', 'SET', 'maxmemory', 1);
$who = ++$id;
is(said(get('h5', $who)), '200 postgres 404, 200', 'full: found');
is(get('h5', $who)->{content}, page($who), 'each time');
is(said(get('h5', 1)), '200 redis 200', 'and Redis, where it is there');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);
is($redis->command('EXISTS', "employee:$who"), 0, 'not stored');
settled();
get('h5', $who);
eventually { $redis->command('EXISTS', "employee:$who") }
           'stored once there is room';

is($nginx->status("http://127.0.0.1:$port/status")->{requests_in_flight}, 0,
   'nothing is left in flight');

done_testing();
