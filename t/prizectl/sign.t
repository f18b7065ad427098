use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(decode_base64 encode_base64);
use POSIX qw(strftime);
use Test::More;
use Test::Prize;

# "prizectl sign": CSV in, CSV with a link out, each signature computed once
# more by other code.

my $dir = run_dir();
our $expiry = 1_900_000_000;
my $expires = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $expiry);
my $key = encode_base64(pack('C*', map { $_ * 7 % 256 } 1 .. 32), '');
my $url = 'https://h5.example.com/h5';

umask 0077;


sub keys_file { my ($text) = @_; return spew("$dir/keys", $text) }


sub sign {
    my ($csv, @options) = @_;

    return run({stdin => $csv}, prizectl(), 'sign', '--key-file',
               "$dir/keys", '--event', 'party', '--url', $url, '--expires',
               $expires, @options);
}


sub link_of {
    my ($id, %option) = @_;
    my $base = $option{url} // "$url?";
    my $text = join '', '6:prize1,', map { length($_) . ":$_," }
               $option{event} // 'party', $id, $expiry;
    my $mac = encode_base64(hmac_sha256($text, decode_base64($key)), '');

    $mac =~ tr{+/=}{-_}d;
    return "${base}id=$id&x=$expiry&k=k1&s=$mac";
}


# "<E1>" in what is wanted stands for E1's link, of these options

sub signs {
    my ($csv, $want, $name, $link, @options) = @_;
    my ($status, $out, $err) = sign($csv, @options);

    $link //= {};
    $want =~ s/<([\w.@-]+)>/link_of($1, %$link)/ge;
    is($status, 0, $name) or diag($err);
    is($out, $want, "$name: the links");
    is($err, '', "$name: no message");
}


sub fails {
    my ($csv, $like, $name) = @_;
    my ($status, $out, $err) = sign($csv);

    is($status, 1, $name);
    like($err, qr/^prizectl: $like/, "$name: the reason");
    unlike($err, qr/\Q$key\E/, "$name: no key in it");
    return $out;
}


keys_file("# the party\nk1 $key\nold " . encode_base64('o' x 32));

# CSV

for my $csv (
    ["id\nE1\nE2\n", "id,link\nE1,<E1>\nE2,<E2>\n", 'one column'],
    ["id\r\nE1\r\nE2", "id,link\r\nE1,<E1>\r\nE2,<E2>\r\n",
     'CRLF, and a last line without an end'],
    ["\xef\xbb\xbf\"name\",\"id\"\n\"A \"\"B\"\", C\nD\",\"E1\"\n",
     "\xef\xbb\xbf\"name\",\"id\",link\n\"A \"\"B\"\", C\nD\",\"E1\",<E1>\n",
     'quotes, commas, a line end, the mark of UTF-8: all as they were'],
    ["\xef\xbb\xbfid\nE1\n", "\xef\xbb\xbfid,link\nE1,<E1>\n",
     'the mark before the id'],
    ["name,ID,id,note\n王小明,x,a.b_c\@d-E,\n,,7,\"\"\n",
     "name,ID,id,note,link\n王小明,x,a.b_c\@d-E,,<a.b_c\@d-E>\n"
     . ",,7,\"\",<7>\n", 'empty fields, and a name in another case'],
    ["id\n\nE1\n\r\n\n", "id,link\nE1,<E1>\n", 'empty lines'],
    ["id\n", "id,link\n", 'nobody', undef, '--allow-empty'],
    ["id,n\nA,1\nB,\"x\"\"y\"\n\"A\",\"1\"\n",
     "id,n,link\nA,1,<A>\nB,\"x\"\"y\",<B>\n\"A\",\"1\",<A>\n",
     'two rows of one ID that say the same'],
    ["id,工号\nx y,E1\n", "id,工号,link\nx y,E1,<E1>\n",
     'the IDs in another column', undef, '--id-column', '工号'],
    ["id,n\nA," . 'x' x 1_000_000 . "\n",
     "id,n,link\nA," . 'x' x 1_000_000 . ",<A>\n", 'a large record'])
{
    signs(@$csv);
}

