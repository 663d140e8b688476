/*
 * Labels of a project (contract/api.md 8.5, 9.1).
 */

#include "ngx_mlforkids_handlers.h"


#define NGX_MLFORKIDS_LABEL       30   /* UTF-16 units, as below */
#define NGX_MLFORKIDS_ALL_LABELS  489  /* joined by commas */
#define NGX_MLFORKIDS_TRIES       50


typedef struct {
    enum {
        NGX_MLFORKIDS_LABEL_ADD,
        NGX_MLFORKIDS_LABEL_REMOVE,
        NGX_MLFORKIDS_LABEL_REPLACE
    }            op;
    mlk_str_t    label;                /* add, remove */
    ngx_str_t    list;                 /* the new list, joined */
    ngx_uint_t   tries;
} ngx_mlforkids_label_change_t;


static ngx_int_t ngx_mlforkids_labels_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_labels_check_op(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *op, const mlk_json_t *value);
static ngx_int_t ngx_mlforkids_labels_check_one(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_json_t *value);
static ngx_int_t ngx_mlforkids_labels_check_list(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_json_t *value);
static ngx_int_t ngx_mlforkids_label_text(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *value, mlk_str_t *label);
static ngx_int_t ngx_mlforkids_labels_join(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_str_t *labels, size_t n);
static ngx_int_t ngx_mlforkids_labels_apply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_labels_query(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change);
static ngx_int_t ngx_mlforkids_labels_applied(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_labels_again(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_labels_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_labels_refuse(ngx_mlforkids_ctx_t *ctx,
    const char *message);
static ngx_int_t ngx_mlforkids_count_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_count_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_rename_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_rename_reply(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_labels_patch[] = {
    ngx_mlforkids_labels_check,
    ngx_mlforkids_labels_apply,
    ngx_mlforkids_labels_applied,
    ngx_mlforkids_labels_again,        /* goes back to apply */
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_labels_count[] = {
    ngx_mlforkids_count_query,
    ngx_mlforkids_count_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_labels_rename[] = {
    ngx_mlforkids_rename_query,
    ngx_mlforkids_rename_reply,
    NULL
};


static ngx_int_t
ngx_mlforkids_labels_check(ngx_mlforkids_ctx_t *ctx)
{
    mlk_json_t  *item, *op, *value, *path;

    if (ctx->body->type != MLK_JSON_ARRAY) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH body should be an array");
    }

    if (ctx->body->count != 1) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "Only individual PATCH requests are supported");
    }

    item = ctx->body->child;
    op = mlk_json_get(item, "op");
    value = mlk_json_get(item, "value");
    path = mlk_json_get(item, "path");

    if (!mlk_json_truthy(op)) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH requests must include an op");
    }

    if (value == NULL || value->type == MLK_JSON_NULL) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH requests must include a value");
    }

    if (ngx_mlforkids_json_is(path, "/type")) {

        /* known to the reference, which refuses it as well */

        if (ngx_mlforkids_json_is(op, "replace")
            && (ngx_mlforkids_json_is(value, "images")
                || ngx_mlforkids_json_is(value, "imgtfjs")))
        {
            return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
        }

        return ngx_mlforkids_labels_refuse(ctx, "Invalid PATCH op");
    }

    if (!ngx_mlforkids_json_is(path, "/labels")) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "Only modifications to project labels or type are "
                    "supported");
    }

    return ngx_mlforkids_labels_check_op(ctx, op, value);
}


static ngx_int_t
ngx_mlforkids_labels_check_op(ngx_mlforkids_ctx_t *ctx, const mlk_json_t *op,
    const mlk_json_t *value)
{
    ngx_mlforkids_label_change_t  *change;

    change = ngx_pcalloc(ctx->request->pool,
                         sizeof(ngx_mlforkids_label_change_t));
    if (change == NULL) {
        return NGX_ERROR;
    }

    ctx->data = change;

    if (ngx_mlforkids_json_is(op, "add")) {
        change->op = NGX_MLFORKIDS_LABEL_ADD;
        return ngx_mlforkids_labels_check_one(ctx, change, value);
    }

    if (ngx_mlforkids_json_is(op, "remove")) {
        change->op = NGX_MLFORKIDS_LABEL_REMOVE;
        return ngx_mlforkids_labels_check_one(ctx, change, value);
    }

    if (ngx_mlforkids_json_is(op, "replace")) {
        change->op = NGX_MLFORKIDS_LABEL_REPLACE;
        return ngx_mlforkids_labels_check_list(ctx, change, value);
    }

    return ngx_mlforkids_labels_refuse(ctx, "Invalid PATCH op");
}


