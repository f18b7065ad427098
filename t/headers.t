use strict;
use warnings;

use lib 't/lib';
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# The headers of a page and of an error: which, and each exactly once,
# whatever else in a configuration sets them and whatever way error_page goes.

my $redis = shared_redis();
my $dead = '127.0.0.1:' . free_port();
my $port = free_port();

$redis->commands(['FLUSHALL'], [qw(HSET employee:7 id 7), name => "J\xf6rg"],
                 [qw(HSET employee:8 id 8), name => 'x' x 5000],
                 [qw(HSET employee:e id e), name => '']);

my (%files) = ('page.html' => "<p>\x{e6}\x{9d}\x{8e} {{name}}</p>\n",
               'long.html' => '<p>{{name}}</p>' . 'static ' x 1000,
               'empty.html' => '{{name}}',
               'html/gone.html' => 'a friendly page');

# Vary: one location for each setting

my ($vary, @vary) = ('');

for my $prize (qw(on off)) {
    for my $gzip (qw(on off)) {
        for my $gzip_vary (qw(on off)) {
            my $target = "/vary-$prize-$gzip-$gzip_vary";
            $vary .= "location = $target { prize_page long.html;"
                     . " prize_gzip $prize; gzip $gzip;"
                     . " gzip_vary $gzip_vary; }\n";
            push @vary, [$target, $prize, $gzip, $gzip_vary];
        }
    }
}

