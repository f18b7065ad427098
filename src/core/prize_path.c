
#include <stdlib.h>
#include <string.h>

#include "prize_path.h"
#include "prize_template_ops.h"


/* fields that are decided on, in the order in which a path asks for them */

typedef struct {
    unsigned  field;
    unsigned  node;
    unsigned  yes;
} prize_path_decision_t;


typedef struct {
    prize_paths_t          *paths;
    const prize_template_t *page;
    prize_path_decision_t   decisions[PRIZE_PATHS_MAX];
    unsigned                n;
    size_t                  text;
} prize_path_search_t;


static int
prize_path_alloc(prize_path_t *path, const prize_template_t *page)
{
    path->n = 0;
    path->ends = 0;
    path->segments = malloc((page->nsegments + 1)
                            * sizeof(prize_path_segment_t));

    return path->segments ? 0 : -1;
}


static void
prize_path_add(prize_path_t *path, const prize_segment_t *segment,
    unsigned values, unsigned region)
{
    prize_path_segment_t  *s;

    s = &path->segments[path->n++];
    s->segment = segment;
    s->values = values;
    s->region = region;

    path->ends = 1;
}


static void
prize_path_link(prize_path_search_t *search, int next)
{
    prize_path_decision_t  *last;

    if (search->n) {
        last = &search->decisions[search->n - 1];
        search->paths->nodes[last->node].next[last->yes] = next;
    }
}


/* 1 or 0, or -1 if there is no room for another decision */

static int
prize_path_decide(prize_path_search_t *search, unsigned field)
{
    unsigned                i;
    prize_paths_t          *paths;
    prize_path_decision_t  *decision;

    for (i = 0; i < search->n; i++) {
        if (search->decisions[i].field == field) {
            return search->decisions[i].yes;
        }
    }

    paths = search->paths;

    if (paths->nnodes + 1 == PRIZE_PATHS_MAX) {
        return -1;
    }

    paths->nodes[paths->nnodes].field = field;
    prize_path_link(search, paths->nnodes);

    decision = &search->decisions[search->n++];
    decision->field = field;
    decision->node = paths->nnodes++;
    decision->yes = 1;

    return 1;
}


/* the path of these decisions and of new ones; 1 if they are too many */

static int
prize_path_follow(prize_path_search_t *search, prize_path_t *path)
{
    int               yes;
    unsigned          pc, values;
    const prize_op_t *op;

    for (pc = 0, values = 0; pc < search->page->nops; /* void */ ) {
        op = &search->page->ops[pc++];

        switch (op->code) {

        case PRIZE_OP_LITERAL:
            prize_path_add(path, &search->page->segments[op->index], values,
                           0);
            search->text += search->page->segments[op->index].len;
            break;

        case PRIZE_OP_ESCAPED:
        case PRIZE_OP_RAW:
            values++;
            path->ends = 0;
            break;

        default:
            yes = prize_path_decide(search, op->index);

            if (yes == -1) {
                return 1;
            }

            if (yes != (op->code == PRIZE_OP_SECTION)) {
                pc = op->jump;
            }
        }
    }

    return search->text > PRIZE_PATHS_TEXT;
}


/* the last decision that was not turned round; 0 if there is none */

static int
prize_path_turn(prize_path_search_t *search)
{
    while (search->n && !search->decisions[search->n - 1].yes) {
        search->n--;
    }

    if (search->n == 0) {
        return 0;
    }

    search->decisions[search->n - 1].yes = 0;

    return 1;
}


/*
 * All segments in a row.  A region is what stands between two beginnings or
 * ends of sections.
 */

static int
prize_path_all(prize_path_t *path, const prize_template_t *page)
{
    char              *ends;
    unsigned           pc, values, region;
    const prize_op_t  *op;

    ends = calloc(page->nops + 1, 1);
    if (ends == NULL) {
        return -1;
    }

    path->n = 0;
    path->ends = 0;

    for (pc = 0, values = 0, region = 0; pc < page->nops; pc++) {
        op = &page->ops[pc];
        region += ends[pc];

        switch (op->code) {

        case PRIZE_OP_LITERAL:
            prize_path_add(path, &page->segments[op->index], values, region);
            break;

        case PRIZE_OP_ESCAPED:
        case PRIZE_OP_RAW:
            values++;
            path->ends = 0;
            break;

        default:
            region++;
            ends[op->jump] = 1;
        }
    }

    /* the last one may be a section's */

    if (ends[page->nops]) {
        path->ends = 0;
    }

    free(ends);

    return 0;
}


int
prize_paths_init(prize_paths_t *paths, const prize_template_t *page)
{
    prize_path_t         *path;
    prize_path_search_t   search;

    paths->n = 0;
    paths->nnodes = 0;

    search.paths = paths;
    search.page = page;
    search.n = 0;
    search.text = 0;

    do {
        path = &paths->list[paths->n];

        if (prize_path_alloc(path, page) != 0) {
            return -1;
        }

        paths->n++;

        if (prize_path_follow(&search, path) != 0) {
            while (paths->n > 1) {
                free(paths->list[--paths->n].segments);
            }

            paths->nnodes = 0;

            return prize_path_all(&paths->list[0], page);
        }

        prize_path_link(&search, ~(int) (paths->n - 1));

    } while (prize_path_turn(&search));

    return 0;
}


void
prize_paths_destroy(prize_paths_t *paths)
{
    while (paths->n) {
        free(paths->list[--paths->n].segments);
    }
}


unsigned
prize_paths_choose(const prize_path_node_t *nodes, unsigned n,
    const prize_record_t *record)
{
    int  next;

    for (next = n ? 0 : ~0; next >= 0; /* void */ ) {
        next = nodes[next].next[prize_value_is_true(
                                    &record->values[nodes[next].field])];
    }

    return ~next;
}
