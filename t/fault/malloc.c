
/*
 * Preloaded into nginx by t/fault/memory.t: one allocation of one process
 * fails, the one that the test has chosen in a file that both have mapped.
 * With the address sanitizer it stands before the sanitizer's own functions.
 */


#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


/* memory.t writes and reads the same */

typedef struct {
    uint64_t  pid;              /* this process counts; 0: none */
    uint64_t  parent;           /* so do the children of this; 0: of none */
    uint64_t  wanted;           /* this one fails; 0: none */
    uint64_t  count;
} malloc_control_t;


static volatile malloc_control_t  *control;

static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t n, size_t size);
static void *(*next_realloc)(void *p, size_t size);
static int (*next_posix_memalign)(void **p, size_t alignment, size_t size);

/* what dlsym() allocates before there are any functions is never freed */
static _Alignas(16) char  early[4096];
static size_t             early_used;


static void
malloc_resolve(void)
{
    static int  resolving;

    if (resolving) {
        return;
    }

    resolving = 1;

    *(void **) &next_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **) &next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **) &next_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **) &next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
}


static void *
malloc_early(size_t size)
{
    char  *p;

    size = (size + 15) & ~(size_t) 15;

    if (size > sizeof(early) - early_used) {
        abort();
    }

    p = early + early_used;
    early_used += size;

    return p;
}


static int
malloc_fails(void)
{
    if (next_posix_memalign == NULL) {
        malloc_resolve();
    }

    if (control == NULL
        || (control->pid != (uint64_t) getpid()
            && control->parent != (uint64_t) getppid()))
    {
        return 0;
    }

    control->count++;

    if (control->count != control->wanted) {
        return 0;
    }

    errno = ENOMEM;
    return 1;
}


void *
malloc(size_t size)
{
    if (malloc_fails()) {
        return NULL;
    }

    return next_malloc ? next_malloc(size) : malloc_early(size);
}


void *
calloc(size_t n, size_t size)
{
    if (malloc_fails()) {
        return NULL;
    }

    return next_calloc ? next_calloc(n, size) : malloc_early(n * size);
}


void *
realloc(void *p, size_t size)
{
    return malloc_fails() ? NULL : next_realloc(p, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    return malloc_fails() ? ENOMEM : next_posix_memalign(p, alignment, size);
}


/* the sanitizer's own would not come here */

char *
strdup(const char *s)
{
    char    *copy;
    size_t   size;

    size = strlen(s) + 1;
    copy = malloc(size);

    return copy ? memcpy(copy, s, size) : NULL;
}


/* before nginx forks, so that its workers share it */

static __attribute__((constructor)) void
malloc_open(void)
{
    int          fd;
    void        *p;
    const char  *file;

    file = getenv("TEST_NGINX_MALLOC");

    if (file == NULL) {
        return;
    }

    fd = open(file, O_RDWR|O_CLOEXEC);

    if (fd == -1) {
        abort();
    }

    p = mmap(NULL, sizeof(malloc_control_t), PROT_READ|PROT_WRITE, MAP_SHARED,
             fd, 0);

    if (p == MAP_FAILED) {
        abort();
    }

    control = p;
    (void) close(fd);
}
