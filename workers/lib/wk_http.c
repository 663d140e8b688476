/*
 * HTTP server.
 */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <microhttpd.h>

#include "wk_http.h"
#include "wk_log.h"


#define WK_HTTP_CONNECTIONS  1000
#define WK_HTTP_TIMEOUT      75        /* seconds of silence */
#define WK_HTTP_HEADERS      32768     /* memory for a connection */
#define WK_HTTP_DRAIN        1048576   /* too long a body is read up to this */


struct wk_http_s {
    struct MHD_Daemon      *daemon;
    const wk_http_route_t  *routes;
    void                   *data;

    pthread_mutex_t         mutex;
    pthread_cond_t          idle;
    unsigned                active;
};


/* One request, from its headers to the end of the reply. */

typedef struct {
    const wk_http_route_t  *route;
    unsigned                refused;   /* status, before the handler */
    unsigned char          *body;
    size_t                  len;
    size_t                  size;
    size_t                  drained;   /* of a refused body */
} request_t;


void
wk_http_json(wk_http_req_t *r, unsigned status, char *json, size_t len)
{
    free(r->reply);

    r->status = status;
    r->type = "application/json";
    r->reply = json;
    r->reply_len = len;
}


void
wk_http_error(wk_http_req_t *r, unsigned status, const char *message)
{
    int   n;
    char  text[256], *copy;

    n = snprintf(text, sizeof(text), "{\"error\":\"%s\"}", message);
    copy = (n > 0 && (size_t) n < sizeof(text)) ? strdup(text) : NULL;

    if (copy == NULL) {
        wk_http_empty(r, status);
        return;
    }

    wk_http_json(r, status, copy, (size_t) n);
}


void
wk_http_empty(wk_http_req_t *r, unsigned status)
{
    free(r->reply);

    r->status = status;
    r->type = NULL;
    r->reply = NULL;
    r->reply_len = 0;
}


/* Finds the route; a path without the method is 405. */

static void
find_route(wk_http_t *http, request_t *rq, const char *method,
    const char *path)
{
    const wk_http_route_t  *route;

    rq->refused = MHD_HTTP_NOT_FOUND;

    for (route = http->routes; route->method; route++) {
        if (strcmp(route->path, path) != 0) {
            continue;
        }

        rq->refused = MHD_HTTP_METHOD_NOT_ALLOWED;

        if (strcmp(route->method, method) == 0
            || (strcmp(route->method, "GET") == 0
                && strcmp(method, "HEAD") == 0))
        {
            rq->route = route;
            rq->refused = 0;
            return;
        }
    }
}


static void
add_body(request_t *rq, const char *data, size_t n)
{
    size_t          limit, size;
    unsigned char  *p;

    limit = rq->route ? rq->route->body : 0;

    if (rq->refused) {
        return;
    }

    if (n > limit - rq->len) {
        rq->refused = MHD_HTTP_CONTENT_TOO_LARGE;
        return;
    }

    if (n > rq->size - rq->len) {
        size = (rq->size * 2 > rq->len + n) ? rq->size * 2 : rq->len + n;
        size = (size > limit) ? limit : size;

        p = realloc(rq->body, size);

        if (p == NULL) {
            rq->refused = MHD_HTTP_INTERNAL_SERVER_ERROR;
            return;
        }

        rq->body = p;
        rq->size = size;
    }

    memcpy(rq->body + rq->len, data, n);
    rq->len += n;
}


static enum MHD_Result
send_reply(struct MHD_Connection *c, wk_http_req_t *r)
{
    enum MHD_Result       rc;
    struct MHD_Response  *response;

    response = MHD_create_response_from_buffer(r->reply_len, r->reply,
                                               MHD_RESPMEM_MUST_FREE);

    if (response == NULL) {
        free(r->reply);
        return MHD_NO;
    }

    if (r->type != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                r->type);
    }

    rc = MHD_queue_response(c, r->status, response);
    MHD_destroy_response(response);

    return rc;
}


static const char *
refusal(unsigned status)
{
    switch (status) {

    case MHD_HTTP_NOT_FOUND:
        return "no such resource";

    case MHD_HTTP_METHOD_NOT_ALLOWED:
        return "method not allowed";

    case MHD_HTTP_CONTENT_TOO_LARGE:
        return "body is too long";

    default:
        return "internal error";
    }
}


