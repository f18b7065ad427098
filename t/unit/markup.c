
#include "compile.h"


/* where a tag may stand, and where it may not */

static const char  *allowed[] = {
    "<p>{{x}}</p>", "<P CLASS=\"{{x}}\">", "<p class='a {{x}}'>",
    "<p class = \"{{x}}\">", "a < b {{x}}", "<3 {{x}}",
    "<p title=\"a > b\">{{x}}", "<p title='\"'>{{{r}}}",
    "<!DOCTYPE html>{{x}}", "<!-- <script> -->{{{r}}}",
    "<!-- {{x}} -->{{{r}}}", "<!--{{x}}-->{{{r}}}", "<!-->{{{r}}}",
    "<!--->{{{r}}}", "<!-- a --!>{{{r}}}", "<?xml ?>{{{r}}}",
    "</>{{{r}}}", "</ x>{{{r}}}", "<!>{{{r}}}", "<!->{{{r}}}",
    "<title>{{x}}</title>{{{r}}}", "<textarea>{{x}}</textarea>{{{r}}}",
    "<title>a<b>{{x}}</title>", "<iframe>a</iframe>{{{r}}}",
    "<script>var a = '</p>';</script><p>{{x}}", "<SCRIPT></ScRiPt >{{{r}}}",
    "<script></script/>{{{r}}}", "<script src=a></script\n>{{{r}}}",
    "<script></scripts></script>{{{r}}}", "<scripts>{{{r}}}",
    "<script>{{#x}}a(){{/x}}</script>{{{r}}}",
    "<style>{{#x}}a { }{{/x}}{{^x}}b { }{{/x}}</style><p>{{x}}",
    "<script><!-- a --></script>{{{r}}}",
    "<script><!-- <script> </script> --></script>{{{r}}}",
    "<script><!-- <script> </script></script>{{{r}}}",
    "<svg><title>{{{r}}}</title></svg>", "<svg/><p>{{{r}}}</p>",
    "<svg><script/>{{{r}}}", "<svg><style/>{{{r}}}</svg>",
    "<svg><![CDATA[ > {{x}} ]]>{{{r}}}</svg>", "<![CDATA[ >{{{r}}}",
    "<p data-click=\"{{x}}\" data-style='{{x}}'>",
    "<p data-something-on-it=\"{{x}}\">",
    "<a href=\"/a{{x}}\">", "<a href=\"?id={{x}}\">",
    "<a href=\"#{{x}}\">", "<a href=\"https://{{x}}\">",
    "<a href=\"http://a/{{x}}\">", "<a href=' /a/{{x}}?b={{y}}'>",
    "<img src=\"img/{{x}}.png\">", "<form ACTION='/a?b={{x}}'>",
    "<a href=\"HTTPS://{{x}}\">",
    "<a href=\"{{#x}}/a{{/x}}{{^x}}/b{{/x}}?c={{y}}\">",
    "<a href=\"/a{{#x}}b{{/x}}{{y}}\">",
    "<a href=/a>{{{r}}}", "<a href=a/b>{{{r}}}", "<a onclick=b()>{{x}}",
    "<a onclick=\"b('>')\">{{{r}}}", "<a style=\"b: c\">{{{r}}}",

    /* a section may hold elements, attributes and parts of a value */
    "{{#x}}<div>{{/x}}a{{#x}}</div>{{/x}}{{{r}}}",
    "<p{{#x}} class=\"a\"{{/x}}>{{{r}}}",
    "<p {{#x}}class=\"a\"{{/x}}>{{{r}}}",
    "<p {{#x}}class=\"{{y}}\"{{/x}} id=\"{{y}}\">{{{r}}}",
    "<p a=\"b\"{{#x}} hidden{{/x}}{{#y}} lang='a'{{/y}}>{{{r}}}",
    "<input {{#x}}checked {{/x}}name=\"{{y}}\">",
    "<input{{#x}} checked{{/x}}{{^x}} disabled{{/x}} name=\"{{y}}\">",
    "<p class=\"a{{#x}} b{{/x}} {{y}}\">{{{r}}}",
    "<br{{#x}} hidden{{/x}}/>{{{r}}}",
    "{{#x}}<script>a</script>{{/x}}<p title=\"{{y}}\">",
    "<p>{{#x}}<img src=\"/a.png\">{{/x}}{{y}}",
    "<p>{{#x}}<a href=\"/a\">{{/x}}{{y}}{{#x}}</a>{{/x}}",
    "<a{{#x}} href=\"/a?{{x}}\"{{/x}} title=\"{{y}}\">",
    "<p><img src=\"/a.png\">{{#x}}<b>{{y}}</b>{{/x}}",
    "<!-- {{#x}} a {{/x}} -->{{{r}}}",
    "{{! no tag <script> }}{{{r}}}",
};


