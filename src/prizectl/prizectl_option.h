
/*
 * What the options of all commands have in common.
 */

#ifndef _PRIZECTL_OPTION_H_INCLUDED_
#define _PRIZECTL_OPTION_H_INCLUDED_


#include <getopt.h>
#include <time.h>


/* all options' values are below the first character: one of them is unknown */
#define PRIZECTL_OPTION_HELP  31


/* one option that was given: 0, or -1 after a message */
typedef int (*prizectl_option_pt)(void *data, int option, const char *value);


/*
 * What is no option stands from argv[optind] on, if "operands" allows it.  0,
 * or PRIZECTL_OPTION_HELP if that was among them, or -1 after a message.
 */
int prizectl_option_parse(int argc, char **argv, const struct option *list,
    prizectl_option_pt take, void *data, int operands);

/* -1, after a message, if the name is not NULL */
int prizectl_option_missing(const char *name, char **argv);

/* values that several commands take: 0, or -1 after a message */

int prizectl_option_id_max_length(const char *value, unsigned *max);

/* with its zone, and not in the past */
int prizectl_option_moment(const char *name, const char *value,
    time_t *moment);


#endif /* _PRIZECTL_OPTION_H_INCLUDED_ */
