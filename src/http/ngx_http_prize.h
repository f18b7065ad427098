
/*
 * What the rooms of this layer share: the configuration and the context of a
 * request.
 */

#ifndef _NGX_HTTP_PRIZE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_prize_lookup.h"
#include "ngx_prize_metrics.h"
#include "ngx_prize_postgres.h"
#include "ngx_prize_redis.h"
#include "ngx_http_prize_value.h"
#include "prize_gzip.h"
#include "prize_history.h"
#include "prize_id.h"
#include "prize_signature.h"
#include "prize_template.h"


/* in shared memory */

typedef struct {
    prize_metrics_t                  metrics;
    prize_history_t                  history;
} ngx_http_prize_zone_t;


typedef struct {
    ngx_array_t                      pools;      /* of pointers to pools' */
                                                 /*   configurations */
    ngx_array_t                      logins;     /* of pointers, no two equal */
    ngx_array_t                      pages;      /* of pointers, to tables */
                                                 /*   of fields as well */
    ngx_array_t                      locations;  /* of pointers to their */
                                                 /*   configurations */
    ngx_shm_zone_t                  *zone;       /* of ngx_http_prize_zone_t */
    ngx_str_t                        status_csp; /* of "prize_status html" */
} ngx_http_prize_main_conf_t;


/* "if=": a field, and what its value has to be */

typedef struct {
    int                              field;
    ngx_str_t                        value;
    unsigned                         conditional:1;
    unsigned                         compare:1;  /* else: true or false */
    unsigned                         negative:1;
} ngx_http_prize_condition_t;


typedef struct {
    ngx_str_t                        file;
    prize_template_t                *template;
    prize_output_room_t              room;       /* of the plain page */
    prize_gzip_t                    *gzip;       /* NULL until it is wanted */
    ngx_http_prize_condition_t       condition;
    ngx_uint_t                       label;      /* of the worker's metrics */
} ngx_http_prize_page_t;


/* the pages of one location, and what all of them together need */

typedef struct {
    ngx_array_t                      list;       /* of ngx_http_prize_page_t */
    prize_fields_t                   fields;
    prize_command_t                  command;

    u_char                          *conf_file;  /* of the first of them */
    ngx_uint_t                       line;
} ngx_http_prize_pages_t;


typedef struct {
    ngx_http_prize_pages_t          *pages;      /* NULL: not our location */

    ngx_http_complex_value_t        *id;
    ngx_http_prize_value_t           id_value;
    size_t                           id_max_length;

    ngx_http_upstream_srv_conf_t    *redis;      /* NULL: off */
    ngx_http_complex_value_t        *redis_key;
    ngx_http_prize_value_t           key_value;
    ngx_msec_t                       redis_connect_timeout;
    ngx_msec_t                       redis_timeout;
    ngx_str_t                        redis_username;
    ngx_str_t                        redis_password;
    ngx_int_t                        redis_database;
    ngx_prize_redis_login_t         *redis_login;

    ngx_str_t                        postgres_name;  /* empty: off */
    u_char                          *postgres_conf_file;
    ngx_uint_t                       postgres_line;
    ngx_prize_postgres_conf_t       *postgres;
    ngx_str_t                        postgres_query;
    ngx_uint_t                       query;      /* of the pool's */
    ngx_msec_t                       postgres_timeout;

    prize_signature_keys_t          *sign_keys;  /* NULL: links are not */
    ngx_str_t                        sign_event; /*   signed */

    ngx_msec_t                       write_back; /* 0: off */
    ngx_flag_t                       gzip;

    ngx_flag_t                       csp;
    ngx_str_t                        csp_more;   /* directives */
    ngx_str_t                       *policies;   /* of the pages, by their */
                                                 /*   index; NULL: off */
} ngx_http_prize_loc_conf_t;


typedef enum {
    NGX_HTTP_PRIZE_NOBODY = 0,
    NGX_HTTP_PRIZE_REDIS,
    NGX_HTTP_PRIZE_POSTGRES
} ngx_http_prize_source_e;


typedef enum {
    NGX_HTTP_PRIZE_NONE = 0,
    NGX_HTTP_PRIZE_FOUND,
    NGX_HTTP_PRIZE_UNKNOWN,
    NGX_HTTP_PRIZE_REFUSED,
    NGX_HTTP_PRIZE_SHED,
    NGX_HTTP_PRIZE_TIMEOUT,
    NGX_HTTP_PRIZE_ERROR
} ngx_http_prize_result_e;


/*
 * One request's way to its page.  It lives in a cleanup of the request's
 * pool, where an internal redirect does not lose it, so that the log phase
 * still knows what happened.
 */

typedef struct {
    ngx_http_request_t              *request;    /* or a subrequest */
    ngx_http_prize_loc_conf_t       *conf;       /* of the location that ran */

    ngx_str_t                        id;         /* empty: not a valid one */
    ngx_int_t                        refusal;    /* its status, or 0 */
    ngx_http_prize_source_e          source;
    ngx_http_prize_result_e          result;

    /* the record found, indexed by conf->pages->fields; in the pool */
    prize_str_t                     *values;

    ngx_prize_lookup_t               lookup;
    ngx_http_upstream_t             *upstream;   /* ours, if not r's any more */
    ngx_prize_redis_conn_t          *redis;      /* that has the lookup, or */
    ngx_prize_postgres_pool_t       *postgres;   /* that has it, or NULL */
    ngx_prize_redis_conn_t          *write_to;   /* where a row is missing */
    ngx_msec_t                       start;      /* of the current try */
    uint64_t                         clock;      /* when this location's */
                                                 /*   phases began */
    ngx_table_elt_t                 *retry_after;    /* of a 503, or NULL */
    ngx_table_elt_t                 *policy;     /* of the page, or NULL */

    unsigned                         peer:1;     /* the balancer gave one */
    unsigned                         asked:1;    /* some Redis was tried */
    unsigned                         late:1;     /* a backend was too late */
    unsigned                         counted:1;  /* in flight */
    unsigned                         guarded:1;  /* has its cleanup */
    unsigned                         post_action:1;  /* as r->post_action, */
                                                 /*   when it was asked */
} ngx_http_prize_ctx_t;


extern ngx_module_t  ngx_http_prize_module;


/* where an internal redirect has lost it, or NULL */
ngx_http_prize_ctx_t *ngx_http_prize_find_ctx(ngx_http_request_t *r);


/* the context of this request, or NULL; also after an internal redirect */

static ngx_inline ngx_http_prize_ctx_t *
ngx_http_prize_get_ctx(ngx_http_request_t *r)
{
    ngx_http_prize_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_prize_module);

    return ctx ? ctx : ngx_http_prize_find_ctx(r);
}


/* takes and checks the request's ID; NGX_ERROR without memory */
ngx_int_t ngx_http_prize_take_id(ngx_http_request_t *r,
    ngx_http_prize_loc_conf_t *plcf, ngx_str_t *id);


/* phase and content handlers */
ngx_int_t ngx_http_prize_preaccess_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_prize_log_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PRIZE_H_INCLUDED_ */
