
#include "ngx_http_prize_page_conf.h"
#include "ngx_http_prize_file.h"
#include "ngx_http_prize_handler.h"
#include "ngx_http_prize_status.h"
#include "prize_policy.h"
#include "prize_policy_load.h"


char *
ngx_http_prize_check_id_length(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *value = data;

    if (*value >= 1 && *value <= PRIZE_SIGNATURE_ID_MAX) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_id_max_length\" takes 1 to %d bytes, not %uz",
                       PRIZE_SIGNATURE_ID_MAX, *value);

    return NGX_CONF_ERROR;
}


static void
ngx_http_prize_pages_cleanup(void *data)
{
    ngx_http_prize_pages_t  *pages = data;

    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {
        prize_gzip_destroy(page[i].gzip);
        prize_template_destroy(page[i].template);
    }

    prize_command_destroy(&pages->command);
    prize_fields_destroy(&pages->fields);
}


static ngx_http_prize_pages_t *
ngx_http_prize_pages_create(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_prize_pages_t       *pages, **p;
    ngx_http_prize_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_prize_pages_t));
    p = ngx_array_push(&pmcf->pages);

    if (cln == NULL || p == NULL) {
        return NULL;
    }

    pages = cln->data;
    *p = pages;

    ngx_memzero(pages, sizeof(ngx_http_prize_pages_t));

    pages->conf_file = cf->conf_file->file.name.data;
    pages->line = cf->conf_file->line;

    if (ngx_array_init(&pages->list, cf->pool, 2,
                       sizeof(ngx_http_prize_page_t))
        != NGX_OK
        || prize_fields_init(&pages->fields) != 0)
    {
        return NULL;
    }

    cln->handler = ngx_http_prize_pages_cleanup;

    return pages;
}


/* no page could have another one, and a query seldom has */

static ngx_uint_t
ngx_http_prize_page_is_field(u_char *p, u_char *last)
{
    if (p == last) {
        return 0;
    }

    while (p < last && prize_field_is_name(*p)) {
        p++;
    }

    return p == last;
}


/* if=FIELD, if=!FIELD, if=FIELD=VALUE, if=FIELD!=VALUE */

