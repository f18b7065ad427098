
/*
 * prizectl, the sysadmin's command beside the module.
 */

#ifndef _PRIZECTL_H_INCLUDED_
#define _PRIZECTL_H_INCLUDED_


#include <signal.h>
#include <stddef.h>


#define PRIZECTL_VERSION      "0.1.0"


/* exit codes */

#define PRIZECTL_DONE         0
#define PRIZECTL_FAILED       1
#define PRIZECTL_USAGE        2
#define PRIZECTL_INTERRUPTED  130


/* room for what prizectl_quote() writes */
#define PRIZECTL_QUOTE_LEN    128


/*
 * A sub-command: argv[0] is its own name; the exit code is returned.
 */

int prizectl_load(int argc, char **argv);
int prizectl_render(int argc, char **argv);


/* "prizectl: ...", ended by a newline, on standard error */

void prizectl_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Somebody else's bytes, made fit for a message: in quotes, shortened, and
 * without the control characters that a terminal would obey.  Returns "dst".
 */

char *prizectl_quote(char dst[PRIZECTL_QUOTE_LEN], const char *data,
    size_t len);


/*
 * From here on SIGINT and SIGTERM only set the flag, so that a command can
 * say how far it came; the second of them ends it at once.
 */

extern volatile sig_atomic_t  prizectl_interrupted;

int prizectl_catch_signals(void);


#endif /* _PRIZECTL_H_INCLUDED_ */
