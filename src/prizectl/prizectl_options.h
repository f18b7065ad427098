
/*
 * What every command about the roster takes: where it comes from, where it
 * goes to, and how a record is named and kept.
 */

#ifndef _PRIZECTL_OPTIONS_H_INCLUDED_
#define _PRIZECTL_OPTIONS_H_INCLUDED_


#include <stddef.h>


#define PRIZECTL_KEY       "employee:{id}"
#define PRIZECTL_KEY_ID    "{id}"

/* the most that --id-max-length takes */
#define PRIZECTL_ID_LENGTH_MAX  1024


typedef struct {
    const char          *postgres;          /* conninfo */
    const char          *query;
    const char          *redis;             /* URL */
    const char          *redis_password_file;
    const char          *key;               /* holds "{id}" just once */
    unsigned long long   ttl;               /* milliseconds */
    unsigned             jitter;            /* percent */
    unsigned             id_max_length;
    unsigned             allow_empty:1;
    unsigned             help:1;
} prizectl_options_t;


/* 0, or -1 after a message: the exit code is then PRIZECTL_USAGE */
int prizectl_options(prizectl_options_t *options, int argc, char **argv);


#endif /* _PRIZECTL_OPTIONS_H_INCLUDED_ */
