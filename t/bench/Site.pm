package Site;

# What the bench measures: a page, a roster in PostgreSQL and in Redis, and
# the configurations of those who serve the page.
#
#     my $site = Site->new(EMPLOYEES => 10_000);
#     my $page = $site->page('page', 15_360, 10);
#     my $nginx = $site->start($site->prize($page, 'redis'));
#     ... "http://127.0.0.1:$nginx->{port}/h5?id=" . $site->id(7) ...
#
# A configuration is a hash: "port", "http", "modules", what is loaded in place
# of this module, and "more", further options of Test::Prize::Nginx.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);

use Test::Prize;

my $here = dirname(abs_path(__FILE__));
my $lua_modules = '/usr/lib/nginx/modules';


sub new {
    my ($class, %set) = @_;
    my $self = bless { www => run_dir() . '/www',
                       redis => Test::Prize::Redis->start(options =>
                           ['--maxclients', 20_000,
                            '--tcp-backlog', 16_384]),
                       postgres => Test::Prize::Postgres->start(options =>
                           ['-c', 'shared_buffers=512MB']) }, $class;

    make_path($self->{www});
    $self->fill($set{EMPLOYEES});
    return $self;
}


# ---- the page and the roster


my $head = '<!DOCTYPE html><html><head><meta charset="utf-8">'
           . '<title>bench</title></head><body data-id="{{id}}">';


# from one tag to the next, if they stand evenly

sub step {
    my ($bytes, $tags) = @_;

    return int(($bytes - length $head) / $tags);
}


sub has_room {
    my ($bytes, $tags) = @_;

    return $tags >= 1 && step($bytes, $tags) >= 32;
}


# Text of some entropy, as pages have it, with the tags evenly among it, and
# the ID as the first of them.

sub source {
    my ($bytes, $tags) = @_;
    my @names = qw(name department prize claim_url);
    my $text = text($bytes);
    my $source = $head;

    die "$bytes bytes have no room for $tags tags\n"
        unless has_room($bytes, $tags);

    my $step = step($bytes, $tags);

    for my $n (1 .. $tags - 1) {
        my $chunk = substr $text, ($n - 1) * $step, $step - 16;
        $chunk =~ s/<[^>]*$//;
        $chunk =~ s/^[^<]*>//;
        $source .= "$chunk<b>{{$names[$n % @names]}}</b>";
    }

    my $rest = $bytes - length($source) - 20;
    my $chunk = $rest > 0 ? substr $text, 0, $rest : '';
    $chunk =~ s/<[^>]*$//;

    return "$source$chunk</body></html>\n";
}


sub text {
    my ($bytes) = @_;

    srand 7;

    my @words = map { join '', map { chr 97 + int rand 26 } 1 .. 2 + rand 8 }
                1 .. 400;
    my $text = '';

    $text .= '<p class="' . $words[rand @words] . '">'
             . join(' ', map { $words[rand @words] } 1 .. 12) . "</p>\n"
        while length $text < $bytes;

    return $text;
}


# writes a template, and what the first employee gets, plain and gzipped

sub page {
    my ($self, $name, $bytes, $tags) = @_;
    my $file = spew("$self->{www}/$name.template", source($bytes, $tags));
    my %row = row(1);
    my ($status, $page, $err) = run(prizectl(), 'render', '--page', $file,
        map { ('--field', "$_=$row{$_}") } sort keys %row);

    die "prizectl render: $err" if $status;
    spew("$self->{www}/$name.html", $page);
    system('gzip', '-9knf', "$self->{www}/$name.html") == 0
        or die "gzip: $?\n";
    return $file;
}


sub id {
    my ($self, $n) = @_;

    return sprintf '1%07d', $n;
}


sub row {
    my ($n) = @_;

    return (id => id(undef, $n), name => 'Employee', department => 'Research',
            prize => 'a phone', claim_url => sprintf('example.com/%07d', $n));
}


sub fill {
    my ($self, $employees) = @_;

    $self->{employees} = $employees;
    $self->{postgres}->sql(<<~"SQL");
        DROP TABLE IF EXISTS employee;
        CREATE TABLE employee (id text PRIMARY KEY, name text,
            department text, prize text, claim_url text);
        INSERT INTO employee SELECT '1' || lpad(n::text, 7, '0'), 'Employee',
            'Research', 'a phone', 'example.com/' || lpad(n::text, 7, '0')
            FROM generate_series(1, $employees) n;
        VACUUM ANALYZE employee;
        SQL

    $self->{redis}->command('FLUSHALL');

    my ($status, undef, $err) = run(prizectl(), 'load',
        '--postgres', $self->{postgres}->conninfo, '--redis',
        'redis://' . $self->{redis}->address, '--ttl', '48h',
        '--query', 'SELECT * FROM employee');
    die "prizectl load: $err" if $status;
}


# signed links, as "prizectl sign" makes them, without scheme and host

