/*
 * Requests from pages of other origins (contract/api.md 1.7).
 */

#include "ngx_mlforkids_engine.h"


/* Hosts of allowed origins; with "sub" any host below them too. */
static const struct {
    ngx_str_t   host;
    unsigned    sub;
} ngx_mlforkids_origins[] = {
    { ngx_string("machinelearningforkids.co.uk"), 1 },
    { ngx_string("app.edublocks.org"), 1 }
};


static ngx_uint_t ngx_mlforkids_origin_allowed(const ngx_str_t *origin);
static ngx_int_t ngx_mlforkids_allow_origin(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_cors_headers(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_vary(ctx, "Origin") != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mlforkids_allow_origin(ctx);
}


ngx_int_t
ngx_mlforkids_preflight(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *headers;

    static const ngx_str_t  below = ngx_string("/api/scratch/");
    static const ngx_str_t  methods =
        ngx_string("GET,HEAD,PUT,PATCH,POST,DELETE");

    if (ctx->request->method != NGX_HTTP_OPTIONS
        || ctx->path.len <= below.len
        || ngx_strncasecmp(ctx->path.data, below.data, below.len) != 0)
    {
        return NGX_DECLINED;
    }

    headers = ngx_mlforkids_request_header(ctx,
                                           "access-control-request-headers");

    if (ngx_mlforkids_header(ctx, "Access-Control-Allow-Methods", &methods)
        != NGX_OK
        || (headers != NULL
            && ngx_mlforkids_header(ctx, "Access-Control-Allow-Headers",
                                    headers) != NGX_OK)
        || ngx_mlforkids_vary(ctx, "Origin, Access-Control-Request-Headers")
           != NGX_OK
        || ngx_mlforkids_allow_origin(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}


static ngx_int_t
ngx_mlforkids_allow_origin(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *origin;

    origin = ngx_mlforkids_request_header(ctx, "origin");

    if (origin == NULL || !ngx_mlforkids_origin_allowed(origin)) {
        return NGX_OK;
    }

    return ngx_mlforkids_header(ctx, "Access-Control-Allow-Origin", origin);
}


/* ^https?://([a-z0-9-]+\.)*HOST(:\d+)?$ for each host of the table. */

static ngx_uint_t
ngx_mlforkids_origin_allowed(const ngx_str_t *origin)
{
    u_char            *p, *last, *start;
    size_t             len;
    ngx_uint_t         i;
    const ngx_str_t   *host;

    p = origin->data;
    last = p + origin->len;

    if (origin->len > 8 && ngx_strncmp(p, "https://", 8) == 0) {
        p += 8;

    } else if (origin->len > 7 && ngx_strncmp(p, "http://", 7) == 0) {
        p += 7;

    } else {
        return 0;
    }

    start = p;

    while (p < last
           && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')
               || *p == '-' || *p == '.'))
    {
        p++;
    }

    len = p - start;

    if (p < last) {
        if (*p++ != ':' || p == last) {
            return 0;
        }

        while (p < last) {
            if (*p < '0' || *p > '9') {
                return 0;
            }
            p++;
        }
    }

    for (i = 0;
         i < sizeof(ngx_mlforkids_origins) / sizeof(ngx_mlforkids_origins[0]);
         i++)
    {
        host = &ngx_mlforkids_origins[i].host;

        if (len < host->len
            || ngx_memcmp(start + len - host->len, host->data, host->len) != 0)
        {
            continue;
        }

        if (len == host->len
            || (ngx_mlforkids_origins[i].sub
                && start[len - host->len - 1] == '.'))
        {
            return 1;
        }
    }

    return 0;
}
