
#include <string.h>

#include "prize_revoked.h"
#include "prize_signature.h"
#include "tap.h"


#define MANY  100000


static prize_lines_error_t  error;


static prize_revoked_t *
parse(const char *text, size_t len)
{
    char             *copy;
    prize_revoked_t  *revoked;

    /* it is gone before anything is looked for */

    copy = tap_alloc(len);
    memcpy(copy, text, len);

    memset(&error, 0, sizeof(error));
    revoked = prize_revoked_parse(copy, len, &error);
    free(copy);

    return revoked;
}


static int
find(const prize_revoked_t *revoked, const char *id)
{
    prize_str_t  str;

    str.data = id;
    str.len = strlen(id);

    return prize_revoked_find(revoked, &str);
}


static void
found(const char *text, const char *name)
{
    size_t            i;
    unsigned          wrong;
    prize_revoked_t  *revoked;

    static const char *const  in[] = { "E1", "E2", "li.wei@a_b-c", "10" },
                       *const  out[] = { "", "E", "E12", "E3", "e1", "1",
                                         "li.wei@a_b-", "#", "E1 " };

    revoked = parse(text, strlen(text));

    if (!ok(revoked != NULL, "%s: read", name)) {
        printf("# line %u: %s\n", error.line, error.text);
        return;
    }

    for (wrong = 0, i = 0; i < tap_nitems(in); i++) {
        wrong += !find(revoked, in[i]);
    }

    for (i = 0; i < tap_nitems(out); i++) {
        wrong += find(revoked, out[i]);
    }

    ok(wrong == 0, "%s: they are there, and nobody else", name);
    prize_revoked_destroy(revoked);
}


static void
none(const char *text, const char *name)
{
    prize_revoked_t  *revoked;

    revoked = parse(text, strlen(text));
    ok(revoked && !find(revoked, "E1") && !find(revoked, ""), "%s: nobody",
       name);
    prize_revoked_destroy(revoked);
}


static void
refused(const char *text, size_t len, unsigned line, const char *what)
{
    prize_revoked_t  *revoked;

    revoked = parse(text, len);
    ok(revoked == NULL && error.line == line
       && strncmp(error.text, what, strlen(what)) == 0,
       "line %u: %s", error.line, error.text);
    prize_revoked_destroy(revoked);
}


static void
longest(void)
{
    char  id[PRIZE_SIGNATURE_ID_MAX + 2];

    memset(id, 'a', sizeof(id));
    refused(id, PRIZE_SIGNATURE_ID_MAX + 1, 1,
            "an ID has at most 1024 bytes");

    id[PRIZE_SIGNATURE_ID_MAX] = '\0';
    prize_revoked_destroy(parse(id, PRIZE_SIGNATURE_ID_MAX));
    ok(error.text[0] == '\0', "an ID of 1024 bytes");
}


static void
many(void)
{
    char             *text, id[16];
    size_t            len;
    unsigned          i, wrong;
    prize_revoked_t  *revoked;

    text = tap_alloc(MANY * 16);

    for (len = 0, i = 0; i < MANY; i++) {
        len += sprintf(text + len, "E%u\n", (i * 7919U) % MANY * 2);
    }

    revoked = parse(text, len);
    free(text);

    for (wrong = 0, i = 0; i < 2 * MANY; i++) {
        sprintf(id, "E%u", i);
        wrong += find(revoked, id) != (i % 2 == 0);
    }

    ok(wrong == 0, "of %u IDs each is found, and none between them", MANY);
    prize_revoked_destroy(revoked);
}


int
main(void)
{
    found("E1\nE2\nli.wei@a_b-c\n10\n", "a line each");
    found("E2\n10\nE1\nE2\nE1\nli.wei@a_b-c", "in any order, twice, without "
          "an end");
    found("\xef\xbb\xbf" "E1\r\nE2\r\nli.wei@a_b-c\r\n10\r\n", "of Windows");
    found("# lost phones\n\nE1\n \t\n  E2\t \n#E3\n\n\nli.wei@a_b-c\n"
          "\t# E12\n10", "with remarks and spaces");

    none("", "an empty file");
    none("\n\r\n", "empty lines");
    none("#E1\n", "a remark");
    none("\xef\xbb\xbf", "a byte order mark");

    refused("E1\nE 2\n", 7, 2, "the byte 0x20 in column 2 is in no ID");
    refused("E1,E2\n", 6, 1, "the byte 0x2c in column 3 is in no ID");
    refused("E1\n  \"E2\"\n", 10, 2, "the byte 0x22 in column 3 is in no ID");
    refused("E1\n%45\n", 7, 2, "the byte 0x25 in column 1 is in no ID");
    refused("E1\nE2 # gone\n", 13, 2, "the byte 0x20 in column 3 is in no ID");
    refused("E1\0\n", 4, 1, "the byte 0x00 in column 3 is in no ID");
    refused("\xff\xfe" "E\0\n\0", 6, 1, "the byte 0xff in column 1 is in no");
    refused("E1\r\rE2\n", 7, 1, "the byte 0x0d in column 3 is in no ID");

    longest();
    many();

    return tap_done();
}
