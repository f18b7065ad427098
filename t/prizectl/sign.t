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

my $dir = run_dir() . "/sign.$$";
my $expiry = 1_900_000_000;
my $expires = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $expiry);
my $key = encode_base64(pack('C*', map { $_ * 7 % 256 } 1 .. 32), '');
my $url = 'https://h5.example.com/h5';

mkdir $dir or die "mkdir $dir: $!";
umask 0077;


sub keys_file {
    my ($text, $mode) = @_;

    unlink "$dir/keys";
    spew("$dir/keys", $text);
    chmod $mode // 0600, "$dir/keys";
    return "$dir/keys";
}


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

    $mac =~ tr{+/}{-_};
    $mac =~ tr/=//d;
    return "${base}id=$id&x=$expiry&k=" . ($option{k} // 'k1') . "&s=$mac";
}


sub signs {
    my ($csv, $want, $name, @options) = @_;
    my ($status, $out, $err) = sign($csv, @options);

    is($status, 0, $name) or diag($err);
    is($out, $want, "$name: the links");
    is($err, '', "$name: no message");
}


sub fails {
    my ($csv, $like, $name, @options) = @_;
    my ($status, $out, $err) = sign($csv, @options);

    is($status, 1, $name);
    like($err, qr/^prizectl: $like/, "$name: the reason");
    unlike($err, qr/\Q$key\E/, "$name: no key in it");
    return $out;
}


keys_file("# the party\nk1 $key\nold " . encode_base64('o' x 32));

# CSV

signs("id\nE1\nE2\n",
      "id,link\nE1,@{[ link_of('E1') ]}\nE2,@{[ link_of('E2') ]}\n",
      'one column');
signs("id\r\nE1\r\nE2",
      "id,link\r\nE1,@{[ link_of('E1') ]}\r\nE2,@{[ link_of('E2') ]}\r\n",
      'CRLF, and a last line without an end');
signs("\xef\xbb\xbf\"name\",\"id\"\n\"A \"\"B\"\", C\nD\",\"E1\"\n",
      "\xef\xbb\xbf\"name\",\"id\",link\n\"A \"\"B\"\", C\nD\",\"E1\",@{[ link_of('E1') ]}\n",
      'quotes, commas, a line end, the mark of UTF-8: all as they were');
signs("\xef\xbb\xbfid\nE1\n", "\xef\xbb\xbfid,link\nE1,@{[ link_of('E1') ]}\n",
      'the mark before the id');
signs("name,ID,id,note\n王小明,x,a.b_c\@d-E,\n,,7,\"\"\n",
      "name,ID,id,note,link\n王小明,x,a.b_c\@d-E,,@{[ link_of('a.b_c@d-E') ]}\n,,7,\"\",@{[ link_of('7') ]}\n",
      'empty fields, and a name in another case');
signs("id\n\nE1\n\r\n\n", "id,link\nE1,@{[ link_of('E1') ]}\n", 'empty lines');
signs("id\n", "id,link\n", 'nobody');
signs("id,name\nE1,'; DROP\n",
      "id,name,link\nE1,'; DROP,@{[ link_of('E1') ]}\n",
      'what SQL would stumble over');

# the whole of it, for names that hold everything

