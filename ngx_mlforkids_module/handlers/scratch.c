/*
 * Classification, state and training of a project's model for those who hold
 * its scratch key (contract/api.md 14.1 to 14.3).
 */

#include "models.h"
#include "../ngx_mlforkids_engine.h"


/* columns of the statement SCRATCH_MODEL */
#define NGX_MLFORKIDS_MODEL_GENERATION  0
#define NGX_MLFORKIDS_MODEL_STATUS      1
#define NGX_MLFORKIDS_MODEL_REASON      2


static ngx_int_t ngx_mlforkids_scratch_text(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_type(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_model(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_ask(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_answer(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_random(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_state(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_untrained(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_reply(ngx_mlforkids_ctx_t *ctx,
    ngx_int_t status, const ngx_str_t *msg, const ngx_str_t *reason);
static ngx_int_t ngx_mlforkids_scratch_reply_state(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *state, const ngx_str_t *reason);
static ngx_int_t ngx_mlforkids_scratch_key(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_key_found(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_trainable(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_train(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_trained(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_scratch_no_key(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_scratch_classify[] = {
    ngx_mlforkids_scratch_text,
    ngx_mlforkids_scratch_type,
    ngx_mlforkids_scratch_model,
    ngx_mlforkids_scratch_ask,
    ngx_mlforkids_scratch_answer,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_scratch_status[] = {
    ngx_mlforkids_scratch_untrained,
    ngx_mlforkids_scratch_model,
    ngx_mlforkids_scratch_state,
    NULL
};

/* its row has no check of the key: an unknown one has a reply of its own */
ngx_mlforkids_step_pt  ngx_mlforkids_scratch_models[] = {
    ngx_mlforkids_scratch_key,
    ngx_mlforkids_scratch_key_found,
    ngx_mlforkids_scratch_trainable,
    ngx_mlforkids_tenant_set,
    ngx_mlforkids_train_credentials,
    ngx_mlforkids_scratch_train,
    ngx_mlforkids_scratch_trained,
    NULL
};


static const ngx_str_t  ngx_mlforkids_not_trained = ngx_string(
    "No models trained yet - only random answers can be chosen");
static const ngx_str_t  ngx_mlforkids_no_classifier = ngx_string(
    "Classifier not found");
static const ngx_str_t  ngx_mlforkids_train_failed = ngx_string(
    "Failed to train machine learning model");


static ngx_uint_t
ngx_mlforkids_scratch_is(const ngx_str_t *s, const char *word)
{
    return s->len == ngx_strlen(word)
           && ngx_memcmp(s->data, word, s->len) == 0;
}


/* ctx->data: the text, from the query or the body. */

static ngx_int_t
ngx_mlforkids_scratch_text(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t         rc;
    ngx_str_t        *text;
    mlk_json_t       *data;

    text = ngx_palloc(ctx->request->pool, sizeof(ngx_str_t));
    if (text == NULL) {
        return NGX_ERROR;
    }

    ctx->data = text;

    if (ctx->route->key.method == NGX_MLFORKIDS_GET) {

        rc = ngx_mlforkids_arg(ctx, "data", text);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK && !ngx_mlforkids_blank(text)) {
            return NGX_OK;
        }

        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    data = mlk_json_get(ctx->body, "data");

    if (data != NULL && data->type == MLK_JSON_STRING) {
        *text = ngx_mlforkids_str(data->text);

        if (!ngx_mlforkids_blank(text)) {
            return NGX_OK;
        }

    } else if (mlk_json_truthy(data)
               && !ngx_mlforkids_scratch_is(&ctx->key.projecttype, "text"))
    {
        /* refused for its type in the next step */
        return NGX_OK;
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
}


static ngx_int_t
ngx_mlforkids_scratch_type(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *type, *since;

    type = &ctx->key.projecttype;

    if (ngx_mlforkids_scratch_is(type, "numbers")) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                   "Classification for numbers project is only available in "
                   "the browser or from Python projects");
    }

    if (ngx_mlforkids_scratch_is(type, "sounds")) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                   "Sound classification is only available in the browser");
    }

    if (!ngx_mlforkids_scratch_is(type, "text")) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                   "Classification for this project is only available in the "
                   "browser");
    }

    /* not a time of HTTP, but the text that an earlier answer held */

    since = ngx_mlforkids_request_header(ctx, "if-modified-since");

    if (since != NULL && ctx->key.updated.data != NULL
        && since->len == ctx->key.updated.len
        && ngx_memcmp(since->data, ctx->key.updated.data, since->len) == 0)
    {
        return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NOT_MODIFIED);
    }

    if (ctx->key.classifierid.data == NULL) {
        return ngx_mlforkids_scratch_random(ctx);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_scratch_model(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_SCRATCH_MODEL,
                               &ctx->project.id, &ctx->key.classifierid);
}


static ngx_int_t
ngx_mlforkids_scratch_ask(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *generation, *text;

    text = ctx->data;

    if (ngx_mlforkids_too_long(text)) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        NGX_MLFORKIDS_TOO_LONG);
    }

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        /* a model of the service outside */
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        NGX_MLFORKIDS_MODEL_DOWN);
    }

    generation = ngx_mlforkids_value(ctx, 0, 0,
                                     NGX_MLFORKIDS_MODEL_GENERATION);

    if (generation->data == NULL) {
        return ngx_mlforkids_scratch_random(ctx);
    }

    return ngx_mlforkids_classify_start(ctx, &ctx->project.id, generation,
                                        text);
}


static ngx_int_t
ngx_mlforkids_scratch_answer(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_classify_reply(ctx, &ctx->key.updated,
                                        NGX_HTTP_INTERNAL_SERVER_ERROR);
}


/* Each label once, in any order, all as likely. */

static ngx_int_t
ngx_mlforkids_scratch_random(ngx_mlforkids_ctx_t *ctx)
{
    size_t      i, j, n;
    mlk_jw_t   *w;
    mlk_str_t   list, *labels, label;
    ngx_str_t   now;

    list = ngx_mlforkids_mlk(ctx->project.labels);

    if (ngx_mlforkids_now(ctx, &now) != NGX_OK
        || mlk_labels_split(&ctx->alloc, &list, &labels, &n) != MLK_OK)
    {
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < n; i++) {
        j = i + (size_t) ngx_random() % (n - i);

        label = labels[j];
        labels[j] = labels[i];

        mlk_jw_object(w);
        mlk_jw_key(w, "class_name");
        mlk_jw_str(w, &label);
        mlk_jw_key(w, "confidence");
        mlk_jw_int(w, (int64_t) ((200 + n) / (2 * n)));
        mlk_jw_key(w, "random");
        mlk_jw_bool(w, 1);
        mlk_jw_key(w, "classifierTimestamp");
        ngx_mlforkids_jw_str(w, &now);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_scratch_untrained(ngx_mlforkids_ctx_t *ctx)
{
    u_char     *p;
    ngx_str_t  *type, msg;

    type = &ctx->key.projecttype;

    if (ctx->key.classifierid.data == NULL) {
        return ngx_mlforkids_scratch_reply(ctx,
                   ngx_mlforkids_scratch_is(type, "numbers") ? 2 : 0,
                   &ngx_mlforkids_not_trained, NULL);
    }

    if (ngx_mlforkids_scratch_is(type, "text")) {
        return NGX_OK;
    }

    if (!ngx_mlforkids_scratch_is(type, "numbers")) {
        return ngx_mlforkids_scratch_reply(ctx, 0,
                                           &ngx_mlforkids_no_classifier, NULL);
    }

    msg.len = sizeof("Status for ") - 1 + ctx->key.projectname.len;

    msg.data = ngx_pnalloc(ctx->request->pool, msg.len);
    if (msg.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(msg.data, "Status for ", sizeof("Status for ") - 1);
    ngx_memcpy(p, ctx->key.projectname.data, ctx->key.projectname.len);

    return ngx_mlforkids_scratch_reply(ctx, 2, &msg, NULL);
}


static ngx_int_t
ngx_mlforkids_scratch_state(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *v;

    /* of the service outside, which cannot be asked */
    static const ngx_str_t  unknown = ngx_string("Non Existent");

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_scratch_reply_state(ctx, &unknown, NULL);
    }

    v = ngx_mlforkids_value(ctx, 0, 0, 0);

    return ngx_mlforkids_scratch_reply_state(ctx,
                                             &v[NGX_MLFORKIDS_MODEL_STATUS],
                                             &v[NGX_MLFORKIDS_MODEL_REASON]);
}


static ngx_int_t
ngx_mlforkids_scratch_reply_state(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *state, const ngx_str_t *reason)
{
    u_char     *p;
    ngx_str_t   msg;

    static const ngx_str_t  ready = ngx_string("Ready");
    static const ngx_str_t  training = ngx_string("Model not ready yet");

    if (ngx_mlforkids_scratch_is(state, "Available")) {
        return ngx_mlforkids_scratch_reply(ctx, 2, &ready, NULL);
    }

    if (ngx_mlforkids_scratch_is(state, "Training")) {
        return ngx_mlforkids_scratch_reply(ctx, 1, &training, NULL);
    }

    msg.len = sizeof("Model ") - 1 + state->len;

    msg.data = ngx_pnalloc(ctx->request->pool, msg.len);
    if (msg.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(msg.data, "Model ", sizeof("Model ") - 1);
    ngx_memcpy(p, state->data, state->len);

    return ngx_mlforkids_scratch_reply(ctx, 0, &msg, reason);
}


/* status: 0 error, 1 warning, 2 well; reason: NULL, or SQL NULL: none. */

static ngx_int_t
ngx_mlforkids_scratch_reply(ngx_mlforkids_ctx_t *ctx, ngx_int_t status,
    const ngx_str_t *msg, const ngx_str_t *reason)
{
    mlk_jw_t  *w;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "status");
    mlk_jw_int(w, status);
    mlk_jw_key(w, "msg");
    ngx_mlforkids_jw_str(w, msg);
    mlk_jw_key(w, "type");
    ngx_mlforkids_jw_str(w, &ctx->key.projecttype);

    if (reason != NULL && reason->data != NULL) {
        mlk_jw_key(w, "reason");
        ngx_mlforkids_jw_str(w, reason);
    }

    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_scratch_key(ngx_mlforkids_ctx_t *ctx)
{
    mlk_str_t   key;
    ngx_str_t  *k;

    k = ngx_mlforkids_param(ctx, 'k');
    key = ngx_mlforkids_mlk(*k);

    if (!mlk_scratchkey_valid(&key)) {
        return ngx_mlforkids_scratch_no_key(ctx);
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_KEY_GET, k);
}


static ngx_int_t
ngx_mlforkids_scratch_key_found(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_scratch_no_key(ctx);
    }

    return ngx_mlforkids_key_set(ctx);
}


static ngx_int_t
ngx_mlforkids_scratch_no_key(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
               "Unexpected response when retrieving credentials for Scratch");
}


static ngx_int_t
ngx_mlforkids_scratch_trainable(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *type;

    type = &ctx->key.projecttype;

    if (ngx_mlforkids_scratch_is(type, "numbers")) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }

    if (!ngx_mlforkids_scratch_is(type, "text")) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_NOT_IMPLEMENTED,
                   "Only text or numbers models can be trained using a "
                   "Scratch key");
    }

    if (!ctx->project.found || ctx->project.local) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                        "Project not found");
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_TENANT_GET,
                               &ctx->project.classid);
}


static ngx_int_t
ngx_mlforkids_scratch_train(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_trainer(ctx) == NGX_MLFORKIDS_TRAINER_BUILTIN) {
        return ngx_mlforkids_train_start(ctx);
    }

    return ngx_mlforkids_scratch_reply(ctx, 0, &ngx_mlforkids_train_failed,
                                       NULL);
}


static ngx_int_t
ngx_mlforkids_scratch_trained(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *model;

    model = ngx_mlforkids_trained(ctx);

    if (model == NULL) {
        return ngx_mlforkids_scratch_reply(ctx, 0,
                                           &ngx_mlforkids_train_failed, NULL);
    }

    ngx_mlforkids_worker_wake(ctx);

    return ngx_mlforkids_scratch_reply_state(ctx, &model[5], NULL);
}
