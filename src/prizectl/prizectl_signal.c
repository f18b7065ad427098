
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


int
prizectl_catch_signals(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(struct sigaction));
    sigemptyset(&sa.sa_mask);

    /* no SA_RESTART: poll() is to return at once */

    sa.sa_handler = prizectl_signal_handler;
    sa.sa_flags = SA_RESETHAND;

    if (sigaction(SIGINT, &sa, NULL) == -1
        || sigaction(SIGTERM, &sa, NULL) == -1
        || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    {
        prizectl_error("cannot catch signals: %s", strerror(errno));
        return -1;
    }

    return 0;
}
