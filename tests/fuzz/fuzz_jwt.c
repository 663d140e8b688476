/* Tokens from strangers: none is ever accepted without the secret. */

#include "fuzz_core.h"
#include "mlk_jwt.h"

/* modulus of a key whose other half was thrown away */
#define FUZZ_MODULUS  \
    "1CjZE8kn1kmEyQx2AxEOVwY6Sy133ApqAahNcq-BbkPqx494OaYtL0eUKEfe" \
    "R53k8oIE0ZiHbBGwdz8uTICLLqov8zKuwBODrksChlUZjXXZ0EiYVBGWh__r" \
    "kjpLWAu92oHK82T-Hkbv3e47qoOmsgIgpgImkc8DrpG2EhtKlg7DYQHEDz6C" \
    "hBA2n5TB-jGtxOimOuJKlDNbzvIyOlFpLIIkh6SvlzrRbSEFN6qAxhnd6MmP" \
    "UvgzD3LQtspWczzRxKD_8NBH7IXVmK8mpvnEUVgnolaQcZHOP67z7s_96Ekb" \
    "sF6kAXLRrYi0h_JsSyxcxXDi0IS8mKVqmggl-1zBeQ"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mlk_jwt_t          jwt;
    mlk_str_t          token;
    mlk_arena_t        arena;
    mlk_claims_t       claims;
    static mlk_jwks_t *set;

    static const mlk_str_t  issuer = mlk_string("https://i/");
    static const mlk_str_t  audience = mlk_string("a");
    static const char       keys[] =
        "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
        FUZZ_MODULUS "\"}]}";

    if (set == NULL) {
        must(mlk_jwks_parse((const unsigned char *) keys, sizeof(keys) - 1,
                            &set) == MLK_OK);
        must(mlk_jwks_count(set) == 1);
    }

    mlk_arena_init(&arena);

    token = fuzz_copy(&arena.alloc, data, size);

    if (mlk_jwt_parse(&arena.alloc, &token, &jwt) == MLK_OK) {
        must(mlk_jwt_verify_rs256(&jwt, set) != MLK_OK);
        (void) mlk_jwt_verify_hs256(&jwt, (const unsigned char *) "secret", 6);
        (void) mlk_jwt_claims(&jwt, &issuer, NULL, 0, 1700000000, &claims);
        (void) mlk_jwt_claims(&jwt, &issuer, &audience, 1, 1700000000,
                              &claims);
    }

    mlk_arena_free(&arena);

    return 0;
}
