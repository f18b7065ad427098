
/*
 * The fields of one employee.
 *
 * A location's pages, its "if=" conditions and the variables name fields;
 * prize_fields_t gives each name an index once, when the configuration is
 * read, and from then on a value is found by index.  Field 0 is always "id",
 * the owner of the record.
 */

#ifndef _PRIZE_RECORD_H_INCLUDED_
#define _PRIZE_RECORD_H_INCLUDED_


#include <stddef.h>


#define PRIZE_FIELD_ID        0
#define PRIZE_FIELD_NOT_FOUND (-1)

/* the largest value of one field, in bytes; a larger one is an error */
#define PRIZE_FIELD_MAX       (1024 * 1024)


/* bytes that somebody else owns; data == NULL says that there is no value */

typedef struct {
    size_t           len;
    const char      *data;
} prize_str_t;


typedef struct {
    prize_str_t      name;       /* owned by the table */
    const char      *file;       /* first page that uses it, or NULL; */
    unsigned         line;       /*   the caller owns the file's name */
    unsigned         required:1; /* a record without it is stale */
    unsigned         section:1;  /* decides about a section */
} prize_field_t;


/* grows while the configuration is read, constant afterwards */

typedef struct {
    prize_field_t   *list;
    unsigned         n;
    unsigned         allocated;
} prize_fields_t;


/* one column of a row, by name: what a write-back stores */

typedef struct {
    prize_str_t      name;
    prize_str_t      value;
} prize_column_t;


/*
 * Nothing in a record is owned by it: values and columns point to memory of
 * whoever filled it in, and live as long as that says.
 */

typedef struct {
    prize_str_t     *values;     /* fields->n of them, by index */
    prize_column_t  *columns;    /* of a row, all of them; else NULL */
    unsigned         ncolumns;
} prize_record_t;


/* 1 for a byte that a tag's name of a field is made of, in valid UTF-8 */
int prize_field_is_name(unsigned char ch);

/* 0, or -1 without memory; field "id" is in the table at once */
int prize_fields_init(prize_fields_t *fields);

/* the name is copied; its index, old or new, or -1 without memory */
int prize_fields_add(prize_fields_t *fields, const char *name, size_t len);

/* an index or PRIZE_FIELD_NOT_FOUND; names differ in case */
int prize_fields_find(const prize_fields_t *fields, const char *name,
    size_t len);

void prize_fields_destroy(prize_fields_t *fields);

/*
 * What a section and an "if=" make of a value.  It is false if it is absent
 * or empty, a number that is zero, or a word that says no: ignoring case,
 * full-width forms and white space around it.  A wrong yes would give
 * everybody a phone, so the list has what spreadsheets say.
 */
int prize_value_is_true(const prize_str_t *value);


#endif /* _PRIZE_RECORD_H_INCLUDED_ */
