/*
 * Who is calling (contract/auth.md 1 to 3): tokens of accounts, and tokens of
 * visitors ("try it now").
 */

#include <openssl/crypto.h>

#include "ngx_mlforkids_engine.h"
#include "ngx_mlforkids_shm.h"


static ngx_int_t ngx_mlforkids_bearer(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *scheme, ngx_str_t *token);
static ngx_int_t ngx_mlforkids_account(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *token);
static ngx_int_t ngx_mlforkids_account_verify(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *token, int64_t *exp);
static ngx_mlforkids_role_e ngx_mlforkids_role(mlk_str_t *role);
static ngx_int_t ngx_mlforkids_visitor(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *token);
static ngx_uint_t ngx_mlforkids_same_secret(const ngx_str_t *value,
    const mlk_str_t *secret);


static const ngx_str_t  ngx_mlforkids_visitors_class =
    ngx_string("session-users");


/* The token of the account is verified here; that of a visitor needs a query,
 * whose answer the next step looks at. */

ngx_int_t
ngx_mlforkids_auth_start(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t   rc;
    ngx_str_t   scheme, token, *class;

    rc = ngx_mlforkids_bearer(ctx, &scheme, &token);

    if (rc == NGX_DECLINED) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAUTH);
    }

    class = ngx_mlforkids_param(ctx, 'c');

    /* no account is ever let into the class of visitors: there the scheme
     * must be written exactly, and the token be a visitor's */

    if (class->len == ngx_mlforkids_visitors_class.len
        && ngx_memcmp(class->data, ngx_mlforkids_visitors_class.data,
                      class->len)
           == 0)
    {
        rc = (ngx_memcmp(scheme.data, "Bearer", sizeof("Bearer") - 1) == 0)
             ? ngx_mlforkids_visitor(ctx, &token) : NGX_DECLINED;

    } else {
        rc = ngx_mlforkids_account(ctx, &token);
    }

    if (rc == NGX_DECLINED) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAUTH);
    }

    return rc;
}


/* One header of exactly two words with one space, the first one "bearer". */

