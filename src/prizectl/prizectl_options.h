
/*
 * What the commands about the roster take: where it comes from, where it goes
 * to, and how a record is named and kept.
 */

#ifndef _PRIZECTL_OPTIONS_H_INCLUDED_
#define _PRIZECTL_OPTIONS_H_INCLUDED_


#include <stddef.h>
#include <time.h>

#include "prize_record.h"
#include "prizectl_redis.h"


/* the commands, as bits */

#define PRIZECTL_COMMAND_LOAD    1
#define PRIZECTL_COMMAND_VERIFY  2
#define PRIZECTL_COMMAND_CLEAR   4
#define PRIZECTL_COMMAND_RENDER  8
#define PRIZECTL_COMMAND_OPENED  16


/* what is a list here is owned; the texts are the arguments' own */

typedef struct {
    const char          *postgres;          /* conninfo */
    const char          *query;
    const char          *redis;             /* URL */
    const char          *redis_password_file;
    const char          *key;               /* holds "{id}" just once */
    const char         **pages;
    unsigned             npages;
    prize_str_t         *raw;               /* fields of {{{...}}} */
    unsigned             nraw;
    prize_str_t          id;                /* whose page is rendered */
    prize_column_t      *columns;           /* of --field */
    unsigned             ncolumns;
    const char          *roster;            /* CSV */
    const char          *id_column;
    const char          *path;              /* or NULL */
    char               **operands;          /* what stands behind options */
    unsigned             noperands;
    unsigned long long   ttl;               /* milliseconds */
    unsigned             jitter;            /* percent */
    unsigned             id_max_length;
    unsigned long long   rate;              /* records a second, or 0 */
    time_t               until;             /* or 0 */
    unsigned             allow_empty:1;
    unsigned             prune:1;
    unsigned             dry_run:1;
    unsigned             force:1;
    unsigned             json:1;
    unsigned             yes:1;
    unsigned             fields:1;
} prizectl_options_t;


/* of prizectl_options_begin(): the command itself may go on */
#define PRIZECTL_BEGUN  (-1)


/*
 * How each of the commands begins: reads its options, or writes its help, and
 * catches signals.  PRIZECTL_BEGUN, or the exit code.  The options are to be
 * destroyed either way, and so is "redis", which is not connected yet, and
 * zeros where none is named.
 */
int prizectl_options_begin(prizectl_options_t *options, unsigned command,
    int argc, char **argv, const char *help, prizectl_redis_t *redis);

void prizectl_options_destroy(prizectl_options_t *options);


#endif /* _PRIZECTL_OPTIONS_H_INCLUDED_ */
