
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prizectl.h"
#include "prizectl_key.h"
#include "prizectl_option.h"
#include "prizectl_route.h"


#define PRIZECTL_ROSTER      (PRIZECTL_LOAD|PRIZECTL_VERIFY)
#define PRIZECTL_STORES      (PRIZECTL_ROSTER|PRIZECTL_CLEAR|PRIZECTL_RENDER)
#define PRIZECTL_SHEET       (PRIZECTL_SIGN|PRIZECTL_OPENED)
#define PRIZECTL_ALL         (PRIZECTL_STORES|PRIZECTL_SHEET                  \
                              |PRIZECTL_REHEARSE)

/* in 2286: the last second that has as many digits as those of today */
#define PRIZECTL_EXPIRES     9999999999

#define PRIZECTL_HELP_WIDTH  79
#define PRIZECTL_HELP_NAME   26         /* columns of a name and its value */


typedef struct {
    const char          *name;
    const char          *value;         /* what it stands for; NULL: a flag */
    unsigned             commands;      /* that take it, as bits */
    unsigned             required;      /* of them, those that want it */
    unsigned             idle;          /* of them, those that ignore it */
    prizectl_option_pt   set;           /* NULL: it is kept as it is in */
    size_t               field;         /*   this field of the options */
    const char          *about;
} prizectl_option_t;


#define PRIZECTL_SET(function)  prizectl_option_##function, 0
#define PRIZECTL_KEEP(field)    NULL, offsetof(prizectl_options_t, field)


/*
 * In the order of "--help".  verify takes whatever load takes, so that the one
 * word of a command can be exchanged.
 */

