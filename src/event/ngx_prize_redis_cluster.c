
#include "ngx_prize_metrics.h"
#include "ngx_prize_redis_cluster.h"


#define NGX_PRIZE_REDIS_CLUSTER_INTERVAL  1000    /* ms, of one worker */
#define NGX_PRIZE_REDIS_CLUSTER_JITTER    200

/* a replica more is no event; jittered by as much again */
#define NGX_PRIZE_REDIS_CLUSTER_IDLE      45000   /* ms */

/* a connection to who was named so lately is to nobody else, in ms */
#define NGX_PRIZE_REDIS_CLUSTER_FRESH     2000

#define NGX_PRIZE_REDIS_CLUSTER_REDIRECTS  3


static ngx_int_t ngx_prize_redis_cluster_ask_seed(
    ngx_prize_redis_cluster_t *cluster);


/* it is connected to, and nobody knows yet whether it is who it was */

static ngx_uint_t
ngx_prize_redis_cluster_is_doubtful(ngx_prize_redis_t *redis)
{
    return redis && redis->conn.state == NGX_PRIZE_REDIS_READY
           && !redis->admitted;
}


/* when the map is asked for */

static void
ngx_prize_redis_cluster_want(ngx_prize_redis_cluster_t *cluster)
{
    ngx_msec_t      wait;
    ngx_msec_int_t  left;

    if (ngx_exiting || ngx_terminate || cluster->timer.handler == NULL) {
        return;
    }

    if (cluster->ask.open) {
        cluster->again = 1;
        return;
    }

    if (cluster->timer.timer_set) {

        if (!cluster->idle) {
            return;
        }

        ngx_del_timer(&cluster->timer);
    }

    cluster->idle = 0;

    wait = 1;

    if (cluster->begun) {
        left = cluster->last + NGX_PRIZE_REDIS_CLUSTER_INTERVAL
               + ngx_random() % NGX_PRIZE_REDIS_CLUSTER_JITTER
               - ngx_current_msec;
        wait = ngx_max(left, 1);
    }

    ngx_add_timer(&cluster->timer, wait);
}


/* all slots have a primary that answers, and no other node waits for us */

static ngx_uint_t
ngx_prize_redis_cluster_is_whole(ngx_prize_redis_cluster_t *cluster)
{
    ngx_uint_t                 i;
    ngx_prize_redis_t         *redis;
    ngx_prize_redis_member_t  *member;

    if (cluster->map.nmembers == 0 || cluster->site.uncovered) {
        return 0;
    }

    for (i = 0; i < cluster->map.nmembers; i++) {
        member = cluster->map.members[i];
        redis = member->node.redis;

        if (redis && ngx_prize_redis_ready(redis)) {
            continue;
        }

        /* its own breaker looks after a replica that is away */

        if (member->shard == i || ngx_prize_redis_cluster_is_doubtful(redis)
            || (redis && ngx_prize_redis_usable(redis)))
        {
            return 0;
        }
    }

    return 1;
}


/* a seed says who its cluster is, but not while others of it say so, too */

static ngx_uint_t
ngx_prize_redis_cluster_trusts(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_t *from)
{
    ngx_uint_t          i;
    ngx_prize_redis_t  *redis;

    for (i = 0; i < cluster->map.nmembers; i++) {
        redis = cluster->map.members[i]->node.redis;

        if (redis && redis != from && ngx_prize_redis_ready(redis)) {
            return 0;
        }
    }

    return from->seeds > 0;
}


/* the answer to CLUSTER SLOTS; NULL, or why it is not believed */