static ngx_int_t
ngx_http_prize_page_if(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_condition_t *condition, ngx_str_t *value)
{
    u_char         *p, *last, *name;
    prize_field_t  *field;

    name = value->data;
    last = value->data + value->len;

    if (name < last && *name == '!') {
        condition->negative = 1;
        name++;
    }

    p = ngx_strlchr(name, last, '=');

    if (p) {
        condition->compare = 1;
        condition->value.data = p + 1;
        condition->value.len = last - p - 1;

        if (p > name && p[-1] == '!' && !condition->negative) {
            condition->negative = 1;
            p--;
        }

    } else {
        p = last;
    }

    if (!ngx_http_prize_page_is_field(name, p)
        || (condition->compare && value->data[0] == '!'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_page\" takes \"if=FIELD\", \"if=!FIELD\", "
                           "\"if=FIELD=VALUE\" or \"if=FIELD!=VALUE\" with the "
                           "name of a field, not \"if=%V\"", value);
        return NGX_ERROR;
    }

    condition->conditional = 1;
    condition->field = prize_fields_add(&pages->fields, (char *) name,
                                        p - name);
    if (condition->field == -1) {
        return NGX_ERROR;
    }

    field = &pages->fields.list[condition->field];
    field->required = 1;

    if (field->file == NULL) {
        field->file = (char *) cf->conf_file->file.name.data;
        field->line = cf->conf_file->line;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_page_raw(ngx_conf_t *cf, ngx_array_t *raw, ngx_str_t *value)
{
    u_char       *p, *last, *comma;
    prize_str_t  *name;

    p = value->data;
    last = p + value->len;

    for ( ;; ) {
        comma = ngx_strlchr(p, last, ',');
        comma = comma ? comma : last;

        if (!ngx_http_prize_page_is_field(p, comma)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_page\" takes \"raw=FIELD[,FIELD...]\", "
                               "not \"raw=%V\"", value);
            return NGX_ERROR;
        }

        name = ngx_array_push(raw);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->data = (char *) p;
        name->len = comma - p;

        if (comma == last) {
            return NGX_OK;
        }

        p = comma + 1;
    }
}


static ngx_int_t
ngx_http_prize_page_compile(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_page_t *page, ngx_array_t *raw)
{
    ngx_str_t                      source;
    prize_template_error_t         error;
    prize_template_options_t       options;
    const prize_template_error_t  *notice;

    if (ngx_conf_full_name(cf->cycle, &page->file, 1) != NGX_OK
        || ngx_http_prize_file_read(cf, &page->file, &source) != NGX_OK)
    {
        return NGX_ERROR;
    }

    options.file = (char *) page->file.data;
    options.raw = raw->elts;
    options.nraw = raw->nelts;

    page->template = prize_template_compile((char *) source.data, source.len,
                                            &pages->fields, &options, &error);
    if (page->template == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_page\" %V:%ui:%ui: %s", &page->file,
                           (ngx_uint_t) error.line, (ngx_uint_t) error.column,
                           error.text);
        return NGX_ERROR;
    }

    notice = prize_template_notice(page->template);

    if (notice) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "\"prize_page\" %V:%ui:%ui: %s",
                           &page->file, (ngx_uint_t) notice->line,
                           (ngx_uint_t) notice->column, notice->text);
    }

    page->room = prize_plain_room(page->template);

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_page_option(ngx_conf_t *cf, ngx_http_prize_pages_t *pages,
    ngx_http_prize_page_t *page, ngx_array_t *raw, ngx_str_t *value)
{
    ngx_str_t  option;

    if (ngx_strncmp(value->data, "if=", 3) == 0
        && !page->condition.conditional)
    {
        option.data = value->data + 3;
        option.len = value->len - 3;

        return ngx_http_prize_page_if(cf, pages, &page->condition, &option);
    }

    if (ngx_strncmp(value->data, "raw=", 4) == 0) {
        option.data = value->data + 4;
        option.len = value->len - 4;

        return ngx_http_prize_page_raw(cf, raw, &option);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_page\" takes a file, one \"if=\" and "
                       "\"raw=\", not \"%V\"", value);

    return NGX_ERROR;
}


char *
ngx_http_prize_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_array_t                 raw;
    ngx_http_prize_page_t      *page;
    ngx_http_core_loc_conf_t   *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (plcf->pages == NULL) {

        if (clcf->handler) {
            return "conflicts with another content handler of the location";
        }

        plcf->pages = ngx_http_prize_pages_create(cf);
        if (plcf->pages == NULL) {
            return NGX_CONF_ERROR;
        }

        clcf->handler = ngx_http_prize_handler;
    }

    page = plcf->pages->list.elts;

    if (plcf->pages->list.nelts
        && !page[plcf->pages->list.nelts - 1].condition.conditional)
    {
        return "is never sent: the one before it has no \"if=\"";
    }

    if (ngx_array_init(&raw, cf->temp_pool, 2, sizeof(prize_str_t)) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    page = ngx_array_push(&plcf->pages->list);
    if (page == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(page, sizeof(ngx_http_prize_page_t));

    value = cf->args->elts;
    page->file = value[1];

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_prize_page_option(cf, plcf->pages, page, &raw, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_prize_page_compile(cf, plcf->pages, page, &raw) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_prize_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    value = cf->args->elts;

    if (clcf->handler) {
        return "conflicts with another content handler of the location";
    }

    if (cf->args->nelts == 1
        || ngx_strcmp(value[1].data, "prometheus") == 0)
    {
        clcf->handler = ngx_http_prize_status_prometheus_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "json") == 0) {
        clcf->handler = ngx_http_prize_status_json_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "health") == 0) {
        clcf->handler = ngx_http_prize_status_health_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "ready") == 0) {
        clcf->handler = ngx_http_prize_status_ready_handler;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "html") == 0) {
        clcf->handler = ngx_http_prize_status_html_handler;
        return ngx_http_prize_status_html_init(cf) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"prize_status\" takes \"prometheus\", \"json\", "
                       "\"html\", \"health\" or \"ready\", not \"%V\"",
                       &value[1]);

    return NGX_CONF_ERROR;
}


