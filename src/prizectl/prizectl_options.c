
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_option.h"
#include "prizectl_options.h"
#include "prizectl_time.h"


#define PRIZECTL_JITTER_MAX  100
#define PRIZECTL_RATE_MAX    10000000

#define PRIZECTL_LOAD        PRIZECTL_COMMAND_LOAD
#define PRIZECTL_ROSTER      (PRIZECTL_COMMAND_LOAD|PRIZECTL_COMMAND_VERIFY)
#define PRIZECTL_RENDER      PRIZECTL_COMMAND_RENDER
#define PRIZECTL_SOURCE      (PRIZECTL_ROSTER|PRIZECTL_RENDER)
#define PRIZECTL_TARGET      (PRIZECTL_ROSTER|PRIZECTL_COMMAND_CLEAR)
#define PRIZECTL_STORES      (PRIZECTL_TARGET|PRIZECTL_RENDER)
#define PRIZECTL_OPENED      PRIZECTL_COMMAND_OPENED
#define PRIZECTL_ALL         (PRIZECTL_STORES|PRIZECTL_OPENED)


enum {
    PRIZECTL_OPTION_POSTGRES = 1,
    PRIZECTL_OPTION_QUERY,
    PRIZECTL_OPTION_REDIS,
    PRIZECTL_OPTION_REDIS_PASSWORD_FILE,
    PRIZECTL_OPTION_KEY,
    PRIZECTL_OPTION_TTL,
    PRIZECTL_OPTION_JITTER,
    PRIZECTL_OPTION_PAGE,
    PRIZECTL_OPTION_RAW,
    PRIZECTL_OPTION_RATE,
    PRIZECTL_OPTION_ID_MAX_LENGTH,
    PRIZECTL_OPTION_ALLOW_EMPTY,
    PRIZECTL_OPTION_PRUNE,
    PRIZECTL_OPTION_DRY_RUN,
    PRIZECTL_OPTION_FORCE,
    PRIZECTL_OPTION_JSON,
    PRIZECTL_OPTION_UNTIL,
    PRIZECTL_OPTION_YES,
    PRIZECTL_OPTION_ID,
    PRIZECTL_OPTION_FIELD,
    PRIZECTL_OPTION_FIELDS,
    PRIZECTL_OPTION_ROSTER,
    PRIZECTL_OPTION_ID_COLUMN,
    PRIZECTL_OPTION_PATH
};


typedef struct {
    struct option  option;
    unsigned       commands;
} prizectl_option_t;


/*
 * verify takes whatever load takes, so that the one word of a command can be
 * exchanged; what only load can do is of no effect there.
 */

static const prizectl_option_t  prizectl_option_list[] = {
    { { "postgres", required_argument, NULL, PRIZECTL_OPTION_POSTGRES },
      PRIZECTL_SOURCE },
    { { "query", required_argument, NULL, PRIZECTL_OPTION_QUERY },
      PRIZECTL_SOURCE },
    { { "redis", required_argument, NULL, PRIZECTL_OPTION_REDIS },
      PRIZECTL_STORES },
    { { "redis-password-file", required_argument, NULL,
        PRIZECTL_OPTION_REDIS_PASSWORD_FILE },
      PRIZECTL_STORES },
    { { "key", required_argument, NULL, PRIZECTL_OPTION_KEY },
      PRIZECTL_STORES },
    { { "ttl", required_argument, NULL, PRIZECTL_OPTION_TTL },
      PRIZECTL_ROSTER },
    { { "jitter", required_argument, NULL, PRIZECTL_OPTION_JITTER },
      PRIZECTL_ROSTER },
    { { "page", required_argument, NULL, PRIZECTL_OPTION_PAGE },
      PRIZECTL_SOURCE },
    { { "raw", required_argument, NULL, PRIZECTL_OPTION_RAW },
      PRIZECTL_SOURCE },
    { { "rate", required_argument, NULL, PRIZECTL_OPTION_RATE },
      PRIZECTL_ROSTER },
    { { "id-max-length", required_argument, NULL,
        PRIZECTL_OPTION_ID_MAX_LENGTH },
      PRIZECTL_ALL },
    { { "allow-empty", no_argument, NULL, PRIZECTL_OPTION_ALLOW_EMPTY },
      PRIZECTL_ROSTER },
    { { "prune", no_argument, NULL, PRIZECTL_OPTION_PRUNE },
      PRIZECTL_ROSTER },
    { { "dry-run", no_argument, NULL, PRIZECTL_OPTION_DRY_RUN },
      PRIZECTL_ROSTER },
    { { "force", no_argument, NULL, PRIZECTL_OPTION_FORCE },
      PRIZECTL_ROSTER },
    { { "json", no_argument, NULL, PRIZECTL_OPTION_JSON },
      PRIZECTL_TARGET },
    { { "until", required_argument, NULL, PRIZECTL_OPTION_UNTIL },
      PRIZECTL_COMMAND_VERIFY },
    { { "yes", no_argument, NULL, PRIZECTL_OPTION_YES },
      PRIZECTL_COMMAND_CLEAR },
    { { "id", required_argument, NULL, PRIZECTL_OPTION_ID },
      PRIZECTL_RENDER },
    { { "field", required_argument, NULL, PRIZECTL_OPTION_FIELD },
      PRIZECTL_RENDER },
    { { "fields", no_argument, NULL, PRIZECTL_OPTION_FIELDS },
      PRIZECTL_RENDER },
    { { "roster", required_argument, NULL, PRIZECTL_OPTION_ROSTER },
      PRIZECTL_OPENED },
    { { "id-column", required_argument, NULL, PRIZECTL_OPTION_ID_COLUMN },
      PRIZECTL_OPENED },
    { { "path", required_argument, NULL, PRIZECTL_OPTION_PATH },
      PRIZECTL_OPENED },
    { { "help", no_argument, NULL, PRIZECTL_OPTION_HELP },
      PRIZECTL_ALL }
};

