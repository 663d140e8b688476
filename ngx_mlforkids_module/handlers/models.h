/*
 * Text models: what site and Scratch do alike (models_train.c,
 * models_classify.c).
 */

#ifndef NGX_MLFORKIDS_MODELS_H
#define NGX_MLFORKIDS_MODELS_H

#include "../ngx_mlforkids_handlers.h"


#define NGX_MLFORKIDS_TEXT_MAX      2048   /* to classify, UTF-16 units */
#define NGX_MLFORKIDS_UUID_KEY_LEN  (2 * MLK_UUID_LEN)   /* a scratch key */

#define NGX_MLFORKIDS_TOO_LONG                                                \
    "text cannot be longer than 2048 characters"
#define NGX_MLFORKIDS_MODEL_GONE                                              \
    "Your machine learning model could not be found on the training server. " \
    "Refresh the page"
#define NGX_MLFORKIDS_MODEL_DOWN                                              \
    "The Watson Assistant service that runs your machine learning model "     \
    "reported an unexpected error"


/* Who trains the texts of a class. */
typedef enum {
    NGX_MLFORKIDS_TRAINER_BUILTIN,
    NGX_MLFORKIDS_TRAINER_WATSON,
    NGX_MLFORKIDS_TRAINER_NONE         /* Watson is wanted, without a key */
} ngx_mlforkids_trainer_e;


/*
 * Steps of training, for ctx->project and ctx->tenant.  After the first one
 * ngx_mlforkids_trainer() tells who trains.  train_start() stores the model's
 * row, the scratch key's link and the job; then ngx_mlforkids_trained() is the
 * model's row in the order of ngx_mlforkids_write_model(), or NULL when the
 * project has gone meanwhile.
 */
ngx_int_t ngx_mlforkids_train_credentials(ngx_mlforkids_ctx_t *ctx);
ngx_mlforkids_trainer_e ngx_mlforkids_trainer(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_train_start(ngx_mlforkids_ctx_t *ctx);
ngx_str_t *ngx_mlforkids_trained(ngx_mlforkids_ctx_t *ctx);

/* Columns: classifierid, credentialsid, updated, expiry, name, status, reason,
 * built-in. */
void ngx_mlforkids_write_model(mlk_jw_t *w, const ngx_str_t *v);

/* A new scratch key, or NGX_ERROR without memory or random bytes. */
ngx_int_t ngx_mlforkids_new_key(ngx_mlforkids_ctx_t *ctx, ngx_str_t *key);


/*
 * Classification by the training worker.  classify_start() is returned by a
 * step; the next one returns classify_reply(), which answers 200 with the
 * labels, and otherwise status_gone (no such model any more) or 503.
 */
ngx_int_t ngx_mlforkids_classify_start(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *project, const ngx_str_t *generation,
    const ngx_str_t *text);
ngx_int_t ngx_mlforkids_classify_reply(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *timestamp, ngx_uint_t status_gone);

/* More UTF-16 units than can be classified. */
ngx_uint_t ngx_mlforkids_too_long(const ngx_str_t *text);
/* Nothing but what JavaScript's trim() removes. */
ngx_uint_t ngx_mlforkids_blank(const ngx_str_t *text);
/* The time now as ISO text, in the request's pool. */
ngx_int_t ngx_mlforkids_now(ngx_mlforkids_ctx_t *ctx, ngx_str_t *now);


#endif /* NGX_MLFORKIDS_MODELS_H */
