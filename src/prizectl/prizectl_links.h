
/*
 * The links of "prizectl sign", read from its CSV: each goes to a host that
 * the command line names, or none is given out.
 */

#ifndef _PRIZECTL_LINKS_H_INCLUDED_
#define _PRIZECTL_LINKS_H_INCLUDED_


#include <curl/curl.h>

#include "prizectl_options.h"
#include "prizectl_sheet.h"


typedef struct {
    const prizectl_options_t  *options;
    int                        fd;          /* owned */
    prizectl_sheet_t           sheet;
    CURLU                     *parser;      /* owned */
    char                      *value;       /* owned: of the column "link" */
    unsigned                   field;       /* that column */
    unsigned long long         random;

    unsigned long long         total;       /* links in the file */
    unsigned long long         seen;        /* of them, so far */
    unsigned long long         wanted;      /* to be given out */
    unsigned long long         given;

    char                      *url;         /* owned; until the next link */
} prizectl_links_t;


/*
 * Reads the file once, to its end: 0, or -1 after a message if it cannot be
 * read, is not right, or has a link to a host that is not named.  The header
 * is the sheet's current record then.  prizectl_links_close() takes both.
 */
int prizectl_links_open(prizectl_links_t *links,
    const prizectl_options_t *options);

void prizectl_links_close(prizectl_links_t *links);

/*
 * The next one of those that are wanted, by chance of all where these are
 * fewer; its record is the sheet's.  1, 0 at the end, -1 after a message.
 */
int prizectl_links_next(prizectl_links_t *links);


#endif /* _PRIZECTL_LINKS_H_INCLUDED_ */
