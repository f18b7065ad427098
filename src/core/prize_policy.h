
/*
 * The Content-Security-Policy of a page: nothing but what the page brings
 * along, its styles and scripts by their SHA-256 (CSP Level 3).
 */

#ifndef _PRIZE_POLICY_H_INCLUDED_
#define _PRIZE_POLICY_H_INCLUDED_


#include <stddef.h>

#include "prize_template.h"


/*
 * Directives that are added to the page's own, as in a header: NULL, or what
 * is wrong with them.
 */
const char *prize_policy_check(const prize_str_t *more);

/* the sources of a directive that a policy has: 1, or 0 if it has it not */
int prize_policy_sources(const prize_str_t *policy, const char *directive,
    prize_str_t *sources);

/*
 * The value of the header, to be given to free(), and its length; NULL
 * without memory.  "more" has passed the check and may be empty; the page has
 * no prize_template_fault().
 */
char *prize_policy_create(const prize_template_t *page,
    const prize_str_t *more, size_t *len);


#endif /* _PRIZE_POLICY_H_INCLUDED_ */
