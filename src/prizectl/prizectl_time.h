
/*
 * Times as people write them.
 */

#ifndef _PRIZECTL_TIME_H_INCLUDED_
#define _PRIZECTL_TIME_H_INCLUDED_


/* the most that prizectl_time_span() takes, in milliseconds */
#define PRIZECTL_TIME_SPAN_MAX  (3650ULL * 24 * 60 * 60 * 1000)

/* room for what prizectl_time_left() writes */
#define PRIZECTL_TIME_LEFT_LEN  32


/* seconds that only ever grow, for how long something takes */
double prizectl_time_now(void);

/* decimal digits, at least one; -1 if there is none or "max" is passed */
int prizectl_time_number(const char **p, unsigned long long max,
    unsigned long long *number);

/*
 * As nginx reads a time, "48h", "1h30m", and "90" are seconds; in
 * milliseconds, more than 0.  0, or -1 without a message.
 */
int prizectl_time_span(const char *p, unsigned long long *ms);

/* "0:05", "12:34" or "3:25:45" */
char *prizectl_time_left(char dst[PRIZECTL_TIME_LEFT_LEN], double seconds);


#endif /* _PRIZECTL_TIME_H_INCLUDED_ */
