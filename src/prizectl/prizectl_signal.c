
#include <errno.h>
#include <string.h>

#include "prizectl.h"


volatile sig_atomic_t  prizectl_interrupted;


static void
prizectl_signal_handler(int signo)
{
    (void) signo;

    prizectl_interrupted = 1;
}


/* what is ignored stays so: "nohup" does that */

static int
prizectl_catch_signal(int signo, const struct sigaction *sa)
{
    struct sigaction  old;

    if (sigaction(signo, NULL, &old) == -1) {
        return -1;
    }

    return old.sa_handler == SIG_IGN ? 0 : sigaction(signo, sa, NULL);
}


int
prizectl_catch_signals(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(struct sigaction));
    sigemptyset(&sa.sa_mask);

    /* no SA_RESTART: poll() is to return at once */

    sa.sa_handler = prizectl_signal_handler;
    sa.sa_flags = SA_RESETHAND;

    if (prizectl_catch_signal(SIGHUP, &sa) == -1
        || prizectl_catch_signal(SIGINT, &sa) == -1
        || prizectl_catch_signal(SIGTERM, &sa) == -1
        || signal(SIGPIPE, SIG_IGN) == SIG_ERR
        || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
    {
        prizectl_error("cannot catch signals: %s", strerror(errno));
        return -1;
    }

    return 0;
}
