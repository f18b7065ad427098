
#include <ngx_config.h>

#include <time.h>

#include "ngx_prize_redis_tls.h"


#if (NGX_SSL)

/* an nginx that was built without SSL has none of them */

#pragma weak ngx_ssl_create
#pragma weak ngx_ssl_cleanup_ctx
#pragma weak ngx_ssl_ciphers
#pragma weak ngx_ssl_certificate
#pragma weak ngx_ssl_trusted_certificate
#pragma weak ngx_ssl_crl
#pragma weak ngx_ssl_read_password_file
#pragma weak ngx_ssl_conf_commands
#pragma weak ngx_ssl_client_session_cache
#pragma weak ngx_ssl_create_connection
#pragma weak ngx_ssl_set_session
#pragma weak ngx_ssl_get_session
#pragma weak ngx_ssl_handshake
#pragma weak ngx_ssl_check_host
#pragma weak ngx_ssl_shutdown


/* how ngx_ssl_error() marks what OpenSSL has to say */
#define NGX_PRIZE_REDIS_TLS_MARK  "(SSL:"


/*
 * A line of nginx's own begins with its time, level and process: "... 7#7: "
 */

static void
ngx_prize_redis_tls_set_words(u_char *words, size_t *len, u_char *line,
    size_t size)
{
    u_char  *p, *last;

    last = line + size;
    p = ngx_strlchr(line, last, '#');
    p = p ? ngx_strlchr(p, last, ' ') : NULL;
    p = p ? p + 1 : line;

    while (last > p && (last[-1] == LF || last[-1] == CR)) {
        last--;
    }

    *len = ngx_min((size_t) (last - p), NGX_PRIZE_REDIS_TLS_WORDS - 1);

    ngx_memcpy(words, p, *len);
    words[*len] = '\0';
}


ngx_uint_t
ngx_prize_redis_tls_supported(void)
{
    return ngx_ssl_create != NULL;
}


static time_t
ngx_prize_redis_tls_not_after(X509 *cert)
{
    struct tm  tm;

    ngx_memzero(&tm, sizeof(struct tm));

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1) {
        ERR_clear_error();
        return 0;
    }

    return timegm(&tm);
}


/* making a setting, when the configuration is read */

