use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(decode_utf8);
use HTTP::Tiny;
use Test::More;
use Test::Prize;
use Test::Prize::Readme;
use Test::Prize::Source;

# The README says what the program has, and nothing that it has not; and the
# comparison itself finds each kind of mismatch.

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output, Test::More->builder->todo_output;

my $redis = shared_redis();
my $postgres = shared_postgres();
my $port = free_port();
my $prefix = "readme$$";
my $text = decode_utf8(slurp(root() . '/README.md'));
my %files = Test::Prize::Source->files(root());


# a live answer: each metric of a server that has answered from both stores

$postgres->sql("CREATE TABLE $prefix (id text, name text);"
               . " INSERT INTO $prefix VALUES ('1', 'One')");

my $query = "SELECT id, name FROM $prefix WHERE id = ANY(\$1)";
my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => '{{id}} {{name}}' }, http => <<"CONF");
    prize_postgres hr "@{[ $postgres->conninfo ]}";
    server {
        listen 127.0.0.1:$port;
        location = /h5 {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$redis->{port};
            prize_redis_key $prefix:\$prize_id;
            prize_redis_timeout 10s;
            prize_postgres_pass hr;
            prize_postgres_query "$query";
            prize_postgres_timeout 10s;
        }
        location = /metrics { prize_status prometheus; }
    }
CONF

my $url = "http://127.0.0.1:$port";

is(HTTP::Tiny->new->get("$url/h5?id=1")->{content}, '1 One', 'a page');

my $metrics = HTTP::Tiny->new->get("$url/metrics")->{content};


my $source = Test::Prize::Source->new(%files);
my @complaints = Test::Prize::Readme->new($text)->compare($source, $metrics);

is(scalar @complaints, 0, 'the README says what the program has')
    or diag(join "\n\n", @complaints);


# One alteration each: the name of the mismatch, the file, what stands there,
# what is put instead, and what has to be said of it.

sub finds {
    my ($what, $file, $from, $to, $complaint) = @_;
    my %altered = (%files, 'README.md' => $text, live => $metrics);

    $altered{$file} =~ s/$from/$to/ or BAIL_OUT("$what: no $from in $file");

    my $program = $file =~ /^(?:README\.md|live)$/
                  ? $source : Test::Prize::Source->new(%altered);
    my @said = Test::Prize::Readme->new($altered{'README.md'})
                   ->compare($program, $altered{live});

    ok(scalar(grep { /$complaint/ } @said), "finds $what")
        or diag(join "\n", @said);
}


my $readme = 'README.md';
my $module = 'src/http/ngx_http_prize_module.c';
my $directive = 'src/http/ngx_http_prize_directive.c';
my $variable = 'src/http/ngx_http_prize_variable.c';
my $measure = 'src/core/prize_metrics.c';
my $conn = 'src/event/ngx_prize_redis.c';
my $reply = 'src/event/ngx_prize_redis_reply.c';

finds('a directive that the README lacks', $readme,
      qr/^### prize_write_back$/m, '### write_back',
      qr/lacks the directive prize_write_back of \Q$module\E:\d+: add/);
finds('a new directive', $module, qr/ngx_string\("prize_gzip"\)/,
      'ngx_string("prize_zip")', qr/lacks the directive prize_zip of/);
finds('a directive that does not exist', $readme, qr/^### prize_gzip$/m,
      "### prize_zip\n\n### prize_gzip", qr/"### prize_zip" is no directive/);
finds('a directive that the text only mentions', $readme, qr/^It is for/m,
      '`prize_zip` is for', qr/names prize_zip, which is no directive/);
