
#include <fcntl.h>
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

/* the one key "a" */
static prize_signature_keys_t  *keys;


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
    prize_signature_keys_t   *parsed;
    prize_signature_error_t   error;

    parsed = prize_signature_keys_parse(text, strlen(text), &error);

    if (parsed == NULL) {
        ok(0, "keys: line %u: %s", error.line, error.text);
        exit(1);
    }

    return parsed;
}


/* PRIZE_SIGNATURE_INVALID also where "args" holds no link at all */

static prize_signature_e
verify_by(prize_signature_keys_t *by, prize_str_t event, const char *id,
    prize_str_t args, time_t now)
{
    char                    *copy;
    prize_str_t              name;
    prize_signature_e        result;
    prize_signature_link_t   link;

    copy = tap_alloc(args.len);
    memcpy(copy, args.data, args.len);
    args.data = copy;
    name = str(id);

    result = prize_signature_link_parse(&link, &args) == -1
             ? PRIZE_SIGNATURE_INVALID
             : prize_signature_verify(by, &event, &name, &link, now);

    free(copy);

    return result;
}


static int
valid_by(prize_signature_keys_t *by, prize_str_t args)
{
    return verify_by(by, party, "E1", args, 1) == PRIZE_SIGNATURE_VALID;
}


static int
invalid(prize_str_t event, const char *id, prize_str_t args)
{
    return verify_by(keys, event, id, args, 1) == PRIZE_SIGNATURE_INVALID;
}


static prize_str_t
sign_by(prize_signature_keys_t *by, const char *id, time_t expiry)
{
    prize_str_t  name, args;

    static char  link[PRIZE_SIGNATURE_LINK_LEN];

    name = str(id);
    args.data = link;
    args.len = prize_signature_sign(by, &party, &name, expiry, link);

    return args;
}


static prize_str_t
sign(const char *id, time_t expiry)
{
    return sign_by(keys, id, expiry);
}


static void
test_key_files(void)
{
    size_t                    i;
    const key_case_t         *test;
    prize_signature_keys_t   *parsed;
    prize_signature_error_t   error;

    for (i = 0; i < tap_nitems(bad_keys); i++) {
        test = &bad_keys[i];
        parsed = prize_signature_keys_parse(test->text, strlen(test->text),
                                            &error);

        ok(parsed == NULL && error.line == test->line
           && strstr(error.text, test->says),
           "refused, line %u, %s: %s", test->line, test->says, test->text);

        ok(strstr(error.text, "AAAAAAAA") == NULL, "no key in the message");
        prize_signature_keys_destroy(parsed);
    }

    /* blanks, comments and CRLF, and the longest key */

    prize_signature_keys_destroy(keys_of("# x\r\n\r\n \ta\t" KEY_0 " \r\n"));
    prize_signature_keys_destroy(keys_of("a " KEY_64 "\n"));
}


static void
refused(const char *file, int changed, const char *says)
{
    prize_signature_keys_t   *read;
    prize_signature_error_t   error;

    read = prize_signature_keys_read(file, &error);

    ok(changed == 0 && read == NULL && error.line == 0
       && strstr(error.text, says), "%s: %s", says,
       read ? "taken" : error.text);
    prize_signature_keys_destroy(read);
}


static void
test_permissions(void)
{
    int                       fd;
    char                      file[] = "/tmp/prize-signature.XXXXXX";
    prize_signature_keys_t   *read;
    prize_signature_error_t   error;

    fd = mkstemp(file);

    if (fd == -1 || write(fd, "a " KEY_0 "\n", sizeof("a " KEY_0)) == -1) {
        ok(0, "cannot write %s", file);
        return;
    }

    read = fchmod(fd, 0640) == 0 ? prize_signature_keys_read(file, &error)
                                 : NULL;
    ok(read != NULL, "a file that its group may read");
    prize_signature_keys_destroy(read);

    refused(file, fchmod(fd, 0644), "mode 0644");
    refused(file, fchmod(fd, 0602), "mode 0602");
    refused(file, fchmod(fd, 0600) || ftruncate(fd, 64 * 1024 + 1),
            "more than 65536 bytes");
    refused(file, unlink(file), "cannot open it: No such file");

    /* which nobody writes to */
    refused(file, mkfifo(file, 0600), "not a regular file");
    refused("/", unlink(file), "not a regular file");

    close(fd);
}


/*
 * What is signed cannot change unseen: by OpenSSL, of every length, whose
 * padding fills a block or begins one.
 */