static ngx_int_t
ngx_mlforkids_labels_check_one(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_json_t *value)
{
    mlk_str_t  label;

    if (value->type != MLK_JSON_STRING) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH requests to add or remove a label should specify a "
                    "string");
    }

    if (ngx_mlforkids_label_text(ctx, value, &label) != NGX_OK) {
        return NGX_ERROR;
    }

    if (label.len == 0) {
        return ngx_mlforkids_labels_refuse(ctx, "Cannot add an empty label");
    }

    change->label = label;

    if (change->op == NGX_MLFORKIDS_LABEL_REMOVE) {
        return NGX_OK;
    }

    if (mlk_utf16_length(&label) > NGX_MLFORKIDS_LABEL) {
        return ngx_mlforkids_labels_refuse(ctx, "Label exceeds max length");
    }

    return (mlk_label_normalise(&ctx->alloc, &label, &change->label) == MLK_OK)
           ? NGX_OK : NGX_ERROR;
}


/* As given: neither normalised nor compared with each other. */

static ngx_int_t
ngx_mlforkids_labels_check_list(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_json_t *value)
{
    size_t             n;
    mlk_str_t         *labels;
    const mlk_json_t  *v;

    if (value->type != MLK_JSON_ARRAY) {
        return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH requests to replace labels should specify an "
                    "array");
    }

    labels = ngx_palloc(ctx->request->pool,
                        (value->count + 1) * sizeof(mlk_str_t));
    if (labels == NULL) {
        return NGX_ERROR;
    }

    n = 0;

    for (v = value->child; v != NULL; v = v->next) {

        switch (ngx_mlforkids_label_text(ctx, v, &labels[n])) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            return ngx_mlforkids_labels_refuse(ctx,
                    "PATCH requests to replace labels should specify an "
                    "array");

        default:
            return NGX_ERROR;
        }

        if (mlk_utf16_length(&labels[n]) > NGX_MLFORKIDS_LABEL) {
            return ngx_mlforkids_labels_refuse(ctx,
                                               "Label exceeds max length");
        }

        if (labels[n].len != 0) {
            n++;
        }
    }

    return ngx_mlforkids_labels_join(ctx, change, labels, n);
}


/* A value as JavaScript turns it into a string, trimmed.  NGX_DECLINED for an
 * object or an array. */

static ngx_int_t
ngx_mlforkids_label_text(ngx_mlforkids_ctx_t *ctx, const mlk_json_t *value,
    mlk_str_t *label)
{
    char        number[MLK_JSON_DOUBLE_SIZE];
    mlk_str_t   text;

    static const mlk_str_t  no = mlk_string("false");
    static const mlk_str_t  yes = mlk_string("true");
    static const mlk_str_t  null = mlk_string("null");

    switch (value->type) {

    case MLK_JSON_STRING:
        text = value->text;
        break;

    case MLK_JSON_NUMBER:
        text.len = mlk_json_print_double(number, value->number);
        text.data = (u_char *) number;
        break;

    case MLK_JSON_FALSE:
        text = no;
        break;

    case MLK_JSON_TRUE:
        text = yes;
        break;

    case MLK_JSON_NULL:
        text = null;
        break;

    default:
        return NGX_DECLINED;
    }

    label->len = text.len;
    label->data = ngx_pnalloc(ctx->request->pool, text.len + 1);
    if (label->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(label->data, text.data, text.len);

    mlk_trim(label);

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_labels_join(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change, const mlk_str_t *labels, size_t n)
{
    mlk_str_t  joined;

    if (mlk_labels_join(&ctx->alloc, labels, n, &joined) != MLK_OK) {
        return NGX_ERROR;
    }

    if (mlk_utf16_length(&joined) > NGX_MLFORKIDS_ALL_LABELS) {
        return ngx_mlforkids_labels_refuse(ctx, "No room for the label");
    }

    change->list = ngx_mlforkids_str(joined);

    return NGX_OK;
}


/* Makes the new list of the one that was read and stores it only if that is
 * still the stored one: no change gets lost. */

static ngx_int_t
ngx_mlforkids_labels_apply(ngx_mlforkids_ctx_t *ctx)
{
    size_t                         i, n, kept;
    mlk_str_t                      list, *labels, *changed;
    ngx_int_t                      rc;
    ngx_mlforkids_label_change_t  *change;

    change = ctx->data;

    if (change->op == NGX_MLFORKIDS_LABEL_REPLACE) {
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_LABELS_REPLACE,
                                   &ctx->project.id, &change->list);
    }

    list = ngx_mlforkids_mlk(ctx->project.labels);

    if (mlk_labels_split(&ctx->alloc, &list, &labels, &n) != MLK_OK) {
        return NGX_ERROR;
    }

    changed = ngx_palloc(ctx->request->pool, (n + 1) * sizeof(mlk_str_t));
    if (changed == NULL) {
        return NGX_ERROR;
    }

    for (i = 0, kept = 0; i < n; i++) {

        if (change->op == NGX_MLFORKIDS_LABEL_ADD) {
            if (mlk_label_equal(&labels[i], &change->label)) {
                change->list = ctx->project.labels;
                return ngx_mlforkids_labels_reply(ctx);
            }

        } else if (labels[i].len == change->label.len
                   && ngx_memcmp(labels[i].data, change->label.data,
                                 labels[i].len)
                      == 0)
        {
            continue;
        }

        changed[kept++] = labels[i];
    }

    if (change->op == NGX_MLFORKIDS_LABEL_ADD) {
        changed[kept++] = change->label;
    }

    rc = ngx_mlforkids_labels_join(ctx, change, changed, kept);

    return (rc == NGX_OK) ? ngx_mlforkids_labels_query(ctx, change) : rc;
}


static ngx_int_t
ngx_mlforkids_labels_query(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_label_change_t *change)
{
    ngx_str_t  label;

    label = ngx_mlforkids_str(change->label);

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_LABELS_CHANGE,
                                   &ctx->project.id, &ctx->project.labels,
                                   &change->list)
           != NGX_OK
        || (change->op == NGX_MLFORKIDS_LABEL_REMOVE
            && ngx_mlforkids_query_add(ctx,
                                       NGX_MLFORKIDS_STMT_LABELS_DELETE_ITEMS,
                                       &ctx->project.id, &label,
                                       &change->list)
               != NGX_OK))
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_labels_applied(ngx_mlforkids_ctx_t *ctx)
{
    ngx_mlforkids_label_change_t  *change;

    change = ctx->data;

    if (change->op == NGX_MLFORKIDS_LABEL_REPLACE
        || ngx_mlforkids_result(ctx, 0)->rows == 1)
    {
        return ngx_mlforkids_labels_reply(ctx);
    }

    if (++change->tries == NGX_MLFORKIDS_TRIES) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAVAILABLE);
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECT_GET,
                               &ctx->project.id);
}


