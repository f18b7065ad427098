
/*
 * Signed links: a link that only its owner has.
 *
 *     ?id=E1001&x=1798113600&k=2026a&s=SIGNATURE
 *
 * "x" is the first second, as Unix time, at which the link no longer holds,
 * "k" names the key, and "s" is the HMAC-SHA256 of this string under it, in
 * base64url without padding, 43 characters:
 *
 *     6:prize1,LENGTH:EVENT,LENGTH:ID,LENGTH:EXPIRY,
 *
 * LENGTH is the number of bytes in decimal, ID is the decoded one.  Each part
 * says how long it is, so no two links have one string, and no string of a
 * later version is one of this.
 */

#ifndef _PRIZE_SIGNATURE_H_INCLUDED_
#define _PRIZE_SIGNATURE_H_INCLUDED_


#include <stddef.h>
#include <time.h>

#include "prize_keys.h"
#include "prize_record.h"


#define PRIZE_SIGNATURE_LEN         43      /* of "s" */
#define PRIZE_SIGNATURE_EVENT_MAX   255
#define PRIZE_SIGNATURE_ID_MAX      1024
#define PRIZE_SIGNATURE_EXPIRY_MAX  12      /* digits of "x" */

/* room for "x=EXPIRY&k=KEYID&s=SIGNATURE" */
#define PRIZE_SIGNATURE_LINK_LEN                                              \
    (2 + PRIZE_SIGNATURE_EXPIRY_MAX + 3 + PRIZE_KEYS_NAME_MAX + 3             \
     + PRIZE_SIGNATURE_LEN)


typedef enum {
    PRIZE_SIGNATURE_VALID = 0,
    PRIZE_SIGNATURE_INVALID,
    PRIZE_SIGNATURE_EXPIRED         /* the signature itself is right */
} prize_signature_e;


/*
 * Points to the arguments that it was parsed from, or into itself where a
 * value was percent-encoded: it is not to be copied.
 */

typedef struct {
    prize_str_t   expiry;           /* "x" */
    prize_str_t   keyid;            /* "k" */
    prize_str_t   signature;        /* "s" */

    char          decoded[PRIZE_SIGNATURE_EXPIRY_MAX + PRIZE_KEYS_NAME_MAX
                          + PRIZE_SIGNATURE_LEN];
} prize_signature_link_t;


/* 1 to PRIZE_SIGNATURE_EVENT_MAX bytes: 0, or -1 if it is no event's name */
int prize_signature_event_check(const prize_str_t *event);

/*
 * The arguments of a request, without the "?".  0, or -1 if "x", "k" or "s"
 * is missing or given twice, or if "id" is given twice or as "Id": nginx finds
 * an argument in any case, and the first of two, but a link has one form.
 * The values are percent-decoded once, as the ID is: nothing of a link has to
 * be encoded, but encoded it is the same link (RFC 3986, 2.3).
 */
int prize_signature_link_parse(prize_signature_link_t *link,
    const prize_str_t *args);

/*
 * What became of a link on its way, where it was refused: a static text, or
 * NULL if nothing is known.
 */
const char *prize_signature_link_damage(const prize_str_t *args);

/*
 * Writes "x=EXPIRY&k=KEYID&s=SIGNATURE", without a NUL, by the first key.
 * Returns its length, or 0 if the event, the ID or the expiry is out of
 * range.
 */
size_t prize_signature_sign(const prize_keys_t *keys,
    const prize_str_t *event, const prize_str_t *id, time_t expiry,
    char dst[PRIZE_SIGNATURE_LINK_LEN]);

/*
 * Allocates nothing.  The time that it takes depends on what the link holds,
 * but not on how much of the signature is right.
 */
prize_signature_e prize_signature_verify(const prize_keys_t *keys,
    const prize_str_t *event, const prize_str_t *id,
    const prize_signature_link_t *link, time_t now);


#endif /* _PRIZE_SIGNATURE_H_INCLUDED_ */
