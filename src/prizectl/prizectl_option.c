
#include <string.h>
#include <strings.h>

#include <libpq-fe.h>

#include "prize_moment.h"
#include "prize_signature.h"
#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_option.h"
#include "prizectl_time.h"


#define PRIZECTL_JITTER_MAX  100
#define PRIZECTL_RATE_MAX    10000000

/* of prizectl rehearse */
#define PRIZECTL_PACE_MAX    10000
#define PRIZECTL_SAMPLE_MAX  10000000

/* some browsers, and what people forward links with, take no more */
#define PRIZECTL_URL_MAX     1024


static void
prizectl_option_text(prize_str_t *text, const char *value)
{
    text->data = value;
    text->len = strlen(value);
}


/* whoever lists processes would read it; libpq itself explains what it is */

int
prizectl_option_postgres(prizectl_options_t *options, const char *value)
{
    int                 rc;
    PQconninfoOption   *list, *option;

    options->postgres = value;

    list = PQconninfoParse(value, NULL);
    if (list == NULL) {
        return 0;
    }

    rc = 0;

    for (option = list; option->keyword; option++) {

        if (option->val && *option->val
            && (strcmp(option->keyword, "password") == 0
                || strcmp(option->keyword, "sslpassword") == 0))
        {
            prizectl_error("--postgres holds a password, which every user of "
                           "this machine can read: put it into ~/.pgpass, or "
                           "into the file that PGPASSFILE or passfile= names");
            rc = -1;
            break;
        }
    }

    PQconninfoFree(list);

    return rc;
}


int
prizectl_option_key(prizectl_options_t *options, const char *value)
{
    const char  *id;

    id = strstr(value, PRIZECTL_KEY_ID);

    if (id == NULL || strstr(id + 1, PRIZECTL_KEY_ID)) {
        prizectl_error("--key \"%s\" must hold " PRIZECTL_KEY_ID
                       " just once, as in \"" PRIZECTL_KEY "\"", value);
        return -1;
    }

    options->key = value;

    return 0;
}


int
prizectl_option_ttl(prizectl_options_t *options, const char *value)
{
    if (prizectl_time_span(value, &options->ttl) == -1) {
        prizectl_error("--ttl \"%s\": want a time such as 48h, 1h30m or "
                       "500ms, more than 0 and at most 3650d", value);
        return -1;
    }

    return 0;
}


/* 1 to "max", with the unit behind it or not: 0, or -1 */

static int
prizectl_option_number(const char *value, const char *unit,
    unsigned long long max, unsigned long long *number)
{
    return prizectl_time_number(&value, max, number) == -1 || *number == 0
           || (*value && strcmp(value, unit) != 0) ? -1 : 0;
}


int
prizectl_option_jitter(prizectl_options_t *options, const char *value)
{
    const char          *p;
    unsigned long long   n;

    p = value;

    if (prizectl_time_number(&p, PRIZECTL_JITTER_MAX, &n) == -1
        || (*p && strcmp(p, "%") != 0))
    {
        prizectl_error("--jitter \"%s\": want 0%% to %d%%", value,
                       PRIZECTL_JITTER_MAX);
        return -1;
    }

    options->jitter = n;

    return 0;
}


int
prizectl_option_page(prizectl_options_t *options, const char *value)
{
    options->pages[options->npages++] = value;

    return 0;
}


int
prizectl_option_raw(prizectl_options_t *options, const char *value)
{
    prizectl_option_text(&options->raw[options->nraw++], value);

    return 0;
}


int
prizectl_option_rate(prizectl_options_t *options, const char *value)
{
    if (prizectl_option_number(value, "/s", PRIZECTL_RATE_MAX, &options->rate)
        == -1)
    {
        prizectl_error("--rate \"%s\": want records a second, as 5000/s, 1/s "
                       "to %d/s", value, PRIZECTL_RATE_MAX);
        return -1;
    }

    return 0;
}


int
prizectl_option_id(prizectl_options_t *options, const char *value)
{
    prizectl_option_text(&options->id, value);

    return 0;
}


int
prizectl_option_field(prizectl_options_t *options, const char *value)
{
    const char      *end;
    prize_column_t  *column;

    end = strchr(value, '=');

    if (end == NULL || end == value) {
        prizectl_error("--field \"%s\": want NAME=VALUE", value);
        return -1;
    }

    column = &options->columns[options->ncolumns++];

    column->name.data = value;
    column->name.len = end - value;
    column->value.data = end + 1;
    column->value.len = strlen(end + 1);

    return 0;
}


int
prizectl_option_event(prizectl_options_t *options, const char *value)
{
    prizectl_option_text(&options->event, value);

    if (prize_signature_event_check(&options->event) == -1) {
        prizectl_error("--event \"%s\": want 1 to %d bytes", value,
                       PRIZE_SIGNATURE_EVENT_MAX);
        return -1;
    }

    return 0;
}


/* an argument that a link has itself, where it would be one too many */

