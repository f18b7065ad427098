
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "prize_signature.h"
#include "tap.h"


#define EXPIRY  1798113600

/* 32 bytes of 0x00, 0x01, 0x02, and 31 and 64 bytes, in base64 */

#define KEY_0   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_1   "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_2   "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_31  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define KEY_64                                                                \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                             \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="


typedef struct {
    const char  *text;
    unsigned     line;
    const char  *says;
} key_case_t;


static const key_case_t  bad_keys[] = {
    { "", 0, "no key" },
    { "# nothing\n\n", 0, "no key" },
    { "a\n", 1, "a space and the key" },
    { KEY_0 "\n", 1, "a space and the key" },
    { "a " KEY_0 " more\n", 1, "a space and the key" },
    { "a " KEY_0 "\n\n# b\nb " KEY_31 "\n", 4, "\"b\" has 31 bytes" },
    { "a AA==\n", 1, "\"a\" has 1 bytes" },
    { "a =\n", 1, "not base64" },
    { "a " KEY_0 "\na " KEY_1 "\n", 2, "second key of the name \"a\"" },
    { "a/b " KEY_0 "\n", 1, "the key's name" },
    { "a&b " KEY_0 "\n", 1, "the key's name" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa " KEY_0 "\n", 1,
      "the key's name" },
    { KEY_0 " a\n", 1, "the key's name" },

    /* the last character's unused bits, padding, alphabet, blanks */
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", 1, "not base64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 1, "not base64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", 1, "not base64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA===\n", 1,
      "not base64" },
    { "a -AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "not base64" },
    { "a _AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "not base64" },
    { "a A=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "not base64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc3\xa4=\n", 1,
      "not base64" },

    /* 65 and 66 bytes: HMAC would make another key of it */
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "longer than 64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 1, "longer than 64" }
};


static const prize_str_t  party = { 5, "party" };


static prize_str_t
str(const char *text)
{
    prize_str_t  s;

    s.data = text;
    s.len = strlen(text);

    return s;
}


static prize_signature_keys_t *
keys_of(const char *text)
{
    prize_signature_keys_t   *keys;
    prize_signature_error_t   error;

    keys = prize_signature_keys_parse(text, strlen(text), &error);

    if (keys == NULL) {
        ok(0, "keys: line %u: %s", error.line, error.text);
        exit(1);
    }

    return keys;
}


/* PRIZE_SIGNATURE_INVALID also where "args" holds no link at all */

static prize_signature_e
verify(prize_signature_keys_t *keys, prize_str_t event, const char *id,
    prize_str_t args, time_t now)
{
    char                    *copy;
    prize_str_t              name;
    prize_signature_e        result;
    prize_signature_link_t   link;

    /* of just that size, so that a sanitizer sees a byte too many */

    copy = malloc(args.len);
    if (copy == NULL) {
        ok(0, "no memory");
        exit(1);
    }

    memcpy(copy, args.data, args.len);
    args.data = copy;
    name = str(id);

    result = prize_signature_link_parse(&link, &args) == -1
             ? PRIZE_SIGNATURE_INVALID
             : prize_signature_verify(keys, &event, &name, &link, now);

    free(copy);

    return result;
}


static prize_str_t
sign(prize_signature_keys_t *keys, const char *id, time_t expiry)
{
    prize_str_t  name, args;

    static char  link[PRIZE_SIGNATURE_LINK_LEN];

    name = str(id);
    args.data = link;
    args.len = prize_signature_sign(keys, &party, &name, expiry, link);

    return args;
}


static void
test_key_files(void)
{
    size_t                    i;
    const key_case_t         *test;
    prize_signature_keys_t   *keys;
    prize_signature_error_t   error;

    for (i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
        test = &bad_keys[i];
        keys = prize_signature_keys_parse(test->text, strlen(test->text),
                                          &error);

        ok(keys == NULL && error.line == test->line
           && strstr(error.text, test->says),
           "refused, line %u, %s: %s", test->line, test->says, test->text);

        ok(strstr(error.text, "AAAAAAAA") == NULL, "no key in the message");
        prize_signature_keys_destroy(keys);
    }

    prize_signature_keys_destroy(keys_of("a " KEY_0));
    prize_signature_keys_destroy(keys_of("# x\r\n\r\n \ta\t" KEY_0 " \r\n"));
    ok(1, "blanks, comments and CRLF");

    prize_signature_keys_destroy(keys_of("a " KEY_64 "\n"));
    ok(1, "a key of 64 bytes");
}


static void
refused(const char *file, const char *says)
{
    prize_signature_keys_t   *keys;
    prize_signature_error_t   error;

    keys = prize_signature_keys_read(file, &error);

    ok(keys == NULL && error.line == 0 && strstr(error.text, says),
       "%s: %s", says, keys ? "taken" : error.text);
    prize_signature_keys_destroy(keys);
}


static void
test_permissions(void)
{
    int                       fd;
    char                      file[] = "/tmp/prize-signature.XXXXXX";
    prize_signature_keys_t   *keys;
    prize_signature_error_t   error;

    fd = mkstemp(file);

    if (fd == -1 || write(fd, "a " KEY_0 "\n", sizeof("a " KEY_0)) == -1) {
        ok(0, "cannot write %s", file);
        return;
    }

    keys = fchmod(fd, 0640) == 0 ? prize_signature_keys_read(file, &error)
                                 : NULL;
    ok(keys != NULL, "a file that its group may read");
    prize_signature_keys_destroy(keys);

    ok(fchmod(fd, 0644) == 0, "chmod 0644");
    refused(file, "mode 0644");
    ok(fchmod(fd, 0602) == 0, "chmod 0602");
    refused(file, "mode 0602");

    ok(fchmod(fd, 0600) == 0 && ftruncate(fd, 64 * 1024 + 1) == 0,
       "a large file");
    refused(file, "more than 65536 bytes");

    ok(unlink(file) == 0, "unlink");
    refused(file, "cannot open it: No such file");

    ok(mkfifo(file, 0600) == 0, "a pipe, which nobody writes to");
    refused(file, "not a regular file");
    ok(unlink(file) == 0, "unlink");
    refused("/", "not a regular file");

    close(fd);
}


/* computed with the openssl command: what is signed cannot change unseen */

static void
test_vector(void)
{
    prize_str_t              args;
    prize_signature_keys_t  *keys;

    static const char  link[] = "x=1798113600&k=a"
                         "&s=FokE6iFo9SpJESaWtihUUQ6KXHAB9Y7ulFgw75-VyPw";

    keys = keys_of("a " KEY_0 "\n");
    args = sign(keys, "E1001", EXPIRY);

    ok(args.len == strlen(link) && memcmp(args.data, link, args.len) == 0,
       "the signature of party, E1001 and 1798113600");

    prize_signature_keys_destroy(keys);
}


/* every length of the string, whose padding fills a block or begins one */

static void
test_lengths(void)
{
    char                     id[301], text[512], expected[64];
    size_t                   n, i;
    unsigned                 right;
    prize_str_t              args;
    unsigned char            mac[32];
    prize_signature_keys_t  *keys;

    static const unsigned char  key[32];

    keys = keys_of("a " KEY_0 "\n");
    right = 0;

    for (n = 1; n <= 300; n++) {
        memset(id, 'i', n);
        id[n] = '\0';

        args = sign(keys, id, EXPIRY);
        i = sprintf(text, "6:prize1,5:party,%zu:%s,10:%d,", n, id, EXPIRY);

        if (HMAC(EVP_sha256(), key, sizeof(key), (unsigned char *) text, i,
                 mac, NULL)
            == NULL)
        {
            ok(0, "HMAC");
            return;
        }

        EVP_EncodeBlock((unsigned char *) expected, mac, sizeof(mac));

        for (i = 0; i < PRIZE_SIGNATURE_LEN; i++) {
            expected[i] = expected[i] == '+' ? '-'
                          : expected[i] == '/' ? '_' : expected[i];
        }

        right += memcmp(args.data + args.len - PRIZE_SIGNATURE_LEN, expected,
                        PRIZE_SIGNATURE_LEN)
                 == 0;
    }

    ok(right == 300, "HMAC-SHA256 of IDs of 1 to 300 bytes: %u", right);

    prize_signature_keys_destroy(keys);
}


static void
test_every_bit(void)
{
    int                      n;
    char                     id[16], changed[PRIZE_SIGNATURE_LINK_LEN];
    size_t                   i, bit;
    unsigned                 taken, tried, invalid;
    prize_str_t              args, copy;
    prize_signature_keys_t  *keys;

    /* names that one bit makes of one another */

    keys = keys_of("ka " KEY_0 "\nkc " KEY_1 "\nKa " KEY_2 "\n");
    taken = 0;
    tried = 0;
    invalid = 0;

    for (n = 0; n < 1000; n++) {
        sprintf(id, "E%d", n);
        args = sign(keys, id, EXPIRY + n);

        invalid += verify(keys, party, id, args, EXPIRY)
                   != (n ? PRIZE_SIGNATURE_VALID : PRIZE_SIGNATURE_EXPIRED);

        for (i = 0; i < args.len; i++) {
            for (bit = 0; bit < 8; bit++) {
                memcpy(changed, args.data, args.len);
                changed[i] ^= 1 << bit;
                copy.data = changed;
                copy.len = args.len;

                tried++;
                taken += verify(keys, party, id, copy, EXPIRY)
                         != PRIZE_SIGNATURE_INVALID;
            }
        }

        for (i = 0; i < 8 * strlen(id); i++) {
            id[i / 8] ^= 1 << i % 8;
            tried++;
            taken += verify(keys, party, id, args, EXPIRY)
                     != PRIZE_SIGNATURE_INVALID;
            id[i / 8] ^= 1 << i % 8;
        }
    }

    ok(invalid == 0, "1000 links, each right as it is");
    ok(taken == 0 && tried > 400000, "none of %u changes of one bit", tried);

    prize_signature_keys_destroy(keys);
}


static void
test_expiry(void)
{
    size_t                   i;
    char                     id[] = "E1";
    prize_str_t              args, name;
    prize_signature_keys_t  *keys;
    char                     link[PRIZE_SIGNATURE_LINK_LEN];

    static const time_t  bad[] = { 0, -1, 1000000000000LL };

    keys = keys_of("a " KEY_0 "\n");
    args = sign(keys, id, EXPIRY);
    name = str(id);

    ok(verify(keys, party, id, args, EXPIRY - 1) == PRIZE_SIGNATURE_VALID,
       "valid a second before");
    ok(verify(keys, party, id, args, EXPIRY) == PRIZE_SIGNATURE_EXPIRED,
       "expired at the second");
    ok(verify(keys, party, id, args, EXPIRY + 1) == PRIZE_SIGNATURE_EXPIRED,
       "and after it");
    ok(verify(keys, party, "E2", args, EXPIRY + 1) == PRIZE_SIGNATURE_INVALID,
       "another's expired link is invalid, not expired");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(prize_signature_sign(keys, &party, &name, bad[i], link) == 0,
           "no link for %lld", (long long) bad[i]);
    }

    args = sign(keys, id, 999999999999LL);
    ok(verify(keys, party, id, args, EXPIRY) == PRIZE_SIGNATURE_VALID,
       "twelve digits");

    prize_signature_keys_destroy(keys);
}


