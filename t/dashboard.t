use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_base64);
use JSON::PP ();
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# prize_status html: the document, its policy, and what it polls.  How it looks
# in a browser is t/browser/dashboard.t's.

my $redis = shared_redis();
my $port = free_port();
my $prefix = "dashboard$$";

$redis->command('HSET', "$prefix:warm", id => 'warm', name => 'Warm');

my %conf = (workers => 2,
    files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' },
    http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_key $prefix:\$prize_id;
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;

    server {
        listen 127.0.0.1:$port;
        location = /h5 { prize_page page.html; access_log pages.log; }
        location = /status { prize_status html; access_log off; }
        location = /json { prize_status json; access_log off; }
    }
CONF

my $nginx = Test::Prize::Nginx->start(%conf);
my $client = Test::Prize::Client->new($port);


sub history {
    my ($since) = @_;
    my $answer = $client->get("/status?json&since=$since");

    is($answer->{status}, 200, "since=$since") if $answer->{status} != 200;
    return JSON::PP::decode_json($answer->{body});
}


# rows as hashes

sub rows {
    my ($object) = @_;
    my @columns = @{ $object->{columns} };

    return map { my %row; @row{@columns} = @$_; \%row }
           @{ $object->{history} };
}


# the document

my $answer = $client->get('/status');
my $document = $answer->{body};

is($answer->{status}, 200, 'the document');
is(($answer->header('Content-Type'))[0], 'text/html; charset=utf-8',
   'is HTML');
is(($answer->header('Cache-Control'))[0], 'private, no-store', 'is not kept');
is(($answer->header('Content-Length'))[0], length $document, 'is whole');
ok($document eq slurp(root() . '/src/http/ngx_http_prize_status.html'),
   'is the file, to the byte');
unlike($document, qr/(?:src|href)="(?!data:)|url\(|\@import|https?:(?!.*svg)/,
       'asks for nothing beside it');
unlike($document, qr/<[^>]*\s(?:style|on\w+)=/, 'has no inline attributes');

my ($style) = $document =~ m{<style>(.*?)</style>}s;
my ($script) = $document =~ m{<script>(.*?)</script>}s;
my ($csp, @more) = $answer->header('Content-Security-Policy');
my %policy = map { split ' ', $_, 2 } split /; /, $csp;

is_deeply(\%policy, {
    'default-src' => "'none'", 'connect-src' => "'self'",
    'img-src' => 'data:', 'base-uri' => "'none'", 'form-action' => "'none'",
    'frame-ancestors' => "'none'",
    'style-src' => "'sha256-" . sha256_base64($style) . "='",
    'script-src' => "'sha256-" . sha256_base64($script) . "='",
}, 'has a policy that allows just what it has');
is_deeply(\@more, [], 'one policy');

is($client->request('HEAD', '/status')->{status}, 200, 'HEAD');
is($client->request('POST', '/status')->{status}, 405, 'POST');
like(($client->get('/status?jsonx')->header('Content-Type'))[0], qr/html/,
     'only "json" itself is JSON');


# what it polls

my $plain = $client->get('/status?json');

is(($plain->header('Content-Type'))[0], 'application/json', '?json is JSON');
is_deeply([$plain->header('Content-Security-Policy')], [],
          'without a policy');

my $now = JSON::PP::decode_json($plain->{body});
my $other = JSON::PP::decode_json($client->get('/json')->{body});

is_deeply([sort keys %$now], [sort keys %$other], 'of "prize_status json"');
ok(!exists $now->{history}, 'without a history');

for my $since ('', 'x', '-1', '1e3', '99999999999999999999') {
    is($client->get("/status?json&since=$since")->{status}, 400,
       "since=$since: 400");
}


# a row a second

eventually { rows(history(0)) >= 1 } 'a first row';

my $from = history(0)->{history}[-1][0];

$client->get('/h5?id=warm') for 1 .. 30;
$client->get('/h5?id=') for 1 .. 7;

sub counted {
    my ($column, $since) = @_;
    my $n = 0;

    $n += $_->{$column} for rows(history($since));
    return $n;
}

eventually { counted('200', $from) == 30 } 'all pages in the history';
is(counted('400', $from), 7, 'and all refusals');
is(counted('from_redis', $from), 30, 'by who had the record');
is(counted('from_nobody', $from), 7, 'or nobody');

eventually { rows(history($from)) >= 4 } 'four rows';

my @rows = rows(history($from));
my @seconds = map { $_->{second} } @rows;

is_deeply(\@seconds, [sort { $a <=> $b } @seconds], 'one after the other');
is(scalar(keys %{ { map { $_ => 1 } @seconds } }), @seconds,
   'of two workers one takes the sample of a second');
cmp_ok($seconds[0], '>', $from, 'those after "since"');
is_deeply(history($seconds[-1] + 1_000_000)->{history}, [],
          'none after one that is yet to come');


# a worker that hangs, and goes on; the client may have asked this one

my ($hanging) = $nginx->workers;

sub silent {
    $client = Test::Prize::Client->new($port);

    my @new = rows(history($seconds[-1]));

    return @new ? $new[-1]{silent} : -1;
}

eventually { silent() == 0 } 'both workers go on';
kill 'STOP', $hanging;

# a client that waits for this one is told so after a minute, and comes again
eventually { (eval { silent() } // 0) == 1 } 'one that hangs is told of', 300;
kill 'CONT', $hanging;
eventually { silent() == 0 } 'it goes on';
pass('a worker that hangs is told of until it goes on');


# over a reload, and over the death of the workers

my @before = @seconds;
my @old = $nginx->workers;

$nginx->reload;
eventually { !grep { my $old = $_; grep { $_ == $old } $nginx->children }
             @old } 'the end of the old workers';
pass('no worker stays for its timer');

my $last = history(0)->{history}[-1][0];
eventually { rows(history($last)) >= 2 } 'rows of the new workers';

my %kept = map { $_->{second} => 1 } rows(history(0));
is_deeply([grep { !$kept{$_} } @before], [], 'a reload keeps the history');
is(counted('200', $from), 30, 'and what was counted');

kill 'KILL', $nginx->workers;
$last = eventually {
    my $object = eval { history(0) } or return 0;
    return $object->{history}[-1][0];
} 'successors';
eventually { rows(history($last)) >= 2 } 'rows of their successors';

%kept = map { $_->{second} => 1 } rows(history(0));
is_deeply([grep { !$kept{$_} } @before], [], 'so does the death of workers');
is(counted('200', $from), 30, 'with what was counted');


# with nginx itself it begins anew

my $start = history(0)->{start_time};

$nginx->stop('QUIT');
$nginx->start;
eventually { (eval { history(0)->{start_time} } // $start) != $start }
    'another start';
is(counted('200', 0), 0, 'nothing is left of the one before');

$redis->command('DEL', "$prefix:warm");

done_testing();
