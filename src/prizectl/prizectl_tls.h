
/*
 * TLS to Redis, by OpenSSL itself: hiredis of Debian 12 has none, and that of
 * Debian 13 would be a second way beside it.
 */

#ifndef _PRIZECTL_TLS_H_INCLUDED_
#define _PRIZECTL_TLS_H_INCLUDED_


#include "prizectl_options.h"
#include "prizectl_redis.h"


/* by --redis-cacert and its like; NULL after a message; for SSL_CTX_free() */
SSL_CTX *prizectl_tls_create(const prizectl_options_t *options);

/*
 * The handshake on a connection's socket, with a server that has to be called
 * "name", which is a host name or an address: 0, or -1 and "why".
 */
int prizectl_tls_connect(prizectl_redis_t *redis, SSL_CTX *ctx,
    const char *name);

/*
 * As recv() and send(): EAGAIN is where the connection waits for its "events".
 * Other errors are in "why".
 */
ssize_t prizectl_tls_read(prizectl_redis_t *redis, char *data, size_t len);
ssize_t prizectl_tls_write(prizectl_redis_t *redis, const char *data,
    size_t len);


#endif /* _PRIZECTL_TLS_H_INCLUDED_ */
