
/*
 * A roster as a CSV file: a header that names the column of the IDs, then a
 * record for each employee.  Every command that writes it again keeps all
 * columns, byte for byte, and adds some of its own.
 */

#ifndef _PRIZECTL_SHEET_H_INCLUDED_
#define _PRIZECTL_SHEET_H_INCLUDED_


#include "prizectl_csv.h"
#include "prizectl_key.h"


typedef struct {
    prizectl_csv_t   csv;           /* its current record */
    const char      *id_column;     /* the caller's */
    const char      *eol;           /* how the header's line ends */
    unsigned         id_max_length;
    unsigned         id_field;
    unsigned         nfields;

    prize_str_t      id;            /* of the record, until the next one */
    char             value[PRIZECTL_ID_LENGTH_MAX + 2];
} prizectl_sheet_t;


/*
 * Reads the header of a descriptor, see prizectl_csv_init(), and writes it to
 * standard output with the columns that are added, whose names a NULL ends;
 * where "added" itself is NULL nothing is written, and the header is the
 * current record.  0, or -1 after a message; prizectl_sheet_close() takes both,
 * and zeros.
 */
int prizectl_sheet_open(prizectl_sheet_t *sheet, int fd, const char *name,
    const char *id_column, unsigned id_max_length, const char *const *added);

void prizectl_sheet_close(prizectl_sheet_t *sheet);

/* the next employee; 1, 0 at the end, -1 after a message */
int prizectl_sheet_next(prizectl_sheet_t *sheet);

/* a hash of the record's values, however they are quoted */
unsigned long long prizectl_sheet_hash(const prizectl_sheet_t *sheet);


#endif /* _PRIZECTL_SHEET_H_INCLUDED_ */
