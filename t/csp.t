use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_base64);
use Test::More;
use Test::Prize;
use Test::Prize::Client;

# prize_csp: the header, the hashes in it, what it inherits, and the pages
# that "nginx -t" refuses under it.

my $redis = shared_redis();
my $port = free_port();

$redis->commands(['FLUSHALL'],
                 [qw(HSET employee:7 id 7 prize phone name), 'A&B'],
                 [qw(HSET employee:8 id 8 prize no name Ben)]);


# SHA-256 as a policy writes it, of text as a browser sees it

sub hash {
    my ($text) = @_;
    my $base64 = sha256_base64($text =~ s/\r\n?/\n/gr);

    return "'sha256-" . $base64 . '=' x (-length($base64) % 4) . "'";
}


sub policy {
    my (%part) = (default => "'none'", img => 'data:', style => '',
                  script => '', base => "'none'", form => "'none'",
                  frame => "'none'", more => '', @_);

    return "default-src $part{default}; img-src $part{img}"
           . ($part{style} && "; style-src $part{style}")
           . ($part{script} && "; script-src $part{script}")
           . "; base-uri $part{base}; form-action $part{form}"
           . "; frame-ancestors $part{frame}"
           . ($part{more} && "; $part{more}");
}

my $css = "\np{color:red}\n/* \xe4\xb8\xad {} */\n";
my $js = "\nvar a = '</scr' + '<!-', b = \"<b>\";\n";
my $prize_css = 'b{top:0}';

