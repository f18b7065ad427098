
#include <getopt.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_options.h"


/* a typing error is found rather than a century kept */
#define PRIZECTL_TTL_MAX     (3650ULL * 24 * 60 * 60 * 1000)

#define PRIZECTL_JITTER_MAX  100


enum {
    PRIZECTL_OPTION_POSTGRES = 1,
    PRIZECTL_OPTION_QUERY,
    PRIZECTL_OPTION_REDIS,
    PRIZECTL_OPTION_REDIS_PASSWORD_FILE,
    PRIZECTL_OPTION_KEY,
    PRIZECTL_OPTION_TTL,
    PRIZECTL_OPTION_JITTER,
    PRIZECTL_OPTION_ID_MAX_LENGTH,
    PRIZECTL_OPTION_ALLOW_EMPTY,
    PRIZECTL_OPTION_HELP
};


static const struct option  prizectl_option_list[] = {
    { "postgres", required_argument, NULL, PRIZECTL_OPTION_POSTGRES },
    { "query", required_argument, NULL, PRIZECTL_OPTION_QUERY },
    { "redis", required_argument, NULL, PRIZECTL_OPTION_REDIS },
    { "redis-password-file", required_argument, NULL,
      PRIZECTL_OPTION_REDIS_PASSWORD_FILE },
    { "key", required_argument, NULL, PRIZECTL_OPTION_KEY },
    { "ttl", required_argument, NULL, PRIZECTL_OPTION_TTL },
    { "jitter", required_argument, NULL, PRIZECTL_OPTION_JITTER },
    { "id-max-length", required_argument, NULL,
      PRIZECTL_OPTION_ID_MAX_LENGTH },
    { "allow-empty", no_argument, NULL, PRIZECTL_OPTION_ALLOW_EMPTY },
    { "help", no_argument, NULL, PRIZECTL_OPTION_HELP },
    { NULL, 0, NULL, 0 }
};


/* decimal digits, at least one; -1 if there is none or the limit is passed */

static int
prizectl_number(const char **p, unsigned long long max,
    unsigned long long *number)
{
    const char  *start;

    start = *p;
    *number = 0;

    while (**p >= '0' && **p <= '9') {
        *number = *number * 10 + (*(*p)++ - '0');

        if (*number > max) {
            return -1;
        }
    }

    return *p == start ? -1 : 0;
}


/* as nginx reads a time: "48h", "1h30m", "90" are seconds */

static int
prizectl_time(const char *p, unsigned long long *ms)
{
    size_t              i;
    unsigned long long  n, unit;

    static const struct {
        const char          *name;
        unsigned long long   ms;
    } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
        { "d", 86400000 }
    };

    *ms = 0;

    do {
        if (prizectl_number(&p, PRIZECTL_TTL_MAX, &n) == -1) {
            return -1;
        }

        for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (strncmp(p, units[i].name, strlen(units[i].name)) == 0) {
                break;
            }
        }

        if (i < sizeof(units) / sizeof(units[0])) {
            p += strlen(units[i].name);
            unit = units[i].ms;

        } else if (*p == '\0') {
            unit = 1000;

        } else {
            return -1;
        }

        if (n > (PRIZECTL_TTL_MAX - *ms) / unit) {
            return -1;
        }

        *ms += n * unit;

    } while (*p);

    return *ms > 0 ? 0 : -1;
}


static int
prizectl_option_ttl(prizectl_options_t *options, const char *value)
{
    if (prizectl_time(value, &options->ttl) == -1) {
        prizectl_error("--ttl \"%s\": want a time such as 48h, 1h30m or "
                       "500ms, more than 0 and at most 3650d", value);
        return -1;
    }

    return 0;
}


static int
prizectl_option_jitter(prizectl_options_t *options, const char *value)
{
    const char          *p;
    unsigned long long   n;

    p = value;

    if (prizectl_number(&p, PRIZECTL_JITTER_MAX, &n) == -1
        || (*p && strcmp(p, "%") != 0))
    {
        prizectl_error("--jitter \"%s\": want 0%% to %d%%", value,
                       PRIZECTL_JITTER_MAX);
        return -1;
    }

    options->jitter = n;

    return 0;
}


static int
prizectl_option_id_max_length(prizectl_options_t *options, const char *value)
{
    const char          *p;
    unsigned long long   n;

    p = value;

    if (prizectl_number(&p, PRIZECTL_ID_LENGTH_MAX, &n) == -1 || *p || n == 0)
    {
        prizectl_error("--id-max-length \"%s\": want 1 to %d", value,
                       PRIZECTL_ID_LENGTH_MAX);
        return -1;
    }

    options->id_max_length = n;

    return 0;
}


static int
prizectl_option_set(prizectl_options_t *options, int option,
    const char *value)
{
    switch (option) {

    case PRIZECTL_OPTION_POSTGRES:
        options->postgres = value;
        return 0;

    case PRIZECTL_OPTION_QUERY:
        options->query = value;
        return 0;

    case PRIZECTL_OPTION_REDIS:
        options->redis = value;
        return 0;

    case PRIZECTL_OPTION_REDIS_PASSWORD_FILE:
        options->redis_password_file = value;
        return 0;

    case PRIZECTL_OPTION_KEY:
        options->key = value;
        return 0;

    case PRIZECTL_OPTION_TTL:
        return prizectl_option_ttl(options, value);

    case PRIZECTL_OPTION_JITTER:
        return prizectl_option_jitter(options, value);

    case PRIZECTL_OPTION_ID_MAX_LENGTH:
        return prizectl_option_id_max_length(options, value);

    case PRIZECTL_OPTION_ALLOW_EMPTY:
        options->allow_empty = 1;
        return 0;

    default: /* PRIZECTL_OPTION_HELP */
        options->help = 1;
        return 0;
    }
}


static int
prizectl_options_check(const prizectl_options_t *options, const char *command)
{
    const char  *missing, *id;

    missing = options->postgres == NULL ? "postgres"
              : options->query == NULL ? "query"
              : options->redis == NULL ? "redis" : NULL;

    if (missing) {
        prizectl_error("--%s is required, see \"prizectl %s --help\"",
                       missing, command);
        return -1;
    }

    id = strstr(options->key, PRIZECTL_KEY_ID);

    if (id == NULL || strstr(id + 1, PRIZECTL_KEY_ID)) {
        prizectl_error("--key \"%s\" must hold " PRIZECTL_KEY_ID
                       " just once, as in \"" PRIZECTL_KEY "\"",
                       options->key);
        return -1;
    }

    return 0;
}


static void
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
}


int
prizectl_options(prizectl_options_t *options, int argc, char **argv)
{
    int  option;

    memset(options, 0, sizeof(prizectl_options_t));

    options->key = PRIZECTL_KEY;
    options->ttl = 48 * 3600 * 1000ULL;
    options->jitter = 10;
    options->id_max_length = 64;

    opterr = 0;

    while ((option = getopt_long(argc, argv, ":", prizectl_option_list, NULL))
           != -1)
    {
        if (option == '?' || option == ':') {
            prizectl_option_error(option, argv);
            return -1;
        }

        if (prizectl_option_set(options, option, optarg) == -1) {
            return -1;
        }
    }

    if (options->help) {
        return 0;
    }

    if (optind < argc) {
        prizectl_error("unexpected argument \"%s\", see \"prizectl %s "
                       "--help\"", argv[optind], argv[0]);
        return -1;
    }

    return prizectl_options_check(options, argv[0]);
}
