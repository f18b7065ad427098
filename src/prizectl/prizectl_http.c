
/* ppoll() */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <curl/curl.h>

#include "prize_version.h"
#include "prizectl.h"
#include "prizectl_http.h"
#include "prizectl_time.h"


#define PRIZECTL_HTTP_EVENTS  64


/* a GET: its handle and its buffer are those of the next one, too */

typedef struct prizectl_http_get_s  prizectl_http_get_t;

struct prizectl_http_get_s {
    CURL                  *easy;            /* owned */
    void                  *request;         /* the caller's; NULL: free */
    char                  *body;            /* owned */
    size_t                 len;
    size_t                 size;
    prizectl_http_get_t   *next;            /* of those that are free */
    char                   error[CURL_ERROR_SIZE];
};


struct prizectl_http_s {
    prizectl_http_conf_t   conf;
    CURLM                 *multi;           /* owned */
    struct curl_slist     *connect_to;      /* owned */
    int                    epoll;
    double                 timer;           /* when libcurl wants to be */
                                            /*   called, or a negative */
    unsigned               nactive;
    unsigned               ngets;
    prizectl_http_get_t   *free;
    prizectl_http_get_t   *gets[PRIZECTL_HTTP_ACTIVE_MAX];     /* owned */
};


static int
prizectl_http_error(const char *what)
{
    prizectl_error("libcurl: %s", what);

    return -1;
}


static int
prizectl_http_wait_error(void)
{
    prizectl_error("cannot wait for answers: %s", strerror(errno));

    return -1;
}


/* libcurl says which sockets it waits for, and until when */

static int
prizectl_http_socket(CURL *easy, curl_socket_t fd, int what, void *data,
    void *known)
{
    int                 op;
    struct epoll_event  event;
    prizectl_http_t    *http;

    (void) easy;

    http = data;

    memset(&event, 0, sizeof(struct epoll_event));
    event.data.fd = fd;
    event.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0)
                   | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

    op = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
         : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    /* one that is closed has left by itself */

    if (epoll_ctl(http->epoll, op, fd, &event) == -1
        && op != EPOLL_CTL_DEL)
    {
        return -1;
    }

    return curl_multi_assign(http->multi, fd,
                             what == CURL_POLL_REMOVE ? NULL : http)
           == CURLM_OK ? 0 : -1;
}


static int
prizectl_http_timer(CURLM *multi, long ms, void *data)
{
    prizectl_http_t  *http;

    (void) multi;

    http = data;
    http->timer = ms < 0 ? -1 : prizectl_time_now() + ms / 1000.0;

    return 0;
}


/* what returns less than it was given ends the transfer with an error */

static size_t
prizectl_http_body(char *data, size_t one, size_t len, void *opaque)
{
    char                 *body;
    size_t                size;
    prizectl_http_get_t  *get;

    (void) one;

    get = opaque;

    if (len > PRIZECTL_HTTP_BODY_MAX - get->len) {
        return 0;
    }

    if (len > get->size - get->len) {
        size = 2 * (get->len + len);

        body = realloc(get->body, size);
        if (body == NULL) {
            return 0;
        }

        get->body = body;
        get->size = size;
    }

    memcpy(get->body + get->len, data, len);
    get->len += len;

    return len;
}


