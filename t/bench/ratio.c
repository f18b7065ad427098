
/*
 * ratio TEMPLATE [FIELD=VALUE...]: how many bytes the gzipped page has, and
 * what it takes to make it ready, in one line:
 *
 *     BYTES PLACES MILLISECONDS MEMORY
 *
 * the distances that are mended, the processor's time and the bytes that stay
 * allocated.
 */

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../unit/page.h"
#include "prize_gzip_parts.h"


/* of a template, at most */
#define SIZE  (16 * 1024 * 1024)


static prize_template_t *
compile(const char *name, prize_fields_t *fields)
{
    char                    *source;
    FILE                    *file;
    size_t                   len;
    prize_template_t        *page;
    prize_template_error_t   error;

    file = fopen(name, "r");

    if (file == NULL || prize_fields_init(fields) != 0) {
        perror(name);
        return NULL;
    }

    source = page_alloc(SIZE);
    len = fread(source, 1, SIZE, file);
    (void) fclose(file);

    page = prize_template_compile(source, len, fields, NULL, &error);
    free(source);

    if (page == NULL) {
        fprintf(stderr, "%s:%u:%u: %s\n", name, error.line, error.column,
                error.text);
    }

    return page;
}


static void
set_values(const prize_fields_t *fields, prize_str_t *values, char **args)
{
    int    index;
    char  *value;

    for ( /* void */ ; *args; args++) {
        value = strchr(*args, '=');
        index = value ? prize_fields_find(fields, *args, value - *args) : -1;

        if (index >= 0) {
            values[index].data = value + 1;
            values[index].len = strlen(value + 1);
        }
    }
}


static unsigned
count_places(const prize_gzip_t *gzip, const prize_record_t *record)
{
    unsigned           i, n, path;
    prize_gzip_run_t  *run;

    path = prize_paths_choose(gzip->nodes, gzip->nnodes, record);

    for (i = 0, n = 0; i < gzip->n; i++) {
        run = gzip->paths[path * gzip->n + i];
        n += run ? run->deflated.nplaces : 0;
    }

    return n;
}


int
main(int argc, char **argv)
{
    page_t             plain, member;
    double             seconds;
    size_t             before;
    clock_t            start;
    prize_str_t       *values;
    prize_gzip_t      *gzip;
    prize_fields_t     fields;
    prize_record_t     record;
    prize_template_t  *page;

    page = argc > 1 ? compile(argv[1], &fields) : NULL;

    if (page == NULL) {
        return 1;
    }

    /* what is free is not to be counted: no fast bins */
    (void) mallopt(M_MXFAST, 0);

    before = mallinfo2().uordblks;
    start = clock();
    gzip = prize_gzip_create(page);
    seconds = (double) (clock() - start) / CLOCKS_PER_SEC;
    values = calloc(fields.n, sizeof(prize_str_t));

    if (gzip == NULL || values == NULL) {
        return 1;
    }

    memset(&record, 0, sizeof(prize_record_t));
    record.values = values;
    set_values(&fields, values, argv + 2);

    plain = page_render(page, &record, NULL);
    member = page_render(page, &record, gzip);

    printf("%zu %u %.0f %zu\n", member.len, count_places(gzip, &record),
           seconds * 1000, (size_t) mallinfo2().uordblks - before);

    return !page_inflates(&member, &plain);
}
