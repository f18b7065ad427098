
#ifndef _PRIZE_ESCAPE_H_INCLUDED_
#define _PRIZE_ESCAPE_H_INCLUDED_


#include <stddef.h>

#include "prize_record.h"


/*
 * & < > " ' as character references, safe in text and in a quoted attribute:
 * the length of the escaped value, and the value itself written to "dst",
 * which has room for that length; the end of what was written is returned.
 *
 * The bytes FE and FF are in no UTF-8 and are written as U+FFFD, which
 * browsers show for them: at the start of a page they would make it UTF-16,
 * whatever its Content-Type says (Encoding standard, 6, "BOM sniff").
 */
#define PRIZE_ESCAPE_MAX  6      /* times as long, at most */

size_t prize_escaped_length(const prize_str_t *value);
char *prize_escape(char *dst, const prize_str_t *value);


#endif /* _PRIZE_ESCAPE_H_INCLUDED_ */