/* "R" is a right link and "S" its signature: only the form is wrong here */

static void
form(char *dst, const char *form, const char *right, const char *signature)
{
    for ( ; *form; form++) {
        if (*form == 'R') {
            dst = stpcpy(dst, right);

        } else if (*form == 'S') {
            dst = stpcpy(dst, signature);

        } else {
            *dst++ = *form;
        }
    }

    *dst = '\0';
}


static void
test_forms(void)
{
    size_t                   i;
    char                     right[PRIZE_SIGNATURE_LINK_LEN + 1], text[512];
    const char              *signature;
    prize_str_t              args;
    prize_signature_keys_t  *keys;

    static const char *const  forms[] = {
        "", "&", "x", "x=", "x=&k=&s=", "x=1798113600", "x=1798113600&k=a",
        "k=a&s=S", "x=1798113600&s=S", "R&x=1798113600", "R&k=a",
        "R&s=S", "R&s=", "R&x=", "R=", "RA",
        "x=01798113600&k=a&s=S", "x=+1798113600&k=a&s=S",
        "x= 1798113600&k=a&s=S", "x=1798113600.&k=a&s=S",
        "x=179811360%30&k=a&s=S", "X=1798113600&k=a&s=S",
        "x=1798113600&k=A&s=S", "x=1798113600&k=&s=S",
        "x=1798113600&k=aa&s=S", "x=1798113600&k=%61&s=S",
        "x=99999999999999999999999999&k=a&s=S"
    };

    keys = keys_of("a " KEY_0 "\n");
    args = sign(keys, "E1", EXPIRY);

    memcpy(right, args.data, args.len);
    right[args.len] = '\0';
    signature = right + args.len - PRIZE_SIGNATURE_LEN;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        form(text, forms[i], right, signature);
        ok(verify(keys, party, "E1", str(text), 1) == PRIZE_SIGNATURE_INVALID,
           "refused: %s", text);
    }

    form(text, "id=E1&R&lang=zh&xx=1&&=", right, signature);
    ok(verify(keys, party, "E1", str(text), 1) == PRIZE_SIGNATURE_VALID,
       "other arguments are none of ours: %s", text);

    prize_signature_keys_destroy(keys);
}


