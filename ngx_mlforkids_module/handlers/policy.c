/*
 * What a class may do (contract/api.md 5.2, 5.3).
 */

#include "ngx_mlforkids_handlers.h"


#define NGX_MLFORKIDS_POOL  2          /* tenant type, data.md 4.4 */


static ngx_int_t ngx_mlforkids_policy_student(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_policy_teacher(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_policy_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_policy_changed(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_policy_get[] = {
    ngx_mlforkids_policy_student,
    ngx_mlforkids_policy_teacher,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_policy_patch[] = {
    ngx_mlforkids_policy_check,
    ngx_mlforkids_tenant_set,
    ngx_mlforkids_policy_changed,
    NULL
};


static ngx_int_t
ngx_mlforkids_policy_student(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t  *w;

    if (ctx->caller.role == NGX_MLFORKIDS_ROLE_SUPERVISOR) {
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_POLICY_MODELS,
                                   ngx_mlforkids_param(ctx, 'c'));
    }

    ctx->cache = NGX_MLFORKIDS_C1H;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "supportedProjectTypes");
    ngx_mlforkids_write_types(ctx, w, &ctx->tenant.projecttypes);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_policy_teacher(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                *w;
    ngx_int_t                models;
    ngx_mlforkids_tenant_t  *tenant;

    tenant = &ctx->tenant;

    models = ngx_mlforkids_number(ngx_mlforkids_value(ctx, 0, 0, 0));

    if (tenant->type == NGX_MLFORKIDS_POOL) {
        models = 0;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "isManaged");
    mlk_jw_bool(w, tenant->type != 0);
    mlk_jw_key(w, "tenantType");
    mlk_jw_int(w, tenant->type);
    mlk_jw_key(w, "maxTextModels");
    mlk_jw_int(w, models);
    mlk_jw_key(w, "maxUsers");
    mlk_jw_int(w, tenant->maxusers);
    mlk_jw_key(w, "supportedProjectTypes");
    ngx_mlforkids_write_types(ctx, w, &tenant->projecttypes);
    mlk_jw_key(w, "maxProjectsPerUser");
    mlk_jw_int(w, tenant->maxprojects);
    mlk_jw_key(w, "textClassifierExpiry");
    mlk_jw_int(w, tenant->expiry);
    mlk_jw_key(w, "textTrainingItemsPerProject");
    mlk_jw_int(w, 500);
    mlk_jw_key(w, "numberTrainingItemsPerProject");
    mlk_jw_int(w, 1000);
    mlk_jw_key(w, "numberTrainingItemsPerClassProject");
    mlk_jw_int(w, 3000);
    mlk_jw_key(w, "imageTrainingItemsPerProject");
    mlk_jw_int(w, 250);
    mlk_jw_key(w, "soundTrainingItemsPerProject");
    mlk_jw_int(w, 100);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_policy_check(ngx_mlforkids_ctx_t *ctx)
{
    int64_t      hours;
    ngx_str_t   *param;
    mlk_json_t  *item, *value;

    if (ctx->body->type != MLK_JSON_ARRAY) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        "PATCH body should be an array");
    }

    if (ctx->body->count != 1) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        "PATCH body should include 1 value");
    }

    item = ctx->body->child;
    value = mlk_json_get(item, "value");

    if (!ngx_mlforkids_json_is(mlk_json_get(item, "op"), "replace")
        || !ngx_mlforkids_json_is(mlk_json_get(item, "path"),
                                  "/textClassifierExpiry")
        || !mlk_json_truthy(value))
    {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        "Invalid PATCH request");
    }

    if (!mlk_json_integer(value, 1, 255, &hours)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    param = ngx_mlforkids_number_param(ctx, hours);
    if (param == NULL) {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_POLICY_EXPIRY,
                               ngx_mlforkids_param(ctx, 'c'), param);
}


static ngx_int_t
ngx_mlforkids_policy_changed(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                *w;
    ngx_mlforkids_tenant_t  *tenant;

    tenant = &ctx->tenant;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, ngx_mlforkids_param(ctx, 'c'));
    mlk_jw_key(w, "supportedProjectTypes");
    ngx_mlforkids_write_types(ctx, w, &tenant->projecttypes);
    mlk_jw_key(w, "tenantType");
    mlk_jw_int(w, tenant->type);
    mlk_jw_key(w, "maxUsers");
    mlk_jw_int(w, tenant->maxusers);
    mlk_jw_key(w, "maxProjectsPerUser");
    mlk_jw_int(w, tenant->maxprojects);
    mlk_jw_key(w, "textClassifierExpiry");
    mlk_jw_int(w, tenant->expiry);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}
