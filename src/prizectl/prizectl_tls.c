
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


/* the reason of a call that has failed, or that it has to wait: EAGAIN */

static ssize_t
prizectl_tls_error(SSL *ssl, int rc, short *events, char *why, size_t size)
{
    int   error, saved;
    long  result;

    saved = errno;
    error = SSL_get_error(ssl, rc);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *events |= error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        errno = EAGAIN;
        return -1;
    }

    result = SSL_get_verify_result(ssl);

    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }

    if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {

        if (saved == 0) {
            return 0;
        }

        snprintf(why, size, "%s", strerror(saved));

    } else if (!SSL_is_init_finished(ssl) && result != X509_V_OK
               && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
    {
        snprintf(why, size, "its certificate is not accepted: %s%s",
                 X509_verify_cert_error_string(result),
                 prizectl_tls_hint(result));

    } else if (ERR_GET_REASON(ERR_peek_error())
               == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    {
        ERR_clear_error();
        return 0;

    } else {
        snprintf(why, size, "TLS: %s", prizectl_tls_words());
    }

    ERR_clear_error();
    errno = EPROTO;

    return -1;
}


ssize_t
prizectl_tls_read(SSL *ssl, char *data, size_t len, short *events, char *why,
    size_t size)
{
    int  rc;

    errno = 0;
    rc = SSL_read(ssl, data, len);

    return rc > 0 ? rc : prizectl_tls_error(ssl, rc, events, why, size);
}


ssize_t
prizectl_tls_write(SSL *ssl, const char *data, size_t len, short *events,
    char *why, size_t size)
{
    int  rc;

    errno = 0;
    rc = SSL_write(ssl, data, len);

    return rc > 0 ? rc : prizectl_tls_error(ssl, rc, events, why, size);
}


SSL *
prizectl_tls_connect(SSL_CTX *ctx, int fd, const char *name, int timeout,
    char *why, size_t size)
{
    int            rc;
    SSL           *ssl;
    struct pollfd  pfd;

    ssl = SSL_new(ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1
        || !prizectl_tls_expect(ssl, name))
    {
        snprintf(why, size, "TLS: %s", prizectl_tls_words());
        SSL_free(ssl);
        return NULL;
    }

    for ( ;; ) {
        errno = 0;
        rc = SSL_connect(ssl);

        if (rc == 1) {
            return ssl;
        }

        pfd.fd = fd;
        pfd.events = 0;

        rc = prizectl_tls_error(ssl, rc, &pfd.events, why, size);

        if (rc == 0) {
            snprintf(why, size, "it closes the connection: does it speak "
                     "TLS?");
            break;
        }

        if (errno != EAGAIN) {
            break;
        }

        if (poll(&pfd, 1, timeout) == 0) {
            snprintf(why, size, "no answer in time");
            break;
        }
    }

    SSL_free(ssl);

    return NULL;
}