sub links {
    my ($self, @ids) = @_;
    my ($status, $out, $err) = run({ stdin => join '', map { "$_\n" } 'id',
                                     @ids },
        prizectl(), 'sign', '--key-file', $self->keys, '--event', 'bench',
        '--url', 'http://bench/h5', '--expires', '2099-01-01T00:00+00:00');

    die "prizectl sign: $err" if $status;
    return $out =~ m{http://bench(/h5\?[^",\s]+)}g;
}


sub keys {
    my ($self) = @_;
    my $file = run_dir() . '/sign.keys';

    return $file if -e $file;

    spew($file, 'bench ' . 'c2VjcmV0' x 6 . "\n");
    chmod 0600, $file or die "chmod $file: $!\n";
    return $file;
}


# records that were asked of Redis and not there

sub misses {
    my ($self) = @_;

    return $self->info('keyspace_misses');
}


# connections that were made to Redis, those for asking it this not counted

sub connections {
    my ($self) = @_;

    return $self->info('total_connections_received') - $self->{asked};
}


sub info {
    my ($self, $name) = @_;
    my ($value) = $self->{redis}->command('INFO') =~ /^$name:(\d+)/m;

    $self->{asked}++;
    return $value // die "Redis' INFO has no $name\n";
}


# ---- who serves it


# nginx alone: this module would have its say about each request here, too

sub static {
    my ($self, %option) = @_;
    my $port = free_port();

    return { port => $port, modules => '', http => <<~"CONF" };
        sendfile @{[ $option{sendfile} ? 'on' : 'off' ]};
        tcp_nopush @{[ $option{nopush} ? 'on' : 'off' ]};
        gzip_static @{[ $option{gzip} ? 'on' : 'off' ]};
        open_file_cache max=100 inactive=1h;
        open_file_cache_valid 1h;
        server {
            listen 127.0.0.1:$port backlog=16384;
            location / { root $self->{www}; }
        }
        CONF
}


# Nobody gives up a lookup, here as with the peers: that a server is late has to
# show as time, and below callgrind it is late.
#
# From "redis"; from "postgres", while Redis is stopped; or "alone" from
# PostgreSQL, without a Redis.  The page is compressed for who asks for it.

sub prize {
    my ($self, $page, $source, %option) = @_;
    my ($redis, $postgres) = @$self{qw(redis postgres)};
    my $port = free_port();
    my %store = (redis => "prize_redis_pass @{[ $redis->address ]};",
                 postgres => 'prize_redis_pass 127.0.0.1:' . free_port()
                             . '; prize_write_back off;');

    # nobody stands in for Redis where it is what is measured
    $store{$_} .= ' prize_postgres_pass hr;' for qw(postgres alone);

    my $sign = !$option{signed} ? ''
               : "prize_sign_key_file @{[ $self->keys ]};"
                 . ' prize_sign_event bench;';

    return { port => $port, http => <<~"CONF" };
        prize_postgres hr "@{[ $postgres->socket_conninfo ]} connect_timeout=60"
                       connections=2 queue=20000;
        server {
            listen 127.0.0.1:$port backlog=16384;
            location = /h5 {
                prize_page           $page;
                $store{$source}
                $sign
                prize_redis_timeout  60s;
                prize_postgres_timeout 60s;
                prize_postgres_query "SELECT id, name, department, prize,
                    claim_url FROM employee WHERE id = ANY(\$1)";
            }
        }
        CONF
}


# OpenResty's Lua module, or nothing where it is not installed

sub lua {
    my ($self, $page, %option) = @_;
    my @modules = grep { -e } map { "$lua_modules/$_" }
                  'ndk_http_module.so', 'ngx_http_lua_module.so';
    my $port = free_port();
    my $gzip = $option{gzip}
               ? 'gzip on; gzip_comp_level 1; gzip_types text/html;' : '';

    return unless @modules == 2;
    return { port => $port, modules => "@modules",
             more => [binary => '/usr/sbin/nginx'], http => <<~"CONF" };
        lua_package_path "$here/?.lua;/usr/share/lua/5.1/?.lua;;";
        init_by_lua_block {
            require("page").init("$page", "127.0.0.1", $self->{redis}{port})
        }
        $gzip
        server {
            listen 127.0.0.1:$port backlog=16384;
            location = /lua {
                content_by_lua_block { require("page").serve() }
            }
        }
        CONF
}


# writes a configuration; "start" runs it too

sub prepare {
    my ($self, $conf) = @_;

    local $ENV{TEST_NGINX_LOAD_MODULES} = $conf->{modules}
        if defined $conf->{modules};

    my $nginx = Test::Prize::Nginx->prepare(
        workers => 1, connections => 40_000, log_level => 'error',
        @{ $conf->{more} // [] }, http => <<~"CONF");
            access_log off;
            keepalive_requests 1000000000;
            keepalive_timeout 600s;
            types { text/html html; }
            $conf->{http}
            CONF

    $nginx->{port} = $conf->{port};
    return $nginx;
}


sub start {
    my ($self, $conf) = @_;

    return $self->prepare($conf)->start;
}


1;
