
#include "ngx_prize_metrics.h"
#include "ngx_prize_redis_sentinel.h"


#define NGX_PRIZE_REDIS_SENTINEL_INTERVAL  10000    /* ms */

/* while the master is away; jittered */
#define NGX_PRIZE_REDIS_SENTINEL_AWAY      400
#define NGX_PRIZE_REDIS_SENTINEL_JITTER    200

/* when a server has come back */
#define NGX_PRIZE_REDIS_SENTINEL_BACK      100

/* that are followed, however many a Sentinel has */
#define NGX_PRIZE_REDIS_SENTINEL_SERVERS   64


static ngx_int_t ngx_prize_redis_sentinel_ask_next(
    ngx_prize_redis_sentinel_t *sentinel);


static ngx_prize_redis_server_t **
ngx_prize_redis_sentinel_servers(ngx_prize_redis_sentinel_t *sentinel)
{
    return sentinel->servers.elts;
}


static ngx_prize_redis_server_t *
ngx_prize_redis_sentinel_find(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_t *redis)
{
    ngx_uint_t                  i;
    ngx_prize_redis_server_t  **servers;

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        if (servers[i]->node.redis == redis) {
            return servers[i];
        }
    }

    return NULL;
}


/* as it said by this connection; its name may have another address since */

static ngx_uint_t
ngx_prize_redis_sentinel_is(const ngx_prize_redis_server_t *server,
    prize_role_e role)
{
    return server->ask.redis == server->node.redis && server->role == role;
}


/* when the Sentinels are asked */

static void
ngx_prize_redis_sentinel_wait(ngx_prize_redis_sentinel_t *sentinel,
    ngx_msec_t wait)
{
    ngx_msec_int_t  left;

    if (ngx_exiting || ngx_terminate || sentinel->timer.handler == NULL
        || sentinel->ask.open)
    {
        return;
    }

    if (sentinel->begun) {
        left = sentinel->last + wait - ngx_current_msec;
        wait = ngx_max(left, 1);

    } else {
        wait = 1;
    }

    if (sentinel->timer.timer_set) {

        if ((ngx_msec_int_t) (sentinel->timer.timer.key
                              - (ngx_current_msec + wait))
            <= 0)
        {
            return;
        }

        ngx_del_timer(&sentinel->timer);
    }

    ngx_add_timer(&sentinel->timer, wait);
}


static void
ngx_prize_redis_sentinel_hurry(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_prize_redis_sentinel_wait(sentinel, NGX_PRIZE_REDIS_SENTINEL_AWAY
                            + ngx_random() % NGX_PRIZE_REDIS_SENTINEL_JITTER);
}


/* the master is whom a Sentinel names and who says so himself */

static void
ngx_prize_redis_sentinel_set_master(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_server_t *server)
{
    if (sentinel->master == server) {
        return;
    }

    if (sentinel->master) {
        ngx_prize_redis_node_set_role(&sentinel->master->node,
                                      PRIZE_PEER_REPLICA);
    }

    ngx_prize_redis_node_set_role(&server->node, PRIZE_PEER_PRIMARY);

    ngx_prize_notice_change(&sentinel->changed);
    ngx_prize_notice(&sentinel->changed, NGX_LOG_NOTICE,
                     sentinel->site.cycle->log, 0,
                     "redis master \"%V\" is \"%V:%d\"%s", &sentinel->name,
                     &server->node.host, (int) server->node.port,
                     sentinel->master ? " now" : "");

    sentinel->master = server;
}


static void
ngx_prize_redis_sentinel_settle(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_uint_t                  i;
    ngx_prize_redis_server_t   *server, **servers;

    server = sentinel->named;

    if (server && ngx_prize_redis_sentinel_is(server, PRIZE_ROLE_MASTER)) {
        ngx_prize_redis_sentinel_set_master(sentinel, server);
        ngx_prize_redis_admit(server->node.redis);
    }

    /* the last one that was known, where nobody knows better */

    server = sentinel->master;

    if (sentinel->silent && server
        && ngx_prize_redis_sentinel_is(server, PRIZE_ROLE_MASTER))
    {
        ngx_prize_redis_admit(server->node.redis);
    }

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        server = servers[i];

        if (server != sentinel->master
            && ngx_prize_redis_sentinel_is(server, PRIZE_ROLE_REPLICA))
        {
            ngx_prize_redis_admit(server->node.redis);
        }
    }
}


