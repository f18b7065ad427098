package Test::Prize::Socket;

# What a file of Test::Nginx blocks needs beside Test::Nginx itself:
#
#     use lib 't/lib';
#     use Test::Nginx::Socket 'no_plan';
#     use Test::Prize::Socket;
#
#     run_tests();
#
#     __DATA__
#
#     === TEST 1: a page
#     --- redis: HSET employee:7 id 7 name Ann
#     --- page: Hello, {{name}}!
#     --- request: GET /h5?id=7
#     --- response_body: Hello, Ann!
#
# What stands behind the colon has no newline at its end, what stands on lines
# of its own has one: a page and its response_body are in the same form.
#
# nginx listens on loopback only, runs a master and a worker, logs at level
# "info" and has the module loaded.
#
# Sections beside Test::Nginx's own:
#
#     --- redis     commands, one a line, words quoted as in a shell
#     --- redis2    the same, for the second Redis
#     --- sql       a script for psql, in an empty schema
#     --- page      page.html, beside nginx.conf, where prize_page and the other
#                   directives look for a relative path
#     --- pages     as "user_files", but beside nginx.conf
#     --- query     what PostgreSQL is asked, without double quotes
#     --- must_die  lines that nginx has to say, the same at level "emerg",
#                   where it does not start; they, or "error_log", say why
#
# One that neither Test::Nginx nor this file nor the test itself reads, as
# "$block->name", is a mistake.
#
# What a block leaves out is in its configuration all the same:
#
#     --- redis, where http_config has no prize_redis_pass: in http
#         prize_redis_pass unix:$TEST_NGINX_REDIS_SOCKET;
#     --- query: in http
#         prize_postgres hr "$TEST_NGINX_CONNINFO";
#         prize_postgres_pass hr;
#         prize_postgres_query "what the section says";
#     --- page, or pages with page.html, where there is no config: in the server
#         location = /h5 { prize_page page.html; }
#
# No answer may have a header twice.
#
# Both Redis are emptied before every block and have no user but the default,
# who may do all; CONFIG is not undone.  PostgreSQL's schema is emptied before
# every block that names it.
#
# What is named starts with the first block that names it:
#
#     $TEST_NGINX_REDIS_SOCKET, $TEST_NGINX_REDIS_PORT
#     $TEST_NGINX_REDIS_SOCKET2, $TEST_NGINX_REDIS_PORT2
#     $TEST_NGINX_CONNINFO     of PostgreSQL; _SOCKET_CONNINFO by its socket
#     $TEST_NGINX_DEAD         an address, 127.0.0.1:PORT, where nobody listens
#     $TEST_NGINX_CLIENT_PORT  nginx's own
#     $TEST_NGINX_SERVROOT     its folder: conf/, logs/ and html/ in it
#     $TEST_NGINX_ROOT         the project's folder
#
# The budgets of the stores are 20s, so that a machine that is busy looks like
# no fault, but for those that "http_config" sets, and none is with a section
# "budgets".  A line of the configuration that ends with "# here" is the one
# that a message of the log has to name.
#
# nginx ends after each block.  Then no request is left in flight, every gauge
# that Test::Prize has in @gauges is zero, and the log holds no alert, but for
# what a block's "error_log" expects: three tests at the end of the file say so.

use strict;
use warnings;

use HTTP::Response ();
use IO::Socket::UNIX ();
use JSON::PP qw(decode_json);
use Test::More ();
use Test::Nginx::Socket ();
use Test::Nginx::Util ();
use Test::Prize;
use Text::ParseWords qw(shellwords);

my @budgets = qw(prize_redis_connect_timeout prize_redis_timeout
                 prize_postgres_timeout);

# the server of a block without "config"
our $location = "    location = /h5 { prize_page page.html; }\n";

my %known = map { $_ => 1 } qw(redis2 ONLY LAST), map {
    slurp($_) =~ /\bblock->(\w+)/g
} __FILE__, $0, @INC{qw(Test/Nginx/Socket.pm Test/Nginx/Util.pm)};

my ($reported, %left) = (0, map { $_ => [] } qw(running gauges alerts));


sub import {
    my $port = $ENV{TEST_NGINX_CLIENT_PORT}
        // die "run this test with: t/servers perl TEST\n";

    $ENV{TEST_NGINX_DEAD} = '127.0.0.1:' . free_port();

    # nginx refuses a file of keys that others may read
    umask 0027;

    Test::Nginx::Util::server_port("127.0.0.1:$port");
    Test::Nginx::Util::server_port_for_client($port);
    Test::Nginx::Util::master_on();
    Test::Nginx::Util::log_level('info');
    Test::Nginx::Util::no_long_string();
    Test::Nginx::Util::no_shuffle();

    # a line that one of several requests has left is there for all of them
    Test::Nginx::Util::check_accum_error_log();
    Test::Nginx::Util::add_block_preprocessor(\&prepare);
    Test::Nginx::Util::add_test_cleanup_handler(\&finish);
    Test::Nginx::Util::add_cleanup_handler(\&report);

    # prove calls a file that bails out "ok"
    no warnings qw(redefine prototype);
    *Test::Nginx::Util::bail_out = \&give_up;
}


