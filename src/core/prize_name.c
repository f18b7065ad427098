
#include <string.h>

#include "prize_name.h"


void
prize_name_append(prize_name_t *name, int ch)
{
    if (name->len < PRIZE_NAME) {
        name->data[name->len++] = (char) ch;
    }
}


/* most names differ in their first byte already */

int
prize_name_is(const prize_name_t *name, const char *data)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (data[i] != name->data[i]) {
            return 0;
        }
    }

    return data[i] == '\0';
}


int
prize_name_begins(const prize_name_t *name, const char *data)
{
    size_t  i;

    for (i = 0; data[i]; i++) {
        if (i == name->len || data[i] != name->data[i]) {
            return 0;
        }
    }

    return 1;
}


int
prize_name_same(const prize_name_t *one,
    const prize_name_t *two)
{
    return one->len == two->len
           && memcmp(one->data, two->data, one->len) == 0;
}
