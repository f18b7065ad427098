
/*
 * A CSV file, as RFC 4180 has it, one record after the other: fields with a
 * comma between them, in quotes where they hold a comma, a quote (then
 * doubled) or a line's end.  Lines end by CRLF or LF.  Text is UTF-8.
 */

#ifndef _PRIZECTL_CSV_H_INCLUDED_
#define _PRIZECTL_CSV_H_INCLUDED_


#include "prize_record.h"


/* a longer record is one whose closing quote is missing */
#define PRIZECTL_CSV_RECORD_MAX  (1024 * 1024)


typedef struct {
    int                  fd;
    const char          *name;          /* the caller's, for messages */
    char                *data;          /* owned */
    size_t               start;         /* of the next record */
    size_t               end;           /* of what was read */
    unsigned             ended:1;

    unsigned long long   line;          /* of the record, from 1 */
    unsigned long long   nlines;        /* before the next one */
    unsigned long long   nbytes;        /* read so far */

    /* the record: as it stands in the file, in "data", until the next one */

    prize_str_t          record;        /* without its line's end */
    prize_str_t          eol;           /* empty if the file ends there */
    prize_str_t         *fields;        /* owned; with their quotes */
    unsigned             nfields;
    unsigned             allocated;
} prizectl_csv_t;


/*
 * Reads a descriptor, which stays the caller's, as does the name.  0, or -1
 * after a message; prizectl_csv_destroy() takes both.
 */
int prizectl_csv_init(prizectl_csv_t *csv, int fd, const char *name);

void prizectl_csv_destroy(prizectl_csv_t *csv);

/* empty lines are passed over; 1, 0 at the end, -1 after a message */
int prizectl_csv_next(prizectl_csv_t *csv);

/* what is wrong in a line; -1 */
int prizectl_csv_error(const prizectl_csv_t *csv, unsigned long long line,
    const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The first field of the current record, a header, that is this name.  -1
 * without a message if there is none, -2 after one.
 */
int prizectl_csv_find(const prizectl_csv_t *csv, const char *name, size_t len);

/* says that the header, the current record, has no such column; -1 */
int prizectl_csv_lacks(const prizectl_csv_t *csv, const char *name);

/*
 * A field without its quotes, written to "dst" where it has any, which has
 * room for the field.
 */
prize_str_t prizectl_csv_value(const prize_str_t *field, char *dst);


#endif /* _PRIZECTL_CSV_H_INCLUDED_ */