static const char *
ngx_prize_redis_cluster_believe(ngx_prize_redis_cluster_t *cluster,
    const prize_cluster_map_t *map, ngx_prize_redis_t *from)
{
    ngx_uint_t  before;

    if (map->nnodes == 0) {
        return "no node has a slot";
    }

    if (!ngx_prize_redis_map_is_known(&cluster->map, map)
        && !ngx_prize_redis_cluster_trusts(cluster, from))
    {
        return "it is of another cluster now";
    }

    if (ngx_prize_redis_map_take(&cluster->map, map, from) != NGX_OK) {
        return "no memory for the map";
    }

    before = cluster->site.uncovered;
    ngx_prize_redis_site_told(&cluster->site, map->uncovered);

    if (before != map->uncovered) {
        ngx_prize_notice_change(&cluster->uncovered);
        ngx_prize_notice(&cluster->uncovered, map->uncovered ? NGX_LOG_ERR
                                                             : NGX_LOG_NOTICE,
                         cluster->site.cycle->log, 0,
                         "redis cluster of \"%V\": %ui of %d slots are no "
                         "node's", &from->name,
                         (ngx_uint_t) map->uncovered, PRIZE_SLOTS);
    }

    return NULL;
}


static void
ngx_prize_redis_cluster_told(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_t *from, const prize_reply_t *reply, prize_reply_e type)
{
    const char           *why;
    prize_cluster_map_t   map;

    if (type == PRIZE_REPLY_TREE) {
        why = prize_cluster_map_read(&map, reply);

        if (why == NULL) {
            why = ngx_prize_redis_cluster_believe(cluster, &map, from);
        }

        prize_cluster_map_destroy(&map);

        if (why == NULL) {
            ngx_prize_redis_admit(from);
            return;
        }

        ngx_prize_notice(&cluster->failed, NGX_LOG_ERR,
                         cluster->site.cycle->log, 0,
                         "redis \"%V\" answers CLUSTER SLOTS, but %s",
                         &from->name, why);

    } else {
        ngx_prize_notice(&cluster->failed, NGX_LOG_ERR,
                         cluster->site.cycle->log, 0,
                         "redis \"%V\" says \"%*s\" to CLUSTER SLOTS",
                         &from->name,
                         type == PRIZE_REPLY_NIL ? 3
                         : ngx_min(reply->text.len, 200),
                         type == PRIZE_REPLY_NIL ? "nil" : reply->text.data);
    }

    ngx_prize_count(PRIZE_REFRESHES_FAILED);

    /* whoever has no proof may not be asked for a key */

    if (type == PRIZE_REPLY_TREE
        && ngx_prize_redis_cluster_is_doubtful(from))
    {
        ngx_prize_redis_reject(from, "it is not of the cluster");
    }
}


static void
ngx_prize_redis_cluster_ask_handler(ngx_prize_redis_ask_t *ask,
    const prize_reply_t *reply, prize_reply_e type)
{
    ngx_prize_redis_t          *from;
    ngx_prize_redis_cluster_t  *cluster;

    cluster = ask->data;

    from = ask->redis;
    from->seeds--;

    if (type != PRIZE_REPLY_BROKEN) {
        ngx_prize_redis_cluster_told(cluster, from, reply, type);

    } else if (cluster->from_seed
               && ngx_prize_redis_cluster_ask_seed(cluster) == NGX_OK)
    {
        ngx_prize_redis_release(from);
        return;
    }

    /* a seed that is no node is not needed any more */

    if (cluster->from_seed
        && ngx_prize_redis_map_find(&cluster->map, from) == NULL)
    {
        ngx_prize_redis_rest(from);
    }

    ngx_prize_redis_release(from);

    if (cluster->again || !ngx_prize_redis_cluster_is_whole(cluster)) {
        cluster->again = 0;
        ngx_prize_redis_cluster_want(cluster);
        return;
    }

    if (cluster->timer.handler && !ngx_exiting && !ngx_terminate) {
        cluster->idle = 1;
        ngx_add_timer(&cluster->timer, NGX_PRIZE_REDIS_CLUSTER_IDLE
                                + ngx_random() % NGX_PRIZE_REDIS_CLUSTER_IDLE);
    }
}


