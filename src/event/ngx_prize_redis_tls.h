
/*
 * TLS to Redis: a setting, made once when the configuration is read, and what
 * it makes of a connection.  All of OpenSSL and of nginx's ngx_ssl_* that the
 * module uses for connections stands here: an nginx without SSL lacks them.
 */

#ifndef _NGX_PRIZE_REDIS_TLS_H_INCLUDED_
#define _NGX_PRIZE_REDIS_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/* what nginx or OpenSSL say of a failure: one line, cut at this length */
#define NGX_PRIZE_REDIS_TLS_WORDS  320

/* as NGX_SSL_TLSv1..., which an nginx without SSL does not define */
#define NGX_PRIZE_REDIS_TLSv1      0x0008
#define NGX_PRIZE_REDIS_TLSv1_1    0x0010
#define NGX_PRIZE_REDIS_TLSv1_2    0x0020
#define NGX_PRIZE_REDIS_TLSv1_3    0x0040


/*
 * A setting.  Its values are set by the configuration, which makes equal ones
 * one; files are full paths.
 */

typedef struct {
    ngx_str_t      name;        /* to be checked; empty: the server's own */
    ngx_flag_t     server_name; /* is sent, if it is no address */
    ngx_flag_t     verify;
    ngx_uint_t     verify_depth;
    ngx_str_t      trusted_certificate;     /* empty: the system's */
    ngx_str_t      crl;
    ngx_str_t      certificate;
    ngx_str_t      certificate_key;
    ngx_str_t      password_file;
    ngx_uint_t     protocols;
    ngx_str_t      ciphers;
    ngx_array_t   *conf_commands;           /* of ngx_keyval_t, or NULL */
    ngx_flag_t     session_reuse;

    ngx_ssl_t     *ssl;
    time_t         not_after;   /* of our certificate; 0: there is none */
} ngx_prize_redis_tls_t;


/* the value that OpenSSL did not take */

typedef enum {
    NGX_PRIZE_REDIS_TLS_OTHER = 0,
    NGX_PRIZE_REDIS_TLS_TRUSTED,
    NGX_PRIZE_REDIS_TLS_CRL,
    NGX_PRIZE_REDIS_TLS_CERTIFICATE,
    NGX_PRIZE_REDIS_TLS_KEY,
    NGX_PRIZE_REDIS_TLS_PASSWORD,
    NGX_PRIZE_REDIS_TLS_CIPHERS,
    NGX_PRIZE_REDIS_TLS_COMMAND
} ngx_prize_redis_tls_value_e;


/* of one connection, of which there is one at a time; lives as its owner */

typedef struct {
    const ngx_prize_redis_tls_t  *tls;
    ngx_str_t                    *host;     /* what the server should be */
                                            /*   called; ends with a NUL */
    ngx_log_t                     log;      /* the connection's */
    ngx_log_t                    *parent;   /* the cycle's */
    void                         *session;  /* to be resumed, or NULL */
    time_t                        not_after;    /* of the server's */
                                                /*   certificate, or 0 */

    size_t                        len;
    u_char                        words[NGX_PRIZE_REDIS_TLS_WORDS];
} ngx_prize_redis_tls_conn_t;


/* 0: this nginx was built without SSL */
ngx_uint_t ngx_prize_redis_tls_supported(void);

/*
 * Makes tls->ssl, which is freed with cf->pool.  NGX_DECLINED: "*value" was
 * not taken, and "words" says why; NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_redis_tls_create(ngx_conf_t *cf,
    ngx_prize_redis_tls_t *tls, ngx_prize_redis_tls_value_e *value,
    ngx_str_t *words);

/* "tc" was zeroed; the setting and the name live as long as it */
void ngx_prize_redis_tls_init(ngx_prize_redis_tls_conn_t *tc,
    const ngx_prize_redis_tls_t *tls, ngx_str_t *host, ngx_log_t *log);

/*
 * Begins the handshake on a socket that is connected, and has c->pool and
 * c->log made for it.  NGX_AGAIN: it is under way, and its handlers are
 * nginx's until "handler" is called.  NGX_OK: it has ended, well or not.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_prize_redis_tls_handshake(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c, ngx_connection_handler_pt handler);

/*
 * After its end: the server is who it should be.  NULL, or what is wrong, and
 * tc->words has more of it; "*lost" is set where that may be the network's
 * fault.
 */
const char *ngx_prize_redis_tls_refuse(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c, ngx_uint_t *lost);

/* some byte of the server has come; where none has, it may speak no TLS */
ngx_uint_t ngx_prize_redis_tls_heard(ngx_connection_t *c);

/*
 * After c->recv or c->send has failed: TLS itself was refused, and
 * tc->words says why.
 */
ngx_uint_t ngx_prize_redis_tls_refused(ngx_prize_redis_tls_conn_t *tc);

/*
 * Before the connection is closed, whatever its state; with "unsent" output
 * the server is not told.  tc->words is empty then.
 */
void ngx_prize_redis_tls_close(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c, ngx_uint_t unsent);

/* the session is not resumed again */
void ngx_prize_redis_tls_forget(ngx_prize_redis_tls_conn_t *tc);


#endif /* _NGX_PRIZE_REDIS_TLS_H_INCLUDED_ */
