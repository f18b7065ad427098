use strict;
use warnings;

use lib 't/lib';
use Test::Prize;
use Test::Prize::Browser;

# Pages by chance with hostile values: t/browser/hostile.js

my $dir = run_dir() . '/hostile';
my $redis = shared_redis();
my $port = free_port();

mkdir $dir or die "$dir: $!\n";
Test::Prize::Browser::run_node(['browser/hostile.js', $dir]) == 0
    or die "hostile.js writes no pages\n";

my %files = map { m{([^/]+)$}; ("pages/$1" => slurp($_)) } glob "$dir/*.html";
my $socket = $redis->connect;

print {$socket} slurp("$dir/records") or die "Redis: $!\n";
Test::Prize::Redis::decode($socket) for keys %files;

my $locations = join "\n", map {
    my ($name, $policy) = m{pages/((on|off)\d+)};

    "location = /$name {
         prize_page pages/$name.html raw=raw0,raw1;
         prize_csp $policy;
     }";
} keys %files;

my $nginx = Test::Prize::Nginx->start(files => \%files, http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;

    server {
        listen 127.0.0.1:$port;
        $locations
    }
CONF

exit Test::Prize::Browser::run_node(['browser/hostile.js'],
                                    SITE => "http://127.0.0.1:$port");
