/*
 * Steps that ask the database: building a query, waiting for it, and the
 * replies to what can go wrong.
 */

#include <stdarg.h>

#include "ngx_mlforkids_engine.h"


static ngx_int_t ngx_mlforkids_query_vadd(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t stmt, va_list args);
static void ngx_mlforkids_query_done(ngx_mlforkids_db_query_t *q);


ngx_int_t
ngx_mlforkids_query(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt, ...)
{
    va_list    args;
    ngx_int_t  rc;

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    va_start(args, stmt);
    rc = ngx_mlforkids_query_vadd(ctx, stmt, args);
    va_end(args);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


ngx_int_t
ngx_mlforkids_query_begin(ngx_mlforkids_ctx_t *ctx)
{
    ngx_mlforkids_db_query_t  *q;

    q = ngx_pcalloc(ctx->request->pool, sizeof(ngx_mlforkids_db_query_t));
    if (q == NULL) {
        return NGX_ERROR;
    }

    q->pool = ctx->request->pool;
    q->log = ctx->request->connection->log;
    q->done = ngx_mlforkids_query_done;
    q->data = ctx;

    ctx->query = q;

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_query_add(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt, ...)
{
    va_list    args;
    ngx_int_t  rc;

    va_start(args, stmt);
    rc = ngx_mlforkids_query_vadd(ctx, stmt, args);
    va_end(args);

    return rc;
}


static ngx_int_t
ngx_mlforkids_query_vadd(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt,
    va_list args)
{
    ngx_str_t         params[NGX_MLFORKIDS_DB_PARAMS];
    ngx_uint_t        i;
    const ngx_str_t  *param;

    for (i = 0; i < ngx_mlforkids_stmts[stmt].nparams; i++) {

        param = va_arg(args, const ngx_str_t *);

        if (param == NULL) {
            ngx_str_null(&params[i]);

        } else {
            params[i] = *param;
        }
    }

    return ngx_mlforkids_query_addv(ctx, stmt, params,
                                    ngx_mlforkids_stmts[stmt].nparams);
}


ngx_int_t
ngx_mlforkids_query_addv(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt,
    const ngx_str_t *params, ngx_uint_t n)
{
    ngx_uint_t                 i;
    ngx_mlforkids_db_query_t  *q;

    q = ctx->query;

    if (q->n == NGX_MLFORKIDS_DB_BATCH
        || n != ngx_mlforkids_stmts[stmt].nparams)
    {
        ngx_log_error(NGX_LOG_ALERT, q->log, 0,
                      "mlforkids: wrong use of statement \"%s\"",
                      ngx_mlforkids_stmts[stmt].name);
        return NGX_ERROR;
    }

    q->cmd[q->n].stmt = stmt;
    q->cmd[q->n].nparams = n;

    for (i = 0; i < n; i++) {
        q->cmd[q->n].params[i] = params[i];
    }

    q->n++;

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_query_run(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_db_submit(ctx->query) != NGX_OK) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAVAILABLE);
    }

    ctx->waiting_query = 1;

    return NGX_AGAIN;
}


void
ngx_mlforkids_query_errors(ngx_mlforkids_ctx_t *ctx)
{
    ctx->own_errors = 1;
}


ngx_int_t
ngx_mlforkids_query_failed(ngx_mlforkids_ctx_t *ctx)
{
    switch (ctx->query->status) {

    case NGX_MLFORKIDS_DB_OK:
        return NGX_OK;

    case NGX_MLFORKIDS_DB_UNAVAILABLE:
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAVAILABLE);

    case NGX_MLFORKIDS_DB_INVALID:
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);

    case NGX_MLFORKIDS_DB_FAILED:
        break;
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_DBERROR);
}


/* Called from an event of the database's connection, not of the client's. */

static void
ngx_mlforkids_query_done(ngx_mlforkids_db_query_t *q)
{
    ngx_connection_t     *c;
    ngx_mlforkids_ctx_t  *ctx;

    ctx = q->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ctx->waiting_query = 0;
    ctx->db_time += q->elapsed;

    if (q->status != NGX_MLFORKIDS_DB_OK && !ctx->own_errors) {
        ngx_mlforkids_finish(ctx, ngx_mlforkids_query_failed(ctx));

    } else {
        ctx->own_errors = 0;
        ngx_mlforkids_run(ctx);
    }

    ngx_http_run_posted_requests(c);
}
