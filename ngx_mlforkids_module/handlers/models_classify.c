/*
 * Classification of texts by the training worker (docs/internals.md), with
 * the replies of the contract (api.md 10.5, 14.1).
 */

#include "models.h"


static ngx_int_t ngx_mlforkids_classify_down(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_classify_start(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *project, const ngx_str_t *generation,
    const ngx_str_t *text)
{
    mlk_jw_t  *w;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "projectid");
    ngx_mlforkids_jw_str(w, project);
    mlk_jw_key(w, "generation");
    ngx_mlforkids_jw_str(w, generation);
    mlk_jw_key(w, "text");
    ngx_mlforkids_jw_str(w, text);
    mlk_jw_key(w, "explain");
    mlk_jw_bool(w, 0);
    mlk_jw_object_end(w);

    return ngx_mlforkids_worker_post(ctx, "/classify", w);
}


ngx_int_t
ngx_mlforkids_classify_reply(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *timestamp, ngx_uint_t status_gone)
{
    mlk_jw_t         *w;
    ngx_uint_t        random;
    mlk_json_t       *matches, *match, *confidence;
    const mlk_str_t  *label;

    if (ctx->worker.status == NGX_HTTP_NOT_FOUND) {
        return ngx_mlforkids_error_text(ctx, status_gone,
                                        NGX_MLFORKIDS_MODEL_GONE);
    }

    matches = mlk_json_get(ctx->worker.json, "matches");

    if (ctx->worker.status != NGX_HTTP_OK || matches == NULL
        || matches->type != MLK_JSON_ARRAY)
    {
        return ngx_mlforkids_classify_down(ctx);
    }

    random = mlk_json_truthy(mlk_json_get(ctx->worker.json, "random"));

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (match = matches->child; match != NULL; match = match->next) {

        label = mlk_json_get_string(match, "class_name");
        confidence = mlk_json_get(match, "confidence");

        if (label == NULL || confidence == NULL
            || confidence->type != MLK_JSON_NUMBER)
        {
            return ngx_mlforkids_classify_down(ctx);
        }

        mlk_jw_object(w);
        mlk_jw_key(w, "class_name");
        mlk_jw_str(w, label);
        mlk_jw_key(w, "confidence");
        mlk_jw_value(w, confidence);

        if (random) {
            mlk_jw_key(w, "random");
            mlk_jw_bool(w, 1);
        }

        mlk_jw_key(w, "classifierTimestamp");
        ngx_mlforkids_jw_str(w, timestamp);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_classify_down(ngx_mlforkids_ctx_t *ctx)
{
    ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                  "mlforkids: the training worker did not classify a text: "
                  "status %ui", ctx->worker.status);

    return ngx_mlforkids_error_text(ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                    NGX_MLFORKIDS_MODEL_DOWN);
}


ngx_uint_t
ngx_mlforkids_too_long(const ngx_str_t *text)
{
    mlk_str_t  s;

    s = ngx_mlforkids_mlk(*text);

    return mlk_utf16_length(&s) > NGX_MLFORKIDS_TEXT_MAX;
}


ngx_uint_t
ngx_mlforkids_blank(const ngx_str_t *text)
{
    mlk_str_t  s;

    s = ngx_mlforkids_mlk(*text);
    mlk_trim(&s);

    return s.len == 0;
}


ngx_int_t
ngx_mlforkids_now(ngx_mlforkids_ctx_t *ctx, ngx_str_t *now)
{
    ngx_tm_t     tm;
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    now->data = ngx_pnalloc(ctx->request->pool,
                            sizeof("1970-01-01T00:00:00.000Z"));
    if (now->data == NULL) {
        return NGX_ERROR;
    }

    ngx_gmtime(tp->sec, &tm);

    now->len = ngx_sprintf(now->data, "%4d-%02d-%02dT%02d:%02d:%02d.%03MZ",
                           tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                           tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                           tp->msec)
               - now->data;

    return NGX_OK;
}
