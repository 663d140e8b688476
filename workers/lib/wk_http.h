/*
 * HTTP/1.1 server of a worker: libmicrohttpd on a listening socket, a pool of
 * threads, a table of routes.  Handlers may block.
 */

#ifndef WK_HTTP_H
#define WK_HTTP_H

#include "wk_core.h"


typedef struct wk_http_s  wk_http_t;


typedef struct {
    void                 *data;      /* the server's */
    const unsigned char  *body;
    size_t                len;

    /* the reply; a handler that leaves it alone sends 500 */
    unsigned              status;
    const char           *type;      /* Content-Type, NULL: none */
    char                 *reply;     /* from malloc(), freed by the server */
    size_t                reply_len;
} wk_http_req_t;


typedef struct {
    const char   *method;            /* NULL ends the table */
    const char   *path;
    size_t        body;              /* bytes that it may have, else 413 */
    void        (*handler)(wk_http_req_t *r);
} wk_http_route_t;


/*
 * Serves the listening socket, which is closed at the end, with the given
 * number of threads.  data is handed to the handlers.  Returns NULL on failure
 * (logged).
 */
wk_http_t *wk_http_start(int fd, unsigned threads,
    const wk_http_route_t *routes, void *data);

/* Takes no more connections, lets running requests end, for at most ms. */
void wk_http_stop(wk_http_t *http, int64_t ms);

/* Replies with a JSON text from malloc(), which it takes over. */
void wk_http_json(wk_http_req_t *r, unsigned status, char *json, size_t len);

/* Replies {"error":"..."}; the message must be plain ASCII without quotes. */
void wk_http_error(wk_http_req_t *r, unsigned status, const char *message);

void wk_http_empty(wk_http_req_t *r, unsigned status);


#endif /* WK_HTTP_H */
