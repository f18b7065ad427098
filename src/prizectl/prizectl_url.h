
/*
 * A Redis, or several servers to ask where it is, named by a URL:
 *
 *     redis://[user@]host[:port][,host[:port]...][/database]
 *     rediss://... the same by TLS
 *     unix:/path[?db=database][&user=user]
 *
 * A password never stands in it, since every user of the machine can read
 * a command line.
 */

#ifndef _PRIZECTL_URL_H_INCLUDED_
#define _PRIZECTL_URL_H_INCLUDED_


typedef struct {
    const char          *host;
    int                  port;          /* 0: none is named */
} prizectl_server_t;


/* the strings are in "parts", but for the text */

typedef struct {
    const char          *text;          /* the caller's, for messages */
    char                *parts;         /* owned */
    prizectl_server_t   *servers;       /* owned; none with a path */
    unsigned             nservers;
    const char          *path;          /* or NULL */
    const char          *user;          /* or NULL */
    int                  database;
    unsigned             tls:1;
} prizectl_url_t;


/* 0, or -1 after a message; prizectl_url_destroy() takes both, and zeros */
int prizectl_url_parse(prizectl_url_t *url, const char *text);

void prizectl_url_destroy(prizectl_url_t *url);


#endif /* _PRIZECTL_URL_H_INCLUDED_ */
