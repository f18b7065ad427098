
/*
 * What the commands about the roster work on: Redis, and, but for clear, the
 * query's rows and the pages that they are for.
 */

#ifndef _PRIZECTL_STORES_H_INCLUDED_
#define _PRIZECTL_STORES_H_INCLUDED_


#include "prizectl_key.h"
#include "prizectl_options.h"
#include "prizectl_page.h"
#include "prizectl_roster.h"
#include "prizectl_route.h"


typedef struct {
    const prizectl_options_t  *options;
    prizectl_key_t             key;
    prizectl_pages_t           pages;
    prizectl_route_t           route;
    prizectl_roster_t          roster;      /* zeros without --postgres */
} prizectl_stores_t;


/*
 * Starts as zeros: compiles the pages, connects to Redis, and opens the roster,
 * which has to have the columns that the pages use.  0, or -1 after a message;
 * prizectl_stores_close() takes both.
 */
int prizectl_stores_open(prizectl_stores_t *stores,
    const prizectl_options_t *options);

void prizectl_stores_close(prizectl_stores_t *stores);


#endif /* _PRIZECTL_STORES_H_INCLUDED_ */
