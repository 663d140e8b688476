/*
 * Training of text models (contract/training.md 2, docs/internals.md "Text
 * jobs"): who trains, and the transaction that asks for it.
 */

#include "models.h"


#define NGX_MLFORKIDS_POOL  2          /* tenant type, data.md 4.4 */

/* place of the model's row in the transaction of train_start() */
#define NGX_MLFORKIDS_TRAIN_MODEL  1


ngx_int_t
ngx_mlforkids_train_credentials(ngx_mlforkids_ctx_t *ctx)
{
    ngx_uint_t  stmt;

    if (ctx->conf->text_backend == NGX_MLFORKIDS_BACKEND_BUILTIN) {
        return NGX_OK;
    }

    stmt = (ctx->tenant.type == NGX_MLFORKIDS_POOL)
           ? NGX_MLFORKIDS_STMT_MODELS_POOL
           : NGX_MLFORKIDS_STMT_MODELS_CREDENTIALS;

    return ngx_mlforkids_query(ctx, stmt, &ctx->project.classid);
}


ngx_mlforkids_trainer_e
ngx_mlforkids_trainer(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->conf->text_backend == NGX_MLFORKIDS_BACKEND_BUILTIN) {
        return NGX_MLFORKIDS_TRAINER_BUILTIN;
    }

    if (ngx_mlforkids_bool(ngx_mlforkids_value(ctx, 0, 0, 0))) {
        return NGX_MLFORKIDS_TRAINER_WATSON;
    }

    return (ctx->conf->text_backend == NGX_MLFORKIDS_BACKEND_WATSON)
           ? NGX_MLFORKIDS_TRAINER_NONE : NGX_MLFORKIDS_TRAINER_BUILTIN;
}


/* The locks are taken in the worker's order: project, model, keys, job. */

ngx_int_t
ngx_mlforkids_train_start(ngx_mlforkids_ctx_t *ctx)
{
    u_char     *p;
    ngx_str_t   id, key, *hours, *project;

    project = &ctx->project.id;

    p = ngx_pnalloc(ctx->request->pool, MLK_UUID_LEN);
    hours = ngx_mlforkids_number_param(ctx, ctx->tenant.expiry);

    if (p == NULL || hours == NULL || mlk_uuid_v4(p) != 0
        || ngx_mlforkids_new_key(ctx, &key) != NGX_OK)
    {
        return NGX_ERROR;
    }

    id.data = p;
    id.len = MLK_UUID_LEN;

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_LOCK,
                                   project)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_MODELS_TRAIN,
                                   project, &id, hours)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_KEYS_CREATE,
                                   &key, project,
                                   ngx_mlforkids_type_name(ctx->project.type))
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_KEYS_LINK, project)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_MODELS_JOB,
                                   project)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


ngx_str_t *
ngx_mlforkids_trained(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, NGX_MLFORKIDS_TRAIN_MODEL)->rows == 0) {
        return NULL;
    }

    return ngx_mlforkids_value(ctx, NGX_MLFORKIDS_TRAIN_MODEL, 0, 0);
}


void
ngx_mlforkids_write_model(mlk_jw_t *w, const ngx_str_t *v)
{
    mlk_jw_object(w);
    mlk_jw_key(w, "classifierid");
    ngx_mlforkids_jw_str(w, &v[0]);
    mlk_jw_key(w, "credentialsid");
    ngx_mlforkids_jw_str(w, &v[1]);
    mlk_jw_key(w, "updated");
    ngx_mlforkids_jw_str(w, &v[2]);
    mlk_jw_key(w, "expiry");
    ngx_mlforkids_jw_str(w, &v[3]);
    mlk_jw_key(w, "name");
    ngx_mlforkids_jw_str(w, &v[4]);
    mlk_jw_key(w, "status");
    ngx_mlforkids_jw_str(w, &v[5]);

    if (ngx_mlforkids_bool(&v[7])) {
        mlk_jw_key(w, "backend");
        mlk_jw_cstr(w, "builtin");

        if (v[6].data != NULL) {
            mlk_jw_key(w, "reason");
            ngx_mlforkids_jw_str(w, &v[6]);
        }
    }

    mlk_jw_object_end(w);
}


ngx_int_t
ngx_mlforkids_new_key(ngx_mlforkids_ctx_t *ctx, ngx_str_t *key)
{
    key->len = NGX_MLFORKIDS_UUID_KEY_LEN;

    key->data = ngx_pnalloc(ctx->request->pool, key->len);

    if (key->data == NULL
        || mlk_uuid_v1(key->data) != 0
        || mlk_uuid_v4(key->data + MLK_UUID_LEN) != 0)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
