
/*
 * Counters, gauges and histograms in a block of memory that all workers
 * share.  Each worker writes to a slot of its own, which it claims by its
 * process ID, so nothing is locked and nothing is atomic; a reader adds up.
 *
 * A slot keeps its counters when its worker has gone, and the next worker
 * that claims it goes on counting there, so sums never fall.  Gauges are
 * those of the living.
 */

#ifndef _PRIZE_METRICS_H_INCLUDED_
#define _PRIZE_METRICS_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>


#define PRIZE_METRICS_SLOTS  1024
#define PRIZE_METRICS_LABELS 32      /* peers, and pages; the last: others, */
                                     /*   of peers that before it: pools */
#define PRIZE_METRICS_LABEL  128     /* bytes of a label, its NUL included */


typedef enum {
    PRIZE_HTTP_200 = 0,
    PRIZE_HTTP_400,
    PRIZE_HTTP_403,
    PRIZE_HTTP_404,
    PRIZE_HTTP_405,
    PRIZE_HTTP_410,
    PRIZE_HTTP_499,
    PRIZE_HTTP_500,
    PRIZE_HTTP_503,
    PRIZE_HTTP_OTHER,

    PRIZE_CLOSED_BEFORE,                /* by "prize_open" */
    PRIZE_CLOSED_AFTER,

    PRIZE_REDIS_FOUND,
    PRIZE_REDIS_NOT_FOUND,
    PRIZE_REDIS_STALE,
    PRIZE_REDIS_FOREIGN,
    PRIZE_REDIS_LATE,
    PRIZE_REDIS_LOST,
    PRIZE_REDIS_MOVED_AWAY,
    PRIZE_REDIS_ERROR,

    PRIZE_POSTGRES_FOUND,
    PRIZE_POSTGRES_NOT_FOUND,
    PRIZE_POSTGRES_LATE,
    PRIZE_POSTGRES_LOST,
    PRIZE_POSTGRES_ERROR,

    PRIZE_POSTGRES_ERROR_CONNECT,
    PRIZE_POSTGRES_ERROR_LOST,
    PRIZE_POSTGRES_ERROR_TIMEOUT,
    PRIZE_POSTGRES_ERROR_QUERY,
    PRIZE_POSTGRES_ERROR_ROWS,

    PRIZE_BREAKER_REDIS_SHUT,
    PRIZE_BREAKER_REDIS_OPEN,
    PRIZE_BREAKER_REDIS_HALF_OPEN,
    PRIZE_BREAKER_POSTGRES_SHUT,
    PRIZE_BREAKER_POSTGRES_OPEN,
    PRIZE_BREAKER_POSTGRES_HALF_OPEN,

    PRIZE_SHED_QUEUE,
    PRIZE_SHED_DOWN,

    PRIZE_WRITEBACK_STORED,
    PRIZE_WRITEBACK_KEPT,
    PRIZE_WRITEBACK_FAILED,
    PRIZE_WRITEBACK_DROPPED,

    PRIZE_REDIRECTS_MOVED,
    PRIZE_REDIRECTS_ASK,
    PRIZE_REFRESHES_OK,
    PRIZE_REFRESHES_FAILED,

    PRIZE_COALESCED,
    PRIZE_CLIENT_ABORTS,
    PRIZE_STALE_RECORDS,
    PRIZE_OWNER_MISMATCHES,
    PRIZE_LOG_SUPPRESSED,
    PRIZE_WORKER_STARTS,

    PRIZE_COUNTERS
} prize_counter_e;


typedef enum {
    PRIZE_REQUESTS_IN_FLIGHT = 0,
    PRIZE_POSTGRES_CONNECTING,
    PRIZE_POSTGRES_CONNECTED,
    PRIZE_POSTGRES_QUEUED,
    PRIZE_POSTGRES_QUEUE_MAX,
    PRIZE_POSTGRES_IN_FLIGHT,
    PRIZE_QUERIES_WRONG,                /* queries, and */
    PRIZE_SLOTS_UNCOVERED,              /*   slots, of who has most of them */
    PRIZE_REDIS_MAP_TIME,               /* the oldest one's, Unix time */
    PRIZE_GAUGES
} prize_gauge_e;


/* of one server or one pool */

typedef enum {
    PRIZE_PEER_CONNECTING = 0,
    PRIZE_PEER_CONNECTED,
    PRIZE_PEER_TLS,                     /* of them, by TLS */
    PRIZE_PEER_IN_FLIGHT,
    PRIZE_PEER_BREAKER,                 /* 1 if open or half-open */
    PRIZE_PEER_PRIMARY,                 /* how many of the worker's routes */
    PRIZE_PEER_REPLICA,                 /*   take it for one */
    PRIZE_PEER_SENTINEL,                /* it is one, and no store */
    PRIZE_PEER_KNOWN,                   /* how many of the worker's have it */
    PRIZE_PEER_SERVER_END,              /* when a certificate ends, Unix */
    PRIZE_PEER_CLIENT_END,              /*   time; 0: there is none */
    PRIZE_PEER_GAUGES
} prize_peer_gauge_e;


typedef enum {
    PRIZE_PEER_ERROR_CONNECT = 0,
    PRIZE_PEER_ERROR_LOST,
    PRIZE_PEER_ERROR_TIMEOUT,
    PRIZE_PEER_ERROR_PROTOCOL,
    PRIZE_PEER_ERROR_AWAY,
    PRIZE_PEER_ERROR_DENIED,
    PRIZE_PEER_ERROR_TLS,
    PRIZE_PEER_ERROR_REPLY,
    PRIZE_PEER_COUNTERS
} prize_peer_counter_e;


