
#include <string.h>

#include "prize_escape.h"
#include "prize_template.h"
#include "tap.h"


/* keeps a page as text, and what it was made of */

typedef struct {
    prize_sink_t            sink;      /* first: the template knows this one */
    char                    out[4096];
    size_t                  len;
    unsigned                literals;
    unsigned                fields;
    const prize_segment_t  *segment;   /* the last one */
    unsigned                stop;      /* after so many calls, if not 0 */
} text_sink_t;


typedef struct {
    const char             *page;
    unsigned                line;
    unsigned                column;
    const char             *text;      /* a part of it */
} error_case_t;


static prize_fields_t          fields;
static prize_template_error_t  error;


static int
text_write(text_sink_t *text, const char *data, size_t len)
{
    if (len > sizeof(text->out) - text->len) {
        return -1;
    }

    memcpy(text->out + text->len, data, len);
    text->len += len;

    return text->literals + text->fields == text->stop ? 77 : 0;
}


static int
text_literal(prize_sink_t *sink, const prize_segment_t *segment)
{
    text_sink_t  *text = (text_sink_t *) sink;

    text->literals++;
    text->segment = segment;

    return text_write(text, segment->data, segment->len);
}


static int
text_field(prize_sink_t *sink, const prize_str_t *value, unsigned escape)
{
    char          escaped[1024];
    size_t        len;
    text_sink_t  *text = (text_sink_t *) sink;

    text->fields++;

    if (!escape) {
        return text_write(text, value->data, value->len);
    }

    len = prize_escaped_length(value);

    if (len > sizeof(escaped)
        || prize_escape(escaped, value) != escaped + len)
    {
        return -1;
    }

    return text_write(text, escaped, len);
}


static prize_template_t *
compile_bytes(const char *source, size_t len)
{
    char              *copy;
    prize_template_t  *page;

    static const prize_str_t               raw[] = { { 1, "r" } };
    static const prize_template_options_t  options = { "page.html", raw, 1 };

    prize_fields_destroy(&fields);

    if (prize_fields_init(&fields) != 0) {
        return NULL;
    }

    /* gone afterwards: a page owns what it needs */

    copy = tap_alloc(len);

    if (len) {
        memcpy(copy, source, len);
    }

    page = prize_template_compile(copy, len, &fields, &options, &error);

    free(copy);

    return page;
}


static prize_template_t *
compile(const char *source)
{
    return compile_bytes(source, strlen(source));
}


/* x, y and r have the same value, other fields have none */

static int
render(text_sink_t *text, const prize_template_t *page, const char *value,
    unsigned stop)
{
    unsigned        i;
    prize_str_t     values[16];
    prize_record_t  record;

    memset(values, 0, sizeof(values));
    memset(&record, 0, sizeof(record));
    memset(text, 0, sizeof(text_sink_t));

    record.values = values;

    for (i = 0; value && i < fields.n && i < 16; i++) {
        if (strchr("xyr", fields.list[i].name.data[0])
            && fields.list[i].name.len == 1)
        {
            values[i].data = value;
            values[i].len = strlen(value);
        }
    }

    text->sink.literal = text_literal;
    text->sink.field = text_field;
    text->stop = stop;

    return prize_template_render(page, &record, &text->sink);
}


static void
check(const char *source, const char *value, const char *expected)
{
    text_sink_t        text;
    prize_template_t  *page;

    page = compile(source);

    if (!ok(page != NULL, "compiles: %.60s", source)) {
        printf("# %u:%u: %s\n", error.line, error.column, error.text);
        return;
    }

    if (!ok(render(&text, page, value, 0) == 0
            && text.len == strlen(expected)
            && memcmp(text.out, expected, text.len) == 0,
            "  and renders as %.60s", expected))
    {
        printf("# got: %.*s\n", (int) text.len, text.out);
    }

    prize_template_destroy(page);
}


static void
check_errors(const error_case_t *test, size_t n)
{
    prize_template_t  *page;

    for ( ; n; n--, test++) {
        page = compile(test->page);

        if (!ok(page == NULL && error.line == test->line
                && error.column == test->column
                && strstr(error.text, test->text) != NULL,
                "%.70s: %u:%u: ...%s...", test->page, test->line,
                test->column, test->text)
            && page == NULL)
        {
            printf("# got: %u:%u: %s\n", error.line, error.column,
                   error.text);
        }

        prize_template_destroy(page);
    }
}