sub give_up {
    my $log = $Test::Nginx::Util::ErrLogFile;

    Test::More::diag(-e $log ? slurp($log) =~ /^.*\[emerg\].*\n/mg : ());
    Test::More::fail(join '', @_);
    Test::Nginx::Util::cleanup();
    exit 1;
}


sub prepare {
    my ($block) = @_;

    return if defined $block->SKIP;

    refuse($block, $_, 'is no section')
        for grep { !$known{$_} } @{ $block->_section_order };

    complete($block);
    start_named($block);
    fill($block);

    # Test::Nginx says "http2 on" to any nginx from 1.19.9 on; 1.25.1 was the
    # first to know it
    $Test::Nginx::Util::NginxVersion = 1.019
        if defined $block->http2 && $Test::Nginx::Util::NginxVersion < 1.025001;

    # what nginx writes there is in its log as well
    $block->set_value(suppress_stderr => 1)
        if defined $block->must_die || text_of($block) =~ /# here$/m;

    return if defined $block->must_die;

    my $requests = $block->pipelined_requests // $block->request;
    my $own = $block->raw_response_headers_unlike // '(?!)';
    my @unlike = map { "$_|" . '(?mi)^([\w-]+):.*^\g{-1}:' }
                 ref $own ? @$own : ($own) x (ref $requests ? @$requests : 1);

    $block->set_value(raw_response_headers_unlike =>
                      ref $requests ? \@unlike : $unlike[0]);

    my $http = $block->http_config // '';
    my @unset = defined $block->budgets ? ()
                : grep { !sets($http, $_) } @budgets;

    $block->set_value(http_config => join "\n", (map { "    $_ 20s;" } @unset),
                      $http, <<"CONF");
    server {
        listen unix:@{[ socket_path() ]};
        access_log off;
        location / { allow all; auth_basic off; prize_status json; }
    }
CONF
}


# the defaults

