
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What EVP_MAC does for each computation beside SHA-256 itself, a page would
 * pay as well.  SHA256_CTX, which is deprecated in its favour, is a plain
 * structure: a key is two of them, and a computation starts with their copies.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "prize_decimal.h"
#include "prize_signature.h"


#define PRIZE_SIGNATURE_VERSION   "6:prize1,"
#define PRIZE_SIGNATURE_MAC_LEN   SHA256_DIGEST_LENGTH

/* a key file is some lines; what is larger is none */
#define PRIZE_SIGNATURE_FILE_MAX  (64 * 1024)

/* a block: HMAC would hash a longer key first */
#define PRIZE_SIGNATURE_KEY_MAX   SHA256_CBLOCK

/* of SHA-256: a bit, and eight bytes with the length of it all */
#define PRIZE_SIGNATURE_PADDING_MIN  (1 + 8)
#define PRIZE_SIGNATURE_PADDING_MAX                                           \
    (PRIZE_SIGNATURE_PADDING_MIN + SHA256_CBLOCK - 1)

/* "LENGTH:" and "," around a part */
#define PRIZE_SIGNATURE_PART_LEN  (4 + 1 + 1)

#define PRIZE_SIGNATURE_STRING_LEN                                            \
    (sizeof(PRIZE_SIGNATURE_VERSION) - 1 + 3 * PRIZE_SIGNATURE_PART_LEN       \
     + PRIZE_SIGNATURE_EVENT_MAX + PRIZE_SIGNATURE_ID_MAX                     \
     + PRIZE_SIGNATURE_EXPIRY_MAX)


/* the two hashes of HMAC, each fed with its block of the key */

typedef struct {
    SHA256_CTX   inner;
    SHA256_CTX   outer;
    size_t       len;               /* of the name */
    char         name[PRIZE_SIGNATURE_KEYID_MAX];
} prize_signature_key_t;


struct prize_signature_keys_s {
    prize_signature_key_t  *list;   /* owned; the first one signs */
    unsigned                n;
    unsigned                allocated;
    signed char             base64url[256];     /* values of its characters */
};


__attribute__((format(printf, 3, 4)))
static int
prize_signature_error(prize_signature_error_t *error, unsigned line,
    const char *fmt, ...)
{
    va_list  args;

    error->line = line;

    va_start(args, fmt);
    (void) vsnprintf(error->text, sizeof(error->text), fmt, args);
    va_end(args);

    return -1;
}


/* the two last of the 64 characters tell base64 from base64url */

static void
prize_signature_base64_init(signed char values[256], const char *last)
{
    int  i;

    memset(values, -1, 256);

    for (i = 0; i < 26; i++) {
        values['A' + i] = i;
        values['a' + i] = 26 + i;
    }

    for (i = 0; i < 10; i++) {
        values['0' + i] = 52 + i;
    }

    values[(unsigned char) last[0]] = 62;
    values[(unsigned char) last[1]] = 63;
}


/*
 * "dst" gets three bytes for four characters.  A bad one, which is -1, sets
 * bits above those of the bytes, wherever it stands.
 */

static unsigned
prize_signature_base64_group(unsigned char dst[3], const char src[4],
    const signed char values[256])
{
    unsigned  a, b, c, d, bits;

    a = values[(unsigned char) src[0]];
    b = values[(unsigned char) src[1]];
    c = values[(unsigned char) src[2]];
    d = values[(unsigned char) src[3]];

    bits = a << 18 | b << 12 | c << 6 | d;

    dst[0] = bits >> 16;
    dst[1] = bits >> 8;
    dst[2] = bits;

    return bits >> 24;
}


/*
 * Without padding; 0, or -1 if it is not the one way to write these bytes.
 * "dst" has room for len * 3 / 4 bytes.
 */