static ngx_int_t
ngx_prize_redis_tls_load_trusted(ngx_conf_t *cf, ngx_prize_redis_tls_t *tls)
{
    if (ngx_ssl_trusted_certificate(cf, tls->ssl, &tls->trusted_certificate,
                                    tls->verify_depth)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (tls->trusted_certificate.len == 0
        && SSL_CTX_set_default_verify_paths(tls->ssl->ctx) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_prize_redis_tls_load_certificate(ngx_conf_t *cf,
    ngx_prize_redis_tls_t *tls, ngx_prize_redis_tls_value_e *value)
{
    X509         *cert;
    ngx_array_t  *passwords;

    passwords = NULL;

    if (tls->password_file.len) {
        *value = NGX_PRIZE_REDIS_TLS_PASSWORD;

        passwords = ngx_ssl_read_password_file(cf, &tls->password_file);
        if (passwords == NULL) {
            return NGX_ERROR;
        }
    }

    *value = NGX_PRIZE_REDIS_TLS_CERTIFICATE;

    if (ngx_ssl_certificate(cf, tls->ssl, &tls->certificate,
                            &tls->certificate_key, passwords)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cert = SSL_CTX_get0_certificate(tls->ssl->ctx);
    tls->not_after = cert ? ngx_prize_redis_tls_not_after(cert) : 0;

    return NGX_OK;
}


static ngx_int_t
ngx_prize_redis_tls_load(ngx_conf_t *cf, ngx_prize_redis_tls_t *tls,
    ngx_prize_redis_tls_value_e *value)
{
    *value = NGX_PRIZE_REDIS_TLS_CIPHERS;

    if (ngx_ssl_ciphers(cf, tls->ssl, &tls->ciphers, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    *value = NGX_PRIZE_REDIS_TLS_TRUSTED;

    if (ngx_prize_redis_tls_load_trusted(cf, tls) != NGX_OK) {
        return NGX_ERROR;
    }

    *value = NGX_PRIZE_REDIS_TLS_CRL;

    if (ngx_ssl_crl(cf, tls->ssl, &tls->crl) != NGX_OK) {
        return NGX_ERROR;
    }

    if (tls->certificate.len
        && ngx_prize_redis_tls_load_certificate(cf, tls, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *value = NGX_PRIZE_REDIS_TLS_COMMAND;

    if (ngx_ssl_conf_commands(cf, tls->ssl, tls->conf_commands) != NGX_OK) {
        return NGX_ERROR;
    }

    *value = NGX_PRIZE_REDIS_TLS_OTHER;

    return ngx_ssl_client_session_cache(cf, tls->ssl, tls->session_reuse);
}


typedef struct {
    size_t   len;
    u_char   words[NGX_PRIZE_REDIS_TLS_WORDS];
} ngx_prize_redis_tls_said_t;


static void
ngx_prize_redis_tls_conf_writer(ngx_log_t *log, ngx_uint_t level, u_char *line,
    size_t size)
{
    ngx_prize_redis_tls_said_t  *said = log->wdata;

    ngx_prize_redis_tls_set_words(said->words, &said->len, line, size);
}


/*
 * nginx's own messages name no directive, and the end of the block as the
 * place: they are kept from the log, for a message that does better.
 */

static ngx_int_t
ngx_prize_redis_tls_load_quietly(ngx_conf_t *cf, ngx_prize_redis_tls_t *tls,
    ngx_prize_redis_tls_value_e *value, ngx_prize_redis_tls_said_t *said)
{
    ngx_int_t         rc;
    ngx_log_t         log, *saved;
    ngx_uint_t        use_stderr;
    ngx_conf_file_t  *conf_file;

    ngx_memzero(&log, sizeof(ngx_log_t));

    log.log_level = NGX_LOG_ERR;
    log.writer = ngx_prize_redis_tls_conf_writer;
    log.wdata = said;

    saved = cf->log;
    conf_file = cf->conf_file;
    use_stderr = ngx_use_stderr;

    cf->log = &log;
    cf->conf_file = NULL;
    ngx_use_stderr = 0;
    tls->ssl->log = &log;

    rc = ngx_prize_redis_tls_load(cf, tls, value);

    cf->log = saved;
    cf->conf_file = conf_file;
    ngx_use_stderr = use_stderr;
    tls->ssl->log = saved;

    return rc;
}


/* ngx_ssl_certificate() loads both */

static ngx_uint_t
ngx_prize_redis_tls_is_key(ngx_prize_redis_tls_said_t *said)
{
    return ngx_strncmp(said->words, "cannot load certificate key", 27) == 0
           || ngx_strncmp(said->words, "SSL_CTX_use_PrivateKey", 22) == 0;
}


ngx_int_t
ngx_prize_redis_tls_create(ngx_conf_t *cf, ngx_prize_redis_tls_t *tls,
    ngx_prize_redis_tls_value_e *value, ngx_str_t *words)
{
    ngx_int_t                    rc;
    ngx_pool_cleanup_t          *cln;
    ngx_prize_redis_tls_said_t  *said;

    tls->ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    said = ngx_pcalloc(cf->pool, sizeof(ngx_prize_redis_tls_said_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (tls->ssl == NULL || said == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    tls->ssl->log = cf->log;

    if (ngx_ssl_create(tls->ssl, tls->protocols, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = tls->ssl;

    rc = ngx_prize_redis_tls_load_quietly(cf, tls, value, said);

    /* what OpenSSL read may leave errors behind, though it has succeeded */

    ERR_clear_error();

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (*value == NGX_PRIZE_REDIS_TLS_CERTIFICATE
        && ngx_prize_redis_tls_is_key(said))
    {
        *value = NGX_PRIZE_REDIS_TLS_KEY;
    }

    words->data = said->words;
    words->len = said->len;

    return NGX_DECLINED;
}


/*
 * What nginx says of a connection, mostly at level "info", is kept for the
 * notice of its end, so that no failure has two lines.  The rest goes on.
 */

static void
ngx_prize_redis_tls_writer(ngx_log_t *log, ngx_uint_t level, u_char *line,
    size_t size)
{
    size_t                       len;
    u_char                       words[NGX_PRIZE_REDIS_TLS_WORDS];
    ngx_prize_redis_tls_conn_t  *tc = log->wdata;

    if (level > NGX_LOG_ALERT && level < NGX_LOG_DEBUG) {
        ngx_prize_redis_tls_set_words(tc->words, &tc->len, line, size);
        return;
    }

    ngx_prize_redis_tls_set_words(words, &len, line, size);

    ngx_log_error_core(level, tc->parent, 0, "%*s", len, words);
}


void
ngx_prize_redis_tls_init(ngx_prize_redis_tls_conn_t *tc,
    const ngx_prize_redis_tls_t *tls, ngx_str_t *host, ngx_log_t *log)
{
    tc->tls = tls;
    tc->host = host;
    tc->parent = log;

    tc->log = *log;
    tc->log.log_level = ngx_max(log->log_level, NGX_LOG_INFO);
    tc->log.writer = ngx_prize_redis_tls_writer;
    tc->log.wdata = tc;
    tc->log.next = NULL;
}


static ngx_uint_t
ngx_prize_redis_tls_is_address(ngx_str_t *host)
{
#if (NGX_HAVE_INET6)
    u_char  address[16];

    if (ngx_inet6_addr(host->data, host->len, address) == NGX_OK) {
        return 1;
    }
#endif

    return ngx_inet_addr(host->data, host->len) != INADDR_NONE;
}


/* what c->log is, is ours */

static void
ngx_prize_redis_tls_save_session(ngx_connection_t *c)
{
    ngx_prize_redis_tls_conn_t  *tc = c->log->wdata;

    ngx_prize_redis_tls_forget(tc);
    tc->session = ngx_ssl_get_session(c);
}


void
ngx_prize_redis_tls_forget(ngx_prize_redis_tls_conn_t *tc)
{
    if (tc->session) {
        ngx_ssl_free_session(tc->session);
        tc->session = NULL;
    }
}


static ngx_int_t
ngx_prize_redis_tls_prepare(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c)
{
    SSL                          *ssl;
    const ngx_prize_redis_tls_t  *tls;

    tls = tc->tls;

    c->pool = ngx_create_pool(256, tc->parent);
    if (c->pool == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ssl_create_connection(tls->ssl, c, NGX_SSL_CLIENT) != NGX_OK) {
        return NGX_ERROR;
    }

    ssl = c->ssl->connection;

    /* the commands of one turn are one buffer, which grows and moves */

    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE
                      |SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    /* nginx has many idle connections, of which this is none */

    SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);

    /* no address stands there (RFC 6066, section 3) */

    if (tls->server_name && tc->host->len
        && !ngx_prize_redis_tls_is_address(tc->host)
        && SSL_set_tlsext_host_name(ssl, (char *) tc->host->data) != 1)
    {
        return NGX_ERROR;
    }

    if (!tls->session_reuse) {
        return NGX_OK;
    }

    c->ssl->save_session = ngx_prize_redis_tls_save_session;

    return ngx_ssl_set_session(c, tc->session);
}


ngx_int_t
ngx_prize_redis_tls_handshake(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c, ngx_connection_handler_pt handler)
{
    c->log = &tc->log;
    c->read->log = &tc->log;
    c->write->log = &tc->log;

    if (ngx_prize_redis_tls_prepare(tc, c) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ssl_handshake(c) == NGX_AGAIN) {
        c->ssl->handler = handler;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


/* nginx's callback has OpenSSL go on with any certificate */

static const char *
ngx_prize_redis_tls_check(ngx_prize_redis_tls_conn_t *tc, ngx_connection_t *c,
    X509 *cert)
{
    long        rc;
    ngx_int_t   ok;
    u_char     *last;

    last = tc->words + NGX_PRIZE_REDIS_TLS_WORDS - 1;

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        tc->len = ngx_slprintf(tc->words, last, "%s (%l)",
                               X509_verify_cert_error_string(rc), rc)
                  - tc->words;
        return "its certificate is refused";
    }

    ok = ngx_prize_redis_tls_is_address(tc->host)
         ? X509_check_ip_asc(cert, (char *) tc->host->data, 0) == 1
         : ngx_ssl_check_host(c, tc->host) == NGX_OK;

    if (!ok) {
        tc->len = ngx_slprintf(tc->words, last, "%V", tc->host) - tc->words;
        return "its certificate does not name";
    }

    return NULL;
}


const char *
ngx_prize_redis_tls_refuse(ngx_prize_redis_tls_conn_t *tc, ngx_connection_t *c,
    ngx_uint_t *lost)
{
    X509        *cert;
    const char  *why;

    *lost = 0;

    if (!c->ssl->handshaked) {

        if (ngx_strstr(tc->words, "wrong version number")) {
            return "it does not speak TLS";
        }

        *lost = !ngx_prize_redis_tls_refused(tc);

        return "the TLS handshake failed";
    }

    cert = SSL_get_peer_certificate(c->ssl->connection);

    if (cert == NULL) {
        return tc->tls->verify ? "it has no certificate" : NULL;
    }

    tc->not_after = ngx_prize_redis_tls_not_after(cert);

    why = tc->tls->verify ? ngx_prize_redis_tls_check(tc, c, cert) : NULL;

    X509_free(cert);
    ERR_clear_error();

    return why;
}


ngx_uint_t
ngx_prize_redis_tls_heard(ngx_connection_t *c)
{
    return BIO_number_read(SSL_get_rbio(c->ssl->connection)) != 0;
}


ngx_uint_t
ngx_prize_redis_tls_refused(ngx_prize_redis_tls_conn_t *tc)
{
    char  *said;

    said = ngx_strstr(tc->words, NGX_PRIZE_REDIS_TLS_MARK);

    /* from 3.2 on OpenSSL also says what send() and recv() failed of */

    return said && ngx_strstr(said, ":system library:") == NULL;
}


void
ngx_prize_redis_tls_close(ngx_prize_redis_tls_conn_t *tc, ngx_connection_t *c,
    ngx_uint_t unsent)
{
    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;

        /* nothing can be sent behind a record that is half sent */

        if (unsent) {
            c->ssl->no_send_shutdown = 1;
        }

        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {

            /* the socket takes no more: it ends without a word */

            c->timedout = 1;
            (void) ngx_ssl_shutdown(c);
        }
    }

    if (c->pool) {
        ngx_destroy_pool(c->pool);
        c->pool = NULL;
    }

    c->log = tc->parent;
    c->read->log = tc->parent;
    c->write->log = tc->parent;

    /* the next failure may be one of connect(), which has none */

    tc->len = 0;
    tc->words[0] = '\0';
}

#else

/*
 * Configured for an nginx without SSL and without --with-compat: what it calls
 * a connection has no room for TLS, and no setting is ever made.
 */

ngx_uint_t
ngx_prize_redis_tls_supported(void)
{
    return 0;
}


ngx_int_t
ngx_prize_redis_tls_create(ngx_conf_t *cf, ngx_prize_redis_tls_t *tls,
    ngx_prize_redis_tls_value_e *value, ngx_str_t *words)
{
    return NGX_ERROR;
}


void
ngx_prize_redis_tls_init(ngx_prize_redis_tls_conn_t *tc,
    const ngx_prize_redis_tls_t *tls, ngx_str_t *host, ngx_log_t *log)
{
}


ngx_int_t
ngx_prize_redis_tls_handshake(ngx_prize_redis_tls_conn_t *tc,
    ngx_connection_t *c, ngx_connection_handler_pt handler)
{
    return NGX_ERROR;
}


const char *
ngx_prize_redis_tls_refuse(ngx_prize_redis_tls_conn_t *tc, ngx_connection_t *c,
    ngx_uint_t *lost)
{
    return NULL;
}


ngx_uint_t
ngx_prize_redis_tls_heard(ngx_connection_t *c)
{
    return 0;
}


ngx_uint_t
ngx_prize_redis_tls_refused(ngx_prize_redis_tls_conn_t *tc)
{
    return 0;
}


void
ngx_prize_redis_tls_close(ngx_prize_redis_tls_conn_t *tc, ngx_connection_t *c,
    ngx_uint_t unsent)
{
}


void
ngx_prize_redis_tls_forget(ngx_prize_redis_tls_conn_t *tc)
{
}

#endif