{
    my @names = map { join '', map { chr } $_ .. $_ + 7 }
                map { 8 * $_ } 0 .. 31;
    my ($csv, $want) = ("id,name\r\n", "id,name,link\r\n");

    for my $i (0 .. $#names) {
        my $name = '"' . ($names[$i] =~ s/"/""/gr) . '"';
        $csv .= "E$i,$name\r\n";
        $want .= "E$i,$name," . link_of("E$i") . "\r\n";
    }

    signs($csv, $want, 'every byte');
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
             ["id\n" . 'x' x 65 . "\n", 'line 2: no link can name'],
             ["id\n" . 'x' x 2000 . "\n", 'line 2: no link can name'],
             ["id,n\nA,B\"C\n", 'line 2: a quote inside'],
             ["id,n\nA,\"B\"C\n", 'line 2: a quote inside'],
             ["id,n\nA,B\rC,D\n", 'line 2: a carriage return'],
             ["id,n\nA,1\nB,\"x\ny\n", 'line 3: a quote is not closed'],
             ["id,n\nA,\"" . 'x' x 1_100_000 . "\"\n",
              'line 2: a record of more than'])
{
    my $out = fails($bad->[0], qr/\Q$bad->[1]\E/, "bad CSV: $bad->[1]");
    unlike($out, qr/k=k1.*\n.*k=k1/, "$bad->[1]: it ends there");
}

like((sign("id\nA\nB\n?\nC\n"))[2], qr/^prizectl: failed after 2 links$/m,
     'how far it came');
signs('id,n' . "\nA," . 'x' x 1_000_000 . "\n",
      'id,n,link' . "\nA," . 'x' x 1_000_000 . ",@{[ link_of('A') ]}\n",
      'a large record');

# links

signs("id\nE1\n",
      "id,link\nE1,@{[ link_of('E1', url => 'http://h/p?lang=zh&') ]}\n",
      'a URL with arguments', '--url', 'http://h/p?lang=zh');
signs("id\nE1\n",
      "id,link\nE1,@{[ link_of('E1', url => 'http://h/p?ids=1&xx&sk=&') ]}\n",
      'a URL with arguments that resemble its own', '--url',
      'http://h/p?ids=1&xx&sk=');
signs("id\nE1\n", "id,link\nE1,@{[ link_of('E1', url => 'http://h/p?') ]}\n",
      'a URL with a question mark', '--url', 'http://h/p?');
signs("id\nE1\n",
      "id,link\nE1,\"@{[ link_of('E1', url => 'http://h/a,b?') ]}\"\n",
      'a URL with a comma', '--url', 'http://h/a,b');
signs("id\nE1\n", "id,link\nE1,@{[ link_of('E1', event => '新年 2027') ]}\n",
      'an event in Chinese', '--event', '新年 2027');
signs("id\nE1\n", "id,link\nE1,@{[ link_of('E1', event => 'a,7:b') ]}\n",
      'an event that looks like a part', '--event', 'a,7:b');
signs("id\n@{[ 'x' x 65 ]}\n",
      "id,link\n@{[ 'x' x 65 ]},@{[ link_of('x' x 65) ]}\n",
      'a long ID', '--id-max-length', 65);
signs("id\nE1\n", "id,link\nE1,@{[ link_of('E1') ]}\n", 'in another zone',
      '--expires', strftime('%Y-%m-%dT%H:%M:%S+08:00',
                            gmtime $expiry + 8 * 3600));

# keys

for my $bad (['k1 short', 0600, 'line 1: key "k1" is not base64'],
             ['k1 AAAA', 0600, 'line 1: key "k1" has 3 bytes'],
             ["k1 $key\nk1 $key", 0600, 'line 2: a second key'],
             ['# none', 0600, ': there is no key in it'],
             ["k1 $key", 0604, ': others may read'])
{
    keys_file($bad->[0], $bad->[1]);
    fails("id\nE1\n", qr/key file \S+ ?\Q$bad->[2]\E/, "keys: $bad->[2]");
}

unlink "$dir/keys";
fails("id\nE1\n", qr/key file \S+: cannot open it/, 'keys: no file');
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

for my $missing ('key-file', 'event', 'url', 'expires') {
    my %option = ('key-file' => "$dir/keys", event => 'x', url => $url,
                  expires => $expires);
    delete $option{$missing};
    my ($status, undef, $err) = run(prizectl(), 'sign',
                                    map { ("--$_", $option{$_}) } keys %option);

    is($status, 2, "usage: without --$missing");
    like($err, qr/--$missing is required/, "without --$missing: says so");
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


END {
    my $status = $?;
    unlink glob "$dir/*";
    rmdir $dir;
    $? = $status;
}
