
/*
 * The IDs whose signed links no longer count, and the file that they come
 * from.
 */

#ifndef _PRIZE_REVOKED_H_INCLUDED_
#define _PRIZE_REVOKED_H_INCLUDED_


#include <stddef.h>

#include "prize_lines.h"
#include "prize_record.h"


typedef struct prize_revoked_s  prize_revoked_t;


/*
 * The file holds an ID a line, as it is, of at most PRIZE_SIGNATURE_ID_MAX
 * bytes.  Spaces and tabs around it, a CR before the LF, a byte order mark in
 * front of it all, empty lines and lines that begin with "#" say nothing; an
 * ID may stand there twice.
 *
 * Copies what it needs.  Returns NULL on an error, which "error" then
 * describes; else prize_revoked_destroy() has to be called in the end.
 */
prize_revoked_t *prize_revoked_parse(const char *text, size_t len,
    prize_lines_error_t *error);

/* NULL is allowed */
void prize_revoked_destroy(prize_revoked_t *revoked);

/* 1 if the ID is there, else 0; allocates nothing */
int prize_revoked_find(const prize_revoked_t *revoked, const prize_str_t *id);


#endif /* _PRIZE_REVOKED_H_INCLUDED_ */
