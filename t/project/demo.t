use strict;
use warnings;
use utf8;

use lib 't/lib';
use Test::More;
use Test::Prize;

# "make demo" and what it makes of a CSV, on ports and in a folder of its own,
# so that a demo that runs on this machine is left alone.

my $build = run_dir() . '/demo-build';
my %port = map { $_ => free_port() }
           qw(DEMO_PORT DEMO_REDIS_PORT DEMO_POSTGRES_PORT);

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

is((demo('stop'))[0], 0, 'demo-stop');
is((demo('stop'))[0], 0, 'with nothing to stop');
ok(!-e "$build/demo/run", 'the data is gone');
ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port{$_}),
   "and nothing listens at $_") for sort keys %port;


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
