
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "prize_version.h"
#include "prizectl.h"


typedef struct {
    const char  *name;
    int        (*run)(int argc, char **argv);
    const char  *about;
} prizectl_command_t;


static const prizectl_command_t  prizectl_commands[] = {
    { "load", prizectl_load,
      "put the roster of a PostgreSQL query into Redis" },
    { "verify", prizectl_verify,
      "compare what is in Redis with the roster" },
    { "clear", prizectl_clear,
      "remove all records from Redis" },
    { "sign", prizectl_sign,
      "make the signed links of a roster" },
    { "opened", prizectl_opened,
      "tell who has opened the page, by access logs" },
    { "render", prizectl_render,
      "write a page to standard output, or list its fields" }
};

#define PRIZECTL_COMMANDS                                                     \
    (sizeof(prizectl_commands) / sizeof(prizectl_commands[0]))


static int
prizectl_help(void)
{
    size_t  i;

    printf("usage: prizectl COMMAND [OPTION]...\n\n");

    for (i = 0; i < PRIZECTL_COMMANDS; i++) {
        printf("  %-10s %s\n", prizectl_commands[i].name,
               prizectl_commands[i].about);
    }

    printf("\n\"prizectl COMMAND --help\" describes a command.\n");

    if (fflush(stdout) != 0) {
        prizectl_error("cannot write to standard output");
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
}


static int
prizectl_version(void)
{
    if (printf("prizectl %s\n", PRIZE_VERSION) < 0 || fflush(stdout) != 0) {
        prizectl_error("cannot write to standard output");
        return PRIZECTL_FAILED;
    }

    return PRIZECTL_DONE;
}


/*
 * A connection would take the place of a standard stream that is closed, and
 * get what is written there.  It is opened, but so that no use of it succeeds.
 */

static int
prizectl_streams_open(void)
{
    int  fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {

        if (fcntl(fd, F_GETFD) == -1
            && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY)
               == -1)
        {
            return -1;
        }
    }

    return 0;
}


int
main(int argc, char **argv)
{
    size_t  i;

    if (prizectl_streams_open() == -1) {
        return PRIZECTL_FAILED;
    }

    if (argc < 2) {
        prizectl_error("no command, see \"prizectl --help\"");
        return PRIZECTL_USAGE;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return prizectl_help();
    }

    if (strcmp(argv[1], "--version") == 0) {
        return prizectl_version();
    }

    for (i = 0; i < PRIZECTL_COMMANDS; i++) {
        if (strcmp(argv[1], prizectl_commands[i].name) == 0) {
            return prizectl_commands[i].run(argc - 1, argv + 1);
        }
    }

    prizectl_error("unknown command \"%s\", see \"prizectl --help\"", argv[1]);

    return PRIZECTL_USAGE;
}
