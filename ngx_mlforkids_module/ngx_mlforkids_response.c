/*
 * Replies: JSON and other bodies, the fixed errors of contract/api.md 1.6,
 * cache headers (1.5), entity tags and redirects (1.4).
 */

#include "ngx_mlforkids_engine.h"


typedef struct {
    ngx_uint_t   status;
    ngx_str_t    body;
} ngx_mlforkids_error_t;

#define ERROR(status, text)  { status, ngx_string("{\"error\":\"" text "\"}") }

/* in the order of ngx_mlforkids_error_e */
static const ngx_mlforkids_error_t  ngx_mlforkids_errors[] = {
    ERROR(400, "Missing data"),
    ERROR(401, "Not authorised"),
    ERROR(403, "Invalid access"),
    ERROR(403, "Only supervisors are allowed to invoke this"),
    ERROR(403, "Forbidden"),
    ERROR(403, "Access to API keys is forbidden for managed tenants"),
    ERROR(404, "Not found"),
    ERROR(404, "Scratch key not found"),
    ERROR(413, "Payload too large"),
    ERROR(415, "Unsupported charset"),
    ERROR(415, "Unsupported content encoding"),
    ERROR(500, "Unknown error"),
    ERROR(500, "Error accessing the database used to store data"),
    ERROR(501, "Not implemented"),
    ERROR(503, "Site is temporarily down for maintenance"),
    ERROR(503, "Service temporarily unavailable")
};


/* in the order of ngx_mlforkids_cache_e */
static const ngx_str_t  ngx_mlforkids_cache_control[] = {
    ngx_null_string,
    ngx_string("no-store, no-cache, must-revalidate"),
    ngx_string("max-age=10"),
    ngx_string("max-age=60"),
    ngx_string("max-age=120"),
    ngx_string("max-age=3600"),
    ngx_string("max-age=31536000")
};


#define NGX_MLFORKIDS_JSON  "application/json; charset=utf-8"
#define NGX_MLFORKIDS_PLAIN  "text/plain; charset=utf-8"
#define NGX_MLFORKIDS_HTML  "text/html; charset=utf-8"


static ngx_int_t ngx_mlforkids_send(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, const char *type, const ngx_str_t *body);
static ngx_int_t ngx_mlforkids_cache_headers(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status);
static unsigned ngx_mlforkids_compressible(const char *type);
static ngx_int_t ngx_mlforkids_etag(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *body);


ngx_int_t
ngx_mlforkids_error(ngx_mlforkids_ctx_t *ctx, ngx_mlforkids_error_e error)
{
    static const ngx_str_t  second = ngx_string("1");

    if (error == NGX_MLFORKIDS_UNAVAILABLE
        && ngx_mlforkids_header(ctx, "Retry-After", &second) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_send(ctx, ngx_mlforkids_errors[error].status,
                              NGX_MLFORKIDS_JSON,
                              &ngx_mlforkids_errors[error].body);
}


ngx_int_t
ngx_mlforkids_error_text(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    const char *message)
{
    return ngx_mlforkids_error_code(ctx, status, NULL, message);
}


ngx_int_t
ngx_mlforkids_error_format(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    const char *format, ...)
{
    u_char      *p;
    va_list      args;
    mlk_jw_t    *w;
    ngx_str_t    message;

    message.data = ngx_pnalloc(ctx->request->pool, NGX_MAX_ERROR_STR);
    if (message.data == NULL) {
        return NGX_ERROR;
    }

    va_start(args, format);
    p = ngx_vslprintf(message.data, message.data + NGX_MAX_ERROR_STR, format,
                      args);
    va_end(args);

    message.len = p - message.data;

    w = ngx_mlforkids_writer(ctx);
    if (w == NULL) {
        return NGX_ERROR;
    }

    mlk_jw_object(w);
    mlk_jw_key(w, "error");
    ngx_mlforkids_jw_str(w, &message);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, status, w);
}


ngx_int_t
ngx_mlforkids_error_code(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    const char *code, const char *message)
{
    mlk_jw_t  *w;

    w = ngx_mlforkids_writer(ctx);
    if (w == NULL) {
        return NGX_ERROR;
    }

    mlk_jw_object(w);

    if (code != NULL) {
        mlk_jw_key(w, "code");
        mlk_jw_cstr(w, code);
    }

    mlk_jw_key(w, "error");
    mlk_jw_cstr(w, message);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, status, w);
}


