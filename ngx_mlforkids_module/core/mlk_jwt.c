/*
 * Tokens: splitting (RFC 7515, compact form), HS256, claims (RFC 7519).
 * RS256 stands with the key sets in mlk_jwks.c.
 */

#include <math.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include "mlk_jwt.h"
#include "mlk_jwt_int.h"

#define MLK_JWT_MAC  32            /* bytes of HMAC with SHA-256 */

#define MLK_CLAIM_ROLE    "https://machinelearningforkids.co.uk/api/role"
#define MLK_CLAIM_TENANT  "https://machinelearningforkids.co.uk/api/tenant"

/* seconds since the epoch that a double holds exactly */
#define MLK_JWT_TIME_MAX  9007199254740991.0


static const mlk_json_limits_t  mlk_jwt_limits = { 16, 2048 };


/* Decodes one part; *out is in the allocator's memory. */
static int
mlk_jwt_part(const mlk_alloc_t *a, const unsigned char *p,
    const unsigned char *end, mlk_str_t *out)
{
    int     n;
    size_t  len;

    len = (size_t) (end - p);

    out->data = a->alloc(a->ctx, len + 1);
    if (out->data == NULL) {
        return MLK_NOMEM;
    }

    n = mlk_base64url_decode(out->data, p, len);
    if (n < 0) {
        return MLK_ERROR;
    }

    out->len = (size_t) n;

    return MLK_OK;
}


/* Decodes a part that must be an object of JSON. */
static int
mlk_jwt_object(const mlk_alloc_t *a, const unsigned char *p,
    const unsigned char *end, mlk_json_t **out)
{
    int        rc;
    mlk_str_t  text;

    rc = mlk_jwt_part(a, p, end, &text);
    if (rc != MLK_OK) {
        return rc;
    }

    rc = mlk_json_parse(a, &mlk_jwt_limits, text.data, text.len, out);
    if (rc != MLK_OK) {
        return rc;
    }

    return (*out)->type == MLK_JSON_OBJECT ? MLK_OK : MLK_ERROR;
}


int
mlk_jwt_parse(const mlk_alloc_t *a, const mlk_str_t *token, mlk_jwt_t *jwt)
{
    int                   rc;
    const unsigned char  *start, *end, *dot1, *dot2;

    if (token->len > MLK_JWT_MAX) {
        return MLK_LIMIT;
    }

    if (token->len == 0) {
        return MLK_ERROR;
    }

    start = token->data;
    end = start + token->len;

    dot1 = memchr(start, '.', token->len);
    if (dot1 == NULL) {
        return MLK_ERROR;
    }

    dot2 = memchr(dot1 + 1, '.', (size_t) (end - dot1 - 1));
    if (dot2 == NULL) {
        return MLK_ERROR;
    }

    /* a third dot is no character of the alphabet */

    jwt->signing_input.data = token->data;
    jwt->signing_input.len = (size_t) (dot2 - start);

    rc = mlk_jwt_part(a, dot2 + 1, end, &jwt->signature);
    if (rc != MLK_OK) {
        return rc;
    }

    rc = mlk_jwt_object(a, start, dot1, &jwt->header);
    if (rc != MLK_OK) {
        return rc;
    }

    return mlk_jwt_object(a, dot1 + 1, dot2, &jwt->payload);
}


int
mlk_jwt_alg_is(const mlk_jwt_t *jwt, const char *alg)
{
    const mlk_str_t  *s;

    s = mlk_json_get_string(jwt->header, "alg");

    if (s == NULL || s->len != strlen(alg)
        || memcmp(s->data, alg, s->len) != 0)
    {
        return 0;
    }

    /* extensions that must be understood, and none is */
    return mlk_json_get(jwt->header, "crit") == NULL;
}


static int
mlk_jwt_mac(const mlk_str_t *input, const unsigned char *secret,
    size_t secret_len, unsigned char *mac)
{
    unsigned  len;

    if (secret_len == 0 || secret_len > MLK_JWT_MAX) {
        return MLK_ERROR;
    }

    if (HMAC(EVP_sha256(), secret, (int) secret_len, input->data, input->len,
             mac, &len)
        == NULL || len != MLK_JWT_MAC)
    {
        ERR_clear_error();
        return MLK_ERROR;
    }

    return MLK_OK;
}


int
mlk_jwt_verify_hs256(const mlk_jwt_t *jwt, const unsigned char *secret,
    size_t secret_len)
{
    unsigned char  mac[MLK_JWT_MAC];

    if (!mlk_jwt_alg_is(jwt, "HS256")
        || jwt->signature.len != MLK_JWT_MAC
        || mlk_jwt_mac(&jwt->signing_input, secret, secret_len, mac) != MLK_OK
        || CRYPTO_memcmp(mac, jwt->signature.data, MLK_JWT_MAC) != 0)
    {
        return MLK_ERROR;
    }

    return MLK_OK;
}


