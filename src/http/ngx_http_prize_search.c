
#include "ngx_http_prize_search.h"


static ngx_http_prize_result_e ngx_http_prize_search_postgres(
    ngx_http_prize_search_t *search);
static void ngx_http_prize_search_redis_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result);
static void ngx_http_prize_search_postgres_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result);


static const char  *ngx_http_prize_search_results[] = {
    [NGX_HTTP_PRIZE_NONE] = "cancelled",
    [NGX_HTTP_PRIZE_FOUND] = "found",
    [NGX_HTTP_PRIZE_UNKNOWN] = "unknown",
    [NGX_HTTP_PRIZE_SHED] = "shed",
    [NGX_HTTP_PRIZE_TIMEOUT] = "timeout",
    [NGX_HTTP_PRIZE_ERROR] = "error",
    [NGX_HTTP_PRIZE_NO_MEMORY] = "no memory"
};


static void
ngx_http_prize_search_set(ngx_http_prize_search_t *search,
    ngx_http_prize_search_state_e state, const char *name)
{
    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, search->peer.request->connection->log,
                   0, "prize search for \"%V\": %s", &search->lookup.id, name);

    search->state = state;
}


static void
ngx_http_prize_search_forget_write(ngx_http_prize_search_t *search)
{
    if (search->write_to) {
        ngx_prize_redis_release(search->write_to);
        search->write_to = NULL;
    }

    search->missing = 0;
}


static ngx_http_prize_result_e
ngx_http_prize_search_end(ngx_http_prize_search_t *search,
    ngx_http_prize_result_e result)
{
    ngx_http_prize_peer_free(&search->peer, 0);
    ngx_http_prize_search_forget_write(search);

    ngx_http_prize_search_set(search, NGX_HTTP_PRIZE_ENDED,
                              ngx_http_prize_search_results[result]);

    return result;
}


/* a store's event has come so far; the handler may end the request */

static void
ngx_http_prize_search_report(ngx_http_prize_search_t *search,
    ngx_http_prize_result_e result)
{
    if (result != NGX_HTTP_PRIZE_NONE) {
        search->handler(search, result);
    }
}


static ngx_http_prize_result_e
ngx_http_prize_search_redis(ngx_http_prize_search_t *search)
{
    ngx_int_t               rc;
    ngx_http_prize_peer_t  *peer;

    peer = &search->peer;

    for ( ;; ) {
        rc = ngx_http_prize_peer_get(peer);

        if (rc == NGX_BUSY) {
            return ngx_http_prize_search_postgres(search);
        }

        if (rc != NGX_OK) {
            return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_NO_MEMORY);
        }

        ngx_http_prize_search_set(search, NGX_HTTP_PRIZE_ASKING_REDIS,
                                  "asking redis");

        search->asked = 1;
        search->lookup.timeout = search->redis_timeout;
        search->lookup.asking = peer->turn.asking;
        search->lookup.readonly = peer->turn.replica;
        search->lookup.handler = ngx_http_prize_search_redis_handler;

        rc = ngx_prize_redis_lookup(peer->redis, &search->lookup,
                                    search->conf->redis_connect_timeout);

        if (rc == NGX_OK) {
            return NGX_HTTP_PRIZE_NONE;
        }

        ngx_http_prize_peer_answered(peer, NGX_PRIZE_LOST);

        if (rc == NGX_ERROR) {
            return ngx_http_prize_search_postgres(search);
        }

        ngx_http_prize_peer_free(peer, rc == NGX_BUSY ? NGX_PEER_NEXT
                                                      : NGX_PEER_FAILED);
    }
}


/* another node has it: that one is asked, as long as there is time */

static ngx_http_prize_result_e
ngx_http_prize_search_redirected(ngx_http_prize_search_t *search)
{
    ngx_int_t       rc;
    ngx_msec_int_t  left;

    left = search->lookup.deadline - ngx_current_msec;

    rc = ngx_http_prize_peer_redirect(&search->peer, &search->lookup);
    ngx_http_prize_peer_free(&search->peer, 0);

    if (rc != NGX_OK) {
        return ngx_http_prize_search_postgres(search);
    }

    search->redis_timeout = ngx_max(left, 1);

    return ngx_http_prize_search_redis(search);
}


