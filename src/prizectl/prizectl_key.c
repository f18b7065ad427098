
#include <stdlib.h>
#include <string.h>

#include "prize_id.h"
#include "prizectl.h"
#include "prizectl_key.h"


int
prizectl_id_check(const prize_str_t *id, size_t max)
{
    char  decoded[PRIZECTL_ID_LENGTH_MAX];

    /* "%41" is an "A" in a link, but not here */

    if (id->len > max || id->len > sizeof(decoded)
        || memchr(id->data, '%', id->len))
    {
        return -1;
    }

    return prize_id_decode(decoded, id, max) ? 0 : -1;
}


/* as it is, so that SCAN takes no character for more than itself */

static char *
prizectl_key_escape(char *dst, const prize_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (memchr("*?[]\\", text->data[i], 5)) {
            *dst++ = '\\';
        }

        *dst++ = text->data[i];
    }

    return dst;
}


int
prizectl_key_init(prizectl_key_t *key, const char *pattern,
    unsigned id_max_length)
{
    char        *p;
    const char  *id;

    memset(key, 0, sizeof(prizectl_key_t));

    id = strstr(pattern, PRIZECTL_KEY_ID);

    key->pattern = pattern;
    key->head.data = pattern;
    key->head.len = id - pattern;
    key->tail.data = id + sizeof(PRIZECTL_KEY_ID) - 1;
    key->tail.len = strlen(key->tail.data);
    key->id_max_length = id_max_length;

    key->name = malloc(prizectl_key_max(key));
    key->glob = malloc(2 * (key->head.len + key->tail.len) + 2);

    if (key->name == NULL || key->glob == NULL) {
        prizectl_error("out of memory");
        return -1;
    }

    memcpy(key->name, key->head.data, key->head.len);

    p = prizectl_key_escape(key->glob, &key->head);
    *p++ = '*';
    p = prizectl_key_escape(p, &key->tail);
    *p = '\0';

    return 0;
}


void
prizectl_key_destroy(prizectl_key_t *key)
{
    free(key->name);
    free(key->glob);
}


size_t
prizectl_key_max(const prizectl_key_t *key)
{
    return key->head.len + key->id_max_length + key->tail.len;
}


void
prizectl_key_name(prizectl_key_t *key, const prize_str_t *id,
    prize_str_t *name)
{
    char  *p;

    p = key->name + key->head.len;

    memcpy(p, id->data, id->len);
    memcpy(p + id->len, key->tail.data, key->tail.len);

    name->data = key->name;
    name->len = key->head.len + id->len + key->tail.len;
}


int
prizectl_key_owner(const prizectl_key_t *key, const prize_str_t *name,
    prize_str_t *id)
{
    if (name->len <= key->head.len + key->tail.len) {
        return -1;
    }

    id->data = name->data + key->head.len;
    id->len = name->len - key->head.len - key->tail.len;

    if (memcmp(name->data, key->head.data, key->head.len) != 0
        || memcmp(id->data + id->len, key->tail.data, key->tail.len) != 0)
    {
        return -1;
    }

    return prizectl_id_check(id, key->id_max_length);
}
