
/*
 * Many clients at once, for the bench: each connects, asks for a page, reads
 * all of it and leaves; or, with -k, all connect first and are kept, and ask
 * once a line comes from standard input.
 *
 *     clients -p PORT -c CONNECTIONS [-s SECONDS] [-e EMPLOYEES] [-g] [-i] PATH
 *     clients -p PORT -c CONNECTIONS -k -n REQUESTS ... PATH
 *
 * Without -k the connections are made evenly over SECONDS, 0 by default.
 * With it each connection asks again when it has its page, until REQUESTS
 * were made in all.  A random employee's ID is put behind PATH, unless there
 * are none.  An answer without Content-Length is a failure; with -i, so is a
 * page that does not show this ID near its beginning.  One line tells what
 * came:
 *
 *     pages=10000 failed=0 us=212345 tail_us=2345 cpu_us=101234 bytes=157000000
 *
 * "us" is from the first connection, or from the line on standard input, to
 * the last page, "tail_us" is that from the last client's arrival on, and
 * "cpu_us" what this process itself took meanwhile.  What failed first is told
 * on standard error.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define HEAD_SIZE   2048
#define ID_FORMAT   "1%07d"
#define EVENTS      256
#define AT_ONCE     64          /* connections made between two polls */
#define PER_ADDRESS 4000        /* an address has 28,000 ports to come from */
#define PATIENCE    60000000    /* us */


typedef struct {
    int       fd;
    unsigned  connecting:1;
    unsigned  asking:1;
    int       employee;         /* who was asked for */
    char     *page;             /* behind the head, once that is there */
    size_t    used;             /* of "head" */
    int64_t   got;              /* of the answer */
    int64_t   size;             /* of all of it, once the head is there */
    char      head[HEAD_SIZE];  /* and the first bytes of the page */
} client_t;


typedef struct {
    int          port;
    int          connections;
    int          requests;
    int          employees;
    int          gzip;
    int          identify;
    int          keep;
    double       seconds;
    const char  *path;

    int          epoll;
    client_t    *clients;
    int          connected;
    int          connects;      /* tried */
    int          asked;
    int          pages;
    int          failed;
    int64_t      bytes;
    int64_t      arrived;       /* when the last one has come */
    uint64_t     seed;
} load_t;


static char  body[262144];


static int64_t
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static int64_t
processor_time(void)
{
    struct rusage  usage;

    getrusage(RUSAGE_SELF, &usage);

    return (int64_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000
           + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}


static void
client_leave(client_t *client)
{
    close(client->fd);
    client->fd = -1;
    client->asking = 0;
}


static void
client_fail(load_t *load, client_t *client, const char *why)
{
    if (load->failed++ == 0) {
        fprintf(stderr, "clients: %s%s%s\n", why, errno ? ": " : "",
                errno ? strerror(errno) : "");
    }

    if (client->fd != -1) {
        client_leave(client);
    }
}


/* a fixed seed: everybody who is measured is asked for the same employees */

static int
random_employee(load_t *load)
{
    load->seed = load->seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return 1 + (load->seed >> 33) % load->employees;
}


static void
client_ask(load_t *load, client_t *client)
{
    int   n;
    char  id[16], request[1024];

    id[0] = '\0';

    if (load->employees) {
        client->employee = random_employee(load);
        snprintf(id, sizeof(id), ID_FORMAT, client->employee);
    }

    n = snprintf(request, sizeof(request),
                 "GET %s%s HTTP/1.1\r\nHost: bench\r\n%s\r\n", load->path, id,
                 load->gzip ? "Accept-Encoding: gzip\r\n" : "");

    client->asking = 1;
    client->page = NULL;
    client->used = 0;
    client->got = 0;
    load->asked++;

    errno = 0;

    if (write(client->fd, request, n) != n) {
        client_fail(load, client, "cannot send a request");
    }
}


/*
 * From an address of its own for every few thousand, and for each run others:
 * the ports of those who have left are not free for a minute.
 */

static void
client_connect(load_t *load, client_t *client)
{
    int                 on, number;
    struct sockaddr_in  from, to;
    struct epoll_event  event;

    number = load->connects++;
    on = 1;

    memset(&from, 0, sizeof(from));
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f000001 + ((getpid() % 60000) << 8)
                                 + number / PER_ADDRESS);
    memset(&to, 0, sizeof(to));
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(load->port);

    event.events = EPOLLIN|EPOLLOUT|EPOLLET;
    event.data.ptr = client;

    errno = 0;
    client->connecting = 1;
    client->fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0);

    if (client->fd == -1
        || setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                      sizeof(on)) == -1
        || setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on,
                      sizeof(on)) == -1
        || bind(client->fd, (struct sockaddr *) &from, sizeof(from)) == -1
        || epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) == -1
        || (connect(client->fd, (struct sockaddr *) &to, sizeof(to)) == -1
            && errno != EINPROGRESS))
    {
        client_fail(load, client, "cannot connect");
    }
}


