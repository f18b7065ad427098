
/* tdestroy() */
#define _GNU_SOURCE

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prize_keys.h"
#include "prize_signature.h"
#include "prizectl.h"
#include "prizectl_commands.h"
#include "prizectl_progress.h"
#include "prizectl_sheet.h"


#define PRIZECTL_SIGN_OUTPUT  (256 * 1024)


/* a row that has its link */

typedef struct {
    unsigned long long         line;
    unsigned long long         hash;        /* of its values */
    char                       id[];
} prizectl_signed_t;


typedef struct {
    const prizectl_options_t  *options;
    prize_keys_t              *keys;        /* owned */
    prizectl_sheet_t           sheet;
    void                      *rows;        /* owned: prizectl_signed_t by ID */
    prizectl_progress_t        progress;
    unsigned long long         size;        /* of the input, or 0 */
    unsigned long long         nlinks;

    const char                *quote;       /* around a link */
    const char                *between;     /* the URL and "id=" */
} prizectl_sign_t;


static int
prizectl_sign_open(prizectl_sign_t *sign)
{
    struct stat                st;
    const char                *query;
    prize_lines_error_t        error;
    const prizectl_options_t  *options;

    static const char *const  added[] = { "link", NULL };

    options = sign->options;

    query = strchr(options->url, '?');

    sign->quote = strchr(options->url, ',') ? "\"" : "";
    sign->between = query == NULL ? "?" : query[1] ? "&" : "";

    sign->keys = prize_keys_read(options->key_file, &error);

    if (sign->keys == NULL) {

        if (error.line) {
            prizectl_error("key file \"%s\", line %u: %s", options->key_file,
                           error.line, error.text);
        } else {
            prizectl_error("key file \"%s\": %s", options->key_file,
                           error.text);
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
                               options->id_column, options->id_max_length,
                               added);
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
    prizectl_signed_t         *row, *other;
    const prizectl_csv_t      *csv;
    prizectl_signed_t *const  *found;

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

    len = prize_signature_sign(sign->keys, &sign->options->event, id,
                               sign->options->expires, arguments);
    if (len == 0) {
        return prizectl_csv_error(csv, csv->line, "cannot sign the id "
                                  "\"%.*s\"", (int) id->len, id->data);
    }

    (void) fwrite(csv->record.data, 1, csv->record.len, stdout);
    printf(",%s%s%sid=%.*s&%.*s%s%s", sign->quote, sign->options->url,
           sign->between, (int) id->len, id->data, (int) len, arguments,
           sign->quote, sign->sheet.eol);

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

    if (rc == 0 && sign->nlinks == 0 && !sign->options->allow_empty
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
    const char  *word;

    if (prizectl_flush() != PRIZECTL_DONE) {
        rc = -1;
    }

    return prizectl_outcome(rc, rc == -1, sign->nlinks, "links", &word);
}


int
prizectl_sign(const prizectl_options_t *options)
{
    int              rc;
    prizectl_sign_t  sign;

    memset(&sign, 0, sizeof(prizectl_sign_t));

    sign.options = options;

    rc = prizectl_sign_result(&sign, prizectl_sign_run(&sign));

    prizectl_sheet_close(&sign.sheet);
    tdestroy(sign.rows, free);
    prize_keys_destroy(sign.keys);

    return rc;
}
