
#include <time.h>
#include <unistd.h>

#include "prizectl_random.h"


unsigned long long
prizectl_random_seed(void)
{
    return 1 + (unsigned long long) time(NULL) * getpid();
}


/* xorshift64, https://www.jstatsoft.org/article/view/v008i14 */

unsigned long long
prizectl_random(unsigned long long *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;

    return *state;
}