static void
client_connected(load_t *load, client_t *client)
{
    socklen_t  len;

    len = sizeof(errno);

    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &errno, &len) == -1
        || errno)
    {
        client_fail(load, client, "cannot connect");
        return;
    }

    client->connecting = 0;
    load->connected++;

    if (!load->keep) {
        client_ask(load, client);
    }
}


/* the first bytes of an answer are kept: its head, and where the page begins */

static void
client_keep(client_t *client, const char *in, size_t n)
{
    size_t  take;

    client->got += n;

    take = HEAD_SIZE - 1 - client->used;
    take = n < take ? n : take;
    memcpy(client->head + client->used, in, take);
    client->used += take;
    client->head[client->used] = '\0';
}


/* once it is whole */

static void
client_head(load_t *load, client_t *client)
{
    char  *end, *length;

    errno = 0;
    end = strstr(client->head, "\r\n\r\n");

    if (end == NULL) {
        if (client->used == HEAD_SIZE - 1) {
            client_fail(load, client, "a head without an end");
        }

        return;
    }

    end[2] = '\0';
    length = strcasestr(client->head, "\r\nContent-Length:");

    if (strncmp(client->head, "HTTP/1.1 200 ", 13) != 0 || length == NULL) {
        client->head[strcspn(client->head, "\r")] = '\0';
        client_fail(load, client, client->head);
        return;
    }

    if (load->gzip
        != (strcasestr(client->head, "\r\nContent-Encoding: gzip") != NULL))
    {
        client_fail(load, client, "another encoding than what was asked for");
        return;
    }

    client->page = end + 4;
    client->size = client->page - client->head
                   + atoll(length + sizeof("\r\nContent-Length:") - 1);
}


static int
client_identified(client_t *client)
{
    char  id[16];

    snprintf(id, sizeof(id), ID_FORMAT, client->employee);

    return memmem(client->page, client->head + client->used - client->page,
                  id, strlen(id))
           != NULL;
}


static void
client_page(load_t *load, client_t *client)
{
    if (load->identify && !client_identified(client)) {
        client_fail(load, client, "not the page of who was asked for");
        return;
    }

    load->pages++;
    client->asking = 0;

    if (!load->keep) {
        client_leave(client);

    } else if (load->asked < load->requests) {
        client_ask(load, client);
    }
}


static void
client_read(load_t *load, client_t *client)
{
    ssize_t  n;

    while (client->fd != -1) {
        n = read(client->fd, body, sizeof(body));

        if (n == -1 && errno == EAGAIN) {
            return;
        }

        if (n <= 0 || !client->asking) {
            errno = n == -1 ? errno : 0;
            client_fail(load, client, n > 0 ? "bytes that nobody asked for"
                                            : "closed before the page came");
            return;
        }

        load->bytes += n;

        client_keep(client, body, n);

        if (client->page == NULL) {
            client_head(load, client);
        }

        if (client->fd == -1 || client->page == NULL
            || client->got < client->size)
        {
            continue;
        }

        if (client->got > client->size) {
            errno = 0;
            client_fail(load, client, "more than a page");
            return;
        }

        client_page(load, client);
    }
}