#define PRIZECTL_HTTP_SET(option, value)                                      \
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) {                  \
        return prizectl_http_error("cannot set " #option);                    \
    }


static int
prizectl_http_set(const prizectl_http_t *http, prizectl_http_get_t *get)
{
    CURL  *easy;

    easy = get->easy;

    PRIZECTL_HTTP_SET(CURLOPT_PRIVATE, get);
    PRIZECTL_HTTP_SET(CURLOPT_ERRORBUFFER, get->error);
    PRIZECTL_HTTP_SET(CURLOPT_WRITEFUNCTION, prizectl_http_body);
    PRIZECTL_HTTP_SET(CURLOPT_WRITEDATA, get);
    PRIZECTL_HTTP_SET(CURLOPT_NOSIGNAL, 1L);
    PRIZECTL_HTTP_SET(CURLOPT_PROXY, "");
    PRIZECTL_HTTP_SET(CURLOPT_PATH_AS_IS, 1L);
    PRIZECTL_HTTP_SET(CURLOPT_TIMEOUT, (long) PRIZECTL_HTTP_TIMEOUT);
    PRIZECTL_HTTP_SET(CURLOPT_USERAGENT, "prizectl/" PRIZE_VERSION);
    PRIZECTL_HTTP_SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);

    if (http->connect_to) {
        PRIZECTL_HTTP_SET(CURLOPT_CONNECT_TO, http->connect_to);
    }

    if (http->conf.cacert) {
        PRIZECTL_HTTP_SET(CURLOPT_CAINFO, http->conf.cacert);
    }

    if (http->conf.insecure) {
        PRIZECTL_HTTP_SET(CURLOPT_SSL_VERIFYPEER, 0L);
        PRIZECTL_HTTP_SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }

    return 0;
}


static int
prizectl_http_init(prizectl_http_t *http)
{
    CURLM   *multi;
    char    *to;
    size_t   len;

    http->epoll = epoll_create1(EPOLL_CLOEXEC);

    if (http->epoll == -1) {
        return prizectl_http_wait_error();
    }

    multi = curl_multi_init();
    http->multi = multi;

    if (multi == NULL
        || curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                             prizectl_http_socket) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                             prizectl_http_timer) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                             (long) PRIZECTL_HTTP_ACTIVE_MAX) != CURLM_OK)
    {
        return prizectl_http_error("out of memory");
    }

    if (http->conf.connect_to == NULL) {
        return 0;
    }

    /* of any host and port */

    len = strlen("::") + strlen(http->conf.connect_to) + 1;

    to = malloc(len);

    if (to) {
        snprintf(to, len, "::%s", http->conf.connect_to);
        http->connect_to = curl_slist_append(NULL, to);
        free(to);
    }

    return http->connect_to ? 0 : prizectl_http_error("out of memory");
}


prizectl_http_t *
prizectl_http_create(const prizectl_http_conf_t *conf)
{
    prizectl_http_t  *http;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void) prizectl_http_error("cannot be initialized");
        return NULL;
    }

    http = calloc(1, sizeof(prizectl_http_t));
    if (http == NULL) {
        (void) prizectl_http_error("out of memory");
        curl_global_cleanup();
        return NULL;
    }

    http->conf = *conf;
    http->epoll = -1;
    http->timer = -1;

    if (prizectl_http_init(http) == -1) {
        prizectl_http_destroy(http);
        return NULL;
    }

    return http;
}


void
prizectl_http_destroy(prizectl_http_t *http)
{
    unsigned                 i;
    prizectl_http_get_t     *get;
    prizectl_http_answer_t   answer;

    memset(&answer, 0, sizeof(prizectl_http_answer_t));

    for (i = 0; i < http->ngets; i++) {
        get = http->gets[i];

        if (get->request) {
            http->conf.handler(http->conf.data, get->request, &answer);
        }

        if (get->easy) {
            (void) curl_multi_remove_handle(http->multi, get->easy);
            curl_easy_cleanup(get->easy);
        }

        free(get->body);
        free(get);
    }

    if (http->multi) {
        (void) curl_multi_cleanup(http->multi);
    }

    curl_slist_free_all(http->connect_to);

    if (http->epoll != -1) {
        (void) close(http->epoll);
    }

    free(http);
    curl_global_cleanup();
}


/* a free one, or a new one; NULL after a message */

static prizectl_http_get_t *
prizectl_http_take(prizectl_http_t *http)
{
    prizectl_http_get_t  *get;

    get = http->free;

    if (get) {
        http->free = get->next;
        return get;
    }

    get = calloc(1, sizeof(prizectl_http_get_t));
    if (get == NULL) {
        (void) prizectl_http_error("out of memory");
        return NULL;
    }

    http->gets[http->ngets++] = get;

    get->easy = curl_easy_init();
    if (get->easy == NULL) {
        (void) prizectl_http_error("out of memory");
        return NULL;
    }

    return prizectl_http_set(http, get) == -1 ? NULL : get;
}


