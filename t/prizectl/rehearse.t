use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use Encode qw(decode_utf8);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;
use Test::Prize;
use Test::Prize::Certificates;
use Test::Prize::Peer;

# "prizectl rehearse": links that "prizectl sign" has written are asked of a
# real nginx with a real Redis, in every state that a rehearsal is to find.

my $dir = run_dir();
my $redis = Test::Prize::Redis->start;
my ($port, $tls) = (free_port(), free_port());
my $ca = Test::Prize::Certificates->new;
my $certificate = $ca->issue('h5', names => 'DNS:h5.test');

# a lookup is answered after half a second
my $slow = Test::Prize::Peer->start(
    records => { map { ("employee:E$_" => { id => "E$_", name => 'Ann' }) }
                 1 .. 12 },
    lookup => sub {
        my ($peer, $client, $usual) = @_;
        return $peer->write_later(0.5, $client, $usual);
    });

my $key = encode_base64(pack('C*', map { $_ * 7 % 256 } 1 .. 32), '');

umask 0077;
spew("$dir/keys", "k1 $key\n");

my $nginx = Test::Prize::Nginx->start(
    files => { 'page.html' => qq(<p data-id="{{id}}">{{name}}</p>\n),
               'sign.keys' => "k1 $key\n" },
    http => <<"CONF");
    prize_sign_event party;
    $patient
    server {
        listen 127.0.0.1:$port backlog=4096;
        listen 127.0.0.1:$tls ssl;
        ssl_certificate $certificate->{certificate};
        ssl_certificate_key $certificate->{key};
        keepalive_requests 100000;

        prize_sign_key_file sign.keys;
        location = /h5 {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$redis->{port};
        }
        location = /slow {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$slow->{port};
        }
        location = /dead {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:1;
        }
        location = /closed {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$redis->{port};
            prize_open 2099-01-01T00:00:00Z;
        }
        location = /moved { return 302 http://127.0.0.1:$port/h5?\$args; }
    }
CONF


# names that have to be escaped, and one in quotes

sub name {
    my ($n) = @_;

    return $n % 3 ? "O'Brien & Sons <$n>" : qq(Lin "$n", 林知夏);
}


sub roster {
    my ($count) = @_;

    return "id,name\r\n" . join '', map {
        qq(E$_,") . name($_) =~ s/"/""/gr . qq("\r\n)
    } 1 .. $count;
}


# the CSV of links, of a path and for as many employees

sub links {
    my ($count, %option) = @_;
    my $base = $option{base} // "http://127.0.0.1:$port";
    my ($status, $out, $err) = run({ stdin => roster($count) }, prizectl(),
        'sign', '--key-file', "$dir/keys", '--event', 'party',
        '--url', $base . ($option{path} // '/h5'),
        '--expires', '2099-01-01T00:00Z');

    is($status, 0, "$count links") or diag($err);
    return $option{change} ? $out =~ s/$option{change}[0]/$option{change}[1]/rm
           : $out;
}


# {status, out, err, asked}: what nginx was asked meanwhile, as it logs that

sub rehearse {
    my ($csv, @options) = @_;
    my $before = length $nginx->access_log;
    my @result = run(prizectl(), 'rehearse', '--links',
                     spew("$dir/links.csv", $csv), '--host', '127.0.0.1',
                     '--within', '60s', '--rate', '1000/s', @options);
    my %result;

    @result{qw(status out err)} = @result;

    # a line of the log may come behind its answer
    eventually {
        $result{asked} = [substr($nginx->access_log, $before)
                          =~ /"GET (\S+) /g];
        my $answered = 0;
        $answered += $1 while $result{out} =~ /^\d{3} +(\d+)/gm;
        @{ $result{asked} } >= $answered;
    } 'the access log';

    unlike($result{out} . $result{err}, qr/[?&]s=|&k=/,
           'a link stands in no output');
    return \%result;
}


sub finds {
    my ($name, $result, $status, @like) = @_;

    is($result->{status}, $status, "$name: exit code $status")
        or diag(@$result{qw(out err)});
    like("$result->{out}$result->{err}", $_, "$name: $_") for @like;
}


my @own = ('--expect', 'data-id="{id}"', '--expect', '>{name}<');

$redis->commands(map { ['HSET', "employee:E$_", 'id', "E$_", 'name',
                        decode_utf8(name($_))] } 1 .. 12_000);


# all is well

{
    my $csv = links(60);
    my $result = rehearse($csv, @own);

    finds('a healthy page', $result, 0, qr/^60 of 60 links answered in /m,
          qr/^answer +links +p50 +p95 +p99 +longest$/m,
          qr/^200 +60(?: +[\d.]+ ms){4}$/m, qr/^all +60(?: +[\d.]+ ms){4}$/m,
          qr/^nothing wrong: 60 x 200, and each page holds what is expec/m);
    is($result->{err}, '', 'no message');
    is_deeply([sort @{ $result->{asked} }],
              [sort $csv =~ m{http://127\.0\.0\.1:\d+(/h5\?[^\s",]*)}g],
              'each link was asked once, as it stands there');
    is(() = $nginx->access_log =~ m{" 200 .* "prizectl/[\d.]+"$}gm, 60,
       'under its name');

    finds('without --expect', rehearse($csv), 0,
          qr/^nothing wrong: 60 x 200; whose page it was is not known with/m);

    $result = rehearse($csv, '--sample', 7);
    finds('a part', $result, 0, qr/^7 of 60 links answered/m);
    is(keys %{{ map { $_ => 1 } @{ $result->{asked} } }}, 7, 'of other links');
}

# nobody else is asked

for my $case (['another host', 'http://h5.example.net', 'h5.example.net', 80],
              ['another name', 'https://127.0.0.1.nip.example',
               '127.0.0.1.nip.example', 443],
              ['a user that looks like the host',
               "http://127.0.0.1:$port\@evil.example", 'evil.example', 80],
              ['a part of the name', 'http://27.0.0.1', '27.0.0.1', 80])
{
    my ($name, $base, $host, $its) = @$case;
    my $csv = links(3) =~ s{http://127\.0\.0\.1:\d+(.*)\Z}{$base$1}r;
    my $result = rehearse($csv, @own);

    finds($name, $result, 1, qr/links\.csv, line 4: the link goes to "\Q$host\E", port $its, which --host does not name$/m);
    is_deeply($result->{asked}, [], "$name: nothing was asked");
}

finds('the port', rehearse(links(3), '--host', 'h'), 0);

for my $case ([0, "127.0.0.1:$port"], [0, "h,127.0.0.1:$port"],
              [1, "127.0.0.1:$tls"], [1, 'h,g'])
{
    my ($status, $host) = @$case;
    my ($code) = run(prizectl(), 'rehearse', '--links', "$dir/links.csv",
                     '--within', '60s', '--host', $host);

    is($code, $status, "--host $host: exit code $status");
}

# what is wrong with a page

$redis->commands(['HSET', 'employee:E5', 'name', 'Sue <b>'],
                 ['HSET', 'employee:E8', 'id', 'E9']);

{
    my $result = rehearse(links(12), @own);

    finds('wrong records', $result, 3,
          qr/^200 +11 .*\n503 +1 .*\nall +12 /m,
          qr/, line 6: the page of "E5" does not hold ">O&#39;Brien &amp; Sons &lt;5&gt;<", but ">Sue &lt;b&gt;<|^X/m,
          qr/, line 9: the link of "E8" was answered by 503$/m,
          qr/^wrong:\n  1 x 503: no store .*\n  1 x a wrong page: it does/m);
}

$redis->commands(['HSET', 'employee:E5', 'name', name(5)],
                 ['HSET', 'employee:E8', 'id', 'E8'],
                 ['DEL', 'employee:E2']);

{
    my $past = 1_700_000_000;
    my $text = join '', '6:prize1,',
                    map { length($_) . ":$_," } 'party', 'E3', $past;
    my $mac = encode_base64(hmac_sha256($text, decode_base64($key)), '')
              =~ tr{+/=}{-_}dr;
    my $csv = links(12);

    $csv =~ s/id=E3&\S+/id=E3&x=$past&k=k1&s=$mac/;
    $csv =~ s/id=E4&/id=E5&/;
    $csv =~ s/id=E6&/id=\%20&/;

    finds('links that do not hold', rehearse($csv, @own), 3,
          qr/^200 +8 /m, qr/^400 +1 /m, qr/^403 +1 /m, qr/^404 +1 /m,
          qr/^410 +1 /m,
          qr/, line 4: the link of "E3" was answered by 410$/m,
          qr/^  1 x 400: the location finds no ID in the link$/m,
          qr/^  1 x 403: the signature is of another key or event,/m,
          qr/^  1 x 404: no store has the record, or /m,
          qr/^  1 x 410: the link has ended or was withdrawn, or /m);
}

$redis->command('HSET', 'employee:E2', 'id', 'E2', 'name',
                decode_utf8(name(2)));

finds('a store that is dead', rehearse(links(12, path => '/dead'), @own), 3,
      qr/^503 +12 /m, qr/^  12 x 503: /m, qr/no further link is named$/m);
finds('a location that has not opened',
      rehearse(links(2, path => '/closed'), @own), 3,
      qr/^  2 x 403: .*, or prize_open has not opened yet$/m);
finds('a redirection', rehearse(links(2, path => '/moved'), @own), 3,
      qr/^302 +2 /m, qr/^  2 x 302: it leads elsewhere/m);

{
    my $csv = links(12, path => '/slow') =~ s/^(E\d+),".*",/$1,Ann,/gmr;

    finds('a slow store', rehearse($csv, '--within', '400ms', @own), 3,
          qr/^200 +12 +[5-9]\d\d\./m,
          qr/^wrong:\n  slow: p99 is \d+\.\d ms, and --within 400 ms$/m);
    finds('which is not too slow', rehearse($csv), 0);
}

# TLS, and where to

my $csv = links(3, base => 'https://h5.test');

for my $case ([3, qr/certificate/, 'a certificate of nobody'],
              [0, qr/^nothing wrong: 3 x 200/m, 'of ours',
               '--cacert', $ca->{file}],
              [0, qr/^nothing wrong: 3 x 200/m, 'of whom is not asked',
               '--insecure'])
{
    my ($status, $like, $name, @options) = @$case;

    finds($name, rehearse($csv, '--host', 'h5.test', '--connect-to',
                          "127.0.0.1:$tls", @options), $status, $like);
}

finds('a certificate of another name',
      rehearse(links(2, base => "https://127.0.0.1:$tls"), '--cacert',
               $ca->{file}), 3, qr/^none +2 /m, qr/^  2 x no answer: /m);
finds('nobody there',
      rehearse(links(2), '--connect-to', '127.0.0.1:1'), 3,
      qr/, line 2: the link of "E1" got no answer: .*connect/m,
      qr/^  2 x no answer: /m);

# what ends it

{
    my $before = length $nginx->access_log;
    my $program = Test::Prize::Program->start(prizectl(), 'rehearse', '--links',
        spew("$dir/links.csv", links(100)), '--host', '127.0.0.1',
        '--within', '60s', '--rate', '1/s');

    eventually { substr($nginx->access_log, $before) =~ /GET.*GET/s }
        'two answers';

    my ($status, $out, $err) = $program->end_by('INT');

    is($status, 130, 'interrupted');
    like($out, qr/^\d+ of 100 links answered.*^200 +\d+ .*^all /ms,
         'what was done is told');
    like($err, qr/^prizectl: interrupted after \d+ links$/m, 'and how far');
}

# what cannot be read

for my $case (['', 'links.csv is empty'],
              ["id,link\n", 'links.csv has no link'],
              ["id,url\nE1,x\n", 'the header names no column "link"'],
              ["name,link\nE1,x\n", 'the header names no column "id"'],
              ["id,link\nE1,\n", 'line 2: the column "link" holds no link'],
              ["id,link\nE1,ftp://127.0.0.1/\n", 'the column "link" holds no'],
              ["id,link\nE1,file:///etc/passwd\n", 'the column "link" holds'],
              ["id,link\nE1,http://127.0.0.1/\n",
               '--expect "{nmae}": ', '--expect', '{nmae}'],
              ["id,link\nE1,http://127.0.0.1/\n",
               '--expect "{id": want {NAME}', '--expect', '{id'])
{
    my ($csv, $like, @options) = @$case;

    finds($like, rehearse($csv, @options), 1, qr/\Q$like\E/);
}

finds('no file', rehearse('', '--links', "$dir/none"), 1,
      qr/cannot open links "\Q$dir\E\/none": No such file/);
finds('a pipe', rehearse('', '--links', '/dev/stdin'), 1, qr/stdin/)
    if !-f '/dev/stdin';

for my $usage (['--host', 'https://h5.example.com/h5'], ['--host', ''],
               ['--host', 'a,,b'], ['--host', 'a?'], ['--rate', '0'],
               ['--rate', '10001'], ['--rate', '5/m'], ['--sample', '0'],
               ['--sample', 'all'], ['--within', '0'], ['--within', 'soon'],
               ['--connect-to', ''], ['--connect-to', 'http://h'], ['more'])
{
    is(rehearse(links(1), @$usage)->{status}, 2, "usage: @$usage");
}

# everybody, at the rate that the module is made for; no faster than it was
# told to

{
    my $before = (times)[2] + (times)[3];
    my $result = rehearse(links(12_000), '--sample', 12_000, '--rate',
                          '2000/s', @own);
    my ($seconds) = $result->{out} =~ /^12000 of 12000 links .* (\S+) s$/m;

    finds('everybody', $result, 0, qr/^nothing wrong: 12000 x 200, and/m);
    cmp_ok($seconds // 0, '>=', 5.9, 'at the rate');
    note($result->{out}, 'processor time with sign: ',
         (times)[2] + (times)[3] - $before, ' s');
}

done_testing();
