
#include "prizectl_stores.h"


int
prizectl_stores_open(prizectl_stores_t *stores,
    const prizectl_options_t *options)
{
    stores->options = options;

    if (prizectl_key_init(&stores->key, options->key, options->id_max_length)
        == -1
        || prizectl_pages_init(&stores->pages, options->pages,
                               options->npages, options->raw, options->nraw)
           == -1
        || prizectl_route_open(&stores->route, options) == -1)
    {
        return -1;
    }

    if (options->postgres == NULL) {
        return 0;
    }

    if (prizectl_roster_open(&stores->roster, options->postgres,
                             options->query, options->id_max_length, NULL)
        == -1)
    {
        return -1;
    }

    return prizectl_pages_match(&stores->pages, &stores->roster.record,
                                stores->roster.names);
}


void
prizectl_stores_close(prizectl_stores_t *stores)
{
    prizectl_roster_close(&stores->roster);
    prizectl_route_close(&stores->route);
    prizectl_pages_destroy(&stores->pages);
    prizectl_key_destroy(&stores->key);
}