static void
test_lengths(void)
{
    char           id[301], text[512], mac64[64], expected[128];
    size_t         n, i;
    unsigned       right;
    prize_str_t    args;
    unsigned char  mac[32];

    static const unsigned char  key[32];

    right = 0;

    for (n = 1; n <= 300; n++) {
        memset(id, 'i', n);
        id[n] = '\0';

        args = sign(id, EXPIRY);
        i = sprintf(text, "6:prize1,5:party,%zu:%s,10:%d,", n, id, EXPIRY);

        if (HMAC(EVP_sha256(), key, sizeof(key), (unsigned char *) text, i,
                 mac, NULL)
            == NULL)
        {
            ok(0, "HMAC");
            return;
        }

        EVP_EncodeBlock((unsigned char *) mac64, mac, sizeof(mac));

        for (i = 0; i < PRIZE_SIGNATURE_LEN; i++) {
            mac64[i] = mac64[i] == '+' ? '-' : mac64[i] == '/' ? '_' : mac64[i];
        }

        i = sprintf(expected, "x=%d&k=a&s=%.*s", EXPIRY, PRIZE_SIGNATURE_LEN,
                    mac64);
        right += args.len == i && memcmp(args.data, expected, i) == 0;
    }

    ok(right == 300, "HMAC-SHA256 of IDs of 1 to 300 bytes: %u", right);
}


static void
test_every_bit(void)
{
    int                      n;
    char                     id[16], changed[PRIZE_SIGNATURE_LINK_LEN];
    size_t                   i, bit;
    unsigned                 taken, tried, wrong;
    prize_str_t              args, copy;
    prize_signature_keys_t  *three;

    /* names that one bit makes of one another */

    three = keys_of("ka " KEY_0 "\nkc " KEY_1 "\nKa " KEY_2 "\n");
    taken = 0;
    tried = 0;
    wrong = 0;

    for (n = 0; n < 1000; n++) {
        sprintf(id, "E%d", n);
        args = sign_by(three, id, EXPIRY + n);

        wrong += verify_by(three, party, id, args, EXPIRY)
                 != (n ? PRIZE_SIGNATURE_VALID : PRIZE_SIGNATURE_EXPIRED);

        copy.data = changed;
        copy.len = args.len;

        for (i = 0; i < args.len; i++) {
            for (bit = 0; bit < 8; bit++) {
                memcpy(changed, args.data, args.len);
                changed[i] ^= 1 << bit;

                tried++;
                taken += verify_by(three, party, id, copy, EXPIRY)
                         != PRIZE_SIGNATURE_INVALID;
            }
        }

        for (i = 0; i < 8 * strlen(id); i++) {
            id[i / 8] ^= 1 << i % 8;
            tried++;
            taken += verify_by(three, party, id, args, EXPIRY)
                     != PRIZE_SIGNATURE_INVALID;
            id[i / 8] ^= 1 << i % 8;
        }
    }

    ok(wrong == 0, "1000 links, each right as it is");
    ok(taken == 0 && tried > 400000, "none of %u changes of one bit", tried);

    prize_signature_keys_destroy(three);
}


static void
test_expiry(void)
{
    size_t       i;
    prize_str_t  args;

    static const struct {
        const char         *id;
        int                 after;
        prize_signature_e   is;
        const char         *name;
    } cases[] = {
        { "E1", -1, PRIZE_SIGNATURE_VALID, "valid a second before" },
        { "E1", 0, PRIZE_SIGNATURE_EXPIRED, "expired at the second" },
        { "E1", 1, PRIZE_SIGNATURE_EXPIRED, "and after it" },
        { "E2", 1, PRIZE_SIGNATURE_INVALID, "another's is not even expired" }
    };

    static const time_t  bad[] = { 0, -1, 1000000000000LL };

    args = sign("E1", EXPIRY);

    for (i = 0; i < tap_nitems(cases); i++) {
        ok(verify_by(keys, party, cases[i].id, args, EXPIRY + cases[i].after)
           == cases[i].is, "%s", cases[i].name);
    }

    for (i = 0; i < tap_nitems(bad); i++) {
        ok(sign("E1", bad[i]).len == 0, "no link for %lld",
           (long long) bad[i]);
    }

    ok(valid_by(keys, sign("E1", 999999999999LL)), "twelve digits");
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
    size_t       i;
    char         right[PRIZE_SIGNATURE_LINK_LEN + 1], text[512];
    const char  *signature;
    prize_str_t  args;

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

    args = sign("E1", EXPIRY);
    memcpy(right, args.data, args.len);
    right[args.len] = '\0';
    signature = right + args.len - PRIZE_SIGNATURE_LEN;

    for (i = 0; i < tap_nitems(forms); i++) {
        form(text, forms[i], right, signature);
        ok(invalid(party, "E1", str(text)), "refused: %s", text);
    }

    form(text, "id=E1&R&lang=zh&xx=1&&=", right, signature);
    ok(valid_by(keys, str(text)), "other arguments are none of ours: %s", text);
}