/* beside what is refused below, what is written instead */

static const char *const  instead[] = {

    /* what is loaded, submitted to or followed */
    "<script src=\"/a.js\" data-x=\"{{x}}\"></script>",
    "<base href=\"/\"><p title=\"{{x}}\">",
    "<iframe src=\"https://a.example/?b={{x}}\">",
    "<iframe src=\"/a#{{x}}\">", "<iframe src=\"/a&amp;b#{{x}}\">",
    "<form action=\"?a={{x}}\">",
    "<button formaction=\"a?b={{x}}\">",
    "<link rel=stylesheet href=\"/a.css\" title=\"{{x}}\">",
    "<img src=\"/img/{{x}}\" alt=\"{{x}}\">",
    "<img src=\"https://a.example/{{x}}\">", "<img src=\"/a{{x}}\">",
    "<img src=\"/?{{x}}\">", "<img src=\"/#{{x}}\">",
    "<img src=\"data:image/png;base64,{{x}}\">",
    "<img src=\"DATA:image/webp;base64,{{x}}\">",
    "<video poster=\"/a-{{x}}.png\">", "<body background='/a?{{x}}'>",
    "<svg><image href=\"/a/{{x}}\"/></svg>",
    "<a href=\"tel:{{x}}\">", "<a href=\"mailto:{{x}}?subject={{y}}\">",
    "<a href=\"sms:{{x}}\">", "<area href=\"https://a{{x}}\">",
    "<a href=\"https://{{x}}/a?b={{y}}\">", "<a href=\"/\ta{{x}}\">",
    "<svg><a href=\"/a{{x}}\"><animate attributeName=\"x\" values=\"1;2\"/>"
    "</a></svg>",
    "<a href=\"{{#x}}tel:{{/x}}{{^x}}/a{{/x}}\">",

    /* what decides */
    "<meta http-equiv=\"refresh\" content=\"9\">",
    "<meta name=\"description\" content=\"{{x}}\">",
    "<p class=\"{{x}}\" v-pre>", "<svg fill=\"red\" class=\"{{x}}\">",
    "<p fill=\"{{x}}\">", "<ol type=\"{{x}}\" name='{{x}}' for='{{x}}'>",
    "<input{{#x}} type=\"radio\"{{/x}} name=\"{{x}}\" value=\"{{x}}\">",
    "<template scope><p scope='{{x}}' data-effects='{{x}}'></template>",
    "<p data-ngo=\"{{x}}\" data=\"a\" xng-a='{{x}}' data-main='{{x}}'>",

    /* comments, and text that is none to some */
    "<!--!--><p title=\"--><script>var p={{x}}</script>\">",
    "<!--{{x}}-->", "<!--{{x}}--!>", "<!--a-{{x}}-b-->",
    "<!--{{#x}}-{{/x}}-->",
    "<body><noscript><p title=\"a\">{{x}}</p></noscript>",
    "<svg><title>{{x}}</title></svg>",
    "<svg><foreignObject><p>{{x}}</p></foreignObject><g>{{y}}</g></svg>",
    "<svg><p><title>{{x}}</title>{{y}}",

    /* where a parser leaves text */
    "<body>{{x}}", "<html><head><title>{{x}}</title></head><body>{{x}}",
    "{{x}}<p>{{y}}", "{{x}} and <b>{{y}}</b>",
    "<table><caption>{{x}}</caption><tr><td>{{y}}<th>{{x}}</table>{{x}}",
    "<table>{{#x}}<tr><td>{{y}}{{/x}}</table>",
    "<table><tr><td><input type=\"hidden\" value=\"{{x}}\"></table>",
    "<p><b>{{x}}</b>{{y}}</p>{{x}}", "<p><b><i>{{x}}</i>{{y}}</b>{{x}}",
    "<select><option{{#x}} selected{{/x}} value=\"{{y}}\">{{y}}</select>",
    "<body><template><tr><td>{{x}}</template>",
    "<body><frame src=\"/?{{x}}\"><svg><frameset>{{x}}</svg>",
    "<p>AT&amp;{{x}} &amp {{y}} &lt;{{x}}",

    /* a mark that is none of the page's characters, and one that is */
    "\xef\xbb\xbf<!DOCTYPE html><title>{{x}}</title><body>{{x}}",
    "<p>{{x}}\xef\xbb\xbf{{y}}",

    /* sections that leave elements open, as others close them */
    "{{#x}}<div>{{/x}}{{^x}}<p>{{/x}}{{y}}{{#x}}</div>{{/x}}{{y}}",
    "{{#x}}<table><tr><td>{{/x}}{{y}}{{#x}}</table>{{/x}}{{y}}",
    "<p{{#x}} class=\"a\"{{/x}}{{^x}} id='b'{{/x}}>{{y}}"
};


