
/*
 * A page as bytes, plain or gzipped, as the module writes it: for what tests
 * prize_output and prize_gzip.
 */

#ifndef _PAGE_H_INCLUDED_
#define _PAGE_H_INCLUDED_


#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "prize_gzip.h"


typedef struct {
    char    *data;
    size_t   len;
    unsigned pieces;
    int      fits;          /* into the room that was told */
} page_t;


static void *
page_alloc(size_t size)
{
    void  *p;

    p = malloc(size ? size : 1);

    if (p == NULL) {
        abort();
    }

    return p;
}


/* plain where "gzip" is NULL; a byte too many is for a sanitizer to find */

static page_t
page_render(const prize_template_t *page, const prize_record_t *record,
    const prize_gzip_t *gzip)
{
    char                 *dynamic, *p;
    uint64_t              values;
    page_t                got;
    unsigned              i;
    prize_str_t          *pieces;
    prize_plain_t         plain;
    prize_output_t        out;
    prize_gzip_sink_t     gs;
    prize_output_room_t   room;

    values = prize_template_values(page, record);

    if (gzip) {
        room = prize_gzip_room(gzip, values);

    } else {
        room = prize_plain_room(page);
        room.dynamic += values;
    }

    pieces = page_alloc(room.pieces * sizeof(prize_str_t));
    dynamic = page_alloc(room.dynamic);
    prize_output_init(&out, pieces, dynamic);

    if (gzip) {
        prize_gzip_init(&gs, gzip, record, &out);
        (void) prize_template_render(page, record, &gs.sink);
        prize_gzip_finish(&gs);

    } else {
        prize_plain_init(&plain, &out);
        (void) prize_template_render(page, record, &plain.sink);
    }

    prize_output_finish(&out);

    got.data = page_alloc(out.length);
    got.len = out.length;
    got.pieces = out.n;
    p = got.data;

    for (i = 0; i < out.n; i++) {
        memcpy(p, pieces[i].data, pieces[i].len);
        p += pieces[i].len;
    }

    got.fits = (p == got.data + got.len && out.n <= room.pieces
                && out.pos <= dynamic + room.dynamic);

    free(pieces);
    free(dynamic);

    return got;
}


/* 1 if the member, and nothing after it, inflates to the plain page */

static inline int
page_inflates(const page_t *member, const page_t *plain)
{
    int        rc;
    char      *data;
    z_stream   z;

    memset(&z, 0, sizeof(z_stream));

    /* 16: gzip with its checks of length and CRC */

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        abort();
    }

    data = page_alloc(plain->len + 1);

    z.next_in = (Bytef *) member->data;
    z.avail_in = member->len;
    z.next_out = (Bytef *) data;
    z.avail_out = plain->len + 1;

    rc = inflate(&z, Z_FINISH);

    rc = (rc == Z_STREAM_END && z.avail_in == 0 && z.total_out == plain->len
          && memcmp(data, plain->data, plain->len) == 0);

    (void) inflateEnd(&z);
    free(data);

    return rc;
}


#endif /* _PAGE_H_INCLUDED_ */
