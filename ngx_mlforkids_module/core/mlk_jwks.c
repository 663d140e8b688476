/*
 * Key sets (RFC 7517) and RS256 (RFC 7518, 3.3).  Everything OpenSSL needs is
 * prepared when a set is read; a signature then costs one digest and one
 * public-key operation.
 */

#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "mlk_arena.h"
#include "mlk_jwt.h"
#include "mlk_jwt_int.h"

#define MLK_JWKS_KEYS      64
#define MLK_JWKS_BYTES     1048576
#define MLK_RSA_BITS_MIN   2048
#define MLK_RSA_BITS_MAX   8192
#define MLK_RSA_E_MAX      8       /* bytes of the exponent */
#define MLK_RSA_FACTOR     1000    /* no factor of the modulus is smaller */
#define MLK_SHA256_LEN     32


typedef struct {
    size_t           kid_len;
    unsigned char    kid[MLK_KID_MAX];
    EVP_PKEY        *pkey;
    EVP_PKEY_CTX    *verify;       /* initialised for RS256 */
} mlk_jwk_t;


struct mlk_jwks_s {
    EVP_MD          *sha256;
    EVP_MD_CTX      *digest;
    size_t           n;
    mlk_jwk_t        keys[MLK_JWKS_KEYS];
};


static const mlk_json_limits_t  mlk_jwks_limits = { 8, 16384 };


/* Non-zero if the member is absent or exactly the text. */
static int
mlk_jwk_member(const mlk_json_t *jwk, const char *name, const char *text)
{
    mlk_json_t  *v;

    v = mlk_json_get(jwk, name);

    return v == NULL
           || (v->type == MLK_JSON_STRING && v->text.len == strlen(text)
               && memcmp(v->text.data, text, v->text.len) == 0);
}


/* Non-zero if the key may verify signatures made with RS256. */
static int
mlk_jwk_suitable(const mlk_json_t *jwk)
{
    mlk_json_t  *ops, *op;

    if (mlk_json_get(jwk, "kty") == NULL
        || !mlk_jwk_member(jwk, "kty", "RSA")
        || !mlk_jwk_member(jwk, "use", "sig")
        || !mlk_jwk_member(jwk, "alg", "RS256"))
    {
        return 0;
    }

    ops = mlk_json_get(jwk, "key_ops");

    if (ops == NULL) {
        return 1;
    }

    if (ops->type != MLK_JSON_ARRAY) {
        return 0;
    }

    for (op = ops->child; op != NULL; op = op->next) {
        if (op->type == MLK_JSON_STRING && op->text.len == 6
            && memcmp(op->text.data, "verify", 6) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* A number of a key, or NULL. */
static BIGNUM *
mlk_jwk_number(const mlk_json_t *jwk, const char *name)
{
    int               n;
    const mlk_str_t  *s;
    unsigned char     bytes[MLK_RSA_BITS_MAX / 8 + 3];

    s = mlk_json_get_string(jwk, name);

    if (s == NULL || s->len == 0 || s->len / 4 * 3 > sizeof(bytes) - 3) {
        return NULL;
    }

    n = mlk_base64url_decode(bytes, s->data, s->len);

    return n > 0 ? BN_bin2bn(bytes, n, NULL) : NULL;
}


/* Non-zero if the numbers can be those of a public key.  OpenSSL's own check
 * looks for primes as well, which takes milliseconds. */
static int
mlk_jwk_sound(const BIGNUM *n, const BIGNUM *e)
{
    BN_ULONG  factor;

    if (n == NULL || e == NULL
        || BN_num_bits(n) < MLK_RSA_BITS_MIN
        || BN_num_bits(n) > MLK_RSA_BITS_MAX
        || !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e)
        || BN_num_bytes(e) > MLK_RSA_E_MAX)
    {
        return 0;
    }

    for (factor = 3; factor < MLK_RSA_FACTOR; factor += 2) {
        if (BN_mod_word(n, factor) == 0) {
            return 0;
        }
    }

    return 1;
}


static EVP_PKEY *
mlk_jwk_make(BIGNUM *n, BIGNUM *e)
{
    EVP_PKEY        *pkey;
    OSSL_PARAM      *params;
    EVP_PKEY_CTX    *ctx;
    OSSL_PARAM_BLD  *bld;

    pkey = NULL;
    params = NULL;
    ctx = NULL;

    bld = OSSL_PARAM_BLD_new();

    if (bld == NULL
        || !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n)
        || !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e)
        || (params = OSSL_PARAM_BLD_to_param(bld)) == NULL
        || (ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL)) == NULL
        || EVP_PKEY_fromdata_init(ctx) <= 0
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
    {
        pkey = NULL;
    }

    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}


