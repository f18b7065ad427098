
/*
 * prizectl, the sysadmin's command beside the module.
 */

#ifndef _PRIZECTL_H_INCLUDED_
#define _PRIZECTL_H_INCLUDED_


#include <signal.h>
#include <stddef.h>


/* exit codes */

#define PRIZECTL_DONE         0
#define PRIZECTL_FAILED       1
#define PRIZECTL_USAGE        2
#define PRIZECTL_DIFFERENT    3
#define PRIZECTL_INTERRUPTED  130


/* room for what prizectl_quote() writes */
#define PRIZECTL_QUOTE_LEN    128


/*
 * "prizectl: ...", ended by a newline, on standard error; control characters
 * but line ends and tabs as \xNN.
 */

void prizectl_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * How a command ends that has come so far with 0 or -1: its exit code, and a
 * word for it.  Says how far it came if it was interrupted or has done a part.
 */
int prizectl_outcome(int rc, int partly, unsigned long long done,
    const char *unit, const char **word);

/*
 * All that was written to standard output: PRIZECTL_DONE, or PRIZECTL_FAILED
 * after a message, once.
 */
int prizectl_flush(void);

/* a string in JSON, quotes included, to standard output */

void prizectl_json_string(const char *data, size_t len);

/*
 * Somebody else's bytes, made fit for a message: in quotes, shortened, the
 * control characters that a terminal would obey as \xNN, and characters that
 * nobody sees, such as U+200B, as \uNNNN.  Returns "dst".
 */

char *prizectl_quote(char dst[PRIZECTL_QUOTE_LEN], const char *data,
    size_t len);


/*
 * From here on SIGHUP, SIGINT and SIGTERM only set the flag, so that a
 * command can say how far it came; the second of them ends it at once.  A
 * server that hangs up, and a file that may not grow, become errors of
 * write().  0, or -1 after a message.
 */

extern volatile sig_atomic_t  prizectl_interrupted;

int prizectl_catch_signals(void);


#endif /* _PRIZECTL_H_INCLUDED_ */
