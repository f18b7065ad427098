
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "prize_policy.h"
#include "prize_policy_load.h"


/* a URL that is compared: what is not known of it may be any */

typedef struct {
    prize_str_t          scheme;    /* empty: relative, or that of the page */
    prize_str_t          host;
    unsigned             relative:1;
    unsigned             fragment:1;    /* a place in the page itself */
    unsigned             whole:1;       /* the host is known to its end */
} prize_policy_url_t;


/* the first one of a policy that it has counts (CSP Level 3, 6.8.3) */

static const char *const *
prize_policy_directives(prize_load_kind_e kind)
{
    static const char *const  directives[][4] = {
        { "img-src", "default-src", NULL },
        { "img-src", "default-src", NULL },
        { "media-src", "default-src", NULL },
        { "script-src-elem", "script-src", "default-src", NULL },
        { "style-src-elem", "style-src", "default-src", NULL },
        { "font-src", "default-src", NULL },
        { "frame-src", "child-src", "default-src", NULL },
        { "object-src", "default-src", NULL },
        { "connect-src", "default-src", NULL },
        { "manifest-src", "default-src", NULL },
        { "form-action", NULL },
        { "base-uri", NULL }
    };

    return directives[kind];
}


/* the one that a source is added to */

static const char *
prize_policy_directive(prize_load_kind_e kind)
{
    const char *const  *directives;

    directives = prize_policy_directives(kind);

    return kind == PRIZE_LOAD_SCRIPT || kind == PRIZE_LOAD_STYLE
           ? directives[1] : directives[0];
}


static int
prize_policy_str_is(const prize_str_t *str, const char *data)
{
    return str->len == strlen(data)
           && strncasecmp(str->data, data, str->len) == 0;
}


/* what stands before the first of these; "rest" is what follows it */

static prize_str_t
prize_policy_cut(prize_str_t *rest, const char *ends)
{
    prize_str_t  part;

    part.data = rest->data;
    part.len = 0;

    while (part.len < rest->len && strchr(ends, rest->data[part.len]) == NULL)
    {
        part.len++;
    }

    rest->data += part.len;
    rest->len -= part.len;

    return part;
}


static void
prize_policy_url(prize_policy_url_t *url, const char *data, size_t len)
{
    prize_str_t  rest, scheme;

    memset(url, 0, sizeof(prize_policy_url_t));

    rest.data = data;
    rest.len = len;

    while (rest.len && (unsigned char) rest.data[0] <= ' ') {
        rest.data++;
        rest.len--;
    }

    url->fragment = (rest.len && rest.data[0] == '#');
    url->relative = 1;
    scheme = prize_policy_cut(&rest, ":/?#");

    if (rest.len && rest.data[0] == ':') {
        url->scheme = scheme;
        url->relative = 0;
        rest.data++;
        rest.len--;

    } else if (scheme.len) {
        return;
    }

    if (rest.len < 2 || rest.data[0] != '/' || rest.data[1] != '/') {
        return;
    }

    rest.data += 2;
    rest.len -= 2;

    url->relative = 0;
    url->host = prize_policy_cut(&rest, "/?#:");
    url->whole = (rest.len != 0);
}


/* "host-part match" (6.7.2.10): a host, or *.host */

static int
prize_policy_host_matches(const prize_str_t *pattern,
    const prize_policy_url_t *url)
{
    size_t  tail;

    if (!url->whole) {
        return 1;
    }

    if (pattern->len > 1 && pattern->data[0] == '*') {
        tail = pattern->len - 1;

        return url->host.len > tail
               && strncasecmp(url->host.data + url->host.len - tail,
                              pattern->data + 1, tail) == 0;
    }

    return url->host.len == pattern->len
           && strncasecmp(url->host.data, pattern->data, pattern->len) == 0;
}


/*
 * "scheme-part match" (6.7.2.9): the same, or one that is more secure.  What
 * has none has the page's, of which nothing is known here but that it is http
 * or https.
 */

static int
prize_policy_scheme_matches(const prize_str_t *pattern,
    const prize_policy_url_t *url)
{
    unsigned  i;

    static const struct {
        const char  *pattern;
        const char  *scheme;
    } schemes[] = {
        { "http", "https" },
        { "ws", "wss" },
        { "ws", "http" },
        { "ws", "https" },
        { "wss", "https" },
        { NULL, NULL }
    };

    if (url->scheme.len == 0 && prize_policy_str_is(pattern, "https")) {
        return 1;
    }

    if (pattern->len == url->scheme.len
        && strncasecmp(pattern->data, url->scheme.data, pattern->len) == 0)
    {
        return 1;
    }

    for (i = 0; schemes[i].pattern; i++) {
        if (prize_policy_str_is(pattern, schemes[i].pattern)
            && (url->scheme.len == 0
                || prize_policy_str_is(&url->scheme, schemes[i].scheme)))
        {
            return 1;
        }
    }

    return 0;
}