# every character below U+0100, in names of eight

{
    my ($csv, $want) = ("id,name\r\n", "id,name,link\r\n");

    for my $i (0 .. 31) {
        my $name = join '', map { chr } 8 * $i .. 8 * $i + 7;
        utf8::encode($name);
        my $row = "E$i,\"" . $name =~ s/"/""/gr . '"';

        $csv .= "$row\r\n";
        $want .= "$row," . link_of("E$i") . "\r\n";
    }

    my ($status, $out, $err) = sign($csv);

    is_deeply([$status, $err], [0, ''], 'every character');
    is($out, $want, 'every character: the links');
}

for my $bad (["name\nA\n", 'line 1: the header names no column "id": "name"'],
             ["ID\nA\n", 'line 1: the header names no column "id"'],
             ["id;name\nA;B\n", 'line 1: the header names no column "id"'],
             ["id,id\nA,B\n", 'line 1: the header has two columns "id"'],
             ["id,link\nA,B\n", 'line 1: the header has a column "link"'],
             ['', 'standard input is empty'],
             ["id,n\nA,1\nB\n", 'line 3: 1 columns, and the header has 2'],
             ["id,n\nA,1\nB,2,3\n", 'line 3: 3 columns'],
             ["id,n\n\"A\",\"1\n2\"\n\n,3\n",
              'line 5: no link can name the id ""'],
             ["id\nA B\n", 'line 2: no link can name the id "A B"'],
             ["id\na%41\n", 'line 2: no link can name the id "a%41"'],
             ["id\n张三\n", 'line 2: no link can name the id "张三"'],
             ["id\nE\xe2\x80\x8b1\xef\xbb\xbf\xc2\xa0\n",
              'line 2: no link can name the id "E\\u200b1\\ufeff\\u00a0"'],
             ["\xe2\x80\x8bid\nA\n",
              'line 1: the header names no column "id": "\\u200bid"'],
             ["id\n", 'the roster names nobody; if that is right, say'],
             ["id\r\n\r\n", 'the roster names nobody; if that is right, say'],
             ["id,n\nA,1\nA,2\n",
              'line 3: the id "A" stands in line 2, too, and the rows differ'],
             ["n,id\n1,A\n\"\",A\n", 'line 3: the id "A" stands in line 2'],
             ["id,n,m\nA,1,\nA,,1\n", 'line 3: the id "A" stands in line 2'],
             ["id,n\nA,\xd6\xd0\xce\xc4\n", 'line 2: this is not UTF-8; if it'
              . ' is GBK: iconv -f GB18030 -t UTF-8 FILE >utf8.csv'],
             ["id,\xd0\xd5\nA,1\n", 'line 1: this is not UTF-8; if it is GBK'],
             ["id,n\nA,\xff\n", 'line 2: this is not UTF-8: save the file as'],
             ["\xff\xfei\0d\0\r\0\n\0A\0\r\0\n\0", 'line 1: this is UTF-16:'
              . ' iconv -f UTF-16 -t UTF-8 FILE >utf8.csv'],
             ["i\0d\0\n\0", 'line 1: this is UTF-16: iconv -f UTF-16LE '],
             ["\0i\0d\0\n", 'line 1: this is UTF-16: iconv -f UTF-16BE '],
             ["id\n" . 'x' x 65 . "\n", 'line 2: no link can name'],
             ["id\n" . 'x' x 2000 . "\n", 'line 2: no link can name'],
             ["id,n\nA,B\"C\n", 'line 2: a quote inside'],
             ["id,n\nA,\"B\"C\n", 'line 2: a quote inside'],
             ["id,n\nA,B\rC,D\n", 'line 2: a carriage return'],
             ["id,n\nA,1\nB,\"x\ny\n", 'line 3: a quote is not closed'],
             ["id,n\nA,\"" . 'x' x 1_100_000 . "\"\n",
              'line 2: a record of more than'])
{
    my $out = fails($bad->[0], qr/(?:standard input, )?\Q$bad->[1]\E/,
                    "bad CSV: $bad->[1]");
    unlike($out, qr/k=k1.*\n.*k=k1/, "$bad->[1]: it ends there");
}

