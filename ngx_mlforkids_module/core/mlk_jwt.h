/*
 * JSON Web Tokens: splitting, header and claim checks (RFC 7515, RFC 7519,
 * contract/auth.md 2, 3 and 8), and key sets (RFC 7517).
 */

#ifndef MLK_JWT_H
#define MLK_JWT_H

#include <openssl/evp.h>

#include "mlk_json.h"

#define MLK_JWT_MAX  8192      /* bytes of a token */
#define MLK_KID_MAX  256       /* bytes of a key id */


/* Strict base64url (RFC 4648, 5) without padding: refuses other characters
 * and non-zero trailing bits.  dst needs len * 3 / 4 bytes.
 * Returns the number of bytes, or MLK_ERROR. */
int mlk_base64url_decode(unsigned char *dst, const unsigned char *src,
    size_t len);

/* dst needs (len * 4 + 2) / 3 bytes.  Returns the number of characters. */
size_t mlk_base64url_encode(unsigned char *dst, const unsigned char *src,
    size_t len);


typedef struct {
    mlk_str_t    signing_input;   /* "header.payload" as sent */
    mlk_str_t    signature;       /* decoded */
    mlk_json_t  *header;          /* object */
    mlk_json_t  *payload;         /* object */
} mlk_jwt_t;

/* Splits and decodes; verifies nothing.  MLK_OK, MLK_ERROR, MLK_LIMIT (longer
 * than MLK_JWT_MAX) or MLK_NOMEM. */
int mlk_jwt_parse(const mlk_alloc_t *a, const mlk_str_t *token,
    mlk_jwt_t *jwt);


/*
 * A key set: RSA keys for signatures.  Made with malloc, freed as a whole.
 * Keys that are not RSA, have "use" other than "sig", "alg" other than RS256,
 * "key_ops" without "verify", fewer than 2048 bits or a broken modulus are
 * left out.
 */
typedef struct mlk_jwks_s  mlk_jwks_t;

/* MLK_OK with *out set (also for a set without usable keys), MLK_ERROR,
 * MLK_NOMEM.  At most 64 keys are kept. */
int mlk_jwks_parse(const unsigned char *json, size_t len, mlk_jwks_t **out);
void mlk_jwks_free(mlk_jwks_t *set);
size_t mlk_jwks_count(const mlk_jwks_t *set);

/* Verifies an RS256 token against the set: header "alg" exactly RS256, no
 * "crit", key chosen by "kid", without "kid" only if the set has exactly one
 * key.  Headers jku, jwk, x5u, x5c are ignored.  MLK_OK, MLK_ERROR (refused)
 * or MLK_NOMEM.  Not thread safe for one set. */
int mlk_jwt_verify_rs256(const mlk_jwt_t *jwt, mlk_jwks_t *set);

/* HS256, for tokens of visitors: header "alg" exactly HS256, no "crit". */
int mlk_jwt_verify_hs256(const mlk_jwt_t *jwt, const unsigned char *secret,
    size_t secret_len);

/* Makes an HS256 token of a JSON payload text.  MLK_OK with *out, MLK_NOMEM
 * or MLK_ERROR. */
int mlk_jwt_sign_hs256(const mlk_alloc_t *a, const mlk_str_t *payload,
    const unsigned char *secret, size_t secret_len, mlk_str_t *out);


typedef struct {
    mlk_str_t  sub;
    mlk_str_t  role;        /* empty when the claim is absent */
    mlk_str_t  tenant;      /* likewise */
    int64_t    exp;         /* seconds since the epoch */
} mlk_claims_t;

/*
 * Checks the claims of a verified RS256 token: iss exactly issuer; exp
 * required, exp and nbf numbers, no leeway; aud (string or array) one of
 * audiences when n_audiences is not 0; sub, role, tenant strings where
 * present, sub required.  app_metadata {role, tenant} is used instead of the
 * namespaced claims when present.  MLK_OK or MLK_ERROR.
 */
int mlk_jwt_claims(const mlk_jwt_t *jwt, const mlk_str_t *issuer,
    const mlk_str_t *audiences, size_t n_audiences, int64_t now,
    mlk_claims_t *claims);


#endif /* MLK_JWT_H */