static void
ngx_prize_redis_sentinel_ask_role(ngx_prize_redis_server_t *server)
{
    if (server->node.redis && !server->ask.open) {

        if (server->ask.redis != server->node.redis) {
            server->role = PRIZE_ROLE_OTHER;
        }

        (void) ngx_prize_redis_ask(server->node.redis, &server->ask,
                                   server->sentinel->site.timeout);
    }
}


static void
ngx_prize_redis_sentinel_role_handler(ngx_prize_redis_ask_t *ask,
    const prize_reply_t *reply, prize_reply_e type)
{
    ngx_prize_redis_server_t    *server;
    ngx_prize_redis_sentinel_t  *sentinel;

    server = ask->data;
    sentinel = server->sentinel;

    if (type == PRIZE_REPLY_BROKEN) {
        return;
    }

    if (ask->redis != server->node.redis) {
        ngx_prize_redis_sentinel_ask_role(server);
        return;
    }

    server->role = type == PRIZE_REPLY_TREE ? prize_sentinel_role_read(reply)
                                            : PRIZE_ROLE_OTHER;

    if (type == PRIZE_REPLY_ERROR) {
        ngx_prize_notice(&sentinel->failed, NGX_LOG_ERR,
                         sentinel->site.cycle->log, 0,
                         "redis \"%V\" says \"%*s\" to ROLE",
                         &server->node.redis->name,
                         ngx_min(reply->text.len, 200), reply->text.data);
    }

    ngx_prize_redis_sentinel_settle(sentinel);

    if (sentinel->master == NULL || sentinel->master != sentinel->named) {
        ngx_prize_redis_sentinel_hurry(sentinel);
    }
}


/* servers come and go */

static ngx_prize_redis_server_t *
ngx_prize_redis_sentinel_server(ngx_prize_redis_sentinel_t *sentinel,
    const prize_sentinel_server_t *named)
{
    ngx_uint_t                  i;
    ngx_prize_redis_server_t   *server, **servers;

    static const char          *word = "ROLE";
    static const size_t         len = 4;
    static const prize_str_t    none = { 0, "" };

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        if (ngx_prize_redis_node_is(&servers[i]->node, &named->host,
                                    named->port))
        {
            ngx_prize_redis_node_locate(&servers[i]->node, &none);
            return servers[i];
        }
    }

    if (sentinel->servers.nelts == NGX_PRIZE_REDIS_SENTINEL_SERVERS) {
        return NULL;
    }

    server = ngx_calloc(sizeof(ngx_prize_redis_server_t),
                        sentinel->site.cycle->log);
    if (server == NULL) {
        return NULL;
    }

    server->sentinel = sentinel;
    server->ask.argc = 1;
    server->ask.argv = &word;
    server->ask.lens = &len;
    server->ask.handler = ngx_prize_redis_sentinel_role_handler;
    server->ask.data = server;

    servers = ngx_array_push(&sentinel->servers);
    if (servers == NULL) {
        ngx_free(server);
        return NULL;
    }

    *servers = server;

    ngx_prize_redis_node_init(&server->node, &sentinel->site, &named->host,
                              named->port, &none);
    ngx_prize_redis_node_locate(&server->node, &none);
    ngx_prize_redis_node_set_role(&server->node, PRIZE_PEER_REPLICA);

    /* its address may have had another name until now */

    ngx_prize_redis_sentinel_ask_role(server);

    return server;
}


static void
ngx_prize_redis_sentinel_sweep(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_uint_t                  i, n;
    ngx_prize_redis_server_t   *server, **servers;

    servers = ngx_prize_redis_sentinel_servers(sentinel);
    n = 0;

    for (i = 0; i < sentinel->servers.nelts; i++) {
        server = servers[i];

        if (server->replica || server == sentinel->master
            || server == sentinel->named)
        {
            servers[n++] = server;
            continue;
        }

        ngx_prize_redis_ask_cancel(&server->ask);
        ngx_prize_redis_node_done(&server->node);
        ngx_free(server);
    }

    sentinel->servers.nelts = n;
}


static void
ngx_prize_redis_sentinel_take_replicas(ngx_prize_redis_sentinel_t *sentinel,
    const prize_reply_t *reply)
{
    ngx_uint_t                   i;
    prize_sentinel_server_t      named;
    ngx_prize_redis_server_t    *server, **servers;
    const prize_reply_node_t    *node;

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        servers[i]->replica = 0;
    }

    node = &reply->nodes[1];

    for (i = 0; i < reply->nodes[0].elements; i++) {

        if (prize_sentinel_replica_read(&named, &node) != 0 || named.down) {
            continue;
        }

        server = ngx_prize_redis_sentinel_server(sentinel, &named);

        if (server == NULL) {
            continue;
        }

        server->replica = 1;

        if (server != sentinel->master
            && !ngx_prize_redis_sentinel_is(server, PRIZE_ROLE_REPLICA))
        {
            ngx_prize_redis_sentinel_ask_role(server);
        }
    }

    ngx_prize_redis_sentinel_sweep(sentinel);
}


