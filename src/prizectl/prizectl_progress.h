
/*
 * How far a command is: a bar on a terminal, elsewhere a line every some
 * seconds, on standard error.
 */

#ifndef _PRIZECTL_PROGRESS_H_INCLUDED_
#define _PRIZECTL_PROGRESS_H_INCLUDED_


typedef struct {
    const char          *unit;          /* "rows" */
    unsigned long long   total;         /* 0 if nobody knows */
    double               started;       /* seconds */
    double               shown;
    unsigned             terminal:1;
} prizectl_progress_t;


/* whether a bar would be seen, and so a total is worth its cost */
int prizectl_progress_terminal(void);

void prizectl_progress_start(prizectl_progress_t *progress, const char *unit,
    unsigned long long total);

/* to be called often: it shows something only when it is time to */
void prizectl_progress(prizectl_progress_t *progress, unsigned long long done,
    unsigned long long errors);

/* takes the bar away, if there is one, so that a line can be written */
void prizectl_progress_hide(void);


#endif /* _PRIZECTL_PROGRESS_H_INCLUDED_ */