static void
truth(void)
{
    size_t  i;

    static const char  page[] = "{{#x}}yes{{/x}}{{^x}}no{{/x}}";

    static const char *const  shown[] = {
        "1", "10", "0.01", "-1", "+1", "00.1", "0.", ".0", "0.0.0", "+-0",
        "0x0", "0,0", "0 0", "+", ".", "1.0", "t", "yes", "nope", "falsey",
        "on", "no phone", "n / a", "#", "##n/a", "//", "---", "-–", "–––",
        "———", "_", "是", "有", "中奖", "无人机", "未中奖者", "gold", "没 有",
        "!", "a 0", "\xc2", "\xe2\x80", "\xef\xbc", "０ｘ", "１",

        /* beside the full-width forms and the spaces */
        "\xef\xbc\x80", "\xef\xbd\x9f", "\xe2\x80\x8a",
        "\xe3\x80\x81", "\x1f"
    };

    static const char *const  hidden[] = {
        NULL, "", "0", "f", "F", "false", "FALSE", "False", "n", "N", "no",
        "No", "off", "OFF", "none", "None", "nil", "NULL", "n/a", "N/A",
        "#N/A", "/", "-", "--", "–", "––", "—", "——",
        "否", "无", "未", "没有", "暂无", "不是", "未中", "未中奖", "未获奖",

        "00", "000000000000000000000000000000", "0.0", "+0", "-0.00", "00.0",

        "０", "－０．００", "＋０", "ｎｏ", "ＮＯ", "Ｎo", "ｆａｌｓｅ",
        "＃Ｎ／Ａ", "／", "－", "－－", "-－", "ＯＦＦ",

        " ", "\t\n\v\f\r", " no", "no ", "\tNo\r\n", "　否　", "　０ ",
        "\xc2\xa0no\xc2\xa0", "\xe2\x80\x8bno\xe2\x80\x8b",
        "\xef\xbb\xbfno\xef\xbb\xbf", "\xef\xbb\xbf",
        " \xe2\x80\x8b\xc2\xa0　\xef\xbb\xbf无 \xef\xbb\xbf　",
        "                              -                              "
    };

    for (i = 0; i < tap_nitems(shown); i++) {
        check(page, shown[i], "yes");
    }

    for (i = 0; i < tap_nitems(hidden); i++) {
        check(page, hidden[i], "no");
    }
}


/* every character there is, alone and before an "o" */

static void
full_width(void)
{
    char         value[4];
    unsigned     code, wrong;
    prize_str_t  text;

    wrong = 0;
    text.data = value;

    for (code = 0x800; code < 0x10000; code++) {
        value[0] = (char) (0xe0 | code >> 12);
        value[1] = (char) (0x80 | (code >> 6 & 0x3f));
        value[2] = (char) (0x80 | (code & 0x3f));
        value[3] = 'o';

        text.len = 4;
        wrong += prize_value_is_true(&text) == (code == 0xff2e
                                                || code == 0xff4e);

        text.len = 3;
        wrong += prize_value_is_true(&text)
                 == (code == 0xff0d || code == 0xff0f || code == 0xff10
                     || code == 0xff26 || code == 0xff2e || code == 0xff46
                     || code == 0xff4e || code == 0x200b || code == 0x2013
                     || code == 0x2014 || code == 0x3000 || code == 0xfeff
                     || code == 0x5426 || code == 0x65e0 || code == 0x672a);
    }

    ok(wrong == 0, "of all characters only these say no: %u are wrong",
       wrong);
}


/* every byte, at every place of a word and of what is left behind it */

static void
escapes(void)
{
    char          value[20], escaped[sizeof(value) + PRIZE_ESCAPE_MAX];
    char          expected[sizeof(escaped)];
    size_t        at, len, byte;
    unsigned      wrong;
    const char   *reference;
    prize_str_t   src;

    wrong = 0;
    src.data = value;
    src.len = sizeof(value);

    for (byte = 0; byte < 256; byte++) {
        reference = (byte == '&') ? "&amp;" : (byte == '<') ? "&lt;"
                    : (byte == '>') ? "&gt;" : (byte == '"') ? "&quot;"
                    : (byte == '\'') ? "&#39;" : NULL;

        for (at = 0; at < sizeof(value); at++) {
            memset(value, 'x', sizeof(value));
            value[at] = (char) byte;

            len = reference ? strlen(reference) : 1;
            memset(expected, 'x', sizeof(expected));
            memcpy(expected + at, reference ? reference : &value[at], len);
            len += sizeof(value) - 1;

            if (prize_escaped_length(&src) != len
                || prize_escape(escaped, &src) != escaped + len
                || memcmp(escaped, expected, len) != 0)
            {
                wrong++;
            }
        }
    }

    ok(wrong == 0, "every byte is escaped as it should be, at every place");
}