my $nginx = Test::Prize::Nginx->start(files => \%files, http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;
    default_type text/plain;
    server_tokens off;
    limit_req_zone \$server_port zone=all:1m rate=1r/m;

    server {
        listen 127.0.0.1:$port;

        location = /h5 { prize_page page.html; }
        location = /empty { prize_page empty.html; }
        location = /long { prize_page long.html; }
        location = /charset {
            prize_page page.html;
            charset koi8-r;
        }
        location = /utf-8 { prize_page page.html; charset utf-8; }
        location = /type { prize_page page.html; default_type image/png; }
        location = /types { prize_page page.html; types { } }

        location = /expires { prize_page page.html; expires 1h; }
        location = /expires-max { prize_page page.html; expires max; }
        location = /epoch { prize_page page.html; expires epoch; }
        location = /add {
            prize_page page.html;
            add_header X-More more;
            add_header Referrer-Policy-Report-Only no;
        }

        $vary

        location = /dead { prize_page page.html; prize_redis_pass $dead; }
        location = /limited { prize_page page.html; limit_req zone=all; }
        location = /denied { prize_page page.html; deny all; }

        location /file/ {
            error_page 400 403 404 405 503 /error/gone.html;

            location = /file/h5 { prize_page page.html; }
            location = /file/dead {
                prize_page page.html;
                prize_redis_pass $dead;
            }
            location = /file/limited {
                prize_page page.html;
                limit_req zone=all;
            }
            location = /file/denied { prize_page page.html; deny all; }
        }
        location /error/ {
            internal;
            alias html/;
            expires 1d;
        }

        location /named/ {
            error_page 400 403 404 405 503 \@friendly;

            location = /named/h5 { prize_page page.html; }
            location = /named/dead {
                prize_page page.html;
                prize_redis_pass $dead;
            }
            location = /named/denied { prize_page page.html; deny all; }
        }
        location \@friendly { return 200 friendly; }

        location /ok/ {
            error_page 400 403 404 405 503 =200 /error/gone.html;

            location = /ok/h5 { prize_page page.html; }
            location = /ok/dead {
                prize_page page.html;
                prize_redis_pass $dead;
            }
        }

        # from one page to another

        location = /then/found {
            prize_page page.html;
            prize_redis_key none:\$prize_id;
            error_page 404 = /h5?id=7;
        }
        location = /then/plain {
            prize_page page.html;
            prize_redis_pass $dead;
            error_page 503 /h5?id=7;
        }
        location = /then/found-after-503 {
            prize_page page.html;
            prize_redis_pass $dead;
            error_page 503 = /h5?id=7;
        }
        location = /then/dead {
            prize_page page.html;
            prize_redis_key none:\$prize_id;
            recursive_error_pages on;
            error_page 404 = /then/dead-too?id=7;
        }
        location = /then/dead-too {
            prize_page page.html;
            prize_redis_pass $dead;
            recursive_error_pages on;
            error_page 503 = /dead?id=7;
        }
        location = /then/limited {
            prize_page page.html;
            error_page 400 = /limited?id=7;
        }
        location = /then/vary {
            prize_page page.html;
            prize_redis_key none:\$prize_id;
            error_page 404 = /vary-on-on-on?id=7;
        }

        location = /json { prize_status json; }
        location = /html { prize_status html; }
        location = /health { prize_status health; }
    }
CONF

my $client = Test::Prize::Client->new($port);


sub headers {
    my ($answer, @names) = @_;

    return {map { my $name = $_;
                  ($name => join ' | ', $answer->header($name)) } @names};
}

my @privacy = qw(Cache-Control Referrer-Policy X-Content-Type-Options);
my %privacy = ('Cache-Control' => 'private, no-store',
               'Referrer-Policy' => 'no-referrer',
               'X-Content-Type-Options' => 'nosniff');


sub is_page {
    my ($name, $answer) = @_;

    subtest $name => sub {
        is($answer->{status}, 200, 'status');
        is_deeply(headers($answer, @privacy), \%privacy, 'private');
        is_deeply([$answer->header('Content-Type')],
                  ['text/html; charset=utf-8'], 'Content-Type');
        is_deeply([$answer->header('Content-Length')],
                  [length $answer->{body}], 'Content-Length');
        is_deeply([$answer->header('Vary')], ['Accept-Encoding'], 'Vary');
        is_deeply([$answer->header('Retry-After')], [], 'no Retry-After');
        is_deeply([$answer->repeated], [], 'no header twice');
    };
}


sub is_error {
    my ($name, $answer, $status, $body) = @_;

    subtest $name => sub {
        is($answer->{status}, $status, 'status');
        is_deeply(headers($answer, @privacy), \%privacy, 'private');
        is_deeply([$answer->repeated], [], 'no header twice');
        is($answer->{body}, $body, 'the page') if defined $body;
    };
}


# a page

is_page('a page', $client->get('/h5?id=7'));
is_page('an empty page', $client->get('/empty?id=e'));
is($client->get('/empty?id=e')->{body}, '', 'which is empty');
is_page('a long page', $client->get('/long?id=8'));
is($client->get('/h5?id=7')->{body}, "<p>\xe6\x9d\x8e J\xc3\xb6rg</p>\n",
   'bytes are not touched');

for my $name (qw(charset utf-8 type types expires expires-max epoch add)) {
    my $answer = $client->get("/$name?id=7");

    is_page("with $name", $answer);
    is($answer->{body}, "<p>\xe6\x9d\x8e J\xc3\xb6rg</p>\n", 'its bytes');
}

is_deeply([$client->get('/add?id=7')->header('X-More')], ['more'],
          'a header that is added');

for my $condition (['If-None-Match', '*'], ['If-Match', '"x"'],
                   ['If-Modified-Since', 'Sat, 01 Jan 2000 00:00:00 GMT'],
                   ['If-Unmodified-Since', 'Sat, 01 Jan 2000 00:00:00 GMT'],
                   ['Range', 'bytes=0-3'])
{
    is_page("with $condition->[0]", $client->get('/h5?id=7', @$condition));
}


# Vary, and the page, which is the same by every way

sub plain {
    my ($answer) = @_;

    return $answer->{body} unless $answer->header('Content-Encoding');

    gunzip(\$answer->{body}, \my $plain) or die "gunzip: $GunzipError";
    return $plain;
}

my $long = "<p>J\xc3\xb6rg</p>" . 'static ' x 1000;

for my $case (@vary) {
    my ($target, $prize, $gzip, $gzip_vary) = @$case;

    # nginx's own Vary is there for a type that it could compress
    my $expected = ($prize eq 'on' || ($gzip eq 'on' && $gzip_vary eq 'on'))
                   ? 1 : 0;

    for my $encoding (undef, 'gzip', 'identity', 'gzip;q=0') {
        my @headers = defined $encoding ? ('Accept-Encoding' => $encoding)
                                        : ();
        my $answer = $client->get("$target?id=7", @headers);

        is_deeply([$answer->header('Vary')],
                  [('Accept-Encoding') x $expected],
                  "$target for " . ($encoding // 'nothing') . ': Vary');
        is($answer->{status}, 200, 'status');
        is_deeply([$answer->repeated], [], 'no header twice');
        is(plain($answer), $long, 'the same page');
    }

    my $answer = $client->get("$target?id=7", 'Accept-Encoding' => 'gzip');

    is_deeply([$answer->header('Content-Encoding')],
              [('gzip') x ("$prize$gzip" =~ /on/)],
              "$target: gzipped if either is on");
}


# errors

my @errors = (
    ['GET',  'h5?id=',       400, 'no ID'],
    ['GET',  'h5?id=nobody', 404, 'an unknown ID'],
    ['POST', 'h5?id=7',      405, 'POST'],
    ['GET',  'denied?id=7',  403, 'deny'],
    ['GET',  'dead?id=7',    503, 'a dead Redis'],
);

is($client->get('/limited?id=7')->{status}, 200, 'one is let through');
is_error('limit_req', $client->get('/limited?id=7'), 503);

for my $error (@errors) {
    my ($method, $target, $status, $name) = @$error;

    is_error($name, $client->request($method, "/$target"), $status);
    is_error("$name, a file", $client->request($method, "/file/$target"),
             $status, 'a friendly page');
    is_error("$name, a named location",
             $client->request($method, "/named/$target"), $status, 'friendly');

    is_error("$name, as 200", $client->request($method, "/ok/$target"), 200,
             'a friendly page') unless $target =~ /denied/;
}

is_error('limit_req, a file', $client->get('/file/limited?id=7'), 503,
         'a friendly page');


# a 503 says when to come back

my %after;

for (1 .. 60) {
    for my $target ('/dead?id=7', '/file/dead?id=7', '/named/dead?id=7') {
        my @after = $client->get($target)->header('Retry-After');

        $after{join ' | ', @after}++;
    }
}

is_deeply([sort keys %after], [1, 2, 3],
          'Retry-After is 1, 2 or 3, and each of them comes');

for my $target ('/h5?id=7', '/h5?id=', '/h5?id=nobody', '/denied?id=7') {
    is_deeply([$client->get($target)->header('Retry-After')], [],
              "$target has none");
}


# from one page to another

for my $name (qw(found found-after-503 vary)) {
    is_page("error_page to a page: $name", $client->get("/then/$name?id=9"));
}

# error_page without "=" keeps the status
is_error('error_page to a page that keeps the status',
         $client->get('/then/plain?id=9'), 503,
         "<p>\xe6\x9d\x8e J\xc3\xb6rg</p>\n");

my $dead_twice = $client->get('/then/dead?id=9');
is_error('error_page through three pages', $dead_twice, 503);
is(scalar($dead_twice->header('Retry-After')), 1, 'has one Retry-After');

is_error('error_page to a limited page', $client->get('/then/limited?id='),
         503);


# prize_status

for my $target ('/json', '/html', '/health') {
    my $answer = $client->get($target);

    is($answer->{status}, 200, $target);
    is_deeply(headers($answer, 'Cache-Control'),
              {'Cache-Control' => 'private, no-store'}, 'is not kept');
    is_deeply([$answer->header('Content-Length')], [length $answer->{body}],
              'Content-Length');
    is_deeply([$answer->repeated], [], 'no header twice');
    is($client->request('HEAD', $target)->{status}, 200, "HEAD $target");
    is($client->request('POST', $target)->{status}, 405, "POST $target");
}

my @loud = grep { /\[(?:alert|crit|emerg)\]/ } split /\n/, $nginx->error_log;
is_deeply(\@loud, [], 'nothing at alert or crit in the log');

done_testing();
