
/*
 * A stretch of a run as literals and matches: those that take fewest bits, as
 * far as that is known from an earlier choice.
 */

#ifndef _PRIZE_LZ77_H_INCLUDED_
#define _PRIZE_LZ77_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "prize_deflate.h"
#include "prize_window.h"


/* bytes of a stretch, at most */
#define PRIZE_LZ77_MAX       32768


/* how much work is done */

typedef struct {
    unsigned               depth;     /* prize_window_find() */
    unsigned               nice;      /* a match that is long enough */
    unsigned               rounds;    /* choices, each from the one before */
    unsigned               mended;    /* bits that a mended match is to save */
    unsigned               trade:1;   /* prize_deflate_choose() */
    unsigned               cut:1;     /* prize_blocks_cut() */
} prize_lz77_effort_t;


/* a stretch and all of its matches */

typedef struct {
    const uint8_t         *text;
    size_t                 len;

    prize_match_t         *matches;
    size_t                 nmatches;
    size_t                 allocated;
    uint32_t              *first;     /* of each byte, and one more */

    uint32_t              *costs;     /* of all bytes before each one */
    prize_token_t         *steps;     /* the last one to it */
} prize_lz77_t;


/* for stretches of at most "len" bytes; -1 without memory */
int prize_lz77_init(prize_lz77_t *lz77, size_t len);

/* also of what could not be made, or is zeros */
void prize_lz77_destroy(prize_lz77_t *lz77);

/* "len" bytes from "at", all of one run; -1 without memory */
int prize_lz77_find(prize_lz77_t *lz77, const prize_window_t *window,
    unsigned run, size_t at, size_t len, const prize_lz77_effort_t *effort);

/*
 * The tokens and codes of bytes "start" to "end" of the stretch, of which
 * matches do not leave it.  There is room for a token for each byte; their
 * number.
 */
size_t prize_lz77_choose(prize_lz77_t *lz77, size_t start, size_t end,
    const prize_lz77_effort_t *effort, prize_token_t *tokens,
    prize_deflate_t *block);


#endif /* _PRIZE_LZ77_H_INCLUDED_ */