static void
ngx_prize_redis_sentinel_refused(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_t *from, const prize_reply_t *reply, prize_reply_e type,
    const char *why)
{
    ngx_prize_count(PRIZE_REFRESHES_FAILED);

    if (type == PRIZE_REPLY_ERROR) {
        ngx_prize_notice(&sentinel->failed, NGX_LOG_ERR,
                         sentinel->site.cycle->log, 0,
                         "redis sentinel \"%V\" says \"%*s\"", &from->name,
                         ngx_min(reply->text.len, 200), reply->text.data);
        return;
    }

    ngx_prize_notice(&sentinel->failed, NGX_LOG_ERR,
                     sentinel->site.cycle->log, 0,
                     "redis sentinel \"%V\" %s \"%V\"", &from->name, why,
                     &sentinel->name);
}


/* NGX_OK: this Sentinel has named a master */

static ngx_int_t
ngx_prize_redis_sentinel_told(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_t *from, const prize_reply_t *reply, prize_reply_e type)
{
    const char                *why;
    prize_sentinel_server_t    named;
    ngx_prize_redis_server_t  *server;

    why = "knows no master";

    if (type == PRIZE_REPLY_TREE) {
        why = prize_sentinel_master_read(&named, reply)
              ? "has an address that is none for master" : NULL;
    }

    if (why) {
        ngx_prize_redis_sentinel_refused(sentinel, from, reply, type, why);
        return NGX_DECLINED;
    }

    server = ngx_prize_redis_sentinel_server(sentinel, &named);

    if (server == NULL) {
        return NGX_DECLINED;
    }

    ngx_prize_redis_site_told(&sentinel->site, 0);

    sentinel->silent = 0;

    if (server->back
        && (ngx_msec_int_t) (sentinel->last - server->back) < 0)
    {
        /* it has come back since this was asked */
        return NGX_OK;
    }

    sentinel->named = server;

    if (!ngx_prize_redis_sentinel_is(server, PRIZE_ROLE_MASTER)) {
        ngx_prize_redis_sentinel_ask_role(server);
    }

    ngx_prize_redis_sentinel_settle(sentinel);

    return NGX_OK;
}


/* a round: one Sentinel after the other, until one names a master */