int
prizectl_http_get(prizectl_http_t *http, const char *url, void *request)
{
    CURLMcode             code;
    prizectl_http_get_t  *get;

    get = prizectl_http_take(http);
    if (get == NULL) {
        return -1;
    }

    get->len = 0;
    get->error[0] = '\0';

    if (curl_easy_setopt(get->easy, CURLOPT_URL, url) != CURLE_OK) {
        return prizectl_http_error("out of memory");
    }

    code = curl_multi_add_handle(http->multi, get->easy);
    if (code != CURLM_OK) {
        return prizectl_http_error(curl_multi_strerror(code));
    }

    get->request = request;
    http->nactive++;

    return 0;
}


unsigned
prizectl_http_active(const prizectl_http_t *http)
{
    return http->nactive;
}


static int
prizectl_http_done(prizectl_http_t *http, CURL *easy, CURLcode code)
{
    long                     status;
    prizectl_http_get_t     *get;
    prizectl_http_answer_t   answer;

    memset(&answer, 0, sizeof(prizectl_http_answer_t));

    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &get) != CURLE_OK
        || curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status)
           != CURLE_OK
        || curl_multi_remove_handle(http->multi, easy) != CURLM_OK)
    {
        return prizectl_http_error("lost a transfer");
    }

    if (code == CURLE_OK) {
        answer.status = status;

    } else {
        answer.error = get->error[0] ? get->error : curl_easy_strerror(code);
    }

    answer.body = get->body;
    answer.len = get->len;

    http->conf.handler(http->conf.data, get->request, &answer);

    get->request = NULL;
    get->next = http->free;
    http->free = get;
    http->nactive--;

    return 0;
}


static int
prizectl_http_answers(prizectl_http_t *http)
{
    int       left;
    CURL     *easy;
    CURLMsg  *message;
    CURLcode  code;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {

        if (message->msg != CURLMSG_DONE) {
            continue;
        }

        /* the message goes with the handle */

        easy = message->easy_handle;
        code = message->data.result;

        if (prizectl_http_done(http, easy, code) == -1) {
            return -1;
        }
    }

    return 0;
}


/* what epoll has told of, and what libcurl wants to be called for by now */

static int
prizectl_http_act(prizectl_http_t *http)
{
    int                 i, n, running, what;
    CURLMcode           code;
    struct epoll_event  events[PRIZECTL_HTTP_EVENTS];

    n = epoll_wait(http->epoll, events, PRIZECTL_HTTP_EVENTS, 0);
    code = CURLM_OK;

    for (i = 0; i < n && code == CURLM_OK; i++) {
        what = ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0)
               | ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0)
               | ((events[i].events & (EPOLLERR|EPOLLHUP))
                  ? CURL_CSELECT_ERR : 0);

        code = curl_multi_socket_action(http->multi, events[i].data.fd, what,
                                        &running);
    }

    if (code == CURLM_OK && http->timer >= 0
        && http->timer <= prizectl_time_now())
    {
        http->timer = -1;
        code = curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0,
                                        &running);
    }

    return code == CURLM_OK ? prizectl_http_answers(http)
                            : prizectl_http_error(curl_multi_strerror(code));
}


int
prizectl_http_wait(prizectl_http_t *http, double until)
{
    double           left;
    struct pollfd    pollfd;
    struct timespec  timeout;

    if (http->timer >= 0 && http->timer < until) {
        until = http->timer;
    }

    left = until - prizectl_time_now();

    if (left < 0) {
        left = 0;
    }

    /* epoll_wait() would be late by up to a millisecond */

    timeout.tv_sec = left;
    timeout.tv_nsec = (left - timeout.tv_sec) * 1e9;

    pollfd.fd = http->epoll;
    pollfd.events = POLLIN;

    if (ppoll(&pollfd, 1, &timeout, NULL) == -1) {

        if (errno == EINTR) {
            return 0;
        }

        return prizectl_http_wait_error();
    }

    return prizectl_http_act(http);
}