#define PRIZECTL_OPTIONS                                                      \
    (sizeof(prizectl_option_list) / sizeof(prizectl_option_list[0]))


static int
prizectl_option_ttl(prizectl_options_t *options, const char *value)
{
    if (prizectl_time_span(value, &options->ttl) == -1) {
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

    if (prizectl_time_number(&p, PRIZECTL_JITTER_MAX, &n) == -1
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
prizectl_option_rate(prizectl_options_t *options, const char *value)
{
    const char  *p;

    p = value;

    if (prizectl_time_number(&p, PRIZECTL_RATE_MAX, &options->rate) == -1
        || options->rate == 0 || (*p && strcmp(p, "/s") != 0))
    {
        prizectl_error("--rate \"%s\": want records a second, as 5000/s, 1/s "
                       "to %d/s", value, PRIZECTL_RATE_MAX);
        return -1;
    }

    return 0;
}


static int
prizectl_option_field(prizectl_options_t *options, const char *value)
{
    const char      *end;
    prize_column_t  *column;

    end = strchr(value, '=');

    if (end == NULL || end == value) {
        prizectl_error("--field \"%s\": want NAME=VALUE", value);
        return -1;
    }

    column = &options->columns[options->ncolumns++];

    column->name.data = value;
    column->name.len = end - value;
    column->value.data = end + 1;
    column->value.len = strlen(end + 1);

    return 0;
}


static int
prizectl_option_set_parsed(prizectl_options_t *options, int option,
    const char *value)
{
    switch (option) {

    case PRIZECTL_OPTION_TTL:
        return prizectl_option_ttl(options, value);

    case PRIZECTL_OPTION_JITTER:
        return prizectl_option_jitter(options, value);

    case PRIZECTL_OPTION_RATE:
        return prizectl_option_rate(options, value);

    case PRIZECTL_OPTION_ID_MAX_LENGTH:
        return prizectl_option_id_max_length(value,
                                             &options->id_max_length);

    case PRIZECTL_OPTION_FIELD:
        return prizectl_option_field(options, value);

    default: /* PRIZECTL_OPTION_UNTIL */
        return prizectl_option_moment("until", value, &options->until);
    }
}


static int
prizectl_option_set_value(prizectl_options_t *options, int option,
    const char *value)
{
    prize_str_t  *raw;

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

    case PRIZECTL_OPTION_PAGE:
        options->pages[options->npages++] = value;
        return 0;

    case PRIZECTL_OPTION_RAW:
        raw = &options->raw[options->nraw++];
        raw->data = value;
        raw->len = strlen(value);
        return 0;

    case PRIZECTL_OPTION_ID:
        options->id.data = value;
        options->id.len = strlen(value);
        return 0;

    case PRIZECTL_OPTION_ROSTER:
        options->roster = value;
        return 0;

    case PRIZECTL_OPTION_ID_COLUMN:
        options->id_column = value;
        return 0;

    case PRIZECTL_OPTION_PATH:
        options->path = value;
        return 0;

    default:
        return prizectl_option_set_parsed(options, option, value);
    }
}


static int
prizectl_option_set(void *data, int option, const char *value)
{
    prizectl_options_t  *options = data;

    switch (option) {

    case PRIZECTL_OPTION_ALLOW_EMPTY:
        options->allow_empty = 1;
        return 0;

    case PRIZECTL_OPTION_PRUNE:
        options->prune = 1;
        return 0;

    case PRIZECTL_OPTION_DRY_RUN:
        options->dry_run = 1;
        return 0;

    case PRIZECTL_OPTION_FORCE:
        options->force = 1;
        return 0;

    case PRIZECTL_OPTION_JSON:
        options->json = 1;
        return 0;

    case PRIZECTL_OPTION_YES:
        options->yes = 1;
        return 0;

    case PRIZECTL_OPTION_FIELDS:
        options->fields = 1;
        return 0;

    default:
        return prizectl_option_set_value(options, option, value);
    }
}


/* whoever lists processes would read it; libpq itself explains what it is */

static int
prizectl_options_check_password(const prizectl_options_t *options)
{
    int                 rc;
    PQconninfoOption   *list, *option;

    list = PQconninfoParse(options->postgres, NULL);
    if (list == NULL) {
        return 0;
    }

    rc = 0;

    for (option = list; option->keyword; option++) {

        if (option->val && *option->val
            && (strcmp(option->keyword, "password") == 0
                || strcmp(option->keyword, "sslpassword") == 0))
        {
            prizectl_error("--postgres holds a password, which every user of "
                           "this machine can read: put it into ~/.pgpass, or "
                           "into the file that PGPASSFILE or passfile= names");
            rc = -1;
            break;
        }
    }

    PQconninfoFree(list);

    return rc;
}


static int
prizectl_options_check_render(const prizectl_options_t *options)
{
    char  quoted[PRIZECTL_QUOTE_LEN];

    if (options->id.data
        && prizectl_id_check(&options->id, options->id_max_length) == -1)
    {
        prizectl_error("--id %s: want 1 to %u of A-Z a-z 0-9 . _ @ -",
                       prizectl_quote(quoted, options->id.data,
                                      options->id.len),
                       options->id_max_length);
        return -1;
    }

    if (options->id.data && (options->ncolumns || options->fields)) {
        prizectl_error("--id takes the fields from a store: leave --field and "
                       "--fields out");
        return -1;
    }

    return 0;
}


static int
prizectl_options_check(const prizectl_options_t *options, unsigned command,
    char **argv)
{
    const char  *missing, *id;

    missing = options->redis == NULL && (command & PRIZECTL_TARGET) ? "redis"
              : options->npages == 0 && command == PRIZECTL_RENDER ? "page"
              : options->roster == NULL && command == PRIZECTL_OPENED
              ? "roster" : NULL;

    if ((command & PRIZECTL_ROSTER) || options->postgres || options->query) {
        missing = options->postgres == NULL ? "postgres"
                  : options->query == NULL ? "query" : missing;
    }

    if (command == PRIZECTL_RENDER && missing == NULL) {
        missing = options->id.data == NULL
                  ? (options->redis || options->postgres ? "id" : NULL)
                  : options->redis || options->postgres ? NULL : "redis";
    }

    if (prizectl_option_missing(missing, argv) == -1) {
        return -1;
    }

    if (command == PRIZECTL_OPENED && options->noperands == 0) {
        prizectl_error("no log is named, see \"prizectl %s --help\"", argv[0]);
        return -1;
    }

    id = strstr(options->key, PRIZECTL_KEY_ID);

    if (id == NULL || strstr(id + 1, PRIZECTL_KEY_ID)) {
        prizectl_error("--key \"%s\" must hold " PRIZECTL_KEY_ID
                       " just once, as in \"" PRIZECTL_KEY "\"",
                       options->key);
        return -1;
    }

    if (options->postgres && prizectl_options_check_password(options) == -1) {
        return -1;
    }

    return prizectl_options_check_render(options);
}


static int
prizectl_options_init(prizectl_options_t *options, int argc)
{
    memset(options, 0, sizeof(prizectl_options_t));

    options->key = PRIZECTL_KEY;
    options->ttl = 48 * 3600 * 1000ULL;
    options->jitter = 10;
    options->id_max_length = 64;
    options->id_column = "id";

    /* no option can be given more often than there are arguments */

    options->pages = calloc(argc, sizeof(char *));
    options->raw = calloc(argc, sizeof(prize_str_t));

    options->columns = calloc(argc, sizeof(prize_column_t));

    if (options->pages == NULL || options->raw == NULL
        || options->columns == NULL)
    {
        prizectl_error("out of memory");
        return -1;
    }

    return 0;
}


void
prizectl_options_destroy(prizectl_options_t *options)
{
    free(options->pages);
    free(options->raw);
    free(options->columns);
}


/* 0, or PRIZECTL_OPTION_HELP, or -1 after a message */

static int
prizectl_options_parse(prizectl_options_t *options, unsigned command,
    int argc, char **argv)
{
    int            rc;
    size_t         i, n;
    struct option  list[PRIZECTL_OPTIONS + 1];

    if (prizectl_options_init(options, argc) == -1) {
        return -1;
    }

    memset(list, 0, sizeof(list));

    for (i = 0, n = 0; i < PRIZECTL_OPTIONS; i++) {
        if (prizectl_option_list[i].commands & command) {
            list[n++] = prizectl_option_list[i].option;
        }
    }

    rc = prizectl_option_parse(argc, argv, list, prizectl_option_set, options,
                               command == PRIZECTL_OPENED);

    options->operands = argv + optind;
    options->noperands = argc - optind;

    return rc ? rc : prizectl_options_check(options, command, argv);
}


int
prizectl_options_begin(prizectl_options_t *options, unsigned command,
    int argc, char **argv, const char *help, prizectl_redis_t *redis)
{
    int  rc;

    rc = prizectl_options_parse(options, command, argc, argv);

    if (rc == PRIZECTL_OPTION_HELP) {
        return prizectl_print(help);
    }

    if (rc == -1
        || (options->redis && prizectl_redis_init(redis, options->redis) == -1))
    {
        return PRIZECTL_USAGE;
    }

    return prizectl_catch_signals() == -1 ? PRIZECTL_FAILED : PRIZECTL_BEGUN;
}