static void
places_accepted(const char *const *pages, size_t n)
{
    size_t             i;
    prize_template_t  *page;

    for (i = 0; i < n; i++) {
        page = compile(pages[i]);

        if (!ok(page != NULL, "accepted: %s", pages[i])) {
            printf("# %u:%u: %s\n", error.line, error.column, error.text);
        }

        prize_template_destroy(page);
    }
}


/* what a value would decide, or be more than text in */

static const error_case_t  deciding[] = {
    { "<script src=\"/{{x}}\">", 1, 15, "URL that is code" },
    { "<script src=\"/a?{{x}}\">", 1, 17, "URL that is code" },
    { "<base href=\"/{{x}}\">", 1, 14, "URL that is code" },
    { "<object data=\"#{{x}}\">", 1, 16, "URL that is code" },
    { "<embed src=\"/a{{x}}\">", 1, 15, "URL that is code" },
    { "<link rel=stylesheet href=\"https://{{x}}\">", 1, 36,
      "URL that is code" },
    { "<svg><use href=\"#{{x}}\"/>", 1, 18, "URL that is code" },
    { "<iframe src=\"https://{{x}}\">", 1, 22, "frame or a form" },
    { "<iframe src=\"/a/{{x}}\">", 1, 17, "frame or a form" },
    { "<form action=\"//a?{{x}}\">", 1, 19, "frame or a form" },
    { "<form action=\"/a&#9;{{x}}\">", 1, 21, "frame or a form" },
    { "<iframe src=\"https://a/b&#x62;{{x}}\">", 1, 31, "frame or a form" },
    { "<form action=\"a:?{{x}}\">", 1, 18, "frame or a form" },
    { "<frame src=\"{{x}}\">", 1, 13, "frame or a form" },
    { "<img src=\"/{{x}}\">", 1, 12, "URL that is loaded" },
    { "<img src=\"/\t{{x}}\">", 1, 13, "URL that is loaded" },
    { "<img src=\"/\\{{x}}\">", 1, 13, "URL that is loaded" },
    { "<img src=\"//a/{{x}}\">", 1, 15, "URL that is loaded" },
    { "<img src=\"/&#{{x}};\">", 1, 14, "right behind &" },
    { "<img src=\"/&#47;{{x}}\">", 1, 17, "URL that is loaded" },
    { "<img src=\"https://{{x}}\">", 1, 19, "URL that is loaded" },
    { "<img src=\"https:///{{x}}\">", 1, 20, "URL that is loaded" },
    { "<img src=\"https:/a/{{x}}\">", 1, 20, "URL that is loaded" },
    { "<img src=\"data:image/svg+xml;base64,{{x}}\">", 1, 37,
      "URL that is loaded" },
    { "<video src=\"data:image/png;base64,{{x}}\">", 1, 35,
      "URL that is loaded" },
    { "<video poster='{{x}}'>", 1, 16, "URL that is loaded" },
    { "<body background='{{x}}'>", 1, 19, "URL that is loaded" },
    { "<img srcset=\"/img/{{x}}\">", 1, 19, "list of URLs" },
    { "<link imagesrcset=\"/img/{{x}}\">", 1, 25, "list of URLs" },
    { "<a ping=\"/a/{{x}}\">", 1, 13, "list of URLs" },
    { "<a href=\"/{{x}}\">", 1, 11, "start of a URL" },
    { "<a href=\"\\{{x}}\">", 1, 11, "start of a URL" },
    { "<a href=\"http://{{x}}\">", 1, 17, "start of a URL" },
    { "<a href=\"https:///{{x}}\">", 1, 19, "start of a URL" },

    { "<meta http-equiv=\"refresh\" content=\"0;url={{x}}\">", 1, 43,
      "content of a <meta>" },
    { "<meta content=\"{{x}}\" name=\"Referrer\">", 1, 16,
      "content of a <meta>" },
    { "<meta content='{{x}}'{{#x}} http-equiv='a'{{/x}}>", 1, 16,
      "content of a <meta>" },
    { "<meta name=\"htmx-config\" content=\"{{x}}\">", 1, 35,
      "content of a <meta>" },
    { "<meta name=\"{{x}}\">", 1, 13, "decides what the element is" },
    { "<svg><a href='#'><animate attributeName='href' values='{{x}}'/>", 1,
      56, "decides what the element is" },
    { "<svg><set to='{{x}}'/>", 1, 15, "decides what the element is" },
    { "<svg><animate attributeName='{{x}}'/>", 1, 30, "decides" },
    { "<p is='{{x}}'>", 1, 8, "decides what the element is" },
    { "<script nonce='{{x}}'>", 1, 16, "decides what the element is" },
    { "<script type='{{x}}'>", 1, 15, "decides what the element is" },
    { "<script language='{{x}}'>", 1, 19, "decides what the element is" },
    { "<iframe sandbox='{{x}}'>", 1, 18, "decides what the element is" },
    { "<script data-main='{{x}}'>", 1, 20, "decides what the element is" },
    { "<iframe csp='{{x}}'>", 1, 14, "decides what the element is" },
    { "<meta http-equiv='{{x}}'>", 1, 19, "decides what the element is" },
    { "<link as='{{x}}'>", 1, 11, "decides what the element is" },
    { "<input type='{{x}}' src='/a'>", 1, 14, "decides what the element is" },
    { "<embed type='{{x}}' src='/a'>", 1, 14, "decides what the element is" },
    { "<style type='{{x}}'>", 1, 14, "decides what the element is" },
    { "<source media='{{x}}' srcset='/a'>", 1, 16, "decides what the element" },
    { "<img sizes='{{x}}' srcset='/a 9w'>", 1, 13, "decides what the element" },
    { "<img crossorigin='{{x}}'>", 1, 19, "decides what the element is" },
    { "<link charset='{{x}}'>", 1, 16, "decides what the element is" },
    { "<a rel='{{x}}' target='_blank'>", 1, 9, "decides what the element is" },
    { "<base target='{{x}}'>", 1, 15, "decides what the element is" },
    { "<button formtarget='{{x}}'>", 1, 21, "decides what the element is" },
    { "<form method='{{x}}'>", 1, 15, "decides what the element is" },
    { "<button formenctype='{{x}}'>", 1, 22, "decides what the element is" },
    { "<form accept-charset='{{x}}'>", 1, 23, "decides what the element is" },
    { "<button form='{{x}}'>", 1, 15, "decides what the element is" },
    { "<button command='{{x}}'>", 1, 18, "decides what the element is" },
    { "<param name='movie' value='{{x}}'>", 1, 28, "decides what the element" },
    { "<template shadowrootadoptedstylesheets='{{x}}'>", 1, 41,
      "decides what the element is" },
    { "<svg fill=\"{{x}}\">", 1, 12, "takes url()" },
    { "<svg><g mask=\"{{x}}\">", 1, 15, "takes url()" },
    { "<svg><g marker-end=\"{{x}}\">", 1, 21, "takes url()" },
    { "<a @click=\"{{x}}\">", 1, 12, "front-end framework" },
    { "<a :href=\"{{x}}\">", 1, 11, "front-end framework" },
    { "<p x-data=\"{n:'{{x}}'}\">", 1, 16, "front-end framework" },
    { "<p v-html=\"{{x}}\">", 1, 12, "front-end framework" },
    { "<p hx-on:click=\"{{x}}\">", 1, 17, "front-end framework" },
    { "<p data-ng-init=\"{{x}}\">", 1, 18, "front-end framework" },
    { "<p data-bind=\"{{x}}\">", 1, 15, "front-end framework" },
    { "<p data-onclick=\"{{x}}\">", 1, 18, "front-end framework" },
    { "<p data-on:click=\"{{x}}\">", 1, 19, "front-end framework" },
    { "<p data-one=\"{{x}}\">", 1, 14, "front-end framework" },
    { "<p _=\"{{x}}\">", 1, 7, "front-end framework" },
    { "<p script=\"{{x}}\">", 1, 12, "front-end framework" },
    { "<template #a=\"{{x}}\">", 1, 15, "front-end framework" },
    { "<p .innerHTML=\"{{x}}\">", 1, 16, "front-end framework" },
    { "<p slot-scope=\"{{x}}\">", 1, 16, "front-end framework" },
    { "<p ng_init=\"{{x}}\">", 1, 13, "front-end framework" },
    { "<p data:ng-init=\"{{x}}\">", 1, 18, "front-end framework" },
    { "<p up-on-loaded=\"{{x}}\">", 1, 18, "front-end framework" },
    { "<p wire:click=\"{{x}}\">", 1, 16, "front-end framework" },
    { "<p mv-if=\"{{x}}\">", 1, 11, "front-end framework" },
    { "<template scope=\"{{x}}\">", 1, 18, "front-end framework" },
    { "<p [src]=\"{{x}}\">", 1, 11, "front-end framework" },
    { "<p (click)=\"{{x}}\">", 1, 13, "front-end framework" },
    { "<p *ngIf=\"{{x}}\">", 1, 11, "front-end framework" },
    { "<p sse-connect=\"{{x}}\">", 1, 17, "front-end framework" },
    { "<p data-ws-connect=\"{{x}}\">", 1, 21, "front-end framework" },
    { "<p phx-click=\"{{x}}\">", 1, 15, "front-end framework" },
    { "<p data-dojo-props=\"{{x}}\">", 1, 21, "front-end framework" },
    { "<p data-signals=\"{{x}}\">", 1, 18, "front-end framework" },

    { "<!--!><p title=\"--><script>var p={{x}}</script>\">", 1, 34,
      "inside <script>" },
    { "<body><noscript><p title=\"</noscript><script>var p={{x}}</script>\">",
      1, 37, "ends it only where scripts run" },
    { "<body><noscript><p title=\"{{x}}\">", 1, 27, "inside <noscript>" },
    { "<body><noscript><!-- {{x}} -->", 1, 22, "inside <noscript>" },
    { "<noscript>{{x}}</noscript>", 1, 11, "before <body>" },
    { "<svg><p><title><a b=\"</title><script>var p={{x}}</script>\">", 1, 44,
      "inside <script>" },
    { "<p><b a><b a=''><b a><b a=''></p>a</b></b></b><svg></b><title>"
      "<a onclick=\"{{x}}\">", 1, 75, "on... attribute" },
    { "<svg><font color{{#x}}a{{/x}}><title><a b=\"</title><script>{{y}}", 1,
      30, "attributes of a <font>" },
    { "<svg><style>{{x}}", 1, 13, "inside <style>" },
    { "<svg><desc><![CDATA[{{x}}", 1, 14, "<![CDATA[" },
    { "<iframe>{{x}}", 1, 9, "inside <iframe>" },
    { "<body><noframes>{{x}}", 1, 17, "inside <iframe>" },
    { "<noembed>{{x}}", 1, 10, "inside <iframe>" },
    { "<xmp>{{x}}", 1, 6, "inside <iframe>" },
    { "<plaintext></plaintext>{{x}}", 1, 24, "inside <iframe>" },
    { "<!DOCTYPE {{x}}>", 1, 11, "in <!DOCTYPE>" },
    { "<p>&{{x}}", 1, 5, "right behind &" },
    { "<p>&#x3{{x}}", 1, 8, "right behind &" },
    { "<p title=\"AT&T{{x}}\">", 1, 15, "right behind &" },
    { "<title>&{{x}}", 1, 9, "right behind &" },
    { "<p>&l{{#x}}t;{{/x}}", 1, 6, "right behind &" },

    { "<head>{{x}}</head>", 1, 7, "before <body>" },
    { "<title></title>{{x}}<body>", 1, 16, "before <body>" },
    { "{{x}}<title>a</title>", 1, 1, "value before <body>" },
    { "\n {{x}}<!-- a -->", 2, 2, "value before <body>" },
    { "{{x}}{{y}}<body>", 1, 1, "value before <body>" },
    { "{{x}}<!-- a", 1, 1, "value before <body>" },
    { "{{x}}<!", 1, 1, "value before <body>" },
    { "&#32;{{x}}<!DOCTYPE html>", 1, 6, "value before <body>" },
    { "<body></body>{{x}}", 1, 14, "after </body>" },
    { "<table>{{x}}", 1, 8, "expected it in a cell" },
    { "<table><tr>{{x}}", 1, 12, "expected it in a cell" },
    { "<table><tr><td></tr>{{x}}", 1, 21, "expected it in a cell" },
    { "<table><colgroup>{{x}}", 1, 18, "expected it in a cell" },
    { "<table>{{#x}}<tr><td>{{/x}}{{y}}", 1, 28, "expected it in a cell" },
    { "<table><input type='a{{#x}}b{{/x}}'>", 1, 36, "type of an <input>" },
    { "<table><input{{#x}} type='hidden'{{/x}}>", 1, 40, "type of an <input>" },
    { "<table><input type type='hidden'>", 1, 33, "type of an <input>" },
    { "<math><annotation-xml encoding encoding='text/html'>", 1, 52,
      "encoding of an <annotation-xml>" },
    { "<p><b></p>{{x}}", 1, 11, "opens an element again" },
    { "<p><b></p>{{#x}}a{{/x}}</b>{{#y}}<p><i></p>{{/y}}{{x}}", 1, 50,
      "opens an element again" },
    { "<select><title><a b=\"</title>{{x}}\">", 1, 15, "inside <select>" },
    { "<select><p title=\"{{x}}\">", 1, 25, "inside <select>" },
    { "<frameset><frame src='?{{x}}'></frameset>", 1, 10, "<frameset>" },
    { "\xef\xbb\xbf<title></title>{{x}}", 1, 19, "before <body>" },
    { "{{x}}\xef\xbb\xbf<p>", 1, 6, "byte order mark behind a tag" },
    { "{{#x}}a{{/x}}\xef\xbb\xbf<p>", 1, 14, "byte order mark behind" },
    { "<p>{{#x}}<body>{{/x}}<svg>{{y}}</svg>{{#x}}<textarea>{{/x}}", 1, 54,
      "another place" },
    { "<div>{{x}}</div><frameset>", 1, 26, "expected a page with a <body>" },
    { "{{#x}}<table>{{/x}}{{#y}}<select>{{/y}}<title>", 1, 46,
      "inside <select>" },
    { "{{#x}}<!DOCTYPE html PUBLIC \"a\">{{/x}}<p><table>", 1, 48,
      "<table> in a <p>" }
};


