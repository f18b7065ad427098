
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "prizectl_progress.h"
#include "prizectl_time.h"


#define PRIZECTL_PROGRESS_LINE   5      /* seconds */
#define PRIZECTL_PROGRESS_BAR    0.1

#define PRIZECTL_PROGRESS_WIDTH  30     /* of the bar, in columns */


static int  prizectl_progress_visible;


int
prizectl_progress_terminal(void)
{
    return isatty(STDERR_FILENO);
}


void
prizectl_progress_start(prizectl_progress_t *progress, const char *unit,
    unsigned long long total)
{
    prizectl_progress_hide();

    progress->unit = unit;
    progress->total = total;
    progress->started = prizectl_time_now();
    progress->shown = progress->started;
    progress->terminal = prizectl_progress_terminal();
}


/* ", 0:05 left", or nothing where nobody can say */

static const char *
prizectl_progress_left(char *dst, size_t size,
    const prizectl_progress_t *progress, unsigned long long done,
    double seconds)
{
    char  left[PRIZECTL_TIME_LEFT_LEN];

    if (done == 0 || done > progress->total) {
        return "";
    }

    snprintf(dst, size, ", %s left",
             prizectl_time_left(left, (progress->total - done)
                                      * (seconds / done)));

    return dst;
}


static void
prizectl_progress_bar(const prizectl_progress_t *progress,
    unsigned long long done, const char *text)
{
    char            line[256];
    size_t          n, width;
    unsigned        full;
    struct winsize  window;

    width = 80;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col) {
        width = window.ws_col;
    }

    n = 0;

    if (progress->total && done <= progress->total) {
        full = PRIZECTL_PROGRESS_WIDTH * ((double) done / progress->total);

        line[n++] = '[';
        memset(line + n, '#', full);
        memset(line + n + full, '.', PRIZECTL_PROGRESS_WIDTH - full);
        n += PRIZECTL_PROGRESS_WIDTH;

        n += snprintf(line + n, sizeof(line) - n, "] %3.0f %% ",
                      100.0 * done / progress->total);
    }

    snprintf(line + n, sizeof(line) - n, "%s", text);

    /* a line that is broken by the terminal could not be taken back */

    fprintf(stderr, "\r%.*s\033[K",
            (int) (width - 1 < sizeof(line) ? width - 1 : sizeof(line)), line);

    prizectl_progress_visible = 1;
}


void
prizectl_progress(prizectl_progress_t *progress, unsigned long long done,
    unsigned long long errors)
{
    char    text[160], left[PRIZECTL_TIME_LEFT_LEN + 8];
    double  now, seconds;

    now = prizectl_time_now();

    if (now - progress->shown < (progress->terminal ? PRIZECTL_PROGRESS_BAR
                                                    : PRIZECTL_PROGRESS_LINE))
    {
        return;
    }

    progress->shown = now;
    seconds = now - progress->started;

    snprintf(text, sizeof(text), "%llu %s, %.0f/s%s, %llu errors", done,
             progress->unit, done / seconds,
             prizectl_progress_left(left, sizeof(left), progress, done,
                                    seconds),
             errors);

    if (progress->terminal) {
        prizectl_progress_bar(progress, done, text);

    } else {
        fprintf(stderr, "prizectl: after %.0f s: %s\n", seconds, text);
    }
}


void
prizectl_progress_hide(void)
{
    if (prizectl_progress_visible) {
        fprintf(stderr, "\r\033[K");
        prizectl_progress_visible = 0;
    }
}
