use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(encode_utf8);
use File::Basename qw(basename);
use POSIX qw(strftime tzset);
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Client;
use Test::Prize::Clock;
use Test::Prize::Cluster;
use Test::Prize::Roster;
use Test::Prize::Sentinel;

# The sample configuration, as it is shipped, and each of its recipes: what is
# tried is its own text, with other ports and folders, and the recipe's lines
# without their "#".

my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 40);
my ($port, $service) = (free_port(), free_port());
my $dir = run_dir() . "/sample$$";
my $client = Test::Prize::Client->new($port);

mkdir $dir or die "mkdir $dir: $!";

# a worker sends them, and may not enter every folder that a clone is in
mkdir "$dir/pages" or die "mkdir $dir/pages: $!";
spew("$dir/pages/" . basename($_), slurp($_))
    for glob root() . '/conf/pages/*.html';

$roster->load($redis, query =>
    'SELECT id, name, department, prize, claim_url FROM employee');

my $keys = spew("$dir/h5.keys", '2026a ' . 'b2xk' x 11 . "\n");
chmod 0600, $keys or die "chmod $keys: $!";


sub sample { return slurp(root() . '/conf/nginx.conf') }


# The lines of a recipe, in all places that have its name: what follows the
# first empty comment, up to the end of the comments.

sub recipe {
    my ($text, $name) = @_;
    my ($inside, $code, @lines) = (0, 0);

    for my $line (split /^/, $text) {
        ($inside, $code) = (1, 0) if $line =~ /^ *# Recipe "\Q$name\E"/;
        $inside = 0 if $line !~ /^ *#/;

        push @lines, $line =~ s/^( *)#/$1/r if $inside && $code;
        push @lines, $line unless $inside && $code;
        $code = 1 if $inside && $line =~ /^ *#$/;
    }

    my $cooked = join '', @lines;

    die "the sample has no recipe \"$name\"\n" if $cooked eq $text;
    return $cooked;
}


# what is another on this machine; each has to be there