static request_t *
begin_request(wk_http_t *http, struct MHD_Connection *c, const char *method,
    const char *path, int *at_once)
{
    request_t           *rq;
    const char          *length;
    unsigned long long   n;

    rq = calloc(1, sizeof(request_t));

    if (rq == NULL) {
        return NULL;
    }

    find_route(http, rq, method, path);

    length = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
                                         MHD_HTTP_HEADER_CONTENT_LENGTH);
    n = length ? strtoull(length, NULL, 10) : 0;

    if (n > (rq->route ? rq->route->body : WK_HTTP_DRAIN)) {
        rq->refused = MHD_HTTP_CONTENT_TOO_LARGE;
    }

    *at_once = n > WK_HTTP_DRAIN;

    pthread_mutex_lock(&http->mutex);
    http->active++;
    pthread_mutex_unlock(&http->mutex);

    return rq;
}


static enum MHD_Result
answer(wk_http_t *http, struct MHD_Connection *c, request_t *rq)
{
    wk_http_req_t  r;

    memset(&r, 0, sizeof(r));
    r.data = http->data;
    r.body = rq->body;
    r.len = rq->len;
    wk_http_error(&r, MHD_HTTP_INTERNAL_SERVER_ERROR, "internal error");

    if (rq->refused) {
        wk_http_error(&r, rq->refused, refusal(rq->refused));

    } else {
        rq->route->handler(&r);
    }

    wk_log(WK_LOG_DEBUG, "%s %s %u", rq->route ? rq->route->method : "-",
           rq->route ? rq->route->path : "-", r.status);

    return send_reply(c, &r);
}


static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *data, size_t *len,
    void **ctx)
{
    int         at_once;
    wk_http_t  *http;
    request_t  *rq;

    (void) version;

    http = cls;
    rq = *ctx;

    if (rq == NULL) {
        rq = begin_request(http, c, method, path, &at_once);

        if (rq == NULL) {
            return MHD_NO;
        }

        *ctx = rq;

        return at_once ? answer(http, c, rq) : MHD_YES;
    }

    if (*len > 0) {
        add_body(rq, data, *len);

        /* a sender of far too much is cut off */

        rq->drained += rq->refused ? *len : 0;
        *len = 0;

        return (rq->drained > WK_HTTP_DRAIN) ? MHD_NO : MHD_YES;
    }

    return answer(http, c, rq);
}


static void
on_completed(void *cls, struct MHD_Connection *c, void **ctx,
    enum MHD_RequestTerminationCode code)
{
    wk_http_t  *http;
    request_t  *rq;

    (void) c;
    (void) code;

    http = cls;
    rq = *ctx;

    if (rq == NULL) {
        return;
    }

    free(rq->body);
    free(rq);
    *ctx = NULL;

    pthread_mutex_lock(&http->mutex);

    if (--http->active == 0) {
        pthread_cond_signal(&http->idle);
    }

    pthread_mutex_unlock(&http->mutex);
}


static void
on_log(void *cls, const char *fmt, va_list args)
{
    char  text[512];

    (void) cls;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof(text), fmt, args);
#pragma GCC diagnostic pop

    wk_log(WK_LOG_DEBUG, "http: %s", text);
}


wk_http_t *
wk_http_start(int fd, unsigned threads, const wk_http_route_t *routes,
    void *data)
{
    wk_http_t           *http;
    pthread_condattr_t   attr;

    http = calloc(1, sizeof(wk_http_t));

    if (http == NULL) {
        return NULL;
    }

    http->routes = routes;
    http->data = data;

    pthread_mutex_init(&http->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&http->idle, &attr);
    pthread_condattr_destroy(&attr);

    /* a pool of one is refused by the library, and no pool is one thread */

    http->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned) WK_HTTP_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) WK_HTTP_TIMEOUT,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) WK_HTTP_HEADERS,
        (threads > 1) ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
        threads, MHD_OPTION_END);

    if (http->daemon == NULL) {
        wk_log(WK_LOG_ERROR, "cannot start the HTTP server");
        free(http);
        return NULL;
    }

    return http;
}


void
wk_http_stop(wk_http_t *http, int64_t ms)
{
    int              fd;
    struct timespec  end;

    fd = MHD_quiesce_daemon(http->daemon);

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += ms / 1000;

    pthread_mutex_lock(&http->mutex);

    while (http->active
           && pthread_cond_timedwait(&http->idle, &http->mutex, &end) == 0)
    { /* void */ }

    pthread_mutex_unlock(&http->mutex);

    MHD_stop_daemon(http->daemon);

    if (fd != MHD_INVALID_SOCKET) {
        close(fd);
    }

    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->mutex);
    free(http);
}
