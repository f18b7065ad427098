
/*
 * The ways through a page: what its sections leave of it.  Sections of the
 * same field are true together, and what stands in a false one asks nothing,
 * so that there are fewer than two for each section.
 */

#ifndef _PRIZE_PATH_H_INCLUDED_
#define _PRIZE_PATH_H_INCLUDED_


#include "prize_template.h"


/* more are not told apart */
#define PRIZE_PATHS_MAX  16


/*
 * A segment on its way: "values" counts those between the start of the page
 * and it.  Between two segments of one region there are the same bytes, but
 * for the values, whatever the sections are.
 */

typedef struct {
    const prize_segment_t   *segment;
    unsigned                 values;
    unsigned                 region;
} prize_path_segment_t;


typedef struct {
    prize_path_segment_t    *segments;
    unsigned                 n;
    unsigned                 ends;     /* on a segment, always */
} prize_path_t;


/* a field that decides; what follows its being false and true */

typedef struct {
    unsigned                 field;
    int                      next[2];  /* a node, or ~ of a path */
} prize_path_node_t;


/*
 * Where there are more than PRIZE_PATHS_MAX ways, or their segments have more
 * than PRIZE_PATHS_TEXT bytes, there is one path with all segments and without
 * nodes.
 */
#define PRIZE_PATHS_TEXT  (1024 * 1024)

typedef struct {
    prize_path_t             list[PRIZE_PATHS_MAX];
    unsigned                 n;
    prize_path_node_t        nodes[PRIZE_PATHS_MAX];
    unsigned                 nnodes;
} prize_paths_t;


/* 0, or -1 without memory; prize_paths_destroy() in both cases */
int prize_paths_init(prize_paths_t *paths, const prize_template_t *page);
void prize_paths_destroy(prize_paths_t *paths);

/* the path of a record, an index of the list */
unsigned prize_paths_choose(const prize_path_node_t *nodes, unsigned n,
    const prize_record_t *record);


#endif /* _PRIZE_PATH_H_INCLUDED_ */