static int
prize_signature_base64_decode(unsigned char *dst, const char *src, size_t len,
    const signed char values[256])
{
    char           last[4] = "AAAA";
    const char    *end;
    unsigned       bad;
    unsigned char  bytes[3];

    bad = 0;

    for (end = src + len / 4 * 4; src < end; src += 4) {
        bad |= prize_signature_base64_group(dst, src, values);
        dst += 3;
    }

    len %= 4;

    if (len == 0) {
        return bad ? -1 : 0;
    }

    /* a lone character makes no byte, and bits of none have to be zero */

    memcpy(last, src, len);
    bad |= prize_signature_base64_group(bytes, last, values);

    if (bad || len == 1 || bytes[2] || (len == 2 && bytes[1])) {
        return -1;
    }

    memcpy(dst, bytes, len - 1);

    return 0;
}


static int
prize_signature_keyid_allowed(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-';
}


static prize_signature_key_t *
prize_signature_key_find(const prize_signature_keys_t *keys,
    const prize_str_t *name)
{
    unsigned  i;

    for (i = 0; i < keys->n; i++) {
        if (keys->list[i].len == name->len
            && memcmp(keys->list[i].name, name->data, name->len) == 0)
        {
            return &keys->list[i];
        }
    }

    return NULL;
}


static void
prize_signature_key_feed(SHA256_CTX *hash, const unsigned char *key,
    size_t len, unsigned char pad)
{
    size_t         i;
    unsigned char  block[SHA256_CBLOCK];

    memset(block, pad, SHA256_CBLOCK);

    for (i = 0; i < len; i++) {
        block[i] ^= key[i];
    }

    /* it returns 1 for the sake of EVP: there is nothing that could fail */

    (void) SHA256_Init(hash);
    SHA256_Transform(hash, block);

    OPENSSL_cleanse(block, SHA256_CBLOCK);
}


static int
prize_signature_key_add(prize_signature_keys_t *keys, const prize_str_t *name,
    const unsigned char *bytes, size_t len)
{
    unsigned                n;
    prize_signature_key_t  *list, *key;

    if (keys->n == keys->allocated) {
        n = keys->allocated ? 2 * keys->allocated : 4;

        list = realloc(keys->list, n * sizeof(prize_signature_key_t));
        if (list == NULL) {
            return -1;
        }

        keys->list = list;
        keys->allocated = n;
    }

    key = &keys->list[keys->n];

    prize_signature_key_feed(&key->inner, bytes, len, 0x36);
    prize_signature_key_feed(&key->outer, bytes, len, 0x5c);

    key->len = name->len;
    memcpy(key->name, name->data, name->len);

    keys->n++;

    return 0;
}


static int
prize_signature_keyid_check(const prize_signature_keys_t *keys,
    const prize_str_t *name, unsigned line, prize_signature_error_t *error)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (!prize_signature_keyid_allowed(name->data[i])) {
            break;
        }
    }

    /* not shown: whoever forgot the name has written the key here */

    if (i < name->len || name->len == 0
        || name->len > PRIZE_SIGNATURE_KEYID_MAX)
    {
        return prize_signature_error(error, line, "the key's name is not 1 to "
                                     "%d of A-Z a-z 0-9 . _ -",
                                     PRIZE_SIGNATURE_KEYID_MAX);
    }

    if (prize_signature_key_find(keys, name)) {
        return prize_signature_error(error, line, "a second key of the name "
                                     "\"%.*s\"", (int) name->len, name->data);
    }

    return 0;
}


