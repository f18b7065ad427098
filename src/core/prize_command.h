
/*
 * What is asked of Redis.
 *
 * A location asks for the same fields of every record, so all of its HMGET
 * but the key is formatted once, when the configuration is read.
 */

#ifndef _PRIZE_COMMAND_H_INCLUDED_
#define _PRIZE_COMMAND_H_INCLUDED_


#include <stddef.h>

#include "prize_decimal.h"
#include "prize_record.h"


/*
 * A bulk string, one argument of a command: "$", its length, CRLF, the string
 * and CRLF.  The count alone, with "*", is that of the arguments.  Both return
 * the end of what they write, without a NUL.
 */

#define PRIZE_BULK_OVERHEAD  (1 + PRIZE_DECIMAL_LEN + 2 + 2)

char *prize_bulk_count(char *dst, char type, unsigned long long number);
char *prize_bulk_write(char *dst, const prize_str_t *value);


typedef struct {
    char                *data;      /* owned; head and tail in one block */
    size_t               head;      /* bytes before the key */
    size_t               tail;      /* bytes after it */
    unsigned             values;    /* how many its reply holds */
} prize_command_t;


/* HMGET of all fields of the table; 0, or -1 without memory */
int prize_command_init(prize_command_t *command,
    const prize_fields_t *fields);

void prize_command_destroy(prize_command_t *command);

/* the most bytes that prize_command_write() needs for a key of that length */
size_t prize_command_length(const prize_command_t *command, size_t key);

/* writes the command for a key, returns the end of what was written */
char *prize_command_write(const prize_command_t *command, char *dst,
    const prize_str_t *key);


/*
 * The write-back: stores a row whole with its TTL, but only where no record
 * or a stale one (it lacks a used field) stands; the longer of the new and
 * the remaining TTL is kept.  The reply is 1 if the row was stored, else 0.
 */

typedef struct {
    prize_str_t            key;
    const prize_fields_t  *fields;      /* the required ones are checked */
    const prize_record_t  *record;      /* its columns are stored */
    unsigned long          ttl;         /* milliseconds */
} prize_write_back_t;


/*
 * EVAL with the script.  "*command" is to be freed with free(); its length is
 * returned, or -1 without memory.
 */
long prize_write_back_format(const prize_write_back_t *wb, char **command);


#endif /* _PRIZE_COMMAND_H_INCLUDED_ */