static int
prizectl_option_url_arguments(const char *url, const char *args)
{
    size_t       i, len;
    const char  *p;

    static const char *const  own[] = { "id", "x", "k", "s" };

    for (p = args; *p; p += p[len] ? len + 1 : len) {
        len = strcspn(p, "&");

        for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {

            if (strcspn(p, "=&") == strlen(own[i])
                && strncasecmp(p, own[i], strlen(own[i])) == 0)
            {
                prizectl_error("--url \"%s\": \"%s\" is an argument of the "
                               "link itself", url, own[i]);
                return -1;
            }
        }
    }

    return 0;
}


/* the query's "?" may be there, a fragment would swallow what is added */

int
prizectl_option_url(prizectl_options_t *options, const char *value)
{
    const char  *p;

    static const char  allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-._~:/?[]@!$&'()*+,;=%";

    p = strncmp(value, "https://", 8) == 0 ? value + 8
        : strncmp(value, "http://", 7) == 0 ? value + 7 : NULL;

    if (p == NULL || *p == '\0' || *p == '/' || p[strspn(p, allowed)]
        || strlen(value) > PRIZECTL_URL_MAX)
    {
        prizectl_error("--url \"%s\": want https://HOST/PATH, without a "
                       "fragment, of at most %d bytes", value,
                       PRIZECTL_URL_MAX);
        return -1;
    }

    options->url = value;

    p = strchr(p, '?');

    return p ? prizectl_option_url_arguments(value, p + 1) : 0;
}


static int
prizectl_option_moment(const char *name, const char *value, time_t *moment)
{
    const char  *fault;

    fault = prize_moment_parse(value, moment);

    if (fault) {
        prizectl_error("--%s \"%s\": want a moment with its zone, as "
                       "2026-12-24T20:00+08:00 or 2026-12-24T12:00:00Z: %s",
                       name, value, fault);
        return -1;
    }

    if (*moment <= time(NULL)) {
        prizectl_error("--%s \"%s\" is in the past", name, value);
        return -1;
    }

    return 0;
}


int
prizectl_option_expires(prizectl_options_t *options, const char *value)
{
    return prizectl_option_moment("expires", value, &options->expires);
}


int
prizectl_option_until(prizectl_options_t *options, const char *value)
{
    return prizectl_option_moment("until", value, &options->until);
}


int
prizectl_option_id_max_length(prizectl_options_t *options,
    const char *value)
{
    unsigned long long  n;

    if (prizectl_option_number(value, "", PRIZECTL_ID_LENGTH_MAX, &n) == -1) {
        prizectl_error("--id-max-length \"%s\": want 1 to %d", value,
                       PRIZECTL_ID_LENGTH_MAX);
        return -1;
    }

    options->id_max_length = n;

    return 0;
}


/*
 * Each of a list is a host with or without its port.  What is a URL, or has
 * an argument of one, names no host.
 */

int
prizectl_option_host(prizectl_options_t *options, const char *value)
{
    size_t       len;
    const char  *p;

    for (p = value; ; p += len + 1) {
        len = strcspn(p, ",");

        if (len == 0 || strcspn(p, "/?@# ") < len) {
            prizectl_error("--host \"%s\": want the host of your links alone, "
                           "as h5.example.com or h5.example.com:8443", value);
            return -1;
        }

        if (p[len] == '\0') {
            break;
        }
    }

    options->hosts[options->nhosts++] = value;

    return 0;
}


int
prizectl_option_expect(prizectl_options_t *options, const char *value)
{
    options->expects[options->nexpects++] = value;

    return 0;
}


int
prizectl_option_pace(prizectl_options_t *options, const char *value)
{
    if (prizectl_option_number(value, "/s", PRIZECTL_PACE_MAX, &options->rate)
        == -1)
    {
        prizectl_error("--rate \"%s\": want links a second, as 100/s, 1/s to "
                       "%d/s", value, PRIZECTL_PACE_MAX);
        return -1;
    }

    return 0;
}


int
prizectl_option_sample(prizectl_options_t *options, const char *value)
{
    if (prizectl_option_number(value, "", PRIZECTL_SAMPLE_MAX,
                               &options->sample)
        == -1)
    {
        prizectl_error("--sample \"%s\": want 1 to %d links", value,
                       PRIZECTL_SAMPLE_MAX);
        return -1;
    }

    return 0;
}


int
prizectl_option_within(prizectl_options_t *options, const char *value)
{
    if (prizectl_time_span(value, &options->within) == -1) {
        prizectl_error("--within \"%s\": want a time such as 500ms or 2s, more "
                       "than 0", value);
        return -1;
    }

    return 0;
}


/* a port may be left out: it is the link's own then */

int
prizectl_option_connect_to(prizectl_options_t *options, const char *value)
{
    options->connect_to = value;

    if (*value == '\0' || strpbrk(value, "/?@# ,")) {
        prizectl_error("--connect-to \"%s\": want HOST:PORT, as "
                       "192.0.2.7:443 or [2001:db8::7]:443", value);
        return -1;
    }

    return 0;
}
