
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "prize_command.h"


#define PRIZE_NUMBER_LEN  24


/* ARGV: the TTL, the number of used fields, these, then names and values */

static const char  prize_write_back_script[] =
    "local left = redis.call('PTTL', KEYS[1]) "
    "local n = tonumber(ARGV[2]) "
    "local ttl = tonumber(ARGV[1]) "
    "if left ~= -2 then "
        "local whole = true "
        "for i = 3, n + 2 do "
            "if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then "
                "whole = false "
            "end "
        "end "
        "if whole then return 0 end "
        "redis.call('DEL', KEYS[1]) "
    "end "
    "redis.call('HSET', KEYS[1], unpack(ARGV, n + 3)) "
    "if left ~= -1 then "
        "redis.call('PEXPIRE', KEYS[1], math.max(ttl, left)) "
    "end "
    "return 1";


int
prize_command_init(prize_command_t *command, const prize_fields_t *fields)
{
    int           rc;
    char         *p, *formatted;
    size_t       *lens;
    long long     len;
    unsigned      i;
    const char  **argv;

    rc = -1;
    formatted = NULL;

    argv = malloc((fields->n + 2) * sizeof(char *));
    lens = malloc((fields->n + 2) * sizeof(size_t));

    if (argv == NULL || lens == NULL) {
        goto done;
    }

    argv[0] = "HMGET";
    lens[0] = 5;
    argv[1] = "";
    lens[1] = 0;

    for (i = 0; i < fields->n; i++) {
        argv[i + 2] = fields->list[i].name.data;
        lens[i + 2] = fields->list[i].name.len;
    }

    len = redisFormatCommandArgv(&formatted, fields->n + 2, argv, lens);
    if (len < 0) {
        goto done;
    }

    command->data = malloc(len);
    if (command->data == NULL) {
        goto done;
    }

    /* the key's place is that of the first, empty bulk string */

    memcpy(command->data, formatted, len);

    p = strstr(formatted, "$0\r\n\r\n");
    command->head = p - formatted;
    command->tail = len - command->head - 6;
    memmove(command->data + command->head, p + 6, command->tail);

    command->values = fields->n;
    rc = 0;

done:

    free(formatted);
    free(argv);
    free(lens);

    return rc;
}


void
prize_command_destroy(prize_command_t *command)
{
    free(command->data);
    command->data = NULL;
}


size_t
prize_command_length(const prize_command_t *command, size_t key)
{
    return command->head + PRIZE_BULK_OVERHEAD + key + command->tail;
}


char *
prize_bulk_count(char *dst, char type, unsigned long long number)
{
    *dst++ = type;
    dst = prize_decimal(dst, number);
    *dst++ = '\r';
    *dst++ = '\n';

    return dst;
}


char *
prize_bulk_write(char *dst, const prize_str_t *value)
{
    dst = prize_bulk_count(dst, '$', value->len);
    memcpy(dst, value->data, value->len);
    dst += value->len;
    *dst++ = '\r';
    *dst++ = '\n';

    return dst;
}


char *
prize_command_write(const prize_command_t *command, char *dst,
    const prize_str_t *key)
{
    memcpy(dst, command->data, command->head);
    dst += command->head;

    dst = prize_bulk_write(dst, key);

    memcpy(dst, command->data + command->head, command->tail);

    return dst + command->tail;
}


static unsigned
prize_write_back_arguments(const prize_write_back_t *wb, const char **argv,
    size_t *lens)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < wb->fields->n; i++) {
        if (i == PRIZE_FIELD_ID || wb->fields->list[i].required) {
            argv[n] = wb->fields->list[i].name.data;
            lens[n++] = wb->fields->list[i].name.len;
        }
    }

    for (i = 0; i < wb->record->ncolumns; i++) {
        argv[n] = wb->record->columns[i].name.data;
        lens[n++] = wb->record->columns[i].name.len;
        argv[n] = wb->record->columns[i].value.data;
        lens[n++] = wb->record->columns[i].value.len;
    }

    return n;
}


long
prize_write_back_format(const prize_write_back_t *wb, char **command)
{
    char          ttl[PRIZE_NUMBER_LEN], used[PRIZE_NUMBER_LEN];
    size_t       *lens;
    unsigned      i, n;
    long long     len;
    const char  **argv;

    len = -1;
    n = 6 + wb->fields->n + 2 * wb->record->ncolumns;

    argv = malloc(n * sizeof(char *));
    lens = malloc(n * sizeof(size_t));

    if (argv == NULL || lens == NULL) {
        goto done;
    }

    n = prize_write_back_arguments(wb, argv + 6, lens + 6);

    snprintf(ttl, sizeof(ttl), "%lu", wb->ttl);
    snprintf(used, sizeof(used), "%u", n - 2 * wb->record->ncolumns);

    argv[0] = "EVAL";
    argv[1] = prize_write_back_script;
    argv[2] = "1";
    argv[3] = "";
    argv[4] = ttl;
    argv[5] = used;

    for (i = 0; i < 6; i++) {
        lens[i] = strlen(argv[i]);
    }

    argv[3] = wb->key.data;
    lens[3] = wb->key.len;

    len = redisFormatCommandArgv(command, n + 6, argv, lens);

done:

    free(argv);
    free(lens);

    return len;
}