static const error_case_t  refused[] = {
    { "<script>{{x}}", 1, 9, "field \"x\" inside <script>" },
    { "<script>\n var a = '{{x}}';</script>", 2, 11, "<script>" },
    { "<script>{{{r}}}", 1, 9, "<script>" },
    { "<SCRIPT\nsrc='/a'>{{x}}", 2, 10, "<script>" },
    { "<script>{{#x}}{{y}}{{/x}}", 1, 15, "<script>" },
    { "<script></scripts>{{x}}", 1, 19, "<script>" },
    { "<script><!-- <script> </script>{{x}}", 1, 32, "<script>" },
    { "<script/>{{x}}", 1, 10, "<script>" },
    { "<svg><script>{{x}}", 1, 14, "<script>" },
    { "<title></title><style>{{x}}", 1, 23, "inside <style>" },
    { "<style>a { b: '{{x}}' }", 1, 16, "inside <style>" },
    { "{{#y}}<style>{{x}}</style>{{/y}}", 1, 14, "inside <style>" },

    { "<a class={{x}}>", 1, 10, "without quotes" },
    { "<a class=b{{x}}>", 1, 11, "without quotes" },
    { "<a class= {{x}}>", 1, 11, "without quotes" },
    { "<a {{x}}>", 1, 4, "names of an HTML tag" },
    { "<a b{{x}}>", 1, 5, "names of an HTML tag" },
    { "<a{{x}}>", 1, 3, "names of an HTML tag" },
    { "<a b {{x}}>", 1, 6, "names of an HTML tag" },
    { "<a b='c'{{x}}>", 1, 9, "names of an HTML tag" },
    { "<a /{{x}}>", 1, 5, "names of an HTML tag" },
    { "</a {{x}}>", 1, 5, "names of an HTML tag" },
    { "<{{x}}>", 1, 2, "middle of markup" },
    { "</{{x}}>", 1, 3, "middle of markup" },
    { "<!{{x}}>", 1, 3, "middle of markup" },
    { "<title></tit{{x}}", 1, 13, "middle of markup" },
    { "<title></title{{x}}", 1, 15, "middle of markup" },
    { "<script></{{#x}}script>{{/x}}", 1, 11, "middle of markup" },

    { "<a onclick=\"b('{{x}}')\">", 1, 16, "on... attribute" },
    { "<a ONfoo='{{x}}'>", 1, 11, "on... attribute" },
    { "<a onbeforescriptexecute='{{x}}'>", 1, 27, "on... attribute" },
    { "<a style=\"b: {{x}}\">", 1, 14, "style attribute" },
    { "<iframe srcdoc='{{x}}'>", 1, 17, "srcdoc attribute" },

    { "<a href=\"{{x}}\">", 1, 10, "start of a URL" },
    { "<a href=\" {{x}}\">", 1, 11, "start of a URL" },
    { "<a href=\"a{{x}}\">", 1, 11, "start of a URL" },
    { "<a href=\"https:{{x}}\">", 1, 16, "start of a URL" },
    { "<a href=\"javascript:a('/{{x}}')\">", 1, 25, "start of a URL" },
    { "<a href=\"java\tscript:/{{x}}\">", 1, 23, "start of a URL" },
    { "<a href=\"a&#58;/{{x}}\">", 1, 17, "start of a URL" },
    { "<img SRC='{{x}}'>", 1, 11, "start of a URL" },
    { "<form action='{{x}}'>", 1, 15, "URL of a frame or a form" },
    { "<b formaction='/{{x}}'>", 1, 17, "URL of a frame or a form" },
    { "<a xlink:href='{{x}}'>", 1, 16, "start of a URL" },
    { "<a href=\"{{#x}}/{{/x}}{{y}}\">", 1, 23, "start of a URL" },
    { "<a href=\"{{#x}}a:{{/x}}/{{y}}\">", 1, 25, "start of a URL" },
    { "<a href=\"ht{{#x}}tp/{{/x}}:/{{y}}\">", 1, 29, "start of a URL" },

    { "<a class=\"{{{r}}}\">", 1, 11, "raw outside text" },
    { "<title>{{{r}}}", 1, 8, "raw outside text" },
    { "<!-- {{{r}}}", 1, 6, "raw outside text" },

    /* the place of what follows would depend on the record */
    { "{{#x}}<script>{{/x}}", 1, 15, "section \"x\" ends at another" },
    { "<script>{{#x}}</script>{{/x}}{{y}}", 1, 24, "another place" },
    { "{{#x}}<!--{{/x}}-->", 1, 11, "another place" },
    { "<p {{#x}}>{{/x}}", 1, 11, "another place" },
    { "<{{#x}}b{{/x}}>", 1, 2, "middle of markup" },
    { "{{#x}}<{{/x}}script>", 1, 8, "middle of markup" },
    { "<s{{#x}}cript{{/x}}>", 1, 14, "another place" },
    { "<p{{#x}}><script{{/x}}>", 1, 17, "another place" },
    { "<p a={{#x}}\"{{/x}}{{y}}\">", 1, 13, "another place" },
    { "<p a={{#x}}'{{/x}}{{^x}}\"{{/x}}>", 1, 13, "another place" },
    { "<p a={{#x}}b{{/x}}>", 1, 13, "another place" },
    { "<p a=\"{{#x}}\" onclick=\"{{/x}}{{y}}\">", 1, 24, "another place" },
    { "<p a=\"{{#x}}\" b='{{/x}}{{y}}'>", 1, 18, "another place" },
    { "<p a=\"{{#x}}\" b=\"{{/x}}{{y}}\">", 1, 18, "another place" },
    { "<p a={{#x}}'' b={{/x}}''>", 1, 17, "another place" },
    { "<p onclick {{#x}}a {{/x}}=\"{{y}}\">", 1, 26,
      "a value of an attribute" },
    { "<math><annotation-xml a={{#x}}'' encoding={{/x}}'text/html'>", 1, 43,
      "another place" },
    { "<script><!-- {{#x}}<script> {{/x}}", 1, 29, "another place" },
    { "{{#x}}<svg>{{/x}}", 1, 12, "another place" },
    { "<script>{{#x}}<!--{{/x}}", 1, 19, "another place" },
    { "<p {{#x}}a{{/x}}=\"\">", 1, 17, "goes on with a name" },
    { "<p {{#x}}a {{/x}}=\"\">", 1, 18, "a value of an attribute" },
    { "<p{{#x}} a{{/x}}b>", 1, 17, "goes on with a name" },
    { "<!--{{x}}>", 1, 10, "ends the comment or not" },
    { "<!-- {{x}}->", 1, 12, "ends the comment or not" },
    { "<!-- {{x}}!>", 1, 12, "ends the comment or not" },
    { "<!-- {{#x}}-{{/x}}->", 1, 20, "ends the comment or not" },
    { "<svg><![CDATA[{{x}}]>", 1, 21, "ends the comment or not" }
};


