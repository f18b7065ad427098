
/*
 * Many clients at once, for the bench: no stock tool lets 10,000 connections
 * ask once, each for another employee.
 *
 *     clients PORT CONNECTIONS SECONDS EMPLOYEES ENCODING PATH REQUESTS
 *
 * Each connects, asks for a page, reads all of it and leaves; they come evenly
 * over so many seconds.  With REQUESTS they are all connected before the start
 * and kept, and whoever has a page asks again until that many were asked for.
 *
 * "ready" is printed, and the start is a line from standard input.  In the end
 *
 *     pages=10000 seconds=0.212345 tail=0.002345
 *
 * says how long it was to the last page, and how much of that after the last
 * client's arrival.  The first request that fails ends it all: such a run
 * counts for nothing.
 */


#define _GNU_SOURCE

#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


typedef struct {
    int      fd;
    int64_t  got;               /* of the answer */
    int64_t  size;              /* of all of it, 0 until the head is there */
} client_t;


static int          port, connections, employees, requests;
static double       seconds, arrived;
static const char  *encoding, *path;

static int          epoll, came, asked, pages;


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


/* a fixed seed: everybody who is measured is asked for the same employees */

static void
ask(client_t *client)
{
    int   n;
    char  request[1024];

    n = snprintf(request, sizeof(request),
                 "GET %s1%07ld HTTP/1.1\r\nHost: bench\r\n"
                 "Accept-Encoding: %s\r\n\r\n", path,
                 1 + random() % employees, encoding);

    client->got = 0;
    client->size = 0;
    asked++;

    if (write(client->fd, request, n) != n) {
        err(1, "cannot send a request");
    }
}


/*
 * Each run comes from an address of its own: the ports of those who have left
 * are not free for a minute.  Loopback connects at once.
 */

static void
come(client_t *client)
{
    int                 on = 1;
    struct epoll_event  event = { .events = EPOLLIN, .data.ptr = client };
    struct sockaddr_in  to = { .sin_family = AF_INET, .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in  from = { .sin_family = AF_INET, .sin_addr.s_addr
                            = htonl(0x7f000001 + (getpid() % 60000 << 8)) };

    client->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                   sizeof(on)) == -1
        || bind(client->fd, (struct sockaddr *) &from, sizeof(from)) == -1
        || connect(client->fd, (struct sockaddr *) &to, sizeof(to)) == -1
        || epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) == -1)
    {
        err(1, "cannot connect");
    }

    came++;
}


/* the bytes of an answer; each server here writes a head at once */

static int64_t
answer_size(char *head)
{
    char  *end, *length;

    end = strstr(head, "\r\n\r\n");
    length = strcasestr(head, "\r\nContent-Length:");

    if (end == NULL || length == NULL
        || strncmp(head, "HTTP/1.1 200 ", 13) != 0)
    {
        errx(1, "%.*s", (int) strcspn(head, "\r"), head);
    }

    return end + 4 - head + atoll(length + sizeof("\r\nContent-Length:") - 1);
}


static void
answer(client_t *client)
{
    ssize_t      n;
    static char  bytes[262144];

    n = read(client->fd, bytes, sizeof(bytes) - 1);

    if (n <= 0) {
        err(1, "closed before the page came");
    }

    if (client->size == 0) {
        bytes[n] = '\0';
        client->size = answer_size(bytes);
    }

    client->got += n;

    if (client->got < client->size) {
        return;
    }

    pages++;

    if (!requests) {
        close(client->fd);

    } else if (asked < requests) {
        ask(client);
    }
}


static void
run(client_t *clients)
{
    int                 i, n, due;
    double              start, end;
    struct epoll_event  events[256];

    while (requests && came < connections) {
        come(&clients[came]);
    }

    puts("ready");
    getchar();

    start = now();

    for (i = 0; i < came; i++) {
        ask(&clients[i]);
    }

    arrived = now();

    while (pages < (requests ? requests : connections)) {
        due = came < connections
              && now() - start >= came * seconds / connections;

        if (due) {
            come(&clients[came]);
            ask(&clients[came - 1]);
            arrived = now();
        }

        n = epoll_wait(epoll, events, 256, came == connections ? -1 : !due);

        for (i = 0; i < n; i++) {
            answer(events[i].data.ptr);
        }
    }

    end = now();

    printf("pages=%d seconds=%f tail=%f\n", pages, end - start,
           end - arrived);
}


int
main(int argc, char **argv)
{
    if (argc != 8) {
        errx(1, "wrong arguments");
    }

    port = atoi(argv[1]);
    connections = atoi(argv[2]);
    seconds = atof(argv[3]);
    employees = atoi(argv[4]);
    encoding = argv[5];
    path = argv[6];
    requests = atoi(argv[7]);

    epoll = epoll_create1(0);
    alarm(120);     /* for what never comes */
    setvbuf(stdout, NULL, _IOLBF, 0);
    run(calloc(connections, sizeof(client_t)));

    return 0;
}
