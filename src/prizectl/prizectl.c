
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "prize_version.h"
#include "prizectl.h"
#include "prizectl_commands.h"


static const prizectl_command_t  prizectl_commands[] = {

    { "load", PRIZECTL_LOAD, prizectl_load,
      "put the roster of a PostgreSQL query into Redis", NULL,
      "Stores each row of the query as a Redis hash, one field for a\n"
      "column.  The column \"id\" says whose row it is.  A record is replaced\n"
      "whole and never stands without its time to live.  A key that holds\n"
      "no hash is left alone and named; the others are stored, and the load\n"
      "fails.\n",
      "0 done, 1 failed or partly done, 2 usage, 130 interrupted.\n"
      "A load that was cut off is completed by the same command." },

    { "verify", PRIZECTL_VERIFY, prizectl_verify,
      "compare what is in Redis with the roster", NULL,
      "Compares what is in Redis with the rows of the query: how many records\n"
      "are equal, missing or different and in which fields, how many have no\n"
      "row, and the shortest time to live.  Nothing is changed.\n",
      "0 all equal, 1 failed, 2 usage, 3 differences, 130\n"
      "interrupted." },

    { "clear", PRIZECTL_CLEAR, prizectl_clear,
      "remove all records from Redis", NULL,
      "Removes all records under the key pattern, after showing how many\n"
      "there are and asking.  What no load can have made, such as a hash\n"
      "named \"employee:7:visits\" or a key that holds no hash, is left\n"
      "alone.\n",
      "0 done, 1 failed, partly done or not confirmed, 2 usage, 130\n"
      "interrupted." },

    { "sign", PRIZECTL_SIGN, prizectl_sign,
      "make the signed links of a roster", "< roster.csv > links.csv",
      "Makes the signed links of a roster: CSV (RFC 4180) in UTF-8 with a\n"
      "header; all columns are kept, and a column \"link\" is added.\n"
      "A link is a bearer token: whoever has it sees the page.\n",
      "0 done, 1 failed or partly done, 2 usage, 130 interrupted." },

    { "rehearse", PRIZECTL_REHEARSE, prizectl_rehearse,
      "ask the pages by the links, and check them", NULL,
      "Asks one's own pages by the links that sign has written, each once, at\n"
      "a rate; checks that each is answered by 200 and holds what is\n"
      "expected of its owner; shows how often each status came and how long\n"
      "that took, from when a link was due, and says what is wrong.\n",
      "0 nothing wrong, 1 failed, 2 usage, 3 something wrong,\n"
      "130 interrupted." },

    { "opened", PRIZECTL_OPENED, prizectl_opened,
      "tell who has opened the page, by access logs", "LOG... > opened.csv",
      "Who has opened the page and who has not, by nginx' access logs, plain\n"
      "or gzipped: the roster with two more columns, \"opened\", the moment\n"
      "of the first time or nothing, and \"times\".  A GET that was answered\n"
      "by 200 counts; a program that scans the links in mails counts as\n"
      "well.\n",
      "0 done, 1 failed, 2 usage, 130 interrupted." },

    { "render", PRIZECTL_RENDER, prizectl_render,
      "write a page to standard output, or list its fields", NULL,
      "Writes the page as nginx would send it to an employee now, whose\n"
      "record is in Redis (--redis and --id), in PostgreSQL (--postgres,\n"
      "--query and --id), in Redis and otherwise in PostgreSQL (all of them),\n"
      "or given (--field).\n",
      "0 done, 1 failed or no such employee, 2 usage, 130\n"
      "interrupted." }
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

    return prizectl_flush();
}


static int
prizectl_version(void)
{
    printf("prizectl %s\n", PRIZE_VERSION);

    return prizectl_flush();
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


static int
prizectl_run(const prizectl_command_t *command, int argc, char **argv)
{
    int                 code;
    prizectl_options_t  options;

    code = PRIZECTL_DONE;

    if (prizectl_options_parse(&options, command, argc, argv) == -1) {
        code = PRIZECTL_USAGE;

    } else if (options.help) {
        prizectl_options_help(command);

    } else {
        code = prizectl_catch_signals() == -1 ? PRIZECTL_FAILED
                                              : command->run(&options);
    }

    if (prizectl_flush() != PRIZECTL_DONE) {
        code = PRIZECTL_FAILED;
    }

    prizectl_options_destroy(&options);

    return code;
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
            return prizectl_run(&prizectl_commands[i], argc - 1, argv + 1);
        }
    }

    prizectl_error("unknown command \"%s\", see \"prizectl --help\"", argv[1]);

    return PRIZECTL_USAGE;
}