static ngx_int_t
ngx_prize_redis_sentinel_ask(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_t *redis, const char *word)
{
    sentinel->words[1] = word;
    sentinel->lens[1] = ngx_strlen(word);

    if (ngx_prize_redis_ask(redis, &sentinel->ask, sentinel->site.timeout)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    ngx_prize_redis_hold(redis);

    return NGX_OK;
}


static void
ngx_prize_redis_sentinel_end_round(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_prize_redis_server_t  *master;

    master = sentinel->master;

    if (master && master == sentinel->named
        && ngx_prize_redis_ready(master->node.redis))
    {
        ngx_prize_redis_sentinel_wait(sentinel,
                                      NGX_PRIZE_REDIS_SENTINEL_INTERVAL);
        return;
    }

    ngx_prize_redis_sentinel_hurry(sentinel);
}


static void
ngx_prize_redis_sentinel_ask_handler(ngx_prize_redis_ask_t *ask,
    const prize_reply_t *reply, prize_reply_e type)
{
    ngx_int_t                    rc;
    ngx_prize_redis_t           *from;
    ngx_prize_redis_sentinel_t  *sentinel;

    sentinel = ask->data;

    from = ask->redis;
    rc = NGX_DECLINED;

    if (sentinel->replicas) {
        sentinel->replicas = 0;

        if (type == PRIZE_REPLY_TREE) {
            ngx_prize_redis_sentinel_take_replicas(sentinel, reply);

        } else {

            /* or former masters would take the place of the next one */
            ngx_prize_redis_sentinel_sweep(sentinel);
        }

        if (type == PRIZE_REPLY_ERROR || type == PRIZE_REPLY_NIL) {
            ngx_prize_redis_sentinel_refused(sentinel, from, reply, type,
                                             "knows no replicas of");
        }

    } else if (type != PRIZE_REPLY_BROKEN
               && ngx_prize_redis_sentinel_told(sentinel, from, reply, type)
                  == NGX_OK)
    {
        rc = ngx_prize_redis_sentinel_ask(sentinel, from, "replicas");
        sentinel->replicas = (rc == NGX_OK);

    } else {
        sentinel->front++;
        rc = ngx_prize_redis_sentinel_ask_next(sentinel);
    }

    ngx_prize_redis_release(from);

    if (rc != NGX_OK) {
        ngx_prize_redis_sentinel_end_round(sentinel);
    }
}


static ngx_int_t
ngx_prize_redis_sentinel_ask_next(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_array_t         *list;
    ngx_prize_redis_t  **seed;

    list = ngx_prize_redis_listed(&sentinel->seeds->list);
    seed = list->elts;

    if (ngx_exiting || ngx_terminate) {
        return NGX_DECLINED;
    }

    for ( /* void */ ; sentinel->left && list->nelts; sentinel->front++) {
        sentinel->left--;

        if (ngx_prize_redis_sentinel_ask(sentinel,
                                         seed[sentinel->front % list->nelts],
                                         "get-master-addr-by-name")
            == NGX_OK)
        {
            return NGX_OK;
        }
    }

    sentinel->silent = 1;

    ngx_prize_count(PRIZE_REFRESHES_FAILED);

    ngx_prize_notice(&sentinel->failed, NGX_LOG_ERR,
                     sentinel->site.cycle->log, 0,
                     "no redis sentinel says who is master \"%V\"%s",
                     &sentinel->name,
                     sentinel->master ? ", the last one stays in use" : "");

    ngx_prize_redis_sentinel_settle(sentinel);

    return NGX_DECLINED;
}


static void
ngx_prize_redis_sentinel_timer_handler(ngx_event_t *ev)
{
    ngx_uint_t                   i;
    ngx_prize_redis_server_t   **servers;
    ngx_prize_redis_sentinel_t  *sentinel;

    sentinel = ev->data;

    if (ngx_exiting || ngx_terminate || sentinel->ask.open) {
        return;
    }

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        if (servers[i]->node.redis) {
            ngx_prize_redis_retry(servers[i]->node.redis);
        }
    }

    /* who was named is not, or cannot be found: another may know more */

    if (sentinel->named && sentinel->named != sentinel->master) {
        sentinel->front++;
    }

    sentinel->left = ngx_prize_redis_listed(&sentinel->seeds->list)->nelts;
    sentinel->last = ngx_current_msec;
    sentinel->begun = 1;

    if (ngx_prize_redis_sentinel_ask_next(sentinel) != NGX_OK) {
        ngx_prize_redis_sentinel_end_round(sentinel);
    }
}


/* whoever comes back may have lost his place, whatever he says himself */

static void
ngx_prize_redis_sentinel_back(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_server_t *server)
{
    server->lost = 0;
    server->back = ngx_current_msec;

    if (server == sentinel->named) {
        sentinel->named = NULL;
    }

    sentinel->silent = 0;

    ngx_prize_redis_sentinel_wait(sentinel, NGX_PRIZE_REDIS_SENTINEL_BACK);
}


/* what the endpoints report */

static ngx_int_t
ngx_prize_redis_sentinel_watch(void *data, ngx_prize_redis_t *redis,
    ngx_prize_redis_route_event_e event)
{
    ngx_prize_redis_server_t    *server;
    ngx_prize_redis_sentinel_t  *sentinel = data;

    server = ngx_prize_redis_sentinel_find(sentinel, redis);

    /* who is named no more while lookups wait for him gets none of them */

    if (server == NULL) {
        return NGX_AGAIN;
    }

    if (event == NGX_PRIZE_REDIS_ROUTE_UP) {
        server->role = PRIZE_ROLE_OTHER;
        ngx_prize_redis_sentinel_ask_role(server);

        if (server->lost) {
            ngx_prize_redis_sentinel_back(sentinel, server);
        }

        return NGX_AGAIN;
    }

    if (event == NGX_PRIZE_REDIS_ROUTE_LOST) {
        server->role = PRIZE_ROLE_OTHER;
        server->lost = 1;
    }

    if (server == sentinel->named) {
        sentinel->named = NULL;
    }

    ngx_prize_redis_sentinel_hurry(sentinel);

    return NGX_OK;
}


