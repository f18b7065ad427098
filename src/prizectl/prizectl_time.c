
#include <stdio.h>
#include <string.h>

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


/* just so many digits, and what stands behind them */

static int
prizectl_time_digits(const char **p, unsigned n, char behind, int *number)
{
    *number = 0;

    while (n--) {
        if (**p < '0' || **p > '9') {
            return -1;
        }

        *number = *number * 10 + (*(*p)++ - '0');
    }

    if (behind == '\0') {
        return 0;
    }

    return *(*p)++ == behind ? 0 : -1;
}


/* seconds east of Greenwich, at the end of the text */

static int
prizectl_time_zone(const char *p, int *offset)
{
    int  sign, hours, minutes;

    if (strcmp(p, "Z") == 0) {
        *offset = 0;
        return 0;
    }

    if (*p != '+' && *p != '-') {
        return -1;
    }

    sign = *p++ == '+' ? 1 : -1;

    if (prizectl_time_digits(&p, 2, ':', &hours) == -1
        || prizectl_time_digits(&p, 2, '\0', &minutes) == -1
        || *p || hours > 14 || minutes > 59)
    {
        return -1;
    }

    *offset = sign * (hours * 3600 + minutes * 60);

    return 0;
}


int
prizectl_time_moment(const char *p, time_t *moment)
{
    int        offset;
    struct tm  tm, same;

    memset(&tm, 0, sizeof(struct tm));

    if (prizectl_time_digits(&p, 4, '-', &tm.tm_year) == -1
        || prizectl_time_digits(&p, 2, '-', &tm.tm_mon) == -1
        || prizectl_time_digits(&p, 2, 'T', &tm.tm_mday) == -1
        || prizectl_time_digits(&p, 2, ':', &tm.tm_hour) == -1
        || prizectl_time_digits(&p, 2, '\0', &tm.tm_min) == -1)
    {
        return -1;
    }

    if (*p == ':') {
        p++;

        if (prizectl_time_digits(&p, 2, '\0', &tm.tm_sec) == -1) {
            return -1;
        }
    }

    if (prizectl_time_zone(p, &offset) == -1) {
        return -1;
    }

    tm.tm_year -= 1900;
    tm.tm_mon--;
    same = tm;

    *moment = timegm(&same);

    /* timegm() makes the 2nd of March of the 30th of February */

    if (same.tm_mon != tm.tm_mon || same.tm_mday != tm.tm_mday
        || same.tm_hour != tm.tm_hour || same.tm_min != tm.tm_min
        || same.tm_sec != tm.tm_sec)
    {
        return -1;
    }

    *moment -= offset;

    return 0;
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