static void
language(void)
{
    check("", "v", "");
    check("{{x}}{{y}}", "v'", "v&#39;v&#39;");
    check("{{ \r\n x \t }}", "v", "v");
    check("{x} }} {{x}} { {", "v", "{x} }} v { {");
    check("{{\xe5\xa7\x93\xe5\x90\x8d}}-{{x-y_Z9}}", "v", "-");

    check("{{#x}}a{{#y}}b{{/y}}c{{/x}}{{^x}}d{{/x}}", "1", "abc");
    check("{{#x}}a{{#y}}b{{/y}}c{{/x}}{{^x}}d{{/x}}", "0", "d");
    check("{{#x}}{{/x}}{{^x}}{{/x}}", "1", "");
    check("{{#x}}{{^y}}{{#x}}a{{/x}}{{/y}}b{{/x}}c", "1", "bc");

    /* tags that share a line keep it */
    check("a\n{{#x}}{{! c }}\nb\n{{/x}}\nc", "1", "a\n\nb\nc");
    check("{{! a }}\r\n{{! b }}\n\t{{! c }}\t\nd", "1", "d");
    check("{{! a\n}}  b", "1", "  b");
    check("a\r{{! not alone }}\nb", "1", "a\r\nb");
}


static void
delimiters(void)
{
    check("{{=| |=}}|x||={{ }}=|{{x}}|", "v", "vv|");
    check("{{= \t[[\n]] =}}[[x]]", "v", "v");
    check("{{=<% %>=}}<%{r}%><%&r%>", "<", "<<");
    check("{{=\xe3\x80\x8c \xe3\x80\x8d=}}\xe3\x80\x8cx\xe3\x80\x8d", "v",
          "v");
    check("{{=a b=}}axb-a x b", "v", "v-v");
}


static const error_case_t  wrong[] = {
    { "{{", 1, 1, "without a name" },
    { "{{}}", 1, 1, "without a name" },
    { "a\n {{ }}", 2, 2, "without a name" },
    { "{{{}}}", 1, 1, "without a name" },
    { "{{#}}", 1, 1, "without a name" },
    { "a\r\nb {{x", 2, 3, "expected \"}}\"" },
    { "{{x}", 1, 1, "expected \"}}\"" },
    { "{{{r}}", 1, 1, "expected \"}}}\"" },
    { "{{{r} }}", 1, 1, "expected \"}}}\"" },
    { "{{=<% %>=}}<%x}}", 1, 12, "expected \"%>\"" },
    { "{{x y}}", 1, 1, "'y' after \"x\"" },
    { "{{x+}}", 1, 1, "'+' after \"x\"" },
    { "{{x\x01}}", 1, 1, "byte 0x01 after \"x\"" },
    { "{{a.b}}", 1, 1, "dotted name" },
    { "{{#a.b}}", 1, 1, "dotted name" },
    { "{{.}}", 1, 1, "{{.}} is not supported" },
    { "{{{.}}}", 1, 1, "{{.}} is not supported" },
    { "{{#.}}", 1, 1, "{{.}} is not supported" },
    { "a\n{{>x}}", 2, 1, "partials" },
    { "{{< x}}", 1, 1, "inheritance" },
    { "{{$x}}", 1, 1, "inheritance" },
    { "{{x\xe3\x80\x80}}", 1, 1, "wide or no-break space" },
    { "{{\xc2\xa0x}}", 1, 1, "wide or no-break space" },

    { "a {{! b", 1, 3, "comment is not closed" },
    { "{{=<%=}}", 1, 1, "wrong delimiters" },
    { "{{==}}", 1, 1, "wrong delimiters" },
    { "{{=<% %> <=}}", 1, 1, "wrong delimiters" },
    { "{{=<% =}}", 1, 1, "wrong delimiters" },
    { "{{=<% %>}}", 1, 1, "wrong delimiters" },
    { "{{=<% %>", 1, 1, "wrong delimiters" },
    { "{{=<% %>= }}", 1, 1, "wrong end of delimiters" },

    { "a\n\n  {{#x}}b", 3, 3, "section \"x\" is not closed" },
    { "{{#x}}{{^y}}a{{/x}}", 1, 14, "expected that of \"y\", opened "
      "at 1:7" },
    { "a\n{{/x}}", 2, 1, "no section is open" },
    { "{{#x}}{{/X}}", 1, 7, "expected that of \"x\"" },

    { "{{{x}}}", 1, 1, "raw=x" },
    { "\xe5\xa5\xbd{{&x}}", 1, 4, "raw=x" },

    { "a\nb\xff", 2, 2, "byte 0xff: expected a page in UTF-8" },
    { "\xc0\x80", 1, 1, "UTF-8" },
    { "\xe5\xa5", 1, 1, "UTF-8" },
    { "\xed\xa0\x80", 1, 1, "UTF-8" },
    { "\xf4\x90\x80\x80", 1, 1, "UTF-8" }
};


