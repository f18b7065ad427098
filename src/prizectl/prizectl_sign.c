
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "prize_keys.h"
#include "prize_signature.h"
#include "prizectl.h"
#include "prizectl_csv.h"
#include "prizectl_key.h"
#include "prizectl_option.h"
#include "prizectl_progress.h"


#define PRIZECTL_SIGN_OUTPUT  (256 * 1024)

/* some browsers, and what people forward links with, take no more */
#define PRIZECTL_SIGN_URL_MAX  1024


enum {
    PRIZECTL_SIGN_KEY_FILE = 1,
    PRIZECTL_SIGN_EVENT,
    PRIZECTL_SIGN_URL,
    PRIZECTL_SIGN_EXPIRES,
    PRIZECTL_SIGN_ID_MAX_LENGTH
};


typedef struct {
    const char              *key_file;
    prize_str_t              event;
    const char              *url;
    time_t                   expires;
    unsigned                 id_max_length;

    prize_keys_t            *keys;      /* owned */
    prizectl_csv_t           csv;
    prizectl_progress_t      progress;
    unsigned long long       size;      /* of the input, or 0 */
    unsigned long long       nlinks;

    unsigned                 id_field;
    unsigned                 nfields;
    const char              *eol;
    const char              *quote;     /* around a link */
    const char              *between;   /* the URL and "id=" */
} prizectl_sign_t;


static const struct option  prizectl_sign_list[] = {
    { "key-file", required_argument, NULL, PRIZECTL_SIGN_KEY_FILE },
    { "event", required_argument, NULL, PRIZECTL_SIGN_EVENT },
    { "url", required_argument, NULL, PRIZECTL_SIGN_URL },
    { "expires", required_argument, NULL, PRIZECTL_SIGN_EXPIRES },
    { "id-max-length", required_argument, NULL, PRIZECTL_SIGN_ID_MAX_LENGTH },
    { "help", no_argument, NULL, PRIZECTL_OPTION_HELP },
    { NULL, 0, NULL, 0 }
};


static const char  prizectl_sign_help[] =
    "usage: prizectl sign --key-file FILE --event NAME --url URL\n"
    "                     --expires MOMENT < roster.csv > links.csv\n"
    "\n"
    "Makes the signed links of a roster: CSV (RFC 4180) with a header that\n"
    "names a column \"id\"; all columns are kept, and a column \"link\" is "
        "added.\n"
    "A link is a bearer token: whoever has it sees the page.\n"
    "\n"
    "  --key-file FILE    as prize_sign_key_file; its first key signs\n"
    "  --event NAME       as prize_sign_event\n"
    "  --url URL          where the page is: https://h5.example.com/h5\n"
    "  --expires MOMENT   when links end: 2026-12-24T20:00+08:00\n"
    "  --id-max-length N  as prize_id_max_length (64)\n"
    "  --help             this text\n"
    "\n"
    "Exit code: 0 done, 1 failed or partly done, 2 usage, 130 interrupted.\n";


/* an argument that a link has itself, where it would be one too many */

static int
prizectl_sign_url_check(const char *url, const char *args)
{
    size_t       i, len;
    const char  *p;

    static const char *const  own[] = { "id", "x", "k", "s" };

    for (p = args; *p; p += p[len] ? len + 1 : len) {
        len = strcspn(p, "&");

        for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {

            if (strcspn(p, "=&") == strlen(own[i])
                && strncasecmp(p, own[i], strlen(own[i])) == 0)
            {
                prizectl_error("--url \"%s\": \"%s\" is an argument of the "
                               "link itself", url, own[i]);
                return -1;
            }
        }
    }

    return 0;
}


/* the query's "?" may be there, a fragment would swallow what is added */

static int
prizectl_sign_option_url(prizectl_sign_t *sign, const char *value)
{
    const char           *p;

    static const char  allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-._~:/?[]@!$&'()*+,;=%";

    p = strncmp(value, "https://", 8) == 0 ? value + 8
        : strncmp(value, "http://", 7) == 0 ? value + 7 : NULL;

    if (p == NULL || *p == '\0' || *p == '/' || p[strspn(p, allowed)]
        || strlen(value) > PRIZECTL_SIGN_URL_MAX)
    {
        prizectl_error("--url \"%s\": want https://HOST/PATH, without a "
                       "fragment, of at most %d bytes", value,
                       PRIZECTL_SIGN_URL_MAX);
        return -1;
    }

    p = strchr(p, '?');

    sign->url = value;
    sign->quote = strchr(value, ',') ? "\"" : "";
    sign->between = p == NULL ? "?" : p[1] ? "&" : "";

    return p ? prizectl_sign_url_check(value, p + 1) : 0;
}


