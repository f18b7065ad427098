
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_time.h"
#include "prizectl_url.h"


#define PRIZECTL_URL_DATABASE_MAX  1000000


static int
prizectl_url_number(const char *p, unsigned min, unsigned max, int *number)
{
    unsigned long long  n;

    if (prizectl_time_number(&p, max, &n) == -1 || *p || n < min) {
        return -1;
    }

    *number = n;

    return 0;
}


/* what stands behind the "?" of a unix: URL */

static int
prizectl_url_arguments(prizectl_url_t *url, char *p)
{
    char  *next;

    while (p) {
        next = strchr(p, '&');
        if (next) {
            *next++ = '\0';
        }

        if (strncmp(p, "db=", 3) == 0) {
            if (prizectl_url_number(p + 3, 0, PRIZECTL_URL_DATABASE_MAX,
                                    &url->database)
                == -1)
            {
                return -1;
            }

        } else if (strncmp(p, "user=", 5) == 0 && p[5]) {
            url->user = p + 5;

        } else {
            return -1;
        }

        p = next;
    }

    return 0;
}


static int
prizectl_url_unix(prizectl_url_t *url, char *p)
{
    char  *arguments;

    arguments = strchr(p, '?');
    if (arguments) {
        *arguments++ = '\0';
    }

    url->path = p;

    if (*p != '/') {
        return -1;
    }

    return prizectl_url_arguments(url, arguments);
}


/* an IPv6 address stands in brackets */

static int
prizectl_url_server(prizectl_server_t *server, char *p)
{
    char  *end;

    if (*p == '[') {
        server->host = p + 1;

        end = strchr(p, ']');
        if (end == NULL) {
            return -1;
        }

        *end++ = '\0';

    } else {
        server->host = p;
        end = p + strcspn(p, ":");
    }

    if (*server->host == '\0' || end == server->host) {
        return -1;
    }

    if (*end == ':') {
        *end++ = '\0';
        return prizectl_url_number(end, 1, 65535, &server->port);
    }

    return *end ? -1 : 0;
}


static int
prizectl_url_tcp(prizectl_url_t *url, char *p)
{
    char  *end;

    end = strrchr(p, '@');
    if (end) {
        *end = '\0';
        url->user = p;
        p = end + 1;

        if (*url->user == '\0' || strchr(url->user, ':')) {
            return -1;
        }
    }

    end = strchr(p, '/');
    if (end) {
        *end++ = '\0';

        if (*end
            && prizectl_url_number(end, 0, PRIZECTL_URL_DATABASE_MAX,
                                   &url->database)
               == -1)
        {
            return -1;
        }
    }

    do {
        end = strchr(p, ',');
        if (end) {
            *end++ = '\0';
        }

        if (prizectl_url_server(&url->servers[url->nservers++], p) == -1) {
            return -1;
        }

        p = end;

    } while (p);

    return 0;
}


int
prizectl_url_parse(prizectl_url_t *url, const char *text)
{
    int  rc;

    memset(url, 0, sizeof(prizectl_url_t));

    url->text = text;
    url->tls = (strncmp(text, "rediss://", 9) == 0);

    /* no more servers than characters */

    url->parts = strdup(text);
    url->servers = calloc(strlen(text) + 1, sizeof(prizectl_server_t));

    if (url->parts == NULL || url->servers == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    rc = url->tls ? prizectl_url_tcp(url, url->parts + 9)
         : strncmp(text, "redis://", 8) == 0
           ? prizectl_url_tcp(url, url->parts + 8)
         : strncmp(text, "unix:", 5) == 0
           ? prizectl_url_unix(url, url->parts + 5)
         : -1;

    if (rc == -1) {
        prizectl_error("--redis \"%s\": want redis://[user@]host[:port][/db], "
                       "rediss:// for TLS, or "
                       "unix:/path[?db=N][&user=NAME]; a password comes "
                       "from REDISCLI_AUTH or --redis-password-file",
                       strpbrk(text, "@?") ? "..." : text);
    }

    return rc;
}


void
prizectl_url_destroy(prizectl_url_t *url)
{
    free(url->parts);
    free(url->servers);
    memset(url, 0, sizeof(prizectl_url_t));
}
