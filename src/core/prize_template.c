
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_escape.h"
#include "prize_markup.h"
#include "prize_template.h"
#include "prize_text.h"


/* sections that may stand in one another */
#define PRIZE_TEMPLATE_DEPTH  64

/* of a name, as much as an error shows */
#define PRIZE_TEMPLATE_SHOWN  64

/* a value whose escaped length is not worth counting */
#define PRIZE_TEMPLATE_SHORT  64


typedef enum {
    PRIZE_OP_LITERAL = 0,
    PRIZE_OP_ESCAPED,
    PRIZE_OP_RAW,
    PRIZE_OP_SECTION,
    PRIZE_OP_INVERTED
} prize_op_code_e;


typedef struct {
    prize_op_code_e           code;
    unsigned                  index;     /* of the segment, or of the field */
    unsigned                  jump;      /* the operation after the body */
} prize_op_t;


/* how often the page shows a field, all sections together */

typedef struct {
    unsigned                  index;
    unsigned                  escaped;
    unsigned                  raw;
} prize_use_t;


struct prize_template_s {
    prize_op_t               *ops;
    unsigned                  nops;
    unsigned                  ops_allocated;

    prize_segment_t          *segments;
    unsigned                  nsegments;
    unsigned                  segments_allocated;

    prize_use_t              *uses;
    unsigned                  nuses;

    char                     *text;      /* of all segments */
    size_t                    text_len;

    prize_inlines_t           inlines;   /* offsets in the text */
    prize_template_error_t    fault;     /* the one of the inlines */
};


/* one tag of the source, as offsets */

typedef struct {
    size_t                    start;
    size_t                    end;
    char                      type;      /* '{' is '&' as well; 0 is a field */
    prize_str_t               name;
} prize_tag_t;


typedef struct {
    prize_tag_t               tag;
    unsigned                  op;
    prize_markup_t            markup;    /* where the body begins */
} prize_section_t;


typedef struct {
    const char                      *source;
    size_t                           len;
    prize_fields_t                  *fields;
    const prize_template_options_t  *options;
    prize_template_error_t          *error;
    prize_template_t                *page;

    prize_str_t                      open;     /* delimiters; they point */
    prize_str_t                      close;    /*   into the source */
    prize_markup_t                   markup;
    prize_section_t                  sections[PRIZE_TEMPLATE_DEPTH];
    unsigned                         depth;
    unsigned                         merge;    /* the last op is text that */
                                               /*   more text may join */
} prize_compiler_t;