static int
prize_signature_key_parse(prize_signature_keys_t *keys,
    const prize_str_t *name, prize_str_t base64, unsigned line,
    prize_signature_error_t *error)
{
    int            rc;
    size_t         len, padding;
    signed char    values[256];
    unsigned char  bytes[PRIZE_SIGNATURE_KEY_MAX + 3];

    prize_signature_base64_init(values, "+/");
    padding = 0;

    while (padding < 2 && base64.len
           && base64.data[base64.len - 1] == '=')
    {
        base64.len--;
        padding++;
    }

    len = base64.len * 3 / 4;

    if (len > PRIZE_SIGNATURE_KEY_MAX) {
        return prize_signature_error(error, line, "key \"%.*s\" is longer "
                                     "than %d bytes", (int) name->len,
                                     name->data, PRIZE_SIGNATURE_KEY_MAX);
    }

    if ((base64.len + padding) % 4
        || prize_signature_base64_decode(bytes, base64.data, base64.len, values)
           == -1)
    {
        rc = prize_signature_error(error, line, "key \"%.*s\" is not base64 "
                                   "with its padding", (int) name->len,
                                   name->data);

    } else if (len < PRIZE_SIGNATURE_KEY_MIN) {
        rc = prize_signature_error(error, line, "key \"%.*s\" has %zu bytes: "
                                   "want at least %d, as \"openssl rand "
                                   "-base64 %d\" writes them",
                                   (int) name->len, name->data, len,
                                   PRIZE_SIGNATURE_KEY_MIN,
                                   PRIZE_SIGNATURE_KEY_MIN);

    } else if (prize_signature_key_add(keys, name, bytes, len) == -1) {
        rc = prize_signature_error(error, line, "out of memory");

    } else {
        rc = 0;
    }

    OPENSSL_cleanse(bytes, sizeof(bytes));

    return rc;
}


/* the next word of a line, which is empty at its end */

static prize_str_t
prize_signature_word(const char **pos, const char *end)
{
    prize_str_t  word;

    while (*pos < end && (**pos == ' ' || **pos == '\t')) {
        (*pos)++;
    }

    word.data = *pos;

    while (*pos < end && **pos != ' ' && **pos != '\t') {
        (*pos)++;
    }

    word.len = *pos - word.data;

    return word;
}


static int
prize_signature_line_parse(prize_signature_keys_t *keys, const char *pos,
    const char *end, unsigned line, prize_signature_error_t *error)
{
    prize_str_t  name, key;

    if (end > pos && end[-1] == '\r') {
        end--;
    }

    name = prize_signature_word(&pos, end);

    if (name.len == 0 || name.data[0] == '#') {
        return 0;
    }

    key = prize_signature_word(&pos, end);

    if (key.len == 0 || prize_signature_word(&pos, end).len) {
        return prize_signature_error(error, line,
                                     "want a key's name, a space and the key "
                                     "in base64");
    }

    if (prize_signature_keyid_check(keys, &name, line, error) == -1) {
        return -1;
    }

    return prize_signature_key_parse(keys, &name, key, line, error);
}


static int
prize_signature_lines_parse(prize_signature_keys_t *keys, const char *text,
    size_t len, prize_signature_error_t *error)
{
    unsigned     line;
    const char  *pos, *end, *last;

    pos = text;
    last = text + len;

    for (line = 1; pos < last; line++) {

        end = memchr(pos, '\n', last - pos);
        if (end == NULL) {
            end = last;
        }

        if (prize_signature_line_parse(keys, pos, end, line, error) == -1) {
            return -1;
        }

        pos = end + 1;
    }

    if (keys->n == 0) {
        return prize_signature_error(error, 0, "there is no key in it");
    }

    return 0;
}


prize_signature_keys_t *
prize_signature_keys_parse(const char *text, size_t len,
    prize_signature_error_t *error)
{
    prize_signature_keys_t  *keys;

    keys = calloc(1, sizeof(prize_signature_keys_t));
    if (keys == NULL) {
        prize_signature_error(error, 0, "out of memory");
        return NULL;
    }

    prize_signature_base64_init(keys->base64url, "-_");

    if (prize_signature_lines_parse(keys, text, len, error) == -1) {
        prize_signature_keys_destroy(keys);
        return NULL;
    }

    return keys;
}


static int
prize_signature_file_check(int fd, prize_signature_error_t *error)
{
    struct stat  st;

    if (fstat(fd, &st) == -1) {
        return prize_signature_error(error, 0, "cannot look at it: %s",
                                     strerror(errno));
    }

    if (!S_ISREG(st.st_mode)) {
        return prize_signature_error(error, 0, "it is not a regular file");
    }

    if (st.st_mode & (S_IROTH|S_IWOTH)) {
        return prize_signature_error(error, 0, "others may read or write it "
                                     "(mode %04o): want 0640 or less",
                                     (unsigned) st.st_mode & 07777);
    }

    return 0;
}


