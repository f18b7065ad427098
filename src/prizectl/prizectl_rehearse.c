
/* memmem() */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_answers.h"
#include "prizectl_commands.h"
#include "prizectl_expect.h"
#include "prizectl_http.h"
#include "prizectl_links.h"
#include "prizectl_progress.h"
#include "prizectl_time.h"


/* as many links that are not answered rightly are named */
#define PRIZECTL_REHEARSE_NAMED  10


typedef struct {
    char                      *text;        /* owned */
    size_t                     len;
} prizectl_expected_t;


/* a link that is asked */

typedef struct {
    double                     due;         /* seconds */
    unsigned long long         line;
    char                       id[PRIZECTL_ID_LENGTH_MAX + 1];
    prizectl_expected_t        expected[];  /* one for each --expect */
} prizectl_asked_t;


typedef struct {
    const prizectl_options_t  *options;
    prizectl_links_t           links;
    prizectl_expect_t         *expects;     /* owned: options->nexpects */
    prizectl_http_t           *http;        /* owned */
    prizectl_answers_t         answers;
    prizectl_progress_t        progress;
    double                     started;     /* seconds */
    double                     ended;
    unsigned long long         nasked;
    unsigned long long         npages;      /* that are not as expected */
    unsigned long long         nfaults;     /* links with any fault */
    unsigned                   failed:1;    /* in a callback */
} prizectl_rehearse_t;


static void
prizectl_rehearse_free(const prizectl_rehearse_t *rehearse,
    prizectl_asked_t *asked)
{
    unsigned  i;

    for (i = 0; i < rehearse->options->nexpects; i++) {
        free(asked->expected[i].text);
    }

    free(asked);
}


/* 1 for the first ones, which are named */

static int
prizectl_rehearse_fault(prizectl_rehearse_t *rehearse)
{
    rehearse->nfaults++;

    if (rehearse->nfaults == PRIZECTL_REHEARSE_NAMED + 1) {
        prizectl_error("no further link is named");
    }

    return rehearse->nfaults <= PRIZECTL_REHEARSE_NAMED;
}


static void
prizectl_rehearse_page(prizectl_rehearse_t *rehearse,
    const prizectl_asked_t *asked, const prizectl_http_answer_t *answer)
{
    char                        want[PRIZECTL_QUOTE_LEN];
    char                        have[PRIZECTL_QUOTE_LEN];
    unsigned                    i;
    prize_str_t                 found;
    const prizectl_expected_t  *expected;

    for (i = 0; i < rehearse->options->nexpects; i++) {
        expected = &asked->expected[i];

        if (expected->len == 0
            || (answer->len && memmem(answer->body, answer->len,
                                      expected->text, expected->len)))
        {
            continue;
        }

        rehearse->npages++;

        if (prizectl_rehearse_fault(rehearse)) {
            found = prizectl_expect_found(&rehearse->expects[i], answer->body,
                                          answer->len);

            (void) prizectl_csv_error(&rehearse->links.sheet.csv, asked->line,
                                      "the page of \"%s\" does not hold %s, "
                                      "but %s", asked->id,
                                      prizectl_quote(want, expected->text,
                                                     expected->len),
                                      prizectl_quote(have, found.data,
                                                     found.len));
        }

        return;
    }
}


static void
prizectl_rehearse_answer(void *data, void *request,
    const prizectl_http_answer_t *answer)
{
    prizectl_asked_t      *asked;
    const prizectl_csv_t  *csv;
    prizectl_rehearse_t   *rehearse;

    rehearse = data;
    asked = request;
    csv = &rehearse->links.sheet.csv;

    if (answer->status == 0 && answer->error == NULL) {
        prizectl_rehearse_free(rehearse, asked);
        return;
    }

    rehearse->ended = prizectl_time_now();

    if (prizectl_answers_add(&rehearse->answers, answer->status,
                             rehearse->ended - asked->due)
        == -1)
    {
        rehearse->failed = 1;

    } else if (answer->status == 200) {
        prizectl_rehearse_page(rehearse, asked, answer);

    } else if (prizectl_rehearse_fault(rehearse)) {

        if (answer->error) {
            (void) prizectl_csv_error(csv, asked->line, "the link of \"%s\" "
                                      "got no answer: %s", asked->id,
                                      answer->error);
        } else {
            (void) prizectl_csv_error(csv, asked->line, "the link of \"%s\" "
                                      "was answered by %u", asked->id,
                                      answer->status);
        }
    }

    prizectl_rehearse_free(rehearse, asked);
}