my $page = <<"PAGE";
<!DOCTYPE html>
<html><head><title>a <style>not one</style></title>
<!-- <script>nor this</script> -->
<style>$css</style>
{{#prize}}
<STYLE media="print">$prize_css</STYLE >
{{/prize}}
</head><body data-name="{{name}}">
<script>$js</script><script src="x.js"></script>
<p title='style="x" onclick="y"'>{{name}}</p>
</body></html>
PAGE

my %files = (
    'page.html' => $page,
    'crlf.html' => $page =~ s/\n/\r\n/gr,
    'cr.html' => "<style>\ra{}\r\n\rb{}\n\r</style>",
    'comment.html' => "<script>a{{! one }}b\n{{! two }}\nc</script>",
    'nested.html' => '<script><!-- <script>x</script> --></script >',
    'plain.html' => '<p>{{name}}</p>',
    'gold.html' => '<style>gold{}</style>',
    'empty.html' => '<style></style><script></script>',
    'attribute.html' => "<p>\n<b style='top:0'>{{name}}</b></p>\n",
);

my $nginx = Test::Prize::Nginx->start(files => \%files, http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    prize_redis_connect_timeout 60s;
    prize_redis_timeout 60s;

    server {
        listen 127.0.0.1:$port;

        location = /default { prize_page attribute.html; }
        location = /off { prize_page attribute.html; prize_csp off; }
        location = /page { prize_page page.html; prize_csp on; }
        location = /crlf { prize_page crlf.html; prize_csp on; }
        location = /cr { prize_page cr.html; prize_csp on; }
        location = /comment { prize_page comment.html; prize_csp on; }
        location = /nested { prize_page nested.html; prize_csp on; }
        location = /plain { prize_page plain.html; prize_csp ON; }
        location = /empty { prize_page empty.html; prize_csp on; }

        location = /two {
            prize_csp on;
            prize_page gold.html if=prize=phone;
            prize_page plain.html;
            error_page 404 400 /error;
        }
        location = /error {
            add_header Content-Security-Policy "error" always;
            return 200 error;
        }

        location = /add {
            prize_csp on;
            prize_page plain.html;
            add_header content-security-policy "default-src *";
            add_header Content-Security-Policy-Report-Only "img-src a:";
            add_header X-More more;
        }
        location = /add-off {
            prize_page plain.html;
            add_header Content-Security-Policy "default-src *";
        }
        location = /error-of-add {
            prize_csp on;
            prize_page plain.html;
            add_header Content-Security-Policy "default-src *" always;
        }
    }

    server {
        listen 127.0.0.1:$port;
        server_name inherit;
        prize_csp "img-src 'self'";

        location = /self { prize_page plain.html; }
        location = /on { prize_page plain.html; prize_csp on; }
        location = /off { prize_page attribute.html; prize_csp off; }
        location = /other {
            prize_page plain.html;
            prize_csp " font-src  data: ;; sandbox;";

            if (\$arg_off) { prize_csp off; }
        }
        location = /many {
            prize_page page.html;
            prize_csp "Style-Src https://a.example 'unsafe-hashes';
                       script-src-elem https://b.example; img-src 'none';
                       base-uri 'self'; default-src 'self'";
        }
        location = /none {
            prize_page page.html;
            prize_csp "script-src 'none'";
        }
    }
CONF

my $client = Test::Prize::Client->new($port);


sub policies {
    my ($target, $host) = @_;

    return [$client->connect->send($host ? "GET $target HTTP/1.0\r\n"
                                           . "Host: $host\r\n\r\n"
                                         : "GET $target HTTP/1.0\r\n\r\n")
                   ->answer->header('Content-Security-Policy')];
}

is_deeply(policies('/default?id=7'), [], 'no policy by default');
is_deeply(policies('/off?id=7'), [], 'none with "off"');

my $hashes = policy(style => hash($css) . ' ' . hash($prize_css),
                    script => hash($js));

is_deeply(policies('/page?id=7'), [$hashes], 'a page with its hashes');
is_deeply(policies('/page?id=8'), [$hashes],
          'and the same where a section is not shown');
is_deeply(policies('/crlf?id=7'), [$hashes],
          'the same hashes for a page with CRLF');
is_deeply(policies('/cr?id=7'), [policy(style => hash("\na{}\n\nb{}\n\n"))],
          'and a CR alone is a line end');
is_deeply(policies('/comment?id=7'), [policy(script => hash("ab\nc"))],
          'a comment {{!}} is no part of a script');
is_deeply(policies('/nested?id=7'),
          [policy(script => hash('<!-- <script>x</script> -->'))],
          'a script that looks as if it ended earlier');
is_deeply(policies('/plain?id=7'), [policy()], 'a page with neither');
is_deeply(policies('/empty?id=7'), [policy(style => hash(''))],
          'an empty style, and a script that is none');

is_deeply(policies('/two?id=7'), [policy(style => hash('gold{}'))],
          'the first of two pages');
is_deeply(policies('/two?id=8'), [policy()], 'and the second');
is_deeply(policies('/two?id=nobody'), ['error'],
          'the page of an error has its own');

is_deeply(policies('/add?id=7'), [policy()],
          'one of add_header does not stand beside it');
is_deeply([map { $client->get('/add?id=7')->header($_) }
           qw(X-More Content-Security-Policy-Report-Only)],
          ['more', 'img-src a:'], 'and its other headers do');
is_deeply(policies('/add-off?id=7'), ['default-src *'],
          'without ours it stays');
is_deeply(policies('/error-of-add?id=nobody'), ['default-src *'],
          'and an error has only that');

is_deeply(policies('/self?id=7', 'inherit'), [policy(img => "data: 'self'")],
          'a source beside ours, inherited');
is_deeply(policies('/on?id=7', 'inherit'), [policy()], '"on" adds nothing');
is_deeply(policies('/off?id=7', 'inherit'), [], '"off" cuts inheritance');
is_deeply(policies('/other?id=7', 'inherit'),
          [policy(more => 'font-src data:; sandbox')],
          'other directives follow');
is_deeply(policies('/other?id=7&off=1', 'inherit'), [], 'none in an if');
is_deeply(policies('/many?id=7', 'inherit'), [
    "default-src 'self'; img-src 'none'; style-src " . hash($css) . ' '
    . hash($prize_css) . " https://a.example 'unsafe-hashes'; script-src "
    . hash($js) . '; script-src-elem ' . hash($js) . ' https://b.example; '
    . "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"],
    'added sources take the place of \'none\', and \'none\' that of ours');
is_deeply(policies('/none?id=7', 'inherit'), [
    policy(style => hash($css) . ' ' . hash($prize_css),
           script => "'none'")], 'scripts can be forbidden');


# what "nginx -t" refuses

sub said {
    my ($csp, $html) = @_;
    my $test = Test::Prize::Nginx->prepare(
        files => {'page.html' => $html // 'x'}, http => <<"CONF");
    prize_redis_pass 127.0.0.1:$redis->{port};
    server {
        listen 127.0.0.1:$port;
        location = / {
            prize_page page.html; # here
            $csp # there
        }
    }
CONF
    my ($status, $text) = $test->test;
    my ($emerg) = $text =~ /^(.*\[emerg\].*)$/m;

    return ($status, $emerg // '', $test->{dir}, sub {
        my ($mark) = @_;
        my @lines = split /\n/, slurp("$test->{dir}/nginx.conf");

        return (grep { $lines[$_ - 1] =~ /# $mark/ } 1 .. @lines)[0];
    });
}

my @refused = (
    ["<p>\n <b\n  style='top:0'>", '3:3', 'style attribute'],
    ['<p STYLE>', '1:4', 'style attribute'],
    ['<a href="#" onClick="x()">', '1:13', 'on... attribute'],
    ['<p{{#prize}} style=""{{/prize}}>', '1:14', 'style attribute'],
    ['<p sty{{! }}le="">', '1:13', 'style attribute'],
    ['<p class="a"style="">', '1:13', 'style attribute'],
    ['<p><a href="Java&#9;script:x()"><a href=" java
script:x()">', '1:36', 'javascript: URL'],
    ["<svg>\n<style>a{}</style></svg>", '2:7', 'inside <svg>'],
    ["<script>a\n{{#prize}}b{{/prize}}</script>", '2:1', 'section inside'],
    ["<style>a{}\n{{^prize}}b{}{{/prize}}</style>", '2:1', 'section inside'],
    ['<style>a{}', '1:11', 'not closed'],
);

for my $case (@refused) {
    my ($html, $place, $what) = @$case;
    my ($status, $emerg, $dir, $line) = said('prize_csp on;', $html);

    subtest "refused: $html" => sub {
        isnt($status, 0, 'nginx -t fails');
        like($emerg, qr{"prize_csp" .* \Q$dir/page.html:$place\E: }s,
             'it names the place in the page');
        like($emerg, qr/\Q$what\E.*: expected/, 'what it found, and wants');
        like($emerg, qr{\Q$dir/nginx.conf:\E@{[ $line->('here') ]}$},
             'and the line of the configuration');
    };

    ($status, $emerg) = said('prize_csp off;', $html);
    is($status, 0, 'and accepted without a policy') or diag($emerg);
}

my @accepted = (
    '<p data-style="x" data-onclick="y" title=" style=x">', '</p style="x">',
    '<!-- <p style="x"> -->', '<title><p style="x"></title>',
    "<script>'<p style=\"x\">'</script>", '<a href="#javascript:x">',
    '{{#prize}}<script>a</script>{{/prize}}',
    '<p {{#prize}}class="a"{{/prize}}>', '<svg><path d="M0 0"/></svg>',
);

for my $html (@accepted) {
    my ($status, $emerg) = said('prize_csp on;', $html);

    is($status, 0, "accepted: $html") or diag($emerg);
}

for my $value ('""', 'yes', '"img-src $arg_a"', '"img-src a, b"',
               "\"img-src \xe4\xb8\xad\"", '"img_src a"', '";"',
               '"img-src a; IMG-SRC b"')
{
    my ($status, $emerg, $dir, $line) = said("prize_csp $value;");

    subtest "prize_csp $value" => sub {
        isnt($status, 0, 'nginx -t fails');
        like($emerg, qr{"prize_csp" takes }, 'and says so');
        like($emerg, qr{ in \Q$dir/nginx.conf:\E@{[ $line->('there') ]}$},
             'with the line');
    };
}

my ($twice, $emerg) = said('prize_csp on; prize_csp off;');
isnt($twice, 0, 'it stands once in a level');
like($emerg, qr/"prize_csp" directive is duplicate/, 'and nginx says so');

done_testing();
