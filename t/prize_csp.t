use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_base64);
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# prize_csp: the header, the hashes in it, what is inherited, and the pages
# that "nginx -t" refuses under it.


# a style or a script, as a policy names it

sub hash_of {
    my ($text) = @_;

    return "'sha256-" . sha256_base64($text) . "='";
}


run_tests();

__DATA__

=== TEST 1: a page has no policy by default
--- redis: HSET employee:7 id 7
--- page: <style>p{color:red}</style>
--- request: GET /h5?id=7
--- response_body: <style>p{color:red}</style>
--- response_headers: !Content-Security-Policy

=== TEST 2: off: a page has no policy, and may have what a hash does not cover
--- redis: HSET employee:7 id 7
--- page
<p style="top:0" onclick="x()"><a href="javascript:x()"></a></p>
<svg><style>p{color:red}</style></svg>
<script>a{{#prize}}b{{/prize}}</script>
<style>p{color:red}
--- config: location = /h5 { prize_page page.html; prize_csp off; }
--- request: GET /h5?id=7
--- response_body
<p style="top:0" onclick="x()"><a href="javascript:x()"></a></p>
<svg><style>p{color:red}</style></svg>
<script>a</script>
<style>p{color:red}
--- response_headers: !Content-Security-Policy

=== TEST 3: on: a page without a style and a script
--- redis: HSET employee:7 id 7
--- page: <p>{{id}}</p>
--- config
    location = /on { prize_page page.html; prize_csp on; }
    location = /ON { prize_page page.html; prize_csp ON; }
--- request eval: ["GET /on?id=7", "GET /ON?id=7"]
--- response_headers eval
[("Content-Security-Policy: default-src 'none'; img-src data:;"
  . " base-uri 'none'; form-action 'none'; frame-ancestors 'none'") x 2]

=== TEST 4: on: the hashes of all styles and scripts, shown or not
--- redis
HSET employee:7 id 7 prize phone
HSET employee:8 id 8 prize no
--- page
<!DOCTYPE html>
<html><head><title>a <style>not one</style></title>
<!-- <script>nor this</script> -->
<style>
p{color:red}
/* 中 {} */
</style>
{{#prize}}
<STYLE media="print">b{top:0}</STYLE >
{{/prize}}
</head><body data-id="{{id}}">
<script>
var a = '</scr' + '<!-', b = "<b>";
</script><script src="x.js"></script>
<p title='style="x" onclick="y"'>{{id}}</p>
</body></html>
--- config: location = /h5 { prize_page page.html; prize_csp on; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- response_headers eval
[("Content-Security-Policy: default-src 'none'; img-src data:; style-src "
  . ::hash_of("\np{color:red}\n/* 中 {} */\n") . " " . ::hash_of("b{top:0}")
  . "; script-src "
  . ::hash_of("\nvar a = '</scr' + '<!-', b = \"<b>\";\n")
  . "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'") x 2]

=== TEST 5: line ends are hashed as browsers read them
--- redis: HSET employee:7 id 7
--- pages eval
">>> crlf.html\n<style>\r\np{}\r\n</style>\r\n<script>\r\na\r\n</script>\r\n"
. ">>> cr.html\n<style>\ra{}\r\n\rb{}\n\r</style>"
--- config
    location = /crlf { prize_page crlf.html; prize_csp on; }
    location = /cr { prize_page cr.html; prize_csp on; }
--- request eval: ["GET /crlf?id=7", "GET /cr?id=7"]
--- response_headers eval
["Content-Security-Policy: default-src 'none'; img-src data:; style-src "
 . ::hash_of("\np{}\n") . "; script-src " . ::hash_of("\na\n")
 . "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
 "Content-Security-Policy: default-src 'none'; img-src data:; style-src "
 . ::hash_of("\na{}\n\nb{}\n\n")
 . "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]

=== TEST 6: a comment {{! }} is no part of a script
--- redis: HSET employee:7 id 7
--- page
<script>a{{! one }}b
{{! two }}
c</script>
--- config: location = /h5 { prize_page page.html; prize_csp on; }
--- request: GET /h5?id=7
--- response_body
<script>ab
c</script>
--- response_headers eval
"Content-Security-Policy: default-src 'none'; img-src data:; script-src "
. ::hash_of("ab\nc")
. "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

=== TEST 7: a script that seems to end earlier
--- redis: HSET employee:7 id 7
--- page: <script><!-- <script>x</script> --></script >
--- config: location = /h5 { prize_page page.html; prize_csp on; }
--- request: GET /h5?id=7
--- response_headers eval
"Content-Security-Policy: default-src 'none'; img-src data:; script-src "
. ::hash_of("<!-- <script>x</script> -->")
. "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

=== TEST 8: an empty style has a hash, and an empty script needs none
--- redis: HSET employee:7 id 7
--- page: <style></style><script></script>
--- config: location = /h5 { prize_page page.html; prize_csp on; }
--- request: GET /h5?id=7
--- response_headers eval
"Content-Security-Policy: default-src 'none'; img-src data:; style-src "
. ::hash_of("")
. "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

=== TEST 9: what only looks like something that a hash does not cover
--- redis: HSET employee:7 id 7
--- page
<title><p style="x"></title>
<p data-style="x" data-onclick="y" title=" style=x"></p style="x">
<!-- <p style="x"> -->
<script>'<p style="x">'</script>
<a href="#javascript:x"></a>
{{#prize}}<script>a</script>{{/prize}}
<p {{#prize}}class="a"{{/prize}}>
<svg><path d="M0 0"/></svg>
--- config: location = /h5 { prize_page page.html; prize_csp on; }
--- request: GET /h5?id=7
--- response_headers eval
"Content-Security-Policy: default-src 'none'; img-src data:; script-src "
. ::hash_of("'<p style=\"x\">'") . " " . ::hash_of("a")
. "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

=== TEST 10: each of several pages has its own policy
--- redis
HSET employee:7 id 7 prize phone
HSET employee:8 id 8 prize no
--- pages
>>> gold.html
<style>gold{}</style>
>>> rest.html
<p>{{id}}</p>
--- config
    location = /h5 {
        prize_csp on;
        prize_page gold.html if=prize=phone;
        prize_page rest.html;
    }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- response_headers eval
["Content-Security-Policy: default-src 'none'; img-src data:; style-src "
 . ::hash_of("gold{}")
 . "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
 "Content-Security-Policy: default-src 'none'; img-src data:;"
 . " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]

=== TEST 11: add_header does not stand beside it, other headers do
--- redis: HSET employee:7 id 7
--- page: <p>{{id}}</p>
--- config
    location = /on {
        prize_page page.html;
        prize_csp on;
        add_header content-security-policy "default-src *";
        add_header Content-Security-Policy-Report-Only "img-src a:";
        add_header X-More more;
    }
    location = /off {
        prize_page page.html;
        add_header Content-Security-Policy "default-src *";
    }
--- request eval: ["GET /on?id=7", "GET /off?id=7"]
--- response_headers eval
["Content-Security-Policy: default-src 'none'; img-src data:;"
 . " base-uri 'none'; form-action 'none'; frame-ancestors 'none'\n"
 . "Content-Security-Policy-Report-Only: img-src a:\nX-More: more",
 "Content-Security-Policy: default-src *"]

=== TEST 12: an error has the policy that add_header gives it
--- redis
--- page: <p>{{id}}</p>
--- config
    location = /add {
        prize_page page.html;
        prize_csp on;
        add_header Content-Security-Policy "default-src *" always;
    }
    location = /page {
        prize_page page.html;
        prize_csp on;
        error_page 404 /error;
    }
    location = /error {
        add_header Content-Security-Policy "default-src a:" always;
        return 200 error;
    }
    location = /none { prize_page page.html; prize_csp on; }
--- request eval: ["GET /add?id=7", "GET /page?id=7", "GET /none?id=7"]
--- error_code eval: [404, 404, 404]
--- response_headers eval
["Content-Security-Policy: default-src *",
 "Content-Security-Policy: default-src a:",
 "!Content-Security-Policy"]

=== TEST 13: directives of the list are added to, others follow
--- redis: HSET employee:7 id 7
--- page: <p>{{id}}</p>
--- config
    location = /beside { prize_page page.html; prize_csp "img-src 'self'"; }
    location = /follow {
        prize_page page.html;
        prize_csp " font-src  data: ;; sandbox;";
    }
--- request eval: ["GET /beside?id=7", "GET /follow?id=7"]
--- response_headers eval
["Content-Security-Policy: default-src 'none'; img-src data: 'self';"
 . " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
 "Content-Security-Policy: default-src 'none'; img-src data:;"
 . " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
 . " font-src data:; sandbox"]

=== TEST 14: added sources take the place of 'none', and 'none' that of ours
--- redis: HSET employee:7 id 7
--- page
<style>a{}</style>
<style>b{}</style>
<script>x()</script>
--- config
    location = /many {
        prize_page page.html;
        prize_csp "Style-Src https://a.example 'unsafe-hashes';
                   script-src-elem https://b.example; img-src 'none';
                   base-uri 'self'; default-src 'self'";
    }
    location = /none { prize_page page.html; prize_csp "script-src 'none'"; }
--- request eval: ["GET /many?id=7", "GET /none?id=7"]
--- response_headers eval
["Content-Security-Policy: default-src 'self'; img-src 'none'; style-src "
 . ::hash_of("a{}") . " " . ::hash_of("b{}")
 . " https://a.example 'unsafe-hashes'; script-src " . ::hash_of("x()")
 . "; script-src-elem " . ::hash_of("x()") . " https://b.example;"
 . " base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
 "Content-Security-Policy: default-src 'none'; img-src data:; style-src "
 . ::hash_of("a{}") . " " . ::hash_of("b{}") . "; script-src 'none';"
 . " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]

=== TEST 15: prize_csp in http, a server, a location, an if, a limit_except
--- http_config
    prize_csp "img-src http:";
    server {
        listen unix:$TEST_NGINX_SERVROOT/logs/x.sock;
        location = /http { prize_page page.html; }
    }
--- redis: HSET employee:7 id 7
--- page: <p>{{id}}</p>
--- config
    prize_csp "img-src server:";

    location = /http {
        proxy_pass http://unix:$TEST_NGINX_SERVROOT/logs/x.sock;
    }
    location = /server { prize_page page.html; }
    location = /location { prize_page page.html; prize_csp on; }
    location = /off { prize_page page.html; prize_csp off; }
    location = /if {
        prize_page page.html;
        prize_csp "img-src location:";
        if ($arg_off) { prize_csp off; }
        if ($arg_on) { prize_csp "sandbox"; }
    }
    location = /limit_except {
        prize_page page.html;
        limit_except POST { prize_csp "img-src except:"; }
    }
--- request eval
[map { "GET $_&id=7" }
 qw(/http? /server? /location? /off? /if? /if?off=1 /if?on=1 /limit_except?)]
--- response_headers eval
[map { /^!/ ? $_ : "Content-Security-Policy: default-src 'none';"
       . " img-src data:$_->[0]; base-uri 'none'; form-action 'none';"
       . " frame-ancestors 'none'$_->[1]" }
 [" http:", ""], [" server:", ""], ["", ""], "!Content-Security-Policy",
 [" location:", ""], "!Content-Security-Policy", ["", "; sandbox"],
 [" except:", ""]]

=== TEST 16: refused: a style attribute, in the third line
--- page
<p>
 <b
  style='top:0'>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config
    location = /h5 {
        prize_page page.html; # here
        prize_csp on;
    }
--- must_die
"prize_csp" has no hash for
/conf/page.html:3:3: style attribute: expected a class, in

=== TEST 17: refused: a style attribute in capitals
--- page: <p STYLE>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die: /conf/page.html:1:4: style attribute: expected a class, in

=== TEST 18: refused: a style attribute in a section
--- page: <p{{#prize}} style=""{{/prize}}>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die: /conf/page.html:1:14: style attribute: expected a class, in

=== TEST 19: refused: a style attribute with a comment in its name
--- page: <p sty{{! }}le="">
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die: /conf/page.html:1:13: style attribute: expected a class, in

=== TEST 20: refused: a style attribute without a space before it
--- page: <p class="a"style="">
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die: /conf/page.html:1:13: style attribute: expected a class, in

=== TEST 21: refused: an on... attribute
--- page: <a href="#" onClick="x()">
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:1:13: on... attribute: expected addEventListener() in a script of the page, in

=== TEST 22: refused: a javascript: link
--- page
<p><a href="Java&#9;script:x()"><a href=" java
script:x()">
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:1:36: javascript: URL: expected addEventListener() in a script of the page, in

=== TEST 23: refused: a style inside of svg
--- page
<svg>
<style>a{}</style></svg>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:2:7: <style> or <script> inside <svg> or <math>: expected it outside, in

=== TEST 24: refused: a section inside of a script
--- page
<script>a
{{#prize}}b{{/prize}}</script>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:2:1: section inside <style> or <script>: expected the whole element in the section, in

=== TEST 25: refused: a section inside of a style
--- page
<style>a{}
{{^prize}}b{}{{/prize}}</style>
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:2:1: section inside <style> or <script>: expected the whole element in the section, in

=== TEST 26: refused: a style that is not closed
--- page
<style>a{}
--- http_config: prize_redis_pass $TEST_NGINX_DEAD;
--- config: location = /h5 { prize_page page.html; prize_csp on; } # here
--- must_die
/conf/page.html:2:1: <style> or <script> that is not closed: expected its end tag, in

=== TEST 27: refused: a policy without a directive
--- config: prize_csp ""; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "": it is empty in

=== TEST 28: refused: a policy of separators
--- config: prize_csp ";"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not ";": it is empty in

=== TEST 29: refused: a policy that is no policy
--- config: prize_csp yes; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "yes": expected the name of a directive and its sources, as in "img-src 'self'" in

=== TEST 30: refused: a directive with a character that none has
--- config: prize_csp "img_src a"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "img_src a": expected the name of a directive and its sources, as in "img-src 'self'" in

=== TEST 31: refused: a policy with a variable
--- config: prize_csp "img-src $arg_a"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "img-src $arg_a": a variable in

=== TEST 32: refused: two policies
--- config: prize_csp "img-src a, b"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "img-src a, b": expected printable ASCII without a comma in

=== TEST 33: refused: a policy that is not ASCII
--- config: prize_csp "img-src 中"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "img-src 中": expected printable ASCII without a comma in

=== TEST 34: refused: a directive twice
--- config: prize_csp "img-src a; IMG-SRC b"; # here
--- must_die
"prize_csp" takes "on", "off" or directives of a policy to add, not "img-src a; IMG-SRC b": browsers ignore the second directive of one name in

=== TEST 35: refused: "prize_csp" twice
--- config
    prize_csp off;
    prize_csp on; # here
--- must_die: "prize_csp" directive is duplicate

=== TEST 36: a warning of what the policy blocks, with the directive to add
--- redis: HSET employee:7 id 7
--- page
<html><head><base href="/">
<link rel="stylesheet" href="/a.css">
<link rel="icon" href="https://img.example/a.png">
<script src="//js.example/a.js"></script></head><body>
<img src="/{{^id}}a{{/id}}"><img src="b.png"><img src="data:image/png,">
<iframe src="https://frame.example/?{{id}}"></iframe>
<form><button formaction="?b">b</button></form>
<video src="/a" poster="/b"></video>
<object data="/c"></object><a ping="https://p.example/" href="/d">d</a>
--- config
    location = /h5 {
        prize_csp on;
        prize_page page.html; # here
    }
--- request: GET /h5?id=7
--- response_headers_like: Content-Security-Policy: default-src 'none';.*
--- grep_error_log eval: qr/blocks the .*?, in/
--- grep_error_log_out eval
CORE::join '', map { my ($what, $place, $wanted) = @$_;
               "blocks the $what of $ENV{TEST_NGINX_SERVROOT}/conf/page.html:"
               . "$place: expected \"$wanted\" in it, in\n" }
    ['<base href>', '1:19', "base-uri 'self'"],
    ['<link>', '2:24', "style-src 'self'"],
    ['<link>', '3:18', 'img-src https://img.example'],
    ['<script src>', '4:9', 'script-src js.example'],
    ['<img src>', '5:6', "img-src 'self'"],
    ['<iframe src>', '6:9', 'frame-src https://frame.example'],
    ['<form>', '7:1', "form-action 'self'"],
    ['<video src>', '8:8', "media-src 'self'"],
    ['<object data>', '9:9', "object-src 'self'"],
    ['<a ping>', '9:31', 'connect-src https://p.example']

=== TEST 37: no warning of what the policy allows
--- redis: HSET employee:7 id 7
--- page
<html><head><base href="/"><link rel="stylesheet" href="/a.css">
<link rel="icon" href="https://img.example/a.png"><link rel="next" href="/x">
<script src="https://js.example/a.js"></script></head><body>
<img src="/a"><img src="DATA:image/png,"><img src="">
<iframe src="https://frame.example/?{{id}}"></iframe><iframe></iframe>
<form action="https://a.form.example:8080/?{{id}}"></form>
<video src="/a"></video><a href="/d">d</a><svg><use href="#a"/></svg>
--- config
    location = /h5 {
        prize_page page.html;
        prize_csp "base-uri 'self'; style-src-elem 'self'; form-action
                   *.form.example; default-src https:; img-src 'self'
                   img.example; script-src https://js.example";
    }
--- request: GET /h5?id=7
--- no_error_log: [warn]

=== TEST 38: no warning of what a policy in the page blocks as well
--- redis: HSET employee:7 id 7
--- page
<html><head><meta http-equiv="content-security-policy"
content="default-src https://a.example; frame-src https://b.example"></head>
<body><img src="data:,a"><img src="https://c.example/a">
<iframe src="https://b.example/"></iframe><form></form>
--- config: location = /h5 { prize_csp on; prize_page page.html; }
--- request: GET /h5?id=7
--- grep_error_log eval: qr/expected ".*?"/
--- grep_error_log_out
expected "frame-src https://b.example"
expected "form-action 'self'"

=== TEST 39: no warning of a scheme that is more secure than the policy's
--- redis: HSET employee:7 id 7
--- page
<body><img src="https://a.example/a"><img src="http://a.example/a">
<img src="/a"><img src="//b.example/a"><video src="https://a.example/a">
</video><a href="/a" ping="https://a.example/a">a</a>
<iframe src="https://a.example/"></iframe>
--- config
    location = /h5 {
        prize_page page.html;
        prize_csp "img-src HTTP:; media-src http://a.example; connect-src ws:;
                   frame-src wss:";
    }
--- request: GET /h5?id=7
--- no_error_log: [warn]

=== TEST 40: a warning of a scheme that is less secure than the policy's
--- redis: HSET employee:7 id 7
--- page
<body><img src="http://a.example/a"><video src="http://a.example/a"></video>
<a href="/a" ping="http://a.example/a">a</a><iframe src="data:,a"></iframe>
--- config
    location = /h5 {
        prize_page page.html;
        prize_csp "img-src https:; media-src https://a.example; connect-src
                   wss:; frame-src http:";
    }
--- request: GET /h5?id=7
--- grep_error_log eval: qr/expected ".*?"/
--- grep_error_log_out
expected "img-src http://a.example"
expected "media-src http://a.example"
expected "connect-src http://a.example"
expected "frame-src data:"

=== TEST 41: a warning of images of SVG and of backgrounds, not of what the page itself has
--- redis: HSET employee:7 id 7
--- page
<body background="//body.example/">
<table background="//table.example/"><colgroup background="//colgroup.example/">
<col background="//col.example/"></colgroup><thead background="//thead.example/">
<tr background="//tr.example/"><th background="//th.example/"></th></tr></thead>
<tbody background="//tbody.example/"></tbody>
<tfoot background="//tfoot.example/"><tr><td background="//td.example/">
</td></tr></tfoot></table><svg><use href="//use.example/#a"/>
<use xlink:href="//x-use.example/#a"/><use href="#a"/><use href=" #b"/>
<feImage href="//fe.example/"/><feImage xlink:href="//x-fe.example/"/>
<feImage href="#a"/><image href="//image.example/"/></svg>
--- config: location = /h5 { prize_csp on; prize_page page.html; }
--- request: GET /h5?id=7
--- grep_error_log eval: qr/expected ".*?"/
--- grep_error_log_out eval
CORE::join '', map { qq{expected "img-src $_.example"\n} }
    qw(body table colgroup col thead tr th tbody tfoot td use x-use fe x-fe image)

=== TEST 42: a warning of an image that is the page itself, as a # alone says
--- redis: HSET employee:7 id 7
--- page: <body><svg><use href="#a"/></svg><img src="#a">
--- config: location = /h5 { prize_csp on; prize_page page.html; }
--- request: GET /h5?id=7
--- grep_error_log eval: qr/blocks the <.*?>/
--- grep_error_log_out
blocks the <img src>

=== TEST 43: a warning of <image> outside of SVG and of an area, not of a dialog's form
--- redis: HSET employee:7 id 7
--- page
<body><dialog><form method="dialog"><button>a</button></form></dialog>
<image src="//image.example/a"><map><area ping="//area.example/"></map>
--- config: location = /h5 { prize_csp on; prize_page page.html; }
--- request: GET /h5?id=7
--- grep_error_log eval: qr/blocks the <.*?>/
--- grep_error_log_out
blocks the <image src>
blocks the <area ping>
