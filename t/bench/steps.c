
/*
 * steps PID: how many instructions a process takes from now on until it ends,
 * counted by stepping through each of them.  That is slow, and counts what
 * callgrind's processor does not have.  A repeated string instruction is one,
 * as it is for a processor's own counter; only for x86-64.
 *
 * "attached" is the first line, the number the second.
 */


#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#if (__x86_64__)
#define PLACE  offsetof(struct user_regs_struct, rip)
#else
#define PLACE  0
#endif


int
main(int argc, char **argv)
{
    int            status;
    long           signal, here, last;
    pid_t          pid;
    unsigned long  count;

    pid = argc == 2 ? atoi(argv[1]) : 0;

    if (pid <= 0 || ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1) {
        perror("steps: cannot attach");
        return 1;
    }

    puts("attached");
    fflush(stdout);

    count = 0;
    last = 0;

    while (waitpid(pid, &status, 0) != -1 && WIFSTOPPED(status)) {
        here = ptrace(PTRACE_PEEKUSER, pid, (void *) PLACE, NULL);
        count += (here != last);
        last = here;

        /* its own signals are handed on, those of the steps are not */
        signal = WSTOPSIG(status);
        signal = signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
        ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *) signal);
    }

    printf("%lu\n", count);

    return 0;
}