ngx_int_t
ngx_prize_redis_sentinel_start(ngx_prize_redis_sentinel_t *sentinel)
{
    /* room for all that there may be, so that none is refused later */

    if (ngx_array_init(&sentinel->servers, sentinel->site.cycle->pool,
                       NGX_PRIZE_REDIS_SENTINEL_SERVERS,
                       sizeof(ngx_prize_redis_server_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    sentinel->site.watch = ngx_prize_redis_sentinel_watch;
    sentinel->site.watcher = sentinel;

    sentinel->words[0] = "SENTINEL";
    sentinel->lens[0] = 8;
    sentinel->words[2] = (char *) sentinel->name.data;
    sentinel->lens[2] = sentinel->name.len;

    sentinel->ask.argc = 3;
    sentinel->ask.argv = sentinel->words;
    sentinel->ask.lens = sentinel->lens;
    sentinel->ask.handler = ngx_prize_redis_sentinel_ask_handler;
    sentinel->ask.data = sentinel;

    sentinel->timer.handler = ngx_prize_redis_sentinel_timer_handler;
    sentinel->timer.data = sentinel;
    sentinel->timer.log = sentinel->site.cycle->log;
    sentinel->timer.cancelable = 1;

    ngx_prize_redis_site_open(&sentinel->site);

    return NGX_OK;
}


void
ngx_prize_redis_sentinel_stop(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_uint_t                  i;
    ngx_prize_redis_server_t  **servers;

    if (sentinel->timer.timer_set) {
        ngx_del_timer(&sentinel->timer);
    }

    sentinel->timer.handler = NULL;

    ngx_prize_redis_ask_cancel(&sentinel->ask);

    servers = ngx_prize_redis_sentinel_servers(sentinel);

    for (i = 0; i < sentinel->servers.nelts; i++) {
        ngx_prize_redis_ask_cancel(&servers[i]->ask);
        ngx_prize_redis_node_stop(&servers[i]->node);
        ngx_free(servers[i]);
    }

    sentinel->servers.nelts = 0;
    sentinel->master = NULL;
    sentinel->named = NULL;

    ngx_prize_redis_site_close(&sentinel->site);
}


void
ngx_prize_redis_sentinel_seeded(void *data)
{
    ngx_prize_redis_sentinel_t  *sentinel = data;

    if (sentinel->master == NULL) {
        ngx_prize_redis_sentinel_hurry(sentinel);
    }
}


/* a lookup's way */

static ngx_uint_t
ngx_prize_redis_sentinel_may_ask(ngx_prize_redis_server_t *server)
{
    ngx_prize_redis_t  *redis;

    redis = server->node.redis;

    if (redis == NULL || !ngx_prize_redis_usable(redis)) {
        return 0;
    }

    /* one that was the master may not know yet that it is a replica */

    return redis->admitted ? server == server->sentinel->master
                             || ngx_prize_redis_sentinel_is(server,
                                                            PRIZE_ROLE_REPLICA)
                           : server->ask.open
                             || redis->conn.state != NGX_PRIZE_REDIS_READY;
}


static ngx_prize_redis_server_t *
ngx_prize_redis_sentinel_replica(ngx_prize_redis_sentinel_t *sentinel,
    ngx_uint_t *n)
{
    ngx_uint_t                  i, replicas;
    ngx_prize_redis_server_t  **servers;

    servers = ngx_prize_redis_sentinel_servers(sentinel);
    replicas = 0;

    for (i = 0; i < sentinel->servers.nelts; i++) {
        if (servers[i] != sentinel->master && servers[i]->replica
            && replicas++ == *n)
        {
            return servers[i];
        }
    }

    *n = replicas;

    return NULL;
}


ngx_prize_redis_t *
ngx_prize_redis_sentinel_next(ngx_prize_redis_sentinel_t *sentinel,
    ngx_prize_redis_turn_t *turn)
{
    ngx_int_t                  n;
    ngx_uint_t                 k, replicas;
    ngx_prize_redis_server_t  *server;

    replicas = NGX_MAX_UINT32_VALUE;
    (void) ngx_prize_redis_sentinel_replica(sentinel, &replicas);

    for ( ;; ) {
        n = ngx_prize_redis_turn_next(turn, replicas);

        if (n == NGX_ERROR) {
            return NULL;
        }

        turn->replica = ((ngx_uint_t) n != replicas);
        k = n;

        server = turn->replica ? ngx_prize_redis_sentinel_replica(sentinel, &k)
                               : sentinel->master;

        if (server && ngx_prize_redis_sentinel_may_ask(server)) {
            ngx_prize_redis_hold(server->node.redis);
            return server->node.redis;
        }
    }
}


ngx_prize_redis_t *
ngx_prize_redis_sentinel_primary(ngx_prize_redis_sentinel_t *sentinel)
{
    ngx_prize_redis_t  *redis;

    redis = sentinel->master ? sentinel->master->node.redis : NULL;

    if (redis) {
        ngx_prize_redis_hold(redis);
    }

    return redis;
}
