
/*
 * steps PID: how many instructions a process takes from now on until it ends,
 * counted by stepping through each of them.  That is slow, and counts what an
 * emulator of the processor does not have.  A repeated string instruction is
 * one, as it is for a processor's own counter.
 *
 * "attached" is the first line, the number the second.
 */


#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>


#if (__x86_64__)

static int
fail(const char *what)
{
    fprintf(stderr, "steps: %s: %s\n", what, strerror(errno));
    return 1;
}


static long
place(pid_t pid)
{
    return ptrace(PTRACE_PEEKUSER, pid,
                  (void *) offsetof(struct user_regs_struct, rip), NULL);
}


/* the next stop, with the signal to hand on; 0 at the process's end */

static int
stopped(pid_t pid, long *signal)
{
    int  status;

    if (waitpid(pid, &status, 0) == -1) {
        return -1;
    }

    if (!WIFSTOPPED(status)) {
        return 0;
    }

    *signal = (WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP)
              ? 0 : WSTOPSIG(status);

    return 1;
}


int
main(int argc, char **argv)
{
    int       rc;
    long      signal, here, last;
    pid_t     pid;
    uint64_t  count;

    if (argc != 2) {
        fprintf(stderr, "usage: steps PID\n");
        return 2;
    }

    pid = atoi(argv[1]);

    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1) {
        return fail("cannot attach");
    }

    puts("attached");
    fflush(stdout);

    count = 0;
    last = 0;

    while ((rc = stopped(pid, &signal)) == 1) {
        here = place(pid);
        count += (here != last);
        last = here;

        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *) signal) == -1) {
            return fail("cannot step");
        }
    }

    if (rc == -1) {
        return fail("waitpid()");
    }

    printf("%llu\n", (unsigned long long) count);

    return 0;
}

#else

int
main(void)
{
    fprintf(stderr, "steps: only for x86-64\n");
    return 1;
}

#endif
