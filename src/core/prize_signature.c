
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "prize_base64.h"
#include "prize_decimal.h"
#include "prize_id.h"
#include "prize_signature.h"


#define PRIZE_SIGNATURE_VERSION   "6:prize1,"

/* "LENGTH:" and "," around a part */
#define PRIZE_SIGNATURE_PART_LEN  (4 + 1 + 1)

#define PRIZE_SIGNATURE_STRING_LEN                                            \
    (sizeof(PRIZE_SIGNATURE_VERSION) - 1 + 3 * PRIZE_SIGNATURE_PART_LEN       \
     + PRIZE_SIGNATURE_EVENT_MAX + PRIZE_SIGNATURE_ID_MAX                     \
     + PRIZE_SIGNATURE_EXPIRY_MAX)


int
prize_signature_event_check(const prize_str_t *event)
{
    return event->len && event->len <= PRIZE_SIGNATURE_EVENT_MAX ? 0 : -1;
}


/* -1 if it was there before */

static int
prize_signature_link_take(prize_str_t *value, const char *data, size_t len)
{
    if (value->data) {
        return -1;
    }

    value->data = data;
    value->len = len;

    return 0;
}


/* one of a request; -1 as prize_signature_link_parse() */

static int
prize_signature_link_argument(prize_signature_link_t *link, prize_str_t *id,
    const char *data, size_t len)
{
    if (len > 2 && (data[0] | 0x20) == 'i' && (data[1] | 0x20) == 'd'
        && data[2] == '=')
    {
        return memcmp(data, "id", 2) == 0
               ? prize_signature_link_take(id, data + 3, len - 3) : -1;
    }

    if (len < 2 || data[1] != '=') {
        return 0;
    }

    switch (data[0]) {

    case 'x':
        return prize_signature_link_take(&link->expiry, data + 2, len - 2);

    case 'k':
        return prize_signature_link_take(&link->keyid, data + 2, len - 2);

    case 's':
        return prize_signature_link_take(&link->signature, data + 2, len - 2);

    default:
        return 0;
    }
}


/* empty if it is too long, or holds what no value of a link does */

static char *
prize_signature_link_decode(prize_str_t *value, char *dst, size_t max)
{
    if (memchr(value->data, '%', value->len)) {
        value->len = prize_id_decode(dst, value, max);
        value->data = dst;
    }

    return dst + max;
}


int
prize_signature_link_parse(prize_signature_link_t *link,
    const prize_str_t *args)
{
    char         *dst;
    const char   *pos, *end, *last;
    prize_str_t   id;

    id.data = NULL;
    memset(link, 0, offsetof(prize_signature_link_t, decoded));

    last = args->data + args->len;

    for (pos = args->data; pos < last; pos = end + 1) {

        end = memchr(pos, '&', last - pos);
        if (end == NULL) {
            end = last;
        }

        if (prize_signature_link_argument(link, &id, pos, end - pos) == -1) {
            return -1;
        }
    }

    if (link->expiry.data == NULL || link->keyid.data == NULL
        || link->signature.data == NULL)
    {
        return -1;
    }

    dst = prize_signature_link_decode(&link->expiry, link->decoded,
                                      PRIZE_SIGNATURE_EXPIRY_MAX);
    dst = prize_signature_link_decode(&link->keyid, dst, PRIZE_KEYS_NAME_MAX);
    (void) prize_signature_link_decode(&link->signature, dst,
                                       PRIZE_SIGNATURE_LEN);

    return 0;
}


/* anywhere: the first one may stand before "id", which is then missing */

static int
prize_signature_link_escaped(const prize_str_t *args)
{
    size_t  i;

    static const char  escaped[] = "&amp;";

    for (i = 0; i + sizeof(escaped) - 1 < args->len; i++) {

        if (memcmp(args->data + i, escaped, sizeof(escaped) - 1) == 0) {
            return 1;
        }
    }

    return 0;
}


/* what a sentence, or brackets around a link, may have put behind it */

