
/*
 * prizectl, the sysadmin's command beside the module.
 */

#ifndef _PRIZECTL_H_INCLUDED_
#define _PRIZECTL_H_INCLUDED_


#define PRIZECTL_VERSION      "0.1.0"


/* exit codes */

#define PRIZECTL_DONE         0
#define PRIZECTL_FAILED       1
#define PRIZECTL_USAGE        2
#define PRIZECTL_INTERRUPTED  130


/*
 * A sub-command: argv[0] is its own name; the exit code is returned.
 */

int prizectl_load(int argc, char **argv);
int prizectl_render(int argc, char **argv);


/* "prizectl: ...", ended by a newline, on standard error */

void prizectl_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));


#endif /* _PRIZECTL_H_INCLUDED_ */