static const prizectl_option_t  prizectl_option_list[] = {

    { "postgres", "CONNINFO", PRIZECTL_ROSTER|PRIZECTL_RENDER,
      PRIZECTL_ROSTER, 0, PRIZECTL_SET(postgres),
      "as libpq takes it: \"host=db dbname=hr\";\n"
      "a password by PGPASSFILE or ~/.pgpass" },

    { "query", "SQL", PRIZECTL_ROSTER, PRIZECTL_ROSTER, 0,
      PRIZECTL_KEEP(query),
      "\"SELECT id, name, prize FROM employee\"" },

    { "query", "SQL", PRIZECTL_RENDER, 0, 0, PRIZECTL_KEEP(query),
      "that of load, or of prize_postgres_query" },

    { "redis", "URL", PRIZECTL_STORES, PRIZECTL_ROSTER|PRIZECTL_CLEAR, 0,
      PRIZECTL_KEEP(redis),
      "redis://[user@]host[:port][/db], rediss://\n"
      "for TLS, or unix:/path[?db=N][&user=NAME]" },

    { "redis-password-file", "FILE", PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_password_file),
      "its first line; else the environment's\n"
      "REDISCLI_AUTH" },

    { "redis-cluster", NULL, PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_cluster),
      "the URL names nodes of a cluster:\n"
      "redis://host[:port][,host[:port]...]" },

    { "redis-sentinel", "NAME", PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_sentinel),
      "the URL names Sentinels, which know the\n"
      "master by this name" },

    { "redis-sentinel-user", "NAME", PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_sentinel_user),
      "who we are to Sentinels" },

    { "redis-sentinel-password-file", "FILE", PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_sentinel_password_file),
      "its first line; else Sentinels want none" },

    { "redis-cacert", "FILE", PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_cacert),
      "who signs servers' certificates; else those\n"
      "that the system trusts" },

    { "redis-cert", "FILE", PRIZECTL_STORES, 0, 0, PRIZECTL_KEEP(redis_cert),
      "our own certificate" },

    { "redis-key", "FILE", PRIZECTL_STORES, 0, 0, PRIZECTL_KEEP(redis_key),
      "its key" },

    { "redis-sni", "NAME", PRIZECTL_STORES, 0, 0, PRIZECTL_KEEP(redis_sni),
      "the name on servers' certificates, where it\n"
      "is not the host of the URL" },

    { "redis-insecure", NULL, PRIZECTL_STORES, 0, 0,
      PRIZECTL_KEEP(redis_insecure),
      "take any certificate" },

    { "key", "PATTERN", PRIZECTL_STORES, 0, 0, PRIZECTL_SET(key),
      "a record's name (" PRIZECTL_KEY ")" },

    { "ttl", "TIME", PRIZECTL_ROSTER, 0, PRIZECTL_VERIFY, PRIZECTL_SET(ttl),
      "time to live: 48h, 1h30m or 500ms (48h)" },

    { "jitter", "PERCENT", PRIZECTL_ROSTER, 0, PRIZECTL_VERIFY,
      PRIZECTL_SET(jitter),
      "lengthens each by up to so much (10%)" },

    { "page", "FILE", PRIZECTL_ROSTER, 0, 0, PRIZECTL_SET(page),
      "fail if the page uses a field that is no\n"
      "column, and say which values show its\n"
      "sections; may be given several times" },

    { "page", "FILE", PRIZECTL_RENDER, PRIZECTL_RENDER, 0,
      PRIZECTL_SET(page),
      "the page" },

    { "raw", "FIELD", PRIZECTL_ROSTER|PRIZECTL_RENDER, 0, 0,
      PRIZECTL_SET(raw),
      "allow {{{FIELD}}}, as raw=FIELD of prize_page" },

    { "id", "ID", PRIZECTL_RENDER, 0, 0, PRIZECTL_SET(id),
      "whose record is taken" },

    { "field", "NAME=VALUE", PRIZECTL_RENDER, 0, 0, PRIZECTL_SET(field),
      "a field of the record; others are empty" },

    { "fields", NULL, PRIZECTL_RENDER, 0, 0, PRIZECTL_KEEP(fields),
      "list the fields of the page instead, one a line" },

    { "rate", "N/s", PRIZECTL_ROSTER, 0, 0, PRIZECTL_SET(rate),
      "at most so many records a second" },

    { "prune", NULL, PRIZECTL_ROSTER, 0, PRIZECTL_VERIFY,
      PRIZECTL_KEEP(prune),
      "then remove records that have no row; at\n"
      "most a tenth of all without --force" },

    { "dry-run", NULL, PRIZECTL_ROSTER, 0, PRIZECTL_VERIFY,
      PRIZECTL_KEEP(dry_run),
      "check everything, store and remove nothing" },

    { "force", NULL, PRIZECTL_ROSTER, 0, PRIZECTL_VERIFY,
      PRIZECTL_KEEP(force),
      "even if records may not fit or be evicted" },

    { "until", "MOMENT", PRIZECTL_VERIFY, 0, 0, PRIZECTL_SET(until),
      "also fail if a record ends before it:\n"
      "2026-12-24T20:00+08:00" },

    { "links", "FILE", PRIZECTL_REHEARSE, PRIZECTL_REHEARSE, 0,
      PRIZECTL_KEEP(links),
      "the CSV that sign has written" },

    { "host", "HOST", PRIZECTL_REHEARSE, PRIZECTL_REHEARSE, 0,
      PRIZECTL_SET(host),
      "of the links, h5.example.com: one to another\n"
      "host is refused; may be given several times" },

    { "expect", "TEXT", PRIZECTL_REHEARSE, 0, 0, PRIZECTL_SET(expect),
      "what a page must hold, {NAME} being a column:\n"
      "'data-id=\"{id}\"'; may be given several times" },

    { "rate", "N/s", PRIZECTL_REHEARSE, 0, 0, PRIZECTL_SET(pace),
      "so many links a second (100/s)" },

    { "sample", "N", PRIZECTL_REHEARSE, 0, 0, PRIZECTL_SET(sample),
      "so many of the links, by chance (1000)" },

    { "within", "TIME", PRIZECTL_REHEARSE, 0, 0, PRIZECTL_SET(within),
      "the p99 may be as long (1s)" },

    { "connect-to", "HOST:PORT", PRIZECTL_REHEARSE, 0, 0,
      PRIZECTL_SET(connect_to),
      "where the host is, whatever the DNS says" },

    { "cacert", "FILE", PRIZECTL_REHEARSE, 0, 0, PRIZECTL_KEEP(cacert),
      "who may have signed its certificate" },

    { "insecure", NULL, PRIZECTL_REHEARSE, 0, 0, PRIZECTL_KEEP(insecure),
      "take any certificate" },

    { "key-file", "FILE", PRIZECTL_SIGN, PRIZECTL_SIGN, 0,
      PRIZECTL_KEEP(key_file),
      "as prize_sign_key_file; its first key signs" },

    { "event", "NAME", PRIZECTL_SIGN, PRIZECTL_SIGN, 0, PRIZECTL_SET(event),
      "as prize_sign_event" },

    { "url", "URL", PRIZECTL_SIGN, PRIZECTL_SIGN, 0, PRIZECTL_SET(url),
      "where the page is: https://h5.example.com/h5" },

    { "expires", "MOMENT", PRIZECTL_SIGN, 0, 0, PRIZECTL_SET(expires),
      "when links end: 2026-12-24T20:00+08:00;\n"
      "else it is until= of prize_open that ends it" },

    { "roster", "FILE", PRIZECTL_OPENED, PRIZECTL_OPENED, 0,
      PRIZECTL_KEEP(roster),
      "CSV (RFC 4180) in UTF-8 with a header" },

    { "id-column", "NAME", PRIZECTL_SHEET|PRIZECTL_REHEARSE, 0, 0,
      PRIZECTL_KEEP(id_column),
      "the column of the IDs (id)" },

    { "path", "PATH", PRIZECTL_OPENED, 0, 0, PRIZECTL_KEEP(path),
      "count this path's requests only: /h5" },

    { "id-max-length", "N", PRIZECTL_ALL, 0, 0, PRIZECTL_SET(id_max_length),
      "as prize_id_max_length (64)" },

    { "allow-empty", NULL, PRIZECTL_ROSTER|PRIZECTL_SIGN, 0, 0,
      PRIZECTL_KEEP(allow_empty),
      "a roster without rows is no error" },

    { "yes", NULL, PRIZECTL_CLEAR, 0, 0, PRIZECTL_KEEP(yes),
      "do not ask" },

    { "json", NULL, PRIZECTL_ROSTER|PRIZECTL_CLEAR, 0, 0,
      PRIZECTL_KEEP(json),
      "the result as one object" },

    { "help", NULL, PRIZECTL_ALL, 0, 0, PRIZECTL_KEEP(help),
      "this text" }
};

