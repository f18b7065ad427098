
#include "ngx_http_prize.h"
#include "ngx_http_prize_conf.h"
#include "ngx_http_prize_handler.h"
#include "ngx_http_prize_open.h"
#include "ngx_http_prize_page.h"
#include "ngx_http_prize_page_conf.h"
#include "ngx_http_prize_redis_conf.h"
#include "ngx_http_prize_servers.h"
#include "ngx_http_prize_ssl_conf.h"
#include "ngx_http_prize_status.h"
#include "ngx_http_prize_store_conf.h"
#include "ngx_http_prize_variable.h"
#include "ngx_prize_history.h"


/* fixed, since a zone outlives a reload only at the same size */
#define NGX_HTTP_PRIZE_ZONE_SIZE  (sizeof(ngx_http_prize_zone_t) + 1024 * 1024)


static ngx_int_t ngx_http_prize_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_prize_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_prize_init_worker(ngx_cycle_t *cycle);
static void ngx_http_prize_exit_worker(ngx_cycle_t *cycle);


static ngx_conf_post_t  ngx_http_prize_positive =
    { ngx_http_prize_check_positive };

static ngx_conf_post_t  ngx_http_prize_id_length =
    { ngx_http_prize_check_id_length };

static ngx_conf_post_t  ngx_http_prize_database =
    { ngx_http_prize_check_database };

static ngx_conf_post_t  ngx_http_prize_ssl =
    { ngx_http_prize_check_ssl };


