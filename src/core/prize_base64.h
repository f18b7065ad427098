
/*
 * base64 and base64url (RFC 4648), without padding.
 */

#ifndef _PRIZE_BASE64_H_INCLUDED_
#define _PRIZE_BASE64_H_INCLUDED_


#include <stddef.h>


/* the number that a byte stands for; -1: it is none of the 64 characters */
extern const signed char  prize_base64[256];
extern const signed char  prize_base64url[256];

/*
 * Writes len * 3 / 4 bytes to "dst", which has room for them, by one of the
 * tables above.  Returns 0, or -1 if "src" is not the one way to write these
 * bytes; what "dst" holds is then of no use.
 */
int prize_base64_decode(unsigned char *dst, const char *src, size_t len,
    const signed char values[256]);


#endif /* _PRIZE_BASE64_H_INCLUDED_ */
