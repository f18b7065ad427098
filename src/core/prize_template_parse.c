
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prize_markup.h"
#include "prize_source.h"
#include "prize_template_ops.h"


/* sections that may stand in one another */
#define PRIZE_TEMPLATE_DEPTH  64


typedef struct {
    prize_tag_t               tag;
    unsigned                  op;
    prize_markup_begin_t      begin;     /* where the body begins */
} prize_section_t;


typedef struct {
    prize_source_t                   source;
    prize_fields_t                  *fields;
    const prize_template_options_t  *options;
    prize_template_t                *page;

    prize_markup_t                   markup;
    prize_section_t                  sections[PRIZE_TEMPLATE_DEPTH];
    unsigned                         depth;
    unsigned                         merge;    /* the last op is text that */
                                               /*   more text may join */

    size_t                           placed;   /* an offset whose line, and */
    size_t                           line_at;  /*   where that begins, are */
    unsigned                         line;     /*   known */
} prize_compiler_t;


/* as prize_source_place(), of places one after the other */

static void
prize_template_place(prize_compiler_t *c, size_t at, unsigned *line,
    unsigned *column)
{
    if (at < c->placed) {
        prize_source_place(&c->source, at, line, column);
        return;
    }

    for ( /* void */ ; c->placed < at; c->placed++) {
        if (c->source.data[c->placed] == '\n') {
            c->line++;
            c->line_at = c->placed + 1;
        }
    }

    *line = c->line;
    *column = (unsigned) (at - c->line_at + 1);
}


/* places of what the page loads */

static void
prize_template_loads(prize_compiler_t *c)
{
    unsigned          i;
    prize_load_t     *load;
    prize_inlines_t  *inlines;

    inlines = &c->page->inlines;

    for (i = inlines->nloads; i > 0 && inlines->loads[i - 1].line == 0; i--) {
        /* void */
    }

    for ( /* void */ ; i < inlines->nloads; i++) {
        load = &inlines->loads[i];
        prize_template_place(c, load->at, &load->line, &load->column);
    }
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

    prize_source_place(&c->source, at + n, &page->fault.line,
                       &page->fault.column);

    (void) snprintf(page->fault.text, sizeof(page->fault.text), "%s",
                    inlines->fault);
}


static int
prize_template_no_memory(prize_compiler_t *c)
{
    c->source.error->line = 0;
    c->source.error->column = 0;

    (void) snprintf(c->source.error->text, sizeof(c->source.error->text),
                    "not enough memory");

    return -1;
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

    fault = prize_markup_static(&c->markup, c->source.data + start, end - start,
                                start, &n);
    if (fault) {
        return prize_source_error(&c->source,
                                  c->markup.fault_at == PRIZE_MARKUP_HERE
                                  ? start + n : c->markup.fault_at,
                                  "%s", fault);
    }

    prize_template_inlines_check(c, start);
    prize_template_loads(c);

    if (!c->merge && prize_template_segment(c) != 0) {
        return -1;
    }

    page = c->page;

    memcpy(page->text + page->text_len, c->source.data + start, end - start);
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
        prize_source_place(&c->source, tag->start, &field->line, &column);
        field->file = c->options ? c->options->file : NULL;
    }

    return index;
}


/*
 * A page has other delimiters because a framework fills {{}}: it would do so
 * with a value that has these, unless it is told not to look there.
 */

static const char *
prize_template_framework(const prize_compiler_t *c)
{
    if (memcmp(c->source.open.data, "{{", 2) == 0
        || !prize_markup_is_open_to_frameworks(&c->markup))
    {
        return NULL;
    }

    return "a value in text of a page with other delimiters: a front-end "
           "framework that fills {{...}} would run what the value has between "
           "these; expected it inside of an element with v-pre or "
           "ng-non-bindable";
}


static void
prize_template_notice_add(prize_compiler_t *c, const prize_tag_t *tag)
{
    const char              *text;
    prize_template_error_t  *notice;

    notice = &c->page->notice;
    text = notice->line ? NULL : prize_template_framework(c);

    if (text) {
        prize_template_place(c, tag->start, &notice->line, &notice->column);
        (void) snprintf(notice->text, sizeof(notice->text), "%s", text);
    }
}


/* the same of a page that has attributes of one, whatever its delimiters */

static void
prize_template_notice_attributes(prize_compiler_t *c)
{
    size_t                   at;
    const char              *text;
    prize_template_error_t  *notice;

    notice = &c->page->notice;
    text = notice->line ? NULL : prize_markup_notice(&c->markup, &at);

    if (text) {
        prize_source_place(&c->source, at, &notice->line, &notice->column);
        (void) snprintf(notice->text, sizeof(notice->text), "%s", text);
    }
}


