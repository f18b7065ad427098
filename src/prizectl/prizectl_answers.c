
#include <stdio.h>
#include <stdlib.h>

#include "prizectl.h"
#include "prizectl_answers.h"


int
prizectl_answers_add(prizectl_answers_t *answers, unsigned status,
    double seconds)
{
    prizectl_answer_t   *list;
    unsigned long long   n;

    if (answers->n == answers->allocated) {
        n = answers->allocated ? 2 * answers->allocated : 1024;

        list = realloc(answers->list, n * sizeof(prizectl_answer_t));
        if (list == NULL) {
            prizectl_error("out of memory");
            return -1;
        }

        answers->list = list;
        answers->allocated = n;
    }

    if (status >= PRIZECTL_ANSWERS_STATUS) {
        status = 0;
    }

    answers->list[answers->n].status = status;
    answers->list[answers->n].ms = seconds * 1000;
    answers->n++;
    answers->counts[status]++;

    return 0;
}


static int
prizectl_answers_by_time(const void *one, const void *two)
{
    const prizectl_answer_t  *a, *b;

    a = one;
    b = two;

    return (a->ms > b->ms) - (a->ms < b->ms);
}


static int
prizectl_answers_by_status(const void *one, const void *two)
{
    const prizectl_answer_t  *a, *b;

    a = one;
    b = two;

    return a->status == b->status ? prizectl_answers_by_time(one, two)
                                  : a->status < b->status ? -1 : 1;
}


/* the nearest rank */

double
prizectl_answers_percentile(const prizectl_answer_t *list,
    unsigned long long n, unsigned percent)
{
    unsigned long long  rank;

    rank = (n * percent + 99) / 100;

    return list[rank ? rank - 1 : 0].ms;
}


static void
prizectl_answers_row(const char *name, const prizectl_answer_t *list,
    unsigned long long n)
{
    size_t  i;

    static const unsigned  percents[] = { 50, 95, 99, 100 };

    printf("%-6s %9llu", name, n);

    for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        printf(" %11.1f ms",
               prizectl_answers_percentile(list, n, percents[i]));
    }

    printf("\n");
}


void
prizectl_answers_table(prizectl_answers_t *answers)
{
    char                 name[16];
    unsigned             status;
    prizectl_answer_t   *list;
    unsigned long long   n;

    if (answers->n == 0) {
        return;
    }

    printf("%-6s %9s %14s %14s %14s %14s\n", "answer", "links", "p50", "p95",
           "p99", "longest");

    list = answers->list;

    qsort(list, answers->n, sizeof(prizectl_answer_t),
          prizectl_answers_by_status);

    /* 0 is behind the others */

    for (status = 1; status <= PRIZECTL_ANSWERS_STATUS; status++) {
        n = answers->counts[status % PRIZECTL_ANSWERS_STATUS];

        if (n == 0) {
            continue;
        }

        if (status == PRIZECTL_ANSWERS_STATUS) {
            prizectl_answers_row("none", answers->list, n);

        } else {
            snprintf(name, sizeof(name), "%u", status);
            prizectl_answers_row(name, list + answers->counts[0], n);
            list += n;
        }
    }

    qsort(answers->list, answers->n, sizeof(prizectl_answer_t),
          prizectl_answers_by_time);

    prizectl_answers_row("all", answers->list, answers->n);
}
