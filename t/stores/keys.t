use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# Keys of signed links rotate by a reload: a new one is put first, and an old
# one is taken out when its last link has ended.

my $redis = shared_redis();
my $keys = run_dir() . '/keys';
my %line = (old => 'old ' . 'b2xk' x 11 . "\n",
            new => 'new ' . 'bmV3' x 11 . "\n");


sub write_keys {
    spew($keys, join '', @line{@_});
    chmod 0600, $keys or die "chmod $keys: $!";
}


sub link_of_first_key {
    my ($status, $out, $err) = run({ stdin => "id\n7\n" }, prizectl(), 'sign',
        '--key-file', $keys, '--event', 'gift', '--url', 'https://h5/h5',
        '--expires', '2099-01-01T00:00Z');

    return $out =~ m{(/h5\?\S+)} ? $1 : die "prizectl sign: $err";
}


write_keys('old');
$redis->commands(['FLUSHALL'], [qw(HSET employee:7 id 7)]);

my $port = free_port();
my $nginx = Test::Prize::Nginx->start(files => { 'page.html' => '{{id}}' },
                                      http => <<"CONF");
    prize_redis_pass unix:$redis->{socket};
    $patient
    prize_sign_key_file $keys;
    prize_sign_event gift;

    server {
        listen 127.0.0.1:$port;
        location = /h5 { prize_page page.html; }
    }
CONF

sub status_of {
    my ($target) = @_;

    return $nginx->get("http://127.0.0.1:$port$target")->{status};
}


my $old = link_of_first_key();

is(status_of($old), 200, 'the link of the only key');

write_keys('new', 'old');
my $new = link_of_first_key();

is(status_of($new), 403, 'a new key is none before the reload');

$nginx->reload;
is(status_of($new), 200, 'and opens the page after it');
is(status_of($old), 200, 'beside the older one');

write_keys('new');
$nginx->reload;
is(status_of($old), 403, 'a key that was taken out opens nothing');
is(status_of($new), 200, 'and the other one stays');

unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/, 'no alert');

done_testing();