static void
syntax(void)
{
    check_errors(wrong, tap_nitems(wrong));

    ok(compile_bytes("ab\0c", 4) == NULL && error.line == 1
       && error.column == 3 && strstr(error.text, "byte 0x00"),
       "a NUL byte is refused");
}


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
    "<!-- {{#x}} a {{/x}} -->{{{r}}}",
    "{{! no tag <script> }}{{{r}}}",
};


/* beside what is refused below, what is written instead */

static const char *const  instead[] = {

    /* what is loaded, submitted to or followed */
    "<script src=\"/a.js\" data-x=\"{{x}}\"></script>",
    "<base href=\"/\"><p title=\"{{x}}\">",
    "<iframe src=\"https://a.example/?b={{x}}\">",
    "<iframe src=\"/a#{{x}}\">", "<form action=\"?a={{x}}\">",
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
    "<p fill=\"{{x}}\">", "<input type=\"{{x}}\">",

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
    "<frameset><frame src=\"/?{{x}}\"></frameset>",
    "<p>AT&amp;{{x}} &amp {{y}} &lt;{{x}}",

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
    { "<form action=\"a:?{{x}}\">", 1, 18, "frame or a form" },
    { "<frameset><frame src=\"{{x}}\">", 1, 23, "frame or a form" },
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
    { "<meta http-equiv='{{x}}'>", 1, 19, "decides what the element is" },
    { "<link as='{{x}}'>", 1, 11, "decides what the element is" },
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
    { "<p _=\"{{x}}\">", 1, 7, "front-end framework" },

    { "<!--!><p title=\"--><script>var p={{x}}</script>\">", 1, 34,
      "inside <script>" },
    { "<body><noscript><p title=\"</noscript><script>var p={{x}}</script>\">",
      1, 37, "ends it only where scripts run" },
    { "<body><noscript><p title=\"{{x}}\">", 1, 27, "inside <noscript>" },
    { "<body><noscript><!-- {{x}} -->", 1, 22, "inside <noscript>" },
    { "<noscript>{{x}}</noscript>", 1, 11, "before <body>" },
    { "<svg><p><title><a b=\"</title><script>var p={{x}}</script>\">", 1, 44,
      "inside <script>" },
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
    { "<table><input type='{{x}}'>", 1, 27, "type of an <input>" },
    { "<table><input{{#x}} type='hidden'{{/x}}>", 1, 40, "type of an <input>" },
    { "<p><b></p>{{x}}", 1, 11, "opens an element again" },
    { "<p><b></p>{{#x}}a{{/x}}</b>{{#y}}<p><i></p>{{/y}}{{x}}", 1, 50,
      "opens an element again" },
    { "<select><title><a b=\"</title>{{x}}\">", 1, 15, "inside <select>" },
    { "<select><p title=\"{{x}}\">", 1, 25, "inside <select>" },
    { "<frameset>{{x}}", 1, 11, "among frames" },
    { "<p>{{#x}}<body>{{/x}}<svg>{{y}}</svg>{{#x}}<textarea>{{/x}}", 1, 54,
      "another place" },
    { "<div>{{x}}</div><frameset>", 1, 26, "<frameset> after a value" },
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
        { "{{=<% %>=}}<p>a<%={{ }}=%>{{x}}", 0 }
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
             && strstr(notice->text, "v-pre or ng-non-bindable"),
           "  and what a framework looks into is told");

        prize_template_destroy(page);
    }
}


/* "n" sections, one in the other */

static const char *
nested(int n)
{
    int          i;
    char        *p;

    static char  page[2048];

    p = page;

    for (i = 0; i < n; i++) {
        p = stpcpy(p, "{{#x}}");
    }

    *p++ = 'v';

    for (i = 0; i < n; i++) {
        p = stpcpy(p, "{{/x}}");
    }

    return page;
}


