
#include <stdlib.h>

#include "prize_escape.h"
#include "prize_template_ops.h"


/* a value whose escaped length is not worth counting */
#define PRIZE_TEMPLATE_SHORT  64


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


const prize_template_error_t *
prize_template_notice(const prize_template_t *page)
{
    return page->notice.line ? &page->notice : NULL;
}