/* each other way to write the same 32 bytes */

static void
test_base64(void)
{
    char                     text[PRIZE_SIGNATURE_LINK_LEN + 8], *last;
    size_t                   n, len;
    unsigned                 i, valid;
    prize_str_t              args;
    prize_signature_keys_t  *keys;

    static const char  alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    keys = keys_of("a " KEY_0 "\n");
    args = sign(keys, "E1", EXPIRY);
    len = args.len;
    memcpy(text, args.data, len);
    text[len] = '\0';
    last = text + len - 1;
    valid = 0;

    /* four characters of the last place say the same bytes, one is right */

    for (i = 0; i < 64; i++) {
        *last = alphabet[i];
        valid += verify(keys, party, "E1", str(text), 1)
                 == PRIZE_SIGNATURE_VALID;
    }

    ok(valid == 1, "one last character of 64");

    memcpy(text, args.data, len);
    strcpy(text + len, "=");
    ok(verify(keys, party, "E1", str(text), 1) == PRIZE_SIGNATURE_INVALID,
       "no padding");

    /* base64 is not base64url: find links in which they differ */

    for (n = 0, i = 0; i < 200; i++) {
        sprintf(text, "E%u", i);
        args = sign(keys, text, EXPIRY);
        last = memchr(args.data + args.len - PRIZE_SIGNATURE_LEN, '_',
                      PRIZE_SIGNATURE_LEN);

        if (last) {
            *last = '/';
            n++;
            valid += verify(keys, party, text, args, 1)
                     == PRIZE_SIGNATURE_VALID;
        }
    }

    ok(n > 20 && valid == 1, "%zu signatures with \"/\" for \"_\"", n);

    prize_signature_keys_destroy(keys);
}