/* the current link; NULL after a message */

static prizectl_asked_t *
prizectl_rehearse_prepare(prizectl_rehearse_t *rehearse, double due)
{
    unsigned                 i, n;
    prizectl_asked_t        *asked;
    const prizectl_sheet_t  *sheet;

    n = rehearse->options->nexpects;
    sheet = &rehearse->links.sheet;

    asked = calloc(1, sizeof(prizectl_asked_t)
                      + n * sizeof(prizectl_expected_t));
    if (asked == NULL) {
        prizectl_error("out of memory");
        return NULL;
    }

    asked->due = due;
    asked->line = sheet->csv.line;
    memcpy(asked->id, sheet->id.data, sheet->id.len);

    for (i = 0; i < n; i++) {
        asked->expected[i].text =
            prizectl_expect_text(&rehearse->expects[i], &sheet->csv,
                                 &asked->expected[i].len);

        if (asked->expected[i].text == NULL) {
            prizectl_rehearse_free(rehearse, asked);
            return NULL;
        }
    }

    return asked;
}


/* the next link; 1, 0 if there is none, -1 after a message */

static int
prizectl_rehearse_ask(prizectl_rehearse_t *rehearse, double due)
{
    int                rc;
    prizectl_asked_t  *asked;

    rc = prizectl_links_next(&rehearse->links);

    if (rc != 1) {
        return rc;
    }

    asked = prizectl_rehearse_prepare(rehearse, due);
    if (asked == NULL) {
        return -1;
    }

    if (prizectl_http_get(rehearse->http, rehearse->links.url, asked) == -1) {
        prizectl_rehearse_free(rehearse, asked);
        return -1;
    }

    rehearse->nasked++;

    return 1;
}


/*
 * Each link is due at a moment of its own, whether or not those before it have
 * been answered: employees do not wait for one another.
 */

static int
prizectl_rehearse_links(prizectl_rehearse_t *rehearse)
{
    int     rc;
    double  now, due;

    rc = 1;

    while (!prizectl_interrupted && !rehearse->failed) {
        now = prizectl_time_now();

        for ( ;; ) {
            due = rehearse->started
                  + (double) rehearse->nasked / rehearse->options->rate;

            if (rc != 1 || due > now
                || prizectl_http_active(rehearse->http)
                   == PRIZECTL_HTTP_ACTIVE_MAX)
            {
                break;
            }

            rc = prizectl_rehearse_ask(rehearse, due);
        }

        if (rc == -1
            || (rc == 0 && prizectl_http_active(rehearse->http) == 0))
        {
            return rc;
        }

        /* an answer ends it earlier */

        if (prizectl_http_wait(rehearse->http,
                               rc == 1 && due > now ? due : now + 1)
            == -1)
        {
            return -1;
        }

        prizectl_progress(&rehearse->progress, rehearse->answers.n,
                          rehearse->nfaults);
    }

    return rehearse->failed ? -1 : 0;
}