static void
turn(load_t *load, int timeout)
{
    int                  i, n;
    client_t            *client;
    struct epoll_event   events[EVENTS];

    n = epoll_wait(load->epoll, events, EVENTS, timeout);

    for (i = 0; i < n; i++) {
        client = events[i].data.ptr;

        if (client->fd != -1 && client->connecting
            && (events[i].events & (EPOLLOUT|EPOLLERR|EPOLLHUP)))
        {
            client_connected(load, client);
        }

        if (client->fd != -1 && !client->connecting
            && (events[i].events & (EPOLLIN|EPOLLERR|EPOLLHUP)))
        {
            client_read(load, client);
        }
    }
}


/* connects those who are due, and says whether there are more to come */

static int
arrive(load_t *load, int64_t start)
{
    int  due;

    due = load->connections;

    if (load->seconds > 0) {
        due = (now() - start) / 1e6 / load->seconds * load->connections + 1;
    }

    if (due > load->connections) {
        due = load->connections;
    }

    if (due > load->connects + AT_ONCE) {
        due = load->connects + AT_ONCE;
    }

    while (load->connects < due) {
        client_connect(load, &load->clients[load->connects]);
        load->arrived = now();
    }

    return load->connects < load->connections;
}


static void
connect_all(load_t *load)
{
    int64_t  start;

    start = now();

    while (arrive(load, start)
           || load->connected + load->failed < load->connections)
    {
        turn(load, load->connects < load->connections ? 0 : 100);

        if (now() - start > PATIENCE) {
            break;
        }
    }
}


static void
run(load_t *load)
{
    int      i, c, more;
    int64_t  start, end, used;

    if (load->keep) {
        connect_all(load);
        printf("connected=%d\n", load->connected);

        while ((c = getchar()) != '\n' && c != EOF) { /* void */ }
    }

    start = now();
    used = processor_time();

    for (i = 0; load->keep && i < load->connections; i++) {
        if (load->clients[i].fd != -1 && load->asked < load->requests) {
            client_ask(load, &load->clients[i]);
            load->arrived = now();
        }
    }

    while (load->pages + load->failed < load->requests
           && now() - start < PATIENCE)
    {
        more = arrive(load, start);
        turn(load, !more ? 100 : load->seconds > 0 ? 1 : 0);
    }

    end = now();

    printf("pages=%d failed=%d us=%lld tail_us=%lld cpu_us=%lld bytes=%lld\n",
           load->pages, load->requests - load->pages,
           (long long) (end - start), (long long) (end - load->arrived),
           (long long) (processor_time() - used), (long long) load->bytes);
}


static int
options(load_t *load, int argc, char **argv)
{
    int  c;

    while ((c = getopt(argc, argv, "p:c:n:s:e:gik")) != -1) {
        switch (c) {
        case 'p': load->port = atoi(optarg); break;
        case 'c': load->connections = atoi(optarg); break;
        case 'n': load->requests = atoi(optarg); break;
        case 's': load->seconds = atof(optarg); break;
        case 'e': load->employees = atoi(optarg); break;
        case 'g': load->gzip = 1; break;
        case 'i': load->identify = 1; break;
        case 'k': load->keep = 1; break;
        default: return -1;
        }
    }

    if (!load->keep) {
        load->requests = load->connections;
    }

    load->path = argv[optind];

    return load->path && load->port > 0 && load->connections > 0
           && load->requests >= load->connections ? 0 : -1;
}


int
main(int argc, char **argv)
{
    load_t         load;
    struct rlimit  limit;

    memset(&load, 0, sizeof(load));
    load.seed = 42;
    setvbuf(stdout, NULL, _IOLBF, 0);

    if (options(&load, argc, argv) == -1) {
        fprintf(stderr, "usage: clients -p PORT -c CONNECTIONS [-s SECONDS] "
                "[-k -n REQUESTS] [-e EMPLOYEES] [-g] [-i] PATH\n");
        return 2;
    }

    limit.rlim_cur = load.connections + 64;
    limit.rlim_max = limit.rlim_cur;

    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) {
        perror("clients: cannot have so many descriptors");
        return 1;
    }

    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.clients = calloc(load.connections, sizeof(client_t));

    if (load.epoll == -1 || load.clients == NULL) {
        perror("clients");
        return 1;
    }

    run(&load);

    return load.pages == load.requests ? 0 : 1;
}
