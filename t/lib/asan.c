
/*
 * Linked into everything that "make asan" builds: what the sanitizers are
 * told by functions and not by options.  It is compiled without them.
 */


#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>


/* nginx's own variables; there are none in prizectl and in the unit tests */

extern uintptr_t     ngx_process __attribute__((weak));
extern sig_atomic_t  ngx_quit __attribute__((weak));
extern sig_atomic_t  ngx_terminate __attribute__((weak));

int __lsan_is_turned_off(void);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);


/* src/os/unix/ngx_process_cycle.h */

#define PRIZE_PROCESS_SINGLE  0
#define PRIZE_PROCESS_WORKER  3


/*
 * At its end nginx frees what a worker had, but not what the master and
 * "nginx -t" had.  A single process ("master_process off") is a worker as
 * well, once it was told to end.
 */

int
__lsan_is_turned_off(void)
{
    if (&ngx_process == NULL || ngx_process == PRIZE_PROCESS_WORKER) {
        return 0;
    }

    return ngx_process != PRIZE_PROCESS_SINGLE || !(ngx_quit || ngx_terminate);
}


/* "random" in a block with a zone never frees the table of a worker */

const char *
__lsan_default_suppressions(void)
{
    return "leak:ngx_http_upstream_update_random\n";
}


/* else the use of a suppression is reported as a finding would be */

const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}


/*
 * Beside the address sanitizer's library that of the undefined-behaviour
 * sanitizer sets the log_path of the other one and not its own: both export
 * the function that does so, and the first one wins.
 */

static __attribute__((constructor)) void
prize_ubsan_report_path(void)
{
    void        *library;
    const char  *path;
    void       (*set)(const char *path);

    path = getenv("UBSAN_REPORT_PATH");

    if (path == NULL) {
        return;
    }

    library = dlopen("libubsan.so.1", RTLD_NOW|RTLD_NOLOAD);

    if (library == NULL) {
        abort();
    }

    *(void **) &set = dlsym(library, "__sanitizer_set_report_path");

    if (set == NULL) {
        abort();
    }

    set(path);
}
