use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use POSIX qw(strftime);
use Test::More;
use Test::Prize;
use Test::Prize::Clock;
use Time::HiRes qw(time);

# Signed links: only the owner's link opens the page, until it expires, and
# nobody else's makes a backend work.

my $redis = shared_redis();
my ($port, $later) = (free_port(), free_port());
my $prefix = "sign$$";
my $dir = run_dir() . "/sign$$";

mkdir $dir or die "mkdir $dir: $!";
$redis->command('HSET', "$prefix:$_", id => $_, name => "N $_") for 1 .. 40;

my ($old, $new) = ('b2xk' x 11, 'bmV3' x 11);


sub keys_file {
    my ($name, $text, $mode) = @_;
    my $file = spew("$dir/$name", $text);

    chmod $mode // 0600, $file or die "chmod $file: $!";
    return $file;
}


# { id => the arguments of its link }

sub links {
    my ($keys, $event, $expires, @ids) = @_;
    my ($status, $out, $err) = run({ stdin => join '', map { "$_\n" } 'id',
                                     @ids },
        prizectl(), 'sign', '--key-file', $keys, '--event', $event,
        '--url', 'https://h5.example.com/h5', '--expires', $expires);

    die "prizectl sign: $err" if $status;
    return { $out =~ /^([^,]+),https:[^?]+\?(\S+)\r?$/mg };
}


my $both = keys_file('both', "k2 $new\nk1 $old\n");
my $k1 = keys_file('k1', "k1 $old\n");
my $k3 = keys_file('k3', 'k3 ' . ('b3Ro' x 11) . "\n");


sub http {
    my ($keys) = @_;

    return <<"CONF";
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_key $prefix:\$prize_id;
    prize_redis_timeout 10s;
    log_format prize '\$status id=\$prize_id result=\$prize_result';
    prize_sign_key_file $keys;
    prize_sign_event gift;

    map \$prize_result \$refused_address {
        refused \$binary_remote_addr;
        default '';
    }
    limit_req_zone \$refused_address zone=refused:1m rate=1r/m;

    server {
        listen 127.0.0.1:$port;
        access_log access.log prize;

        location = /h5 { prize_page page.html; }
        location = /other { prize_page page.html; prize_sign_event other; }
        location = /open { prize_page page.html; prize_sign_key_file off; }
        location = /limited {
            prize_page page.html;
            limit_req zone=refused;
            limit_req_status 429;
        }
        location = /status { prize_status; access_log off; }

        # who it is, somebody else says; the link is theirs or nobody's
        location = /who { internal; return 204; }
        location = /named {
            prize_page page.html;
            prize_id \$employee;
            auth_request /who;
            auth_request_set \$employee \$http_x_employee;
        }
        location = /included {
            ssi on;
            ssi_types *;
            return 200 '<!--# include virtual="/h5?\$args" -->';
        }
    }
CONF
}

