package Test::Prize::Socket;

# Test::Nginx::Socket on the servers of t/servers.
#
#     use lib 't/lib';
#     use Test::Nginx::Socket;
#     use Test::Prize::Socket;
#
#     plan tests => 2 * blocks();
#     run_tests();
#
#     __DATA__
#
# nginx listens on loopback only, runs a master and a worker, and has the
# module loaded.  A block can name the servers by $TEST_NGINX_REDIS_PORT,
# $TEST_NGINX_REDIS_SOCKET (and the second Redis by a 2 behind either),
# $TEST_NGINX_POSTGRES_PORT, $TEST_NGINX_POSTGRES_DIR (its socket's folder)
# and $TEST_NGINX_CONNINFO, itself by $TEST_NGINX_CLIENT_PORT, and the
# project's folder by $TEST_NGINX_ROOT.  Sections beside Test::Nginx's own:
#
#     --- redis    commands, one a line, words quoted as in a shell
#     --- redis2   the same, for the second one
#     --- sql      a script for psql
#     --- pages    as "user_files", but beside nginx.conf, where "prize_page"
#                  looks for a relative path
#
# Both Redis are emptied before every block; a table is the block's to drop.

use strict;
use warnings;

use Test::Nginx::Socket ();
use Test::Prize;
use Text::ParseWords qw(shellwords);


sub import {
    my $port = $ENV{TEST_NGINX_CLIENT_PORT}
        // die "run this test with: t/servers prove TEST\n";

    Test::Nginx::Util::server_port("127.0.0.1:$port");
    Test::Nginx::Util::server_port_for_client($port);
    Test::Nginx::Util::master_on();
    Test::Nginx::Util::no_long_string();
    Test::Nginx::Util::add_block_preprocessor(\&prepare);
}


sub prepare {
    my ($block) = @_;

    for my $n (1, 2) {
        my $section = $n == 1 ? 'redis' : 'redis2';
        my @commands = map { [shellwords($_)] }
                       grep { /\S/ } split /\n/, $block->$section // '';
        shared_redis($n)->commands(['FLUSHALL'], @commands);
    }

    shared_postgres()->sql($block->sql) if defined $block->sql;

    if (defined $block->pages) {
        my $pages = $block->pages;
        $pages =~ s{^>>> }{>>> ../conf/}mg;
        $block->set_value(user_files => $pages);
    }
}


1;