int
mlk_jwt_sign_hs256(const mlk_alloc_t *a, const mlk_str_t *payload,
    const unsigned char *secret, size_t secret_len, mlk_str_t *out)
{
    size_t                      size;
    unsigned char              *p, mac[MLK_JWT_MAC];
    static const unsigned char  header[] =
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

    if (payload->len > MLK_JWT_MAX) {
        return MLK_ERROR;
    }

    size = (sizeof(header) + payload->len + MLK_JWT_MAC) * 4 / 3 + 16;

    out->data = a->alloc(a->ctx, size);
    if (out->data == NULL) {
        return MLK_NOMEM;
    }

    p = out->data;
    p += mlk_base64url_encode(p, header, sizeof(header) - 1);
    *p++ = '.';
    p += mlk_base64url_encode(p, payload->data, payload->len);

    out->len = (size_t) (p - out->data);

    if (mlk_jwt_mac(out, secret, secret_len, mac) != MLK_OK) {
        return MLK_ERROR;
    }

    *p++ = '.';
    p += mlk_base64url_encode(p, mac, MLK_JWT_MAC);

    out->len = (size_t) (p - out->data);

    return MLK_OK;
}


/* A claim that is a string, or absent: then *out is empty. */
static int
mlk_jwt_string(const mlk_json_t *obj, const char *name, mlk_str_t *out)
{
    mlk_json_t  *v;

    out->len = 0;
    out->data = NULL;

    v = mlk_json_get(obj, name);

    if (v == NULL) {
        return MLK_OK;
    }

    if (v->type != MLK_JSON_STRING) {
        return MLK_ERROR;
    }

    *out = v->text;

    return MLK_OK;
}


/* A claim that is a time; *present tells whether it is there. */
static int
mlk_jwt_time(const mlk_json_t *obj, const char *name, double *out,
    int *present)
{
    mlk_json_t  *v;

    v = mlk_json_get(obj, name);
    *present = v != NULL;

    if (v == NULL) {
        return MLK_OK;
    }

    if (v->type != MLK_JSON_NUMBER || !isfinite(v->number)) {
        return MLK_ERROR;
    }

    *out = v->number;

    return MLK_OK;
}


static int
mlk_jwt_times(const mlk_json_t *payload, int64_t now, int64_t *exp)
{
    int     present;
    double  t;

    if (mlk_jwt_time(payload, "iat", &t, &present) != MLK_OK) {
        return MLK_ERROR;
    }

    if (mlk_jwt_time(payload, "nbf", &t, &present) != MLK_OK
        || (present && t > (double) now))
    {
        return MLK_ERROR;
    }

    if (mlk_jwt_time(payload, "exp", &t, &present) != MLK_OK
        || !present || t <= (double) now)
    {
        return MLK_ERROR;
    }

    *exp = t < MLK_JWT_TIME_MAX ? (int64_t) t : (int64_t) MLK_JWT_TIME_MAX;

    return MLK_OK;
}


static int
mlk_jwt_one_of(const mlk_json_t *v, const mlk_str_t *list, size_t n)
{
    size_t  i;

    if (v->type != MLK_JSON_STRING) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (v->text.len == list[i].len
            && memcmp(v->text.data, list[i].data, list[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
mlk_jwt_audience(const mlk_json_t *payload, const mlk_str_t *audiences,
    size_t n)
{
    mlk_json_t  *v, *child;

    if (n == 0) {
        return MLK_OK;
    }

    v = mlk_json_get(payload, "aud");
    if (v == NULL) {
        return MLK_ERROR;
    }

    if (v->type != MLK_JSON_ARRAY) {
        return mlk_jwt_one_of(v, audiences, n) ? MLK_OK : MLK_ERROR;
    }

    for (child = v->child; child != NULL; child = child->next) {
        if (mlk_jwt_one_of(child, audiences, n)) {
            return MLK_OK;
        }
    }

    return MLK_ERROR;
}


int
mlk_jwt_claims(const mlk_jwt_t *jwt, const mlk_str_t *issuer,
    const mlk_str_t *audiences, size_t n_audiences, int64_t now,
    mlk_claims_t *claims)
{
    mlk_str_t          s;
    const char        *role, *tenant;
    const mlk_json_t  *metadata, *payload, *source;

    payload = jwt->payload;

    if (mlk_jwt_string(payload, "iss", &s) != MLK_OK
        || s.len != issuer->len || s.len == 0
        || memcmp(s.data, issuer->data, s.len) != 0)
    {
        return MLK_ERROR;
    }

    if (mlk_jwt_times(payload, now, &claims->exp) != MLK_OK
        || mlk_jwt_audience(payload, audiences, n_audiences) != MLK_OK)
    {
        return MLK_ERROR;
    }

    if (mlk_jwt_string(payload, "sub", &claims->sub) != MLK_OK
        || claims->sub.len == 0)
    {
        return MLK_ERROR;
    }

    metadata = mlk_json_get(payload, "app_metadata");

    source = payload;
    role = MLK_CLAIM_ROLE;
    tenant = MLK_CLAIM_TENANT;

    if (metadata != NULL && metadata->type != MLK_JSON_NULL) {

        if (metadata->type != MLK_JSON_OBJECT) {
            return MLK_ERROR;
        }

        source = metadata;
        role = "role";
        tenant = "tenant";
    }

    if (mlk_jwt_string(source, role, &claims->role) != MLK_OK
        || mlk_jwt_string(source, tenant, &claims->tenant) != MLK_OK)
    {
        return MLK_ERROR;
    }

    return MLK_OK;
}
