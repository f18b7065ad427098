
/*
 * Many GETs at the same time, by libcurl: HTTP/1.1, one at a time on a
 * connection, which is kept for the next one.  No redirection is followed and
 * no proxy is asked, so that nobody but the host of a URL gets what is sent.
 */

#ifndef _PRIZECTL_HTTP_H_INCLUDED_
#define _PRIZECTL_HTTP_H_INCLUDED_


#include <stddef.h>


/* as many may wait for their answer at the same time */
#define PRIZECTL_HTTP_ACTIVE_MAX  256

/* seconds until an answer is waited for no longer, connecting included */
#define PRIZECTL_HTTP_TIMEOUT     10

/* a longer body is no answer */
#define PRIZECTL_HTTP_BODY_MAX    (8 * 1024 * 1024)


typedef struct prizectl_http_s  prizectl_http_t;


/* valid until the function that gets it returns */

typedef struct {
    unsigned     status;        /* 0: there was no answer */
    const char  *error;         /* why; NULL: it was not waited for */
    const char  *body;
    size_t       len;
} prizectl_http_answer_t;


/* called once for each GET, by prizectl_http_wait() or _destroy() */
typedef void (*prizectl_http_handler_pt)(void *data, void *request,
    const prizectl_http_answer_t *answer);


typedef struct {
    const char                *connect_to;  /* HOST:PORT, or NULL */
    const char                *cacert;      /* a file; NULL: the system's */
    unsigned                   insecure;    /* takes any certificate */
    prizectl_http_handler_pt   handler;
    void                      *data;        /* of the handler */
} prizectl_http_conf_t;


/*
 * The texts of the configuration stay the caller's, and have to live as long.
 * NULL after a message.
 */
prizectl_http_t *prizectl_http_create(const prizectl_http_conf_t *conf);

/* what waits for its answer goes back to the handler without one */
void prizectl_http_destroy(prizectl_http_t *http);

/*
 * The URL is copied; "request", which is not NULL, comes back with the answer.
 * 0, or -1 after a message, when it stays with the caller.  Not to be called
 * while PRIZECTL_HTTP_ACTIVE_MAX wait, nor by the handler.
 */
int prizectl_http_get(prizectl_http_t *http, const char *url, void *request);

/* how many wait for their answer */
unsigned prizectl_http_active(const prizectl_http_t *http);

/*
 * Lets answers come until a moment of prizectl_time_now(), or until some came
 * or a signal did.  0, or -1 after a message.
 */
int prizectl_http_wait(prizectl_http_t *http, double until);


#endif /* _PRIZECTL_HTTP_H_INCLUDED_ */
