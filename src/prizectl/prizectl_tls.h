
/*
 * TLS to Redis, by OpenSSL itself: hiredis of Debian 12 has none, and that of
 * Debian 13 would be a second way beside it.
 */

#ifndef _PRIZECTL_TLS_H_INCLUDED_
#define _PRIZECTL_TLS_H_INCLUDED_


#include <stddef.h>

#include <openssl/ssl.h>

#include "prizectl_options.h"


/* by --redis-cacert and its like; NULL after a message; for SSL_CTX_free() */
SSL_CTX *prizectl_tls_create(const prizectl_options_t *options);

/*
 * The handshake with a server that has to be called "name", which is a host
 * name or an address.  The descriptor does not block and stays the caller's.
 * NULL, and the reason is written to "why"; for SSL_free().
 */
SSL *prizectl_tls_connect(SSL_CTX *ctx, int fd, const char *name, int timeout,
    char *why, size_t size);

/*
 * As recv() and send() of a socket that does not block, with -1 and EAGAIN,
 * and the events that poll() has to wait for; 0 is the end of a connection.
 * Other errors are written to "why".
 */

ssize_t prizectl_tls_read(SSL *ssl, char *data, size_t len, short *events,
    char *why, size_t size);
ssize_t prizectl_tls_write(SSL *ssl, const char *data, size_t len,
    short *events, char *why, size_t size);


#endif /* _PRIZECTL_TLS_H_INCLUDED_ */