/* each other way to write the same 32 bytes */

static void
test_base64(void)
{
    char         text[PRIZE_SIGNATURE_LINK_LEN + 8], *last;
    size_t       n, len;
    unsigned     i, valid;
    prize_str_t  args;

    static const char  alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    args = sign("E1", EXPIRY);
    len = args.len;
    memcpy(text, args.data, len);
    text[len] = '\0';
    last = text + len - 1;
    valid = 0;

    /* four characters of the last place say the same bytes, one is right */

    for (i = 0; i < 64; i++) {
        *last = alphabet[i];
        valid += valid_by(keys, str(text));
    }

    ok(valid == 1, "one last character of 64");

    memcpy(text, args.data, len);
    strcpy(text + len, "=");
    ok(invalid(party, "E1", str(text)), "no padding");

    /* base64 is not base64url: find links in which they differ */

    for (n = 0, valid = 0, i = 0; i < 200; i++) {
        sprintf(text, "E%u", i);
        args = sign(text, EXPIRY);
        last = memchr(args.data + args.len - PRIZE_SIGNATURE_LEN, '_',
                      PRIZE_SIGNATURE_LEN);

        if (last) {
            *last = '/';
            n++;
            valid += !invalid(party, text, args);
        }
    }

    ok(n > 20 && valid == 0, "%zu signatures with \"/\" for \"_\"", n);
}


static void
test_rotation(void)
{
    prize_str_t              args;
    prize_signature_keys_t  *both, *new, *renamed;

    both = keys_of("b " KEY_1 "\na " KEY_0 "\n");
    new = keys_of("b " KEY_1 "\n");
    renamed = keys_of("a " KEY_1 "\n");

    args = sign("E1", EXPIRY);
    ok(valid_by(both, args), "an old link, both keys");
    ok(!valid_by(new, args), "an old link, its key is gone");
    ok(!valid_by(renamed, args), "an old link, another key of the name");

    args = sign_by(both, "E1", EXPIRY);
    ok(memcmp(args.data, "x=1798113600&k=b&", 17) == 0, "the first key signs");
    ok(valid_by(new, args), "a new link, the new key");
    ok(!valid_by(keys, args), "a new link, the old key");

    prize_signature_keys_destroy(both);
    prize_signature_keys_destroy(new);
    prize_signature_keys_destroy(renamed);
}


/* no two events and IDs are signed as one string */

static void
test_parts(void)
{
    char         text[PRIZE_SIGNATURE_ID_MAX + 2];
    prize_str_t  args, event;
    char         link[PRIZE_SIGNATURE_LINK_LEN];

    args = sign("E1", EXPIRY);
    ok(invalid(str("party,2:E1"), "E1", args), "another event");
    ok(invalid(str("part"), "yE1", args), "a byte from the event to the ID");
    ok(invalid(party, "", args), "no ID");
    ok(invalid(str(""), "E1", args), "no event");

    memset(text, 'a', sizeof(text));
    text[PRIZE_SIGNATURE_ID_MAX] = '\0';
    args = sign(text, EXPIRY);
    ok(args.len && !invalid(party, text, args), "the longest ID");

    text[PRIZE_SIGNATURE_ID_MAX] = 'a';
    text[PRIZE_SIGNATURE_ID_MAX + 1] = '\0';
    ok(sign(text, EXPIRY).len == 0, "a longer one");

    event = str(text);
    event.len = PRIZE_SIGNATURE_EVENT_MAX;
    ok(prize_signature_event_check(&event) == 0
       && prize_signature_sign(keys, &event, &party, 1, link) > 0,
       "the longest event");

    event.len++;
    ok(prize_signature_event_check(&event) == -1
       && prize_signature_sign(keys, &event, &party, 1, link) == 0,
       "a longer one");
}


int
main(void)
{
    keys = keys_of("a " KEY_0);

    test_key_files();
    test_permissions();
    test_lengths();
    test_every_bit();
    test_expiry();
    test_forms();
    test_base64();
    test_rotation();
    test_parts();

    prize_signature_keys_destroy(keys);

    return tap_done();
}