/* {{}} is for a framework; only what it does not look into is quiet */

static void
frameworks(void)
{
    size_t                         i;
    prize_template_t              *page;
    const prize_template_error_t  *notice;

    static const struct {
        const char  *page;
        unsigned     column;        /* 0: nothing is said */
    } cases[] = {
        { "{{=<% %>=}}<p><%x%></p>", 15 },
        { "{{=<% %>=}}<p v-pre>a</p><p><%x%></p>", 29 },
        { "{{=<% %>=}}<p v-pre><b><%x%></b></p>", 0 },
        { "{{=<% %>=}}<div ng-non-bindable><%x%></div>", 0 },
        { "{{=<% %>=}}<p<%#x%> v-pre<%/x%>><%y%>", 33 },
        { "{{=<% %>=}}<p title=\"<%x%>\"><%&r%>", 0 },
        { "{{=<% %>=}}<textarea><%x%></textarea>", 22 },
        { "{{=<% %>=}}<textarea v-pre><%x%></textarea>", 0 },
        { "{{=<% %>=}}<svg><![CDATA[<%x%>]]></svg>", 26 },
        { "{{=<% %>=}}<title><%x%></title>", 0 },
        { "{{=<% %>=}}<p>a<%={{ }}=%>{{x}}", 0 },

        /* with {{ }} as well, if the page has attributes of a framework */
        { "<p>{{x}}<b v-if='y'></b>", 4 },
        { "<p>{{x}}<b data-ng-if='y'></b>", 4 },
        { "<p><a @click='y'>{{x}}</a>", 18 },
        { "<p v-pre>{{x}}</p><b v-if='y'>a</b>", 0 },
        { "<p x-data><a @click='y'>{{x}}</a>", 0 },
        { "<p v-if='y' title='{{x}}'>a", 0 },
        { "<p title='{{x}}' class='{{y}}'><b ng-if='y'>", 11 },
        { "<div ng-app><p{{#x}} class='{{y}}'{{/x}}>", 29 },
        { "<div ng-app><p class='{{x}}' ng-non-bindable>{{y}}", 0 },
        { "<div ng-non-bindable><p class='{{x}}'>{{y}}</p></div><p ng-if>", 0 }
    };

    for (i = 0; i < tap_nitems(cases); i++) {
        page = compile(cases[i].page);

        if (!ok(page != NULL, "compiles: %s", cases[i].page)) {
            printf("# %u:%u: %s\n", error.line, error.column, error.text);
            continue;
        }

        notice = prize_template_notice(page);

        ok(cases[i].column == 0 ? notice == NULL
           : notice && notice->line == 1 && notice->column == cases[i].column
             && strstr(notice->text, "ng-non-bindable"),
           "  and what a framework looks into is told");

        prize_template_destroy(page);
    }
}


int
main(void)
{
    places_accepted(allowed, tap_nitems(allowed));
    check_errors(refused, tap_nitems(refused));
    places_accepted(instead, tap_nitems(instead));
    check_errors(deciding, tap_nitems(deciding));
    frameworks();

    prize_fields_destroy(&fields);

    return tap_done();
}
