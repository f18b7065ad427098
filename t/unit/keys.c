
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prize_keys.h"
#include "tap.h"


/* 32 bytes of 0x00 and 0x01, and 31 and 64 bytes, in base64 */

#define KEY_0   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_1   "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
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
    { "a -AAA\n", 1, "not base64" },
    { "a AB==\n", 1, "not base64" },
    { "a A=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "not base64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc3\xa4=\n", 1,
      "not base64" },

    /* 65 and 66 bytes: HMAC would make another key of it */
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1, "longer than 64" },
    { "a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 1, "longer than 64" }
};


static void
taken(const char *text)
{
    prize_keys_t        *keys;
    prize_lines_error_t  error;

    keys = prize_keys_parse(text, strlen(text), &error);

    ok(keys != NULL, "keys: %s", keys ? text : error.text);
    prize_keys_destroy(keys);
}


static void
test_key_files(void)
{
    size_t               i;
    prize_keys_t        *keys;
    const key_case_t    *test;
    prize_lines_error_t  error;

    for (i = 0; i < tap_nitems(bad_keys); i++) {
        test = &bad_keys[i];
        keys = prize_keys_parse(test->text, strlen(test->text), &error);

        ok(keys == NULL && error.line == test->line
           && strstr(error.text, test->says),
           "refused, line %u, %s: %s", test->line, test->says, test->text);

        ok(strstr(error.text, "AAAAAAAA") == NULL, "no key in the message");
        prize_keys_destroy(keys);
    }

    /* blanks, comments and CRLF, and the longest key */

    taken("# x\r\n\r\n \ta\t" KEY_0 " \r\n");
    taken("a " KEY_64 "\n");
}


static void
refused(const char *file, int changed, const char *says)
{
    prize_keys_t        *read;
    prize_lines_error_t  error;

    read = prize_keys_read(file, &error);

    ok(changed == 0 && read == NULL && error.line == 0
       && strstr(error.text, says), "%s: %s", says,
       read ? "taken" : error.text);
    prize_keys_destroy(read);
}


static void
test_permissions(void)
{
    int                  fd;
    char                 file[] = "/tmp/prize-keys.XXXXXX";
    prize_keys_t        *read;
    prize_lines_error_t  error;

    fd = mkstemp(file);

    if (fd == -1 || write(fd, "a " KEY_0 "\n", sizeof("a " KEY_0)) == -1) {
        ok(0, "cannot write %s", file);
        return;
    }

    read = fchmod(fd, 0640) == 0 ? prize_keys_read(file, &error) : NULL;
    ok(read != NULL, "a file that its group may read");
    prize_keys_destroy(read);

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


int
main(void)
{
    test_key_files();
    test_permissions();

    return tap_done();
}
