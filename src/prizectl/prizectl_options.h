
/*
 * The options of all commands: one table, from which the parser and "--help"
 * come.  A command is a bit in it.
 */

#ifndef _PRIZECTL_OPTIONS_H_INCLUDED_
#define _PRIZECTL_OPTIONS_H_INCLUDED_


#include <stddef.h>
#include <time.h>

#include "prize_record.h"


/* the commands, as bits */

#define PRIZECTL_LOAD      0x01
#define PRIZECTL_VERIFY    0x02
#define PRIZECTL_CLEAR     0x04
#define PRIZECTL_SIGN      0x08
#define PRIZECTL_OPENED    0x10
#define PRIZECTL_RENDER    0x20
#define PRIZECTL_REHEARSE  0x40


/* what is a list here is owned; the texts are the arguments' own */

typedef struct {
    const char          *postgres;          /* conninfo */
    const char          *query;
    const char          *redis;             /* URL */
    const char          *redis_password_file;
    unsigned             redis_cluster;
    const char          *redis_sentinel;    /* the master's name */
    const char          *redis_sentinel_user;
    const char          *redis_sentinel_password_file;
    const char          *redis_cacert;
    const char          *redis_cert;
    const char          *redis_key;
    const char          *redis_sni;
    unsigned             redis_insecure;
    const char          *key;               /* holds "{id}" just once */
    const char         **pages;
    unsigned             npages;
    prize_str_t         *raw;               /* fields of {{{...}}} */
    unsigned             nraw;
    prize_str_t          id;                /* whose page is rendered */
    prize_column_t      *columns;           /* of --field */
    unsigned             ncolumns;
    const char          *key_file;
    prize_str_t          event;
    const char          *url;
    time_t               expires;
    const char          *roster;            /* CSV */
    const char          *id_column;
    const char          *path;              /* or NULL */
    char               **operands;          /* what stands behind options */
    unsigned             noperands;
    unsigned long long   ttl;               /* milliseconds */
    unsigned             jitter;            /* percent */
    unsigned             id_max_length;
    unsigned long long   rate;              /* a second; 0: no limit */
    time_t               until;             /* or 0 */
    const char          *links;             /* CSV */
    const char         **hosts;             /* each HOST[:PORT][,...] */
    unsigned             nhosts;
    const char         **expects;           /* patterns of pages */
    unsigned             nexpects;
    unsigned long long   sample;            /* links */
    unsigned long long   within;            /* milliseconds */
    const char          *connect_to;        /* HOST:PORT, or NULL */
    const char          *cacert;            /* or NULL */

    unsigned             allow_empty;
    unsigned             prune;
    unsigned             dry_run;
    unsigned             force;
    unsigned             json;
    unsigned             yes;
    unsigned             fields;
    unsigned             insecure;
    unsigned             help;
} prizectl_options_t;


typedef struct {
    const char          *name;
    unsigned             bit;

    /* the exit code; standard output is flushed afterwards */
    int                (*run)(const prizectl_options_t *options);

    const char          *about;             /* in some words */
    const char          *operands;          /* behind its options, or NULL */
    const char          *help;              /* what it does, in lines */
    const char          *codes;             /* exit codes, in lines */
} prizectl_command_t;


/*
 * argv[0] is the command's name.  0, or -1 after a message; the options are to
 * be destroyed either way.  Nothing is checked if "help" is among them.
 */
int prizectl_options_parse(prizectl_options_t *options,
    const prizectl_command_t *command, int argc, char **argv);

void prizectl_options_destroy(prizectl_options_t *options);

/* to standard output */
void prizectl_options_help(const prizectl_command_t *command);


#endif /* _PRIZECTL_OPTIONS_H_INCLUDED_ */