static int
prize_signature_link_followed(const prize_str_t *args)
{
    size_t  i, len;

    static const char *const  ends[] = {
        ".", ")", "%2E", "%29", "\xe3\x80\x82", "%E3%80%82"    /* U+3002 */
    };

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        len = strlen(ends[i]);

        if (args->len >= len
            && strncasecmp(args->data + args->len - len, ends[i], len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


const char *
prize_signature_link_damage(const prize_str_t *args)
{
    if (prize_signature_link_escaped(args)) {
        return "it has \"&amp;\" for \"&\"";
    }

    if (prize_signature_link_followed(args)) {
        return "it ends with a full stop or a bracket";
    }

    return NULL;
}


static char *
prize_signature_copy(char *dst, const char *src, size_t len)
{
    memcpy(dst, src, len);

    return dst + len;
}


static char *
prize_signature_part(char *dst, const prize_str_t *part)
{
    dst = prize_decimal(dst, part->len);
    *dst++ = ':';
    dst = prize_signature_copy(dst, part->data, part->len);
    *dst++ = ',';

    return dst;
}


/* 0, or -1 if the event or the ID is not of a length that is signed */

static int
prize_signature_compute(const prize_keys_key_t *key,
    const prize_str_t *event, const prize_str_t *id, const prize_str_t *expiry,
    unsigned char mac[PRIZE_KEYS_MAC_LEN])
{
    char           *p;
    unsigned char   string[PRIZE_SIGNATURE_STRING_LEN
                           + PRIZE_KEYS_PADDING_MAX];

    if (prize_signature_event_check(event) == -1
        || id->len == 0 || id->len > PRIZE_SIGNATURE_ID_MAX)
    {
        return -1;
    }

    p = prize_signature_copy((char *) string, PRIZE_SIGNATURE_VERSION,
                sizeof(PRIZE_SIGNATURE_VERSION) - 1);
    p = prize_signature_part(p, event);
    p = prize_signature_part(p, id);
    p = prize_signature_part(p, expiry);

    prize_keys_mac(key, string, p - (char *) string, mac);

    return 0;
}


/* base64url: EVP_EncodeBlock() writes base64, with one "=" and a NUL */

static char *
prize_signature_encode(char *dst,
    const unsigned char mac[PRIZE_KEYS_MAC_LEN])
{
    size_t         i;
    unsigned char  base64[PRIZE_SIGNATURE_LEN + 2];

    EVP_EncodeBlock(base64, mac, PRIZE_KEYS_MAC_LEN);

    for (i = 0; i < PRIZE_SIGNATURE_LEN; i++) {
        *dst++ = base64[i] == '+' ? '-' : base64[i] == '/' ? '_' : base64[i];
    }

    return dst;
}


size_t
prize_signature_sign(const prize_keys_t *keys, const prize_str_t *event,
    const prize_str_t *id, time_t expiry, char dst[PRIZE_SIGNATURE_LINK_LEN])
{
    char                    *p;
    prize_str_t              x, name;
    unsigned char            mac[PRIZE_KEYS_MAC_LEN];
    const prize_keys_key_t  *key;

    /* no more than PRIZE_SIGNATURE_EXPIRY_MAX digits */

    if (expiry < 1 || expiry > 999999999999LL) {
        return 0;
    }

    key = prize_keys_first(keys);
    name = prize_keys_name(key);

    p = prize_signature_copy(dst, "x=", 2);
    x.data = p;
    p = prize_decimal(p, expiry);
    x.len = p - x.data;

    if (prize_signature_compute(key, event, id, &x, mac) == -1) {
        return 0;
    }

    p = prize_signature_copy(p, "&k=", 3);
    p = prize_signature_copy(p, name.data, name.len);
    p = prize_signature_copy(p, "&s=", 3);
    p = prize_signature_encode(p, mac);

    return p - dst;
}


/* the one way to write a number: 0, or -1 */

static int
prize_signature_expiry(const prize_str_t *digits, time_t *expiry)
{
    size_t  i;

    if (digits->len == 0 || digits->len > PRIZE_SIGNATURE_EXPIRY_MAX
        || digits->data[0] == '0')
    {
        return -1;
    }

    *expiry = 0;

    for (i = 0; i < digits->len; i++) {

        if (digits->data[i] < '0' || digits->data[i] > '9') {
            return -1;
        }

        *expiry = *expiry * 10 + (digits->data[i] - '0');
    }

    return 0;
}


/* for sixteen bytes OpenSSL compares no single ones */

static int
prize_signature_equal(const unsigned char a[PRIZE_KEYS_MAC_LEN],
    const unsigned char b[PRIZE_KEYS_MAC_LEN])
{
    return (CRYPTO_memcmp(a, b, 16) | CRYPTO_memcmp(a + 16, b + 16, 16)) == 0;
}


prize_signature_e
prize_signature_verify(const prize_keys_t *keys, const prize_str_t *event,
    const prize_str_t *id, const prize_signature_link_t *link, time_t now)
{
    time_t                   expiry;
    unsigned char            given[PRIZE_KEYS_MAC_LEN],
                             mac[PRIZE_KEYS_MAC_LEN];
    const prize_keys_key_t  *key;

    if (prize_signature_expiry(&link->expiry, &expiry) == -1
        || link->signature.len != PRIZE_SIGNATURE_LEN
        || prize_base64_decode(given, link->signature.data,
                               PRIZE_SIGNATURE_LEN, prize_base64url) == -1)
    {
        return PRIZE_SIGNATURE_INVALID;
    }

    key = prize_keys_find(keys, &link->keyid);

    if (key == NULL) {
        return PRIZE_SIGNATURE_INVALID;
    }

    if (prize_signature_compute(key, event, id, &link->expiry, mac) == -1
        || !prize_signature_equal(given, mac))
    {
        return PRIZE_SIGNATURE_INVALID;
    }

    return now < expiry ? PRIZE_SIGNATURE_VALID : PRIZE_SIGNATURE_EXPIRED;
}
