
/*
 * The roster: the rows of a query, one for each ID and in the order of the
 * IDs, read one after the other from one snapshot of the database.
 */

#ifndef _PRIZECTL_ROSTER_H_INCLUDED_
#define _PRIZECTL_ROSTER_H_INCLUDED_


#include <libpq-fe.h>

#include "prize_record.h"


#define PRIZECTL_ROSTER_ERROR  (-1)     /* after a message */
#define PRIZECTL_ROSTER_END    0
#define PRIZECTL_ROSTER_ROW    1
#define PRIZECTL_ROSTER_AGAIN  2        /* nothing yet: have a look around */


typedef struct {
    PGconn              *conn;          /* owned */
    PGresult            *row;           /* owned: the current row */
    PGresult            *ahead;         /* owned: the next, until no other */
                                        /*   row can have its ID */

    prize_str_t          query;         /* the caller's, without its ";" */
    const prize_str_t   *only;          /* the one ID that is wanted, or NULL */
    int                  nparams;       /* of the query */
    char                *names;         /* owned: "id, name, department" */
    prize_column_t      *columns;       /* owned; names are in "names", */
                                        /*   values in "row" */
    prize_record_t       record;        /* the current row's columns */
    prize_str_t          id;            /* the current row's */

    int                  ncolumns;
    int                  id_column;
    unsigned             id_max_length;
    unsigned             ended:1;
    unsigned long long   nrows;         /* read so far, equal ones too */

    char                *notice;        /* owned: the server's last one that */
                                        /*   was shown */
    unsigned long long   nnotices;      /* that were shown */
    unsigned long long   ncounted;      /* that were only counted */
} prizectl_roster_t;


/* what the roster is as a whole */

typedef struct {
    unsigned long long   nrows;
    unsigned long long   nbytes;        /* of all values */
    unsigned long long   nlong;         /* rows with a value of more than */
                                        /*   PRIZECTL_ROSTER_SHORT bytes */
} prizectl_survey_t;

#define PRIZECTL_ROSTER_SHORT  64


/*
 * Connects, opens a snapshot and checks the query's columns, which "record"
 * then names.  With "only" it is one employee's row that is read; then the
 * query may be that of prize_postgres_query, with the IDs as an array in $1.
 * 0, or -1 after a message, as all functions here that do not say otherwise;
 * prizectl_roster_close() takes both, and zeros.
 */
int prizectl_roster_open(prizectl_roster_t *roster, const char *conninfo,
    const char *query, unsigned id_max_length, const prize_str_t *only);

/*
 * Runs the query for its figures alone, in the same snapshot, before it is
 * started.  An interruption leaves them zero.
 */
int prizectl_roster_survey(prizectl_roster_t *roster,
    prizectl_survey_t *survey);

int prizectl_roster_start(prizectl_roster_t *roster);

void prizectl_roster_close(prizectl_roster_t *roster);

/*
 * The next employee: after PRIZECTL_ROSTER_ROW "record" and "id" hold until
 * the next call.  A row whose ID no link can name, a second one that says
 * something else, or a value too long for the module is an error.
 */
int prizectl_roster_next(prizectl_roster_t *roster);

/* what is said of a roster without rows */
int prizectl_roster_none(void);

/* the current row itself, for the caller to PQclear() */
PGresult *prizectl_roster_keep(prizectl_roster_t *roster);


#endif /* _PRIZECTL_ROSTER_H_INCLUDED_ */