mlk_jw_t *
ngx_mlforkids_writer(ngx_mlforkids_ctx_t *ctx)
{
    return mlk_jw_create(&ctx->alloc);
}


void
ngx_mlforkids_jw_str(mlk_jw_t *w, const ngx_str_t *s)
{
    mlk_str_t  v;

    v = ngx_mlforkids_mlk(*s);

    mlk_jw_str(w, &v);
}


void
ngx_mlforkids_write_labels(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const ngx_str_t *labels)
{
    size_t      i, n;
    mlk_str_t   list, *label;

    mlk_jw_array(w);

    list = ngx_mlforkids_mlk(*labels);

    if (mlk_labels_split(&ctx->alloc, &list, &label, &n) == MLK_OK) {
        for (i = 0; i < n; i++) {
            mlk_jw_str(w, &label[i]);
        }
    }

    mlk_jw_array_end(w);
}


ngx_int_t
ngx_mlforkids_reply_json(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    mlk_jw_t *w)
{
    mlk_str_t  text;
    ngx_str_t  body;

    if (w == NULL || mlk_jw_finish(w, &text) != MLK_OK) {
        return NGX_ERROR;
    }

    body = ngx_mlforkids_str(text);

    return ngx_mlforkids_send(ctx, status, NGX_MLFORKIDS_JSON, &body);
}


ngx_int_t
ngx_mlforkids_reply_bytes(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    const char *type, const ngx_str_t *body)
{
    if (type == NULL) {
        type = "application/octet-stream";
    }

    return ngx_mlforkids_send(ctx, status, type, body);
}


ngx_int_t
ngx_mlforkids_reply_ok(ngx_mlforkids_ctx_t *ctx)
{
    static const ngx_str_t  ok = ngx_string("OK");

    return ngx_mlforkids_send(ctx, NGX_HTTP_OK, NGX_MLFORKIDS_PLAIN, &ok);
}


ngx_int_t
ngx_mlforkids_reply_empty(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status)
{
    return ngx_mlforkids_send(ctx, status, NULL, NULL);
}


ngx_int_t
ngx_mlforkids_reply_redirect(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *location)
{
    u_char       *p;
    uintptr_t     escape;
    ngx_str_t     body, *accept;
    ngx_uint_t    html;

    accept = ngx_mlforkids_request_header(ctx, "accept");

    html = accept != NULL
           && ngx_strlcasestrn(accept->data, accept->data + accept->len,
                               (u_char *) "text/html", 9 - 1) != NULL;

    if (ngx_mlforkids_header(ctx, "Location", location) != NGX_OK
        || ngx_mlforkids_vary(ctx, "Accept") != NGX_OK)
    {
        return NGX_ERROR;
    }

    escape = ngx_escape_html(NULL, location->data, location->len);

    body.data = ngx_pnalloc(ctx->request->pool,
                            sizeof("<p>Found. Redirecting to <a href=\"\"></a>"
                                   "</p>") + 2 * (location->len + escape));
    if (body.data == NULL) {
        return NGX_ERROR;
    }

    if (html) {
        p = ngx_sprintf(body.data, "<p>Found. Redirecting to <a href=\"");
        p = (u_char *) ngx_escape_html(p, location->data, location->len);
        p = ngx_sprintf(p, "\">");
        p = (u_char *) ngx_escape_html(p, location->data, location->len);
        p = ngx_sprintf(p, "</a></p>");

    } else {
        p = ngx_sprintf(body.data, "Found. Redirecting to %V", location);
    }

    body.len = p - body.data;

    return ngx_mlforkids_send(ctx, NGX_HTTP_MOVED_TEMPORARILY,
                              html ? NGX_MLFORKIDS_HTML : NGX_MLFORKIDS_PLAIN,
                              &body);
}


ngx_uint_t
ngx_mlforkids_accepts_html(ngx_mlforkids_ctx_t *ctx)
{
    u_char     *last;
    ngx_str_t  *accept;

    accept = ngx_mlforkids_request_header(ctx, "accept");

    if (accept == NULL || accept->len == 0) {
        return 1;
    }

    last = accept->data + accept->len;

    return ngx_strlcasestrn(accept->data, last, (u_char *) "text/html", 9 - 1)
           || ngx_strlcasestrn(accept->data, last, (u_char *) "*/*", 3 - 1)
           || ngx_strlcasestrn(accept->data, last, (u_char *) "text/*", 6 - 1);
}


