
/* timegm() */
#define _DEFAULT_SOURCE

#include <string.h>

#include "prize_moment.h"


/* of an offset, in hours */
#define PRIZE_MOMENT_OFFSET_MAX  14


/* just so many digits: 0, or -1 */

static int
prize_moment_digits(const char **p, unsigned n, int *number)
{
    *number = 0;

    while (n--) {
        if (**p < '0' || **p > '9') {
            return -1;
        }

        *number = *number * 10 + (*(*p)++ - '0');
    }

    return 0;
}


static int
prize_moment_char(const char **p, char ch)
{
    if (**p != ch) {
        return -1;
    }

    (*p)++;

    return 0;
}


/* up to the minute: 0, or -1 */

static int
prize_moment_date(const char **p, struct tm *tm)
{
    if (prize_moment_digits(p, 4, &tm->tm_year) == -1
        || prize_moment_char(p, '-') == -1
        || prize_moment_digits(p, 2, &tm->tm_mon) == -1
        || prize_moment_char(p, '-') == -1
        || prize_moment_digits(p, 2, &tm->tm_mday) == -1
        || (prize_moment_char(p, 'T') == -1 && prize_moment_char(p, 't') == -1)
        || prize_moment_digits(p, 2, &tm->tm_hour) == -1
        || prize_moment_char(p, ':') == -1
        || prize_moment_digits(p, 2, &tm->tm_min) == -1)
    {
        return -1;
    }

    tm->tm_year -= 1900;
    tm->tm_mon--;

    return 0;
}


/* the seconds, if they are there, and 1 for a fraction that is not 0 */

static int
prize_moment_seconds(const char **p, struct tm *tm, int *fraction)
{
    const char  *start;

    *fraction = 0;

    if (prize_moment_char(p, ':') == -1) {
        return 0;
    }

    if (prize_moment_digits(p, 2, &tm->tm_sec) == -1) {
        return -1;
    }

    if (prize_moment_char(p, '.') == -1) {
        return 0;
    }

    for (start = *p; **p >= '0' && **p <= '9'; (*p)++) {
        *fraction |= (**p != '0');
    }

    return *p == start ? -1 : 0;
}


/* seconds east of Greenwich, at the end of the text */

static int
prize_moment_offset(const char *p, int *offset)
{
    int  sign, hours, minutes;

    if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0) {
        *offset = 0;
        return 0;
    }

    if (*p != '+' && *p != '-') {
        return -1;
    }

    sign = *p++ == '+' ? 1 : -1;

    if (prize_moment_digits(&p, 2, &hours) == -1
        || prize_moment_char(&p, ':') == -1
        || prize_moment_digits(&p, 2, &minutes) == -1
        || *p || hours > PRIZE_MOMENT_OFFSET_MAX || minutes > 59)
    {
        return -1;
    }

    *offset = sign * (hours * 3600 + minutes * 60);

    return 0;
}


const char *
prize_moment_parse(const char *text, time_t *moment)
{
    int         fraction, offset;
    struct tm   tm, same;

    memset(&tm, 0, sizeof(struct tm));

    if (prize_moment_date(&text, &tm) == -1
        || prize_moment_seconds(&text, &tm, &fraction) == -1)
    {
        return "want a date, \"T\" and a time of the day";
    }

    if (*text == '\0') {
        return "it has no offset";
    }

    if (prize_moment_offset(text, &offset) == -1) {
        return "want an offset at its end, \"Z\" or up to 14 hours";
    }

    same = tm;
    *moment = timegm(&same);

    /* timegm() makes the 2nd of March of the 30th of February */

    if (same.tm_mon != tm.tm_mon || same.tm_mday != tm.tm_mday
        || same.tm_hour != tm.tm_hour || same.tm_min != tm.tm_min
        || same.tm_sec != tm.tm_sec)
    {
        return "there is no such day or time of the day";
    }

    *moment += fraction - offset;

    return NULL;
}
