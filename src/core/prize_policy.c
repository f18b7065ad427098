
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "prize_policy.h"


#define PRIZE_POLICY_DIGEST  32


typedef struct {
    const char   *name;
    const char   *sources;      /* NULL: hashes */
    unsigned      script:1;     /* of the scripts, else of the styles */
    unsigned      wanted:1;     /* only where it is added, since it stands */
                                /*   before another one that has the hashes */
} prize_policy_own_t;


/* one of those that are added */

typedef struct {
    prize_str_t   name;
    prize_str_t   sources;
} prize_policy_directive_t;


static const prize_policy_own_t  prize_policy_own[] = {
    { "default-src", "'none'", 0, 0 },
    { "img-src", "data:", 0, 0 },
    { "style-src", NULL, 0, 0 },
    { "style-src-elem", NULL, 0, 1 },
    { "script-src", NULL, 1, 0 },
    { "script-src-elem", NULL, 1, 1 },
    { "base-uri", "'none'", 0, 0 },
    { "form-action", "'none'", 0, 0 },
    { "frame-ancestors", "'none'", 0, 0 },
    { NULL, NULL, 0, 0 }
};


static void
prize_policy_trim(prize_str_t *text)
{
    while (text->len && text->data[0] == ' ') {
        text->data++;
        text->len--;
    }

    while (text->len && text->data[text->len - 1] == ' ') {
        text->len--;
    }
}


/* the next directive of "rest", 0 if there is none */

static int
prize_policy_next(prize_str_t *rest, prize_policy_directive_t *directive)
{
    size_t        len;
    const char   *p;
    prize_str_t  *name;

    name = &directive->name;

    do {
        if (rest->len == 0) {
            return 0;
        }

        p = memchr(rest->data, ';', rest->len);
        len = p ? (size_t) (p - rest->data) : rest->len;

        name->data = rest->data;
        name->len = len;
        prize_policy_trim(name);

        rest->data += len + (p != NULL);
        rest->len -= len + (p != NULL);

    } while (name->len == 0);

    p = memchr(name->data, ' ', name->len);
    len = p ? (size_t) (p - name->data) : name->len;

    directive->sources.data = name->data + len;
    directive->sources.len = name->len - len;
    prize_policy_trim(&directive->sources);

    name->len = len;

    return 1;
}


static int
prize_policy_same(const prize_str_t *one, const prize_str_t *two)
{
    return one->len == two->len
           && strncasecmp(one->data, two->data, one->len) == 0;
}


static int
prize_policy_find(const prize_str_t *more, const prize_str_t *name,
    prize_policy_directive_t *found)
{
    prize_str_t  rest;

    rest = *more;

    while (prize_policy_next(&rest, found)) {
        if (prize_policy_same(&found->name, name)) {
            return 1;
        }
    }

    return 0;
}


int
prize_policy_sources(const prize_str_t *policy, const char *directive,
    prize_str_t *sources)
{
    prize_str_t               name;
    prize_policy_directive_t  found;

    name.data = directive;
    name.len = strlen(directive);

    if (!prize_policy_find(policy, &name, &found)) {
        return 0;
    }

    *sources = found.sources;

    return 1;
}


/* every directive but one has a hyphen: "yes" is none */

static int
prize_policy_is_name(const prize_str_t *name)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (!(name->data[i] >= 'a' && name->data[i] <= 'z')
            && !(name->data[i] >= 'A' && name->data[i] <= 'Z')
            && name->data[i] != '-')
        {
            return 0;
        }
    }

    return memchr(name->data, '-', name->len)
           || (name->len == 7 && strncasecmp(name->data, "sandbox", 7) == 0);
}


const char *
prize_policy_check(const prize_str_t *more)
{
    size_t                    i;
    prize_str_t               rest;
    prize_policy_directive_t  directive, first;

    for (i = 0; i < more->len; i++) {

        if (more->data[i] < ' ' || more->data[i] > '~'
            || more->data[i] == ',')
        {
            return "expected printable ASCII without a comma";
        }
    }

    rest = *more;

    if (!prize_policy_next(&rest, &directive)) {
        return "it is empty";
    }

    do {
        if (!prize_policy_is_name(&directive.name)) {
            return "expected the name of a directive and its sources, as in "
                   "\"img-src 'self'\"";
        }

        (void) prize_policy_find(more, &directive.name, &first);

        if (first.name.data != directive.name.data) {
            return "browsers ignore the second directive of one name";
        }

    } while (prize_policy_next(&rest, &directive));

    return NULL;
}


/* browsers make one line feed of CR and of CRLF before they hash */

