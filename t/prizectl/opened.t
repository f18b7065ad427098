use strict;
use warnings;

use lib 't/lib';
use IO::Compress::Gzip qw(gzip $GzipError);
use Test::More;
use Test::Prize;

# prizectl opened: who has opened the page, by logs as nginx writes them.

my $dir = run_dir();
my $roster = "$dir/roster.csv";
my $n = 12_000;


sub opened {
    return run(prizectl(), 'opened', '--roster', $roster, @_);
}


sub gzipped {
    my ($file, $text) = @_;

    gzip(\$text, \my $bytes) or die $GzipError;
    return spew($file, $bytes);
}


sub combined {
    my ($request, $status, %option) = @_;

    return '10.0.0.7 - - [' . ($option{time} // '24/Dec/2026:09:00:00 +0800')
           . qq{] "$request" $status 15000 "}
           . ($option{referer} // '-') . qq{" "Mozilla/5.0 (iPhone)"\n};
}


sub get { return combined("GET $_[0] HTTP/1.1", $_[1] // 200, @_[2 .. $#_]) }


# The logs of two hosts, of which one was rotated twice.  Of seven employees in
# a row one never came; one asked for the head, one got 404, one posted; two
# came once, one three times.

{
    my @logs = ('') x 4;
    my $want = "name,id,opened,times\n";
    my $opened = 0;

    for my $i (1 .. $n) {
        my $url = "/h5?id=E$i&x=1798214400&k=2026a&s=" . 'A' x 43;
        my $log = \$logs[$i % 4];
        my $time = sprintf '24/Dec/2026:09:%02d:%02d +0800', $i / 60 % 60,
                           $i % 60;
        my $times = (0, 0, 0, 0, 1, 1, 3)[$i % 7];
        my $kind = $i % 7;

        $$log .= combined("HEAD $url HTTP/2.0", 200, time => $time)
            if $kind == 1 || $kind == 6;
        $$log .= get($url, 404, time => $time) if $kind == 2;
        $$log .= get($url, 503, time => $time) if $kind == 6;
        $$log .= combined("POST $url HTTP/1.1", 200) if $kind == 3;
        $$log .= get($url, 200, time => $time) if $times;

        # on another host, later but for one that was earlier in UTC

        $logs[($i + 1) % 4] .= get($url, 200,
            time => $i % 2 ? '24/Dec/2026:00:30:00 +0000'
                           : '24/Dec/2026:23:59:59 +0800') for 2 .. $times;

        my $first = $times == 3 && $i % 2 ? '2026-12-24T00:30:00+00:00'
            : sprintf '2026-12-24T09:%02d:%02d+08:00', $i / 60 % 60, $i % 60;

        $want .= "Nr. $i,E$i," . ($times ? $first : '') . ",$times\n";
        $opened++ if $times;
    }

    spew($roster, "name,id\n" . join '', map { "Nr. $_,E$_\n" } 1 .. $n);
    spew("$dir/a.log", $logs[0]);
    spew("$dir/a.log.1", $logs[1]);
    gzipped("$dir/a.log.2.gz", $logs[2]);
    gzipped("$dir/b.log.gz", $logs[3]);

    my ($status, $out, $err) = opened(map { "$dir/$_" }
                                      qw(a.log a.log.1 a.log.2.gz b.log.gz));

    is($status, 0, "$n employees");
    ok($out eq $want, 'each with the first time and how often');
    is($err, "prizectl: $opened of $n employees have opened the page\n",
       'and how many they are');
}


# what is an opening, line by line; the answer is that of E1

spew($roster, "id\r\nE1\r\n");

my $plain = '[2026-12-24T09:00:00+08:00] "GET /h5 HTTP/1.1" 200 1 0.001';

for my $case (
    [1, 'an opening', get('/h5?id=E1')],
    [1, 'a name in another case', get('/h5?x=1&ID=E1')],
    [1, 'a percent-encoded ID', get('/h5?id=%45%31')],
    [0, 'decoded once', get('/h5?id=%2545%2531')],
    [0, 'another ID', get('/h5?id=E12')],
    [0, 'the first of two counts', get('/h5?id=E2&id=E1')],
    [0, 'another argument', get('/h5?mid=E1')],
    [0, 'the ID of the page that linked here',
     get('/?x', 200, referer => 'https://h/h5?id=E1')],
    [0, 'an ID in quotes', get('/', 200, referer => 'x id=E1 y')],
    [0, 'a beginning of 200', get('/h5?id=E1', 2000)],
    [0, 'a part of it', get('/h5?id=E1', 206)],
    [0, 'another method', combined('GETID /h5?id=E1 HTTP/1.1', 200)],
    [1, 'HTTP/0.9', combined('GET /h5?id=E1', 200)],
    [0, 'no request', combined('-', 400)],
    [0, 'TLS to a port without', combined('\\x16\\x03\\x01', 400)],
    [1, 'the sample\'s log_format', "1.2.3.4 $plain id=E1 source=redis"
     . " result=found upstream=\"127.0.0.1:6379\"\n"],
    [0, 'the greeting instead of an error', "1.2.3.4 $plain id=E1 source="
     . " result=error upstream=\"127.0.0.1:6379\"\n"],
    [0, 'nobody in the sample\'s log_format', "1.2.3.4 $plain id= source="
     . " result=found upstream=\"id=E1 id=E1\"\n"],
    [1, 'a line without an end', get('/h5?id=E1') =~ s/\n//r],
    [2, 'a line of 100,000 bytes between two', get('/h5?id=E1')
     . get('/h5?id=E1&' . 'x' x 100_000) . get('/h5?id=E1')],
    [1, 'another path', get('/h5?id=E1') . get('/gift?id=E1')
     . get('/h5/?id=E1'), '--path', '/h5'],
    [2, 'any path', get('/h5?id=E1') . get('/gift?id=E1')])
{
    my ($times, $name, $log, @options) = @$case;
    my $file = spew("$dir/case.log", $log . get('/other'));
    my ($status, $out, $err) = opened(@options, $file);
    my $first = $times ? '2026-12-24T09:00:00+08:00' : '';

    is("$status $out", "0 id,opened,times\r\nE1,$first,$times\r\n", $name)
        or diag($err);
}


# what is not as it should be

spew("$dir/odd.log", "nonsense\n" . get('/h5?id=E1') . "[x] \"GET / H\" 200 \n"
                     . get('/h5?id=E9'));

my ($status, $out, $err) = opened("$dir/odd.log");

is("$status $out", "0 id,opened,times\r\nE1,2026-12-24T09:00:00+08:00,1\r\n",
   'lines of another format');
is($err, "prizectl: log \"$dir/odd.log\": 2 of 4 lines are not in nginx'"
         . " format \"combined\"\nprizectl: 1 of 1 employees have opened the"
         . " page\nprizectl: 1 IDs of the logs are not in the roster\n",
   'are told, and so is an ID that the roster has not');

gzipped("$dir/cut.log.gz", join '', map { get("/h5?id=E$_") } 1 .. 5000);
truncate "$dir/cut.log.gz", 2000 or die "truncate: $!";
spew("$dir/none.log", "a\nb\n");
spew("$dir/empty.log", '');
spew("$dir/good.log", get('/h5?id=E1'));

for my $case (['a log that was cut', qr/cannot read log "\S+cut.log.gz": /,
               "$dir/cut.log.gz"],
              ['no such log', qr/cannot open log "\S+": No such file/,
               "$dir/good.log", "$dir/nothing.log"],
              ['a folder', qr/cannot read log "\S+": Is a directory/, $dir],
              ['another format', qr/2 of 2 lines are not in/, "$dir/none.log"],
              ['no such roster', qr/cannot open roster "\S+nobody": No such/,
               '--roster', "$dir/nobody", "$dir/good.log"],
              ['another column', qr/roster.csv, line 1: the header names no/,
               '--id-column', 'ID', "$dir/good.log"],
              ['a column that is there', qr/a column "times" already/,
               '--roster', spew("$dir/times.csv", "id,times\nE1,1\n"),
               "$dir/good.log"],
              ['no ID', qr/no-id.csv, line 2: no link can name the id "E 1"/,
               '--roster', spew("$dir/no-id.csv", "id\nE 1\n"),
               "$dir/good.log"])
{
    my ($name, $like, @options) = @$case;
    my ($status, undef, $err) = opened(@options);

    is($status, 1, $name);
    like($err, qr/^prizectl: .*$like/m, "$name: it says so");
}

is((opened("$dir/empty.log"))[1], "id,opened,times\r\nE1,,0\r\n",
   'an empty log');
is((opened())[0], 2, 'no log is called wrongly');
like((opened())[2], qr/^prizectl: no log is named, see /, 'and says so');
like((run('sh', '-c', '"$@" >/dev/full', 'sh', prizectl(), 'opened',
          '--roster', $roster, "$dir/good.log"))[2],
     qr/cannot write to standard output: No space left/, 'a full disk');

spew($roster, "\xef\xbb\xbf\"No.\",name\n\"E1\",\"A, B\"\n");
is((opened('--id-column', 'No.', "$dir/good.log"))[1],
   "\xef\xbb\xbf\"No.\",name,opened,times\n"
   . "\"E1\",\"A, B\",2026-12-24T09:00:00+08:00,1\n",
   'another column, and all as it was');

done_testing();