static ngx_command_t  ngx_http_prize_commands[] = {

    { ngx_string("prize_postgres"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_prize_postgres,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_page"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_HTTP_LMT_CONF|NGX_CONF_1MORE,
      ngx_http_prize_page,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_status"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_HTTP_LMT_CONF|NGX_CONF_NOARGS
                       |NGX_CONF_TAKE1,
      ngx_http_prize_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_id"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, id),
      NULL },

    { ngx_string("prize_id_max_length"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, id_max_length),
      &ngx_http_prize_id_length },

    { ngx_string("prize_redis_pass"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE12,
      ngx_http_prize_redis_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_cluster"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_cluster),
      NULL },

    { ngx_string("prize_redis_sentinel"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE123,
      ngx_http_prize_redis_sentinel,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_read_from"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_redis_read_from,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_redis_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_key),
      NULL },

    { ngx_string("prize_redis_connect_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_connect_timeout),
      &ngx_http_prize_positive },

    { ngx_string("prize_redis_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_timeout),
      &ngx_http_prize_positive },

    { ngx_string("prize_redis_username"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_username),
      NULL },

    { ngx_string("prize_redis_password"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_redis_password,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_redis_password_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_database"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_database),
      &ngx_http_prize_database },

    { ngx_string("prize_redis_ssl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl),
      &ngx_http_prize_ssl },

    { ngx_string("prize_redis_ssl_name"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_name,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_ssl_server_name"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_server_name),
      NULL },

    { ngx_string("prize_redis_ssl_verify"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_verify),
      NULL },

    { ngx_string("prize_redis_ssl_verify_depth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_verify_depth),
      NULL },

    { ngx_string("prize_redis_ssl_trusted_certificate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_trusted_certificate),
      NULL },

    { ngx_string("prize_redis_ssl_crl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_crl),
      NULL },

    { ngx_string("prize_redis_ssl_certificate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_certificate),
      NULL },

    { ngx_string("prize_redis_ssl_certificate_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_certificate_key),
      NULL },

    { ngx_string("prize_redis_ssl_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_password_file),
      NULL },

    { ngx_string("prize_redis_ssl_protocols"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_protocols),
      &ngx_http_prize_ssl_protocols },

    { ngx_string("prize_redis_ssl_ciphers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_ssl_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_ciphers),
      NULL },

    { ngx_string("prize_redis_ssl_conf_command"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE2,
      ngx_http_prize_ssl_conf_command,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_redis_ssl_session_reuse"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, redis_ssl_session_reuse),
      NULL },

    { ngx_string("prize_postgres_pass"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_postgres_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_postgres_query"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_postgres_query,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_postgres_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, postgres_timeout),
      &ngx_http_prize_positive },

    { ngx_string("prize_open"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_1MORE,
      ngx_http_prize_open,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_sign_key_file"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_sign_key_file,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_sign_event"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_sign_event,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_sign_revoked"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_sign_revoked,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_write_back"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_write_back,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("prize_gzip"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_prize_loc_conf_t, gzip),
      NULL },

    { ngx_string("prize_csp"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_http_prize_csp,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_prize_module_ctx = {
    ngx_http_prize_variables_add,          /* preconfiguration */
    ngx_http_prize_init,                   /* postconfiguration */

    ngx_http_prize_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_prize_create_loc_conf,        /* create location configuration */
    ngx_http_prize_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_prize_module = {
    NGX_MODULE_V1,
    &ngx_http_prize_module_ctx,            /* module context */
    ngx_http_prize_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_prize_init_module,            /* init module */
    ngx_http_prize_init_worker,            /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_prize_exit_worker,            /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_prize_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t        *shpool;
    ngx_http_prize_zone_t  *zone;

    if (data) {
        shm_zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        shm_zone->data = shpool->data;
        return NGX_OK;
    }

    zone = ngx_slab_calloc(shpool, sizeof(ngx_http_prize_zone_t));
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->metrics.start = ngx_time();

    shpool->data = zone;
    shm_zone->data = zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_prize_init(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_str_t                    name = ngx_string("prize_metrics");
    ngx_http_handler_pt         *h;
    ngx_http_prize_pages_t     **pages;
    ngx_http_prize_main_conf_t  *pmcf;
    ngx_http_core_main_conf_t   *cmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_prize_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    pmcf->zone = ngx_shared_memory_add(cf, &name, NGX_HTTP_PRIZE_ZONE_SIZE,
                                       &ngx_http_prize_module);
    if (pmcf->zone == NULL) {
        return NGX_ERROR;
    }

    pmcf->zone->init = ngx_http_prize_init_zone;

    if (ngx_http_prize_variables_fields(cf, pmcf) != NGX_OK
        || ngx_http_prize_store_conf_finish(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    pages = pmcf->pages.elts;

    for (i = 0; i < pmcf->pages.nelts; i++) {
        if (prize_command_init(&pages[i]->command, &pages[i]->fields) != 0) {
            return NGX_ERROR;
        }
    }

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_prize_preaccess_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_prize_log_handler;

    ngx_http_prize_page_init();

    return NGX_OK;
}


/* once a load of the configuration, and before any worker has it */

static ngx_int_t
ngx_http_prize_init_module(ngx_cycle_t *cycle)
{
    ngx_http_prize_zone_t       *zone;
    ngx_http_prize_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_prize_module);

    if (pmcf) {
        zone = pmcf->zone->data;
        pmcf->load = ++zone->ready.loads;
    }

    return NGX_OK;
}


/* a page is labelled by the last part of its path */

static void
ngx_http_prize_label(ngx_http_prize_pages_t *pages)
{
    u_char                 *p;
    ngx_str_t               name;
    ngx_uint_t              i;
    ngx_http_prize_page_t  *page;

    page = pages->list.elts;

    for (i = 0; i < pages->list.nelts; i++) {
        name = page[i].file;
        p = ngx_strlchr(name.data, name.data + name.len, '/');

        while (p) {
            name.len -= p + 1 - name.data;
            name.data = p + 1;
            p = ngx_strlchr(name.data, name.data + name.len, '/');
        }

        page[i].label = ngx_prize_metrics_label(PRIZE_LABEL_PAGE, &name);
    }
}


static ngx_int_t
ngx_http_prize_init_worker(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_http_prize_zone_t        *zone;
    ngx_http_prize_main_conf_t   *pmcf;
    ngx_http_prize_loc_conf_t   **plcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    pmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_prize_module);

    if (pmcf == NULL) {
        return NGX_OK;
    }

    zone = pmcf->zone->data;

    if (ngx_prize_metrics_open(&zone->metrics) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "prize: more than %d workers, this one is not in "
                      "\"prize_status\"", PRIZE_METRICS_SLOTS);
    }

    /* the time is still the master's, and connecting has a budget */

    ngx_time_update();

    ngx_prize_history_start(cycle, &zone->history, &zone->metrics);
    ngx_prize_ready_open(&zone->ready, pmcf->load);

    plcf = pmcf->locations.elts;

    for (i = 0; i < pmcf->locations.nelts; i++) {

        /* without memory it is made on first use, or that is a 500 */

        if (plcf[i]->postgres) {
            (void) ngx_prize_postgres_get(cycle, plcf[i]->postgres);
        }
    }

    /* nor is what libpq needed to start part of the budget of Redis */

    ngx_time_update();

    for (i = 0; i < pmcf->locations.nelts; i++) {
        ngx_http_prize_label(plcf[i]->pages);
        ngx_http_prize_servers_open(cycle, plcf[i]);
    }

    return NGX_OK;
}


static void
ngx_http_prize_exit_worker(ngx_cycle_t *cycle)
{
    ngx_http_prize_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_prize_module);

    if (pmcf == NULL) {
        return;
    }

    ngx_prize_backend_close_all();

    ngx_prize_metrics_close();
}
