/*
 * The status location: counters of the shared zone and the training worker's
 * health, as JSON or as Prometheus text.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_status.h"


#define NGX_MLFORKIDS_STATUS_DEPTH  8
#define NGX_MLFORKIDS_STATUS_NODES  500


static ngx_int_t ngx_http_mlforkids_status_json(ngx_http_request_t *r);
static ngx_int_t ngx_http_mlforkids_status_prometheus(ngx_http_request_t *r);
static ngx_int_t ngx_mlforkids_status_start(ngx_http_request_t *r,
    ngx_mlforkids_status_pt write, const char *type);
static ngx_int_t ngx_mlforkids_status_worker(ngx_http_request_t *sr,
    void *data, ngx_int_t rc);
static void ngx_mlforkids_status_resume(ngx_http_request_t *r);
static ngx_int_t ngx_mlforkids_status_send(ngx_mlforkids_status_t *status);
static void *ngx_mlforkids_status_alloc(void *pool, size_t size);


char *
ngx_mlforkids_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "conflicts with another handler of this location";
    }

    if (ngx_strcmp(value[1].data, "json") == 0) {
        clcf->handler = ngx_http_mlforkids_status_json;

    } else if (ngx_strcmp(value[1].data, "prometheus") == 0) {
        clcf->handler = ngx_http_mlforkids_status_prometheus;

    } else {
        return "must be \"json\" or \"prometheus\"";
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_mlforkids_status_json(ngx_http_request_t *r)
{
    return ngx_mlforkids_status_start(r, ngx_mlforkids_status_write_json,
                                      "application/json; charset=utf-8");
}


static ngx_int_t
ngx_http_mlforkids_status_prometheus(ngx_http_request_t *r)
{
    return ngx_mlforkids_status_start(r, ngx_mlforkids_status_write_prometheus,
                                      "text/plain; version=0.0.4");
}


static ngx_int_t
ngx_mlforkids_status_start(ngx_http_request_t *r,
    ngx_mlforkids_status_pt write, const char *type)
{
    u_char                         *p;
    ngx_int_t                       rc;
    ngx_str_t                       uri;
    ngx_http_request_t             *sr;
    ngx_mlforkids_ctx_t            *ctx;
    ngx_mlforkids_status_t         *status;
    ngx_http_post_subrequest_t     *ps;
    ngx_http_mlforkids_loc_conf_t  *mlcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mlforkids_module);

    /* what reads the module's context of a request expects the engine's */

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_mlforkids_ctx_t));
    status = ngx_pcalloc(r->pool, sizeof(ngx_mlforkids_status_t));
    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));

    uri.len = mlcf->training.len + sizeof("/status") - 1;
    uri.data = ngx_pnalloc(r->pool, uri.len);

    if (ctx == NULL || status == NULL || ps == NULL || uri.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(uri.data, mlcf->training.data, mlcf->training.len);
    ngx_memcpy(p, "/status", sizeof("/status") - 1);

    ctx->request = r;
    ctx->data = status;
    ngx_http_set_ctx(r, ctx, ngx_http_mlforkids_module);

    status->request = r;
    status->write = write;
    status->type = type;
    status->alloc.alloc = ngx_mlforkids_status_alloc;
    status->alloc.ctx = r->pool;

    ps->handler = ngx_mlforkids_status_worker;
    ps->data = status;

    if (ngx_http_subrequest(r, &uri, NULL, &sr, ps,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    sr->method = NGX_HTTP_GET;
    sr->method_name = ngx_http_core_get_method;
    sr->header_only = 0;

    r->write_event_handler = ngx_mlforkids_status_resume;
    r->main->count++;

    return NGX_DONE;
}


/* May be called twice for one subrequest. */

static ngx_int_t
ngx_mlforkids_status_worker(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_buf_t               *b;
    mlk_json_limits_t        limits;
    ngx_mlforkids_status_t  *status = data;

    status->answered = 1;
    status->training = NULL;

    if (rc != NGX_OK || sr->headers_out.status != NGX_HTTP_OK
        || sr->out == NULL || sr->out->buf == NULL)
    {
        /* errors of the client's own connection go their way */
        return (rc > NGX_OK && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST)
               ? NGX_OK : rc;
    }

    b = sr->out->buf;

    limits.depth = NGX_MLFORKIDS_STATUS_DEPTH;
    limits.nodes = NGX_MLFORKIDS_STATUS_NODES;

    if (mlk_json_parse(&status->alloc, &limits, b->pos, b->last - b->pos,
                       &status->training)
        != MLK_OK
        || status->training->type != MLK_JSON_OBJECT)
    {
        status->training = NULL;
    }

    return NGX_OK;
}


static void
ngx_mlforkids_status_resume(ngx_http_request_t *r)
{
    ngx_mlforkids_ctx_t     *ctx;
    ngx_mlforkids_status_t  *status;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mlforkids_module);
    status = ctx->data;

    if (!status->answered) {
        return;
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_finalize_request(r, ngx_mlforkids_status_send(status));
}


static ngx_int_t
ngx_mlforkids_status_send(ngx_mlforkids_status_t *status)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_str_t            text;
    ngx_chain_t          out;
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = status->request;

    if (status->write(status, &text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_calloc_buf(r->pool);
    h = ngx_list_push(&r->headers_out.headers);

    if (b == NULL || h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text.len;
    r->headers_out.content_type.data = (u_char *) status->type;
    r->headers_out.content_type.len = ngx_strlen(status->type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = text.data;
    b->last = text.data + text.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static void *
ngx_mlforkids_status_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}