static void
depth(void)
{
    error_case_t  deep = { nested(65), 1, 64 * 6 + 1, "at most 64" };

    check_errors(&deep, 1);
    check(nested(64), "1", "v");
}


static void
segments(void)
{
    unsigned                n;
    text_sink_t             text;
    prize_template_t       *page;
    const prize_segment_t  *segment;

    page = compile("a{{! b }}c{{=<% %>=}}d\n<%! e %>\nf<%#x%>g<%/x%>h<%x%>i");

    if (!ok(page != NULL, "a page in pieces compiles")) {
        return;
    }

    segment = prize_template_segments(page, &n);

    ok(n == 4, "text around comments and delimiters is one segment: %u", n);
    ok(n == 4 && segment[0].len == 5
       && memcmp(segment[0].data, "acd\nf", 5) == 0, "it is whole");
    ok(n == 4 && segment[0].index == 0 && segment[1].index == 1
       && segment[2].index == 2 && segment[3].index == 3,
       "segments know their place");

    ok(render(&text, page, "v", 0) == 0 && text.literals == 4
       && text.fields == 1, "a page is written in as many calls");
    ok(text.segment == &segment[3], "a segment is given by reference");

    ok(render(&text, page, "", 0) == 0 && text.literals == 3
       && text.fields == 0, "nothing is written for an empty field");

    ok(render(&text, page, "v", 2) == 77 && text.literals == 2
       && text.fields == 0, "a literal can end the rendering");
    ok(render(&text, page, "v", 4) == 77 && text.literals == 3
       && text.fields == 1, "and so can a field");

    prize_template_destroy(page);

    page = compile("");

    if (ok(page != NULL, "an empty page compiles")) {
        (void) prize_template_segments(page, &n);
        ok(n == 0, "and has no segment");
        prize_template_destroy(page);
    }
}


static void
used_fields(void)
{
    prize_field_t     *list;
    prize_template_t  *page;

    page = compile("\n{{x}}\n{{#y}}{{x}}{{/y}}\r\n{{^id}}{{/id}}{{y}}");

    if (!ok(page != NULL && fields.n == 3, "a page adds its fields once")) {
        return;
    }

    list = fields.list;

    ok(strcmp(list[1].name.data, "x") == 0 && list[1].required
       && !list[1].section && list[1].line == 2
       && strcmp(list[1].file, "page.html") == 0,
       "a field knows where it is used first");
    ok(strcmp(list[2].name.data, "y") == 0 && list[2].required
       && list[2].section && list[2].line == 3,
       "a field knows that it decides about a section");
    ok(list[0].required && list[0].section && list[0].line == 4,
       "the owner is a field like any other");

    prize_template_destroy(page);

    page = compile("a");

    if (ok(page != NULL && fields.n == 1 && fields.list[0].line == 0,
           "a page without fields uses none"))
    {
        prize_template_destroy(page);
    }
}


static void
values(void)
{
    static char        value[PRIZE_FIELD_MAX], source[5000 * 5 + 1];

    unsigned           i;
    prize_str_t        list[2];
    prize_record_t     record;
    prize_template_t  *page;

    for (i = 0; i < 5000; i++) {
        memcpy(source + i * 5, "{{x}}", 5);
    }

    memset(value, 'x', sizeof(value));
    page = compile(source);

    if (!ok(page != NULL && fields.n == 2, "a page of 5000 tags compiles")) {
        return;
    }

    memset(&record, 0, sizeof(prize_record_t));
    memset(list, 0, sizeof(list));
    list[1].data = value;
    list[1].len = sizeof(value);
    record.values = list;

    ok(prize_template_values(page, &record)
       == (uint64_t) 5000 * PRIZE_FIELD_MAX,
       "values of more than 4 GiB are counted");

    list[1].len = 10;

    ok(prize_template_values(page, &record)
       == (uint64_t) 5000 * 10 * PRIZE_ESCAPE_MAX,
       "short ones as though each byte were escaped");

    prize_template_destroy(page);
}


int
main(void)
{
    truth();
    full_width();
    escapes();
    language();
    delimiters();
    syntax();
    places_accepted(allowed, tap_nitems(allowed));
    check_errors(refused, tap_nitems(refused));
    places_accepted(instead, tap_nitems(instead));
    check_errors(deciding, tap_nitems(deciding));
    frameworks();
    depth();
    segments();
    used_fields();
    values();

    prize_fields_destroy(&fields);

    return tap_done();
}
