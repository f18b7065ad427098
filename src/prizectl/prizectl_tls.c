
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "prizectl.h"
#include "prizectl_tls.h"


/* OpenSSL's first word is the cause, what follows is who heard of it */

static const char *
prizectl_tls_words(void)
{
    const char     *text;
    unsigned long   error;

    error = ERR_get_error();
    ERR_clear_error();

    if (ERR_SYSTEM_ERROR(error)) {
        return strerror(ERR_GET_REASON(error));
    }

    text = ERR_reason_error_string(error);

    return text ? text : "";
}


static int
prizectl_tls_load(SSL_CTX *ctx, const prizectl_options_t *options)
{
    const char  *cacert;

    cacert = options->redis_cacert;

    if (cacert ? SSL_CTX_load_verify_locations(ctx, cacert, NULL) != 1
               : SSL_CTX_set_default_verify_paths(ctx) != 1)
    {
        prizectl_error("--redis-cacert \"%s\": %s", cacert ? cacert : "",
                       prizectl_tls_words());
        return -1;
    }

    if (options->redis_cert == NULL) {
        return 0;
    }

    if (SSL_CTX_use_certificate_chain_file(ctx, options->redis_cert) != 1) {
        prizectl_error("--redis-cert \"%s\": %s", options->redis_cert,
                       prizectl_tls_words());
        return -1;
    }

    if (SSL_CTX_use_PrivateKey_file(ctx, options->redis_key, SSL_FILETYPE_PEM)
        != 1)
    {
        prizectl_error("--redis-key \"%s\": %s", options->redis_key,
                       prizectl_tls_words());
        return -1;
    }

    return 0;
}


SSL_CTX *
prizectl_tls_create(const prizectl_options_t *options)
{
    SSL_CTX  *ctx;

    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL) {
        prizectl_error("cannot use TLS: %s", prizectl_tls_words());
        return NULL;
    }

    /* what was not sent yet may have moved, and more may stand behind it */

    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                          |SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(ctx, options->redis_insecure ? SSL_VERIFY_NONE
                                                    : SSL_VERIFY_PEER, NULL);

    if (prizectl_tls_load(ctx, options) == -1) {
        SSL_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/* an address is checked as one, and never asked for by SNI (RFC 6066, 3) */

static int
prizectl_tls_expect(SSL *ssl, const char *name)
{
    unsigned char  address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, name, address) == 1
        || inet_pton(AF_INET6, name, address) == 1)
    {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
    }

    return SSL_set1_host(ssl, name) == 1
           && SSL_set_tlsext_host_name(ssl, name) == 1;
}


/* what to do about a certificate that is not taken */

static const char *
prizectl_tls_hint(long result)
{
    switch (result) {

    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return " (name its authority by --redis-cacert)";

    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return " (name what it is for by --redis-sni)";

    default:
        return "";
    }
}


static void
prizectl_tls_fail(prizectl_redis_t *redis, const char *what, const char *text,
    const char *hint)
{
    snprintf(redis->why, sizeof(redis->why), "%s: %s%s", what, text, hint);
}


/* of a call that has failed: 0 at the end, or -1, its reason, and errno */

static ssize_t
prizectl_tls_error(prizectl_redis_t *redis, int rc)
{
    int   error, saved;
    SSL  *ssl;
    long  result;

    ssl = redis->ssl;
    saved = errno;
    error = SSL_get_error(ssl, rc);
    result = SSL_get_verify_result(ssl);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        redis->events |= error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        errno = EAGAIN;
        return -1;
    }

    errno = EPROTO;

    if (error == SSL_ERROR_ZERO_RETURN
        || (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0 && saved == 0)
        || ERR_GET_REASON(ERR_peek_error())
           == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    {
        ERR_clear_error();
        return 0;
    }

    if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {
        prizectl_tls_fail(redis, "TLS", strerror(saved), "");

    } else if (!SSL_is_init_finished(ssl) && result != X509_V_OK
               && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
    {
        prizectl_tls_fail(redis, "its certificate is not accepted",
                          X509_verify_cert_error_string(result),
                          prizectl_tls_hint(result));
        ERR_clear_error();

    } else {
        prizectl_tls_fail(redis, "TLS", prizectl_tls_words(), "");
    }

    return -1;
}


ssize_t
prizectl_tls_read(prizectl_redis_t *redis, char *data, size_t len)
{
    int  rc;

    errno = 0;
    rc = SSL_read(redis->ssl, data, len);

    return rc > 0 ? rc : prizectl_tls_error(redis, rc);
}


ssize_t
prizectl_tls_write(prizectl_redis_t *redis, const char *data, size_t len)
{
    int  rc;

    errno = 0;
    rc = SSL_write(redis->ssl, data, len);

    return rc > 0 ? rc : prizectl_tls_error(redis, rc);
}


int
prizectl_tls_connect(prizectl_redis_t *redis, SSL_CTX *ctx, const char *name)
{
    int            rc;
    struct pollfd  pfd;

    redis->ssl = SSL_new(ctx);
    pfd.fd = redis->context->fd;

    if (redis->ssl == NULL || SSL_set_fd(redis->ssl, pfd.fd) != 1
        || !prizectl_tls_expect(redis->ssl, name))
    {
        prizectl_tls_fail(redis, "TLS", prizectl_tls_words(), "");
        return -1;
    }

    for ( ;; ) {
        errno = 0;
        redis->events = 0;

        rc = SSL_connect(redis->ssl);

        if (rc == 1) {
            return 0;
        }

        if (prizectl_tls_error(redis, rc) == 0) {
            prizectl_tls_fail(redis, "TLS", "it closes the connection",
                              ": does it speak TLS?");
            return -1;
        }

        if (errno != EAGAIN) {
            return -1;
        }

        pfd.events = redis->events;

        if (poll(&pfd, 1, PRIZECTL_REDIS_TIMEOUT) == 0) {
            prizectl_tls_fail(redis, "TLS", "no answer in time", "");
            return -1;
        }
    }
}
