use strict;
use warnings;
use utf8;

use lib 't/lib';
use Test::More;
use Test::Prize;

# "make demo" and what it makes of a CSV, on ports and in a folder of its own,
# so that a demo that runs on this machine is left alone.

my $build = run_dir() . '/demo-build';
my %port = (DEMO_PORT => free_port(), DEMO_POSTGRES_PORT => free_port(),
            DEMO_REDIS_PORT => free_port(12));

mkdir $build;
symlink module(), "$build/ngx_http_prize_module.so";
symlink prizectl(), "$build/prizectl";


sub demo {
    my ($what, %option) = @_;

    return run('env', "BUILD=$build", 'ROSTER=',
        "NGINX_BINARY=$ENV{TEST_NGINX_BINARY}",
        map({ "$_=$port{$_}" } keys %port),
        map({ "$_=$option{$_}" } keys %option), root() . '/conf/demo/demo',
        $what);
}


sub page {
    my ($id) = @_;

    return Test::Prize::Nginx->get(
        "http://127.0.0.1:$port{DEMO_PORT}/h5?id=$id");
}


# The server that has the winner's record is killed, by the command that the
# demo has printed; the other one tells when all have seen it.

sub survives {
    my ($out, $source, $seen) = @_;
    my ($id) = $out =~ /a winner .*\?id=(\w+)$/m;
    my ($kill) = $out =~ /^  (kill -KILL \d+)$/m;
    my ($watch) = $out =~ /^  watch -n 1 "(.*)"$/m;

    is((run('bash', '-c', $kill))[0], 0, $kill);

    my $answer = page($id);

    is($answer->{status}, 200, 'the page is there at once');
    like($answer->{content}, qr/\b$id\b/, 'and the right one');

    ok(eventually(sub { (run('bash', '-c', $watch))[1] =~ $seen }, $watch),
       'who watches sees it');
    ok(eventually(sub {
        my $answer = page($id);
        return $answer->{status} != 200
               || $answer->{headers}{'x-prize-source'} eq $source;
    }, $source), "the page comes from $source");
    is(page($id)->{status}, 200, 'and is there for good');
}


my $redis = Test::Prize::Redis->attach(port => $port{DEMO_REDIS_PORT});

END {
    local $?;
    demo('stop') if $build;
}


my ($status, $out, $err) = demo('start');

is($status, 0, 'demo') or diag($out, $err);
like($out, qr/a winner +200 +redis +[\d.]+ ms +http\S+id=\w/, 'shows a winner');
like($out, qr/another employee +200 +redis +[\d.]+ ms +http\S+id=\w/,
     'another employee');
like($out, qr/one who is not in Redis +200 +postgres +[\d.]+ ms/,
     'and one whom only PostgreSQL knows');

# one of the 500 was asked for and has been written back
ok(eventually(sub { $redis->command('DBSIZE') == 11501 }, 'write-back'),
   'all but the last 500 are in Redis');

for my $id (qw(E00001 E06001 E12000)) {
    my $answer = page($id);
    is($answer->{status}, 200, "$id has a page");
    like($answer->{content}, qr/\b$id\b/, 'of its own');
}

unlike(slurp("$build/demo/run/error.log"),
       qr/\[(?:warn|error|crit|alert|emerg)\]/, 'nothing to complain of');


survives($out, 'postgres', qr/^"redis_connections":0,$/m);


# a port that is taken

{
    my $other = Test::Prize::Redis->start;
    my ($status, undef, $err) = demo('start',
                                     DEMO_REDIS_PORT => $other->{port});

    isnt($status, 0, 'a port that is taken ends the demo');
    like($err, qr/\b$other->{port}\b.*DEMO_REDIS_PORT=/s,
         'and the message names the port and the variable');
}


# a CSV: the demo that runs is ended, and started anew

my $csv = run_dir() . '/staff.csv';
my $text = qq(\x{feff}id,name,prize,班组\r\n)
         . qq(A1,"O'Brien, <Jr> & ""Co""",iPhone,甲\r\n)
         . qq(A2,"two\nlines\\N",no,\r\n);

utf8::encode($text);
spew($csv, $text);

($status, $out, $err) = demo('start', ROSTER => $csv);

is($status, 0, 'ROSTER=staff.csv') or diag($out, $err);
like($err, qr/stay empty: .*claim_url/, 'says which fields it lacks');
like(page('A1')->{content}, qr/O&#39;Brien, &lt;Jr&gt; &amp; &quot;Co&quot;/,
     'a name is that of the CSV, escaped');
