/*
 * Training data of a project for those who hold its scratch key
 * (contract/api.md 14.5, 14.6).
 */

#include "models.h"


#define NGX_MLFORKIDS_ITEM_MAX  1024   /* UTF-16 units of a text */


/* An item on its way into the database. */
typedef struct {
    ngx_str_t  id;
    ngx_str_t  text;
    ngx_str_t  label;
} ngx_mlforkids_item_t;


static ngx_int_t ngx_mlforkids_items_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_items_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_add_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_add_label(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *label);
static ngx_int_t ngx_mlforkids_add_text(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_add_reply(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_scratch_items[] = {
    ngx_mlforkids_items_query,
    ngx_mlforkids_items_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_scratch_add[] = {
    ngx_mlforkids_add_check,
    ngx_mlforkids_add_text,
    ngx_mlforkids_add_reply,
    NULL
};


static ngx_int_t
ngx_mlforkids_items_query(ngx_mlforkids_ctx_t *ctx)
{
    static const ngx_str_t  limit = ngx_string("500");
    static const ngx_str_t  offset = ngx_string("0");

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_TEXT:
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_TRAINING_LIST_TEXT,
                                   &ctx->project.id, &limit, &offset);

    case NGX_MLFORKIDS_NUMBERS:
    case NGX_MLFORKIDS_IMAGES:
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_NOT_ALLOWED,
                                        "Method not allowed");

    default:
        break;
    }

    if (!ctx->project.found) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                        "Project not found");
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
}


static ngx_int_t
ngx_mlforkids_items_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t    *w;
    ngx_str_t   *v;
    ngx_uint_t   i;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < ngx_mlforkids_result(ctx, 0)->rows; i++) {
        v = ngx_mlforkids_value(ctx, 0, i, 0);

        mlk_jw_object(w);
        mlk_jw_key(w, "id");
        ngx_mlforkids_jw_str(w, &v[0]);
        mlk_jw_key(w, "textdata");
        ngx_mlforkids_jw_str(w, &v[1]);

        if (v[2].data != NULL) {
            mlk_jw_key(w, "label");
            ngx_mlforkids_jw_str(w, &v[2]);
        }

        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_add_check(ngx_mlforkids_ctx_t *ctx)
{
    mlk_json_t            *data, *label;
    ngx_mlforkids_item_t  *item;

    data = mlk_json_get(ctx->body, "data");
    label = mlk_json_get(ctx->body, "label");

    if (!mlk_json_truthy(data) || !mlk_json_truthy(label)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    if (!ctx->project.found || ctx->project.local) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                        "Project not found");
    }

    if (ctx->project.type == NGX_MLFORKIDS_SOUNDS) {
        /* as the reference: there is no such way for sounds */
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                        "Not implemented");
    }

    if (ctx->project.type != NGX_MLFORKIDS_TEXT) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }

    if (data->type != MLK_JSON_STRING) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    item = ngx_pcalloc(ctx->request->pool, sizeof(ngx_mlforkids_item_t));
    if (item == NULL) {
        return NGX_ERROR;
    }

    ctx->data = item;
    item->text = ngx_mlforkids_str(data->text);

    if (ngx_mlforkids_blank(&item->text)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    return ngx_mlforkids_add_label(ctx, label);
}


/* NGX_OK if it is exactly one of the project's labels. */

static ngx_int_t
ngx_mlforkids_add_label(ngx_mlforkids_ctx_t *ctx, const mlk_json_t *label)
{
    size_t                 i, n;
    mlk_str_t              list, *labels;
    ngx_mlforkids_item_t  *item;

    item = ctx->data;
    list = ngx_mlforkids_mlk(ctx->project.labels);

    if (mlk_labels_split(&ctx->alloc, &list, &labels, &n) != MLK_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (label->type == MLK_JSON_STRING
            && label->text.len == labels[i].len
            && ngx_memcmp(label->text.data, labels[i].data, labels[i].len)
               == 0)
        {
            item->label = ngx_mlforkids_str(label->text);
            return NGX_OK;
        }
    }

    return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                    "Invalid label");
}


/* The first statement locks the project, so that the second counts what is
 * there when it inserts. */

static ngx_int_t
ngx_mlforkids_add_text(ngx_mlforkids_ctx_t *ctx)
{
    mlk_str_t              text;
    ngx_mlforkids_item_t  *item;

    item = ctx->data;

    text = ngx_mlforkids_mlk(item->text);
    mlk_blank_controls(&text);
    mlk_trim(&text);

    if (mlk_utf16_length(&text) > NGX_MLFORKIDS_ITEM_MAX) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                   "Text exceeds maximum allowed length (1024 characters)");
    }

    item->text = ngx_mlforkids_str(text);

    item->id.len = MLK_UUID_LEN;
    item->id.data = ngx_pnalloc(ctx->request->pool, MLK_UUID_LEN);

    if (item->id.data == NULL
        || mlk_uuid_v1(item->id.data) != 0
        || ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_LOCK,
                                   &ctx->project.id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_ADD_TEXT,
                                   &item->id, &ctx->project.id, &item->text,
                                   &item->label)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_add_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t              *w;
    ngx_mlforkids_item_t  *item;

    item = ctx->data;

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                        "Project not found");
    }

    if (ngx_mlforkids_result(ctx, 1)->rows == 0) {
        /* Scratch knows this text */
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_CONFLICT,
                   "Project already has maximum allowed amount of training "
                   "data");
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &item->id);
    mlk_jw_key(w, "textdata");
    ngx_mlforkids_jw_str(w, &item->text);
    mlk_jw_key(w, "label");
    ngx_mlforkids_jw_str(w, &item->label);
    mlk_jw_key(w, "projectid");
    ngx_mlforkids_jw_str(w, &ctx->project.id);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}