my @page = (files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' });
my $nginx = Test::Prize::Nginx->start(@page, http => http($both));
my $http = HTTP::Tiny->new(keep_alive => 0);


sub get {
    my ($args, $location, $method) = @_;
    my $answer = $http->request($method // 'GET', "http://127.0.0.1:$port"
                                . ($location // '/h5') . "?$args");

    $answer->{id} = $1 if $answer->{content} =~ /data-id="([^"]*)"/;
    return $answer;
}


sub asked {
    my ($calls) = $redis->command('INFO', 'commandstats')
                  =~ /cmdstat_hmget:calls=(\d+)/;

    return $calls // 0;
}


my $link = links($both, 'gift', '2099-01-01T00:00Z', 1 .. 40);

is_deeply([map { get($link->{$_})->{id} } 1 .. 40], [1 .. 40],
          'every owner sees the page');

my $before = asked();

# what is in a link is signed, all of it, and stands there once

my ($x, $k, $s) = $link->{7} =~ /^id=7&x=(\d+)&k=(\w+)&s=([\w-]+)$/
    or BAIL_OUT("a link of another form: $link->{7}");

my %refused = (
    'no signature' => 'id=7',
    'no s' => "id=7&x=$x&k=$k",
    'no x' => "id=7&k=$k&s=$s",
    'no k' => "id=7&x=$x&s=$s",
    'an empty s' => "id=7&x=$x&k=$k&s=",
    'another ID' => "id=8&x=$x&k=$k&s=$s",
    'a longer expiry' => "id=7&x=" . ($x + 1) . "&k=$k&s=$s",
    'the same expiry, otherwise written' => "id=7&x=0$x&k=$k&s=$s",
    'another key' => "id=7&x=$x&k=k1&s=$s",
    'an unknown key' => "id=7&x=$x&k=k9&s=$s",
    'a shorter s' => "id=7&x=$x&k=$k&s=" . substr($s, 0, -1),
    'a longer s' => "id=7&x=$x&k=$k&s=${s}A",
    'padding' => "id=7&x=$x&k=$k&s=$s=",
    's twice' => "id=7&x=$x&k=$k&s=$s&s=$s",
    'x twice' => "id=7&x=$x&x=$x&k=$k&s=$s",
    'an ID twice' => "id=7&id=8&x=$x&k=$k&s=$s",
    'an Id' => "Id=7&x=$x&k=$k&s=$s",
    'an expiry with a sign' => "id=7&x=+$x&k=$k&s=$s",
    'an expiry below 0' => "id=7&x=-$x&k=$k&s=$s",
    'an expiry that overflows' => "id=7&x=${\ (2 ** 64 + $x)}&k=$k&s=$s",
    'an encoded expiry' => "id=7&x=%34" . substr($x, 1) . "&k=$k&s=$s",
    'an empty x' => "id=7&x=&k=$k&s=$s",
    'an empty k' => "id=7&x=$x&k=&s=$s",
    'a k with a NUL' => "id=7&x=$x&k=$k%00&s=$s",
    'a long k' => "id=7&x=$x&k=" . $k x 2000 . "&s=$s",
    'a long s' => "id=7&x=$x&k=$k&s=" . $s x 100,
    'a second ID behind a semicolon' => "id=7&x=$x&k=$k&s=$s;id=8",
    'an empty second ID' => "id=7&x=$x&k=$k&s=$s&id=",
    (map { ("another last character, $_" =>
            "id=7&x=$x&k=$k&s=" . substr($s, 0, -1) . $_) }
     grep { $_ ne substr $s, -1 } 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_'),
    'an s of another' => "id=7&x=$x&k=$k&s="
                         . ($link->{8} =~ /s=(.*)/)[0],
);

for my $name (sort keys %refused) {
    my $answer = get($refused{$name});

    is($answer->{status}, 403, "$name: 403");
    is($answer->{headers}{'cache-control'}, 'private, no-store',
       "$name: no-store");
}

my $wrong = 0;

for my $bit (0 .. 8 * length($link->{9}) - 1) {
    my $args = $link->{9};

    vec($args, $bit, 1) ^= 1;
    $args =~ s/([^\w=&.~-])/sprintf '%%%02X', ord $1/ge;

    my $status = get($args)->{status};
    $wrong++ unless $status == 403 || $status == 400;
}

is($wrong, 0, 'no link with a bit of it changed opens anything');
is(get("id=&x=$x&k=$k&s=$s")->{status}, 400, 'no ID: 400 before 403');
is(get("id=7;x=$x;k=$k;s=$s")->{status}, 400, 'a semicolon separates nothing');
is(get("id=7", '/h5', 'POST')->{status}, 405, 'POST: 405 before 403');
is(get($link->{7}, '/other')->{status}, 403, 'a link of another event');

for my $case ([7, $link->{8}], [7, "x=$x&k=$k"], [8, $link->{7}]) {
    my ($id, $args) = @$case;

    is($http->get("http://127.0.0.1:$port/named?$args",
                  { headers => { 'X-Employee' => $id } })->{status}, 403,
       "the link of somebody else than auth_request names: $args");
}

is(get("id=7&x=$x&k=$k", '/included')->{id}, undef,
   'no SSI takes what is not signed');
is(asked(), $before, 'no backend was asked for any of these');
like($http->get("http://127.0.0.1:$port/named?$link->{7}",
                { headers => { 'X-Employee' => 7 } })->{content},
     qr/data-id="7"/, 'the link of whom auth_request names');
is(get($link->{7}, '/included')->{id}, 7, 'and what is, SSI takes');


# a link that holds for another second, and then no more

my $end = int(time) + 2;
my $past = links($both, 'gift', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $end),
                 7);
eventually { get($past->{7})->{status} != 200 } 'its end';
cmp_ok(time, '>=', $end, 'a link holds until its last second');
$before = asked();
is(get($past->{7})->{status}, 410, 'expired: 410');
is(get($past->{7} =~ s/id=7/id=8/r)->{status}, 403,
   'expired and another ID: 403');
is(asked(), $before, 'no backend was asked for these');

is(get('id=7', '/open')->{id}, 7, 'prize_sign_key_file off');


# to the second, by a clock of its own

{
    my $clock = Test::Prize::Clock->new;
    my $expires = '2030-06-01T12:00:00Z';
    my $holds = links($both, 'gift', $expires, 7)->{7};
    my $then = Test::Prize::Nginx->start(@page, binary => $clock->binary,
        main => $clock->main,
        http => http($both) =~ s/127\.0\.0\.1:$port;/127.0.0.1:$later;/r);

    for my $case (['2030-05-31 12:00:00', 200], ['2030-06-01 11:59:58', 200],
                  ['2030-06-01 11:59:59', 200], ['2030-06-01 12:00:00', 410],
                  ['2030-06-01 12:00:01', 410], ['2031-06-01 12:00:00', 410],
                  ['2030-06-01 11:59:59', 200])
    {
        my ($time, $status) = @$case;
        my ($date) = $time =~ / (.*)/;

        $clock->set($time);

        my $answer = $http->get("http://127.0.0.1:$later/h5?$holds");

        is($answer->{status}, $status, "a link until $expires at $time");
        like($answer->{headers}{date}, qr/ $date GMT/, 'by nginx\' clock');
    }

    $then->stop;
}


# a refused request is known before limit_req, and is no other's

is(get($link->{$_}, '/limited')->{id}, $_, 'a valid link is not limited')
    for 1 .. 3;
is(get('id=1', '/limited')->{status}, 403, 'the first refusal');
is(get('id=1', '/limited')->{status}, 429, 'the second one, of one address');
is(get($link->{4}, '/limited')->{id}, 4, 'which has its page all the same');


# keys rotate by reload

my $by_old = links($k1, 'gift', '2099-01-01T00:00Z', 5);

is(get($by_old->{5})->{id}, 5, 'a link of the older key');

$nginx->configure(@page, http => http($k1));
$nginx->reload;
is(get($by_old->{5})->{id}, 5, 'after a reload without the newer one, too');
is(get($link->{5})->{status}, 403, 'but none of the newer one');

$nginx->configure(@page, http => http($k3));
$nginx->reload;
is(get($by_old->{5})->{status}, 403, 'a key that is gone verifies nothing');


# the signature is a password: nothing of ours writes it down

my $log = $nginx->access_log . $nginx->error_log
          . $http->get("http://127.0.0.1:$port/status")->{content};

unlike($log, qr/\Q$s\E/, 'no signature in any log, nor in a metric');
like($log, qr/^403 id=7 result=refused$/m, 'a refusal says whose it was');
like($log, qr/^410 id=7 result=refused$/m, 'so does an expired one');


# a key file that nginx must not take, for each reason there is

sub bad_keys {
    my ($name, $make, $message) = @_;
    my $file = "$dir/bad";

    unlink $file;
    $make->($file);

    my ($status, $said) = Test::Prize::Nginx->prepare(@page,
        http => http($file))->test;

    isnt($status, 0, "$name: refused");
    like($said, qr/"prize_sign_key_file" .*$message/, 'it says why');
    like($said, qr/in \S+:\d+$/m, 'and where');
    unlike($said, qr/\Q$old\E|c2hvcnQ/, 'and shows no key');
    rmdir $file;
}


for my $case (['a short key', "k1 c2hvcnQ=\n", qr/:1: .*at least 32/],
              ['31 bytes', 'k1 ' . ('b2xk' x 10) . 'bw==',
               qr/:1: key "k1" has 31 bytes: want at least 32/],
              ['65 bytes', 'k1 ' . ('b2xk' x 21) . 'b2w=',
               qr/:1: key "k1" is longer than 64 bytes/],
              ['no base64', "k1 !!!!\n", qr/:1: key "k1" is not base64/],
              ['no padding', 'k1 ' . ('b2xk' x 11) . "bw\n",
               qr/:1: key "k1" is not base64 with its padding/],
              ['base64url', 'k1 ' . ('b2-k' x 11) . "\n",
               qr/:1: key "k1" is not base64/],
              ['bits beyond the last byte', 'k1 ' . ('b2xk' x 11) . "b3==\n",
               qr/:1: key "k1" is not base64/],
              ['no key', "k1\n", qr/:1: want a key's name, a space/],
              ['a third word', "k1 $old x\n", qr/:1: want a key's name/],
              ['no name', " $old $old\n", qr/:1: the key's name is not/],
              ['a name with a character of its own', "k&1 $old\n",
               qr/:1: the key's name is not 1 to 32 of/],
              ['a name of 33', 'k' x 33 . " $old\n",
               qr/:1: the key's name is not 1 to 32 of/],
              ['one name twice', "k1 $old\n\nk1 $new\n",
               qr/:3: a second key of the name "k1"/],
              ['no keys at all', "# none\n\n", qr/there is no key in it/],
              ['nothing', '', qr/there is no key in it/],
              ['too much', '#' x 65_600, qr/has more than 65536 bytes/])
{
    my ($name, $text, $message) = @$case;

    bad_keys($name, sub { keys_file('bad', $text) }, $message);
}

for my $mode (0604, 0602, 0644, 0606) {
    bad_keys(sprintf('mode %04o', $mode),
             sub { keys_file('bad', "k1 $old\n", $mode) },
             sprintf 'others may read or write it \(mode %04o\)', $mode);
}

bad_keys('not there', sub { }, qr/cannot open it: No such file/);
bad_keys('a folder', sub { mkdir $_[0], 0700 }, qr/it is not a regular file/);
bad_keys('a pipe', sub { POSIX::mkfifo($_[0], 0600) },
         qr/it is not a regular file/);

for my $case (['prize_sign_event', qr/prize_sign_event gift;/],
              ['prize_sign_key_file', qr/prize_sign_key_file \S+both;/])
{
    my ($name, $line) = @$case;
    my ($status, $said) = Test::Prize::Nginx->prepare(@page, http =>
        http($both) =~ s/$line//r =~ s/location = .other.*//r
        =~ s/location = .open.*//r)->test;

    isnt($status, 0, "one of the two without $name: refused");
    like($said, qr/"prize_sign_key_file" and "prize_sign_event"/, 'it says so');
}

unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/, 'no alert');

$redis->command('DEL', map { "$prefix:$_" } 1 .. 40);

done_testing();