static ngx_int_t
ngx_mlforkids_bearer(ngx_mlforkids_ctx_t *ctx, ngx_str_t *scheme,
    ngx_str_t *token)
{
    size_t            i;
    ngx_str_t        *value;
    ngx_uint_t        j;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static const ngx_str_t  name = ngx_string("authorization");

    value = NULL;

    for (part = &ctx->request->headers_in.headers.part;
         part != NULL;
         part = part->next)
    {
        h = part->elts;

        for (j = 0; j < part->nelts; j++) {
            if (h[j].key.len != name.len
                || ngx_strncasecmp(h[j].key.data, name.data, name.len) != 0)
            {
                continue;
            }

            if (value != NULL) {
                return NGX_DECLINED;
            }

            value = &h[j].value;
        }
    }

    if (value == NULL || value->len < sizeof("Bearer x") - 1
        || ngx_strncasecmp(value->data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           != 0)
    {
        return NGX_DECLINED;
    }

    scheme->data = value->data;
    scheme->len = sizeof("Bearer") - 1;

    token->data = value->data + sizeof("Bearer ") - 1;
    token->len = value->len - (sizeof("Bearer ") - 1);

    if (token->len > MLK_JWT_MAX) {
        return NGX_DECLINED;
    }

    for (i = 0; i < token->len; i++) {
        if (token->data[i] <= ' ') {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_account(ngx_mlforkids_ctx_t *ctx, ngx_str_t *token)
{
    int64_t    exp;
    ngx_int_t  rc;

    rc = ngx_mlforkids_token_cache_get(ctx->request->pool, token,
                                       &ctx->caller);

    if (rc == NGX_OK) {
        ctx->token_cached = 1;
        ngx_mlforkids_count(token_hits);
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_mlforkids_count(token_misses);

    rc = ngx_mlforkids_account_verify(ctx, token, &exp);

    if (rc == NGX_OK) {
        ngx_mlforkids_token_cache_put(token, exp, &ctx->caller);
    }

    return rc;
}


/* Each issuer has keys of its own: only those of the issuer that the token
 * names may verify it. */

static ngx_int_t
ngx_mlforkids_account_verify(ngx_mlforkids_ctx_t *ctx, ngx_str_t *token,
    int64_t *exp)
{
    int                              rc;
    mlk_jwt_t                        jwt;
    mlk_str_t                        text, issuer;
    mlk_jwks_t                      *keys;
    ngx_uint_t                       i;
    mlk_claims_t                     claims;
    const mlk_str_t                 *iss;
    ngx_mlforkids_issuer_t          *known;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_mlforkids_module);

    text = ngx_mlforkids_mlk(*token);

    rc = mlk_jwt_parse(&ctx->alloc, &text, &jwt);
    if (rc != MLK_OK) {
        return (rc == MLK_NOMEM) ? NGX_ERROR : NGX_DECLINED;
    }

    iss = mlk_json_get_string(jwt.payload, "iss");
    if (iss == NULL) {
        return NGX_DECLINED;
    }

    known = mcf->issuers.elts;

    for (i = 0; i < mcf->issuers.nelts; i++) {

        if (known[i].issuer.len != iss->len
            || ngx_memcmp(known[i].issuer.data, iss->data, iss->len) != 0)
        {
            continue;
        }

        keys = ngx_mlforkids_jwks_get(&known[i]);
        issuer = ngx_mlforkids_mlk(known[i].issuer);

        if (keys == NULL
            || mlk_jwt_verify_rs256(&jwt, keys) != MLK_OK
            || mlk_jwt_claims(&jwt, &issuer, known[i].audiences.elts,
                              known[i].audiences.nelts, ngx_time(), &claims)
               != MLK_OK
            || claims.sub.len == 0)
        {
            continue;
        }

        ctx->caller.sub = ngx_mlforkids_str(claims.sub);
        ctx->caller.tenant = ngx_mlforkids_str(claims.tenant);
        ctx->caller.role = ngx_mlforkids_role(&claims.role);
        *exp = claims.exp;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_mlforkids_role_e
ngx_mlforkids_role(mlk_str_t *role)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t             name;
        ngx_mlforkids_role_e  role;
    } roles[] = {
        { ngx_string("student"), NGX_MLFORKIDS_ROLE_STUDENT },
        { ngx_string("supervisor"), NGX_MLFORKIDS_ROLE_SUPERVISOR },
        { ngx_string("siteadmin"), NGX_MLFORKIDS_ROLE_SITEADMIN }
    };

    for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (role->len == roles[i].name.len
            && ngx_memcmp(role->data, roles[i].name.data, role->len) == 0)
        {
            return roles[i].role;
        }
    }

    return NGX_MLFORKIDS_ROLE_NONE;
}


/* The row of :s decides; the token must be that of :s. */

static ngx_int_t
ngx_mlforkids_visitor(ngx_mlforkids_ctx_t *ctx, ngx_str_t *token)
{
    int               rc;
    mlk_jwt_t        *jwt;
    mlk_str_t         text;
    ngx_str_t        *student;
    const mlk_str_t  *id;

    student = ngx_mlforkids_param(ctx, 's');

    jwt = ngx_palloc(ctx->request->pool, sizeof(mlk_jwt_t));
    if (jwt == NULL) {
        return NGX_ERROR;
    }

    text = ngx_mlforkids_mlk(*token);

    rc = mlk_jwt_parse(&ctx->alloc, &text, jwt);
    if (rc != MLK_OK) {
        return (rc == MLK_NOMEM) ? NGX_ERROR : NGX_DECLINED;
    }

    text = ngx_mlforkids_mlk(*student);
    id = mlk_json_get_string(jwt->payload, "id");

    if (id == NULL || id->len != student->len
        || ngx_memcmp(id->data, student->data, id->len) != 0
        || !mlk_uuid_valid(&text))
    {
        return NGX_DECLINED;
    }

    ctx->visitor = jwt;

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_SESSION_AUTH, student);
}


/* row: token, not expired, secret in hexadecimal digits */

ngx_int_t
ngx_mlforkids_auth_session(ngx_mlforkids_ctx_t *ctx)
{
    u_char            secret[NGX_MLFORKIDS_SECRET_MAX];
    size_t            len;
    mlk_jwt_t        *jwt;
    ngx_str_t        *hex;
    const mlk_str_t  *token;

    jwt = ctx->visitor;

    if (jwt == NULL) {
        return NGX_OK;
    }

    if (ngx_mlforkids_result(ctx, 0)->rows != 1) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAUTH);
    }

    hex = ngx_mlforkids_value(ctx, 0, 0, 2);
    token = mlk_json_get_string(jwt->payload, "token");

    if (token == NULL
        || !ngx_mlforkids_same_secret(ngx_mlforkids_value(ctx, 0, 0, 0),
                                      token)
        || !ngx_mlforkids_bool(ngx_mlforkids_value(ctx, 0, 0, 1)))
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAUTH);
    }

    len = ngx_mlforkids_visitor_secret(hex, secret);

    if (len == 0) {
        return NGX_ERROR;
    }

    if (mlk_jwt_verify_hs256(jwt, secret, len) != MLK_OK) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNAUTH);
    }

    ctx->caller.sub = *ngx_mlforkids_param(ctx, 's');
    ctx->caller.tenant = ngx_mlforkids_visitors_class;
    ctx->caller.role = NGX_MLFORKIDS_ROLE_STUDENT;
    ctx->caller.session = 1;

    return NGX_OK;
}


size_t
ngx_mlforkids_visitor_secret(const ngx_str_t *hex, u_char *secret)
{
    size_t     i;
    ngx_int_t  byte;

    if (hex->len > 2 * NGX_MLFORKIDS_SECRET_MAX) {
        return 0;
    }

    for (i = 0; i < hex->len / 2; i++) {
        byte = ngx_hextoi(hex->data + 2 * i, 2);

        if (byte == NGX_ERROR) {
            return 0;
        }

        secret[i] = (u_char) byte;
    }

    return i;
}


static ngx_uint_t
ngx_mlforkids_same_secret(const ngx_str_t *value, const mlk_str_t *secret)
{
    return value->data != NULL && value->len == secret->len
           && CRYPTO_memcmp(value->data, secret->data, secret->len) == 0;
}