like((sign("id\nA\n", '--id-column', 'ID'))[2],
     qr/^prizectl: standard input, line 1: the header names no column "ID": "id"$/m,
     'the column that is named is the one');
like((sign("id\nA\nB\n?\nC\n"))[2], qr/^prizectl: failed after 2 links$/m,
     'how far it came');

# links

for my $case (
    [{ url => 'http://h/p?lang=zh&' }, 'a URL with arguments',
     '--url', 'http://h/p?lang=zh'],
    [{ url => 'http://h/p?ids=1&xx&sk=&' },
     'a URL with arguments that resemble its own',
     '--url', 'http://h/p?ids=1&xx&sk='],
    [{ url => 'http://h/p?' }, 'a URL with a question mark',
     '--url', 'http://h/p?'],
    [{ event => '新年 2027' }, 'an event in Chinese',
     '--event', '新年 2027'],
    [{}, 'an expiry in another zone', '--expires',
     strftime('%Y-%m-%dT%H:%M:%S+08:00', gmtime $expiry + 8 * 3600)])
{
    my ($link, $name, @options) = @$case;

    signs("id\nE1\n", "id,link\nE1,<E1>\n", $name, $link, @options);
}

signs("id\nE1\n", "id,link\nE1,\"<E1>\"\n", 'a URL with a comma',
      { url => 'http://h/a,b?' }, '--url', 'http://h/a,b');
signs("id\n" . 'x' x 65 . "\n", "id,link\n" . 'x' x 65 . ',<' . 'x' x 65
      . ">\n", 'a long ID', {}, '--id-max-length', 65);

# where "prize_open" ends the event, no link need

{
    my ($status, $out, $err) = run({stdin => "id\nE1\n"}, prizectl(), 'sign',
        '--key-file', "$dir/keys", '--event', 'party', '--url', $url);

    local $expiry = 9_999_999_999;

    is($status, 0, 'no expiry') or diag($err);
    is($out, "id,link\nE1," . link_of('E1') . "\n", 'a link for good');
}

# keys: what can be wrong with them is in t/prize_sign.t

keys_file("k1 ${key}x\n");
fails("id\nE1\n", qr/key file "\Q$dir\E\/keys", line 1: key "k1" is not base64/,
      'a line of the key file');

unlink "$dir/keys";
fails("id\nE1\n", qr/key file "\Q$dir\E\/keys": cannot open it: No such/,
      'no key file');
keys_file("k1 $key\n");

# usage

for my $usage (['--url', 'h5.example.com'], ['--url', 'https:///h5'],
               ['--url', 'https://h/p#top'], ['--url', "https://h/\n"],
               ['--url', 'https://h/p?id=7'], ['--url', 'https://h/p?a&ID=7'],
               ['--url', 'https://h/p?x=1&a=2'], ['--url', 'https://h/p?k'],
               ['--url', 'https://h/p?a=1&s='],
               ['--url', 'https://h/"x"'], ['--url', 'https://h/ p'],
               ['--expires', '2001-01-01T00:00Z'], ['--expires', 'tomorrow'],
               ['--expires', '2031-01-01T00:00'], ['--event', ''],
               ['--event', 'x' x 256], ['--id-max-length', '0'],
               ['--nonsense'], ['more'], ['--url'])
{
    is((sign("id\nE1\n", @$usage))[0], 2,
       'usage: ' . join ' ', map { s/[^ -~]/?/gr } @$usage);
}

# more than is read and written at once

{
    my $rows = 20_000;
    my ($status, $out) = sign("id,name\n" . join '', map { "E$_,\"R&D, $_\"\n" }
                                                  1 .. $rows);
    my @links = split /\n/, $out;

    is($status, 0, 'many links');
    is(scalar(@links), 1 + $rows, 'a line for each');
    is($links[-1], "E$rows,\"R&D, $rows\"," . link_of("E$rows"),
       'to the last one');
}

done_testing();