static void
test_rotation(void)
{
    prize_str_t              args;
    prize_signature_keys_t  *old, *both, *new, *renamed;

    old = keys_of("a " KEY_0 "\n");
    both = keys_of("b " KEY_1 "\na " KEY_0 "\n");
    new = keys_of("b " KEY_1 "\n");
    renamed = keys_of("a " KEY_1 "\n");

    args = sign(old, "E1", EXPIRY);
    ok(verify(both, party, "E1", args, 1) == PRIZE_SIGNATURE_VALID,
       "an old link, both keys");
    ok(verify(new, party, "E1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "an old link, its key is gone");
    ok(verify(renamed, party, "E1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "an old link, another key of the name");

    args = sign(both, "E1", EXPIRY);
    ok(memcmp(args.data, "x=1798113600&k=b&", 17) == 0, "the first key signs");
    ok(verify(new, party, "E1", args, 1) == PRIZE_SIGNATURE_VALID,
       "a new link, the new key");
    ok(verify(old, party, "E1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "a new link, the old key");

    prize_signature_keys_destroy(old);
    prize_signature_keys_destroy(both);
    prize_signature_keys_destroy(new);
    prize_signature_keys_destroy(renamed);
}


/* no two events and IDs are signed as one string */

static void
test_parts(void)
{
    char                     text[PRIZE_SIGNATURE_ID_MAX + 2];
    prize_str_t              args, event;
    prize_signature_keys_t  *keys;
    char                     link[PRIZE_SIGNATURE_LINK_LEN];

    keys = keys_of("a " KEY_0 "\n");

    event = str("party,2:E1");
    args = sign(keys, "E1", EXPIRY);
    ok(verify(keys, event, "E1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "another event");
    ok(verify(keys, str("part"), "yE1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "a byte from the event to the ID");
    ok(verify(keys, party, "", args, 1) == PRIZE_SIGNATURE_INVALID, "no ID");
    ok(verify(keys, str(""), "E1", args, 1) == PRIZE_SIGNATURE_INVALID,
       "no event");

    memset(text, 'a', sizeof(text));
    text[PRIZE_SIGNATURE_ID_MAX] = '\0';
    args = sign(keys, text, EXPIRY);
    ok(args.len && verify(keys, party, text, args, 1) == PRIZE_SIGNATURE_VALID,
       "the longest ID");

    text[PRIZE_SIGNATURE_ID_MAX] = 'a';
    text[PRIZE_SIGNATURE_ID_MAX + 1] = '\0';
    ok(sign(keys, text, EXPIRY).len == 0, "a longer one");

    event = str(text);
    event.len = PRIZE_SIGNATURE_EVENT_MAX;
    ok(prize_signature_event_check(&event) == 0
       && prize_signature_sign(keys, &event, &party, 1, link) > 0,
       "the longest event");

    event.len++;
    ok(prize_signature_event_check(&event) == -1
       && prize_signature_sign(keys, &event, &party, 1, link) == 0,
       "a longer one");

    prize_signature_keys_destroy(keys);
}


int
main(void)
{
    test_key_files();
    test_permissions();
    test_vector();
    test_lengths();
    test_every_bit();
    test_expiry();
    test_forms();
    test_base64();
    test_rotation();
    test_parts();

    return tap_done();
}
