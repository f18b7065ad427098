
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "prize_source.h"
#include "prize_text.h"


/* of a name, as much as an error shows */
#define PRIZE_SOURCE_SHOWN  64


void
prize_source_place(const prize_source_t *source, size_t at, unsigned *line,
    unsigned *column)
{
    size_t  i, start;

    *line = 1;
    start = 0;

    for (i = 0; i < at; i++) {
        if (source->data[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }

    *column = (unsigned) (at - start + 1);
}


int
prize_source_error(prize_source_t *source, size_t at, const char *fmt, ...)
{
    va_list                  args;
    prize_template_error_t  *error;

    error = source->error;

    prize_source_place(source, at, &error->line, &error->column);

    va_start(args, fmt);
    (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
    va_end(args);

    return -1;
}


static int
prize_source_check(prize_source_t *source)
{
    size_t                n, at;
    const unsigned char  *p;

    if (source->len > INT_MAX) {
        return prize_source_error(source, source->len,
                   "page of %zu bytes: expected at most %d", source->len,
                   INT_MAX);
    }

    p = (const unsigned char *) source->data;

    for (at = 0; at < source->len; at += n) {

        if (p[at] == '\0') {
            return prize_source_error(source, at,
                       "byte 0x00: expected a page of text");
        }

        n = prize_text_utf8((const char *) p + at, source->len - at);

        if (n == 0) {
            return prize_source_error(source, at,
                       "byte 0x%02x: expected a page in UTF-8", p[at]);
        }
    }

    return 0;
}


int
prize_source_init(prize_source_t *source, const char *data, size_t len,
    prize_template_error_t *error)
{
    source->data = data;
    source->len = len;
    source->error = error;
    source->open.data = "{{";
    source->open.len = 2;
    source->close.data = "}}";
    source->close.len = 2;

    return prize_source_check(source);
}


static int
prize_source_is(const prize_source_t *source, size_t at,
    const prize_str_t *what)
{
    return source->len - at >= what->len
           && memcmp(source->data + at, what->data, what->len) == 0;
}


static int
prize_source_find(const prize_source_t *source, size_t from, size_t *at)
{
    const char  *p;

    while (from < source->len) {
        p = memchr(source->data + from, source->open.data[0],
                   source->len - from);
        if (p == NULL) {
            return 0;
        }

        from = p - source->data;

        if (prize_source_is(source, from, &source->open)) {
            *at = from;
            return 1;
        }

        from++;
    }

    return 0;
}


static int
prize_source_is_space(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}


static size_t
prize_source_skip_space(const prize_source_t *source, size_t at)
{
    while (at < source->len && prize_source_is_space(source->data[at])) {
        at++;
    }

    return at;
}


int
prize_source_shown(const prize_str_t *name)
{
    size_t  len;

    len = name->len;

    if (len > PRIZE_SOURCE_SHOWN) {
        len = PRIZE_SOURCE_SHOWN;

        while (len > 0 && ((unsigned char) name->data[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    return (int) len;
}


static int
prize_source_comment(prize_source_t *source, prize_tag_t *tag)
{
    size_t  at;

    for (at = tag->start + source->open.len; at < source->len; at++) {

        if (prize_source_is(source, at, &source->close)) {
            tag->end = at + source->close.len;
            return 0;
        }
    }

    return prize_source_error(source, tag->start,
               "comment is not closed: expected \"%.*s\"",
               prize_source_shown(&source->close), source->close.data);
}


static int
prize_source_delimiters(prize_source_t *source, prize_tag_t *tag)
{
    size_t       at, n;
    prize_str_t  word[2];

    at = prize_source_skip_space(source, tag->start + source->open.len) + 1;

    for (n = 0; n < 2; n++) {
        at = prize_source_skip_space(source, at);
        word[n].data = source->data + at;

        while (at < source->len && source->data[at] != '='
               && !prize_source_is_space(source->data[at]))
        {
            at++;
        }

        word[n].len = source->data + at - word[n].data;
    }

    at = prize_source_skip_space(source, at);

    if (word[0].len == 0 || word[1].len == 0
        || at == source->len || source->data[at] != '=')
    {
        return prize_source_error(source, tag->start,
                   "wrong delimiters: expected two, with a space between "
                   "them and without =, as in {{=<%% %%>=}}");
    }

    at++;

    if (!prize_source_is(source, at, &source->close)) {
        return prize_source_error(source, tag->start,
                   "wrong end of delimiters: expected \"=%.*s\"",
                   prize_source_shown(&source->close), source->close.data);
    }

    tag->end = at + source->close.len;

    source->open = word[0];
    source->close = word[1];

    return 0;
}


static int
prize_source_name_missing(prize_source_t *source, prize_tag_t *tag, size_t at)
{
    if (at < source->len && source->data[at] == '.') {
        return prize_source_error(source, tag->start,
                   "{{.}} is not supported: expected the name of a field");
    }

    return prize_source_error(source, tag->start,
               "tag without a name: expected the name of a field (letters, "
               "digits, _ and -)");
}


/* what a Chinese keyboard types for a space is easily overlooked in a name */

static int
prize_source_has_wide_space(const prize_str_t *name)
{
    size_t       i;
    const char  *p;

    for (i = 0; i + 1 < name->len; i++) {
        p = name->data + i;

        if (memcmp(p, "\xc2\xa0", 2) == 0
            || (i + 2 < name->len && memcmp(p, "\xe3\x80\x80", 3) == 0))
        {
            return 1;
        }
    }

    return 0;
}


static int
prize_source_unclosed(prize_source_t *source, prize_tag_t *tag, size_t at)
{
    int          brace, len;
    const char  *data;

    brace = (tag->type == '{');
    data = tag->name.data;
    len = prize_source_shown(&tag->name);

    if (at == source->len) {
        return prize_source_error(source, tag->start,
                   "tag \"%.*s\" is not closed: expected \"%s%.*s\" before "
                   "the end of the page", len, data, brace ? "}" : "",
                   prize_source_shown(&source->close), source->close.data);
    }

    if (source->data[at] == '.') {
        return prize_source_error(source, tag->start,
                   "dotted name after \"%.*s\": expected the name of a field "
                   "(letters, digits, _ and -)", len, data);
    }

    if ((unsigned char) source->data[at] <= ' '
        || (unsigned char) source->data[at] >= 0x7f)
    {
        return prize_source_error(source, tag->start,
                   "byte 0x%02x after \"%.*s\": expected \"%s%.*s\"",
                   (unsigned char) source->data[at], len, data,
                   brace ? "}" : "",
                   prize_source_shown(&source->close), source->close.data);
    }

    return prize_source_error(source, tag->start,
               "'%c' after \"%.*s\": expected \"%s%.*s\" (a name has "
               "letters, digits, _ and -)",
               source->data[at], len, data, brace ? "}" : "",
               prize_source_shown(&source->close), source->close.data);
}


static int
prize_source_name(prize_source_t *source, prize_tag_t *tag, size_t at)
{
    at = prize_source_skip_space(source, at);

    tag->name.data = source->data + at;

    while (at < source->len && prize_field_is_name(source->data[at])
           && !prize_source_is(source, at, &source->close))
    {
        at++;
    }

    tag->name.len = source->data + at - tag->name.data;

    if (tag->name.len == 0) {
        return prize_source_name_missing(source, tag, at);
    }

    if (prize_source_has_wide_space(&tag->name)) {
        return prize_source_error(source, tag->start,
                   "wide or no-break space in \"%.*s\": expected a name "
                   "without it", prize_source_shown(&tag->name),
                   tag->name.data);
    }

    at = prize_source_skip_space(source, at);

    if (tag->type == '{') {
        if (at == source->len || source->data[at] != '}') {
            return prize_source_unclosed(source, tag, at);
        }

        at++;
    }

    if (!prize_source_is(source, at, &source->close)) {
        return prize_source_unclosed(source, tag, at);
    }

    tag->end = at + source->close.len;

    if (tag->type == '{') {
        tag->type = '&';
    }

    return 0;
}


static int
prize_source_read(prize_source_t *source, prize_tag_t *tag)
{
    size_t  at;

    at = tag->start + source->open.len;
    at = prize_source_skip_space(source, at);

    tag->type = (at < source->len) ? source->data[at] : '\0';
    tag->name.data = NULL;
    tag->name.len = 0;

    switch (tag->type) {

    case '!':
        return prize_source_comment(source, tag);

    case '=':
        return prize_source_delimiters(source, tag);

    case '#':
    case '^':
    case '/':
    case '&':
    case '{':
        return prize_source_name(source, tag, at + 1);

    case '>':
        return prize_source_error(source, tag->start,
                   "partials are not supported: expected the text itself");

    case '<':
    case '$':
        return prize_source_error(source, tag->start,
                   "inheritance is not supported: expected the text itself");

    default:
        tag->type = 0;
        return prize_source_name(source, tag, at);
    }
}


int
prize_source_tag(prize_source_t *source, size_t from, prize_tag_t *tag)
{
    if (!prize_source_find(source, from, &tag->start)) {
        return 0;
    }

    return prize_source_read(source, tag) == 0 ? 1 : -1;
}


void
prize_source_extent(const prize_source_t *source, const prize_tag_t *tag,
    size_t *start, size_t *end)
{
    size_t       from, to, len;
    const char  *data;

    *start = tag->start;
    *end = tag->end;

    if (prize_tag_is_field(tag)) {
        return;
    }

    data = source->data;
    len = source->len;
    from = tag->start;

    while (from > 0 && (data[from - 1] == ' ' || data[from - 1] == '\t')) {
        from--;
    }

    if (from > 0 && data[from - 1] != '\n') {
        return;
    }

    to = tag->end;

    while (to < len && (data[to] == ' ' || data[to] == '\t')) {
        to++;
    }

    if (to + 1 < len && data[to] == '\r' && data[to + 1] == '\n') {
        to += 2;

    } else if (to < len && data[to] == '\n') {
        to++;

    } else if (to < len) {
        return;
    }

    *start = from;
    *end = to;
}