#define PRIZECTL_OPTIONS                                                      \
    (sizeof(prizectl_option_list) / sizeof(prizectl_option_list[0]))


static int
prizectl_options_set(prizectl_options_t *options,
    const prizectl_option_t *option, const char *value)
{
    char  *field;

    if (option->set) {
        return option->set(options, value);
    }

    field = (char *) options + option->field;

    if (option->value) {
        *(const char **) field = value;

    } else {
        *(unsigned *) field = 1;
    }

    return 0;
}


static int
prizectl_options_error(int option, char **argv)
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


static int
prizectl_options_missing(const char *name, char **argv)
{
    prizectl_error("--%s is required, see \"prizectl %s --help\"", name,
                   argv[0]);

    return -1;
}


/* the record comes from a store or is given, and a query needs a database */

static int
prizectl_options_check_render(const prizectl_options_t *options,
    char **argv)
{
    char      quoted[PRIZECTL_QUOTE_LEN];
    unsigned  store;

    store = options->redis || options->postgres || options->query;

    if (options->query && options->postgres == NULL) {
        return prizectl_options_missing("postgres", argv);
    }

    if (options->postgres && options->query == NULL) {
        return prizectl_options_missing("query", argv);
    }

    if (store != (options->id.data != NULL)) {
        return prizectl_options_missing(store ? "id" : "redis", argv);
    }

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
prizectl_options_check(const prizectl_options_t *options,
    const prizectl_command_t *command, const unsigned char *given, char **argv)
{
    size_t  i;

    for (i = 0; i < PRIZECTL_OPTIONS; i++) {
        if ((prizectl_option_list[i].required & command->bit) && !given[i]) {
            return prizectl_options_missing(prizectl_option_list[i].name,
                                            argv);
        }
    }

    if (command->bit != PRIZECTL_OPENED && options->noperands) {
        prizectl_error("unexpected argument \"%s\", see \"prizectl %s "
                       "--help\"", options->operands[0], argv[0]);
        return -1;
    }

    if (command->bit == PRIZECTL_OPENED && options->noperands == 0) {
        prizectl_error("no log is named, see \"prizectl %s --help\"", argv[0]);
        return -1;
    }

    if (prizectl_route_check(options) == -1) {
        return -1;
    }

    return command->bit == PRIZECTL_RENDER
           ? prizectl_options_check_render(options, argv) : 0;
}


static int
prizectl_options_init(prizectl_options_t *options, unsigned command, int argc)
{
    memset(options, 0, sizeof(prizectl_options_t));

    options->key = PRIZECTL_KEY;
    options->ttl = 48 * 3600 * 1000ULL;
    options->jitter = 10;
    options->expires = PRIZECTL_EXPIRES;
    options->id_max_length = 64;
    options->id_column = "id";
    options->sample = 1000;
    options->within = 1000;

    if (command == PRIZECTL_REHEARSE) {
        options->rate = 100;
    }

    /* no option can be given more often than there are arguments */

    options->pages = calloc(argc, sizeof(char *));
    options->raw = calloc(argc, sizeof(prize_str_t));
    options->columns = calloc(argc, sizeof(prize_column_t));
    options->hosts = calloc(argc, sizeof(char *));
    options->expects = calloc(argc, sizeof(char *));

    if (options->pages == NULL || options->raw == NULL
        || options->columns == NULL || options->hosts == NULL
        || options->expects == NULL)
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
    free(options->hosts);
    free(options->expects);
}


int
prizectl_options_parse(prizectl_options_t *options,
    const prizectl_command_t *command, int argc, char **argv)
{
    int             option, which;
    size_t          i, n;
    unsigned char   given[PRIZECTL_OPTIONS];
    struct option   list[PRIZECTL_OPTIONS + 1];

    const prizectl_option_t  *known[PRIZECTL_OPTIONS];

    if (prizectl_options_init(options, command->bit, argc) == -1) {
        return -1;
    }

    memset(list, 0, sizeof(list));
    memset(given, 0, sizeof(given));

    for (i = 0, n = 0; i < PRIZECTL_OPTIONS; i++) {

        if (prizectl_option_list[i].commands & command->bit) {
            known[n] = &prizectl_option_list[i];
            list[n].name = known[n]->name;
            list[n].has_arg = known[n]->value ? required_argument
                                              : no_argument;
            n++;
        }
    }

    opterr = 0;

    while ((option = getopt_long(argc, argv, ":", list, &which)) != -1) {

        if (option != 0) {
            return prizectl_options_error(option, argv);
        }

        if (prizectl_options_set(options, known[which], optarg) == -1) {
            return -1;
        }

        given[known[which] - prizectl_option_list] = 1;
    }

    options->operands = argv + optind;
    options->noperands = argc - optind;

    return options->help ? 0
           : prizectl_options_check(options, command, given, argv);
}


/* "word word", in lines that are indented behind the first one */

static void
prizectl_options_word(const char *word, const char *value, size_t *column,
    size_t indent)
{
    size_t  len;

    len = strlen(word) + (value ? 1 + strlen(value) : 0);

    if (*column + 1 + len > PRIZECTL_HELP_WIDTH) {
        printf("\n%*s", (int) indent, "");
        *column = indent;
    }

    printf(" %s%s%s", word, value ? " " : "", value ? value : "");
    *column += 1 + len;
}


static void
prizectl_options_usage(const prizectl_command_t *command)
{
    int                       indent;
    char                      name[64];
    size_t                    i, column;
    const prizectl_option_t  *option;

    indent = printf("usage: prizectl %s", command->name);
    column = indent;

    for (i = 0; i < PRIZECTL_OPTIONS; i++) {
        option = &prizectl_option_list[i];

        if (option->required & command->bit) {
            snprintf(name, sizeof(name), "--%s", option->name);
            prizectl_options_word(name, option->value, &column, indent);
        }
    }

    prizectl_options_word("[OPTION]...", NULL, &column, indent);

    if (command->operands) {
        prizectl_options_word(command->operands, NULL, &column, indent);
    }

    printf("\n");
}


static void
prizectl_options_about(const prizectl_option_t *option, unsigned idle)
{
    int          column;
    size_t       len;
    const char  *p;

    column = printf("  --%s%s%s", option->name, option->value ? " " : "",
                    option->value ? option->value : "");

    if (idle) {
        printf("%*s  of load; no effect here\n",
               2 + PRIZECTL_HELP_NAME - column, "");
        return;
    }

    if (column > 2 + PRIZECTL_HELP_NAME) {
        printf("\n");
        column = 0;
    }

    for (p = option->about; *p; p += len + (p[len] == '\n')) {
        len = strcspn(p, "\n");
        printf("%*s  %.*s\n", 2 + PRIZECTL_HELP_NAME - column, "", (int) len,
               p);
        column = 0;
    }
}


void
prizectl_options_help(const prizectl_command_t *command)
{
    size_t                    i;
    const prizectl_option_t  *option;

    prizectl_options_usage(command);
    printf("\n%s\n", command->help);

    for (i = 0; i < PRIZECTL_OPTIONS; i++) {
        option = &prizectl_option_list[i];

        if (option->commands & command->bit) {
            prizectl_options_about(option, option->idle & command->bit);
        }
    }

    printf("\nExit code: %s\n", command->codes);
}
