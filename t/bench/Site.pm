package Site;

# What the bench measures: a page, a roster in PostgreSQL and in Redis, and
# the configurations of those who serve the page.
#
#     my $site = Site->new(10_000);
#     my $page = $site->page('page', 15_360, 10);
#     my $nginx = $site->prepare($site->prize($page, 'redis'))->start;
#
# A configuration is a hash: "http", "location", "modules", what is loaded in
# place of this module, and further options of Test::Prize::Nginx.

use strict;
use warnings;

use Compress::Zlib qw(memGunzip);

use Test::Prize;


sub new {
    my ($class, $employees) = @_;
    my $self = bless { www => run_dir() . '/www',
                       redis => Test::Prize::Redis->start(options =>
                           ['--maxclients', 20_000,
                            '--tcp-backlog', 16_384]),
                       postgres => Test::Prize::Postgres->start(options =>
                           ['-c', 'shared_buffers=512MB']) }, $class;

    mkdir $self->{www} or die "mkdir $self->{www}: $!\n";
    $self->{keys} = spew(run_dir() . '/sign.keys',
                         'bench ' . 'c2VjcmV0' x 6 . "\n");
    chmod 0600, $self->{keys} or die "chmod $self->{keys}: $!\n";
    $self->fill($employees);
    return $self;
}


# ---- the page and the roster


# Text of some entropy, as pages have it, with the tags evenly among it, and
# the ID as the first of them.

sub source {
    my ($bytes, $tags) = @_;
    my @names = qw(name department prize claim_url);
    my $text = text($bytes);
    my $source = '<!DOCTYPE html><html><head><meta charset="utf-8">'
                 . '<title>bench</title></head><body data-id="{{id}}">';
    my $step = int(($bytes - length $source) / $tags);

    die "$bytes bytes have no room for $tags tags\n" if $step < 32;

    for my $n (1 .. $tags - 1) {
        my $chunk = substr $text, ($n - 1) * $step, $step - 16;
        $source .= $chunk =~ s/<[^>]*$//r =~ s/^[^<]*>//r
                   . "<b>{{$names[$n % @names]}}</b>";
    }

    my $rest = $bytes - length($source) - 20;

    $source .= substr($text, 0, $rest) =~ s/<[^>]*$//r if $rest > 0;
    return "$source</body></html>\n";
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
    my ($status, $page, $err) = run(prizectl(), 'render', '--page', $file,
        map { ('--field', $_) } 'id=' . $self->id(1), 'name=Employee',
        'department=Research', 'prize=a phone',
        'claim_url=example.com/0000001');

    die "prizectl render: $err" if $status;
    spew("$self->{www}/$name.html", $page);
    system('gzip', '-9knf', "$self->{www}/$name.html") == 0
        or die "gzip: $?\n";
    return $file;
}


# Dies unless a server has this page for the first employee, byte for byte when
# it is inflated, and gzipped where that is what is measured, nowhere else: wrk
# sees no more of a page than its status.

sub check_page {
    my ($self, $subject) = @_;
    my $name = $subject->{page} // 'page';
    my $answer = Test::Prize::Nginx->get(
        "http://127.0.0.1:$subject->{port}$subject->{path}" . $self->id(1),
        headers => { 'Accept-Encoding' => $subject->{encoding} });
    my $got = $answer->{headers}{'content-encoding'} // 'identity';
    my $page = $answer->{content};

    $page = memGunzip($page) if $got eq 'gzip';
    die "$subject->{name}: status $answer->{status}, $got, or another page\n"
        if $answer->{status} != 200 || $got ne $subject->{encoding}
           || $page ne slurp("$self->{www}/$name.html");
}


sub id {
    my ($self, $n) = @_;

    return sprintf '1%07d', $n;
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
    $self->load('--redis', 'redis://' . $self->{redis}->address);
}


# the roster into a Redis, or into a cluster, as prizectl's options name it

sub load {
    my ($self, @redis) = @_;
    my ($status, undef, $err) = run(prizectl(), 'load',
        '--postgres', $self->{postgres}->conninfo, @redis, '--ttl', '48h',
        '--query', 'SELECT * FROM employee');

    die "prizectl load: $err" if $status;
}