ngx_int_t
ngx_mlforkids_header(ngx_mlforkids_ctx_t *ctx, const char *name,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&ctx->request->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_vary(ngx_mlforkids_ctx_t *ctx, const char *name)
{
    ngx_str_t  value;

    value.data = (u_char *) name;
    value.len = ngx_strlen(name);

    return ngx_mlforkids_header(ctx, "Vary", &value);
}


/*
 * Sends the one reply of a request.  type and body are NULL for a reply
 * without a body.  The result of nginx's filters goes to the engine through
 * ctx->rc.
 */

static ngx_int_t
ngx_mlforkids_send(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status,
    const char *type, const ngx_str_t *body)
{
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->replied) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "mlforkids: second reply to one request");
        return NGX_ERROR;
    }

    ctx->replied = 1;

    if (!ctx->body_read && ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = (body == NULL) ? 0 : (off_t) body->len;

    if (type != NULL) {
        r->headers_out.content_type.data = (u_char *) type;
        r->headers_out.content_type.len = ngx_strlen(type);
        r->headers_out.content_type_len = strcspn(type, ";");
        r->headers_out.content_type_lowcase = NULL;

#if (NGX_HTTP_GZIP)
        /* compressed or not, a cache must keep them apart (api.md 1.4) */
        r->gzip_vary = ngx_mlforkids_compressible(type);
#endif
    }

    if (ctx->route != NULL && (ctx->route->flags & NGX_MLFORKIDS_CORS)
        && ngx_mlforkids_cors_headers(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_mlforkids_cache_headers(ctx, status) != NGX_OK
        || (body != NULL && status != NGX_HTTP_MOVED_TEMPORARILY
            && ngx_mlforkids_etag(ctx, body) != NGX_OK))
    {
        return NGX_ERROR;
    }

    if (body == NULL) {
        r->header_only = 1;
    }

    if (status == NGX_HTTP_NOT_MODIFIED) {
        /* it would be taken for the length of what was not sent */
        r->headers_out.content_length_n = -1;
    }

    ctx->rc = ngx_http_send_header(r);

    if (ctx->rc == NGX_ERROR || ctx->rc > NGX_OK || r->header_only) {
        return NGX_DONE;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        ctx->rc = NGX_ERROR;
        return NGX_DONE;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = (body->len != 0);
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    ctx->rc = ngx_http_output_filter(r, &out);

    return NGX_DONE;
}


static ngx_int_t
ngx_mlforkids_cache_headers(ngx_mlforkids_ctx_t *ctx, ngx_uint_t status)
{
    static const ngx_str_t  zero = ngx_string("0");

    if (status >= NGX_HTTP_BAD_REQUEST
        || ctx->cache == NGX_MLFORKIDS_CACHE_NONE)
    {
        return NGX_OK;
    }

    if (ctx->cache == NGX_MLFORKIDS_NO_CACHE
        && ngx_mlforkids_header(ctx, "Expires", &zero) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_header(ctx, "Cache-Control",
                                &ngx_mlforkids_cache_control[ctx->cache]);
}


static unsigned
ngx_mlforkids_compressible(const char *type)
{
    return ngx_strncmp(type, "text/", sizeof("text/") - 1) == 0
           || ngx_strncmp(type, "application/json",
                          sizeof("application/json") - 1) == 0
           || ngx_strncmp(type, "application/javascript",
                          sizeof("application/javascript") - 1) == 0;
}


/*
 * A weak tag of length and two checksums.  nginx's own filter answers 304 by
 * it, but would do so for any method; preconditions that the service does not
 * know are ignored.
 */

static ngx_int_t
ngx_mlforkids_etag(ngx_mlforkids_ctx_t *ctx, const ngx_str_t *body)
{
    ngx_table_elt_t     *h;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        r->disable_not_modified = 1;
    }

    r->headers_in.if_match = NULL;
    r->headers_in.if_unmodified_since = NULL;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->value.data = ngx_pnalloc(r->pool, sizeof("W/\"-\"") - 1
                                         + 2 * 8 + NGX_SIZE_T_LEN);
    if (h->value.data == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "ETag");
    h->value.len = ngx_sprintf(h->value.data, "W/\"%xz-%08xD%08xD\"",
                               body->len,
                               ngx_murmur_hash2(body->data, body->len),
                               ngx_crc32_long(body->data, body->len))
                   - h->value.data;

    r->headers_out.etag = h;

    return NGX_OK;
}