sub complete {
    my ($block) = @_;
    my $query = $block->query;
    my $page = $block->page;
    my $pages = $block->pages;
    my $http = $block->http_config // '';

    if (defined $block->redis && !sets($http, 'prize_redis_pass')) {
        $http = "    prize_redis_pass unix:\$TEST_NGINX_REDIS_SOCKET;\n$http";
    }

    if (defined $query) {
        chomp $query;
        $http = <<"CONF" . $http;
    prize_postgres hr "\$TEST_NGINX_CONNINFO";
    prize_postgres_pass hr;
    prize_postgres_query "$query";
CONF
    }

    $block->set_value(http_config => $http);

    my $files = ($pages // '') . (defined $page ? ">>> page.html\n$page" : '');

    $block->set_value(config => $files =~ /^>>> page\.html$/m ? $location : '')
        unless defined $block->config;

    if ($files ne '') {
        my $own = $block->user_files // '';

        refuse($block, 'user_files', 'is no text, beside page or pages')
            if ref $own;
        $files =~ s{^>>> }{>>> ../conf/}mg;
        $block->set_value(user_files => $own . $files);
    }

    if (defined $block->must_die) {
        # a number is the exit status
        my @said = grep { !/^\d+$/ } said($block->must_die),
                                     said($block->error_log);

        refuse($block, 'must_die', 'neither it nor error_log says why')
            if !@said;
        $block->set_value(error_log => [@said, '[emerg]']);
    }
}


# whether a directive is set there itself, in no block of it

sub sets {
    my ($text, $directive) = @_;

    return $text =~ s/(?<!\S)#.*//gr =~ s/(\{(?:[^{}]++|(?1))*\})//gr
           =~ /\b$directive\b/;
}


sub socket_path { return "$Test::Nginx::Util::LogDir/status.sock" }


sub text_of {
    my ($block) = @_;

    return join "\n", map { $block->$_ // () } qw(main_config http_config
                                                  config user_files);
}


sub start_named {
    my ($block) = @_;
    my $text = text_of($block);

    shared_redis() if $text =~ /_REDIS_(?:SOCKET|PORT)\b/;
    shared_redis(2) if $text =~ /_REDIS_(?:SOCKET|PORT)2\b/;
    return unless $text =~ /_CONNINFO\b/;

    my $postgres = shared_postgres();
    $ENV{TEST_NGINX_SOCKET_CONNINFO} = $postgres->socket_conninfo;
}


sub fill {
    my ($block) = @_;

    for my $n (1, 2) {
        my $section = $n == 1 ? 'redis' : 'redis2';
        my @commands = commands_of($block, $section);

        next if !@commands && !exists $ENV{'TEST_NGINX_REDIS_PORT'
                                           . ($n == 1 ? '' : 2)};

        my $redis = shared_redis($n);

        # one that takes it from nobody is started again
        eval { $redis->command(qw(ACL SETUSER default reset on nopass ~* &*
                                  +@all)) } or $redis->stop->start;

        my @users = grep { $_ ne 'default' }
                    @{ $redis->command('ACL', 'USERS') };

        $redis->commands(['FLUSHALL'],
                         map { ['ACL', 'DELUSER', $_] } @users);
        told($block, $section, sub { $redis->commands(@commands) });
    }

    told($block, 'sql', sub {
        shared_postgres()->sql("DROP SCHEMA public CASCADE;\n"
                               . "CREATE SCHEMA public;\n"
                               . ($block->sql // ''))
    }) if defined $block->sql || text_of($block) =~ /_CONNINFO\b/;
}


sub commands_of {
    my ($block, $section) = @_;
    my $text = $block->$section // '';
    my @commands;

    # what a file holds is UTF-8, and what "eval" made are characters
    utf8::decode($text);

    for my $line (grep { /\S/ && !/^#/ } split /\n/, $text) {
        my @words = shellwords($line);

        refuse($block, $section, "a quote is open: $line") unless @words;
        push @commands, \@words;
    }

    return @commands;
}


# an error names the block and its section

sub told {
    my ($block, $section, $run) = @_;

    eval { $run->(); 1 } or refuse($block, $section, $@ =~ s/\n\z//r);
}


sub refuse {
    my ($block, $section, $why) = @_;

    die "$0 " . $block->name . ": --- $section: $why\n";
}


# what has to hold after each block

sub finish {
    my ($block) = @_;

    return if defined $block->SKIP;

    find_place($block);
    return if defined $block->must_die
        || (defined $block->skip_nginx && !-e $Test::Nginx::Util::PidFile);

    my %gauge;

    eval { eventually { %gauge = gauges(); !grep { $_ } values %gauge }
           'all gauges at zero', 20; 1 }
        or note_left($block, gauges => $@, map { "$_: $gauge{$_}" }
                                           grep { $gauge{$_} } keys %gauge);

    my $log = end_nginx() // return note_left($block, running => 'nginx');
    my @expected = patterns($block);

    note_left($block, alerts => $_)
        for grep { my $line = $_; !grep { $line =~ $_ } @expected }
            $log =~ /^\S+ \S+ (?:\[(?:alert|crit|emerg)\] .*
                                 |.*exited\ on\ signal.*)$/gmx;
}


# what a section expects in the log, as Test::Nginx reads it

sub said {
    my ($patterns) = @_;

    return ref $patterns eq 'ARRAY' ? @$patterns
           : ref $patterns ? $patterns : split /\n+/, $patterns // '';
}


sub patterns {
    my ($block) = @_;

    return map { ref $_ ? $_ : qr/\Q$_\E/ } said($block->error_log);
}


sub note_left {
    my ($block, $what, @text) = @_;

    push @{$left{$what}}, join ' ', $block->name . ':', @text;
}


# A line that ends with "# here" is where the message says that it is; the
# message that ends nginx is all that "error_log" expects.

sub find_place {
    my ($block) = @_;
    my @lines = split /\n/, slurp($Test::Nginx::Util::ConfFile);
    my ($line) = grep { $lines[$_ - 1] =~ /# here$/ } 1 .. @lines;

    return unless $line;

    my @wanted = (qr/ in \Q$Test::Nginx::Util::ConfFile\E:$line\b/,
                  defined $block->must_die ? patterns($block) : ());
    my $log = slurp($Test::Nginx::Util::ErrLogFile);
    my @told = grep { my $told = $_; !grep { $told !~ $_ } @wanted }
               split /\n/, $log;

    Test::More::ok(scalar @told, $block->name . ' - names the line')
        or Test::More::diag($log);
}


sub gauges {
    my $socket = IO::Socket::UNIX->new(Peer => socket_path())
        // die "no answer of nginx\n";

    print {$socket} "GET / HTTP/1.0\r\n\r\n";
    my $status = decode_json(HTTP::Response->parse(
        do { local $/; <$socket> })->content);

    # the one that asks is none of the page's
    return map { $_ => $status->{$_} } @gauges;
}


# its log, or undef if it did not end by itself

sub end_nginx {
    my $file = $Test::Nginx::Util::PidFile;
    my ($pid) = (-e $file ? slurp($file) : '') =~ /(\d+)/;

    if ($pid) {
        my $nginx = Test::Prize::Process->attach(pid => $pid);

        $nginx->signal('QUIT');
        eval { eventually { !$nginx->alive } 'the end of nginx'; 1 }
            or return undef;
    }

    return slurp($Test::Nginx::Util::ErrLogFile);
}


# called again where Perl ends

sub report {
    return if $reported++;

    Test::More::is(join("\n", @{$left{gauges}}), '',
                   'nothing is left in flight after any block');
    Test::More::is(join("\n", @{$left{running}}), '',
                   'nginx ends by itself after each block');
    Test::More::is(join("\n", @{$left{alerts}}), '',
                   'no alert is in the log of any block');
}


1;