# signed links, as "prizectl sign" makes them, without scheme and host

sub links {
    my ($self, @ids) = @_;
    my ($status, $out, $err) = run({ stdin => join '', map { "$_\n" } 'id',
                                     @ids },
        prizectl(), 'sign', '--key-file', $self->{keys}, '--event', 'bench',
        '--url', 'http://bench/h5', '--expires', '2099-01-01T00:00+00:00');

    die "prizectl sign: $err" if $status;
    return $out =~ m{http://bench(/h5\?[^",\s]+)}g;
}


# ---- who serves it


# Nginx alone: this module would have its say about each request here, too.

sub static {
    my ($self, %option) = @_;
    my $send = $option{plain} ? 'off' : 'on';

    return { modules => '', http => <<~"CONF",
            sendfile $send;
            tcp_nopush $send;
            gzip_static @{[ $option{gzip} ? 'on' : 'off' ]};
            open_file_cache max=100 inactive=1h;
            open_file_cache_valid 1h;
            CONF
        location => "location / { root $self->{www}; }" };
}


# Nobody gives up a lookup, here as with the peers: that a server is late has to
# show as time, and below callgrind it is late.
#
# From "redis"; from "cluster", one that has the roster too; from "postgres",
# while Redis is stopped; or "alone" from PostgreSQL, without a Redis.

sub prize {
    my ($self, $page, $source, %option) = @_;
    my ($redis, $postgres) = @$self{qw(redis postgres)};
    my %store = (redis => "prize_redis_pass @{[ $redis->address ]};",
                 postgres => 'prize_redis_pass 127.0.0.1:' . free_port()
                             . '; prize_write_back off;');

    $store{cluster} = "prize_redis_pass $option{seed}; prize_redis_cluster on;"
        if $source eq 'cluster';

    # nobody stands in for Redis where it is what is measured
    $store{$_} .= ' prize_postgres_pass hr;' for qw(postgres alone);

    my $sign = !$option{signed} ? ''
               : "prize_sign_key_file $self->{keys}; prize_sign_event bench;";

    return { http => <<~"CONF", location => <<~"LOCATION" };
        prize_postgres hr "@{[ $postgres->socket_conninfo ]} connect_timeout=60"
                       connections=2 queue=20000;
        CONF
        location = /h5 {
            prize_page           $page;
            $store{$source}
            $sign
            prize_redis_timeout  60s;
            prize_postgres_timeout 60s;
            prize_postgres_query "SELECT id, name, department, prize,
                claim_url FROM employee WHERE id = ANY(\$1)";
        }
        LOCATION
}


# OpenResty's Lua module is one of the system's nginx

sub lua {
    my ($self, $page, %option) = @_;
    my $path = root() . '/t/bench/?.lua;/usr/share/lua/5.1/?.lua;;';
    my $gzip = $option{gzip}
               ? 'gzip on; gzip_comp_level 1; gzip_types text/html;' : '';

    return { binary => '/usr/sbin/nginx', modules => join(' ',
                 map { "/usr/lib/nginx/modules/${_}_module.so" }
                 qw(ndk_http ngx_http_lua)),
             http => <<~"CONF", location => <<~'LOCATION' };
        lua_package_path "$path";
        init_by_lua_block {
            require("page").init("$page", "127.0.0.1", $self->{redis}{port})
        }
        $gzip
        CONF
        location = /lua {
            content_by_lua_block { require("page").serve() }
        }
        LOCATION
}


# an nginx with this configuration, to be started; the port is added to it

sub prepare {
    my ($self, $conf) = @_;
    my $port = $conf->{port} = free_port();

    local $ENV{TEST_NGINX_LOAD_MODULES} = $conf->{modules} // module();

    return Test::Prize::Nginx->prepare(connections => 40_000,
        workers => $self->{workers}, log_level => 'error', %$conf,
        http => <<~"CONF");
            access_log off;
            keepalive_requests 1000000000;
            keepalive_timeout 600s;
            types { text/html html; }
            $conf->{http}
            server {
                listen 127.0.0.1:$port backlog=16384;
                $conf->{location}
            }
            CONF
}


1;
