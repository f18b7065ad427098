
/* tdestroy() */
#define _GNU_SOURCE

#include <search.h>
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
#include "prizectl_option.h"
#include "prizectl_progress.h"
#include "prizectl_sheet.h"


#define PRIZECTL_SIGN_OUTPUT  (256 * 1024)

/* some browsers, and what people forward links with, take no more */
#define PRIZECTL_SIGN_URL_MAX  1024


enum {
    PRIZECTL_SIGN_KEY_FILE = 1,
    PRIZECTL_SIGN_EVENT,
    PRIZECTL_SIGN_URL,
    PRIZECTL_SIGN_EXPIRES,
    PRIZECTL_SIGN_ID_COLUMN,
    PRIZECTL_SIGN_ID_MAX_LENGTH,
    PRIZECTL_SIGN_ALLOW_EMPTY
};


/* a row that has its link */

typedef struct {
    unsigned long long       line;
    unsigned long long       hash;      /* of its values */
    char                     id[];
} prizectl_signed_t;


typedef struct {
    const char              *key_file;
    prize_str_t              event;
    const char              *url;
    time_t                   expires;
    const char              *id_column;
    unsigned                 id_max_length;
    unsigned                 allow_empty:1;

    prize_keys_t            *keys;      /* owned */
    prizectl_sheet_t         sheet;
    void                    *rows;      /* owned: prizectl_signed_t by ID */
    prizectl_progress_t      progress;
    unsigned long long       size;      /* of the input, or 0 */
    unsigned long long       nlinks;

    const char              *quote;     /* around a link */
    const char              *between;   /* the URL and "id=" */
} prizectl_sign_t;


static const struct option  prizectl_sign_list[] = {
    { "key-file", required_argument, NULL, PRIZECTL_SIGN_KEY_FILE },
    { "event", required_argument, NULL, PRIZECTL_SIGN_EVENT },
    { "url", required_argument, NULL, PRIZECTL_SIGN_URL },
    { "expires", required_argument, NULL, PRIZECTL_SIGN_EXPIRES },
    { "id-column", required_argument, NULL, PRIZECTL_SIGN_ID_COLUMN },
    { "id-max-length", required_argument, NULL, PRIZECTL_SIGN_ID_MAX_LENGTH },
    { "allow-empty", no_argument, NULL, PRIZECTL_SIGN_ALLOW_EMPTY },
    { "help", no_argument, NULL, PRIZECTL_OPTION_HELP },
    { NULL, 0, NULL, 0 }
};


static const char  prizectl_sign_help[] =
    "usage: prizectl sign --key-file FILE --event NAME --url URL\n"
    "                     --expires MOMENT < roster.csv > links.csv\n"
    "\n"
    "Makes the signed links of a roster: CSV (RFC 4180) in UTF-8 with a\n"
    "header; all columns are kept, and a column \"link\" is added.\n"
    "A link is a bearer token: whoever has it sees the page.\n"
    "\n"
    "  --key-file FILE    as prize_sign_key_file; its first key signs\n"
    "  --event NAME       as prize_sign_event\n"
    "  --url URL          where the page is: https://h5.example.com/h5\n"
    "  --expires MOMENT   when links end: 2026-12-24T20:00+08:00\n"
    "  --id-column NAME   the column of the IDs (id)\n"
    "  --id-max-length N  as prize_id_max_length (64)\n"
    "  --allow-empty      a roster without rows is no error\n"
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

    case PRIZECTL_SIGN_ID_COLUMN:
        sign->id_column = value;
        return 0;

    case PRIZECTL_SIGN_ALLOW_EMPTY:
        sign->allow_empty = 1;
        return 0;

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

    sign->id_column = "id";
    sign->id_max_length = 64;

    rc = prizectl_option_parse(argc, argv, prizectl_sign_list,
                               prizectl_sign_option, sign, 0);
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

    static const char *const  added[] = { "link", NULL };

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

    return prizectl_sheet_open(&sign->sheet, STDIN_FILENO, "standard input",
                               sign->id_column, sign->id_max_length, added);
}


static int
prizectl_sign_order(const void *one, const void *two)
{
    return strcmp(((const prizectl_signed_t *) one)->id,
                  ((const prizectl_signed_t *) two)->id);
}


/* another row of an ID must say the same */

static int
prizectl_sign_once(prizectl_sign_t *sign)
{
    prizectl_signed_t        *row, *other;
    const prizectl_csv_t     *csv;
    prizectl_signed_t *const *found;

    csv = &sign->sheet.csv;

    row = malloc(sizeof(prizectl_signed_t) + sign->sheet.id.len + 1);
    if (row == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    row->line = csv->line;
    row->hash = prizectl_sheet_hash(&sign->sheet);
    memcpy(row->id, sign->sheet.id.data, sign->sheet.id.len);
    row->id[sign->sheet.id.len] = '\0';

    found = tsearch(row, &sign->rows, prizectl_sign_order);
    other = found ? *found : NULL;

    if (other == row) {
        return 0;
    }

    if (other == NULL) {
        prizectl_error("out of memory");

    } else if (other->hash != row->hash) {
        prizectl_csv_error(csv, csv->line, "the id \"%s\" stands in line "
                           "%llu, too, and the rows differ", row->id,
                           other->line);
        other = NULL;
    }

    free(row);

    return other ? 0 : -1;
}


static int
prizectl_sign_record(prizectl_sign_t *sign)
{
    char                   arguments[PRIZE_SIGNATURE_LINK_LEN];
    size_t                 len;
    const prize_str_t     *id;
    const prizectl_csv_t  *csv;

    id = &sign->sheet.id;
    csv = &sign->sheet.csv;

    if (prizectl_sign_once(sign) == -1) {
        return -1;
    }

    len = prize_signature_sign(sign->keys, &sign->event, id, sign->expires,
                               arguments);
    if (len == 0) {
        return prizectl_csv_error(csv, csv->line, "cannot sign the id "
                                  "\"%.*s\"", (int) id->len, id->data);
    }

    (void) fwrite(csv->record.data, 1, csv->record.len, stdout);
    printf(",%s%s%sid=%.*s&%.*s%s%s", sign->quote, sign->url, sign->between,
           (int) id->len, id->data, (int) len, arguments, sign->quote,
           sign->sheet.eol);

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

    if (sign->sheet.csv.nbytes) {
        sign->progress.total = (double) sign->nlinks * sign->size
                               / sign->sheet.csv.nbytes;
    }

    prizectl_progress(&sign->progress, sign->nlinks, 0);
}


static int
prizectl_sign_run(prizectl_sign_t *sign)
{
    int  rc;

    if (prizectl_sign_open(sign) == -1) {
        return -1;
    }

    prizectl_progress_start(&sign->progress, "links", 0);

    rc = 0;

    while (!prizectl_interrupted
           && (rc = prizectl_sheet_next(&sign->sheet)) == 1)
    {
        if (prizectl_sign_record(sign) == -1) {
            return -1;
        }

        prizectl_sign_progress(sign);
    }

    if (rc == 0 && sign->nlinks == 0 && !sign->allow_empty
        && !prizectl_interrupted)
    {
        prizectl_error("the roster names nobody; if that is right, say "
                       "--allow-empty");
        return -1;
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

    prizectl_sheet_close(&sign.sheet);
    tdestroy(sign.rows, free);
    prize_keys_destroy(sign.keys);

    return rc;
}
