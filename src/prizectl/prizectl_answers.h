
/*
 * What came of many requests: statuses and times, and the table of them.
 */

#ifndef _PRIZECTL_ANSWERS_H_INCLUDED_
#define _PRIZECTL_ANSWERS_H_INCLUDED_


/* a status has three digits: RFC 9110, 15 */
#define PRIZECTL_ANSWERS_STATUS  1000


typedef struct {
    unsigned              status;       /* 0: there was no answer */
    float                 ms;
} prizectl_answer_t;


/* starts as zeros */

typedef struct {
    prizectl_answer_t    *list;         /* owned, to be freed with free() */
    unsigned long long    n;
    unsigned long long    allocated;
    unsigned long long    counts[PRIZECTL_ANSWERS_STATUS];
} prizectl_answers_t;


/* 0, or -1 after a message */
int prizectl_answers_add(prizectl_answers_t *answers, unsigned status,
    double seconds);

/* to standard output; the list is in the order of the times afterwards */
void prizectl_answers_table(prizectl_answers_t *answers);

/*
 * Milliseconds that so many of a hundred have not passed, of a list in the
 * order of the times, which is not empty.
 */
double prizectl_answers_percentile(const prizectl_answer_t *list,
    unsigned long long n, unsigned percent);


#endif /* _PRIZECTL_ANSWERS_H_INCLUDED_ */
