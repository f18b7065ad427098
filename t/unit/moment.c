
#include <string.h>

#include "prize_moment.h"
#include "tap.h"


typedef struct {
    const char  *text;
    time_t       moment;
} moment_case_t;


/* the seconds are those of "date -d TEXT +%s" */

static const moment_case_t  cases[] = {
    { "2026-12-24T09:00:00+08:00", 1798074000 },
    { "2026-12-24T01:00:00Z", 1798074000 },
    { "2026-12-24T01:00:00+00:00", 1798074000 },
    { "2026-12-24T01:00:00-00:00", 1798074000 },
    { "2026-12-23T20:00:00-05:00", 1798074000 },
    { "2026-12-24T06:45:00+05:45", 1798074000 },
    { "2026-12-24T15:00:00+14:00", 1798074000 },
    { "2026-12-24t01:00:00z", 1798074000 },
    { "2026-12-24T09:00+08:00", 1798074000 },
    { "2026-12-24T09:00:01+08:00", 1798074001 },

    /* what is left of a second counts as one */
    { "2026-12-24T09:00:00.000+08:00", 1798074000 },
    { "2026-12-24T09:00:00.001+08:00", 1798074001 },
    { "2026-12-24T09:00:00.999999999999Z", 1798102801 },

    { "1970-01-01T00:00:00Z", 0 },
    { "1969-12-31T23:59:59Z", -1 },
    { "2024-02-29T00:00:00Z", 1709164800 },
    { "2026-12-31T23:59:59Z", 1798761599 },
    { "9999-12-31T23:59:59Z", 253402300799 }
};


static const char  *shape = "want a date, \"T\" and a time of the day",
                   *none = "it has no offset",
                   *offset = "want an offset at its end, \"Z\" or up to 14 "
                             "hours",
                   *day = "there is no such day or time of the day";


static const struct {
    const char   *text;
    const char  **fault;
} faults[] = {
    { "", &shape },
    { "tomorrow", &shape },
    { "now", &shape },
    { "1798074000", &shape },
    { "2026-12-24", &shape },
    { "2026-12-24 09:00:00+08:00", &shape },
    { "2026-12-24T9:00:00+08:00", &shape },
    { "26-12-24T09:00:00+08:00", &shape },
    { "2026/12/24T09:00:00+08:00", &shape },
    { "2026-12-24T09:00:0+08:00", &shape },
    { "2026-12-24T09:00:00.+08:00", &shape },
    { "2026-12-24T09", &shape },
    { "-026-12-24T09:00:00+08:00", &shape },

    { "2026-12-24T09:00", &none },
    { "2026-12-24T09:00:00", &none },
    { "2026-12-24T09:00:00.5", &none },

    { "2026-12-24T09:00:00 +08:00", &offset },
    { "2026-12-24T09:00:00+0800", &offset },
    { "2026-12-24T09:00:00+08", &offset },
    { "2026-12-24T09:00:00+8:00", &offset },
    { "2026-12-24T09:00:00+08:00:00", &offset },
    { "2026-12-24T09:00:00+15:00", &offset },
    { "2026-12-24T09:00:00+08:60", &offset },
    { "2026-12-24T09:00:00CST", &offset },
    { "2026-12-24T09:00:00ZZ", &offset },
    { "2026-12-24T09:00:00,5Z", &offset },

    { "2026-02-30T09:00:00+08:00", &day },
    { "2026-02-29T09:00:00+08:00", &day },
    { "2026-13-01T09:00:00+08:00", &day },
    { "2026-00-01T09:00:00+08:00", &day },
    { "2026-12-00T09:00:00+08:00", &day },
    { "2026-12-24T24:00:00+08:00", &day },
    { "2026-12-24T09:60:00+08:00", &day },
    { "2026-12-31T23:59:60Z", &day }
};


int
main(void)
{
    size_t       i;
    time_t       moment;
    const char  *fault, *zone;

    static const char *const  zones[] = { "UTC", "Asia/Shanghai",
                                          "America/New_York" };

    for (i = 0; i < 3 * tap_nitems(cases); i++) {
        zone = zones[i % 3];

        if (setenv("TZ", zone, 1) != 0) {
            return 1;
        }

        tzset();

        fault = prize_moment_parse(cases[i / 3].text, &moment);

        ok(fault == NULL && moment == cases[i / 3].moment,
           "\"%s\" is %lld in %s", cases[i / 3].text,
           (long long) cases[i / 3].moment, zone);
    }

    for (i = 0; i < tap_nitems(faults); i++) {
        fault = prize_moment_parse(faults[i].text, &moment);

        ok(fault && strcmp(fault, *faults[i].fault) == 0, "\"%s\": %s",
           faults[i].text, fault ? fault : "none");
    }

    return tap_done();
}
