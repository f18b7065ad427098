
/*
 * The inside of a template, for the rooms that it is made of: parsing,
 * which makes the operations of a source, rendering, which goes through them,
 * and its paths, which are the ways through.  Nobody else includes it.
 */

#ifndef _PRIZE_TEMPLATE_OPS_H_INCLUDED_
#define _PRIZE_TEMPLATE_OPS_H_INCLUDED_


#include "prize_template.h"


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
    prize_template_error_t    notice;    /* what frameworks look into */
};


#endif /* _PRIZE_TEMPLATE_OPS_H_INCLUDED_ */
