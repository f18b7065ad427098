
/*
 * What all of this layer share: the module, and its configuration.
 */

#ifndef _NGX_HTTP_PRIZE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_prize_lookup.h"
#include "ngx_prize_metrics.h"
#include "ngx_prize_postgres.h"
#include "ngx_prize_ready.h"
#include "ngx_prize_redis_route.h"
#include "ngx_http_prize_value.h"
#include "prize_gzip.h"
#include "prize_history.h"
#include "prize_id.h"
#include "prize_keys.h"
#include "prize_revoked.h"
#include "prize_signature.h"
#include "prize_template.h"


/* nginx has no name for it */
#define NGX_HTTP_PRIZE_GONE  410


/* in shared memory */

typedef struct {
    prize_metrics_t                  metrics;
    prize_history_t                  history;
    ngx_prize_ready_t                ready;
} ngx_http_prize_zone_t;


typedef struct {
    ngx_array_t                      pools;      /* of pointers to pools' */
                                                 /*   configurations */
    ngx_array_t                      logins;     /* of pointers, no two equal */
    ngx_array_t                      tls;        /* the same, of its settings */
    ngx_array_t                      names;      /* the same, of what is */
                                                 /*   resolved, */
    ngx_array_t                      routes;     /*   and of routes */
    ngx_array_t                      pages;      /* of pointers, to tables */
                                                 /*   of fields as well */
    ngx_array_t                      locations;  /* of pointers to their */
                                                 /*   configurations */
    ngx_shm_zone_t                  *zone;       /* of ngx_http_prize_zone_t */
    ngx_atomic_uint_t                load;       /* which of the zone's it is */
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
    unsigned                         warned:1;   /* of what a policy blocks */
} ngx_http_prize_page_t;


/* the pages of one location, and what all of them together need */

typedef struct {
    ngx_array_t                      list;       /* of ngx_http_prize_page_t */
    prize_fields_t                   fields;
    prize_command_t                  command;

    u_char                          *conf_file;  /* of the first of them */
    ngx_uint_t                       line;
} ngx_http_prize_pages_t;


/* a value, and where its directive stands; value.data is NULL if nowhere */

typedef struct {
    ngx_str_t                        value;
    u_char                          *conf_file;
    ngx_uint_t                       line;
} ngx_http_prize_placed_t;


/* whom "prize_redis_pass" names */

typedef struct {
    ngx_http_upstream_srv_conf_t    *upstream;   /* NULL: with "resolve" */
    ngx_str_t                        name;       /*   this one is resolved, */
    in_port_t                        port;       /*   and here it is */
    u_char                          *conf_file;
    ngx_uint_t                       line;
} ngx_http_prize_target_t;


/* "prize_open" */

typedef struct {
    time_t                           from;       /* its first second, */
    time_t                           until;      /*   and the first one after */
                                                 /*   it, */
    unsigned                         closes:1;   /*   if there is one */
    ngx_array_t                      early;      /* of ngx_str_t: testers */
} ngx_http_prize_open_t;


/* whose name the Sentinels know, and who we are to them */

typedef struct {
    ngx_str_t                        master;
    ngx_str_t                        username;
    ngx_str_t                        password;
} ngx_http_prize_sentinel_t;


/* a route, and the logins of a cluster's nodes or of a master's servers */

typedef struct {
    ngx_prize_redis_route_conf_t     conf;
    const ngx_prize_redis_login_t   *login_base; /* of which "login" and */
    const ngx_prize_redis_login_t   *ask_base;   /*   "ask" are copies */
    ngx_prize_redis_login_t          login;
    ngx_prize_redis_login_t          ask;
} ngx_http_prize_route_t;


typedef struct {
    ngx_http_prize_pages_t          *pages;      /* NULL: not our location */

    ngx_http_complex_value_t        *id;
    ngx_http_prize_value_t           id_value;
    size_t                           id_max_length;

    ngx_http_prize_target_t         *redis;      /* NULL: off */
    ngx_prize_redis_route_conf_t    *redis_route; /* NULL: the balancer's */
    ngx_flag_t                       redis_cluster;
    ngx_http_prize_sentinel_t       *redis_sentinel;  /* NULL: off */
    ngx_uint_t                       redis_read_from;
    ngx_http_complex_value_t        *redis_key;
    ngx_http_prize_value_t           key_value;
    ngx_msec_t                       redis_connect_timeout;
    ngx_msec_t                       redis_timeout;
    ngx_str_t                        redis_username;
    ngx_str_t                        redis_password;
    ngx_int_t                        redis_database;
    const ngx_prize_redis_login_t   *redis_login;

    ngx_flag_t                       redis_ssl;
    ngx_str_t                        redis_ssl_name;
    ngx_flag_t                       redis_ssl_server_name;
    ngx_flag_t                       redis_ssl_verify;
    ngx_uint_t                       redis_ssl_verify_depth;
    ngx_http_prize_placed_t          redis_ssl_trusted_certificate;
    ngx_http_prize_placed_t          redis_ssl_crl;
    ngx_http_prize_placed_t          redis_ssl_certificate;
    ngx_http_prize_placed_t          redis_ssl_certificate_key;
    ngx_http_prize_placed_t          redis_ssl_password_file;
    ngx_uint_t                       redis_ssl_protocols;
    ngx_http_prize_placed_t          redis_ssl_ciphers;
    ngx_http_prize_placed_t          redis_ssl_conf_command;
    ngx_array_t                     *redis_ssl_conf_commands;
    ngx_flag_t                       redis_ssl_session_reuse;

    ngx_str_t                        postgres_name;  /* empty: off */
    u_char                          *postgres_conf_file;
    ngx_uint_t                       postgres_line;
    ngx_prize_postgres_conf_t       *postgres;
    ngx_prize_postgres_query_t       postgres_query;
    ngx_uint_t                       query;      /* of the pool's */
    ngx_msec_t                       postgres_timeout;

    ngx_http_prize_open_t           *open;       /* NULL: always */

    prize_keys_t                    *sign_keys;  /* NULL: links are not */
    ngx_str_t                        sign_event; /*   signed */
    prize_revoked_t                 *sign_revoked;  /* NULL: off */

    ngx_msec_t                       write_back; /* 0: off */
    ngx_flag_t                       gzip;

    ngx_flag_t                       csp;
    ngx_str_t                        csp_more;   /* directives */
    ngx_str_t                       *policies;   /* of the pages, by their */
                                                 /*   index; NULL: off */
} ngx_http_prize_loc_conf_t;


extern ngx_module_t  ngx_http_prize_module;


static ngx_inline ngx_uint_t
ngx_http_prize_equal_str(const ngx_str_t *one, const ngx_str_t *two)
{
    return ngx_memn2cmp(one->data, two->data, one->len, two->len) == 0;
}


#endif /* _NGX_HTTP_PRIZE_H_INCLUDED_ */