static ngx_int_t
ngx_prize_redis_cluster_ask(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_t *redis)
{
    if (ngx_prize_redis_ask(redis, &cluster->ask, cluster->site.timeout)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    /* a seed is no store for being asked */

    ngx_prize_redis_hold(redis);
    redis->seeds++;

    cluster->last = ngx_current_msec;
    cluster->begun = 1;

    return NGX_OK;
}


/* the seeds in turn, each of them once */

static ngx_int_t
ngx_prize_redis_cluster_ask_seed(ngx_prize_redis_cluster_t *cluster)
{
    ngx_array_t         *list;
    ngx_prize_redis_t  **seed;

    list = ngx_prize_redis_listed(&cluster->seeds->list);
    seed = list->elts;

    if (ngx_exiting || ngx_terminate) {
        return NGX_DECLINED;
    }

    for ( /* void */ ; cluster->seeds_left; cluster->seeds_left--) {

        if (list->nelts
            && ngx_prize_redis_cluster_ask(cluster,
                                         seed[cluster->seed++ % list->nelts])
               == NGX_OK)
        {
            cluster->seeds_left--;
            return NGX_OK;
        }
    }

    ngx_prize_count(PRIZE_REFRESHES_FAILED);

    ngx_prize_notice(&cluster->failed, NGX_LOG_ERR, cluster->site.cycle->log,
                     0, "no node of the redis cluster answers, of %ui that "
                     "are known and %ui that are configured",
                     cluster->map.nmembers, list->nelts);

    return NGX_DECLINED;
}


/* whoever has to prove himself, else anybody */

static ngx_int_t
ngx_prize_redis_cluster_ask_member(ngx_prize_redis_cluster_t *cluster)
{
    ngx_uint_t          i, n, first;
    ngx_prize_redis_t  *redis;

    cluster->from_seed = 0;

    n = cluster->map.nmembers;
    first = n ? ngx_random() % n : 0;

    for (i = 0; i < n; i++) {
        redis = cluster->map.members[(first + i) % n]->node.redis;

        if (ngx_prize_redis_cluster_is_doubtful(redis)
            && ngx_prize_redis_cluster_ask(cluster, redis) == NGX_OK)
        {
            return NGX_OK;
        }
    }

    for (i = 0; i < n; i++) {
        redis = cluster->map.members[(first + i) % n]->node.redis;

        if (redis && ngx_prize_redis_ready(redis)
            && ngx_prize_redis_cluster_ask(cluster, redis) == NGX_OK)
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static void
ngx_prize_redis_cluster_refresh(ngx_event_t *ev)
{
    ngx_uint_t                  i;
    ngx_prize_redis_cluster_t  *cluster;

    cluster = ev->data;
    cluster->idle = 0;

    if (ngx_exiting || ngx_terminate || cluster->ask.open) {
        return;
    }

    for (i = 0; i < cluster->map.nmembers; i++) {
        if (cluster->map.members[i]->node.redis) {
            ngx_prize_redis_retry(cluster->map.members[i]->node.redis);
        }
    }

    if (ngx_prize_redis_cluster_ask_member(cluster) == NGX_OK) {
        return;
    }

    cluster->from_seed = 1;
    cluster->seeds_left
                  = ngx_prize_redis_listed(&cluster->seeds->list)->nelts;

    if (cluster->seeds_left
        && ngx_prize_redis_cluster_ask_seed(cluster) == NGX_OK)
    {
        return;
    }

    cluster->last = ngx_current_msec;
    cluster->begun = 1;

    ngx_prize_redis_cluster_want(cluster);
}


/*
 * An address may be another server's by now, with all slots of its own.  Its
 * ID proves that it is not; where the user may not ask for that, who was named
 * a moment ago is believed, and whoever is there again waits until his map
 * proves it.
 */

static void
ngx_prize_redis_cluster_id_handler(ngx_prize_redis_ask_t *ask,
    const prize_reply_t *reply, prize_reply_e type)
{
    ngx_prize_redis_member_t  *member;

    member = ask->data;

    /* a name may have another address since */

    if (ask->redis != member->node.redis) {
        return;
    }

    if (type == PRIZE_REPLY_STRING
        ? prize_cluster_equal_id(&member->id, &reply->text)
        : type == PRIZE_REPLY_ERROR && member->fresh)
    {
        ngx_prize_redis_admit(member->node.redis);
    }
}


static void
ngx_prize_redis_cluster_ask_id(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_member_t *member)
{
    static const char    *words[] = { "CLUSTER", "MYID" };
    static const size_t   lens[] = { 7, 4 };

    if (member->id.len == 0 || member->ask.open) {
        return;
    }

    member->ask.argc = 2;
    member->ask.argv = words;
    member->ask.lens = lens;
    member->ask.handler = ngx_prize_redis_cluster_id_handler;
    member->ask.data = member;

    (void) ngx_prize_redis_ask(member->node.redis, &member->ask,
                               cluster->site.timeout);
}


/* what the endpoints report */

static ngx_int_t
ngx_prize_redis_cluster_watch(void *data, ngx_prize_redis_t *redis,
    ngx_prize_redis_route_event_e event)
{
    ngx_prize_redis_member_t   *member;
    ngx_prize_redis_cluster_t  *cluster = data;

    member = ngx_prize_redis_map_find(&cluster->map, redis);

    /* who has left the map while lookups wait for him gets none of them */

    if (member == NULL) {
        return redis->seeds ? NGX_OK : NGX_AGAIN;
    }

    if (event == NGX_PRIZE_REDIS_ROUTE_UP) {
        member->fresh = !member->connected
                        && ngx_current_msec - member->listed
                           < NGX_PRIZE_REDIS_CLUSTER_FRESH;
        member->connected = 1;

        /* of whom a redirect names no ID is known */

        if (member->fresh && member->id.len == 0) {
            return NGX_OK;
        }

        ngx_prize_redis_cluster_ask_id(cluster, member);

        if (member->fresh) {
            return NGX_AGAIN;
        }
    }

    /* others may have its slots by now */

    ngx_prize_redis_cluster_want(cluster);

    return NGX_AGAIN;
}


void
ngx_prize_redis_cluster_start(ngx_prize_redis_cluster_t *cluster)
{
    static const char    *words[] = { "CLUSTER", "SLOTS" };
    static const size_t   lens[] = { 7, 5 };

    cluster->map.site = &cluster->site;
    cluster->site.watch = ngx_prize_redis_cluster_watch;
    cluster->site.watcher = cluster;

    cluster->ask.argc = 2;
    cluster->ask.argv = words;
    cluster->ask.lens = lens;
    cluster->ask.handler = ngx_prize_redis_cluster_ask_handler;
    cluster->ask.data = cluster;

    cluster->timer.handler = ngx_prize_redis_cluster_refresh;
    cluster->timer.data = cluster;
    cluster->timer.log = cluster->site.cycle->log;
    cluster->timer.cancelable = 1;

    ngx_prize_redis_site_open(&cluster->site);
}


void
ngx_prize_redis_cluster_stop(ngx_prize_redis_cluster_t *cluster)
{
    if (cluster->timer.timer_set) {
        ngx_del_timer(&cluster->timer);
    }

    cluster->timer.handler = NULL;

    ngx_prize_redis_ask_cancel(&cluster->ask);
    ngx_prize_redis_map_stop(&cluster->map);
    ngx_prize_redis_site_close(&cluster->site);
}


void
ngx_prize_redis_cluster_seeded(void *data)
{
    ngx_prize_redis_cluster_t  *cluster = data;

    if (cluster->map.nmembers == 0) {
        ngx_prize_redis_cluster_want(cluster);
    }
}


/* who waits to be asked who it is will not answer in time */

static ngx_uint_t
ngx_prize_redis_cluster_may_ask(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_member_t *member)
{
    ngx_prize_redis_t  *redis;

    redis = member->node.redis;

    return redis && ngx_prize_redis_usable(redis)
           && (!ngx_prize_redis_cluster_is_doubtful(redis)
               || (cluster->ask.open && cluster->ask.redis == redis)
               || member->ask.open);
}


ngx_prize_redis_t *
ngx_prize_redis_cluster_next(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_turn_t *turn)
{
    ngx_int_t                  n, shard;
    ngx_uint_t                 replicas;
    ngx_prize_redis_member_t  *member;

    shard = ngx_prize_redis_map_shard(&cluster->map, turn->key);

    if (shard == NGX_DECLINED) {
        return NULL;
    }

    /* the primary is most often all that is asked */

    replicas = turn->read_from == NGX_PRIZE_REDIS_PRIMARY
               || (turn->tries == 0
                   && turn->read_from == NGX_PRIZE_REDIS_PREFER_PRIMARY)
               ? 0 : ngx_prize_redis_map_count_replicas(&cluster->map, shard);

    for ( ;; ) {
        n = ngx_prize_redis_turn_next(turn, replicas);

        if (n == NGX_ERROR) {
            return NULL;
        }

        turn->replica = ((ngx_uint_t) n != replicas);
        member = turn->replica
                 ? ngx_prize_redis_map_replica(&cluster->map, shard, n)
                 : cluster->map.members[shard];

        if (member && ngx_prize_redis_cluster_may_ask(cluster, member)) {
            ngx_prize_redis_hold(member->node.redis);
            return member->node.redis;
        }

        if (turn->tries == 1 && replicas == 0
            && turn->read_from == NGX_PRIZE_REDIS_PREFER_PRIMARY)
        {
            replicas = ngx_prize_redis_map_count_replicas(&cluster->map,
                                                          shard);
        }
    }
}


ngx_int_t
ngx_prize_redis_cluster_redirect(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_turn_t *turn, ngx_prize_redis_t *from,
    const prize_cluster_redirect_t *redirect)
{
    u_char                     text[NGX_SOCKADDR_STRLEN];
    ngx_int_t                  i;
    prize_str_t                host;
    ngx_prize_redis_member_t  *member;

    ngx_prize_count(redirect->ask ? PRIZE_REDIRECTS_ASK
                                  : PRIZE_REDIRECTS_MOVED);

    if (!redirect->ask) {
        ngx_prize_redis_cluster_want(cluster);
    }

    if (turn->redirects++ == NGX_PRIZE_REDIS_CLUSTER_REDIRECTS) {
        return NGX_DECLINED;
    }

    host = redirect->host.len ? redirect->host
                              : ngx_prize_redis_node_address(from, text);

    i = ngx_prize_redis_map_guest(&cluster->map, &host, redirect->port);

    if (i == NGX_ERROR) {
        return NGX_DECLINED;
    }

    if (!redirect->ask) {
        ngx_prize_redis_map_move(&cluster->map, redirect->slot, i);
    }

    member = cluster->map.members[i];

    if (!ngx_prize_redis_cluster_may_ask(cluster, member)) {
        return NGX_DECLINED;
    }

    ngx_prize_redis_hold(member->node.redis);

    turn->target = member->node.redis;
    turn->asking = redirect->ask;

    return NGX_OK;
}


ngx_prize_redis_t *
ngx_prize_redis_cluster_primary(ngx_prize_redis_cluster_t *cluster,
    ngx_prize_redis_turn_t *turn)
{
    ngx_int_t           shard;
    ngx_prize_redis_t  *redis;

    shard = ngx_prize_redis_map_shard(&cluster->map, turn->key);

    if (shard == NGX_DECLINED) {
        return NULL;
    }

    redis = cluster->map.members[shard]->node.redis;

    if (redis) {
        ngx_prize_redis_hold(redis);
    }

    return redis;
}