finds('a directive that the table lacks', $readme,
      qr/^\| \[prize_id\].*\n/m, '', qr/no row \| \[prize_id\]\(#prize_id\)/);
finds('another default', $readme,
      qr/(?<=Default:  prize_redis_timeout )50ms/, '60ms',
      qr/Default\ is\ "prize_redis_timeout\ 60ms;",\ and\ the\ source\ has
         \ "prize_redis_timeout\ 50ms;"/x);
finds('another default in the table', $readme,
      qr/(?<=#prize_gzip\) \| )`on`/, '`off`', qr/says `off` for prize_gzip/);
finds('another default of the source', $directive,
      qr/(?<=prev->gzip, )1/, '0', qr/source has "prize_gzip off;"/);
finds('another default of a text', $directive, qr/(?<=\(")\$arg_id/,
      '$arg_eid', qr/source has "prize_id \$arg_eid;"/);
finds('a default that there is not', $readme,
      qr/(?<=Default:  )—(?=\n.*\n\nSets the query)/,
      'prize_postgres_query x;', qr/prize_postgres_query": Default is/);
finds('another context', $readme, qr/(?<=Context:  http)\n/, ", server\n",
      qr/prize_postgres": Context is "http, server"/);
finds('another default of a pool', $directive, qr/pool->batch = 256/,
      'pool->batch = 128', qr/write "128 by default and 10000 at most"/);
finds('another maximum of a pool', $readme, qr/(?<=and )1000\b/,
      '2000', qr/write "2 by default and 1000 at most" of conn/);

finds('a variable that the README lacks', $readme,
      qr/^- `\$prize_source`/m, '- The source',
      qr/lacks the variable \$prize_source of \Q$variable\E:\d+: add/);
finds('a new variable', $variable, qr/ngx_string\("prize_id"\)/,
      'ngx_string("prize_eid")', qr/lacks the variable \$prize_eid/);
finds('a variable that does not exist', $readme, qr/^- `\$prize_id`/m,
      "- `\$prize_eid`: no\n- `\$prize_id`", qr/no variable \$prize_eid/);
finds('a value of a variable', $readme, qr/`shed`/, '`full`',
      qr/\$prize_result can be `shed`/);
finds('a value that no variable has', $readme, qr/`shed`/, '`full`',
      qr/\$prize_result is never `full`/);

finds('a metric that the README lacks', $readme,
      qr/^\| `prize_shed_total`.*\n/m, '',
      qr/lacks the metric prize_shed_total of \Q$measure\E:\d+: add a row/);
finds('a metric of a live answer', 'live', qr/\z/,
      "# TYPE prize_luck_total counter\nprize_luck_total 1\n",
      qr/lacks the metric prize_luck_total of a live answer/);
finds('a metric that does not exist', $readme, qr/^\| `prize_shed_total`/m,
      "| `prize_luck_total` | | |\n| `prize_shed_total`",
      qr/the source has no metric prize_luck_total/);
finds('a metric that no answer has', 'live',
      qr/^\# TYPE prize_shed_total .*\n/m, '',
      qr/a live answer has no metric prize_shed_total/);
finds('a label', $readme, qr/(?<=`prize_shed_total` \| )`reason`/, '`why`',
      qr/prize_shed_total has the labels "`why`" in .* "`reason`" in a live/);

finds('a value of a label', $readme, qr/`queue_full`/, 'a full queue',
      qr/row of prize_shed_total says nothing of `queue_full`/);
finds('a value that no label has', $readme, qr/`queue_full`/, '`full`',
      qr/prize_shed_total is never `full`/);

finds('an exit code that the README lacks', $readme, qr/^\| `130` \|.*\n/m,
      '', qr/lacks the exit code \| `130` .*PRIZECTL_INTERRUPTED/);
finds('a new exit code', 'src/prizectl/prizectl.h',
      qr/(?=#define PRIZECTL_DIFFERENT)/, "#define PRIZECTL_LATE  4\n",
      qr/lacks the exit code \| `4`/);
finds('an exit code that does not exist', $readme, qr/^\| `130` \|/m,
      "| `4` | |\n| `130` |", qr/never exits with 4/);
finds('an option that the README lacks', 'src/prizectl/prizectl_options.c',
      qr/\{ "prune"/, '{ "tidy"', qr/lacks the option --tidy of/);
finds('an option that does not exist', 'src/prizectl/prizectl_options.c',
      qr/\{ "prune"/, '{ "tidy"', qr/prizectl has no option --prune/);
finds('a command that the README lacks', 'src/prizectl/prizectl.c',
      qr/\{ "clear"/, '{ "wipe"', qr/lacks the row \| `wipe`/);
finds('a command that does not exist', $readme, qr/prizectl clear/,
      'prizectl wipe', qr/"prizectl wipe", which is no command/);

my $options = 'src/prizectl/prizectl_options.c';
my $manual = 'conf/man/prizectl.1';

finds('another default of an option', $readme, qr/(?<=`)48h(?=` by default)/,
      '24h', qr/README.md says .* of --ttl is 24h, and the source has 48h/);
finds('another default of the source\'s', $options, qr/(?<=jitter = )10/,
      '20', qr/README.md says .* of --jitter is 10%, and the source has 20%/);
finds('a default of an option that the README lacks', $readme,
      qr/, `employee:\{id\}` by default/, '',
      qr/row of --key lacks "`employee:\{id\}` by default"/);
finds('a default of an option that has none', $readme,
      qr/(?=records a second \|)/, '`9` by default, ',
      qr/default of --rate is 9, and the source has none/);
finds('another default in the man page', $manual,
      qr/(?<=the default is )64/, '65',
      qr/prizectl\.1 says .* --id-max-length is 65, .* has 64/);
finds('a default that the man page lacks', $manual,
      qr/^The default is\n\.IR employee:\{id\} \.\n/m, '',
      qr/prizectl\.1: --key lacks "The default is employee:\{id\}\."/);
finds('another default in "--help"', 'src/prizectl/prizectl_load.c',
      qr/(?<=\()48h/, '24h', qr/"--help" says .* --ttl is 24h/);
finds('a default that one command has otherwise',
      'src/prizectl/prizectl_sign.c', qr/(?<=id_max_length = )64/, '65',
      qr/--id-max-length is 64 in .*, and 65 in src/);

finds('another limit', $readme, qr/(?<=1 to )1024(?= bytes after)/, '512',
      qr/"prize_id_max_length": write "1 to 1024 bytes"/);
finds('another limit of the source', $directive, qr/(?<=\()16(?= \* 1024)/,
      '8', qr/"prize_page": write "up to 8 MiB", by NGX_HTTP_PRIZE_PAGE/);
finds('another time of the source', 'src/event/ngx_prize_breaker.h',
      qr/\b500\b/, '250', qr/write "is not asked for 0\.25 to"/);
finds('a limit that begins like the right one', $readme,
      qr/(?<=, 0 to 65535)/, '0',
      qr/"prize_redis_database": write ", 0 to 65535\."/);
finds('another limit in the man page', $manual, qr/(?<=at least )32/, '16',
      qr/"prizectl\(1\)": write "of at least 32 bytes"/);

finds('a message that the README lacks', $readme,
      qr/^\| `connect\(\) failed` .*\n/m, '',
      qr/message\ of\ \Q$conn\E:\d+:\ add\ \|\ `connect\(\)\ failed`
         .*"While\ it\ runs"/x);
finds('a new message', $reply, qr/"redis \\"%V\\" refuses/,
      '"redis \"%V\" rejects',
      qr/add \| `redis "…" rejects a write-back: "…"`/);
finds('a new message of nginx -t', $directive, qr/"is duplicate"/,
      '"stands twice"',
      qr/add \| `stands twice` .*"When the configuration is read"/);
finds('a new message of the command', 'src/prizectl/prizectl_clear.c',
      qr/"not confirmed/, '"no yes',
      qr/add \| `no yes: nothing was removed` .*"From prizectl"/);
finds('a message that no source has', $readme, qr/^\| `no reply` \|/m,
      '| `no answer` |', qr/no source says "no answer": remove/);
finds('a message that stands twice', $readme, qr/^(\| `no reply` \|.*\n)/m,
      "| `no reply` | once more |\n| `no reply` | and again |\n",
      qr/two rows of the message "no reply"/);

finds('a target that the README lacks', 'Makefile', qr/(?<=\n\.PHONY:)/,
      ' party', qr/lacks `make party`/);
finds('a target that does not exist', 'Makefile', qr/(?<=fuzz )bench/, '',
      qr/the Makefile has no target bench/);
finds('a setting that make does not know', $readme, qr/make test TESTS=/,
      'make test ONLY=', qr/knows nothing of ONLY=/);
finds('a target that only the head of the Makefile has', 'Makefile',
      qr/(?<=^# make )fuzz/m, 'fizz', qr/has "make fizz", which is no target/);
finds('a setting that the README lacks', 'Makefile', qr/(?<=^# )HIREDIS/m,
      'REDISLIB', qr/no row \| `REDISLIB` \|/);
finds('a setting that does not exist', 'Makefile', qr/(?<=^# )HIREDIS/m,
      'REDISLIB', qr/has HIREDIS, which the head of the Makefile has not/);
finds('another default of make\'s', 'Makefile', qr/^PREFIX +=.*/m,
      'PREFIX = /opt', qr{says `/usr/local` for PREFIX, .* has `/opt`});
finds('another default of make\'s in the text', $readme,
      qr/(?<=`DEMO_PORT` \()8180/, '8181',
      qr/says DEMO_PORT \(8181\), and the Makefile has 8180/);

my $bench = 't/bench/run';

finds('a variable of the bench', $bench, qr/(?<=set = \()PAGE/, 'SIZE',
      qr/"The benchmark" lacks the variable SIZE/);
finds('a variable that the bench has not', $readme, qr/(?<=`PAGE`, `)TAGS/,
      'MARKS', qr/has MARKS, which t\/bench\/run has not/);
finds('another default of the bench', $bench, qr/(?<=ROUNDS => )7/, '9',
      qr/"The benchmark" says 7 for ROUNDS, and t\/bench\/run has 9/);
finds('another default in its head', $bench, qr/(?<=tags on it, default )10/,
      '12', qr/head of t\/bench\/run says 12 for TAGS/);
finds('a part of the bench', $bench, qr/(?<=qw\(cpu )/, 'disk ',
      qr/"The benchmark" lacks the row \| `disk`/);
finds('a part that the bench has not', $readme, qr/^\| `growth` \|/m,
      '| `decay` |', qr/the bench has no part decay/);
finds('a part in the row of all of them', $readme,
      qr/(?<=instructions )growth /, '', qr/row of `PARTS` says all/);

finds('a cell that the matrix has not', $readme, qr/^\| `valkey-8`/m,
      '| `valkey-9`', qr/the matrix has no cell valkey-9/);
finds('a cell that the README lacks', $readme, qr/^\| `valkey-8`.*\n/m, '',
      qr/lacks the cell valkey-8/);
finds('another setting of a cell', $readme, qr/(?<=`)CC(?==clang` \|)/,
      'CXX', qr/says "CXX" for clang, and \.ci\/matrix sets "CC"/);
finds('a part of "make fresh"', '.ci/fresh', qr/(?<=^part_)user/m, 'guest',
      qr/"A fresh machine" lacks the part guest/);
finds('a part that "make fresh" has not', $readme, qr/^\| `user` \|/m,
      '| `guest` |', qr/\.ci\/fresh has no part guest/);

finds('a version that the README lacks', 'src/core/prize_version.h',
      qr/(?<=PRIZE_VERSION  ")[\d.]+/, '9.9',
      qr/"What changed" says nothing of 9\.9/);
finds('a link to no section', $readme, qr/\]\(#sizing\)/, '](#size)',
      qr/links to #size, and no section is that/);


# one version for all of them

my $version = $source->version;
my (undef, $said) = run(prizectl(), '--version');
my ($man) = slurp(root() . '/conf/man/prizectl.1')
    =~ /^\.TH .*"prizectl ([^"]+)"/m;
my ($build) = $metrics =~ /^prize_build_info\{version="([^"]+)"\} 1$/m;

like($version, qr/^\d+\.\d+\.\d+$/, 'src/core/prize_version.h has a version');
is($said, "prizectl $version\n", 'prizectl --version is that');
is($build, $version, 'and prize_build_info');
is($man, $version, 'and the man page');
is(scalar(grep { $files{$_} =~ /"\Q$version\E/ } keys %files), 1,
   'which the source says once');


# what it links to is there, and so is what it names of the tree

my %path = map { $_ => 1 } $text =~ m{\]\(([a-z][^):]*)\)}g,
           $text =~ m{`((?:src|conf|t|\.ci)/[^`\s]*?)/?`}g;

cmp_ok(scalar keys %path, '>', 5, 'paths');
is_deeply([grep { !-e root() . "/$_" } sort keys %path], [],
          'each is in the tree');


# what the README gives as a default, nginx takes

my @defaults = $text =~ /^    Default:  (prize_.*;)$/mg;
my ($status, $err) = Test::Prize::Nginx->prepare(
    files => { 'page.html' => '{{id}}' }, http => <<"CONF")->test;
    @defaults
    server {
        listen 127.0.0.1:$port;
        location / { prize_page page.html; prize_redis_pass 127.0.0.1:1; }
    }
CONF

cmp_ok(scalar @defaults, '>', 5, 'defaults');
is($status, 0, 'nginx takes them') or diag($err);

$postgres->sql("DROP TABLE $prefix");
$redis->command('DEL', "$prefix:1");

done_testing();
