use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# What "nginx -t" says: each mistake is found there, with a message that names
# the directive, the file and the line.

my $port = free_port();
my $redis = shared_redis()->address;
my $conninfo = shared_postgres()->conninfo;
my $query = 'SELECT id, name FROM employee WHERE id = ANY($1)';
my $page = '<p>{{name}}</p>';


# Runs "nginx -t" on a configuration in which the line of interest ends with
# "# here", and returns its status, what it said, the folder and that line.

sub conf {
    my ($http, %option) = @_;
    my $nginx = Test::Prize::Nginx->prepare(http => $http,
        files => {'page.html' => $page, %{$option{files} // {}}});

    $option{prepare}->($nginx) if $option{prepare};

    my ($status, $said) = $option{test} ? $option{test}->($nginx)
                                        : $nginx->test;
    my @lines = split /\n/, slurp("$nginx->{dir}/nginx.conf");
    my ($line) = grep { $lines[$_ - 1] =~ /# here/ } 1 .. @lines;

    return ($status, $said, "$nginx->{dir}/nginx.conf", $line);
}


sub server {
    my ($location, $server, $http) = @_;

    return ($http // '') . "\nserver {\n    listen 127.0.0.1:$port;\n    "
           . ($server // '') . "\n    $location\n}\n";
}


# a location that has all it needs but what is given

sub h5 {
    my (%part) = @_;

    return server("location /h5 {\n"
                  . ($part{page} // 'prize_page page.html;') . "\n"
                  . ($part{redis} // "prize_redis_pass $redis;") . "\n"
                  . ($part{more} // '') . "\n}", $part{server}, $part{http});
}


sub refused {
    my ($name, $pattern, $http, %option) = @_;
    my ($status, $said, $file, $line) = conf($http, %option);
    my ($emerg) = $said =~ /^(.*\[emerg\].*)$/m;

    subtest $name => sub {
        isnt($status, 0, 'nginx -t fails');
        like($emerg, $pattern, 'it says what is wrong');
        like($emerg, qr/ in \Q$file\E:$line$/, 'and in which line')
            if defined $line;
        ok(defined $line || $option{anywhere}, 'the test knows the line');
    };
}


sub accepted {
    my ($name, $http, %option) = @_;
    my ($status, $said) = conf($http, %option);

    subtest $name => sub {
        is($status, 0, 'nginx -t succeeds') or diag($said);
        unlike($said, qr/\[(?:warn|error|alert|crit|emerg)\]/, 'in silence')
            or diag($said);
    };
}


sub warned {
    my ($name, $pattern, $http, %option) = @_;
    my ($status, $said, $file, $line) = conf($http, %option);
    my @warnings = grep { /\[warn\]/ } split /\n/, $said;

    subtest $name => sub {
        is($status, 0, 'nginx -t succeeds') or diag($said);
        is(@warnings, 1, 'with one warning') or diag($said);
        like($warnings[0] // '', $pattern, 'that says what is odd');
        like($warnings[0] // '', qr/ in \Q$file\E:$line$/, 'and where');
    };
}


accepted('a page from Redis', h5());


# backends

# nginx's own message, since the block may come later in the file
refused('an upstream that is not there', qr/upstream "employes"/,
        h5(redis => 'prize_redis_pass employes; # here',
           http => "upstream employees { server $redis; }"));

refused('a host that cannot be resolved', qr/upstream "no\.such\.invalid/,
        h5(redis => 'prize_redis_pass no.such.invalid:1; # here'));

refused('an upstream by a variable', qr/"prize_redis_pass" .*no variables/,
        h5(redis => 'prize_redis_pass $arg_redis; # here'));

refused('a page without a backend', qr/"prize_page"\ has\ neither
        \ "prize_redis_pass"\ nor\ "prize_postgres_pass"/x,
        h5(page => 'prize_page page.html; # here', redis => ''));

refused('a page whose backends are off', qr/"prize_page" has neither/,
        h5(page => 'prize_page page.html; # here',
           redis => 'prize_redis_pass off; prize_postgres_pass off;',
           server => "prize_redis_pass $redis;"));

refused('a key without a variable', qr/"prize_redis_key" .*"employee:id"/,
        h5(more => 'prize_redis_key employee:id; # here'));

refused('a user without a password', qr/"prize_redis_username" .*
        "prize_redis_password"/x,
        h5(page => 'prize_page page.html; # here',
           more => 'prize_redis_username h5;'));

for my $value (qw(-1 65536 first)) {
    refused("database $value", qr/(?:takes 0 to 65535|invalid number)/,
            h5(more => "prize_redis_database $value; # here"));
}

refused('a password file that is not there',
        qr/"prize_redis_password_file" .*no\.secret.*No such file/,
        h5(more => 'prize_redis_password_file no.secret; # here'));

refused('an empty password file',
        qr/"prize_redis_password_file" .*no password.*empty\.secret/,
        h5(more => 'prize_redis_password_file empty.secret; # here'),
        files => {'empty.secret' => "\nsecond line\n"});

refused('a folder as password file',
        qr/"prize_redis_password_file" .*wants a file.*temp/,
        h5(more => 'prize_redis_password_file temp; # here'));

accepted('a password file',
         h5(more => 'prize_redis_password_file the.secret;'),
         files => {'the.secret' => "secret\n"});


# PostgreSQL

sub pool {
    my ($postgres, %part) = @_;

    return h5(http => $postgres, redis => '',
              more => 'prize_postgres_pass hr;'
                      . " prize_postgres_query \"$query\";", %part);
}

accepted('a page from PostgreSQL', pool("prize_postgres hr \"$conninfo\";"));

accepted('a pool behind its use', server(<<"CONF") . <<"CONF");
    location /h5 {
        prize_page page.html;
        prize_postgres_pass hr;
        prize_postgres_query "$query";
    }
CONF
    prize_postgres hr "$conninfo";
CONF

accepted('a pool by URI',
         pool('prize_postgres hr postgresql:///hr?host=/run/postgresql;'));

refused('a pool that is not there',
        qr/"prize_postgres_pass" .*unknown pool "hs"/,
        pool("prize_postgres hr \"$conninfo\";", more =>
             "prize_postgres_query \"$query\";\n"
             . 'prize_postgres_pass hs; # here'));

refused('a pool twice', qr/"prize_postgres" .*"hr" twice/, pool(<<"CONF"));
prize_postgres hr "$conninfo";
prize_postgres hr "$conninfo"; # here
CONF

refused('a pool that is named "off"', qr/"prize_postgres" .*"off"/,
        pool("prize_postgres off \"$conninfo\"; # here"));

for my $conninfo ('nonsense', 'hostadr=127.0.0.1', "host='127.0.0.1",
                  'postgresql://h5@[::1/hr')
{
    refused("conninfo $conninfo",
            qr/"prize_postgres" .*conninfo of pool "hr": ./,
            pool("prize_postgres hr \"$conninfo\"; # here"));
}

{
    my (undef, $said) = conf(pool(
        'prize_postgres hr "password=unspeakable nonsense";'));
    unlike($said, qr/unspeakable/, 'a message does not tell a password');
}

for my $option (qw(connections=0 connections=1001 connections=many
                   connections= queue=0 queue=1000001 queue=-1 batch=0
                   batch=10001 batch=1k))
{
    my ($name, $value) = split /=/, $option;

    refused("a pool with $option",
            qr/"prize_postgres" .*"$name=" from 1 to \d+, not "\Q@{[
                $value \/\/ '' ]}\E"/,
            pool("prize_postgres hr \"$conninfo\" $option; # here"));
}

for my $option (qw(size=4 connections batch)) {
    refused("a pool with $option",
            qr/"prize_postgres" .*no parameter "$option"/,
            pool("prize_postgres hr \"$conninfo\" $option; # here"));
}

refused('a pool without conninfo', qr/"prize_postgres"/,
        pool('prize_postgres hr; # here'));

refused('a query without $1', qr/"prize_postgres_query" .*\$1/,
        pool("prize_postgres hr \"$conninfo\";", more =>
             "prize_postgres_pass hr;\n"
             . 'prize_postgres_query "SELECT id FROM employee"; # here'));

refused('a query with $10 only', qr/"prize_postgres_query" .*\$1/,
        pool("prize_postgres hr \"$conninfo\";", more =>
             "prize_postgres_pass hr;\n"
             . 'prize_postgres_query "SELECT id FROM e WHERE id = ANY($10)";'
             . ' # here'));

refused('a pool without a query', qr/"prize_postgres_pass" .*
        "prize_postgres_query"/x,
        pool("prize_postgres hr \"$conninfo\";",
             more => 'prize_postgres_pass hr; # here'));

warned('a host that blocks', qr/"hr" .*blocks/,
       pool('prize_postgres hr "host=db.example.com dbname=hr"; # here'));

warned('one of several hosts that blocks', qr/"hr" .*blocks/,
       pool('prize_postgres hr "host=127.0.0.1,db.example.com"; # here'));

for my $conninfo ('host=127.0.0.1', 'host=::1,127.0.0.1', 'host=/run/pg',
                  'host=db.example.com hostaddr=127.0.0.1', 'dbname=hr')
{
    accepted("conninfo $conninfo does not block",
             pool("prize_postgres hr \"$conninfo\";"));
}


# pages

refused('a page that is not there', qr/"prize_page" .*no\.html.*No such file/,
        h5(page => 'prize_page no.html; # here'));

refused('a folder as page', qr/"prize_page" .*wants a file.*temp"/,
        h5(page => 'prize_page temp; # here'));

refused('a page that may not be read',
        qr/"prize_page" .*page\.html.*Permission denied/,
        h5(page => 'prize_page page.html; # here'),
        prepare => sub { chmod 0, "$_[0]{dir}/page.html" },
        test => \&test_as_a_user);


# root may read everything, so nginx runs as somebody else

sub test_as_a_user {
    my ($nginx) = @_;

    return $nginx->test if $> != 0;

    my $dir = $nginx->{dir};
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    chown $uid, $gid, $dir, "$dir/temp";

    my ($status, undef, $err) = run('runuser', '-u', 'nobody', '--',
        $nginx->{binary}, '-t', '-p', "$dir/", '-c', "$dir/nginx.conf",
        '-e', "$dir/error.log");
    return ($status, $err);
}


for my $case (
    ['{{name',                   'a tag without its end'],
    ["\n  {{#a}}\n</p>",         'a section without its end'],
    ['{{/a}}',                   'an end without its section'],
    ["{{#a}}{{#b}}{{/a}}{{/b}}", 'sections that cross'],
    ['{{> other}}',              'a partial'],
    ['{{a.b}}',                  'a dotted name'],
    ['{{.}}',                    'the implicit iterator'],
    ['{{=<% %}}',                'delimiters without their end'],
    ['{{}}',                     'a tag without a name'],
)
{
    my ($template, $name) = @$case;

    refused($name, qr/"prize_page" .*page\.html:\d+:\d+: .+: expected ./,
            h5(page => 'prize_page page.html; # here'),
            files => {'page.html' => $template});
}

for my $case (
    ["<p>\n<script>var name = '{{name}}'</script>", '2:21', 'script',
     'a field in a script'],
    ['<style>p { color: {{color}} }</style>', '1:19', 'style',
     'a field in a style'],
    ["<p>\n\n  {{{name}}}</p>", '3:3', 'raw=name',
     'a raw field that raw= does not name'],
    ["\n{{&name}}", '2:1', 'raw=name', 'a raw field by &'],
    ["<p>\n  {{#a}}\n{{b}}", '2:3', '"a"', 'a section without its end'],
    ["\n\n\n{{name", '4:1', '"}}"', 'a tag without its end'],
)
{
    my ($template, $place, $word, $name) = @$case;

    refused("$name, and where",
            qr/"prize_page" .*page\.html:$place: .*\Q$word\E/,
            h5(page => 'prize_page page.html; # here'),
            files => {'page.html' => $template});
}

# each place where escaping does not protect, and beside it what to write

for my $case (
    ['in a script', '<script>a("{{name}}")</script>', '1:12',
     '<script>a()</script><p data-a="{{name}}"></p>'],
    ['in a style', '<style>p { color: {{name}} }</style>', '1:19',
     '<style>p { color: red }</style><p class="{{name}}"></p>'],
    ['in an attribute without quotes', '<p class={{name}}>', '1:10',
     '<p class="{{name}}">'],
    ['behind what is there of one', '<p class=a{{name}}>', '1:11',
     "<p class='a{{name}}'>"],
    ['in an on... attribute', q{<p onclick="a('{{name}}')">}, '1:16',
     '<p data-name="{{name}}">'],
    ['in an ON... attribute', q{<p ONfocus='{{name}}'>}, '1:13',
     q{<p data-onfocus='{{name}}'>}],
    ['in a style attribute', '<p style="color: {{name}}">', '1:18',
     '<p class="{{name}}">'],
    ['in a srcdoc attribute', '<iframe srcdoc="{{name}}">', '1:17',
     '<iframe title="{{name}}">'],
    ['in href', '<a href="{{name}}">', '1:10', '<a href="/{{name}}">'],
    ['in src', '<img src="{{name}}">', '1:11', '<img src="?{{name}}">'],
    ['in action', '<form action="{{name}}">', '1:15',
     '<form action="#{{name}}">'],
    ['behind javascript:', '<a href="javascript:{{name}}">', '1:21',
     '<a href="https://{{name}}">'],
    ['behind http:', '<a href="http:{{name}}">', '1:15',
     '<a href="https://h/?name={{name}}">'],
    ['unescaped', '<p>{{{name}}}</p>', '1:4', '<p>{{name}}</p>'],
    ['unescaped, by &', '<p>{{&name}}</p>', '1:4', '<p>{{name}}</p>'],
)
{
    my ($name, $template, $place, $safe) = @$case;

    refused("a field $name",
            qr/"prize_page" .*page\.html:$place: .*: expected ./,
            h5(page => 'prize_page page.html; # here'),
            files => {'page.html' => $template});
    accepted("not $name", h5(), files => {'page.html' => $safe});
}

refused('a raw field in an attribute, whatever raw= says',
        qr/page\.html:1:11: .*raw outside text: expected ./,
        h5(page => 'prize_page page.html raw=name; # here'),
        files => {'page.html' => '<p title="{{{name}}}">'});

accepted('a raw field that raw= names',
         h5(page => 'prize_page page.html raw=b,name;'),
         files => {'page.html' => '{{{name}}}'});

for my $value ('', 'name,', ',name', 'a,,b') {
    refused("raw=$value", qr/"prize_page" .*"raw=\Q$value\E"/,
            h5(page => "prize_page page.html raw=$value; # here"));
}

for my $value ('', '!', '=x', '!=x', '!a=x', '!!a', '$arg_x', 'a!b=x') {
    refused("if=$value", qr/"prize_page" .*"if=\Q$value\E"/,
            h5(page => "prize_page page.html 'if=$value'; # here\n"
                       . 'prize_page page.html;'));
}

refused('two if= of one page', qr/"prize_page" .*"if=b"/,
        h5(page => "prize_page page.html if=a if=b; # here\n"
                   . 'prize_page page.html;'));

for my $value ('page.html', 'when=a', 'ifa') {
    refused("a page with $value", qr/"prize_page" .*not "\Q$value\E"/,
            h5(page => "prize_page page.html $value; # here"));
}

refused('a page that is never sent',
        qr/"prize_page" .*never sent/,
        h5(page => "prize_page page.html;\n"
                   . 'prize_page page.html if=a; # here'));

warned('pages with if= only', qr/"prize_page" .*"if=".*404/,
       h5(page => "prize_page page.html if=a; # here\n"
                  . 'prize_page page.html if=b;'));


# one location, one content handler

for my $handler ("proxy_pass http://127.0.0.1:$port;", 'stub_status;',
                 'prize_status json;', 'empty_gif;')
{
    my ($name) = $handler =~ /(\w+)/;
    my $conflict = qr/"prize_(?:page|status)" .*another content handler/;

    refused("prize_page, then $name", $conflict,
            h5(page => "prize_page page.html; $handler # here"));
    refused("$name, then prize_page", $conflict,
            h5(page => "$handler prize_page page.html; # here"));
}

refused('prize_status of something else', qr/"prize_status" .*"json"/,
        server("location /status {\nprize_status xml; # here\n}"));


# values

my @times = qw(prize_redis_connect_timeout prize_redis_timeout
               prize_postgres_timeout);

for my $directive (@times) {
    refused("$directive 0", qr/"$directive" directive must be more than 0/,
            h5(more => "$directive 0; # here"));

    for my $value (qw(soon -1 5min)) {
        refused("$directive $value", qr/"$directive" directive invalid value/,
                h5(more => "$directive $value; # here"));
    }
}

for my $value (qw(0 soon -1 on)) {
    refused("prize_write_back $value", qr/"prize_write_back" .*"$value"/,
            h5(more => "prize_write_back $value; # here"));
}

for my $value (qw(0 -1 long)) {
    refused("prize_id_max_length $value",
            qr/"prize_id_max_length" (?:takes 1 to 1024|directive invalid)/,
            h5(more => "prize_id_max_length $value; # here"));
}

refused('prize_gzip maybe', qr/"maybe" in "prize_gzip" directive/,
        h5(more => 'prize_gzip maybe; # here'));


# twice

my %twice = (
    prize_id                    => '$arg_a',
    prize_id_max_length         => '9',
    prize_redis_pass            => $redis,
    prize_redis_key             => '$prize_id',
    prize_redis_connect_timeout => '1s',
    prize_redis_timeout         => '1s',
    prize_redis_username        => 'h5',
    prize_redis_password        => 'secret',
    prize_redis_password_file   => 'the.secret',
    prize_redis_database        => '1',
    prize_postgres_pass         => 'hr',
    prize_postgres_query        => "\"$query\"",
    prize_postgres_timeout      => '1s',
    prize_write_back            => '1h',
    prize_gzip                  => 'on',
);

for my $directive (sort keys %twice) {
    my $once = "$directive $twice{$directive};";

    refused("$directive twice", qr/"$directive" directive is duplicate/,
            server("location /h5 {\n$once\n$once # here\n}"),
            files => {'the.secret' => 'secret'});
}

refused('a password, and one in a file',
        qr/"prize_redis_password_file" directive is duplicate/,
        h5(more => "prize_redis_password a;\n"
                   . 'prize_redis_password_file the.secret; # here'),
        files => {'the.secret' => 'secret'});


# where a directive may stand

for my $directive ('prize_page page.html;', 'prize_status json;',
                   "prize_postgres hr \"$conninfo\";")
{
    my ($name) = $directive =~ /(\w+)/;

    refused("$name in server", qr/"$name" directive is not allowed here/,
            server('', "$directive # here"));
}

for my $directive ('prize_page page.html;', 'prize_status json;') {
    my ($name) = $directive =~ /(\w+)/;

    refused("$name in http", qr/"$name" directive is not allowed here/,
            "$directive # here");
}

refused('prize_postgres in location',
        qr/"prize_postgres" directive is not allowed here/,
        server("location / {\nprize_postgres hr \"$conninfo\"; # here\n}"));

for my $directive (sort grep { $_ ne 'prize_redis_password_file' }
                   keys %twice)
{
    my $once = "$directive $twice{$directive};";

    accepted("$directive in http, server and location",
             server("location /h5 { $once }", $once, $once));
}

done_testing();
