use strict;
use warnings;

use lib 't/lib';
use IO::Socket::INET;
use Test::More;
use Test::Prize;

# Every change of one bit of a thousand signed links, as it goes over the
# wire: 403 or 400, and no store is asked.  HEAD, whose answers have no body.

use constant { TOGETHER => 100, BESIDE => 50 };

my $redis = Test::Prize::Redis->start;
my $port = free_port();
my $dir = run_dir() . "/bits$$";

mkdir $dir or die "mkdir $dir: $!";

my $links = sanitized() ? 50 : 1000;
my @ids = map { "E$_" } 1001 .. 1000 + $links;
my $keys = spew("$dir/keys", 'k2 ' . 'b2xk' x 11 . "\nk1 " . 'bmV3' x 11
                             . "\n");

chmod 0600, $keys or die "chmod $keys: $!";
$redis->commands(map { ['HSET', "employee:$_", id => $_, name => "N $_"] }
                 @ids);

my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => '<p data-id="{{id}}">{{name}}</p>' },
    log_level => 'error', http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_timeout 60s;
    prize_redis_connect_timeout 60s;
    prize_sign_key_file $keys;
    prize_sign_event gift;
    keepalive_requests 10000000;
    keepalive_timeout 1h;

    server {
        listen 127.0.0.1:$port;
        access_log off;
        location = /h5 { prize_page page.html; }
        location = /status { prize_status json; }
    }
CONF

my ($status, $out, $err) = run({ stdin => join "\n", 'id', @ids },
    prizectl(), 'sign', '--key-file', $keys, '--event', 'gift',
    '--url', 'https://h5.example.com/h5', '--expires', '2099-01-01T00:00Z');
my @links = $out =~ /\?(\S+)/g;

is($status, 0, 'prizectl sign') or diag($err);
is(@links, $links, "$links links");


sub text {
    my ($args, $header) = @_;

    return "HEAD /h5?$args HTTP/1.1\r\nHost: h5\r\n" . ($header // '')
           . "\r\n";
}


sub connected {
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
           // die "connect: $!";
}


# adds the answers' statuses: of so many, or of all until nginx closes

sub read_answers {
    my ($socket, $count, $n) = @_;
    my $answers = '';

    while (!$n || (() = $answers =~ /\r\n\r\n/g) < $n) {
        my $got = sysread($socket, $answers, 65536, length $answers)
                  // die "read: $!";
        last if $got == 0;
    }

    my @status = $answers =~ m{^HTTP/1\.[01] (\d+) }mg;

    # a line feed ends a request of HTTP/0.9, whose answer has no head
    @status = $answers =~ m{<title>(\d+) } unless @status;

    $count->{$_}++ for @status;
    return scalar @status;
}


# those that leave the connection open, one after the other

my $open = connected();

sub ask {
    my ($count, @args) = @_;

    while (my @some = splice @args, 0, TOGETHER) {
        my $text = join '', map { text($_) } @some;

        syswrite($open, $text) == length $text or die "write: $!";
        read_answers($open, $count, scalar @some) == @some
            or die "fewer answers than requests\n";
    }
}


# nginx closes after a 400, of an ID or of a byte that is none of a request
# line: each has a connection, and one answer

sub ask_apart {
    my ($count, @args) = @_;

    while (my @some = splice @args, 0, BESIDE) {
        my @sockets = map { connected() } @some;

        for my $n (0 .. $#some) {
            syswrite($sockets[$n], text($some[$n], "Connection: close\r\n"))
                or die "write: $!";
        }

        for my $n (0 .. $#some) {
            read_answers($sockets[$n], $count) == 1
                or die sprintf "no answer to %vd\n", $some[$n];
        }
    }
}


# what the store was asked, as itself and as the module counts it

sub asked {
    my ($calls) = $redis->command('INFO', 'commandstats')
                  =~ /cmdstat_hmget:calls=(\d+)/;
    my $counted = $nginx->status("http://127.0.0.1:$port/status");

    return [$calls, { map { $_ => $counted->{$_} }
                      grep { /^prize_lookups_total/ } keys %$counted }];
}


my %right;

ask(\%right, @links);
is_deeply(\%right, { 200 => $links }, 'each link is right as it is');

my $before = asked();
is($before->[0], $links, 'and asked Redis once');
ok(scalar(grep { $_ == $links } values %{ $before->[1] }),
   'which the module has counted') or diag(explain($before));

my %refused;
my $tried = 0;

for my $link (@links) {
    my (@together, @apart);

    for my $bit (0 .. 8 * length($link) - 1) {
        my $changed = $link;

        vec($changed, $bit, 1) ^= 1;
        $tried++;

        if ($bit < 8 * index($link, 'x=') || $changed =~ /[\x00-\x20\x7f]/) {
            push @apart, $changed;

        } else {
            push @together, $changed;
        }
    }

    ask(\%refused, @together);
    ask_apart(\%refused, @apart);
}

my $answered = 0;

$answered += $_ for values %refused;
is($answered, $tried, "$tried changes, as many answers");
is_deeply([grep { $_ != 403 && $_ != 400 } sort keys %refused], [],
          "403: $refused{403}, 400: $refused{400}");
is_deeply(asked(), $before, 'no store was asked');

%right = ();
ask(\%right, @links);
is_deeply(\%right, { 200 => $links }, 'each link still is right');

unlike($nginx->error_log, qr/\[(?:alert|crit|emerg)\]/, 'no alert');

done_testing();