static void
prize_template_place(const prize_compiler_t *c, size_t at, unsigned *line,
    unsigned *column)
{
    size_t  i, start;

    *line = 1;
    start = 0;

    for (i = 0; i < at; i++) {
        if (c->source[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }

    *column = (unsigned) (at - start + 1);
}


static int
prize_template_error(prize_compiler_t *c, size_t at, const char *fmt, ...)
{
    va_list  args;

    prize_template_place(c, at, &c->error->line, &c->error->column);

    va_start(args, fmt);
    (void) vsnprintf(c->error->text, sizeof(c->error->text), fmt, args);
    va_end(args);

    return -1;
}


/*
 * A fault of the inlines is none of the page, until a policy is wanted.  It is
 * found in static text that stands at "at" in the source.
 */

static void
prize_template_inlines_check(prize_compiler_t *c, size_t at)
{
    size_t             n;
    prize_inlines_t   *inlines;
    prize_template_t  *page;

    page = c->page;
    inlines = &page->inlines;

    if (inlines->fault == NULL || page->fault.line) {
        return;
    }

    /* a comment {{!}} may have cut a name in two */

    n = inlines->fault_at > page->text_len
        ? inlines->fault_at - page->text_len : 0;

    prize_template_place(c, at + n, &page->fault.line, &page->fault.column);

    (void) snprintf(page->fault.text, sizeof(page->fault.text), "%s",
                    inlines->fault);
}


static int
prize_template_check(prize_compiler_t *c)
{
    size_t                n, at;
    const unsigned char  *p;

    if (c->len > INT_MAX) {
        return prize_template_error(c, c->len,
                   "page of %zu bytes: expected at most %d", c->len, INT_MAX);
    }

    p = (const unsigned char *) c->source;

    for (at = 0; at < c->len; at += n) {

        if (p[at] == '\0') {
            return prize_template_error(c, at,
                                        "byte 0x00: expected a page of text");
        }

        n = prize_text_utf8((const char *) p + at, c->len - at);

        if (n == 0) {
            return prize_template_error(c, at,
                       "byte 0x%02x: expected a page in UTF-8", p[at]);
        }
    }

    return 0;
}


static int
prize_template_no_memory(prize_compiler_t *c)
{
    c->error->line = 0;
    c->error->column = 0;

    (void) snprintf(c->error->text, sizeof(c->error->text),
                    "not enough memory");

    return -1;
}


static int
prize_template_is(const prize_compiler_t *c, size_t at,
    const prize_str_t *what)
{
    return c->len - at >= what->len
           && memcmp(c->source + at, what->data, what->len) == 0;
}


static int
prize_template_find(const prize_compiler_t *c, size_t from, size_t *at)
{
    const char  *p;

    while (from < c->len) {
        p = memchr(c->source + from, c->open.data[0], c->len - from);
        if (p == NULL) {
            return 0;
        }

        from = p - c->source;

        if (prize_template_is(c, from, &c->open)) {
            *at = from;
            return 1;
        }

        from++;
    }

    return 0;
}


static int
prize_template_is_space(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}


static size_t
prize_template_skip_space(const prize_compiler_t *c, size_t at)
{
    while (at < c->len && prize_template_is_space(c->source[at])) {
        at++;
    }

    return at;
}


/* whole characters only: an error is read by people */

static int
prize_template_shown(const prize_str_t *name)
{
    size_t  len;

    len = name->len;

    if (len > PRIZE_TEMPLATE_SHOWN) {
        len = PRIZE_TEMPLATE_SHOWN;

        while (len > 0 && ((unsigned char) name->data[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    return (int) len;
}


static int
prize_template_comment(prize_compiler_t *c, prize_tag_t *tag)
{
    size_t  at;

    for (at = tag->start + c->open.len; at < c->len; at++) {

        if (prize_template_is(c, at, &c->close)) {
            tag->end = at + c->close.len;
            return 0;
        }
    }

    return prize_template_error(c, tag->start,
               "comment is not closed: expected \"%.*s\"",
               prize_template_shown(&c->close), c->close.data);
}


static int
prize_template_delimiters(prize_compiler_t *c, prize_tag_t *tag)
{
    size_t       at, n;
    prize_str_t  word[2];

    at = prize_template_skip_space(c, tag->start + c->open.len) + 1;

    for (n = 0; n < 2; n++) {
        at = prize_template_skip_space(c, at);
        word[n].data = c->source + at;

        while (at < c->len && c->source[at] != '='
               && !prize_template_is_space(c->source[at]))
        {
            at++;
        }

        word[n].len = c->source + at - word[n].data;
    }

    at = prize_template_skip_space(c, at);

    if (word[0].len == 0 || word[1].len == 0
        || at == c->len || c->source[at] != '=')
    {
        return prize_template_error(c, tag->start,
                   "wrong delimiters: expected two, with a space between "
                   "them and without =, as in {{=<%% %%>=}}");
    }

    at++;

    if (!prize_template_is(c, at, &c->close)) {
        return prize_template_error(c, tag->start,
                   "wrong end of delimiters: expected \"=%.*s\"",
                   prize_template_shown(&c->close), c->close.data);
    }

    tag->end = at + c->close.len;

    c->open = word[0];
    c->close = word[1];

    return 0;
}


/* the source is valid UTF-8, so every other byte is of a whole character */

static int
prize_template_is_name(unsigned char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'
           || ch >= 0x80;
}


static int
prize_template_name_missing(prize_compiler_t *c, prize_tag_t *tag, size_t at)
{
    if (at < c->len && c->source[at] == '.') {
        return prize_template_error(c, tag->start,
                   "{{.}} is not supported: expected the name of a field");
    }

    return prize_template_error(c, tag->start,
               "tag without a name: expected the name of a field (letters, "
               "digits, _ and -)");
}


/* what a Chinese keyboard types for a space is easily overlooked in a name */

static int
prize_template_has_wide_space(const prize_str_t *name)
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
prize_template_unclosed(prize_compiler_t *c, prize_tag_t *tag, size_t at)
{
    int          brace, len;
    const char  *data;

    brace = (tag->type == '{');
    data = tag->name.data;
    len = prize_template_shown(&tag->name);

    if (at == c->len) {
        return prize_template_error(c, tag->start,
                   "tag \"%.*s\" is not closed: expected \"%s%.*s\" before "
                   "the end of the page", len, data, brace ? "}" : "",
                   prize_template_shown(&c->close), c->close.data);
    }

    if (c->source[at] == '.') {
        return prize_template_error(c, tag->start,
                   "dotted name after \"%.*s\": expected the name of a field "
                   "(letters, digits, _ and -)", len, data);
    }

    if ((unsigned char) c->source[at] <= ' '
        || (unsigned char) c->source[at] >= 0x7f)
    {
        return prize_template_error(c, tag->start,
                   "byte 0x%02x after \"%.*s\": expected \"%s%.*s\"",
                   (unsigned char) c->source[at], len, data,
                   brace ? "}" : "",
                   prize_template_shown(&c->close), c->close.data);
    }

    return prize_template_error(c, tag->start,
               "'%c' after \"%.*s\": expected \"%s%.*s\" (a name has "
               "letters, digits, _ and -)",
               c->source[at], len, data, brace ? "}" : "",
               prize_template_shown(&c->close), c->close.data);
}


static int
prize_template_name(prize_compiler_t *c, prize_tag_t *tag, size_t at)
{
    at = prize_template_skip_space(c, at);

    tag->name.data = c->source + at;

    while (at < c->len && prize_template_is_name(c->source[at])
           && !prize_template_is(c, at, &c->close))
    {
        at++;
    }

    tag->name.len = c->source + at - tag->name.data;

    if (tag->name.len == 0) {
        return prize_template_name_missing(c, tag, at);
    }

    if (prize_template_has_wide_space(&tag->name)) {
        return prize_template_error(c, tag->start,
                   "wide or no-break space in \"%.*s\": expected a name "
                   "without it", prize_template_shown(&tag->name),
                   tag->name.data);
    }

    at = prize_template_skip_space(c, at);

    if (tag->type == '{') {
        if (at == c->len || c->source[at] != '}') {
            return prize_template_unclosed(c, tag, at);
        }

        at++;
    }

    if (!prize_template_is(c, at, &c->close)) {
        return prize_template_unclosed(c, tag, at);
    }

    tag->end = at + c->close.len;

    if (tag->type == '{') {
        tag->type = '&';
    }

    return 0;
}


static int
prize_template_tag(prize_compiler_t *c, prize_tag_t *tag)
{
    size_t  at;

    at = tag->start + c->open.len;
    at = prize_template_skip_space(c, at);

    tag->type = (at < c->len) ? c->source[at] : '\0';
    tag->name.data = NULL;
    tag->name.len = 0;

    switch (tag->type) {

    case '!':
        return prize_template_comment(c, tag);

    case '=':
        return prize_template_delimiters(c, tag);

    case '#':
    case '^':
    case '/':
    case '&':
    case '{':
        return prize_template_name(c, tag, at + 1);

    case '>':
        return prize_template_error(c, tag->start,
                   "partials are not supported: expected the text itself");

    case '<':
    case '$':
        return prize_template_error(c, tag->start,
                   "inheritance is not supported: expected the text itself");

    default:
        tag->type = 0;
        return prize_template_name(c, tag, at);
    }
}


/* a tag alone on its lines takes them with it, as the specification says */

static void
prize_template_standalone(const prize_compiler_t *c, const prize_tag_t *tag,
    size_t *start, size_t *end)
{
    size_t  from, to;

    from = tag->start;

    while (from > 0
           && (c->source[from - 1] == ' ' || c->source[from - 1] == '\t'))
    {
        from--;
    }

    if (from > 0 && c->source[from - 1] != '\n') {
        return;
    }

    to = tag->end;

    while (to < c->len && (c->source[to] == ' ' || c->source[to] == '\t')) {
        to++;
    }

    if (to + 1 < c->len && c->source[to] == '\r' && c->source[to + 1] == '\n')
    {
        to += 2;

    } else if (to < c->len && c->source[to] == '\n') {
        to++;

    } else if (to < c->len) {
        return;
    }

    *start = from;
    *end = to;
}


static int
prize_template_op(prize_compiler_t *c, prize_op_code_e code, unsigned index)
{
    unsigned           n;
    prize_op_t        *ops;
    prize_template_t  *page;

    page = c->page;

    if (page->nops == page->ops_allocated) {
        n = page->ops_allocated ? 2 * page->ops_allocated : 16;

        ops = realloc(page->ops, n * sizeof(prize_op_t));
        if (ops == NULL) {
            return prize_template_no_memory(c);
        }

        page->ops = ops;
        page->ops_allocated = n;
    }

    ops = &page->ops[page->nops++];
    ops->code = code;
    ops->index = index;
    ops->jump = 0;

    return 0;
}


static int
prize_template_segment(prize_compiler_t *c)
{
    unsigned           n;
    prize_segment_t   *segment;
    prize_template_t  *page;

    page = c->page;

    if (page->nsegments == page->segments_allocated) {
        n = page->segments_allocated ? 2 * page->segments_allocated : 16;

        segment = realloc(page->segments, n * sizeof(prize_segment_t));
        if (segment == NULL) {
            return prize_template_no_memory(c);
        }

        page->segments = segment;
        page->segments_allocated = n;
    }

    segment = &page->segments[page->nsegments];
    segment->data = page->text + page->text_len;
    segment->len = 0;
    segment->index = page->nsegments++;

    c->merge = 1;

    return prize_template_op(c, PRIZE_OP_LITERAL, segment->index);
}


static int
prize_template_literal(prize_compiler_t *c, size_t start, size_t end)
{
    size_t             n;
    const char        *fault;
    prize_template_t  *page;

    if (start == end) {
        return 0;
    }

    fault = prize_markup_static(&c->markup, c->source + start, end - start,
                                &n);
    if (fault) {
        return prize_template_error(c, start + n, "%s", fault);
    }

    prize_template_inlines_check(c, start);

    if (!c->merge && prize_template_segment(c) != 0) {
        return -1;
    }

    page = c->page;

    memcpy(page->text + page->text_len, c->source + start, end - start);
    page->text_len += end - start;
    page->segments[page->nsegments - 1].len += end - start;

    return 0;
}


static int
prize_template_raw_allowed(const prize_compiler_t *c, const prize_str_t *name)
{
    unsigned            i;
    const prize_str_t  *raw;

    if (c->options == NULL) {
        return 0;
    }

    for (i = 0; i < c->options->nraw; i++) {
        raw = &c->options->raw[i];

        if (raw->len == name->len
            && memcmp(raw->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
prize_template_use(prize_compiler_t *c, const prize_tag_t *tag)
{
    int             index;
    unsigned        column;
    prize_field_t  *field;

    index = prize_fields_add(c->fields, tag->name.data, tag->name.len);
    if (index < 0) {
        return prize_template_no_memory(c);
    }

    field = &c->fields->list[index];
    field->required = 1;

    if (field->line == 0) {
        prize_template_place(c, tag->start, &field->line, &column);
        field->file = c->options ? c->options->file : NULL;
    }

    return index;
}


static int
prize_template_field(prize_compiler_t *c, const prize_tag_t *tag)
{
    int          index, len, raw;
    const char  *fault;

    raw = (tag->type == '&');
    len = prize_template_shown(&tag->name);

    if (raw && !prize_template_raw_allowed(c, &tag->name)) {
        return prize_template_error(c, tag->start,
                   "raw tag of field \"%.*s\" is not allowed: expected "
                   "{{%.*s}}, or raw=%.*s where the page is named",
                   len, tag->name.data, len, tag->name.data,
                   len, tag->name.data);
    }

    fault = prize_markup_field(&c->markup, raw);
    if (fault) {
        return prize_template_error(c, tag->start, "field \"%.*s\" %s",
                                    len, tag->name.data, fault);
    }

    index = prize_template_use(c, tag);
    if (index < 0) {
        return -1;
    }

    c->merge = 0;

    return prize_template_op(c, raw ? PRIZE_OP_RAW : PRIZE_OP_ESCAPED, index);
}


static int
prize_template_open(prize_compiler_t *c, const prize_tag_t *tag)
{
    int               index;
    const char       *fault;
    prize_section_t  *section;

    if (c->depth == PRIZE_TEMPLATE_DEPTH) {
        return prize_template_error(c, tag->start,
                   "section \"%.*s\" is too deep: expected at most %d "
                   "sections in one another",
                   prize_template_shown(&tag->name), tag->name.data,
                   PRIZE_TEMPLATE_DEPTH);
    }

    fault = prize_markup_section(&c->markup);
    if (fault) {
        return prize_template_error(c, tag->start, "section \"%.*s\" %s",
                                    prize_template_shown(&tag->name),
                                    tag->name.data, fault);
    }

    prize_template_inlines_check(c, tag->start);

    index = prize_template_use(c, tag);
    if (index < 0) {
        return -1;
    }

    c->fields->list[index].section = 1;

    section = &c->sections[c->depth++];
    section->tag = *tag;
    section->op = c->page->nops;
    section->markup = c->markup;

    c->merge = 0;

    return prize_template_op(c, tag->type == '#' ? PRIZE_OP_SECTION
                                                 : PRIZE_OP_INVERTED, index);
}


static int
prize_template_close(prize_compiler_t *c, const prize_tag_t *tag)
{
    int               len;
    unsigned          line, column;
    const char       *fault;
    prize_section_t  *section;

    len = prize_template_shown(&tag->name);

    if (c->depth == 0) {
        return prize_template_error(c, tag->start,
                   "closing tag of \"%.*s\", but no section is open: "
                   "expected its opening tag before it",
                   len, tag->name.data);
    }

    section = &c->sections[c->depth - 1];

    if (tag->name.len != section->tag.name.len
        || memcmp(tag->name.data, section->tag.name.data, tag->name.len) != 0)
    {
        prize_template_place(c, section->tag.start, &line, &column);

        return prize_template_error(c, tag->start,
                   "closing tag of \"%.*s\": expected that of \"%.*s\", "
                   "opened at %u:%u", len, tag->name.data,
                   prize_template_shown(&section->tag.name),
                   section->tag.name.data, line, column);
    }

    fault = prize_markup_section(&c->markup);

    if (fault == NULL) {
        fault = prize_markup_join(&c->markup, &section->markup);
    }

    if (fault) {
        return prize_template_error(c, tag->start, "section \"%.*s\" %s",
                                    len, tag->name.data, fault);
    }

    c->page->ops[section->op].jump = c->page->nops;
    c->depth--;
    c->merge = 0;

    return 0;
}


static int
prize_template_apply(prize_compiler_t *c, const prize_tag_t *tag)
{
    switch (tag->type) {

    case 0:
    case '&':
        return prize_template_field(c, tag);

    case '#':
    case '^':
        return prize_template_open(c, tag);

    case '/':
        return prize_template_close(c, tag);

    default:    /* a comment or delimiters */
        return 0;
    }
}


static int
prize_template_parse(prize_compiler_t *c)
{
    size_t            at, start, end;
    prize_tag_t       tag;
    prize_section_t  *section;

    for (at = 0; prize_template_find(c, at, &tag.start); at = end) {

        if (prize_template_tag(c, &tag) != 0) {
            return -1;
        }

        start = tag.start;
        end = tag.end;

        if (tag.type != 0 && tag.type != '&') {
            prize_template_standalone(c, &tag, &start, &end);
        }

        if (prize_template_literal(c, at, start) != 0
            || prize_template_apply(c, &tag) != 0)
        {
            return -1;
        }
    }

    if (prize_template_literal(c, at, c->len) != 0) {
        return -1;
    }

    prize_markup_done(&c->markup);
    prize_template_inlines_check(c, c->len);

    if (c->depth) {
        section = &c->sections[c->depth - 1];

        return prize_template_error(c, section->tag.start,
                   "section \"%.*s\" is not closed: expected a closing tag "
                   "before the end of the page",
                   prize_template_shown(&section->tag.name),
                   section->tag.name.data);
    }

    return 0;
}


static int
prize_template_count(prize_compiler_t *c)
{
    unsigned           pc, i;
    prize_use_t       *use;
    const prize_op_t  *op;
    prize_template_t  *page;

    page = c->page;

    page->uses = calloc(page->nops + 1, sizeof(prize_use_t));
    if (page->uses == NULL) {
        return prize_template_no_memory(c);
    }

    for (pc = 0; pc < page->nops; pc++) {
        op = &page->ops[pc];

        if (op->code != PRIZE_OP_ESCAPED && op->code != PRIZE_OP_RAW) {
            continue;
        }

        for (i = 0; i < page->nuses; i++) {
            if (page->uses[i].index == op->index) {
                break;
            }
        }

        use = &page->uses[i];
        use->index = op->index;

        if (i == page->nuses) {
            page->nuses++;
        }

        if (op->code == PRIZE_OP_RAW) {
            use->raw++;

        } else {
            use->escaped++;
        }
    }

    return 0;
}


prize_template_t *
prize_template_compile(const char *source, size_t len, prize_fields_t *fields,
    const prize_template_options_t *options, prize_template_error_t *error)
{
    prize_compiler_t  c;

    memset(&c, 0, sizeof(prize_compiler_t));

    c.source = source;
    c.len = len;
    c.fields = fields;
    c.options = options;
    c.error = error;
    c.open.data = "{{";
    c.open.len = 2;
    c.close.data = "}}";
    c.close.len = 2;

    memset(error, 0, sizeof(prize_template_error_t));

    if (prize_template_check(&c) != 0) {
        return NULL;
    }

    c.page = calloc(1, sizeof(prize_template_t));
    if (c.page == NULL) {
        (void) prize_template_no_memory(&c);
        return NULL;
    }

    prize_markup_init(&c.markup, &c.page->inlines);

    c.page->text = malloc(len ? len : 1);
    if (c.page->text == NULL) {
        (void) prize_template_no_memory(&c);
        goto failed;
    }

    if (prize_template_parse(&c) != 0 || prize_template_count(&c) != 0) {
        goto failed;
    }

    return c.page;

failed:

    prize_template_destroy(c.page);

    return NULL;
}


void
prize_template_destroy(prize_template_t *page)
{
    if (page == NULL) {
        return;
    }

    prize_inlines_destroy(&page->inlines);
    free(page->text);
    free(page->segments);
    free(page->ops);
    free(page->uses);
    free(page);
}


int
prize_template_render(const prize_template_t *page,
    const prize_record_t *record, prize_sink_t *sink)
{
    int                 rc;
    unsigned            pc;
    const prize_op_t   *op;
    const prize_str_t  *value;

    for (pc = 0; pc < page->nops; /* void */ ) {
        op = &page->ops[pc++];

        if (op->code == PRIZE_OP_LITERAL) {
            rc = sink->literal(sink, &page->segments[op->index]);
            if (rc != 0) {
                return rc;
            }

            continue;
        }

        value = &record->values[op->index];

        if (op->code == PRIZE_OP_SECTION || op->code == PRIZE_OP_INVERTED) {

            if (prize_value_is_true(value) != (op->code == PRIZE_OP_SECTION)) {
                pc = op->jump;
            }

            continue;
        }

        if (value->data == NULL || value->len == 0) {
            continue;
        }

        rc = sink->field(sink, value, op->code == PRIZE_OP_ESCAPED);
        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


uint64_t
prize_template_values(const prize_template_t *page,
    const prize_record_t *record)
{
    unsigned            i;
    uint64_t            len, escaped;
    const prize_use_t  *use;
    const prize_str_t  *value;

    len = 0;

    for (i = 0; i < page->nuses; i++) {
        use = &page->uses[i];
        value = &record->values[use->index];

        len += (uint64_t) use->raw * value->len;

        if (use->escaped) {
            escaped = (value->len <= PRIZE_TEMPLATE_SHORT)
                      ? (uint64_t) PRIZE_ESCAPE_MAX * value->len
                      : prize_escaped_length(value);

            len += use->escaped * escaped;
        }
    }

    return len;
}


const prize_segment_t *
prize_template_segments(const prize_template_t *page, unsigned *n)
{
    *n = page->nsegments;

    return page->segments;
}


const prize_inlines_t *
prize_template_inlines(const prize_template_t *page, const char **text)
{
    *text = page->text;

    return &page->inlines;
}


const prize_template_error_t *
prize_template_fault(const prize_template_t *page)
{
    return page->fault.line ? &page->fault : NULL;
}
