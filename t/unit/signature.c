
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "prize_signature.h"
#include "tap.h"


#define EXPIRY  1798113600

/* 32 bytes of 0x00, 0x01 and 0x02, in base64 */

#define KEY_0   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_1   "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_2   "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="


static const prize_str_t  party = { 5, "party" };

/* the one key "a" */
static prize_keys_t  *keys;


static prize_str_t
str(const char *text)
{
    prize_str_t  s;

    s.data = text;
    s.len = strlen(text);

    return s;
}


static prize_keys_t *
keys_of(const char *text)
{
    prize_keys_t        *parsed;
    prize_lines_error_t  error;

    parsed = prize_keys_parse(text, strlen(text), &error);

    if (parsed == NULL) {
        ok(0, "keys: line %u: %s", error.line, error.text);
        exit(1);
    }

    return parsed;
}


/* PRIZE_SIGNATURE_INVALID also where "args" holds no link at all */

static prize_signature_e
verify_by(prize_keys_t *by, prize_str_t event, const char *id,
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
valid_by(prize_keys_t *by, prize_str_t args)
{
    return verify_by(by, party, "E1", args, 1) == PRIZE_SIGNATURE_VALID;
}


static int
invalid(prize_str_t event, const char *id, prize_str_t args)
{
    return verify_by(keys, event, id, args, 1) == PRIZE_SIGNATURE_INVALID;
}


static prize_str_t
sign_by(prize_keys_t *by, const char *id, time_t expiry)
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
    prize_keys_t            *three;

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

    prize_keys_destroy(three);
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
        "x=179811360%2530&k=a&s=S", "X=1798113600&k=a&s=S",
        "x=%000000000000&k=a&s=S", "x=1798113600%&k=a&s=S",
        "x=1798113600%3&k=a&s=S", "x=1798113600&k=%2561&s=S",
        "x=1798113600&k=a%00&s=S", "x=1798113600&k=a&s=S%3D",
        "x=1798113600&k=a&s=%", "%78=1798113600&k=a&s=S",
        "x=1798113600&k=A&s=S", "x=1798113600&k=&s=S",
        "x=1798113600&k=aa&s=S",
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


/* percent-encodes the characters "from" to "to" of what stands behind a "=" */

static void
encode(char *dst, const prize_str_t *args, size_t from, size_t to)
{
    int     value;
    size_t  i;

    value = 0;

    for (i = 0; i < args->len; i++) {
        value = args->data[i] != '&' && (value || args->data[i] == '=');

        if (value && args->data[i] != '=' && i >= from && i <= to) {
            dst += sprintf(dst, i % 2 ? "%%%02x" : "%%%02X", args->data[i]);

        } else {
            *dst++ = args->data[i];
        }
    }

    *dst = '\0';
}


/* RFC 3986, 2.3: no character of a value means something else encoded */

static void
test_encoded(void)
{
    char         text[3 * PRIZE_SIGNATURE_LINK_LEN + 1];
    size_t       i, valid;
    prize_str_t  args;

    args = sign("E1", EXPIRY);
    valid = 0;

    for (i = 0; i < args.len; i++) {
        encode(text, &args, i, i);
        valid += valid_by(keys, str(text));
    }

    ok(valid == args.len, "each character encoded: %zu links", valid);

    encode(text, &args, 0, args.len);
    ok(valid_by(keys, str(text)), "all of them: %s", text);
}


static void
test_damage(void)
{
    size_t       i;
    char         right[PRIZE_SIGNATURE_LINK_LEN + 1], text[512];
    prize_str_t  args;
    const char  *damage;

    static const struct {
        const char  *form;
        const char  *says;
    } cases[] = {
        { "", NULL }, { "id=E1&R", NULL }, { "id=E1&R&", NULL },
        { "id=E1&amp=1&R", NULL }, { "id=.&R", NULL },
        { "id=E1&amp;R", "it has \"&amp;\" for \"&\"" },
        { "id=E1&R&amp;k", "it has \"&amp;\" for \"&\"" },
        { "R.", "it ends with a full stop or a bracket" },
        { "R)", "it ends with a full stop or a bracket" },
        { "R%2e", "it ends with a full stop or a bracket" },
        { "R%29", "it ends with a full stop or a bracket" },
        { "R\xe3\x80\x82", "it ends with a full stop or a bracket" },
        { "R%e3%80%82", "it ends with a full stop or a bracket" },
        { "R\x80\x82", NULL }
    };

    args = sign("E1", EXPIRY);
    memcpy(right, args.data, args.len);
    right[args.len] = '\0';

    for (i = 0; i < tap_nitems(cases); i++) {
        form(text, cases[i].form, right, "");
        args = str(text);
        damage = prize_signature_link_damage(&args);

        ok(cases[i].says ? damage && strcmp(damage, cases[i].says) == 0
                         : damage == NULL,
           "damage of %s: %s", cases[i].form, damage ? damage : "none");
    }
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
    prize_str_t    args;
    prize_keys_t  *both, *new, *renamed;

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

    prize_keys_destroy(both);
    prize_keys_destroy(new);
    prize_keys_destroy(renamed);
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

    test_lengths();
    test_every_bit();
    test_expiry();
    test_forms();
    test_encoded();
    test_damage();
    test_base64();
    test_rotation();
    test_parts();

    prize_keys_destroy(keys);

    return tap_done();
}