/*
 * A replica may not have heard of a record yet: its primary is asked, and only
 * what that one misses is missing.
 */

static ngx_http_prize_result_e
ngx_http_prize_search_missed(ngx_http_prize_search_t *search,
    ngx_prize_result_e result)
{
    ngx_http_prize_peer_t  *peer;

    peer = &search->peer;

    if (search->conf->postgres == NULL && !peer->turn.replica) {

        if (result == NGX_PRIZE_NOT_FOUND) {
            return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_UNKNOWN);
        }

        search->source = NGX_HTTP_PRIZE_REDIS;
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_FOUND);
    }

    if (search->conf->write_back && !search->missing) {
        search->write_to = ngx_http_prize_peer_get_primary(peer);
        search->missing = 1;
    }

    if (peer->turn.replica) {
        ngx_http_prize_peer_free(peer, 0);
        peer->turn.lagged = 1;

        return ngx_http_prize_search_redis(search);
    }

    return ngx_http_prize_search_postgres(search);
}


static ngx_http_prize_result_e
ngx_http_prize_search_after_redis(ngx_http_prize_search_t *search,
    ngx_prize_result_e result)
{
    ngx_http_prize_peer_t  *peer;

    peer = &search->peer;

    ngx_http_prize_peer_answered(peer, result);

    switch (result) {

    case NGX_PRIZE_FOUND:
        search->source = NGX_HTTP_PRIZE_REDIS;
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_FOUND);

    case NGX_PRIZE_NOT_FOUND:
    case NGX_PRIZE_STALE:
        return ngx_http_prize_search_missed(search, result);

    case NGX_PRIZE_LOST:
        ngx_http_prize_peer_free(peer, search->lookup.blamed
                                       ? NGX_PEER_FAILED : NGX_PEER_NEXT);

        return ngx_http_prize_search_redis(search);

    case NGX_PRIZE_MOVED:
        return ngx_http_prize_search_redirected(search);

    case NGX_PRIZE_LATE:
        search->late = 1;
        break;

    default:
        break;
    }

    return ngx_http_prize_search_postgres(search);
}


static void
ngx_http_prize_search_redis_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    ngx_http_prize_search_t  *search;

    search = lookup->data;

    ngx_http_prize_search_report(search,
                          ngx_http_prize_search_after_redis(search, result));
}


static ngx_http_prize_result_e
ngx_http_prize_search_postgres(ngx_http_prize_search_t *search)
{
    ngx_int_t                   rc;
    ngx_http_prize_loc_conf_t  *conf;
    ngx_prize_postgres_pool_t  *pool;

    conf = search->conf;

    ngx_http_prize_peer_free(&search->peer, 0);

    if (conf->postgres == NULL) {
        return ngx_http_prize_search_end(search,
                                         search->late ? NGX_HTTP_PRIZE_TIMEOUT
                                         : search->asked ? NGX_HTTP_PRIZE_ERROR
                                         : NGX_HTTP_PRIZE_SHED);
    }

    pool = ngx_prize_postgres_get((ngx_cycle_t *) ngx_cycle, conf->postgres);

    if (pool == NULL
        || ngx_http_prize_peer_asked(&search->peer,
                                     ngx_prize_postgres_name(pool))
           != NGX_OK)
    {
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_NO_MEMORY);
    }

    ngx_http_prize_search_set(search, NGX_HTTP_PRIZE_ASKING_POSTGRES,
                              "asking postgres");

    search->lookup.query = conf->query;
    search->lookup.timeout = conf->postgres_timeout;
    search->lookup.handler = ngx_http_prize_search_postgres_handler;

    rc = ngx_prize_postgres_lookup(pool, &search->lookup);

    if (rc == NGX_OK) {
        return NGX_HTTP_PRIZE_NONE;
    }

    ngx_http_prize_peer_unasked(&search->peer);

    return ngx_http_prize_search_end(search,
                             rc == NGX_BUSY ? NGX_HTTP_PRIZE_SHED
                             : rc == NGX_DECLINED ? NGX_HTTP_PRIZE_UNKNOWN
                             : rc == NGX_ABORT ? NGX_HTTP_PRIZE_ERROR
                             : NGX_HTTP_PRIZE_NO_MEMORY);
}


