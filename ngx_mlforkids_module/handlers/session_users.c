/*
 * Visitors who "try it now" (contract/api.md 7, auth.md 3).
 */

#include "../ngx_mlforkids_handlers.h"
#include "../ngx_mlforkids_engine.h"


#define NGX_MLFORKIDS_FULL_TIME   10000    /* milliseconds */
#define NGX_MLFORKIDS_FULL_SLOTS  16


typedef struct {
    const ngx_mlforkids_visitors_t  *limit;
    ngx_str_t                        id;
    ngx_str_t                        token;
} ngx_mlforkids_visitor_t;


/* A limit that was reached a moment ago. */
typedef struct {
    const ngx_mlforkids_visitors_t  *limit;
    ngx_msec_t                       until;
} ngx_mlforkids_full_t;


static ngx_int_t ngx_mlforkids_visitor_start(ngx_mlforkids_ctx_t *ctx);
static const ngx_mlforkids_visitors_t *ngx_mlforkids_visitor_limit(
    ngx_mlforkids_ctx_t *ctx, ngx_str_t *country);
static ngx_uint_t ngx_mlforkids_is_full(
    const ngx_mlforkids_visitors_t *limit);
static void ngx_mlforkids_set_full(const ngx_mlforkids_visitors_t *limit);
static ngx_int_t ngx_mlforkids_visitor_query(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_visitor_t *visitor);
static ngx_int_t ngx_mlforkids_visitor_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_visitor_sign(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_visitor_t *visitor, ngx_str_t *row, mlk_str_t *jwt);
static ngx_int_t ngx_mlforkids_visitor_full(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_visitor_end(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_visitor_ended(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_session_users_create[] = {
    ngx_mlforkids_visitor_start,
    ngx_mlforkids_visitor_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_session_users_delete[] = {
    ngx_mlforkids_visitor_end,
    ngx_mlforkids_visitor_ended,
    NULL
};


/* of this process */
static ngx_mlforkids_full_t  ngx_mlforkids_full[NGX_MLFORKIDS_FULL_SLOTS];


/* Whether a person is asking is another service's business: without one any
 * token, or none, will do. */

static ngx_int_t
ngx_mlforkids_visitor_start(ngx_mlforkids_ctx_t *ctx)
{
    u_char                   *p;
    ngx_str_t                 country;
    ngx_mlforkids_visitor_t  *visitor;

    ngx_str_null(&country);

    if (ctx->conf->country != NULL
        && ngx_http_complex_value(ctx->request, ctx->conf->country, &country)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    visitor = ngx_palloc(ctx->request->pool,
                         sizeof(ngx_mlforkids_visitor_t));
    p = ngx_pnalloc(ctx->request->pool, 2 * MLK_UUID_LEN);

    if (visitor == NULL || p == NULL
        || mlk_uuid_v4(p) != 0 || mlk_uuid_v4(p + MLK_UUID_LEN) != 0)
    {
        return NGX_ERROR;
    }

    visitor->id.data = p;
    visitor->id.len = MLK_UUID_LEN;
    visitor->token.data = p + MLK_UUID_LEN;
    visitor->token.len = MLK_UUID_LEN;
    visitor->limit = ngx_mlforkids_visitor_limit(ctx, &country);

    ctx->data = visitor;

    if (ngx_mlforkids_is_full(visitor->limit)) {
        return ngx_mlforkids_visitor_full(ctx);
    }

    return ngx_mlforkids_visitor_query(ctx, visitor);
}


/* The first limit of the directive is for those from all other countries. */

static const ngx_mlforkids_visitors_t *
ngx_mlforkids_visitor_limit(ngx_mlforkids_ctx_t *ctx, ngx_str_t *country)
{
    ngx_uint_t                 i;
    ngx_mlforkids_visitors_t  *limits;

    limits = ctx->conf->session_users->elts;

    for (i = 1; i < ctx->conf->session_users->nelts; i++) {
        if (limits[i].country.len == country->len
            && ngx_strncasecmp(limits[i].country.data, country->data,
                               country->len)
               == 0)
        {
            return &limits[i];
        }
    }

    return &limits[0];
}


static ngx_uint_t
ngx_mlforkids_is_full(const ngx_mlforkids_visitors_t *limit)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_MLFORKIDS_FULL_SLOTS; i++) {
        if (ngx_mlforkids_full[i].limit == limit) {
            return (ngx_msec_int_t) (ngx_mlforkids_full[i].until
                                     - ngx_current_msec)
                   > 0;
        }
    }

    return 0;
}


/* With more limits than slots the database is asked each time. */

static void
ngx_mlforkids_set_full(const ngx_mlforkids_visitors_t *limit)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_MLFORKIDS_FULL_SLOTS; i++) {
        if (ngx_mlforkids_full[i].limit == NULL
            || ngx_mlforkids_full[i].limit == limit)
        {
            ngx_mlforkids_full[i].limit = limit;
            ngx_mlforkids_full[i].until = ngx_current_msec
                                          + NGX_MLFORKIDS_FULL_TIME;
            return;
        }
    }
}


static ngx_int_t
ngx_mlforkids_visitor_query(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_visitor_t *visitor)
{
    ngx_str_t  *life, *limit;

    life = ngx_mlforkids_number_param(ctx, ctx->conf->session_life);
    limit = ngx_mlforkids_number_param(ctx, visitor->limit->limit);

    if (life == NULL || limit == NULL
        || ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_SESSIONS_LOCK)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_SESSIONS_ADD,
                                   &visitor->id, &visitor->token, life, limit)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_visitor_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                 *w;
    mlk_str_t                 jwt;
    ngx_str_t                *row;
    ngx_mlforkids_visitor_t  *visitor;

    visitor = ctx->data;

    if (ngx_mlforkids_result(ctx, 1)->rows == 0) {
        ngx_mlforkids_set_full(visitor->limit);
        return ngx_mlforkids_visitor_full(ctx);
    }

    row = ngx_mlforkids_value(ctx, 1, 0, 0);

    if (ngx_mlforkids_visitor_sign(ctx, visitor, row, &jwt) != NGX_OK) {
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &visitor->id);
    mlk_jw_key(w, "token");
    ngx_mlforkids_jw_str(w, &visitor->token);
    mlk_jw_key(w, "sessionExpiry");
    ngx_mlforkids_jw_str(w, &row[0]);
    mlk_jw_key(w, "jwt");
    mlk_jw_str(w, &jwt);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_CREATED, w);
}


