
#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_option.h"
#include "prizectl_time.h"


static int
prizectl_option_error(int option, char **argv)
{
    if (option == ':') {
        prizectl_error("\"%s\" wants a value, see \"prizectl %s --help\"",
                       argv[optind - 1], argv[0]);

    } else if (optopt > ' ') {
        prizectl_error("unknown option \"-%c\", see \"prizectl %s --help\"",
                       optopt, argv[0]);

    } else {
        prizectl_error("unknown option \"%s\", see \"prizectl %s --help\"",
                       argv[optind - 1], argv[0]);
    }

    return -1;
}


int
prizectl_option_parse(int argc, char **argv, const struct option *list,
    prizectl_option_pt take, void *data, int operands)
{
    int  option, help;

    help = 0;
    opterr = 0;

    while ((option = getopt_long(argc, argv, ":", list, NULL)) != -1) {

        if (option == '?' || option == ':') {
            return prizectl_option_error(option, argv);
        }

        if (option == PRIZECTL_OPTION_HELP) {
            help = PRIZECTL_OPTION_HELP;

        } else if (take(data, option, optarg) == -1) {
            return -1;
        }
    }

    if (!help && !operands && optind < argc) {
        prizectl_error("unexpected argument \"%s\", see \"prizectl %s "
                       "--help\"", argv[optind], argv[0]);
        return -1;
    }

    return help;
}


int
prizectl_option_missing(const char *name, char **argv)
{
    if (name == NULL) {
        return 0;
    }

    prizectl_error("--%s is required, see \"prizectl %s --help\"", name,
                   argv[0]);

    return -1;
}


int
prizectl_option_id_max_length(const char *value, unsigned *max)
{
    const char          *p;
    unsigned long long   n;

    p = value;

    if (prizectl_time_number(&p, PRIZECTL_ID_LENGTH_MAX, &n) == -1
        || *p || n == 0)
    {
        prizectl_error("--id-max-length \"%s\": want 1 to %d", value,
                       PRIZECTL_ID_LENGTH_MAX);
        return -1;
    }

    *max = n;

    return 0;
}


int
prizectl_option_moment(const char *name, const char *value, time_t *moment)
{
    if (prizectl_time_moment(value, moment) == -1) {
        prizectl_error("--%s \"%s\": want a moment with its zone, as "
                       "2026-12-24T20:00+08:00 or 2026-12-24T12:00:00Z",
                       name, value);
        return -1;
    }

    if (*moment <= time(NULL)) {
        prizectl_error("--%s \"%s\" is in the past", name, value);
        return -1;
    }

    return 0;
}