static int
prizectl_sign_option_event(prizectl_sign_t *sign, const char *value)
{
    sign->event.data = value;
    sign->event.len = strlen(value);

    if (prize_signature_event_check(&sign->event) == -1) {
        prizectl_error("--event \"%s\": want 1 to %d bytes", value,
                       PRIZE_SIGNATURE_EVENT_MAX);
        return -1;
    }

    return 0;
}


static int
prizectl_sign_option(void *data, int option, const char *value)
{
    prizectl_sign_t  *sign = data;

    switch (option) {

    case PRIZECTL_SIGN_KEY_FILE:
        sign->key_file = value;
        return 0;

    case PRIZECTL_SIGN_EVENT:
        return prizectl_sign_option_event(sign, value);

    case PRIZECTL_SIGN_URL:
        return prizectl_sign_option_url(sign, value);

    case PRIZECTL_SIGN_EXPIRES:
        return prizectl_option_moment("expires", value, &sign->expires);

    default: /* PRIZECTL_SIGN_ID_MAX_LENGTH */
        return prizectl_option_id_max_length(value, &sign->id_max_length);
    }
}


/* 0, or PRIZECTL_OPTION_HELP, or -1 after a message */

static int
prizectl_sign_options(prizectl_sign_t *sign, int argc, char **argv)
{
    int          rc;
    const char  *missing;

    sign->id_max_length = 64;

    rc = prizectl_option_parse(argc, argv, prizectl_sign_list,
                               prizectl_sign_option, sign);
    if (rc != 0) {
        return rc;
    }

    missing = sign->key_file == NULL ? "key-file"
              : sign->event.data == NULL ? "event"
              : sign->url == NULL ? "url"
              : sign->expires == 0 ? "expires" : NULL;

    return prizectl_option_missing(missing, argv);
}


static int
prizectl_sign_open(prizectl_sign_t *sign)
{
    struct stat         st;
    prize_keys_error_t  error;

    sign->keys = prize_keys_read(sign->key_file, &error);

    if (sign->keys == NULL) {

        if (error.line) {
            prizectl_error("key file \"%s\", line %u: %s", sign->key_file,
                           error.line, error.text);
        } else {
            prizectl_error("key file \"%s\": %s", sign->key_file, error.text);
        }

        return -1;
    }

    if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)) {
        sign->size = st.st_size;
    }

    if (setvbuf(stdout, NULL, _IOFBF, PRIZECTL_SIGN_OUTPUT) != 0) {
        prizectl_error("out of memory");
        return -1;
    }

    return prizectl_csv_init(&sign->csv, STDIN_FILENO);
}


static int
prizectl_sign_header_field(prizectl_sign_t *sign, unsigned i, char *dst)
{
    prize_str_t  name;

    name = prizectl_csv_value(&sign->csv.fields[i], dst);

    if (name.len == 2 && memcmp(name.data, "id", 2) == 0) {

        if (sign->id_field < sign->nfields) {
            prizectl_error("line 1: the header has two columns \"id\"");
            return -1;
        }

        sign->id_field = i;
    }

    if (name.len == 4 && memcmp(name.data, "link", 4) == 0) {
        prizectl_error("line 1: the header has a column \"link\" already");
        return -1;
    }

    return 0;
}


