/*
 * Maintenance mode (contract/api.md 1.8): the API is closed, the site's pages
 * and the probe are served.
 */

#include "ngx_mlforkids_engine.h"


static ngx_uint_t ngx_mlforkids_under(const ngx_str_t *path, const char *name);
static ngx_int_t ngx_mlforkids_maintenance_alert(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_maintenance(ngx_mlforkids_ctx_t *ctx)
{
    if (!ctx->conf->maintenance || !ngx_mlforkids_under(&ctx->path, "/api/")) {
        return NGX_DECLINED;
    }

    if (!(ctx->request->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST
                                  |NGX_HTTP_PUT|NGX_HTTP_PATCH
                                  |NGX_HTTP_DELETE)))
    {
        return NGX_DECLINED;
    }

    if (ngx_mlforkids_under(&ctx->path, "/api/sitealerts/")) {

        if (ctx->route != NULL
            && ctx->route->key.method == NGX_MLFORKIDS_GET)
        {
            ctx->cache = NGX_MLFORKIDS_CACHE_NONE;
            return ngx_mlforkids_maintenance_alert(ctx);
        }

        /* there is nothing to refresh: the rule for what is not there */

        if (ctx->request->method == NGX_HTTP_PUT) {
            ctx->route = NULL;
            return NGX_DECLINED;
        }
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MAINT);
}


static ngx_uint_t
ngx_mlforkids_under(const ngx_str_t *path, const char *name)
{
    size_t  len;

    len = ngx_strlen(name);

    return path->len > len
           && ngx_strncasecmp(path->data, (u_char *) name, len) == 0;
}


/* The site compares the text of this message. */

static ngx_int_t
ngx_mlforkids_maintenance_alert(ngx_mlforkids_ctx_t *ctx)
{
    u_char       timestamp[sizeof("2026-03-08T10:15:30.000Z")];
    mlk_jw_t    *w;
    ngx_tm_t     tm;
    ngx_str_t    now;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    ngx_gmtime(tp->sec, &tm);

    now.data = timestamp;
    now.len = ngx_snprintf(timestamp, sizeof(timestamp),
                           "%4d-%02d-%02dT%02d:%02d:%02d.%03MZ",
                           tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                           tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                           tp->msec)
              - timestamp;

    w = ngx_mlforkids_writer(ctx);
    if (w == NULL) {
        return NGX_ERROR;
    }

    mlk_jw_array(w);
    mlk_jw_object(w);
    mlk_jw_key(w, "timestamp");
    ngx_mlforkids_jw_str(w, &now);
    mlk_jw_key(w, "severity");
    mlk_jw_cstr(w, "error");
    mlk_jw_key(w, "audience");
    mlk_jw_cstr(w, "public");
    mlk_jw_key(w, "message");
    mlk_jw_cstr(w, "Machine Learning for Kids is temporarily unavailable for "
                   "scheduled maintenance");
    mlk_jw_object_end(w);
    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}
