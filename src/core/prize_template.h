
/*
 * A page: Mustache (https://mustache.github.io/mustache.5.html) without
 * partials, lambdas, dotted names and the implicit iterator, compiled once to
 * a list of operations over static segments and rendered into a sink.
 */

#ifndef _PRIZE_TEMPLATE_H_INCLUDED_
#define _PRIZE_TEMPLATE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_inline.h"
#include "prize_record.h"


#define PRIZE_TEMPLATE_ERROR_TEXT  256


typedef struct prize_template_s  prize_template_t;
typedef struct prize_sink_s      prize_sink_t;


/* static text between two tags; lives as long as its template */

typedef struct {
    const char          *data;
    size_t               len;
    unsigned             index;     /* its place in the template, from 0 */
} prize_segment_t;


/*
 * Where a page goes.  Both handlers return 0, or a value that ends the
 * rendering and is returned by it.  A segment may be kept by reference; a
 * value is the record's, and is to be written escaped where "escape" says so
 * (prize_escape.h).
 */

struct prize_sink_s {
    int                (*literal)(prize_sink_t *sink,
                             const prize_segment_t *segment);
    int                (*field)(prize_sink_t *sink, const prize_str_t *value,
                             unsigned escape);
};


typedef struct {
    unsigned             line;      /* from 1; 0 if the file as a whole */
    unsigned             column;    /* from 1, in bytes */
    char                 text[PRIZE_TEMPLATE_ERROR_TEXT];
} prize_template_error_t;


typedef struct {
    const char          *file;      /* for prize_field_t, may be NULL */
    const prize_str_t   *raw;       /* fields that may stand in {{{...}}} */
    unsigned             nraw;
} prize_template_options_t;


/*
 * Copies the source.  The fields that the page uses are added to "fields" as
 * required ones.  NULL on an error, which "error" then describes; else what
 * is to be given to prize_template_destroy(), which takes NULL as well.
 */
prize_template_t *prize_template_compile(const char *source, size_t len,
    prize_fields_t *fields, const prize_template_options_t *options,
    prize_template_error_t *error);

void prize_template_destroy(prize_template_t *page);

/* allocates nothing; the record is indexed by the table of the compilation */
int prize_template_render(const prize_template_t *page,
    const prize_record_t *record, prize_sink_t *sink);

/*
 * The most bytes that the values of this page can take, as though all of its
 * sections were true and false at once; cheaper than to know it exactly.
 * Where a field of 1 MiB stands a million times on the page, that is more
 * than a size_t of 32 bits holds: a page that takes more than the maximum is
 * not to be made.
 */
#define PRIZE_TEMPLATE_VALUES_MAX  (64 * 1024 * 1024)

uint64_t prize_template_values(const prize_template_t *page,
    const prize_record_t *record);

/* all segments, in the order of their index */
const prize_segment_t *prize_template_segments(const prize_template_t *page,
    unsigned *n);

/*
 * The page's own styles and scripts, as offsets in "text", which is all of
 * its segments in a row; and what in it no hash covers, or NULL.
 */
const prize_inlines_t *prize_template_inlines(const prize_template_t *page,
    const char **text);
const prize_template_error_t *prize_template_fault(
    const prize_template_t *page);

/* what somebody should know of a page that is right otherwise, or NULL */
const prize_template_error_t *prize_template_notice(
    const prize_template_t *page);


#endif /* _PRIZE_TEMPLATE_H_INCLUDED_ */
