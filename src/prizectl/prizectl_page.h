
/*
 * The pages that the roster is for: which fields they use, how many records
 * are true in a field that decides about a section, and for which values.
 */

#ifndef _PRIZECTL_PAGE_H_INCLUDED_
#define _PRIZECTL_PAGE_H_INCLUDED_


#include "prize_record.h"
#include "prize_template.h"
#include "prizectl_values.h"


typedef struct {
    unsigned             column;        /* of the roster */
    unsigned long long   ntrue;         /* records */
    prizectl_values_t    values;
} prizectl_section_t;


typedef struct {
    prize_fields_t       fields;
    prize_template_t    *page;          /* owned; the last one */
    prizectl_section_t  *sections;      /* owned; by the field's index, */
                                        /*   used where it is a section's */
} prizectl_pages_t;


/*
 * Those that return an int: 0, or -1 after a message; prizectl_pages_destroy()
 * takes both, and zeros.  The names must live as long.
 */

int prizectl_pages_init(prizectl_pages_t *pages, const char *const *names,
    unsigned npages, const prize_str_t *raw, unsigned nraw);

/* every field that a page uses has to be a column; "names" is for messages */
int prizectl_pages_match(prizectl_pages_t *pages,
    const prize_record_t *record, const char *names);

int prizectl_pages_count(prizectl_pages_t *pages,
    const prize_record_t *record);

/*
 * To standard output: a line for each section field, and one for each of its
 * rarest values; or JSON objects, of the numbers of true records and of the
 * values.
 */
void prizectl_pages_report(const prizectl_pages_t *pages,
    unsigned long long nrecords);
void prizectl_pages_json(const prizectl_pages_t *pages);
void prizectl_pages_json_values(const prizectl_pages_t *pages);

void prizectl_pages_destroy(prizectl_pages_t *pages);


#endif /* _PRIZECTL_PAGE_H_INCLUDED_ */