static int
prize_template_field(prize_compiler_t *c, const prize_tag_t *tag)
{
    int          index, len, raw;
    const char  *fault;

    raw = (tag->type == '&');
    len = prize_source_shown(&tag->name);

    if (raw && !prize_template_raw_allowed(c, &tag->name)) {
        return prize_source_error(&c->source, tag->start,
                   "raw tag of field \"%.*s\" is not allowed: expected "
                   "{{%.*s}}, or raw=%.*s where the page is named",
                   len, tag->name.data, len, tag->name.data,
                   len, tag->name.data);
    }

    fault = prize_markup_field(&c->markup, raw, tag->start);
    if (fault) {
        return prize_source_error(&c->source, tag->start, "field \"%.*s\" %s",
                                  len, tag->name.data, fault);
    }

    if (!raw) {
        prize_template_notice_add(c, tag);
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
        return prize_source_error(&c->source, tag->start,
                   "section \"%.*s\" is too deep: expected at most %d "
                   "sections in one another",
                   prize_source_shown(&tag->name), tag->name.data,
                   PRIZE_TEMPLATE_DEPTH);
    }

    index = prize_template_use(c, tag);
    if (index < 0) {
        return -1;
    }

    c->fields->list[index].section = 1;

    section = &c->sections[c->depth++];
    section->tag = *tag;
    section->op = c->page->nops;

    fault = prize_markup_open(&c->markup, &section->begin, index,
                              tag->type == '#');
    if (fault) {
        return prize_source_error(&c->source, tag->start, "section \"%.*s\" %s",
                                  prize_source_shown(&tag->name),
                                  tag->name.data, fault);
    }

    prize_template_inlines_check(c, tag->start);

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

    len = prize_source_shown(&tag->name);

    if (c->depth == 0) {
        return prize_source_error(&c->source, tag->start,
                   "closing tag of \"%.*s\", but no section is open: "
                   "expected its opening tag before it",
                   len, tag->name.data);
    }

    section = &c->sections[c->depth - 1];

    if (tag->name.len != section->tag.name.len
        || memcmp(tag->name.data, section->tag.name.data, tag->name.len) != 0)
    {
        prize_source_place(&c->source, section->tag.start, &line, &column);

        return prize_source_error(&c->source, tag->start,
                   "closing tag of \"%.*s\": expected that of \"%.*s\", "
                   "opened at %u:%u", len, tag->name.data,
                   prize_source_shown(&section->tag.name),
                   section->tag.name.data, line, column);
    }

    fault = prize_markup_close(&c->markup, &section->begin);
    if (fault) {
        return prize_source_error(&c->source, tag->start, "section \"%.*s\" %s",
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
    int               rc;
    size_t            at, start, end;
    const char       *fault;
    prize_tag_t       tag;
    prize_section_t  *section;

    for (at = 0; /* void */ ; at = end) {
        rc = prize_source_tag(&c->source, at, &tag);

        if (rc == -1) {
            return -1;
        }

        if (rc == 0) {
            break;
        }

        prize_source_extent(&c->source, &tag, &start, &end);

        if (prize_template_literal(c, at, start) != 0
            || prize_template_apply(c, &tag) != 0)
        {
            return -1;
        }
    }

    if (prize_template_literal(c, at, c->source.len) != 0) {
        return -1;
    }

    fault = prize_markup_done(&c->markup);
    if (fault) {
        return prize_source_error(&c->source, c->markup.fault_at, "%s", fault);
    }

    prize_template_inlines_check(c, c->source.len);
    prize_template_notice_attributes(c);

    if (c->depth) {
        section = &c->sections[c->depth - 1];

        return prize_source_error(&c->source, section->tag.start,
                   "section \"%.*s\" is not closed: expected a closing tag "
                   "before the end of the page",
                   prize_source_shown(&section->tag.name),
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
    int               rc;
    prize_compiler_t  c;

    memset(&c, 0, sizeof(prize_compiler_t));

    c.fields = fields;
    c.options = options;

    memset(error, 0, sizeof(prize_template_error_t));

    if (prize_source_init(&c.source, source, len, error) != 0) {
        return NULL;
    }

    c.page = calloc(1, sizeof(prize_template_t));
    if (c.page == NULL) {
        (void) prize_template_no_memory(&c);
        return NULL;
    }

    c.line = 1;
    rc = -1;

    if (prize_markup_init(&c.markup, &c.page->inlines) != 0) {
        (void) prize_template_no_memory(&c);
        goto done;
    }

    c.page->text = malloc(len ? len : 1);
    if (c.page->text == NULL) {
        (void) prize_template_no_memory(&c);
        goto done;
    }

    if (prize_template_parse(&c) == 0 && prize_template_count(&c) == 0) {
        rc = 0;
    }

done:

    while (c.depth) {
        prize_markup_begin_destroy(&c.sections[--c.depth].begin);
    }

    prize_markup_destroy(&c.markup);

    if (rc != 0) {
        prize_template_destroy(c.page);
        return NULL;
    }

    return c.page;
}