sub fitted {
    my ($text) = @_;
    my $conninfo = $roster->conninfo;
    my $load = join '', map { "load_module $_;\n" } split ' ', module();

    my @change = (
        [qr/^load_module .*\n/m         => "${load}daemon off;\n"],
        [qr/^user .*\n/m                => ''],
        [qr/^worker_processes auto/m    => 'worker_processes 1'],
        [qr{/run/nginx\.pid}            => 'nginx.pid'],
        [qr{/var/log/nginx/error\.log}  => 'error.log'],
        [qr{access_log /var/log/nginx/access\.log} => 'access_log access.log'],
        [qr/buffer=64k flush=1s/        => ''],
        [qr/127\.0\.0\.1:6379/          => $redis->address],
        [qr/"host=\/run\/postgresql[^"]*"/ => "\"$conninfo\""],
        [qr/listen 80;/                 => "listen 127.0.0.1:$port;"],
        [qr{/etc/nginx/h5\.keys;}       => "$keys;"],
        [qr{/etc/nginx/pages/}          => "$dir/pages/"],
        [qr{pages/gift\.html}           => "$dir/pages/gift.html"],
    );

    for my $change (@change) {
        my ($from, $to) = @$change;
        die "the sample has no $from\n" unless $text =~ s/$from/$to/g;
    }

    # how fast the machine is just now is not what is tried
    $text =~ s/^ *prize_redis_connect_timeout .*\n//m;
    $text =~ s/(?=prize_postgres_pass)/$patient /;
    $text =~ s/rate=\d+r\/s/rate=1r\/m/g == 2 or die 'the sample has no rates';

    my $temp = join "\n", map { "${_}_temp_path temp/$_;" }
               qw(client_body proxy fastcgi uwsgi scgi);
    $text =~ s/^http \{\n/http {\n$temp\n/m or die;
    $text = join "\n", map({ "env $_;" } grep { /^(?:A|L|UB)SAN_|^FAKETIME_/ }
                           sort keys %ENV), $text;

    return $text;
}


sub prepared {
    my ($text, %option) = @_;
    my $nginx = Test::Prize::Nginx->prepare(%option, files =>
        { 'mime.types' => "types { text/html html; }\n" });

    spew("$nginx->{dir}/nginx.conf", fitted($text));
    return $nginx;
}


sub started { return prepared(@_)->start }


# { id => the path of its link }

sub links {
    my ($status, $out, $err) = run({ stdin => join "\n", 'id', @_ },
        prizectl(), 'sign', '--key-file', $keys, '--event', 'gift-2026',
        '--url', 'https://h5.example.com/h5',
        '--expires', '2099-01-01T00:00Z');

    die "prizectl sign: $err" if $status;
    return { $out =~ m{^([^,]+),https://[^/]+(/\S+)\r?$}mg };
}


sub private {
    my ($answer, $what) = @_;

    is_deeply([$answer->header('Cache-Control')], ['private, no-store'],
              "$what: no-store, once");
    is_deeply([$answer->header('Referrer-Policy')], ['no-referrer'],
              "$what: no-referrer, once");
}


my @ids = grep { /^[\w.@-]{1,64}$/ } @{ $roster->ids };
my $link = links(@ids);


# ---- as it is shipped

my $nginx = prepared(sample());
my ($status, $said) = $nginx->test;

is($status, 0, 'nginx -t takes the sample') or diag($said);
unlike($said, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'in silence');
$nginx->start;

for my $id (@ids[0 .. 9]) {
    my $answer = $client->get($link->{$id});
    is($answer->{status}, 200, "$id has a page");
    private($answer, $id);
}

my %refusal = ('/h5' => [400, '请'], "/h5?id=$ids[0]" => [403, '<svg'],
               '/elsewhere' => [404, '<svg'],
               links('nobody')->{nobody} => [404, '<svg']);

for my $path (sort keys %refusal) {
    my $answer = $client->get($path);

    is($answer->{status}, $refusal{$path}[0], "$path: $refusal{$path}[0]");
    like($answer->{body}, qr/<main/, 'with its own page');
    private($answer, $path);
}

private($client->request('POST', $link->{$ids[0]}), 'POST');


# Forged links take nothing from the employee whose ID they name, and are
# limited by address, of which an office has one.

sub statuses {
    my ($path, $n) = @_;
    my $connection = $client->connect;
    my %count;

    $connection->send(Test::Prize::Client::text('GET', $path) x $n);
    $count{ $connection->answer->{status} }++ for 1 .. $n;
    return \%count;
}

my ($one, $other) = @ids[10, 11];
my $forged = $link->{$one} =~ s/s=(.)/'s=' . ($1 eq 'A' ? 'B' : 'A')/er;

is_deeply(statuses($forged, 100), { 403 => 100 },
          'an office may be wrong a hundred times');
is($client->get($link->{$one})->{status}, 200,
   'and who was named has the page');

my $own = statuses($link->{$one}, 60);

cmp_ok($own->{429} // 0, '>', 30, 'who reloads sixty times is limited')
    or diag(explain($own));
is($client->get($link->{$other})->{status}, 200, 'nobody else is');

my $limited = $client->get($link->{$one});

is($limited->{status}, 429, 'limited it is');
like($limited->{body}, qr/<main/, 'with a page of its own');
private($limited, '429');

cmp_ok(statuses($forged, 900)->{429} // 0, '>', 300,
       'who tries a thousand links is limited');
is($client->get($link->{$ids[12]})->{status}, 200,
   'the others of the office are not');


# for this machine only

for my $path (qw(/status /health /ready)) {
    my $stranger = HTTP::Tiny->new(local_address => '127.0.0.2')
                             ->get("http://127.0.0.1:$port$path");

    is($client->get($path)->{status}, 200, "$path from this machine");
    is($stranger->{status}, 403, "$path from another");
    is($stranger->{headers}{'cache-control'}, 'private, no-store',
       'which no cache keeps');
}


# a link that a mail program or a messenger has changed on its way

for my $changed (map { $link->{$one} =~ s/\?/$_/r } qw(%3F %253F & ; / =),
                 '/?', '%0A?')
{
    isnt($client->get($changed)->{status}, 200, "$changed is none");
}


# the log holds the ID, and not what makes a link of it

my ($signature) = $link->{$one} =~ /s=(.*)/;
my $log = $nginx->access_log;

like($log, qr{ "GET /h5 HTTP/1\.1" 200 .* id=\Q$one\E source=redis },
     'the ID is logged');
unlike($log, qr/[?&]/, 'a query string is not');
unlike($log . $nginx->error_log, qr/s=[\w-]{43}|\Q$signature\E/,
       'nor a signature, in any log');


# ---- recipe "not opened"

# what the command says of an nginx' log

sub not_opened {
    my ($nginx) = @_;
    my $database = "-h 127.0.0.1 -p $roster->{postgres}{port} -U postgres"
                   . " -d $roster->{name}";
    my ($command) = recipe(sample(), 'not opened')
                    =~ /^ *(prizectl opened (?:.*\\\n)*.*)/m;
    my $prizectl = prizectl();

    $command =~ s/-d hr/$database/ or die;
    $command =~ s{/var/log/nginx/access\.log}{$nginx->{dir}/access.log}
        or die;
    $command =~ s/^prizectl/$prizectl/ or die;

    my ($status, $out, $err) = run('bash', '-c', $command);

    like($err, qr/\Aprizectl: \d+ of \d+ employees have opened the page\n/,
         'not opened: a command that runs');
    return sort map { s/,,0$//r } split /\n/, $out;
}


# one winner only asked for the head, and one link was forged

my @winners = grep { $roster->wins($_) } @ids[20 .. $#ids];
my ($loser) = grep { !$roster->wins($_) } @ids[20 .. $#ids];

$client->request('HEAD', $link->{$winners[0]});
$client->get($link->{$winners[1]} =~ s/s=.*//r);
$client->get($link->{$_}) for @winners[2, 3], $loser;

# the table of employee.sql is there, and so are its columns

$roster->sql(slurp(root() . '/conf/employee.sql'));

my %opened = map { $_ => 1 } @winners[2, 3], @ids[0 .. 12];

is_deeply([not_opened($nginx)],
          [sort grep { $roster->wins($_) && !$opened{$_} } @{ $roster->ids }],
          'the winners who have not opened their page');
$nginx->stop;


# ---- says_yes() of employee.sql is the rule of the module

my $section = spew("$dir/section.html", '{{#x}}true{{/x}}{{^x}}false{{/x}}');
my @spaces = (' ', "\t", "\n", "\x0b", "\f", "\r", "\xa0", "\x{200b}",
              "\x{3000}", "\x{feff}", "\x{2009}", "\x{85}");
my @words = ('', '#n/a', '#', 'n o', '0 0',
    qw(f false n no off none nil null n/a / - -- – –– — —— 否 无 未 没有 暂无
       不是 未中 未中奖 未获奖 0 00.00 + . 0. .0 1 0.01 --- -– 无人机 中奖 yes
       nope 0.0.0 on));
my @texts = (@words, @spaces, (map { uc } @words),
             (map { ("+$_", "-$_") } @words),
             (map { tr/!-~/\x{ff01}-\x{ff5e}/r } @words, map { uc } @words),
             (map { ("${_}no$_", "${_}gold", "$_$_") } @spaces));

for my $text (@texts) {
    my $bytes = encode_utf8($text);
    my $hex = unpack 'H*', $bytes;
    my ($yes) = (run(prizectl(), 'render', '--page', $section, '--field',
                     "x=$bytes"))[1];

    is($roster->sql("SELECT says_yes(convert_from('\\x$hex', 'UTF8'))::text"),
       $yes, "$yes in both: \"$hex\"");
}

is($roster->sql('SELECT says_yes(NULL)'), 'f', 'NULL is no prize');


# ---- recipe "greeting"

$nginx = started(recipe(sample(), 'greeting') =~
    s/prize_postgres_pass( +)hr;/prize_postgres_pass$1off;/r);
is($client->get($link->{$ids[0]})->{status}, 200, 'greeting: a page as ever');
$redis->stop;

my $greeting = $client->get($link->{$ids[0]});

is($greeting->{status}, 200, 'and without Redis 200 as well');
is($greeting->{body}, slurp(root() . '/conf/pages/greeting.html'),
   'which is the greeting');
private($greeting, 'greeting');
is($client->get('/h5?id=1')->{status}, 403, 'a refusal is one');
$client->get($link->{$winners[2]});
ok((grep { $_ eq $winners[2] } not_opened($nginx)),
   'who got the greeting has not opened the page');
$redis->start;
$roster->load($redis, query =>
    'SELECT id, name, department, prize, claim_url FROM employee');
$nginx->stop;


# ---- recipe "identity"

my $provider = Test::Prize::Nginx->start(http => <<"CONF");
    map \$cookie_session \$employee {
        one    $ids[0];
        two    $ids[1];
        odd    "not an ID";
        gone   nobody;
    }
    server {
        listen 127.0.0.1:$service;
        if (\$employee = "") { return 401; }
        add_header X-Employee-Id \$employee;
        location = /identity { return 200; }
    }
CONF

$nginx = started(recipe(sample(), 'identity')
                 =~ s/127\.0\.0\.1:8080/127.0.0.1:$service/r);

for my $case (['one', 200, $ids[0]], ['two', 200, $ids[1]], ['odd', 400],
              ['gone', 404], ['none', 302])
{
    my ($session, $status, $id) = @$case;

    for my $path ('/work', "/work?id=$ids[2]", $link->{$ids[2]}
                                               =~ s/h5/work/r)
    {
        my $answer = $client->get($path, Cookie => "session=$session",
                                  'X-Employee-Id' => $ids[3]);

        is($answer->{status}, $status, "$session: $status");
        private($answer, $session);
        like($answer->{body}, qr/\Q$id\E/, "the page of $id") if $id;
        unlike($answer->{body}, qr/\Q$ids[2]\E|\Q$ids[3]\E/, 'no other one');
    }
}

like($nginx->access_log, qr{"GET /work .* 200 .* id=\Q$ids[0]\E .*=found },
     'the log says who it was');
is($client->get("/h5?id=$ids[0]", Cookie => 'session=one')->{status}, 403,
   'the signed location asks for a signature as ever');
is($client->get('/identity', Cookie => 'session=one')->{status}, 404,
   'nobody asks the service himself');
$_->stop for $nginx, $provider;


# ---- recipe "managed Redis": with the user of the README

{
    my $ca = Test::Prize::Certificates->new;
    my $plain = $redis;
    my $password = spew("$dir/h5.redis", "sesame\n");

    $redis = Test::Prize::Redis->start(tls => $ca->issue('redis.example.com'));
    $roster->load($redis, query =>
        'SELECT id, name, department, prize, claim_url FROM employee');
    $redis->commands(
        [qw(ACL SETUSER h5 on >sesame ~employee:* -@all +ping +select +hmget
            +eval +evalsha +pttl +hexists +del +hset +pexpire)],
        [qw(ACL SETUSER default off)]);

    $nginx = started(recipe(sample(), 'managed Redis')
                     =~ s{/etc/nginx/h5\.redis}{$password}gr
                     =~ s{/etc/nginx/redis-ca\.crt}{$ca->{file}}r);

    is($client->get($link->{$_})->{status}, 200, "$_ has a page")
        for @ids[0 .. 9];

    # the last line is written when its answer was sent
    $nginx->stop;
    is(scalar(() = $nginx->access_log =~ / source=redis /g), 10,
       'all of them from Redis');
    $redis = $plain;
}


# ---- recipes "Redis Cluster" and "Sentinels"

{
    my $plain = $redis;
    my $cluster = Test::Prize::Cluster->start(primaries => 2)->load($roster);
    my $group = Test::Prize::Sentinel->start(sentinels => 1)->load($roster);
    my ($node) = $cluster->nodes;
    my ($sentinel) = $group->sentinels;

    for my $case (['Redis Cluster', $node, $cluster->primaries],
                  ['Sentinels', $sentinel, $group->master])
    {
        my ($name, $server, @stores) = @$case;

        $redis = $server;
        $nginx = started(recipe(sample(), $name));

        # a worker has to find its way first
        eventually {
            my $metrics = $client->get('/metrics')->{body};
            !grep { $metrics !~ /^prize_redis_connections\{
                        peer="\Q${\ $_->address}\E",state="connected"\}\ 1$/mx
            } @stores;
        } $name;

        is($client->get($link->{$_})->{status}, 200, "$name: $_ has a page")
            for @ids[0 .. 9];
        $nginx->stop;
        like($nginx->access_log, qr/ source=redis /, "$name: from Redis");
    }

    $redis = $plain;
}


# ---- recipe "times": the same in any zone of the machine

for my $zone (qw(UTC Asia/Shanghai America/New_York)) {
    my $clock = Test::Prize::Clock->new;

    local $ENV{TZ} = $zone;
    tzset();

    $nginx = started(recipe(sample(), 'times') =~ s/T0001/$ids[5]/r,
                     binary => $clock->binary);

    # 09:00 of the 24th, and the 1st of January, in China
    for my $case ([1796011200, 403], [1798073999, 403], [1798074000, 200],
                  [1798732799, 200], [1798732800, 410], [1924300800, 410])
    {
        my ($time, $status) = @$case;
        my $what = "$zone, $time";

        # in a zone the library takes a moment for that of the zone
        $clock->set(strftime('%F %T', localtime $time));

        my $answer = $client->get($link->{$ids[6]});

        is($answer->{status}, $status, "$what: $status");
        my $left = 1798074000 - $time;
        my $text = $status == 200 ? $ids[6]
                   : $status == 410 ? encode_utf8('活动已经结束')
                   : "data-seconds='$left.000'";

        like($answer->{body}, qr/\Q$text\E/, 'with the page for it');
        private($answer, $what);
        is($client->get($link->{$ids[5]})->{status}, 200, 'a tester comes in');

        my $named = $client->get("/h5?id=$ids[5]");

        is($named->{status}, 403, 'who has only the ID of a tester does not');
        like($named->{body}, qr/${\ encode_utf8('这个链接打不开')}/,
             'and is told why');
    }

    $nginx->stop;
}

done_testing();
