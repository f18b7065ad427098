
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "prize_record.h"


static const prize_str_t  prize_false_values[] = {
    { 1, "0" },
    { 1, "f" },
    { 5, "false" },
    { 1, "n" },
    { 2, "no" },
    { 3, "off" },
    { 3, "\xe5\x90\xa6" }    /* U+5426 */
};


int
prize_fields_init(prize_fields_t *fields)
{
    memset(fields, 0, sizeof(prize_fields_t));

    return prize_fields_add(fields, "id", 2) == PRIZE_FIELD_ID ? 0 : -1;
}


int
prize_fields_add(prize_fields_t *fields, const char *name, size_t len)
{
    int             i;
    char           *copy;
    unsigned        n;
    prize_field_t  *list;

    i = prize_fields_find(fields, name, len);

    if (i != PRIZE_FIELD_NOT_FOUND) {
        return i;
    }

    if (fields->n == fields->allocated) {
        n = fields->allocated ? 2 * fields->allocated : 8;

        list = realloc(fields->list, n * sizeof(prize_field_t));
        if (list == NULL) {
            return -1;
        }

        fields->list = list;
        fields->allocated = n;
    }

    copy = malloc(len + 1);
    if (copy == NULL) {
        return -1;
    }

    memcpy(copy, name, len);
    copy[len] = '\0';

    memset(&fields->list[fields->n], 0, sizeof(prize_field_t));

    fields->list[fields->n].name.data = copy;
    fields->list[fields->n].name.len = len;

    return fields->n++;
}


int
prize_fields_find(const prize_fields_t *fields, const char *name, size_t len)
{
    unsigned  i;

    for (i = 0; i < fields->n; i++) {
        if (fields->list[i].name.len == len
            && memcmp(fields->list[i].name.data, name, len) == 0)
        {
            return i;
        }
    }

    return PRIZE_FIELD_NOT_FOUND;
}


void
prize_fields_destroy(prize_fields_t *fields)
{
    unsigned  i;

    for (i = 0; i < fields->n; i++) {
        free((char *) fields->list[i].name.data);
    }

    free(fields->list);
    memset(fields, 0, sizeof(prize_fields_t));
}


int
prize_value_is_true(const prize_str_t *value)
{
    size_t  i;

    if (value->data == NULL || value->len == 0) {
        return 0;
    }

    for (i = 0;
         i < sizeof(prize_false_values) / sizeof(prize_false_values[0]);
         i++)
    {
        if (value->len == prize_false_values[i].len
            && strncasecmp(value->data, prize_false_values[i].data,
                           value->len) == 0)
        {
            return 0;
        }
    }

    return 1;
}
