
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl_values.h"


size_t
prizectl_value_text(const prizectl_value_t *value)
{
    return value->len < sizeof(value->text) ? value->len : sizeof(value->text);
}


static int
prizectl_value_order(const void *one, const void *two)
{
    int                      order;
    size_t                   n, m;
    const prizectl_value_t  *a, *b;

    a = one;
    b = two;

    n = prizectl_value_text(a);
    m = prizectl_value_text(b);

    order = memcmp(a->text, b->text, n < m ? n : m);

    if (order) {
        return order;
    }

    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }

    return (int) a->yes - (int) b->yes;
}


static int
prizectl_value_rarity(const void *one, const void *two)
{
    const prizectl_value_t  *a, *b;

    a = *(prizectl_value_t *const *) one;
    b = *(prizectl_value_t *const *) two;

    if (a->nrecords != b->nrecords) {
        return a->nrecords < b->nrecords ? -1 : 1;
    }

    return prizectl_value_order(a, b);
}


void
prizectl_values_sort(prizectl_values_t *values)
{
    if (values->n) {
        qsort(values->list, values->n, sizeof(prizectl_value_t *),
              prizectl_value_rarity);
    }
}


/* of the tree, and of what the list points to */

static void
prizectl_values_drop(prizectl_values_t *values)
{
    while (values->n) {
        values->n--;
        (void) tdelete(values->list[values->n], &values->tree,
                       prizectl_value_order);
        free(values->list[values->n]);
    }
}


static prizectl_value_t *
prizectl_values_insert(prizectl_values_t *values,
    const prizectl_value_t *wanted)
{
    prizectl_value_t  *value;

    if (values->list == NULL) {
        values->list = malloc(PRIZECTL_VALUES_MAX
                              * sizeof(prizectl_value_t *));
        if (values->list == NULL) {
            return NULL;
        }
    }

    value = malloc(sizeof(prizectl_value_t));
    if (value == NULL) {
        return NULL;
    }

    *value = *wanted;

    if (tsearch(value, &values->tree, prizectl_value_order) == NULL) {
        free(value);
        return NULL;
    }

    values->list[values->n++] = value;

    return value;
}


int
prizectl_values_add(prizectl_values_t *values, const prize_str_t *text,
    unsigned yes)
{
    void              *found;
    prizectl_value_t   wanted, *value;

    if (values->many) {
        return 0;
    }

    wanted.nrecords = 0;
    wanted.len = text->len;
    wanted.yes = yes;
    memcpy(wanted.text, text->data, prizectl_value_text(&wanted));

    found = tfind(&wanted, &values->tree, prizectl_value_order);

    if (found) {
        value = *(prizectl_value_t **) found;

    } else if (values->n == PRIZECTL_VALUES_MAX) {
        prizectl_values_drop(values);
        values->many = 1;
        return 0;

    } else {
        value = prizectl_values_insert(values, &wanted);

        if (value == NULL) {
            prizectl_error("out of memory");
            return -1;
        }
    }

    value->nrecords++;

    return 0;
}


void
prizectl_values_destroy(prizectl_values_t *values)
{
    prizectl_values_drop(values);
    free(values->list);
}