/* Somebody else has changed the labels meanwhile. */

static ngx_int_t
ngx_mlforkids_labels_again(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    ctx->project.labels = *ngx_mlforkids_value(ctx, 0, 0, 6);
    ctx->step = &ngx_mlforkids_labels_patch[1];

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_labels_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                      *w;
    ngx_mlforkids_label_change_t  *change;

    change = ctx->data;

    w = ngx_mlforkids_writer(ctx);

    ngx_mlforkids_write_labels(ctx, w, &change->list);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_labels_refuse(ngx_mlforkids_ctx_t *ctx, const char *message)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST, message);
}


static ngx_int_t
ngx_mlforkids_count_query(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_LABELS_COUNT,
                               &ctx->project.id);
}


/* Only labels of the project, each once, in its order. */

static ngx_int_t
ngx_mlforkids_count_reply(ngx_mlforkids_ctx_t *ctx)
{
    size_t       i, j, n;
    mlk_jw_t    *w;
    mlk_str_t    list, *labels;
    ngx_int_t    count;
    ngx_str_t   *v;
    ngx_uint_t   row;

    list = ngx_mlforkids_mlk(ctx->project.labels);

    if (mlk_labels_split(&ctx->alloc, &list, &labels, &n) != MLK_OK) {
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);

    for (i = 0; i < n; i++) {

        for (j = 0; j < i; j++) {
            if (labels[j].len == labels[i].len
                && ngx_memcmp(labels[j].data, labels[i].data, labels[i].len)
                   == 0)
            {
                break;
            }
        }

        if (j < i) {
            continue;
        }

        count = 0;

        for (row = 0; row < ngx_mlforkids_result(ctx, 0)->rows; row++) {

            v = ngx_mlforkids_value(ctx, 0, row, 0);

            if (v[0].len == labels[i].len
                && ngx_memcmp(v[0].data, labels[i].data, v[0].len) == 0)
            {
                count = ngx_mlforkids_number(&v[1]);
                break;
            }
        }

        mlk_jw_key_str(w, &labels[i]);
        mlk_jw_int(w, count);
    }

    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


/* Training items only: the list of labels is the client's business. */

static ngx_int_t
ngx_mlforkids_rename_query(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t         old, new;
    const mlk_str_t  *before, *after;

    before = mlk_json_get_string(ctx->body, "before");
    after = mlk_json_get_string(ctx->body, "after");

    if (before == NULL || before->len == 0 || after == NULL
        || after->len == 0)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    old = ngx_mlforkids_str(*before);
    new = ngx_mlforkids_str(*after);

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_LABELS_RENAME,
                               &ctx->project.id, &old, &new);
}


static ngx_int_t
ngx_mlforkids_rename_reply(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_reply_ok(ctx);
}
