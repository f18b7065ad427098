
/* strptime() */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "prize_id.h"
#include "prizectl.h"
#include "prizectl_log.h"


#define PRIZECTL_LOG_NONE   0
#define PRIZECTL_LOG_FOUND  1


int
prizectl_log_open(prizectl_log_t *log, const char *name)
{
    log->name = name;
    log->nlines = 0;
    log->nunread = 0;

    errno = 0;
    log->file = gzopen(name, "re");

    if (log->file == NULL) {
        prizectl_error("cannot open log \"%s\": %s", name,
                       strerror(errno ? errno : ENOMEM));
        return -1;
    }

    return 0;
}


void
prizectl_log_close(prizectl_log_t *log)
{
    if (log->file) {
        (void) gzclose_r(log->file);
        log->file = NULL;
    }
}


/* 1, 0 at the end, or -1 after a message */

static int
prizectl_log_line(prizectl_log_t *log)
{
    int          rc, ch;
    size_t       len;
    const char  *text;

    if (gzgets(log->file, log->line, sizeof(log->line)) == NULL) {
        text = gzerror(log->file, &rc);

        if (rc == Z_OK || rc == Z_STREAM_END) {
            return 0;
        }

        prizectl_error("cannot read log \"%s\": %s", log->name,
                       rc == Z_ERRNO ? strerror(errno) : text);
        return -1;
    }

    log->nlines++;
    len = strlen(log->line);

    if (len && log->line[len - 1] == '\n') {
        log->line[len - 1] = '\0';
        return 1;
    }

    do {
        ch = gzgetc(log->file);
    } while (ch != -1 && ch != '\n');

    return 1;
}


/* "[time] " in front of the request; 0, or -1 if it is something else */

static int
prizectl_log_time(prizectl_log_t *log, char *request)
{
    char       *p, *end;
    struct tm   tm;

    if (request - log->line < 3 || memcmp(request - 2, "] ", 2) != 0) {
        return -1;
    }

    request[-2] = '\0';

    p = strrchr(log->line, '[');
    if (p == NULL) {
        return -1;
    }

    memset(&tm, 0, sizeof(struct tm));

    end = strptime(p + 1, "%d/%b/%Y:%H:%M:%S %z", &tm);

    if (end == NULL) {
        memset(&tm, 0, sizeof(struct tm));
        end = strptime(p + 1, "%Y-%m-%dT%H:%M:%S%z", &tm);
    }

    if (end == NULL || *end) {
        return -1;
    }

    log->zone = tm.tm_gmtoff;
    log->time = timegm(&tm) - log->zone;

    return 0;
}


/*
 * What stands behind a name such as "id=", where a space or the line's end is
 * in front of it; nginx writes no quote inside of quotes.
 */

static int
prizectl_log_word(const char *p, const char *name, prize_str_t *value)
{
    size_t  len;

    len = strlen(name);

    while (*p) {

        if (strncmp(p, name, len) == 0) {
            value->data = p + len;
            value->len = strcspn(value->data, " ");
            return 0;
        }

        /* to the next word */

        while (*p && *p != ' ') {

            if (*p == '"') {
                p += 1 + strcspn(p + 1, "\"");
            }

            p += *p != '\0';
        }

        p += strspn(p, " ");
    }

    return -1;
}


/* as nginx finds $arg_id: the first of that name, in any case */

static int
prizectl_log_argument(const char *p, prize_str_t *value)
{
    size_t  len;

    for ( ;; ) {
        len = strcspn(p, "&");

        if (len > 2 && strncasecmp(p, "id=", 3) == 0) {
            value->data = p + 3;
            value->len = len - 3;
            return 0;
        }

        if (p[len] == '\0') {
            return -1;
        }

        p += len + 1;
    }
}


/* of a request "GET URL HTTP/1.1", and of what stands behind its status */

static int
prizectl_log_id(prizectl_log_t *log, char *request, const char *rest)
{
    char         *url, *args;
    prize_str_t   value;

    if (strncmp(request, "GET ", 4) != 0) {
        return PRIZECTL_LOG_NONE;
    }

    url = request + 4;
    url[strcspn(url, " ")] = '\0';

    args = strchr(url, '?');
    if (args) {
        *args++ = '\0';
    }

    if ((log->path && strcmp(url, log->path) != 0)
        || (prizectl_log_word(rest, "result=", &value) == 0
            && (value.len != 5 || memcmp(value.data, "found", 5) != 0))
        || (args ? prizectl_log_argument(args, &value)
                 : prizectl_log_word(rest, "id=", &value)) == -1)
    {
        return PRIZECTL_LOG_NONE;
    }

    log->id.data = log->value;
    log->id.len = prize_id_decode(log->value, &value, log->id_max_length);

    return log->id.len ? PRIZECTL_LOG_FOUND : PRIZECTL_LOG_NONE;
}


static int
prizectl_log_parse(prizectl_log_t *log)
{
    char  *request, *end;

    request = strchr(log->line, '"');
    end = request ? strchr(request + 1, '"') : NULL;

    if (end == NULL || prizectl_log_time(log, request) == -1
        || end[1] != ' ' || strspn(end + 2, "0123456789") != 3)
    {
        log->nunread++;
        return PRIZECTL_LOG_NONE;
    }

    if (memcmp(end + 2, "200", 3) != 0) {
        return PRIZECTL_LOG_NONE;
    }

    *end = '\0';

    return prizectl_log_id(log, request + 1, end + 5 + strspn(end + 5, " "));
}


int
prizectl_log_next(prizectl_log_t *log)
{
    int  rc;

    do {
        rc = prizectl_log_line(log);

        if (rc != 1) {
            return rc;
        }
    } while (prizectl_log_parse(log) == PRIZECTL_LOG_NONE);

    return 1;
}