static void
ngx_http_prize_sign_cleanup(void *data)
{
    prize_keys_destroy(data);
}


char *
ngx_http_prize_sign_key_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    ngx_pool_cleanup_t         *cln;
    prize_lines_error_t         error;

    if (plcf->sign_keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->sign_keys = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    plcf->sign_keys = prize_keys_read((char *) value[1].data, &error);

    if (plcf->sign_keys == NULL) {
        if (error.line) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_sign_key_file\" %V:%ui: %s",
                               &value[1], (ngx_uint_t) error.line, error.text);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"prize_sign_key_file\" %V: %s", &value[1],
                               error.text);
        }

        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_prize_sign_cleanup;
    cln->data = plcf->sign_keys;

    return NGX_CONF_OK;
}


char *
ngx_http_prize_sign_event(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value;
    prize_str_t                 event;

    if (plcf->sign_event.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    event.data = (char *) value[1].data;
    event.len = value[1].len;

    if (prize_signature_event_check(&event) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_sign_event\" takes a name of 1 to %d "
                           "bytes, not \"%V\"", PRIZE_SIGNATURE_EVENT_MAX,
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->sign_event = value[1];

    return NGX_CONF_OK;
}


static void
ngx_http_prize_revoked_cleanup(void *data)
{
    prize_revoked_destroy(data);
}


char *
ngx_http_prize_sign_revoked(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    ngx_str_t                  *value, source;
    ngx_pool_cleanup_t         *cln;
    prize_lines_error_t         error;

    if (plcf->sign_revoked != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->sign_revoked = NULL;
        return NGX_CONF_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cln == NULL || ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK
        || ngx_http_prize_file_read(cf, &value[1], &source) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    plcf->sign_revoked = prize_revoked_parse((char *) source.data, source.len,
                                             &error);
    if (plcf->sign_revoked == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_sign_revoked\" %V:%ui: %s", &value[1],
                           (ngx_uint_t) error.line, error.text);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_prize_revoked_cleanup;
    cln->data = plcf->sign_revoked;

    return NGX_CONF_OK;
}


char *
ngx_http_prize_csp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_prize_loc_conf_t  *plcf = conf;

    u_char                     *p;
    ngx_str_t                  *value;
    const char                 *fault;
    prize_str_t                 more;

    if (plcf->csp != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    plcf->csp = (ngx_strcasecmp(value[1].data, (u_char *) "off") != 0);

    /* so that nothing is inherited */

    ngx_str_set(&plcf->csp_more, "");

    if (!plcf->csp
        || ngx_strcasecmp(value[1].data, (u_char *) "on") == 0)
    {
        return NGX_CONF_OK;
    }

    plcf->csp_more = value[1];

    /* a header has one line */

    for (p = value[1].data; p < value[1].data + value[1].len; p++) {
        if (*p == LF || *p == CR || *p == '\t') {
            *p = ' ';
        }
    }

    more.data = (char *) value[1].data;
    more.len = value[1].len;

    fault = ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')
            ? "a variable" : prize_policy_check(&more);

    if (fault) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"prize_csp\" takes \"on\", \"off\" or "
                           "directives of a policy to add, not \"%V\": %s",
                           &value[1], fault);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_prize_page_conf_inherit(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *prev, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_http_prize_page_t     *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* others set the handler without a look at who has */

    if (plcf->pages && clcf->handler != ngx_http_prize_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_page\" conflicts with another content handler "
                      "of the location in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    if (clcf->noname && plcf->pages == NULL && clcf->handler == NULL) {
        plcf->pages = prev->pages;
    }

    if (plcf->pages == NULL) {
        return NGX_OK;
    }

    if (clcf->lmt_excpt && clcf->handler == NULL) {
        clcf->handler = ngx_http_prize_handler;
    }

    page = plcf->pages->list.elts;
    page += plcf->pages->list.nelts - 1;

    if (page->condition.conditional && plcf->pages != prev->pages) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "the last \"prize_page\" has an \"if=\": an employee "
                      "who meets none of them gets 404, in %s:%ui",
                      plcf->pages->conf_file, plcf->pages->line);
    }

    return NGX_OK;
}


/* deflated once, however many locations have the pages */

static ngx_int_t
ngx_http_prize_gzip_create(ngx_conf_t *cf, ngx_http_prize_pages_t *pages)
{
    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {

        if (page[i].gzip == NULL) {
            page[i].gzip = prize_gzip_create(page[i].template);
        }

        if (page[i].gzip == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"prize_gzip\" has no memory for \"%V\", in %s:%ui",
                          &page[i].file, pages->conf_file, pages->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a warning: what is blocked may be meant to be */

static void
ngx_http_prize_policy_warn(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf,
    ngx_http_prize_page_t *page, ngx_str_t *policy)
{
    unsigned                next;
    prize_str_t             text;
    prize_policy_blocked_t  blocked;

    next = 0;
    text.data = (char *) policy->data;
    text.len = policy->len;

    while (!page->warned
           && prize_policy_next_blocked(page->template, &text, &next,
                                        &blocked))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"prize_csp\" blocks the %s of %V:%ui:%ui: expected "
                      "\"%s %s\" in it, in %s:%ui", blocked.load->what,
                      &page->file, (ngx_uint_t) blocked.load->line,
                      (ngx_uint_t) blocked.load->column, blocked.directive,
                      blocked.source, plcf->pages->conf_file,
                      plcf->pages->line);
    }

    page->warned = 1;
}


static ngx_int_t
ngx_http_prize_policy_create(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf,
    ngx_http_prize_page_t *page, ngx_str_t *policy)
{
    char                          *text;
    size_t                         len;
    prize_str_t                    more;
    const prize_template_error_t  *fault;

    fault = prize_template_fault(page->template);

    if (fault) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_csp\" has no hash for %V:%ui:%ui: %s, in "
                      "%s:%ui", &page->file, (ngx_uint_t) fault->line,
                      (ngx_uint_t) fault->column, fault->text,
                      plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    more.data = (char *) plcf->csp_more.data;
    more.len = plcf->csp_more.len;

    text = prize_policy_create(page->template, &more, &len);
    if (text == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"prize_csp\" has no memory for \"%V\", in %s:%ui",
                      &page->file, plcf->pages->conf_file, plcf->pages->line);
        return NGX_ERROR;
    }

    policy->len = len;
    policy->data = ngx_pnalloc(cf->pool, len);

    if (policy->data) {
        ngx_memcpy(policy->data, text, len);
    }

    free(text);

    if (policy->data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_prize_policy_warn(cf, plcf, page, policy);

    return NGX_OK;
}


/* of each location, since those that share their pages may add other things */

static ngx_int_t
ngx_http_prize_policies_create(ngx_conf_t *cf, ngx_http_prize_loc_conf_t *plcf)
{
    ngx_uint_t              i, n;
    ngx_http_prize_page_t  *page;

    page = plcf->pages->list.elts;
    n = plcf->pages->list.nelts;

    plcf->policies = ngx_palloc(cf->pool, n * sizeof(ngx_str_t));
    if (plcf->policies == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_prize_policy_create(cf, plcf, &page[i],
                                         &plcf->policies[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_page_conf_prepare(ngx_conf_t *cf,
    ngx_http_prize_loc_conf_t *plcf)
{
    if (plcf->gzip && ngx_http_prize_gzip_create(cf, plcf->pages) != NGX_OK) {
        return NGX_ERROR;
    }

    return plcf->csp ? ngx_http_prize_policies_create(cf, plcf) : NGX_OK;
}
