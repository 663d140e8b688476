/*
 * Calls of the training worker: subrequests to the internal location that the
 * directive mlforkids_training names.  nginx brings connections, time limits
 * and balancing.
 */

#include "ngx_mlforkids_engine.h"


#define NGX_MLFORKIDS_WORKER_DEPTH  16
#define NGX_MLFORKIDS_WORKER_NODES  20000


static ngx_int_t ngx_mlforkids_worker_subrequest(ngx_mlforkids_ctx_t *ctx,
    const char *path, ngx_str_t *body, ngx_http_post_subrequest_t *ps,
    ngx_uint_t flags);
static ngx_int_t ngx_mlforkids_worker_request(ngx_http_request_t *sr,
    ngx_str_t *body);
static ngx_int_t ngx_mlforkids_worker_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static ngx_int_t ngx_mlforkids_wake_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static void ngx_mlforkids_worker_resume(ngx_http_request_t *r);


ngx_int_t
ngx_mlforkids_worker_post(ngx_mlforkids_ctx_t *ctx, const char *path,
    mlk_jw_t *w)
{
    mlk_str_t                    text;
    ngx_str_t                    body;
    ngx_http_post_subrequest_t  *ps;

    if (w == NULL || mlk_jw_finish(w, &text) != MLK_OK) {
        return NGX_ERROR;
    }

    body = ngx_mlforkids_str(text);

    ps = ngx_palloc(ctx->request->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_mlforkids_worker_done;
    ps->data = ctx;

    ngx_memzero(&ctx->worker, sizeof(ngx_mlforkids_worker_t));

    if (ngx_mlforkids_worker_subrequest(ctx, path, &body, ps,
                                        NGX_HTTP_SUBREQUEST_IN_MEMORY)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->waiting_worker = 1;
    ctx->request->write_event_handler = ngx_mlforkids_worker_resume;

    return NGX_AGAIN;
}


/*
 * A background subrequest: the reply neither waits for it nor depends on its
 * outcome.  Only a further request on the same HTTP/1 connection would have to
 * wait until it has ended, perhaps until a time limit when the worker hangs;
 * so the client is told to open another one.  (A subrequest after the reply
 * would hold the connection in the same way; a connection of our own would do
 * nginx's work again.)
 */

void
ngx_mlforkids_worker_wake(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                    body;
    ngx_http_post_subrequest_t  *ps;

    ps = ngx_palloc(ctx->request->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return;
    }

    ps->handler = ngx_mlforkids_wake_done;
    ps->data = NULL;

    ngx_str_set(&body, "{}");

    ctx->request->keepalive = 0;

    (void) ngx_mlforkids_worker_subrequest(ctx, "/wake", &body, ps,
                                           NGX_HTTP_SUBREQUEST_IN_MEMORY
                                           |NGX_HTTP_SUBREQUEST_BACKGROUND);
}


static ngx_int_t
ngx_mlforkids_worker_subrequest(ngx_mlforkids_ctx_t *ctx, const char *path,
    ngx_str_t *body, ngx_http_post_subrequest_t *ps, ngx_uint_t flags)
{
    u_char              *p;
    ngx_str_t            uri;
    ngx_http_request_t  *sr;

    uri.len = ctx->conf->training.len + ngx_strlen(path);

    uri.data = ngx_pnalloc(ctx->request->pool, uri.len);
    if (uri.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(uri.data, ctx->conf->training.data,
                   ctx->conf->training.len);
    ngx_memcpy(p, path, ngx_strlen(path));

    if (ngx_http_subrequest(ctx->request, &uri, NULL, &sr, ps, flags)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_worker_request(sr, body);
}


/* A subrequest begins as a GET with the headers of the client: here it becomes
 * a POST with our own body and none of them. */

static ngx_int_t
ngx_mlforkids_worker_request(ngx_http_request_t *sr, ngx_str_t *body)
{
    ngx_buf_t                *b;
    ngx_table_elt_t          *h;
    ngx_http_headers_in_t     in;
    ngx_http_request_body_t  *rb;

    static ngx_str_t  post = ngx_string("POST");

    ngx_memzero(&in, sizeof(ngx_http_headers_in_t));

    in.server = sr->headers_in.server;
    in.content_length_n = body->len;
    in.keep_alive_n = -1;

    if (ngx_list_init(&in.headers, sr->pool, 1, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    h = ngx_list_push(&in.headers);
    rb = ngx_pcalloc(sr->pool, sizeof(ngx_http_request_body_t));
    b = ngx_calloc_buf(sr->pool);

    if (h == NULL || rb == NULL || b == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "Content-Type");
    ngx_str_set(&h->value, "application/json");
    h->lowcase_key = (u_char *) "content-type";

    in.content_type = h;

    b->pos = body->data;
    b->last = body->data + body->len;
    b->start = b->pos;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    rb->bufs = ngx_alloc_chain_link(sr->pool);
    if (rb->bufs == NULL) {
        return NGX_ERROR;
    }

    rb->bufs->buf = b;
    rb->bufs->next = NULL;

    /* the list's last part points into the list itself */
    sr->headers_in = in;
    sr->headers_in.headers.last = &sr->headers_in.headers.part;

    sr->request_body = rb;
    sr->method = NGX_HTTP_POST;
    sr->method_name = post;
    sr->header_only = 0;

    return NGX_OK;
}


/* May be called twice for one subrequest: the last outcome counts. */

static ngx_int_t
ngx_mlforkids_worker_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_buf_t              *b;
    mlk_json_limits_t       limits;
    ngx_mlforkids_ctx_t    *ctx = data;
    ngx_mlforkids_worker_t *worker;

    worker = &ctx->worker;

    ngx_memzero(worker, sizeof(ngx_mlforkids_worker_t));

    ctx->worker_answered = 1;

    if (rc != NGX_OK || sr->headers_out.status == NGX_HTTP_BAD_GATEWAY
        || sr->headers_out.status == NGX_HTTP_GATEWAY_TIME_OUT)
    {
        /* not there, or an answer that cannot be read; errors of the client's
         * own connection go their way */
        return (rc == NGX_ERROR
                || (rc > NGX_OK && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST))
               ? NGX_OK : rc;
    }

    worker->status = sr->headers_out.status;

    if (sr->out == NULL || sr->out->buf == NULL) {
        return NGX_OK;
    }

    b = sr->out->buf;

    worker->body.data = b->pos;
    worker->body.len = b->last - b->pos;

    limits.depth = NGX_MLFORKIDS_WORKER_DEPTH;
    limits.nodes = NGX_MLFORKIDS_WORKER_NODES;

    if (mlk_json_parse(&ctx->alloc, &limits, worker->body.data,
                       worker->body.len, &worker->json)
        != MLK_OK)
    {
        worker->json = NULL;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_wake_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    return (rc == NGX_ERROR
            || (rc > NGX_OK && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST))
           ? NGX_OK : rc;
}


/* The subrequest has ended, or the client's socket has become writable. */

static void
ngx_mlforkids_worker_resume(ngx_http_request_t *r)
{
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mlforkids_module);

    if (!ctx->waiting_worker || !ctx->worker_answered) {
        return;
    }

    ctx->waiting_worker = 0;
    ctx->worker_answered = 0;

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_mlforkids_run(ctx);
}
