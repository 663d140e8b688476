/*
 * Tokens of accounts that were verified a short while ago, so that a browser's
 * requests cost one signature a minute.  A table of sets of a few places each;
 * a token is known by its SHA-256 alone.
 */

#include <openssl/sha.h>

#include "ngx_mlforkids_engine.h"


#define NGX_MLFORKIDS_TOKEN_WAYS  4
#define NGX_MLFORKIDS_TOKEN_LIFE  60       /* seconds */
#define NGX_MLFORKIDS_TOKEN_NAME  64       /* longer ids are not remembered */


typedef struct {
    u_char                digest[SHA256_DIGEST_LENGTH];
    time_t                expires;         /* 0: free */
    ngx_uint_t            epoch;           /* of the key sets */
    ngx_mlforkids_role_e  role;
    u_char                sub_len;
    u_char                tenant_len;
    u_char                sub[NGX_MLFORKIDS_TOKEN_NAME];
    u_char                tenant[NGX_MLFORKIDS_TOKEN_NAME];
} ngx_mlforkids_token_t;


static ngx_mlforkids_token_t *ngx_mlforkids_token_set(const u_char *digest);
static ngx_int_t ngx_mlforkids_token_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const u_char *data, size_t len);


static ngx_mlforkids_token_t  *ngx_mlforkids_tokens;
static ngx_uint_t              ngx_mlforkids_token_sets;


ngx_int_t
ngx_mlforkids_token_cache_init(ngx_cycle_t *cycle, ngx_uint_t n)
{
    ngx_mlforkids_token_sets = (n + NGX_MLFORKIDS_TOKEN_WAYS - 1)
                               / NGX_MLFORKIDS_TOKEN_WAYS;

    if (ngx_mlforkids_token_sets == 0) {
        return NGX_OK;
    }

    ngx_mlforkids_tokens = ngx_pcalloc(cycle->pool,
                                       ngx_mlforkids_token_sets
                                       * NGX_MLFORKIDS_TOKEN_WAYS
                                       * sizeof(ngx_mlforkids_token_t));

    return (ngx_mlforkids_tokens == NULL) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_mlforkids_token_cache_get(ngx_pool_t *pool, const ngx_str_t *token,
    ngx_mlforkids_identity_t *caller)
{
    u_char                  digest[SHA256_DIGEST_LENGTH];
    ngx_uint_t              i;
    ngx_mlforkids_token_t  *t;

    if (ngx_mlforkids_token_sets == 0) {
        return NGX_DECLINED;
    }

    SHA256(token->data, token->len, digest);

    t = ngx_mlforkids_token_set(digest);

    for (i = 0; i < NGX_MLFORKIDS_TOKEN_WAYS; i++, t++) {

        if (t->expires <= ngx_time()
            || t->epoch != ngx_mlforkids_jwks_epoch()
            || ngx_memcmp(t->digest, digest, SHA256_DIGEST_LENGTH) != 0)
        {
            continue;
        }

        if (ngx_mlforkids_token_copy(pool, &caller->sub, t->sub, t->sub_len)
            != NGX_OK
            || ngx_mlforkids_token_copy(pool, &caller->tenant, t->tenant,
                                        t->tenant_len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        caller->role = t->role;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


void
ngx_mlforkids_token_cache_put(const ngx_str_t *token, int64_t exp,
    const ngx_mlforkids_identity_t *caller)
{
    u_char                  digest[SHA256_DIGEST_LENGTH];
    ngx_uint_t              i;
    ngx_mlforkids_token_t  *t, *oldest;

    if (ngx_mlforkids_token_sets == 0
        || caller->sub.len > NGX_MLFORKIDS_TOKEN_NAME
        || caller->tenant.len > NGX_MLFORKIDS_TOKEN_NAME)
    {
        return;
    }

    SHA256(token->data, token->len, digest);

    t = ngx_mlforkids_token_set(digest);
    oldest = t;

    for (i = 0; i < NGX_MLFORKIDS_TOKEN_WAYS; i++, t++) {
        if (ngx_memcmp(t->digest, digest, SHA256_DIGEST_LENGTH) == 0) {
            oldest = t;
            break;
        }

        if (t->expires < oldest->expires) {
            oldest = t;
        }
    }

    ngx_memcpy(oldest->digest, digest, SHA256_DIGEST_LENGTH);

    oldest->expires = ngx_time() + NGX_MLFORKIDS_TOKEN_LIFE;

    if (exp < (int64_t) oldest->expires) {
        oldest->expires = (time_t) exp;
    }

    oldest->epoch = ngx_mlforkids_jwks_epoch();
    oldest->role = caller->role;

    oldest->sub_len = (u_char) caller->sub.len;
    ngx_memcpy(oldest->sub, caller->sub.data, caller->sub.len);

    oldest->tenant_len = (u_char) caller->tenant.len;

    if (caller->tenant.len) {
        ngx_memcpy(oldest->tenant, caller->tenant.data, caller->tenant.len);
    }
}


static ngx_mlforkids_token_t *
ngx_mlforkids_token_set(const u_char *digest)
{
    uint32_t  n;

    ngx_memcpy(&n, digest, sizeof(uint32_t));

    return ngx_mlforkids_tokens
           + (n % ngx_mlforkids_token_sets) * NGX_MLFORKIDS_TOKEN_WAYS;
}


static ngx_int_t
ngx_mlforkids_token_copy(ngx_pool_t *pool, ngx_str_t *dst, const u_char *data,
    size_t len)
{
    dst->len = len;
    dst->data = ngx_pnalloc(pool, len + 1);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, data, len);

    return NGX_OK;
}
