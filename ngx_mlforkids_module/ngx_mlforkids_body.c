/*
 * JSON bodies (contract/api.md 1.3).  A body is read piece by piece into
 * memory, never to a file, and no further than the limit of its path; this
 * happens before anybody is asked for a token.
 */

#include <zlib.h>

#include "ngx_mlforkids_engine.h"
#include "ngx_mlforkids_routes.h"


#define NGX_MLFORKIDS_JSON_DEPTH   64
#define NGX_MLFORKIDS_BODY_START   16384    /* bytes; grows by doubling */


static ngx_uint_t ngx_mlforkids_has_body(ngx_http_request_t *r);
static ngx_uint_t ngx_mlforkids_is_json(ngx_str_t *type);
static ngx_uint_t ngx_mlforkids_is_utf8(ngx_str_t *type);
static ngx_int_t ngx_mlforkids_body_refuse(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_error_e error);
static ngx_int_t ngx_mlforkids_body_none(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_body_handler(ngx_http_request_t *r);
static void ngx_mlforkids_body_event(ngx_http_request_t *r);
static void ngx_mlforkids_body_stop(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_error_e error);
static ngx_int_t ngx_mlforkids_body_take(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_body_grow(ngx_pool_t *pool, ngx_str_t *buf,
    size_t *size, size_t need, size_t limit);
static void ngx_mlforkids_body_complete(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_body_inflate(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_body_parse(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_read_body(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_str_t           *type, *encoding;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ngx_mlforkids_has_body(r) || r->headers_in.content_type == NULL) {
        return ngx_mlforkids_body_none(ctx);
    }

    type = &r->headers_in.content_type->value;

    if (!ngx_mlforkids_is_json(type)) {
        return ngx_mlforkids_body_none(ctx);
    }

    if (!ngx_mlforkids_is_utf8(type)) {
        return ngx_mlforkids_body_refuse(ctx, NGX_MLFORKIDS_CHARSET);
    }

    encoding = ngx_mlforkids_request_header(ctx, "content-encoding");

    if (encoding == NULL
        || (encoding->len == 8
            && ngx_strncasecmp(encoding->data, (u_char *) "identity", 8) == 0))
    {
        ctx->inflate = 0;

    } else if ((encoding->len == 4
                && ngx_strncasecmp(encoding->data, (u_char *) "gzip", 4) == 0)
               || (encoding->len == 7
                   && ngx_strncasecmp(encoding->data, (u_char *) "deflate", 7)
                      == 0))
    {
        ctx->inflate = 1;

    } else {
        return ngx_mlforkids_body_refuse(ctx, NGX_MLFORKIDS_ENCODING);
    }

    ctx->body_limit = ngx_mlforkids_body_limit(&ctx->path);

    if (r->headers_in.content_length_n > (off_t) ctx->body_limit->bytes) {
        return ngx_mlforkids_body_refuse(ctx, NGX_MLFORKIDS_TOOBIG);
    }

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_mlforkids_body_handler);

    if (rc == NGX_HTTP_BAD_REQUEST) {
        ctx->body_read = 1;
        r->keepalive = 0;
        return ngx_mlforkids_body_refuse(ctx, NGX_MLFORKIDS_MISSING);
    }

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


static ngx_uint_t
ngx_mlforkids_has_body(ngx_http_request_t *r)
{
    if (r->headers_in.content_length_n >= 0 || r->headers_in.chunked) {
        return 1;
    }

#if (NGX_HTTP_V2)

    if (r->stream != NULL && !r->stream->in_closed) {
        return 1;
    }

#endif

    return 0;
}


/* "application/json", perhaps with parameters. */

static ngx_uint_t
ngx_mlforkids_is_json(ngx_str_t *type)
{
    size_t  len;

    for (len = 0; len < type->len; len++) {
        if (type->data[len] == ';' || type->data[len] == ' '
            || type->data[len] == '\t')
        {
            break;
        }
    }

    return len == sizeof("application/json") - 1
           && ngx_strncasecmp(type->data, (u_char *) "application/json", len)
              == 0;
}


/* No charset, or utf-8: the other encodings whose names begin with "utf-" are
 * used by no client. */

static ngx_uint_t
ngx_mlforkids_is_utf8(ngx_str_t *type)
{
    u_char  *p, *last;

    last = type->data + type->len;

    p = ngx_strlcasestrn(type->data, last, (u_char *) "charset=", 8 - 1);
    if (p == NULL) {
        return 1;
    }

    p += 8;

    if (p < last && *p == '"') {
        p++;
    }

    if (last - p < 5 || ngx_strncasecmp(p, (u_char *) "utf-8", 5) != 0) {
        return 0;
    }

    p += 5;

    return p == last || *p == '"' || *p == ';' || *p == ' ' || *p == '\t';
}


static ngx_int_t
ngx_mlforkids_body_refuse(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_error_e error)
{
    ngx_http_request_t  *r;

    r = ctx->request;
    r->main->count++;

    /* a client that asks before it sends its body is not told to send it */

    if (r->headers_in.expect != NULL) {
        r->expect_tested = 1;
        r->keepalive = 0;
    }

    ngx_mlforkids_finish(ctx, ngx_mlforkids_error(ctx, error));

    return NGX_DONE;
}


static ngx_int_t
ngx_mlforkids_body_none(ngx_mlforkids_ctx_t *ctx)
{
    ctx->request->main->count++;

    ngx_mlforkids_start(ctx);

    return NGX_DONE;
}


static void
ngx_mlforkids_body_handler(ngx_http_request_t *r)
{
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mlforkids_module);

    ctx->body_read = 1;
    r->read_event_handler = ngx_mlforkids_body_event;

    ngx_mlforkids_body_event(r);
}


static void
ngx_mlforkids_body_event(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mlforkids_module);

    for ( ;; ) {

        rc = ngx_mlforkids_body_take(ctx);

        if (rc == NGX_DECLINED) {
            ngx_mlforkids_body_stop(ctx, NGX_MLFORKIDS_TOOBIG);
            return;
        }

        if (rc != NGX_OK) {
            ngx_mlforkids_finish(ctx, NGX_ERROR);
            return;
        }

        if (!r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc == NGX_HTTP_BAD_REQUEST) {
            ngx_mlforkids_body_stop(ctx, NGX_MLFORKIDS_MISSING);
            return;
        }

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE || rc == NGX_ERROR) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    ngx_mlforkids_body_complete(ctx);
}


/* The rest of the body is not read: the connection is of no further use, which
 * the reply must say. */

static void
ngx_mlforkids_body_stop(ngx_mlforkids_ctx_t *ctx, ngx_mlforkids_error_e error)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    r->read_event_handler = ngx_http_block_reading;

    if (r->reading_body) {
        r->keepalive = 0;
    }

    ngx_mlforkids_finish(ctx, ngx_mlforkids_error(ctx, error));
}


/* Moves what was read into the context's own buffer.  NGX_DECLINED when it is
 * more than the limit. */

static ngx_int_t
ngx_mlforkids_body_take(ngx_mlforkids_ctx_t *ctx)
{
    size_t        n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = ctx->request->request_body->bufs; cl != NULL; cl = cl->next) {

        b = cl->buf;
        n = b->last - b->pos;

        if (n > ctx->body_limit->bytes - ctx->raw_body.len) {
            return NGX_DECLINED;
        }

        if (ngx_mlforkids_body_grow(ctx->request->pool, &ctx->raw_body,
                                    &ctx->raw_size, n,
                                    ctx->body_limit->bytes)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (n > 0) {
            ngx_memcpy(ctx->raw_body.data + ctx->raw_body.len, b->pos, n);
            ctx->raw_body.len += n;
        }

        b->pos = b->last;
    }

    ctx->request->request_body->bufs = NULL;

    return NGX_OK;
}


/* Makes room for need more bytes; never more than limit (which must do). */

static ngx_int_t
ngx_mlforkids_body_grow(ngx_pool_t *pool, ngx_str_t *buf, size_t *size,
    size_t need, size_t limit)
{
    u_char  *p;
    size_t   wanted;

    if (need <= *size - buf->len) {
        return NGX_OK;
    }

    wanted = (*size == 0) ? NGX_MLFORKIDS_BODY_START : *size * 2;

    if (wanted < buf->len + need) {
        wanted = buf->len + need;
    }

    if (wanted > limit) {
        wanted = limit;
    }

    p = ngx_palloc(pool, wanted);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (buf->data != NULL) {
        ngx_memcpy(p, buf->data, buf->len);
        (void) ngx_pfree(pool, buf->data);
    }

    buf->data = p;
    *size = wanted;

    return NGX_OK;
}


static void
ngx_mlforkids_body_complete(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (ctx->inflate && ctx->raw_body.len > 0) {
        rc = ngx_mlforkids_body_inflate(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_mlforkids_body_parse(ctx);
    }

    switch (rc) {

    case NGX_OK:
        ngx_mlforkids_start(ctx);
        return;

    case NGX_ABORT:
        rc = ngx_mlforkids_error(ctx, NGX_MLFORKIDS_TOOBIG);
        break;

    case NGX_DECLINED:
        rc = ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
        break;
    }

    ngx_mlforkids_finish(ctx, rc);
}


/* NGX_ABORT: more than the limit; NGX_DECLINED: broken. */

static ngx_int_t
ngx_mlforkids_body_inflate(ngx_mlforkids_ctx_t *ctx)
{
    int          rc;
    size_t       size;
    z_stream     z;
    ngx_int_t    result;
    ngx_str_t    out;
    ngx_pool_t  *pool;

    pool = ctx->request->pool;

    ngx_memzero(&z, sizeof(z_stream));

    /* 32: gzip or zlib, as the data says */
    if (inflateInit2(&z, MAX_WBITS + 32) != Z_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&out);
    size = 0;

    z.next_in = ctx->raw_body.data;
    z.avail_in = ctx->raw_body.len;

    /* one byte over the limit tells "exactly full" from "too big" */

    do {
        if (ngx_mlforkids_body_grow(pool, &out, &size, 1,
                                    ctx->body_limit->bytes + 1)
            != NGX_OK)
        {
            result = NGX_ERROR;
            goto done;
        }

        z.next_out = out.data + out.len;
        z.avail_out = size - out.len;

        rc = inflate(&z, Z_NO_FLUSH);

        out.len = size - z.avail_out;

        if (out.len > ctx->body_limit->bytes) {
            result = NGX_ABORT;
            goto done;
        }

    } while (rc == Z_OK && (z.avail_in > 0 || z.avail_out == 0));

    if (rc != Z_STREAM_END) {
        result = NGX_DECLINED;
        goto done;
    }

    (void) ngx_pfree(pool, ctx->raw_body.data);

    ctx->raw_body = out;
    result = NGX_OK;

done:

    (void) inflateEnd(&z);

    return result;
}


/* NGX_DECLINED: no JSON object or array. */

static ngx_int_t
ngx_mlforkids_body_parse(ngx_mlforkids_ctx_t *ctx)
{
    mlk_json_limits_t  limits;

    static mlk_json_t  empty = { .type = MLK_JSON_OBJECT };

    if (ctx->raw_body.len == 0) {
        ctx->body = &empty;
        return NGX_OK;
    }

    limits.depth = NGX_MLFORKIDS_JSON_DEPTH;
    limits.nodes = ctx->body_limit->values;

    switch (mlk_json_parse(&ctx->alloc, &limits, ctx->raw_body.data,
                           ctx->raw_body.len, &ctx->body))
    {
    case MLK_OK:
        break;

    case MLK_NOMEM:
        ctx->body = NULL;
        return NGX_ERROR;

    default:
        ctx->body = NULL;
        return NGX_DECLINED;
    }

    if (ctx->body->type != MLK_JSON_OBJECT
        && ctx->body->type != MLK_JSON_ARRAY)
    {
        ctx->body = NULL;
        return NGX_DECLINED;
    }

    return NGX_OK;
}
