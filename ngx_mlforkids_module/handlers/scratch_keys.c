/*
 * Keys that stand for a project in Scratch (contract/api.md 13).
 */

#include "models.h"


/* places in the transaction that makes a key */
#define NGX_MLFORKIDS_KEYS_LOCKED  0
#define NGX_MLFORKIDS_KEYS_LISTED  2


static ngx_int_t ngx_mlforkids_keys_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_keys_found(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_keys_made(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_keys_reply(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t stmt);


ngx_mlforkids_step_pt  ngx_mlforkids_scratch_keys_list[] = {
    ngx_mlforkids_keys_query,
    ngx_mlforkids_keys_found,
    ngx_mlforkids_keys_made,
    NULL
};


/* By the project's owner, whoever asks. */

static ngx_int_t
ngx_mlforkids_keys_query(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_KEYS_LIST,
                               &ctx->project.id, &ctx->project.userid,
                               &ctx->project.classid);
}


static ngx_int_t
ngx_mlforkids_keys_found(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                 key;
    ngx_mlforkids_project_t  *project;

    if (ngx_mlforkids_result(ctx, 0)->rows > 0) {
        return ngx_mlforkids_keys_reply(ctx, 0);
    }

    project = &ctx->project;

    /* the lock makes two first calls make one key */

    if (ngx_mlforkids_new_key(ctx, &key) != NGX_OK
        || ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_LOCK,
                                   &project->id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_KEYS_CREATE, &key,
                                   &project->id,
                                   ngx_mlforkids_type_name(project->type))
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_KEYS_LIST,
                                   &project->id, &project->userid,
                                   &project->classid)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_keys_made(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, NGX_MLFORKIDS_KEYS_LOCKED)->rows == 0) {
        /* deleted meanwhile */
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    return ngx_mlforkids_keys_reply(ctx, NGX_MLFORKIDS_KEYS_LISTED);
}


static ngx_int_t
ngx_mlforkids_keys_reply(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt)
{
    mlk_jw_t    *w;
    ngx_str_t   *v;
    ngx_uint_t   i;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < ngx_mlforkids_result(ctx, stmt)->rows; i++) {
        v = ngx_mlforkids_value(ctx, stmt, i, 0);

        mlk_jw_object(w);
        mlk_jw_key(w, "id");
        ngx_mlforkids_jw_str(w, &v[0]);

        if (v[1].data != NULL) {
            mlk_jw_key(w, "model");
            ngx_mlforkids_jw_str(w, &v[1]);
        }

        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}
