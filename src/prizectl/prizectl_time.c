
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "prizectl_time.h"


double
prizectl_time_now(void)
{
    struct timespec  ts;

    if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1) {
        return 0;
    }

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


int
prizectl_time_number(const char **p, unsigned long long max,
    unsigned long long *number)
{
    const char  *start;

    start = *p;
    *number = 0;

    while (**p >= '0' && **p <= '9') {
        *number = *number * 10 + (*(*p)++ - '0');

        if (*number > max) {
            return -1;
        }
    }

    return *p == start ? -1 : 0;
}


int
prizectl_time_span(const char *p, unsigned long long *ms)
{
    size_t              i;
    unsigned long long  n, unit;

    static const struct {
        const char          *name;
        unsigned long long   ms;
    } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
        { "d", 86400000 }
    };

    *ms = 0;

    do {
        if (prizectl_time_number(&p, PRIZECTL_TIME_SPAN_MAX, &n) == -1) {
            return -1;
        }

        for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (strncmp(p, units[i].name, strlen(units[i].name)) == 0) {
                break;
            }
        }

        if (i < sizeof(units) / sizeof(units[0])) {
            p += strlen(units[i].name);
            unit = units[i].ms;

        } else if (*p == '\0') {
            unit = 1000;

        } else {
            return -1;
        }

        if (n > (PRIZECTL_TIME_SPAN_MAX - *ms) / unit) {
            return -1;
        }

        *ms += n * unit;

    } while (*p);

    return *ms > 0 ? 0 : -1;
}


char *
prizectl_time_left(char dst[PRIZECTL_TIME_LEFT_LEN], double seconds)
{
    unsigned  s;

    s = seconds < 1e6 ? seconds + 0.5 : 1e6;

    if (s < 3600) {
        snprintf(dst, PRIZECTL_TIME_LEFT_LEN, "%u:%02u", s / 60, s % 60);

    } else {
        snprintf(dst, PRIZECTL_TIME_LEFT_LEN, "%u:%02u:%02u", s / 3600,
                 s / 60 % 60, s % 60);
    }

    return dst;
}
