
/*
 * Lengths of codes that are cheap to write as well: in a short block its
 * header takes as much as its text, and lengths that are alike take less of
 * it than those that are best for the symbols.
 */

#ifndef _PRIZE_LENGTHS_H_INCLUDED_
#define _PRIZE_LENGTHS_H_INCLUDED_


#include "prize_codes.h"


/*
 * Codes and their header, to begin with, are those that take least for the
 * symbols; they are replaced if others take less as a whole.  The size in
 * bits of header, symbols and end.
 */
size_t prize_lengths_trade(const prize_counts_t *counts, prize_codes_t *codes,
    prize_header_t *header);


#endif /* _PRIZE_LENGTHS_H_INCLUDED_ */
