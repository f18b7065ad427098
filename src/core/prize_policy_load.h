
/* What a page loads or submits to, and a policy does not allow. */

#ifndef _PRIZE_POLICY_LOAD_H_INCLUDED_
#define _PRIZE_POLICY_LOAD_H_INCLUDED_


#include "prize_template.h"


#define PRIZE_POLICY_SOURCE  256


/* the directive is constant, the load is the page's */

typedef struct {
    const prize_load_t  *load;
    const char          *directive;     /* that a source is to be added to */
    char                 source[PRIZE_POLICY_SOURCE];
} prize_policy_blocked_t;


/*
 * The next thing on the page that the policy, a whole one, blocks and no
 * policy in the page before it does as well: 1, or 0 if there is none.  Of
 * those that ask for the same source the first one is told.  "next" is 0 at
 * the beginning.
 */
int prize_policy_next_blocked(const prize_template_t *page,
    const prize_str_t *policy, unsigned *next,
    prize_policy_blocked_t *blocked);


#endif /* _PRIZE_POLICY_LOAD_H_INCLUDED_ */
