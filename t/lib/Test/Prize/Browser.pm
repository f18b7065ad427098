package Test::Prize::Browser;

# A real nginx with the sample's pages, and a browser that looks at them.
#
#     my $site = Test::Prize::Browser->site;
#     exit $site->node('switch.js', BROWSER => 'webkit');
#
# Without BROWSER it is Chromium: see t/browser/browser.js.
#
# "site" takes what starts an nginx, such as "binary" and "main" of a clock.
#
# A script of t/browser/ prints TAP; it finds in its environment SITE, the
# address of nginx, and what else "node" was given.

use strict;
use warnings;

use Carp qw(croak);
use POSIX qw(strftime);
use Test::Prize;


# who is on the pages, and what for

my %employee = (
    winner => {name => '林知夏', department => '平台研发部',
               prize => '旗舰手机一部',
               claim_url => 'gift.example.com/claim?ticket=1'},
    unclaimed => {name => '林知夏', department => '平台研发部',
                  prize => '旗舰手机一部'},
    everybody => {name => '陈屿', department => '客户成功部', prize => '否'},
    alone => {name => '陈屿'},
    long => {name => '阿卜杜热西提' x 6 . '·买买提', department =>
             '全球供应链与智能制造数字化转型推进办公室', prize =>
             '纪念版旗舰手机一部，含镌刻姓名的保护壳与两年延保服务',
             claim_url => 'gift.example.com/claim?ticket=1'},
    latin => {name => 'Wolfeschlegelsteinhausenbergerdorffsamen',
              department => 'Donaudampfschifffahrtsgesellschaft',
              prize => 'Donaudampfschifffahrtskapitaensmuetze'},
    script => {map { $_ => '"><script>alert(1)</script>' }
               qw(name department prize claim_url)},
    turned => {name => "\xe2\x80\xaeAda", prize => '手机',
               department => "\xe2\x80\xaeLab"},
    nameless => {prize => '手机'},
    insecure => {name => '林知夏', prize => '手机',
                 claim_url => 'javascript:alert(1)'},
);


# a site whose stores are the shared ones; "gone" is one whose store is dead

sub site {
    my ($class, %option) = @_;
    my $redis = shared_redis();
    my $port = free_port();
    my $dead = free_port();
    my @fields = qw(name department prize claim_url);

    $redis->commands(['FLUSHALL'], map { my $one = $employee{$_};
        ['HSET', "employee:$_", id => $_,
         map { text($_) } map { $_ => $one->{$_} // '' } @fields] }
        sort keys %employee);

    my %files = map { ("pages/$_.html" =>
                       slurp(root() . "/conf/pages/$_.html")) }
                qw(gift greeting before after 400 403 404 410 503);

    my $self = bless {port => $port}, $class;

    $self->{nginx} = Test::Prize::Nginx->start(%option, files => \%files,
        http => conf($port, $redis->{port}, $dead));
    return $self;
}


# the literals of this file are bytes, which would be encoded once more

sub text {
    my ($bytes) = @_;

    utf8::decode($bytes);
    return $bytes;
}


sub conf {
    my ($port, $redis, $dead) = @_;
    my ($past, $future) = map { strftime('%FT%TZ', gmtime time + $_ * 3600) }
                          -1, 30;

    return <<"CONF";
    prize_redis_pass 127.0.0.1:$redis;
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;

    # as in conf/nginx.conf

    map \$uri \$policy_of_file {
        ~^/error/  "default-src 'unsafe-inline'; img-src data:";
    }

    add_header Content-Security-Policy \$policy_of_file always;

    map \$prize_result \$page_for_403 {
        closed   before;
        default  403;
    }

    map \$prize_result \$page_for_410 {
        closed   after;
        default  410;
    }

    server {
        listen 127.0.0.1:$port;
        prize_csp on;

        error_page 400 /error/400.html;
        error_page 403 /error/\$page_for_403.html;
        error_page 404 /error/404.html;
        error_page 410 /error/\$page_for_410.html;
        error_page 503 /error/503.html;

        location = /h5 { prize_page pages/gift.html; }
        location = /busy {
            prize_page pages/gift.html;
            prize_redis_pass 127.0.0.1:$dead;
        }
        location = /before {
            prize_page pages/gift.html;
            prize_open $future;
        }
        location = /after {
            prize_page pages/gift.html;
            prize_open 2020-01-01T00:00Z until=$past;
        }
        location = /event {
            prize_page pages/gift.html;
            prize_open 2026-12-24T09:00:00+08:00;
        }
        location = /403 { return 403; }
        location = /410 { return 410; }
        location = /greeting {
            error_page 503 =200 /error/greeting.html;
            return 503;
        }

        # a store that is back once the browser has the cookie

        location = /gate {
            if (\$cookie_open = "") { return 503; }
            prize_page pages/gift.html;
        }

        location /error/ {
            internal;
            ssi on;
            alias pages/;
        }

        location = /status { prize_status html; }
    }
CONF
}


# Runs a script, whose standard output is this process'; its exit status.

sub node {
    my ($self, $script, %environment) = @_;

    return run_node(["browser/$script"], %environment,
                    SITE => "http://127.0.0.1:$self->{port}");
}


# the same of what needs no site, with its arguments

sub run_node {
    my ($command, %environment) = @_;
    my ($script, @arguments) = @$command;
    my $dir = ($ENV{TEST_NGINX_BUILD} // croak 'no TEST_NGINX_BUILD')
              . '/browser';

    croak "there is no $dir/installed: run make deps-test first"
        unless -e "$dir/installed";

    local %ENV = (%ENV, %environment, NODE_PATH => "$dir/node_modules",
                  RENDER => "$ENV{TEST_NGINX_BUILD}/html/render");

    STDOUT->flush;
    system 'node', root() . "/t/$script", @arguments;
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}


1;