/* row: expiry, time now in seconds, the secret in hexadecimal digits */

static ngx_int_t
ngx_mlforkids_visitor_sign(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_visitor_t *visitor, ngx_str_t *row, mlk_str_t *jwt)
{
    u_char      secret[NGX_MLFORKIDS_SECRET_MAX];
    size_t      len;
    mlk_jw_t   *w;
    mlk_str_t   payload;

    len = ngx_mlforkids_visitor_secret(&row[2], secret);

    if (len == 0) {
        ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, 0,
                      "mlforkids: the database has no secret for visitors");
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &visitor->id);
    mlk_jw_key(w, "token");
    ngx_mlforkids_jw_str(w, &visitor->token);
    mlk_jw_key(w, "sessionExpiry");
    ngx_mlforkids_jw_str(w, &row[0]);
    mlk_jw_key(w, "iat");
    mlk_jw_int(w, ngx_mlforkids_number(&row[1]));
    mlk_jw_object_end(w);

    if (mlk_jw_finish(w, &payload) != MLK_OK
        || mlk_jwt_sign_hs256(&ctx->alloc, &payload, secret, len, jwt)
           != MLK_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_visitor_full(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_PRECONDITION_FAILED,
                                    "Class full");
}


/* Only a visitor's token has what this needs: an account never ends here. */

static ngx_int_t
ngx_mlforkids_visitor_end(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jwt_t  *jwt;
    ngx_str_t  *id, *class;

    jwt = ctx->visitor;

    if (!ctx->caller.session || jwt == NULL
        || !mlk_json_truthy(mlk_json_get(jwt->payload, "sessionExpiry")))
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    id = &ctx->caller.sub;
    class = &ctx->caller.tenant;

    /* no project of the visitor's may be begun beside this */

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_PROJECTS_LOCK_OWNER,
                                   class, id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_SESSIONS_PROJECTS,
                                   id, class)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_SESSIONS_DELETE,
                                   id, class)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_visitor_ended(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}
