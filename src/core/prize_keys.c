
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
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
#include <openssl/sha.h>

#include "prize_base64.h"
#include "prize_keys.h"


/* a key file is some lines; what is larger is none */
#define PRIZE_KEYS_FILE_MAX  (64 * 1024)

/* a block: HMAC would hash a longer key first */
#define PRIZE_KEYS_KEY_MAX   SHA256_CBLOCK

/* of SHA-256: a bit, and eight bytes with the length of it all */
#define PRIZE_KEYS_PADDING_MIN  (1 + 8)


/* the two hashes of HMAC, each fed with its block of the key */

struct prize_keys_key_s {
    SHA256_CTX   inner;
    SHA256_CTX   outer;
    size_t       len;               /* of the name */
    char         name[PRIZE_KEYS_NAME_MAX];
};


struct prize_keys_s {
    prize_keys_key_t  *list;        /* owned; the first one signs */
    unsigned           n;
    unsigned           allocated;
};


static int
prize_keys_name_allowed(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_' || ch == '-';
}


const prize_keys_key_t *
prize_keys_find(const prize_keys_t *keys, const prize_str_t *name)
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
prize_keys_feed(SHA256_CTX *hash, const unsigned char *key, size_t len,
    unsigned char pad)
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
prize_keys_add(prize_keys_t *keys, const prize_str_t *name,
    const unsigned char *bytes, size_t len)
{
    unsigned           n;
    prize_keys_key_t  *list, *key;

    if (keys->n == keys->allocated) {
        n = keys->allocated ? 2 * keys->allocated : 4;

        list = realloc(keys->list, n * sizeof(prize_keys_key_t));
        if (list == NULL) {
            return -1;
        }

        keys->list = list;
        keys->allocated = n;
    }

    key = &keys->list[keys->n];

    prize_keys_feed(&key->inner, bytes, len, 0x36);
    prize_keys_feed(&key->outer, bytes, len, 0x5c);

    key->len = name->len;
    memcpy(key->name, name->data, name->len);

    keys->n++;

    return 0;
}


static int
prize_keys_name_check(const prize_keys_t *keys, const prize_str_t *name,
    unsigned line, prize_lines_error_t *error)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (!prize_keys_name_allowed(name->data[i])) {
            break;
        }
    }

    /* not shown: whoever forgot the name has written the key here */

    if (i < name->len || name->len == 0 || name->len > PRIZE_KEYS_NAME_MAX) {
        return prize_lines_error(error, line, "the key's name is not 1 to "
                                 "%d of A-Z a-z 0-9 . _ -",
                                 PRIZE_KEYS_NAME_MAX);
    }

    if (prize_keys_find(keys, name)) {
        return prize_lines_error(error, line, "a second key of the name "
                                 "\"%.*s\"", (int) name->len, name->data);
    }

    return 0;
}


static int
prize_keys_key_parse(prize_keys_t *keys, const prize_str_t *name,
    prize_str_t base64, unsigned line, prize_lines_error_t *error)
{
    int            rc;
    size_t         len, padding;
    unsigned char  bytes[PRIZE_KEYS_KEY_MAX + 3];

    padding = 0;

    while (padding < 2 && base64.len && base64.data[base64.len - 1] == '=') {
        base64.len--;
        padding++;
    }

    len = base64.len * 3 / 4;

    if (len > PRIZE_KEYS_KEY_MAX) {
        return prize_lines_error(error, line, "key \"%.*s\" is longer "
                                 "than %d bytes", (int) name->len,
                                 name->data, PRIZE_KEYS_KEY_MAX);
    }

    if ((base64.len + padding) % 4
        || prize_base64_decode(bytes, base64.data, base64.len, prize_base64)
           == -1)
    {
        rc = prize_lines_error(error, line, "key \"%.*s\" is not base64 "
                               "with its padding", (int) name->len,
                               name->data);

    } else if (len < PRIZE_KEYS_KEY_MIN) {
        rc = prize_lines_error(error, line, "key \"%.*s\" has %zu bytes: "
                               "want at least %d, as \"openssl rand "
                               "-base64 %d\" writes them",
                               (int) name->len, name->data, len,
                               PRIZE_KEYS_KEY_MIN, PRIZE_KEYS_KEY_MIN);

    } else if (prize_keys_add(keys, name, bytes, len) == -1) {
        rc = prize_lines_error(error, line, "out of memory");

    } else {
        rc = 0;
    }

    OPENSSL_cleanse(bytes, sizeof(bytes));

    return rc;
}


/* the next word of a line, which is empty at its end */

static prize_str_t
prize_keys_word(const char **pos, const char *end)
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
prize_keys_line_parse(prize_keys_t *keys, const prize_str_t *text,
    unsigned line, prize_lines_error_t *error)
{
    const char   *pos, *end;
    prize_str_t   name, key;

    pos = text->data;
    end = text->data + text->len;

    name = prize_keys_word(&pos, end);

    if (name.len == 0 || name.data[0] == '#') {
        return 0;
    }

    key = prize_keys_word(&pos, end);

    if (key.len == 0 || prize_keys_word(&pos, end).len) {
        return prize_lines_error(error, line,
                                 "want a key's name, a space and the key "
                                 "in base64");
    }

    if (prize_keys_name_check(keys, &name, line, error) == -1) {
        return -1;
    }

    return prize_keys_key_parse(keys, &name, key, line, error);
}


