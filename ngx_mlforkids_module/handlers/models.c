/*
 * Models of a project (contract/api.md 10).
 */

#include "models.h"


/* What is said to a class whose texts are to be trained elsewhere. */
#define NGX_MLFORKIDS_NO_KEYS                                                 \
    "No Watson credentials have been set up for training text projects. "     \
    "Please let your teacher or group leader know."
#define NGX_MLFORKIDS_NO_WATSON                                               \
    "Sorry, the IBM Watson Assistant service used to train models to "        \
    "recognise text is currently undergoing maintenance"


static ngx_int_t ngx_mlforkids_models_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_models_reply(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_models_write_numbers(ngx_mlforkids_ctx_t *ctx,
    mlk_jw_t *w);
static ngx_int_t ngx_mlforkids_models_type(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_models_trainer(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_models_trained(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_models_remove(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_models_removed(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_test_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_test_text(ngx_mlforkids_ctx_t *ctx);
static ngx_uint_t ngx_mlforkids_test_builtin(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_test_start(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_test_reply(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_models_list[] = {
    ngx_mlforkids_models_query,
    ngx_mlforkids_models_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_models_train[] = {
    ngx_mlforkids_models_type,
    ngx_mlforkids_train_credentials,
    ngx_mlforkids_models_trainer,
    ngx_mlforkids_models_trained,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_models_delete[] = {
    ngx_mlforkids_models_remove,
    ngx_mlforkids_models_removed,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_models_test[] = {
    ngx_mlforkids_test_check,
    ngx_mlforkids_test_start,
    ngx_mlforkids_test_reply,
    NULL
};


static ngx_int_t
ngx_mlforkids_models_query(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t  *w;

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_TEXT:
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_MODELS_LIST,
                                   &ctx->project.id);

    case NGX_MLFORKIDS_NUMBERS:
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_MODELS_NUMBERS,
                                   &ctx->project.id);

    default:
        w = ngx_mlforkids_writer(ctx);

        mlk_jw_array(w);
        mlk_jw_array_end(w);

        return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
    }
}


static ngx_int_t
ngx_mlforkids_models_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t    *w;
    ngx_uint_t   i;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    if (ctx->project.type == NGX_MLFORKIDS_NUMBERS) {
        ngx_mlforkids_models_write_numbers(ctx, w);

    } else {
        for (i = 0; i < ngx_mlforkids_result(ctx, 0)->rows; i++) {
            ngx_mlforkids_write_model(w, ngx_mlforkids_value(ctx, 0, i, 0));
        }
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


/* Only the browser knows the state of a model of numbers: it asks itself. */

static void
ngx_mlforkids_models_write_numbers(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_mlforkids_result(ctx, 0)->rows; i++) {
        mlk_jw_object(w);
        mlk_jw_key(w, "key");
        ngx_mlforkids_jw_str(w, &ctx->project.id);
        mlk_jw_key(w, "status");
        mlk_jw_cstr(w, "Unknown");
        mlk_jw_key(w, "urls");
        mlk_jw_object(w);
        mlk_jw_key(w, "status");
        ngx_mlforkids_jw_str(w, ngx_mlforkids_value(ctx, 0, i, 0));
        mlk_jw_object_end(w);
        mlk_jw_object_end(w);
    }
}


static ngx_int_t
ngx_mlforkids_models_type(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->project.type != NGX_MLFORKIDS_TEXT) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_models_trainer(ngx_mlforkids_ctx_t *ctx)
{
    switch (ngx_mlforkids_trainer(ctx)) {

    case NGX_MLFORKIDS_TRAINER_BUILTIN:
        return ngx_mlforkids_train_start(ctx);

    case NGX_MLFORKIDS_TRAINER_WATSON:
        return ngx_mlforkids_error_code(ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        "MLMOD11", NGX_MLFORKIDS_NO_WATSON);

    case NGX_MLFORKIDS_TRAINER_NONE:
        break;
    }

    return ngx_mlforkids_error_code(ctx, NGX_HTTP_CONFLICT, "MLMOD05",
                                    NGX_MLFORKIDS_NO_KEYS);
}


static ngx_int_t
ngx_mlforkids_models_trained(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t   *w;
    ngx_str_t  *model;

    model = ngx_mlforkids_trained(ctx);

    if (model == NULL) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    w = ngx_mlforkids_writer(ctx);
    ngx_mlforkids_write_model(w, model);

    ngx_mlforkids_worker_wake(ctx);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_CREATED, w);
}


static ngx_int_t
ngx_mlforkids_models_remove(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->project.type == NGX_MLFORKIDS_NUMBERS) {
        return ngx_mlforkids_query(ctx,
                                   NGX_MLFORKIDS_STMT_MODELS_FORGET_NUMBERS,
                                   &ctx->project.id);
    }

    if (ctx->project.type != NGX_MLFORKIDS_TEXT) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_LOCK,
                                   &ctx->project.id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_MODELS_DELETE,
                                   &ctx->project.id,
                                   ngx_mlforkids_param(ctx, 'm'))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_models_removed(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->project.type == NGX_MLFORKIDS_TEXT
        && ngx_mlforkids_number(ngx_mlforkids_value(ctx, 1, 0, 0)) == 0)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}


static ngx_int_t
ngx_mlforkids_test_check(ngx_mlforkids_ctx_t *ctx)
{
    size_t            i;
    ngx_str_t         type;
    const mlk_str_t  *s;

    static const struct {
        ngx_str_t    type;
        const char  *needs;            /* NULL: no such test */
    } types[] = {
        { ngx_string("images"), "image" },
        { ngx_string("imgtfjs"), "image" },
        { ngx_string("numbers"), NULL },
        { ngx_string("sounds"), NULL }
    };

    s = mlk_json_get_string(ctx->body, "type");

    if (s == NULL) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    type = ngx_mlforkids_str(*s);

    if (type.len == 4 && ngx_memcmp(type.data, "text", 4) == 0) {
        return ngx_mlforkids_test_text(ctx);
    }

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {

        if (type.len != types[i].type.len
            || ngx_memcmp(type.data, types[i].type.data, type.len) != 0)
        {
            continue;
        }

        if (types[i].needs != NULL
            && !mlk_json_truthy(mlk_json_get(ctx->body, types[i].needs)))
        {
            break;
        }

        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
}


static ngx_int_t
ngx_mlforkids_test_text(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t        *text, credentials;
    const mlk_str_t  *s, *id;

    s = mlk_json_get_string(ctx->body, "text");
    id = mlk_json_get_string(ctx->body, "credentialsid");

    if (s == NULL || s->len == 0 || id == NULL || id->len == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    text = ngx_palloc(ctx->request->pool, sizeof(ngx_str_t));
    if (text == NULL) {
        return NGX_ERROR;
    }

    *text = ngx_mlforkids_str(*s);
    ctx->data = text;

    if (ngx_mlforkids_test_builtin(ctx)) {
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_MODELS_TEST,
                                   ngx_mlforkids_param(ctx, 'p'),
                                   ngx_mlforkids_param(ctx, 'm'),
                                   ngx_mlforkids_param(ctx, 'c'));
    }

    credentials = ngx_mlforkids_str(*id);

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_MODELS_CREDENTIALS_GET,
                               &credentials, ngx_mlforkids_param(ctx, 'c'));
}


/* The built-in model has no credentials but a word in their place. */

static ngx_uint_t
ngx_mlforkids_test_builtin(ngx_mlforkids_ctx_t *ctx)
{
    const mlk_str_t  *id;

    id = mlk_json_get_string(ctx->body, "credentialsid");

    return id->len == 7 && ngx_memcmp(id->data, "builtin", 7) == 0;
}


static ngx_int_t
ngx_mlforkids_test_start(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *generation, *text;

    text = ctx->data;

    if (!ngx_mlforkids_test_builtin(ctx)
        && ngx_mlforkids_result(ctx, 0)->rows == 0)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    if (ngx_mlforkids_too_long(text)) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        NGX_MLFORKIDS_TOO_LONG);
    }

    if (!ngx_mlforkids_test_builtin(ctx)) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        NGX_MLFORKIDS_MODEL_DOWN);
    }

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_NOT_FOUND,
                                        NGX_MLFORKIDS_MODEL_GONE);
    }

    generation = ngx_mlforkids_value(ctx, 0, 0, 0);

    if (generation->data == NULL) {
        /* not trained for the first time yet */
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_NOT_FOUND,
                                        NGX_MLFORKIDS_MODEL_GONE);
    }

    return ngx_mlforkids_classify_start(ctx, ngx_mlforkids_param(ctx, 'p'),
                                        generation, text);
}


static ngx_int_t
ngx_mlforkids_test_reply(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  now;

    if (ngx_mlforkids_now(ctx, &now) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mlforkids_classify_reply(ctx, &now, NGX_HTTP_NOT_FOUND);
}
