
/*
 * Numbers by chance, for what nobody gains by guessing.
 */

#ifndef _PRIZECTL_RANDOM_H_INCLUDED_
#define _PRIZECTL_RANDOM_H_INCLUDED_


/* the state of a run of numbers, which differs from that of another process */
unsigned long long prizectl_random_seed(void);

/* the next one */
unsigned long long prizectl_random(unsigned long long *state);


#endif /* _PRIZECTL_RANDOM_H_INCLUDED_ */
