
/*
 * The secret keys that links are signed by, and the file that they come from.
 */

#ifndef _PRIZE_KEYS_H_INCLUDED_
#define _PRIZE_KEYS_H_INCLUDED_


#include <stddef.h>

#include "prize_lines.h"
#include "prize_record.h"


#define PRIZE_KEYS_KEY_MIN      32      /* bytes of a key */
#define PRIZE_KEYS_NAME_MAX     32      /* bytes of its name */
#define PRIZE_KEYS_MAC_LEN      32      /* bytes of an HMAC-SHA256 */

/* of SHA-256: a bit, eight bytes with the length, and the rest of a block */
#define PRIZE_KEYS_PADDING_MAX  (1 + 8 + 63)


typedef struct prize_keys_s      prize_keys_t;
typedef struct prize_keys_key_s  prize_keys_key_t;


/*
 * A key file holds "KEYID KEY" a line, KEY in base64 with its padding, as
 * "openssl rand -base64 32" writes it; empty lines and those that begin with
 * "#" say nothing.  The first key signs, all of them verify, so a new key is
 * put first and an old one is taken out when its last link has expired.
 *
 * Both return NULL on an error, which "error" then describes and which never
 * shows a key; else there is a key at least, and prize_keys_destroy() has to
 * be called in the end.  prize_keys_read() also refuses a file that is not a
 * regular one or that others than its owner and group may read or write.
 */
prize_keys_t *prize_keys_read(const char *file, prize_lines_error_t *error);
prize_keys_t *prize_keys_parse(const char *text, size_t len,
    prize_lines_error_t *error);

/* wipes them; NULL is allowed */
void prize_keys_destroy(prize_keys_t *keys);

/* the one that signs, and the one of a name or NULL; both live as "keys" do */
const prize_keys_key_t *prize_keys_first(const prize_keys_t *keys);
const prize_keys_key_t *prize_keys_find(const prize_keys_t *keys,
    const prize_str_t *name);

/* points into the key */
prize_str_t prize_keys_name(const prize_keys_key_t *key);

/*
 * The HMAC-SHA256 of "data", at most 8127 bytes.  It is computed in place, so
 * "data" is of no use afterwards, and has room for PRIZE_KEYS_PADDING_MAX
 * bytes behind its first "len", and behind its first PRIZE_KEYS_MAC_LEN.
 */
void prize_keys_mac(const prize_keys_key_t *key, unsigned char *data,
    size_t len, unsigned char mac[PRIZE_KEYS_MAC_LEN]);


#endif /* _PRIZE_KEYS_H_INCLUDED_ */