static EVP_PKEY_CTX *
mlk_jwk_prepare(EVP_PKEY *pkey, const EVP_MD *md)
{
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (ctx == NULL
        || EVP_PKEY_verify_init(ctx) <= 0
        || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0
        || EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
    {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/* Takes a key into the set if it is fit for use. */
static void
mlk_jwks_add(mlk_jwks_t *set, const mlk_json_t *jwk)
{
    BIGNUM      *n, *e;
    mlk_jwk_t   *key;
    mlk_json_t  *kid;

    if (jwk->type != MLK_JSON_OBJECT || !mlk_jwk_suitable(jwk)) {
        return;
    }

    key = &set->keys[set->n];
    key->kid_len = 0;

    kid = mlk_json_get(jwk, "kid");

    if (kid != NULL) {
        if (kid->type != MLK_JSON_STRING || kid->text.len > MLK_KID_MAX) {
            return;
        }

        if (kid->text.len) {
            memcpy(key->kid, kid->text.data, kid->text.len);
            key->kid_len = kid->text.len;
        }
    }

    n = mlk_jwk_number(jwk, "n");
    e = mlk_jwk_number(jwk, "e");

    key->pkey = mlk_jwk_sound(n, e) ? mlk_jwk_make(n, e) : NULL;

    BN_free(n);
    BN_free(e);

    if (key->pkey == NULL) {
        return;
    }

    key->verify = mlk_jwk_prepare(key->pkey, set->sha256);

    if (key->verify == NULL) {
        EVP_PKEY_free(key->pkey);
        return;
    }

    set->n++;
}


int
mlk_jwks_parse(const unsigned char *json, size_t len, mlk_jwks_t **out)
{
    int           rc;
    mlk_jwks_t   *set;
    mlk_json_t   *root, *keys, *jwk;
    mlk_arena_t   arena;

    if (len > MLK_JWKS_BYTES) {
        return MLK_ERROR;
    }

    mlk_arena_init(&arena);

    rc = mlk_json_parse(&arena.alloc, &mlk_jwks_limits, json, len, &root);

    if (rc != MLK_OK) {
        mlk_arena_free(&arena);
        return rc == MLK_NOMEM ? MLK_NOMEM : MLK_ERROR;
    }

    keys = mlk_json_get(root, "keys");

    if (keys == NULL || keys->type != MLK_JSON_ARRAY) {
        mlk_arena_free(&arena);
        return MLK_ERROR;
    }

    set = calloc(1, sizeof(mlk_jwks_t));

    if (set != NULL) {
        set->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        set->digest = EVP_MD_CTX_new();
    }

    if (set == NULL || set->sha256 == NULL || set->digest == NULL) {
        mlk_jwks_free(set);
        mlk_arena_free(&arena);
        ERR_clear_error();
        return MLK_NOMEM;
    }

    for (jwk = keys->child; jwk != NULL && set->n < MLK_JWKS_KEYS;
         jwk = jwk->next)
    {
        mlk_jwks_add(set, jwk);
    }

    /* what OpenSSL had to say about refused keys */
    ERR_clear_error();

    mlk_arena_free(&arena);

    *out = set;

    return MLK_OK;
}


void
mlk_jwks_free(mlk_jwks_t *set)
{
    size_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->n; i++) {
        EVP_PKEY_CTX_free(set->keys[i].verify);
        EVP_PKEY_free(set->keys[i].pkey);
    }

    EVP_MD_CTX_free(set->digest);
    EVP_MD_free(set->sha256);
    free(set);
}


size_t
mlk_jwks_count(const mlk_jwks_t *set)
{
    return set->n;
}


/* Non-zero if the key is the one that the token names. */
static int
mlk_jwk_named(const mlk_jwks_t *set, const mlk_jwk_t *key,
    const mlk_str_t *kid)
{
    if (kid == NULL) {
        return set->n == 1;
    }

    return kid->len != 0 && kid->len == key->kid_len
           && memcmp(kid->data, key->kid, kid->len) == 0;
}


int
mlk_jwt_verify_rs256(const mlk_jwt_t *jwt, mlk_jwks_t *set)
{
    size_t            i;
    unsigned          len;
    unsigned char     digest[MLK_SHA256_LEN];
    const mlk_str_t  *kid;

    if (!mlk_jwt_alg_is(jwt, "RS256") || jwt->signature.len == 0) {
        return MLK_ERROR;
    }

    kid = mlk_json_get_string(jwt->header, "kid");

    if (kid == NULL && mlk_json_get(jwt->header, "kid") != NULL) {
        return MLK_ERROR;
    }

    for (i = 0; i < set->n; i++) {
        if (mlk_jwk_named(set, &set->keys[i], kid)) {
            break;
        }
    }

    if (i == set->n) {
        return MLK_ERROR;
    }

    if (!EVP_DigestInit_ex2(set->digest, set->sha256, NULL)
        || !EVP_DigestUpdate(set->digest, jwt->signing_input.data,
                             jwt->signing_input.len)
        || !EVP_DigestFinal_ex(set->digest, digest, &len)
        || len != MLK_SHA256_LEN)
    {
        ERR_clear_error();
        return MLK_ERROR;
    }

    /* two keys of one name: the provider is changing them */
    for ( /* void */ ; i < set->n; i++) {
        if (mlk_jwk_named(set, &set->keys[i], kid)
            && EVP_PKEY_verify(set->keys[i].verify, jwt->signature.data,
                               jwt->signature.len, digest, len)
               == 1)
        {
            return MLK_OK;
        }
    }

    ERR_clear_error();

    return MLK_ERROR;
}