static prize_signature_keys_t *
prize_signature_file_read(int fd, prize_signature_error_t *error)
{
    char                    *text;
    size_t                   len;
    ssize_t                  n;
    prize_signature_keys_t  *keys;

    text = malloc(PRIZE_SIGNATURE_FILE_MAX + 1);
    if (text == NULL) {
        prize_signature_error(error, 0, "out of memory");
        return NULL;
    }

    keys = NULL;
    len = 0;

    do {
        n = read(fd, text + len, PRIZE_SIGNATURE_FILE_MAX + 1 - len);
        len += n > 0 ? n : 0;
    } while (n > 0 && len <= PRIZE_SIGNATURE_FILE_MAX);

    if (n == -1) {
        prize_signature_error(error, 0, "cannot read it: %s",
                              strerror(errno));

    } else if (len > PRIZE_SIGNATURE_FILE_MAX) {
        prize_signature_error(error, 0, "it has more than %d bytes",
                              PRIZE_SIGNATURE_FILE_MAX);

    } else {
        keys = prize_signature_keys_parse(text, len, error);
    }

    OPENSSL_cleanse(text, PRIZE_SIGNATURE_FILE_MAX + 1);
    free(text);

    return keys;
}


prize_signature_keys_t *
prize_signature_keys_read(const char *file, prize_signature_error_t *error)
{
    int                      fd;
    prize_signature_keys_t  *keys;

    /* a pipe, which is refused, would be waited for */

    fd = open(file, O_RDONLY|O_CLOEXEC|O_NONBLOCK);
    if (fd == -1) {
        prize_signature_error(error, 0, "cannot open it: %s",
                              strerror(errno));
        return NULL;
    }

    keys = prize_signature_file_check(fd, error) == -1
           ? NULL : prize_signature_file_read(fd, error);

    (void) close(fd);

    return keys;
}


void
prize_signature_keys_destroy(prize_signature_keys_t *keys)
{
    if (keys == NULL) {
        return;
    }

    OPENSSL_cleanse(keys->list, keys->n * sizeof(prize_signature_key_t));
    free(keys->list);
    free(keys);
}


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


