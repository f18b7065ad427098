
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "prizectl.h"
#include "prizectl_links.h"
#include "prizectl_random.h"


#define PRIZECTL_LINKS_COLUMN  "link"


/* whether a list, "h5.example.com,h5.example.com:8443", has the name */

static int
prizectl_links_listed(const char *list, const char *name)
{
    size_t  len;

    for ( ;; ) {
        len = strcspn(list, ",");

        if (len == strlen(name) && strncasecmp(list, name, len) == 0) {
            return 1;
        }

        if (list[len] == '\0') {
            return 0;
        }

        list += len + 1;
    }
}


/* a name alone stands for all of its ports */

static int
prizectl_links_named(const prizectl_links_t *links, const char *host,
    const char *port)
{
    int       rc;
    char     *both;
    size_t    size;
    unsigned  i;

    size = strlen(host) + strlen(port) + 2;

    both = malloc(size);
    if (both == NULL) {
        return 0;
    }

    snprintf(both, size, "%s:%s", host, port);

    rc = 0;

    for (i = 0; i < links->options->nhosts && !rc; i++) {
        rc = prizectl_links_listed(links->options->hosts[i], host)
             || prizectl_links_listed(links->options->hosts[i], both);
    }

    free(both);

    return rc;
}


/*
 * The parser is that of who asks: both have the same host for what is written
 * as if it were another's.
 */

static int
prizectl_links_check_host(prizectl_links_t *links)
{
    int                    rc;
    char                  *host, *port, quoted[PRIZECTL_QUOTE_LEN];
    const prizectl_csv_t  *csv;

    csv = &links->sheet.csv;
    host = NULL;
    port = NULL;

    if (curl_url_get(links->parser, CURLUPART_HOST, &host, 0) != CURLUE_OK
        || curl_url_get(links->parser, CURLUPART_PORT, &port,
                        CURLU_DEFAULT_PORT) != CURLUE_OK)
    {
        rc = prizectl_csv_error(csv, csv->line, "the link has no host");

    } else if (!prizectl_links_named(links, host, port)) {
        rc = prizectl_csv_error(csv, csv->line, "the link goes to %s, port "
                                "%s, which --host does not name",
                                prizectl_quote(quoted, host, strlen(host)),
                                port);

    } else {
        rc = 0;
    }

    curl_free(host);
    curl_free(port);

    return rc;
}


/* a link is as good as a password: it stands in no message */

static int
prizectl_links_check(prizectl_links_t *links)
{
    int                    http;
    char                  *scheme;
    CURLUcode              code;
    prize_str_t            link;
    const prizectl_csv_t  *csv;

    csv = &links->sheet.csv;

    link = prizectl_csv_value(&csv->fields[links->field], links->value);

    memmove(links->value, link.data, link.len);
    links->value[link.len] = '\0';

    curl_free(links->url);
    links->url = NULL;

    scheme = NULL;
    code = curl_url_set(links->parser, CURLUPART_URL, links->value,
                        CURLU_PATH_AS_IS);

    http = strlen(links->value) == link.len && code == CURLUE_OK
           && curl_url_get(links->parser, CURLUPART_SCHEME, &scheme, 0)
              == CURLUE_OK
           && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);

    if (!http) {
        return prizectl_csv_error(csv, csv->line, "the column \""
                                  PRIZECTL_LINKS_COLUMN "\" holds no link "
                                  "that begins with https:// or http://");
    }

    if (prizectl_links_check_host(links) == -1) {
        return -1;
    }

    if (curl_url_get(links->parser, CURLUPART_URL, &links->url, 0)
        != CURLUE_OK)
    {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


static int
prizectl_links_header(prizectl_links_t *links)
{
    int                    field;
    const prizectl_csv_t  *csv;

    csv = &links->sheet.csv;

    field = prizectl_csv_find(csv, PRIZECTL_LINKS_COLUMN,
                              strlen(PRIZECTL_LINKS_COLUMN));
    if (field < 0) {
        return field == -1 ? prizectl_csv_lacks(csv, PRIZECTL_LINKS_COLUMN)
                           : -1;
    }

    links->field = field;

    return 0;
}


/* from the beginning of the file, the header included */

static int
prizectl_links_begin(prizectl_links_t *links)
{
    const prizectl_options_t  *options;

    options = links->options;

    prizectl_sheet_close(&links->sheet);
    memset(&links->sheet, 0, sizeof(prizectl_sheet_t));

    if (lseek(links->fd, 0, SEEK_SET) == -1) {
        prizectl_error("cannot read %s: %s", options->links, strerror(errno));
        return -1;
    }

    if (prizectl_sheet_open(&links->sheet, links->fd, options->links,
                            options->id_column, options->id_max_length, NULL)
        == -1)
    {
        return -1;
    }

    return prizectl_links_header(links);
}


int
prizectl_links_open(prizectl_links_t *links,
    const prizectl_options_t *options)
{
    int  rc;

    memset(links, 0, sizeof(prizectl_links_t));

    links->options = options;
    links->random = prizectl_random_seed();
    links->value = malloc(PRIZECTL_CSV_RECORD_MAX + 1);
    links->parser = curl_url();

    links->fd = open(options->links, O_RDONLY|O_CLOEXEC);

    if (links->fd == -1) {
        prizectl_error("cannot open links \"%s\": %s", options->links,
                       strerror(errno));
        return -1;
    }

    if (links->value == NULL || links->parser == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    if (prizectl_links_begin(links) == -1) {
        return -1;
    }

    while ((rc = prizectl_sheet_next(&links->sheet)) == 1) {

        if (prizectl_links_check(links) == -1) {
            return -1;
        }

        links->total++;
    }

    if (rc == -1) {
        return -1;
    }

    if (links->total == 0) {
        prizectl_error("%s has no link", options->links);
        return -1;
    }

    links->wanted = links->total < options->sample ? links->total
                                                   : options->sample;

    return prizectl_links_begin(links);
}


void
prizectl_links_close(prizectl_links_t *links)
{
    prizectl_sheet_close(&links->sheet);
    curl_url_cleanup(links->parser);
    curl_free(links->url);
    free(links->value);

    if (links->fd != -1) {
        (void) close(links->fd);
    }
}


/*
 * Each of the links that are left is taken by the same chance: Knuth, The Art
 * of Computer Programming, volume 2, algorithm S.
 */

int
prizectl_links_next(prizectl_links_t *links)
{
    int                 rc;
    unsigned long long  left, wanted;

    while (links->given < links->wanted && links->seen < links->total) {
        rc = prizectl_sheet_next(&links->sheet);

        if (rc != 1) {
            return rc;
        }

        left = links->total - links->seen++;
        wanted = links->wanted - links->given;

        if (prizectl_random(&links->random) % left < wanted) {
            links->given++;

            return prizectl_links_check(links) == -1 ? -1 : 1;
        }
    }

    return 0;
}