static int
prize_keys_lines_parse(prize_keys_t *keys, const char *text, size_t len,
    prize_lines_error_t *error)
{
    prize_str_t    line;
    prize_lines_t  lines;

    lines.pos = text;
    lines.last = text + len;
    lines.line = 0;

    while (prize_lines_next(&lines, &line)) {

        if (prize_keys_line_parse(keys, &line, lines.line, error) == -1) {
            return -1;
        }
    }

    if (keys->n == 0) {
        return prize_lines_error(error, 0, "there is no key in it");
    }

    return 0;
}


prize_keys_t *
prize_keys_parse(const char *text, size_t len, prize_lines_error_t *error)
{
    prize_keys_t  *keys;

    keys = calloc(1, sizeof(prize_keys_t));
    if (keys == NULL) {
        prize_lines_error(error, 0, "out of memory");
        return NULL;
    }

    if (prize_keys_lines_parse(keys, text, len, error) == -1) {
        prize_keys_destroy(keys);
        return NULL;
    }

    return keys;
}


static int
prize_keys_file_check(int fd, prize_lines_error_t *error)
{
    struct stat  st;

    if (fstat(fd, &st) == -1) {
        return prize_lines_error(error, 0, "cannot look at it: %s",
                                 strerror(errno));
    }

    if (!S_ISREG(st.st_mode)) {
        return prize_lines_error(error, 0, "it is not a regular file");
    }

    if (st.st_mode & (S_IROTH|S_IWOTH)) {
        return prize_lines_error(error, 0, "others may read or write it "
                                 "(mode %04o): want 0640 or less",
                                 (unsigned) st.st_mode & 07777);
    }

    return 0;
}


static prize_keys_t *
prize_keys_file_read(int fd, prize_lines_error_t *error)
{
    char          *text;
    size_t         len;
    ssize_t        n;
    prize_keys_t  *keys;

    text = malloc(PRIZE_KEYS_FILE_MAX + 1);
    if (text == NULL) {
        prize_lines_error(error, 0, "out of memory");
        return NULL;
    }

    keys = NULL;
    len = 0;

    do {
        n = read(fd, text + len, PRIZE_KEYS_FILE_MAX + 1 - len);
        len += n > 0 ? n : 0;
    } while (n > 0 && len <= PRIZE_KEYS_FILE_MAX);

    if (n == -1) {
        prize_lines_error(error, 0, "cannot read it: %s", strerror(errno));

    } else if (len > PRIZE_KEYS_FILE_MAX) {
        prize_lines_error(error, 0, "it has more than %d bytes",
                          PRIZE_KEYS_FILE_MAX);

    } else {
        keys = prize_keys_parse(text, len, error);
    }

    OPENSSL_cleanse(text, PRIZE_KEYS_FILE_MAX + 1);
    free(text);

    return keys;
}


prize_keys_t *
prize_keys_read(const char *file, prize_lines_error_t *error)
{
    int            fd;
    prize_keys_t  *keys;

    /* a pipe, which is refused, would be waited for */

    fd = open(file, O_RDONLY|O_CLOEXEC|O_NONBLOCK);
    if (fd == -1) {
        prize_lines_error(error, 0, "cannot open it: %s", strerror(errno));
        return NULL;
    }

    keys = prize_keys_file_check(fd, error) == -1
           ? NULL : prize_keys_file_read(fd, error);

    (void) close(fd);

    return keys;
}


void
prize_keys_destroy(prize_keys_t *keys)
{
    if (keys == NULL) {
        return;
    }

    OPENSSL_cleanse(keys->list, keys->n * sizeof(prize_keys_key_t));
    free(keys->list);
    free(keys);
}


const prize_keys_key_t *
prize_keys_first(const prize_keys_t *keys)
{
    return &keys->list[0];
}


prize_str_t
prize_keys_name(const prize_keys_key_t *key)
{
    prize_str_t  name;

    name.data = key->name;
    name.len = key->len;

    return name;
}


/*
 * The end of a hash that began with a key's block.  "data" has room for its
 * padding behind it; SHA256_Update() and SHA256_Final() take longer to keep
 * count of what is all there than the processor takes to hash it.
 */

static void
prize_keys_finish(const SHA256_CTX *begun, unsigned char *data, size_t len,
    unsigned char mac[PRIZE_KEYS_MAC_LEN])
{
    size_t      i, size, bits;
    uint32_t    word;
    SHA256_CTX  hash;

    bits = 8 * (SHA256_CBLOCK + len);
    size = (len + PRIZE_KEYS_PADDING_MIN + SHA256_CBLOCK - 1)
           / SHA256_CBLOCK * SHA256_CBLOCK;

    memset(data + len, 0, size - len);
    data[len] = 0x80;
    data[size - 2] = bits >> 8;
    data[size - 1] = bits;

    hash = *begun;

    for (i = 0; i < size; i += SHA256_CBLOCK) {
        SHA256_Transform(&hash, data + i);
    }

    for (i = 0; i < PRIZE_KEYS_MAC_LEN / 4; i++) {
        word = htobe32(hash.h[i]);
        memcpy(mac + 4 * i, &word, 4);
    }
}


void
prize_keys_mac(const prize_keys_key_t *key, unsigned char *data, size_t len,
    unsigned char mac[PRIZE_KEYS_MAC_LEN])
{
    prize_keys_finish(&key->inner, data, len, data);
    prize_keys_finish(&key->outer, data, PRIZE_KEYS_MAC_LEN, mac);
}