static size_t
prize_policy_lines(char *dst, const char *src, size_t len)
{
    char    *p;
    size_t   i;

    p = dst;

    for (i = 0; i < len; i++) {

        if (src[i] != '\r') {
            *p++ = src[i];

        } else if (i + 1 == len || src[i + 1] != '\n') {
            *p++ = '\n';
        }
    }

    return p - dst;
}


static int
prize_policy_hash(const char *text, size_t len,
    unsigned char base64[2 * PRIZE_POLICY_DIGEST])
{
    int             rc;
    char           *lines;
    unsigned char   digest[EVP_MAX_MD_SIZE];

    lines = malloc(len ? len : 1);
    if (lines == NULL) {
        return -1;
    }

    len = prize_policy_lines(lines, text, len);
    rc = EVP_Digest(lines, len, digest, NULL, EVP_sha256(), NULL);
    free(lines);

    if (rc != 1) {
        return -1;
    }

    EVP_EncodeBlock(base64, digest, PRIZE_POLICY_DIGEST);

    return 0;
}


static unsigned
prize_policy_inlines(const prize_inlines_t *inlines, unsigned script)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < inlines->n; i++) {
        n += (inlines->list[i].script == script);
    }

    return n;
}


static int
prize_policy_hashes(FILE *out, const prize_template_t *page, unsigned script)
{
    unsigned                i;
    const char             *text;
    unsigned char           base64[2 * PRIZE_POLICY_DIGEST];
    const prize_inlines_t  *inlines;

    inlines = prize_template_inlines(page, &text);

    for (i = 0; i < inlines->n; i++) {

        if (inlines->list[i].script != script) {
            continue;
        }

        if (prize_policy_hash(text + inlines->list[i].start,
                              inlines->list[i].end - inlines->list[i].start,
                              base64)
            == -1
            || fprintf(out, " 'sha256-%s'", base64) < 0)
        {
            return -1;
        }
    }

    return 0;
}


/* what is added stands beside what is there; 'none' only stands alone */

static int
prize_policy_write_own(FILE *out, const prize_template_t *page,
    const prize_policy_own_t *own, const prize_str_t *more)
{
    int                        added, none;
    const char                *text;
    prize_str_t                name;
    prize_policy_directive_t   directive;

    static const prize_str_t   nothing = { 6, "'none'" };

    name.data = own->name;
    name.len = strlen(own->name);
    added = prize_policy_find(more, &name, &directive);
    none = added && prize_policy_same(&directive.sources, &nothing);

    if (!added
        && (own->wanted
            || (own->sources == NULL
                && prize_policy_inlines(prize_template_inlines(page, &text),
                                        own->script) == 0)))
    {
        return 0;
    }

    if (fprintf(out, "%s%s", own == prize_policy_own ? "" : "; ", own->name)
        < 0)
    {
        return -1;
    }

    if (own->sources == NULL && !none) {
        if (prize_policy_hashes(out, page, own->script) == -1) {
            return -1;
        }

    } else if (!added || (!none && strcmp(own->sources, "'none'") != 0)) {
        if (fprintf(out, " %s", own->sources) < 0) {
            return -1;
        }
    }

    if (added && directive.sources.len
        && fprintf(out, " %.*s", (int) directive.sources.len,
                   directive.sources.data) < 0)
    {
        return -1;
    }

    return 0;
}


static int
prize_policy_is_own(const prize_str_t *name)
{
    prize_str_t                own_name;
    const prize_policy_own_t  *own;

    for (own = prize_policy_own; own->name; own++) {
        own_name.data = own->name;
        own_name.len = strlen(own->name);

        if (prize_policy_same(name, &own_name)) {
            return 1;
        }
    }

    return 0;
}


static int
prize_policy_write(FILE *out, const prize_template_t *page,
    const prize_str_t *more)
{
    prize_str_t                rest;
    const prize_policy_own_t  *own;
    prize_policy_directive_t   directive;

    for (own = prize_policy_own; own->name; own++) {
        if (prize_policy_write_own(out, page, own, more) == -1) {
            return -1;
        }
    }

    rest = *more;

    while (prize_policy_next(&rest, &directive)) {

        if (!prize_policy_is_own(&directive.name)
            && fprintf(out, "; %.*s%s%.*s", (int) directive.name.len,
                       directive.name.data, directive.sources.len ? " " : "",
                       (int) directive.sources.len, directive.sources.data)
               < 0)
        {
            return -1;
        }
    }

    return 0;
}


char *
prize_policy_create(const prize_template_t *page, const prize_str_t *more,
    size_t *len)
{
    int    rc;
    char  *policy;
    FILE  *out;

    policy = NULL;

    out = open_memstream(&policy, len);
    if (out == NULL) {
        return NULL;
    }

    rc = prize_policy_write(out, page, more);

    if (fclose(out) != 0 || rc == -1) {
        free(policy);
        return NULL;
    }

    return policy;
}