static int
prizectl_sign_header(prizectl_sign_t *sign)
{
    int              rc;
    char            *dst, quoted[PRIZECTL_QUOTE_LEN];
    unsigned         i;
    prizectl_csv_t  *csv;

    csv = &sign->csv;

    rc = prizectl_csv_next(csv);

    if (rc == 0) {
        prizectl_error("standard input is empty: want CSV with a header");
    }

    if (rc != 1) {
        return -1;
    }

    dst = malloc(csv->record.len + 1);
    if (dst == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    sign->nfields = csv->nfields;
    sign->id_field = csv->nfields;

    for (i = 0; i < csv->nfields && rc != -1; i++) {
        rc = prizectl_sign_header_field(sign, i, dst);
    }

    free(dst);

    if (rc == -1) {
        return -1;
    }

    if (sign->id_field == sign->nfields) {
        prizectl_error("line 1: the header names no column \"id\": %s",
                       prizectl_quote(quoted, csv->record.data,
                                      csv->record.len));
        return -1;
    }

    sign->eol = csv->eol.len == 2 ? "\r\n" : "\n";

    (void) fwrite(csv->record.data, 1, csv->record.len, stdout);
    printf(",link%s", sign->eol);

    return 0;
}


static int
prizectl_sign_id(prizectl_sign_t *sign, char *dst, prize_str_t *id)
{
    char                quoted[PRIZECTL_QUOTE_LEN];
    const prize_str_t  *field;

    if (sign->csv.nfields != sign->nfields) {
        prizectl_error("line %llu: %u columns, and the header has %u",
                       sign->csv.line, sign->csv.nfields, sign->nfields);
        return -1;
    }

    field = &sign->csv.fields[sign->id_field];
    *id = *field;

    /* quotes are two more; what is longer still is no ID */

    if (field->len <= PRIZECTL_ID_LENGTH_MAX + 2) {
        *id = prizectl_csv_value(field, dst);
    }

    if (prizectl_id_check(id, sign->id_max_length) == -1) {
        prizectl_error("line %llu: no link can name the id %s: want 1 to %u "
                       "of A-Z a-z 0-9 . _ @ -", sign->csv.line,
                       prizectl_quote(quoted, id->data, id->len),
                       sign->id_max_length);
        return -1;
    }

    return 0;
}


static int
prizectl_sign_record(prizectl_sign_t *sign)
{
    char         value[PRIZECTL_ID_LENGTH_MAX + 2],
                 arguments[PRIZE_SIGNATURE_LINK_LEN];
    size_t       len;
    prize_str_t  id;

    if (prizectl_sign_id(sign, value, &id) == -1) {
        return -1;
    }

    len = prize_signature_sign(sign->keys, &sign->event, &id, sign->expires,
                               arguments);
    if (len == 0) {
        prizectl_error("line %llu: cannot sign the id \"%.*s\"",
                       sign->csv.line, (int) id.len, id.data);
        return -1;
    }

    (void) fwrite(sign->csv.record.data, 1, sign->csv.record.len, stdout);
    printf(",%s%s%sid=%.*s&%.*s%s%s", sign->quote, sign->url, sign->between,
           (int) id.len, id.data, (int) len, arguments, sign->quote,
           sign->eol);

    if (ferror(stdout)) {
        return prizectl_flush() == PRIZECTL_DONE ? 0 : -1;
    }

    sign->nlinks++;

    return 0;
}


/* as if the links so far were as long as those to come */

static void
prizectl_sign_progress(prizectl_sign_t *sign)
{
    /* a bar between the lines of a terminal would be in their way */

    if (sign->progress.terminal && isatty(STDOUT_FILENO)) {
        return;
    }

    if (sign->csv.nbytes) {
        sign->progress.total = (double) sign->nlinks * sign->size
                               / sign->csv.nbytes;
    }

    prizectl_progress(&sign->progress, sign->nlinks, 0);
}


static int
prizectl_sign_run(prizectl_sign_t *sign)
{
    int  rc;

    if (prizectl_sign_open(sign) == -1 || prizectl_sign_header(sign) == -1) {
        return -1;
    }

    prizectl_progress_start(&sign->progress, "links", 0);

    rc = 0;

    while (!prizectl_interrupted
           && (rc = prizectl_csv_next(&sign->csv)) == 1)
    {
        if (prizectl_sign_record(sign) == -1) {
            return -1;
        }

        prizectl_sign_progress(sign);
    }

    return prizectl_interrupted ? 0 : rc;
}


static int
prizectl_sign_result(prizectl_sign_t *sign, int rc)
{
    prizectl_progress_hide();

    if (prizectl_flush() != PRIZECTL_DONE) {
        rc = -1;
    }

    if (prizectl_interrupted) {
        prizectl_error("interrupted after %llu links", sign->nlinks);
        return PRIZECTL_INTERRUPTED;
    }

    if (rc == -1) {
        prizectl_error("failed after %llu links", sign->nlinks);
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
}


int
prizectl_sign(int argc, char **argv)
{
    int              rc;
    prizectl_sign_t  sign;

    memset(&sign, 0, sizeof(prizectl_sign_t));

    rc = prizectl_sign_options(&sign, argc, argv);

    if (rc == PRIZECTL_OPTION_HELP) {
        return prizectl_print(prizectl_sign_help);
    }

    if (rc == -1) {
        return PRIZECTL_USAGE;
    }

    rc = prizectl_catch_signals() == -1
         ? PRIZECTL_FAILED
         : prizectl_sign_result(&sign, prizectl_sign_run(&sign));

    prizectl_csv_destroy(&sign.csv);
    prize_keys_destroy(sign.keys);

    return rc;
}
