
#include <string.h>

#include "prize_id.h"
#include "tap.h"


typedef struct {
    const char  *source;
    const char  *id;         /* "" if it is none */
    size_t       max;
} id_case_t;


static const id_case_t  cases[] = {
    { "10001", "10001", 64 },
    { "a", "a", 64 },
    { "Li.Wei_7@example-corp", "Li.Wei_7@example-corp", 64 },
    { "null", "null", 64 },

    /* decoded once, in either case of the digits */
    { "li%40example", "li@example", 64 },
    { "%41%62%2d%2E", "Ab-.", 64 },
    { "%31%30", "10", 64 },
    { "%2540", "", 64 },

    /* broken */
    { "%", "", 64 },
    { "1%", "", 64 },
    { "1%4", "", 64 },
    { "1%4g", "", 64 },
    { "1%g4", "", 64 },
    { "%%31", "", 64 },

    { "", "", 64 },

    /* the limit counts what comes out */
    { "1234", "1234", 4 },
    { "12345", "", 4 },
    { "%31%32%33%34", "1234", 4 },
    { "%31%32%33%34%35", "", 4 },
    { "1", "", 0 }
};


static void
decode(const id_case_t *test)
{
    char         *dst;
    size_t        n, len;
    prize_str_t   src;

    src.data = test->source;
    src.len = strlen(test->source);

    dst = tap_alloc(src.len);
    n = prize_id_decode(dst, &src, test->max);
    len = strlen(test->id);

    ok(n == len && (n == 0 || memcmp(dst, test->id, n) == 0),
       "\"%s\", at most %zu bytes, is %s%s", test->source, test->max,
       len ? "" : "none", test->id);

    free(dst);
}


/* which of the 256 bytes may stand in an ID, plain and encoded */

static void
decode_bytes(void)
{
    int           ch;
    char          plain[3] = "a?b", encoded[8], dst[8];
    size_t        expected;
    unsigned      wrong;
    prize_str_t   src;

    wrong = 0;

    for (ch = 0; ch < 256; ch++) {
        expected = ch != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz"
                                     "0123456789._@-", ch) ? 3 : 0;
        plain[1] = (char) ch;
        src.data = plain;
        src.len = 3;

        wrong += prize_id_decode(dst, &src, 64) != expected;

        src.data = encoded;
        src.len = sprintf(encoded, "a%%%02xb", ch);

        wrong += prize_id_decode(dst, &src, 64) != expected;
        wrong += expected && memcmp(dst, plain, 3) != 0;
    }

    ok(wrong == 0, "letters, digits and . _ @ - only: %u of 256 bytes wrong",
       wrong);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < tap_nitems(cases); i++) {
        decode(&cases[i]);
    }

    decode_bytes();

    return tap_done();
}