/* is it of one source? of the page's own host nothing is known here */

static int
prize_policy_source_matches(prize_str_t source, const prize_policy_url_t *url)
{
    int          web;
    prize_str_t  host, scheme;

    web = url->relative || url->host.len;

    if (source.data[0] == '\'') {
        return prize_policy_str_is(&source, "'self'") && web;
    }

    if (prize_policy_str_is(&source, "*")) {
        return web;
    }

    scheme = prize_policy_cut(&source, ":/");

    if (source.len == 1 && source.data[0] == ':') {
        return prize_policy_scheme_matches(&scheme, url);
    }

    host = scheme;

    if (source.len > 3 && memcmp(source.data, "://", 3) == 0) {
        if (!prize_policy_scheme_matches(&scheme, url)) {
            return 0;
        }

        source.data += 3;
        source.len -= 3;
        host = prize_policy_cut(&source, ":/");
    }

    return web && (url->relative || prize_policy_host_matches(&host, url));
}


static int
prize_policy_sources_match(prize_str_t sources, const prize_policy_url_t *url)
{
    prize_str_t  source;

    while (sources.len) {
        source = prize_policy_cut(&sources, " \t\n\r\f");

        if (source.len && prize_policy_source_matches(source, url)) {
            return 1;
        }

        if (sources.len) {
            sources.data++;
            sources.len--;
        }
    }

    return 0;
}


static int
prize_policy_blocks(const prize_str_t *policy, const prize_load_t *load,
    const prize_policy_url_t *url)
{
    prize_str_t         sources;
    const char *const  *name;

    for (name = prize_policy_directives(load->kind); *name; name++) {
        if (prize_policy_sources(policy, *name, &sources)) {
            return !prize_policy_sources_match(sources, url);
        }
    }

    return 0;
}


/* is it blocked by the policy, and by none that the page has before it? */

static int
prize_policy_is_blocked(const prize_template_t *page,
    const prize_str_t *policy, unsigned i, prize_policy_blocked_t *blocked)
{
    unsigned                k;
    prize_str_t             own;
    const char             *text;
    prize_policy_url_t      url;
    const prize_load_t     *load, *meta;
    const prize_inlines_t  *inlines;

    inlines = prize_template_inlines(page, &text);
    load = &inlines->loads[i];

    if (load->kind == PRIZE_LOAD_POLICY
        || (load->kind != PRIZE_LOAD_FORM && load->start == load->end))
    {
        return 0;
    }

    prize_policy_url(&url, text + load->start, load->end - load->start);

    if (prize_policy_str_is(&url.scheme, "about")
        || prize_policy_str_is(&url.scheme, "javascript")
        || (url.fragment && load->kind == PRIZE_LOAD_ELEMENT)
        || !prize_policy_blocks(policy, load, &url))
    {
        return 0;
    }

    for (k = 0; k < i; k++) {
        meta = &inlines->loads[k];
        own.data = text + meta->start;
        own.len = meta->end - meta->start;

        if (meta->kind == PRIZE_LOAD_POLICY
            && prize_policy_blocks(&own, load, &url))
        {
            return 0;
        }
    }

    blocked->load = load;
    blocked->directive = prize_policy_directive(load->kind);

    if (url.relative || (url.host.len == 0 && url.scheme.len == 0)) {
        (void) snprintf(blocked->source, sizeof(blocked->source), "'self'");

    } else if (url.host.len && url.whole) {
        (void) snprintf(blocked->source, sizeof(blocked->source), "%.*s%s%.*s",
                        (int) url.scheme.len, url.scheme.data,
                        url.scheme.len ? "://" : "", (int) url.host.len,
                        url.host.data);

    } else {
        (void) snprintf(blocked->source, sizeof(blocked->source), "%.*s:",
                        (int) url.scheme.len, url.scheme.data);
    }

    return 1;
}


int
prize_policy_next_blocked(const prize_template_t *page,
    const prize_str_t *policy, unsigned *next,
    prize_policy_blocked_t *blocked)
{
    unsigned                 i, k;
    const char              *text;
    prize_policy_blocked_t   other;
    const prize_inlines_t   *inlines;

    inlines = prize_template_inlines(page, &text);

    while (*next < inlines->nloads) {
        i = (*next)++;

        if (!prize_policy_is_blocked(page, policy, i, blocked)) {
            continue;
        }

        for (k = 0; k < i; k++) {
            if (prize_policy_is_blocked(page, policy, k, &other)
                && other.directive == blocked->directive
                && strcmp(other.source, blocked->source) == 0)
            {
                break;
            }
        }

        if (k == i) {
            return 1;
        }
    }

    return 0;
}