typedef enum {
    PRIZE_REQUEST_REDIS = 0,            /* by who had the record */
    PRIZE_REQUEST_POSTGRES,
    PRIZE_REQUEST_NOBODY,
    PRIZE_REDIS_COMMAND,
    PRIZE_POSTGRES_QUERY,
    PRIZE_POSTGRES_QUEUE_WAIT,
    PRIZE_POSTGRES_BATCH,               /* IDs, not nanoseconds */
    PRIZE_HISTOGRAMS
} prize_histogram_e;


#define PRIZE_BUCKETS  16               /* the last one: +Inf */


typedef struct {
    uint64_t                sum;        /* of nanoseconds, or of IDs */
    uint64_t                buckets[PRIZE_BUCKETS];
} prize_histogram_t;


typedef struct {
    int64_t                 gauges[PRIZE_PEER_GAUGES];
    uint64_t                counters[PRIZE_PEER_COUNTERS];
} prize_peer_metrics_t;


typedef struct {
    volatile pid_t          pid;        /* 0 if free */
    volatile int            used;       /* ever; slots are used in order */
    volatile uint64_t       beat;       /* the second it was heard of last, */
                                        /*   0 where it need not be */
    volatile int            leaving;    /* takes no requests any more */
    uint64_t                counters[PRIZE_COUNTERS];
    int64_t                 gauges[PRIZE_GAUGES];
    prize_histogram_t       histograms[PRIZE_HISTOGRAMS];
    prize_peer_metrics_t    peers[PRIZE_METRICS_LABELS];
    uint64_t                pages[PRIZE_METRICS_LABELS];
} prize_metrics_slot_t;


typedef enum {
    PRIZE_LABEL_REDIS = 0,
    PRIZE_LABEL_POSTGRES,
    PRIZE_LABEL_PAGE
} prize_label_e;


/*
 * A reload finds a name again.  That of a page never changes; that of a peer
 * makes room for another where no worker has it and no label is left.
 */

typedef struct {
    volatile int            written;
    prize_label_e           kind;
    char                    name[PRIZE_METRICS_LABEL];
} prize_metrics_label_t;


typedef struct {
    time_t                  start;      /* wall clock, for display only */
    volatile pid_t          labelling;  /* who looks for a label, or 0 */
    prize_metrics_label_t   peers[PRIZE_METRICS_LABELS];
    prize_metrics_label_t   pages[PRIZE_METRICS_LABELS];
    prize_metrics_slot_t    slots[PRIZE_METRICS_SLOTS];
} prize_metrics_t;


/* all servers of Redis but Sentinels, or all pools, in one number */

typedef struct {
    int64_t                 redis_connections;
    int64_t                 redis_in_flight;
    int64_t                 redis_open;     /* breakers, of all workers */
    int64_t                 postgres_open;
} prize_backends_t;


/*
 * A slot for that process, its gauges at 0; NULL if every slot belongs to a
 * living process.  The slot of a process that has died is free.
 */
prize_metrics_slot_t *prize_metrics_claim(prize_metrics_t *metrics,
    pid_t pid);

/* for another process, which goes on counting there; its gauges are 0 now */
void prize_metrics_release(prize_metrics_slot_t *slot);

/*
 * The index of a peer's or a page's label, for the worker of that slot; where
 * all are taken, of the one for others of its kind.
 */
unsigned prize_metrics_label(prize_metrics_t *metrics,
    prize_metrics_slot_t *slot, prize_label_e kind, const char *name,
    size_t len);

#define prize_metrics_other(kind)                                             \
    (PRIZE_METRICS_LABELS - ((kind) == PRIZE_LABEL_POSTGRES ? 2 : 1))

#define prize_counter_add(slot, counter, n)                                   \
    ((slot)->counters[counter] += (n))

#define prize_gauge_add(slot, gauge, n)                                       \
    ((slot)->gauges[gauge] += (n))

/* PRIZE_BUCKETS - 1 of them: nanoseconds, and IDs */
extern const uint64_t  prize_seconds_bounds[];
extern const uint64_t  prize_batch_bounds[];

#define prize_histogram_bounds(histogram)                                     \
    ((histogram) == PRIZE_POSTGRES_BATCH ? prize_batch_bounds                 \
                                         : prize_seconds_bounds)


/* nanoseconds, or IDs; inline, since it is part of every page */

static inline void
prize_histogram_add(prize_metrics_slot_t *slot, prize_histogram_e histogram,
    uint64_t value)
{
    unsigned            i;
    const uint64_t     *bounds;
    prize_histogram_t  *h;

    h = &slot->histograms[histogram];
    bounds = prize_histogram_bounds(histogram);

    for (i = 0; i < PRIZE_BUCKETS - 1 && value > bounds[i]; i++) {
        /* void */
    }

    h->sum += value;
    h->buckets[i]++;
}


/* PRIZE_HTTP_... of a status */
prize_counter_e prize_metrics_status(unsigned status);


/* living processes that hold a slot */
unsigned prize_metrics_workers(const prize_metrics_t *metrics);

/* those of them that were heard of before that second, and not since */
unsigned prize_metrics_silent(const prize_metrics_t *metrics,
    uint64_t second);

/* over all slots, to be freed with free(); NULL without memory */
prize_metrics_slot_t *prize_metrics_sum(const prize_metrics_t *metrics);

/* fills "backends" from what prize_metrics_sum() returned for these metrics */
void prize_metrics_backends(const prize_metrics_t *metrics,
    const prize_metrics_slot_t *sum, prize_backends_t *backends);


#endif /* _PRIZE_METRICS_H_INCLUDED_ */
