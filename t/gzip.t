use strict;
use warnings;

use lib 't/lib';
use HTTP::Tiny;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;
use Test::Prize;

# prize_gzip: nothing is compressed for a page, and yet it goes gzipped, to
# the clients that nginx's own directives name.

my $redis = shared_redis();
my $port = free_port();
my $prefix = "gzip$$";

my %value = (
    plain => 'x' x 50, empty => '', html => q{<&>"'} x 40,
    long => 'y' x 70_000, huge => '"' x 200_000,
);

for my $id (sort keys %value) {
    $redis->command('HSET', "$prefix:$id", id => $id, value => $value{$id},
                    first => $id eq 'empty' ? '' : 'yes');
}

my $text = join ' ', map { "word$_" } 1 .. 900;
my $page = "{{#first}}<p>$text</p>{{/first}}<p data-id=\"{{id}}\">"
           . "{{value}}</p>{{value}}{{^first}}<p>$text</p>{{/first}}";

# fields that fit, and a page that would take more than 64 MiB of them

my $most = 1024 * 1024;

$redis->command('HSET', "$prefix:most", id => 'most', value => 'y' x $most);
$redis->command('HSET', "$prefix:one", id => 'one', value => 'y');

my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => $page, 'many.html' => '{{value}}' x 65,
               'www/doc.shtml' => '<!--# include virtual="/on?id=plain" -->' },
    http => <<"CONF");
    types { text/html html shtml; }
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_key $prefix:\$arg_id;
    prize_redis_timeout 10s;

    server {
        listen 127.0.0.1:$port;

        location = /on { prize_page page.html; }
        location = /many { prize_page many.html; }
        location = /off { prize_page page.html; prize_gzip off; }
        location = /nginx {
            prize_page page.html;
            prize_gzip off;
            gzip on;
        }
        location = /both {
            prize_page page.html;
            gzip on;
        }
        location = /proxied { prize_page page.html; gzip_proxied any; }
        location = /old { prize_page page.html; gzip_http_version 1.0; }
        location = /disabled { prize_page page.html; gzip_disable "Lynx"; }
        location / { root www; ssi on; gzip on; gzip_min_length 1; }
    }
CONF


sub get {
    my ($target, $headers, $method) = @_;

    return HTTP::Tiny->new(keep_alive => 0)->request($method // 'GET',
        "http://127.0.0.1:$port$target", { headers => $headers // {} });
}


sub encoding {
    my ($answer) = @_;

    return $answer->{headers}{'content-encoding'} // '';
}


# one member that inflates to it, and nothing behind it

sub inflated {
    my ($data) = @_;
    my $plain = '';
    my $z = IO::Uncompress::Gunzip->new(\$data, MultiStream => 0)
        or return "no gzip: $GunzipError";

    while ((my $n = $z->read(my $some)) != 0) {
        return "broken: $GunzipError" if $n < 0;
        $plain .= $some;
    }

    return 'something behind it' if length $z->trailingData;
    return $plain;
}


for my $id (sort keys %value) {
    my $plain = get("/on?id=$id");
    my $gzipped = get("/on?id=$id", { 'Accept-Encoding' => 'gzip' });

    is($plain->{status}, 200, "$id: a page");
    is(encoding($plain), '', 'plain without Accept-Encoding');
    is(encoding($gzipped), 'gzip', 'gzipped with it');
    is($gzipped->{headers}{'content-length'}, length $gzipped->{content},
       'of the length it says');
    ok(inflated($gzipped->{content}) eq $plain->{content},
       'and it inflates to the plain page');

    my ($status, $out) = run({ stdin => $gzipped->{content} }, 'gzip', '-dc');
    is($status, 0, 'for gzip, too');
    ok($out eq $plain->{content}, 'to the same bytes');

    my ($curl, $page) = run('curl', '-s', '--compressed',
                            "http://127.0.0.1:$port/on?id=$id");
    ok($curl == 0 && $page eq $plain->{content}, 'and for curl');
}


# who gets it is nginx's decision

for my $case (['gzip', 1], ['deflate, gzip;q=0.5', 1], ['gzip;q=0', 0],
              ['gzip;q=0.000', 0], ['gzip;q=0.001', 1], ['identity', 0],
              ['br', 0], ['x-gzip', 0], ['GZIP', 1])
{
    my ($accept, $gzip) = @$case;
    my $answer = get('/on?id=plain', { 'Accept-Encoding' => $accept });

    is(encoding($answer), $gzip ? 'gzip' : '', "Accept-Encoding: $accept");
    is($answer->{headers}{vary}, 'Accept-Encoding', 'one Vary');
}

my %gzip = ('Accept-Encoding' => 'gzip');

is(encoding(get('/on?id=plain', { %gzip, Via => '1.1 proxy' })), '',
   'not through a proxy, by default');
is(encoding(get('/proxied?id=plain', { %gzip, Via => '1.1 proxy' })), 'gzip',
   'with gzip_proxied any also there');
is(encoding(get('/disabled?id=plain', { %gzip, 'User-Agent' => 'Lynx/2' })),
   '', 'gzip_disable');
is(encoding(get('/disabled?id=plain', { %gzip, 'User-Agent' => 'curl' })),
   'gzip', 'but for others');
is(encoding(get('/off?id=plain', \%gzip)), '', 'prize_gzip off');

for my $location (qw(on old)) {
    my (undef, $out) = run('curl', '-s', '-0', '-i', '-H',
        'Accept-Encoding: gzip', "http://127.0.0.1:$port/$location?id=plain");
    my $gzip = $out =~ /^Content-Encoding: gzip\r$/m ? 1 : 0;

    is($gzip, $location eq 'old' ? 1 : 0, "HTTP/1.0, $location");
}

{
    my $got = get('/on?id=plain', \%gzip);
    my $head = get('/on?id=plain', \%gzip, 'HEAD');

    is($head->{content} // '', '', 'HEAD: no body');
    is($head->{headers}{$_}, $got->{headers}{$_}, "HEAD: the same $_")
        for qw(content-length content-encoding content-type vary);
}


# nginx's gzip filter has its turn where ours has not, and not after it

my $plain = get('/on?id=plain')->{content};

for my $target ('/nginx?id=plain', '/both?id=plain', '/doc.shtml') {
    my $answer = get($target, \%gzip);

    is(encoding($answer), 'gzip', "$target: gzipped once");
    ok(inflated($answer->{content}) eq $plain, "$target: the page");
}

my $both = get('/both?id=plain', \%gzip);
is($both->{headers}{'content-length'}, length $both->{content},
   'ours, of a known length, where gzip is on as well');

unlike($nginx->error_log, qr/\[(?:alert|crit|emerg|error)\]/,
       'nothing went wrong');


# what would take a worker's memory is not made

for my $headers ({}, \%gzip) {
    my $what = %$headers ? 'gzipped' : 'plain';

    is(get('/many?id=one', $headers)->{status}, 200, "a small page, $what");
    is(get('/many?id=most', $headers)->{status}, 503,
       'one of more than 64 MiB is an error');
}

my @said = $nginx->error_log =~ /\[error\].*/g;

is(scalar @said, 1, 'which is said once');
like($said[0], qr{prize: id "most": its values may take 68157440 bytes on "\S+/many\.html", at most 67108864 fit on a page},
     'with the ID and the page');

$redis->command('DEL', map { "$prefix:$_" } keys %value, qw(most one));

done_testing();