int
prize_signature_link_parse(prize_signature_link_t *link,
    const prize_str_t *args)
{
    int           rc;
    const char   *pos, *end, *last;
    prize_str_t   id;

    id.data = NULL;
    memset(link, 0, sizeof(prize_signature_link_t));

    last = args->data + args->len;

    for (pos = args->data; pos < last; pos = end + 1) {

        end = memchr(pos, '&', last - pos);
        if (end == NULL) {
            end = last;
        }

        if (end - pos > 2
            && (pos[0] | 0x20) == 'i' && (pos[1] | 0x20) == 'd'
            && pos[2] == '='
            && (memcmp(pos, "id", 2) != 0
                || prize_signature_link_take(&id, pos + 3, end - pos - 3)
                   == -1))
        {
            return -1;
        }

        if (end - pos < 2 || pos[1] != '=') {
            continue;
        }

        rc = 0;

        switch (pos[0]) {

        case 'x':
            rc = prize_signature_link_take(&link->expiry, pos + 2,
                                           end - pos - 2);
            break;

        case 'k':
            rc = prize_signature_link_take(&link->keyid, pos + 2,
                                           end - pos - 2);
            break;

        case 's':
            rc = prize_signature_link_take(&link->signature, pos + 2,
                                           end - pos - 2);
            break;
        }

        if (rc == -1) {
            return -1;
        }
    }

    return link->expiry.data && link->keyid.data && link->signature.data
           ? 0 : -1;
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


/*
 * The end of a hash that began with a key's block.  "data" has room for its
 * padding behind it; SHA256_Update() and SHA256_Final() take longer to keep
 * count of what is all there than the processor takes to hash it.
 */

static void
prize_signature_finish(const SHA256_CTX *begun, unsigned char *data,
    size_t len, unsigned char mac[PRIZE_SIGNATURE_MAC_LEN])
{
    size_t      i, size, bits;
    uint32_t    word;
    SHA256_CTX  hash;

    bits = 8 * (SHA256_CBLOCK + len);
    size = (len + PRIZE_SIGNATURE_PADDING_MIN + SHA256_CBLOCK - 1)
           / SHA256_CBLOCK * SHA256_CBLOCK;

    memset(data + len, 0, size - len);
    data[len] = 0x80;
    data[size - 2] = bits >> 8;
    data[size - 1] = bits;

    hash = *begun;

    for (i = 0; i < size; i += SHA256_CBLOCK) {
        SHA256_Transform(&hash, data + i);
    }

    for (i = 0; i < PRIZE_SIGNATURE_MAC_LEN / 4; i++) {
        word = htobe32(hash.h[i]);
        memcpy(mac + 4 * i, &word, 4);
    }
}


/* 0, or -1 if the event or the ID is not of a length that is signed */

static int
prize_signature_compute(const prize_signature_key_t *key,
    const prize_str_t *event, const prize_str_t *id, const prize_str_t *expiry,
    unsigned char mac[PRIZE_SIGNATURE_MAC_LEN])
{
    char           *p;
    unsigned char   string[PRIZE_SIGNATURE_STRING_LEN
                           + PRIZE_SIGNATURE_PADDING_MAX];

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

    prize_signature_finish(&key->inner, string, p - (char *) string, string);
    prize_signature_finish(&key->outer, string, PRIZE_SIGNATURE_MAC_LEN, mac);

    return 0;
}


/* base64url: EVP_EncodeBlock() writes base64, with one "=" and a NUL */

static char *
prize_signature_encode(char *dst,
    const unsigned char mac[PRIZE_SIGNATURE_MAC_LEN])
{
    size_t         i;
    unsigned char  base64[PRIZE_SIGNATURE_LEN + 2];

    EVP_EncodeBlock(base64, mac, PRIZE_SIGNATURE_MAC_LEN);

    for (i = 0; i < PRIZE_SIGNATURE_LEN; i++) {
        *dst++ = base64[i] == '+' ? '-' : base64[i] == '/' ? '_' : base64[i];
    }

    return dst;
}


size_t
prize_signature_sign(const prize_signature_keys_t *keys,
    const prize_str_t *event, const prize_str_t *id, time_t expiry,
    char dst[PRIZE_SIGNATURE_LINK_LEN])
{
    char                   *p;
    prize_str_t             x;
    unsigned char           mac[PRIZE_SIGNATURE_MAC_LEN];
    prize_signature_key_t  *key;

    /* no more than PRIZE_SIGNATURE_EXPIRY_MAX digits */

    if (expiry < 1 || expiry > 999999999999LL) {
        return 0;
    }

    key = &keys->list[0];

    p = prize_signature_copy(dst, "x=", 2);
    x.data = p;
    p = prize_decimal(p, expiry);
    x.len = p - x.data;

    if (prize_signature_compute(key, event, id, &x, mac) == -1) {
        return 0;
    }

    p = prize_signature_copy(p, "&k=", 3);
    p = prize_signature_copy(p, key->name, key->len);
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
prize_signature_equal(const unsigned char a[PRIZE_SIGNATURE_MAC_LEN],
    const unsigned char b[PRIZE_SIGNATURE_MAC_LEN])
{
    return (CRYPTO_memcmp(a, b, 16) | CRYPTO_memcmp(a + 16, b + 16, 16)) == 0;
}


prize_signature_e
prize_signature_verify(const prize_signature_keys_t *keys,
    const prize_str_t *event, const prize_str_t *id,
    const prize_signature_link_t *link, time_t now)
{
    time_t                  expiry;
    unsigned char           given[PRIZE_SIGNATURE_MAC_LEN],
                            mac[PRIZE_SIGNATURE_MAC_LEN];
    prize_signature_key_t  *key;

    if (prize_signature_expiry(&link->expiry, &expiry) == -1
        || link->signature.len != PRIZE_SIGNATURE_LEN
        || prize_signature_base64_decode(given, link->signature.data,
                                         PRIZE_SIGNATURE_LEN, keys->base64url)
           == -1)
    {
        return PRIZE_SIGNATURE_INVALID;
    }

    key = prize_signature_key_find(keys, &link->keyid);

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