like(page('A1')->{content}, qr/iPhone/, 'a winner');
unlike(page('A2')->{content}, qr/iPhone/, 'not a winner');
like(page('A2')->{content}, qr/two\nlines\\N/, 'a value of two lines');
is(page('E00001')->{status}, 404, 'nobody else');

is($redis->command('HGET', 'employee:A1', '班组'),
   do { my $value = '甲'; utf8::encode($value); $value },
   'a further column is a field');


# the end

sub ends {
    my @ports = (@port{qw(DEMO_PORT DEMO_POSTGRES_PORT)},
                 map { $port{DEMO_REDIS_PORT} + $_ } 0 .. 11);

    is((demo('stop'))[0], 0, 'demo-stop');
    ok(!-e "$build/demo/run", 'the data is gone');
    is_deeply([grep { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                            PeerPort => $_) } @ports],
              [], 'and nothing listens');
}

ends();
ends();


# the other stores

my %seen = (cluster => qr/(?:\bmaster - .* connected \d+-\d+\n.*){3}/s,
            sentinel => qr/^${\ ($port{DEMO_REDIS_PORT} + 1)}$/m);

for my $store (sort keys %seen) {
    my ($status, $out, $err) = demo('start', STORE => $store);

    is($status, 0, "STORE=$store") or diag($out, $err);
    like($out, qr/a winner +200 +redis/, 'a page from Redis');

    ($status, undef, $err) = demo('start');
    isnt($status, 0, 'another one beside it does not start');
    like($err, qr/\bSTORE=$store runs: "make demo-stop"/, 'and says why');

    survives($out, 'redis', $seen{$store});
    ends();
}

is((demo('start', STORE => 'radish'))[0], 1, 'a store that there is not');


# a CSV that has a mistake

my @mistakes = (
    ['id,name\nA1,x\nA1,y\n', qr/line 3: id "A1" stands in line 2/,
     'an ID twice'],
    ['ID,name\nA1,x\n', qr/line 1: no column is named "id"/, 'no id'],
    ['id,name\nA1,x,z\n', qr/line 2: has 3 values, the header has 2/,
     'a line too long'],
    ['id,name\nA1\n', qr/line 2: has 1 values, the header has 2/,
     'a line too short'],
    ['id,name\n,x\n', qr/line 2: has no id/, 'an empty ID'],
    ['id,name\nA 1,x\n', qr/line 2: id "A 1" cannot stand in a link/,
     'an ID that no link can carry'],
    ['id,name,name\nA,x,x\n', qr/line 1: two columns are named "name"/,
     'a column twice'],
    ['id,name,\nA,x,\n', qr/line 1: a column without a name/,
     'a column without a name'],
    ['id,name\nA,"x\n', qr/line 2: a quoted value has no end/,
     'a quote that stays open'],
    ['id,name\nA,x"y\n', qr/line 2: a quote inside of a value/,
     'a quote that is not doubled'],
    ["id,name\nA,x\rB,y\r", qr/line 2: a carriage return without a line feed/,
     'line ends of an old Mac'],
    ["id,name\nA,\xd6\xd0\n", qr/line 2: is not UTF-8; if .* -f GB18030 /,
     'GBK'],
    ["id,name\nA,\xff\n", qr/line 2: is not UTF-8: save/, 'another encoding'],
    ["\xff\xfei\0d\0", qr/line 1: is UTF-16: iconv -f UTF-16 /, 'UTF-16'],
    ["i\0d\0", qr/line 1: is UTF-16: iconv -f UTF-16LE /,
     'UTF-16 without its mark'],
    ['id,name\n', qr/has no employees/, 'a header alone'],
    ['', qr/is empty/, 'nothing'],
);

for my $case (@mistakes) {
    my ($content, $message, $name) = @$case;

    $content =~ s/\\n/\n/g;
    spew($csv, $content);

    my ($code, $sql, $said) = run('perl', root() . '/conf/demo/csv2sql',
                                  $csv, qw(id name));
    isnt($code, 0, "CSV: $name");
    like($said, $message, 'says so');
    is($sql, '', 'and writes no SQL');
}

spew($csv, "id,claim_url\nA,https://gift.example.com/\n");
($status, $out, $err) = demo('start', ROSTER => $csv);
isnt($status, 0, 'what the table refuses ends the demo');
like($err, qr/employee_claim_url_without_scheme/, 'and names the constraint');
ok(!-e "$build/demo/run", 'with nothing left');

done_testing();
