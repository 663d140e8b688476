/*
 * What the engine's own files share; handlers need only
 * ngx_mlforkids_request.h.
 */

#ifndef NGX_MLFORKIDS_ENGINE_H
#define NGX_MLFORKIDS_ENGINE_H

#include "ngx_mlforkids_request.h"
#include "core/mlk_jwt.h"


/* request.c */

/* Runs steps until one waits or has replied. */
void ngx_mlforkids_run(ngx_mlforkids_ctx_t *ctx);
/* Makes the reply that a failed step (rc NGX_ERROR) lacks, and ends the
 * request. */
void ngx_mlforkids_finish(ngx_mlforkids_ctx_t *ctx, ngx_int_t rc);
/* The body is there (or none is to be read): runs the steps. */
void ngx_mlforkids_start(ngx_mlforkids_ctx_t *ctx);

/* body.c: reads the body, then calls ngx_mlforkids_start() or replies.
 * Returns what the content handler is to return. */
ngx_int_t ngx_mlforkids_read_body(ngx_mlforkids_ctx_t *ctx);

/* response.c: the request header called Accept wants HTML, or anything. */
ngx_uint_t ngx_mlforkids_accepts_html(ngx_mlforkids_ctx_t *ctx);

/* notfound.c */
ngx_int_t ngx_mlforkids_not_found(ngx_mlforkids_ctx_t *ctx);

/* cors.c */
ngx_int_t ngx_mlforkids_cors_headers(ngx_mlforkids_ctx_t *ctx);
/* NGX_DECLINED when the request is no preflight. */
ngx_int_t ngx_mlforkids_preflight(ngx_mlforkids_ctx_t *ctx);

/* maintenance.c: NGX_DECLINED when the request is served as usual. */
ngx_int_t ngx_mlforkids_maintenance(ngx_mlforkids_ctx_t *ctx);

/* auth.c, access.c: generic steps */
ngx_int_t ngx_mlforkids_body_required(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_auth_start(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_auth_session(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_class_check(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_role_check(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_unmanaged_check(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_self_check(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_project_load(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_project_check(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_key_load(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_key_set(ngx_mlforkids_ctx_t *ctx);


/* auth.c: the secret that signs tokens of visitors, from hexadecimal digits.
 * secret has room for NGX_MLFORKIDS_SECRET_MAX bytes.  Returns their number, 0
 * when there is none or it is malformed. */
#define NGX_MLFORKIDS_SECRET_MAX  64

size_t ngx_mlforkids_visitor_secret(const ngx_str_t *hex, u_char *secret);


/* jwks.c */

/* Reads the key sets; starts the timer that looks for newer files. */
ngx_int_t ngx_mlforkids_jwks_init(ngx_cycle_t *cycle,
    ngx_http_mlforkids_main_conf_t *conf);
void ngx_mlforkids_jwks_exit(ngx_http_mlforkids_main_conf_t *conf);
/* The keys of an issuer, or NULL. */
mlk_jwks_t *ngx_mlforkids_jwks_get(ngx_mlforkids_issuer_t *issuer);
/* Changes whenever a key set does. */
ngx_uint_t ngx_mlforkids_jwks_epoch(void);


/* token_cache.c: verified tokens of accounts, per nginx worker */

ngx_int_t ngx_mlforkids_token_cache_init(ngx_cycle_t *cycle, ngx_uint_t n);
/* NGX_OK with the caller (strings in pool), NGX_DECLINED when unknown. */
ngx_int_t ngx_mlforkids_token_cache_get(ngx_pool_t *pool,
    const ngx_str_t *token, ngx_mlforkids_identity_t *caller);
/* Remembers a token until exp, and for a minute at most. */
void ngx_mlforkids_token_cache_put(const ngx_str_t *token, int64_t exp,
    const ngx_mlforkids_identity_t *caller);


#endif /* NGX_MLFORKIDS_ENGINE_H */