static int
prizectl_rehearse_run(prizectl_rehearse_t *rehearse)
{
    unsigned                   i;
    prizectl_http_conf_t       conf;
    const prizectl_options_t  *options;

    options = rehearse->options;

    if (prizectl_links_open(&rehearse->links, options) == -1) {
        return -1;
    }

    rehearse->expects = calloc(options->nexpects + 1,
                               sizeof(prizectl_expect_t));
    if (rehearse->expects == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    for (i = 0; i < options->nexpects; i++) {
        if (prizectl_expect_init(&rehearse->expects[i], options->expects[i],
                                 &rehearse->links.sheet.csv)
            == -1)
        {
            return -1;
        }
    }

    memset(&conf, 0, sizeof(prizectl_http_conf_t));

    conf.connect_to = options->connect_to;
    conf.cacert = options->cacert;
    conf.insecure = options->insecure;
    conf.handler = prizectl_rehearse_answer;
    conf.data = rehearse;

    rehearse->http = prizectl_http_create(&conf);
    if (rehearse->http == NULL) {
        return -1;
    }

    prizectl_progress_start(&rehearse->progress, "links",
                            rehearse->links.wanted);

    rehearse->started = prizectl_time_now();
    rehearse->ended = rehearse->started;

    return prizectl_rehearse_links(rehearse);
}


/* what a status that is not 200 says of a page */

static const char *
prizectl_rehearse_reason(unsigned status)
{
    switch (status) {

    case 400:
        return "the location finds no ID in the link";

    case 403:
        return "the signature is of another key or event, or prize_open has "
               "not opened yet";

    case 404:
        return "no store has the record, or no page's condition holds";

    case 410:
        return "the link has ended or was withdrawn, or prize_open has closed";

    case 429:
    case 503:
        return "no store answered in time, or a limit refused it";

    default:
        return status / 100 == 3
               ? "it leads elsewhere: should it begin with https://?"
               : status >= 500 ? "nginx' error log says why"
                               : "not one of the module's own";
    }
}


static void
prizectl_rehearse_wrong(const prizectl_rehearse_t *rehearse, double p99)
{
    unsigned                   status;
    const unsigned long long  *counts;

    counts = rehearse->answers.counts;

    printf("\nwrong:\n");

    for (status = 1; status < PRIZECTL_ANSWERS_STATUS; status++) {

        if (counts[status] && status != 200) {
            printf("  %llu x %u: %s\n", counts[status], status,
                   prizectl_rehearse_reason(status));
        }
    }

    if (counts[0]) {
        printf("  %llu x no answer: not within %d seconds, or no "
               "connection\n", counts[0], PRIZECTL_HTTP_TIMEOUT);
    }

    if (rehearse->npages) {
        printf("  %llu x a wrong page: it does not hold what is expected of "
               "its owner\n", rehearse->npages);
    }

    if (p99 > rehearse->options->within) {
        printf("  slow: p99 is %.1f ms, and --within %llu ms\n", p99,
               rehearse->options->within);
    }
}


/* 1 if something is wrong */

static int
prizectl_rehearse_verdict(const prizectl_rehearse_t *rehearse)
{
    double  p99;

    const prizectl_answers_t  *answers = &rehearse->answers;

    p99 = prizectl_answers_percentile(answers->list, answers->n, 99);

    if (rehearse->nfaults || p99 > rehearse->options->within) {
        prizectl_rehearse_wrong(rehearse, p99);
        return 1;
    }

    printf("\nnothing wrong: %llu x 200%s\n", answers->n,
           rehearse->options->nexpects
           ? ", and each page holds what is expected of its owner"
           : "; whose page it was is not known without --expect");

    return 0;
}


static int
prizectl_rehearse_result(prizectl_rehearse_t *rehearse, int rc)
{
    int          code, wrong;
    const char  *word;

    wrong = 0;

    prizectl_progress_hide();

    if (rehearse->answers.n) {
        printf("%llu of %llu links answered in %.1f s\n\n",
               rehearse->answers.n, rehearse->links.total,
               rehearse->ended - rehearse->started);

        prizectl_answers_table(&rehearse->answers);
        wrong = prizectl_rehearse_verdict(rehearse);
    }

    if (prizectl_flush() != PRIZECTL_DONE) {
        rc = -1;
    }

    code = prizectl_outcome(rc, rehearse->answers.n > 0, rehearse->answers.n,
                            "links", &word);

    return code == PRIZECTL_DONE && wrong ? PRIZECTL_DIFFERENT : code;
}


int
prizectl_rehearse(const prizectl_options_t *options)
{
    int                  rc;
    unsigned             i;
    prizectl_rehearse_t  rehearse;

    memset(&rehearse, 0, sizeof(prizectl_rehearse_t));

    rehearse.options = options;

    rc = prizectl_rehearse_run(&rehearse);

    if (rehearse.http) {
        prizectl_http_destroy(rehearse.http);
    }

    rc = prizectl_rehearse_result(&rehearse, rc);

    for (i = 0; rehearse.expects && i < options->nexpects; i++) {
        prizectl_expect_destroy(&rehearse.expects[i]);
    }

    free(rehearse.expects);
    free(rehearse.answers.list);
    prizectl_links_close(&rehearse.links);

    return rc;
}
