use strict;
use warnings;

use lib 't/lib';
use Test::Nginx::Socket 'no_plan';
use Test::Prize::Socket;

# What a page is written in, as the module sends it, and how it reports a page
# that does not compile.  t/unit/template.c proves each value that is false,
# each place where a value may not stand, and each message with its line and
# column; t/prizectl/mustache.t what the language's specification asks.

run_tests();

__DATA__

=== TEST 1: fields, sections, comments and other delimiters
--- redis
HSET employee:7 id 7 name "<O'Neil>" prize phone seat ''
HSET employee:8 id 8 name '"Ben" & Co' prize No seat 0
--- page
Dear {{name}} of {{{seat}}}!
  {{! a line that holds nothing but a tag is not sent }}
{{#prize}}
  You won a {{ prize }}{{^seat}}, and stand{{/seat}}.
{{/prize}}
{{^prize}}
  Thank you.
{{/prize}}
{{=<% %>=}}
{{name}} is for the front-end of <%id%>
--- config: location = /h5 { prize_page page.html raw=seat; }
--- request eval: ["GET /h5?id=7", "GET /h5?id=8"]
--- response_body eval
["Dear &lt;O&#39;Neil&gt; of !\n  You won a phone, and stand.\n"
 . "{{name}} is for the front-end of 7\n",
 "Dear &quot;Ben&quot; &amp; Co of 0!\n  Thank you.\n"
 . "{{name}} is for the front-end of 8\n"]

=== TEST 2: what says no
# A wrong yes gives everybody a phone; t/unit/template.c has all of it.
--- redis
HSET employee:1 id 1 prize N/A
HSET employee:2 id 2 prize 未中奖
HSET employee:3 id 3 prize '　－ '
HSET employee:4 id 4 prize ０．００
HSET employee:5 id 5 prize 无人机
HSET employee:6 id 6 prize "N/A yet"
--- page
{{#prize}}won {{prize}}{{/prize}}{{^prize}}nothing{{/prize}}
--- config
    location = /h5 {
        prize_page page.html if=prize;
        prize_page page.html;
    }
--- request eval: [map { "GET /h5?id=$_" } 1 .. 6]
--- response_body eval
["nothing\n", "nothing\n", "nothing\n", "nothing\n", "won 无人机\n",
 "won N/A yet\n"]

=== TEST 3: where a value may stand
--- redis: HSET employee:7 id 7 v "a\"b'<c>&"
--- page
<title>{{v}}</title>
<!-- {{v}} -->
<p class="{{v}}" data-name='{{v}}'{{#v}} hidden{{/v}}>{{v}}</p>
<a href="/v{{v}}"><a href="?{{v}}"><a href="#{{v}}"><a href="https://{{v}}">
<a href="tel:{{v}}"><a href="mailto:{{v}}"><a href="sms:{{v}}">
<a href="https://h/?v={{v}}"><img src="?{{v}}"><form action="#{{v}}">
<img src="data:image/png;base64,{{v}}"><iframe title="{{v}}"></iframe>
<option{{#v}} selected{{/v}}>{{v}}</option><script>a()</script>
--- request: GET /h5?id=7
--- response_body eval
<<'HTML' =~ s/~/a&quot;b&#39;&lt;c&gt;&amp;/gr
<title>~</title>
<!-- ~ -->
<p class="~" data-name='~' hidden>~</p>
<a href="/v~"><a href="?~"><a href="#~"><a href="https://~">
<a href="tel:~"><a href="mailto:~"><a href="sms:~">
<a href="https://h/?v=~"><img src="?~"><form action="#~">
<img src="data:image/png;base64,~"><iframe title="~"></iframe>
<option selected>~</option><script>a()</script>
HTML

=== TEST 4: a page that does not compile, with file, line and column
--- page
<p>
  {{name
--- config: location = /h5 { prize_page page.html; } # here
--- must_die eval
qr/"prize_page" \/.*\/conf\/page\.html:2:3: tag "name" is not closed: expected "\}\}" before the end of the page in /

=== TEST 5: a value where escaping does not protect
--- page
<p>
<script>var name = '{{name}}'</script>
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
page.html:2:21: field "name" inside <script>, where escaping does not protect: expected it in a quoted attribute (data-...) that the script reads in

=== TEST 6: a raw tag of a field that raw= does not name
--- page
<p>

  {{{name}}}</p>
--- config: location = /h5 { prize_page page.html raw=names,nam; } # here
--- must_die
page.html:3:3: raw tag of field "name" is not allowed: expected {{name}}, or raw=name where the page is named in

=== TEST 7: a raw tag outside of text, whatever raw= says
--- page: <p title="{{{name}}}">
--- config: location = /h5 { prize_page page.html raw=name; } # here
--- must_die
page.html:1:11: field "name" raw outside text: expected an escaped tag here in

=== TEST 8: a value that would decide what is run
--- page
<p>
<script src="/{{v}}"></script>
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
page.html:2:15: field "v" in a URL that is code or a base for others: expected the whole URL in the page in

=== TEST 9: a value that a parser would move
--- page
<table>
<tr>{{v}}<td></table>
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
page.html:2:5: field "v" directly in a table, which a parser moves out of it: expected it in a cell (<td>, <th>) or in <caption> in

=== TEST 10: what is wrong with a value shows only behind it
--- page
{{v}}
<title>a</title>
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
page.html:1:1: value before <body>, where a parser moves text and what follows it: expected <body> before it in

=== TEST 11: a value that would be one thing with scripts and another without
--- page
<body><noscript><p title="</noscript><script>var p={{v}}</script>"></noscript>
--- config: location = /h5 { prize_page page.html; } # here
--- must_die
page.html:1:37: </noscript> that ends it only where scripts run: expected it as an end tag of its own in

=== TEST 12: other delimiters, and a value that a framework would look into
--- redis: HSET employee:7 id 7 v '{{a}}'
--- pages
>>> open.html
{{=<% %>=}}<div v-pre><%v%></div>
<p><%v%></p>
>>> page.html
{{=<% %>=}}<div v-pre><p><%v%></p></div>
--- config
    location = /open { prize_page open.html; } # here
    location = /h5 { prize_page page.html; }
--- request: GET /h5?id=7
--- response_body
<div v-pre><p>{{a}}</p></div>
--- error_log
open.html:2:4: a value in text of a page with other delimiters: a front-end framework that fills {{...}} would run what the value has between these; expected it inside of an element with v-pre or ng-non-bindable in
--- no_error_log
page.html:1

=== TEST 13: a value that Vue or AngularJS would look into, with {{ }}
--- redis: HSET employee:7 id 7 v '{{a}}'
--- pages
>>> text.html
<p>{{v}}</p>
<b v-if="a">b</b>
>>> attribute.html
<p title="{{v}}" ng-if="a">b</p>
>>> page.html
<p v-pre>{{v}}</p><b v-if="a">b</b>
--- config
    location = /text { prize_page text.html; } # here
    location = /attribute { prize_page attribute.html; }
    location = /h5 { prize_page page.html; }
--- request: GET /h5?id=7
--- response_body
<p v-pre>{{a}}</p><b v-if="a">b</b>
--- error_log
text.html:1:4: a value in text of a page with attributes of Vue or AngularJS, which would run what the value has between {{ and }}; expected it inside of an element with v-pre or ng-non-bindable in
attribute.html:1:11: a value in an attribute of a page with attributes of AngularJS, which would run what the value has between {{ and }}, and ng-init of a class; expected it in an element with ng-non-bindable in
--- no_error_log
page.html:1