static void
ngx_http_prize_search_write_back(ngx_http_prize_search_t *search)
{
    ngx_msec_t  ttl;

    if (!search->missing) {
        return;
    }

    if (search->write_to == NULL) {
        ngx_prize_count(PRIZE_WRITEBACK_DROPPED);
        return;
    }

    /* what was missed together must not expire together */

    ttl = search->conf->write_back;
    ttl += ngx_random() % (ttl / 10 + 1);

    ngx_prize_redis_write_back(search->write_to, &search->lookup, ttl,
                               search->conf->redis_timeout);
}


static ngx_http_prize_result_e
ngx_http_prize_search_after_postgres(ngx_http_prize_search_t *search,
    ngx_prize_result_e result)
{
    ngx_http_prize_peer_answered(&search->peer, result);

    switch (result) {

    case NGX_PRIZE_FOUND:
        search->source = NGX_HTTP_PRIZE_POSTGRES;
        ngx_http_prize_search_write_back(search);
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_FOUND);

    case NGX_PRIZE_NOT_FOUND:
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_UNKNOWN);

    case NGX_PRIZE_LATE:
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_TIMEOUT);

    default:
        return ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_ERROR);
    }
}


static void
ngx_http_prize_search_postgres_handler(ngx_prize_lookup_t *lookup,
    ngx_prize_result_e result)
{
    ngx_http_prize_search_t  *search;

    search = lookup->data;

    ngx_http_prize_search_report(search,
                       ngx_http_prize_search_after_postgres(search, result));
}


static ngx_int_t
ngx_http_prize_search_key(ngx_http_prize_search_t *search)
{
    ngx_str_t  key;

    if (search->conf->redis == NULL) {
        return NGX_OK;
    }

    if (ngx_http_prize_value_get(search->peer.request,
                                 &search->conf->key_value, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    search->lookup.key.data = (char *) key.data;
    search->lookup.key.len = key.len;
    search->lookup.command = &search->conf->pages->command;

    return NGX_OK;
}


ngx_http_prize_result_e
ngx_http_prize_search_start(ngx_http_prize_search_t *search,
    ngx_http_request_t *r, ngx_http_prize_loc_conf_t *conf, ngx_str_t *id)
{
    search->conf = conf;
    search->source = NGX_HTTP_PRIZE_NOBODY;
    search->asked = 0;
    search->late = 0;
    search->redis_timeout = conf->redis_timeout;

    search->lookup.id = *id;
    search->lookup.fields = &conf->pages->fields;
    search->lookup.data = search;

    if (ngx_http_prize_peer_init(&search->peer, r, conf,
                                 &search->lookup.key)
        != NGX_OK
        || ngx_http_prize_search_key(search) != NGX_OK)
    {
        return NGX_HTTP_PRIZE_NO_MEMORY;
    }

    return conf->redis ? ngx_http_prize_search_redis(search)
                       : ngx_http_prize_search_postgres(search);
}


ngx_uint_t
ngx_http_prize_search_cancel(ngx_http_prize_search_t *search)
{
    if (search->state == NGX_HTTP_PRIZE_NOT_STARTED
        || search->state == NGX_HTTP_PRIZE_ENDED)
    {
        return 0;
    }

    ngx_prize_backend_detach(&search->lookup);

    (void) ngx_http_prize_search_end(search, NGX_HTTP_PRIZE_NONE);

    return 1;
}
