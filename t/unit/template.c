
#include <string.h>

#include "compile.h"
#include "prize_escape.h"


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
                    : (byte == '\'') ? "&#39;"
                    : (byte >= 0xfe) ? "\xef\xbf\xbd" : NULL;

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
    depth();
    segments();
    used_fields();
    values();

    prize_fields_destroy(&fields);

    return tap_done();
}
