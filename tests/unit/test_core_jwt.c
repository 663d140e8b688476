/*
 * Units of tokens and key sets.  The list of attacks is that of the contract
 * (auth.md 8).
 */

#include <stdio.h>
#include <stdlib.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core_alloc.h"
#include "mlk_jwt.h"

#define NOW      1700000000
#define ISSUER   "https://login.example.org/"
#define PAYLOAD                                                               \
    "{\"iss\":\"" ISSUER "\",\"sub\":\"auth0|1\",\"exp\":1700000060}"
#define HEADER   "{\"alg\":\"RS256\",\"kid\":\"k1\"}"


static EVP_PKEY      *key1, *key2, *small;
static mlk_jwks_t    *set;             /* key1 as k1, key2 as k2 */
static char           set_text[4096];
static unsigned char  pem[4096];
static size_t         pem_len;

static const mlk_str_t  issuer = STR(ISSUER);


/* n, or a multiple of it, as base64url */
static void
modulus_times(EVP_PKEY *key, BN_ULONG factor, char *out)
{
    int            len;
    size_t         n;
    BIGNUM        *bn;
    unsigned char  bytes[1024];

    bn = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &bn),
                     1);
    assert_int_equal(BN_mul_word(bn, factor), 1);
    len = BN_bn2bin(bn, bytes);
    BN_free(bn);

    n = mlk_base64url_encode((unsigned char *) out, bytes, (size_t) len);
    out[n] = '\0';
}


static void
modulus(EVP_PKEY *key, char *out)
{
    modulus_times(key, 1, out);
}


static int
setup(void **state)
{
    BIO   *bio;
    char   n1[1024], n2[1024];

    (void) state;

    key1 = EVP_RSA_gen(2048);
    key2 = EVP_RSA_gen(2048);
    small = EVP_RSA_gen(1024);

    modulus(key1, n1);
    modulus(key2, n2);

    (void) snprintf(set_text, sizeof(set_text),
                    "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\","
                    "\"kid\":\"k1\","
                    "\"alg\":\"RS256\",\"n\":\"%s\",\"e\":\"AQAB\"},"
                    "{\"kty\":\"RSA\",\"kid\":\"k2\",\"n\":\"%s\","
                    "\"e\":\"AQAB\",\"key_ops\":[\"verify\"]}]}", n1, n2);

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key1);
    pem_len = (size_t) BIO_read(bio, pem, sizeof(pem));
    BIO_free(bio);

    return mlk_jwks_parse((unsigned char *) set_text, strlen(set_text), &set);
}


static int
teardown(void **state)
{
    (void) state;

    mlk_jwks_free(set);
    EVP_PKEY_free(key1);
    EVP_PKEY_free(key2);
    EVP_PKEY_free(small);

    return 0;
}


static void
append(char *token, const void *data, size_t len)
{
    size_t  at;

    at = strlen(token);
    at += mlk_base64url_encode((unsigned char *) token + at, data, len);
    token[at] = '\0';
}


/* A token signed with a key and a digest; pad is RSA_PKCS1_PADDING or other. */
static void
sign(char *token, const char *header, const char *payload, EVP_PKEY *key,
    const char *md, int pad)
{
    size_t         len;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;
    unsigned char  sig[1024];

    token[0] = '\0';
    append(token, header, strlen(header));
    strcat(token, ".");
    append(token, payload, strlen(payload));

    ctx = EVP_MD_CTX_new();
    len = sizeof(sig);
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, key,
                                           NULL), 1);

    if (pad) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, pad), 1);
    }

    assert_int_equal(EVP_DigestSign(ctx, sig, &len, (unsigned char *) token,
                                    strlen(token)), 1);
    EVP_MD_CTX_free(ctx);

    strcat(token, ".");
    append(token, sig, len);
}


static void
sign_mac(char *token, const char *header, const char *payload,
    const void *secret, size_t secret_len)
{
    EVP_PKEY  *key;

    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret,
                                       secret_len);
    sign(token, header, payload, key, "SHA256", 0);
    EVP_PKEY_free(key);
}


static int
check_with(const mlk_alloc_t *a, const char *token, mlk_jwks_t *keys,
    mlk_claims_t *claims)
{
    int        rc;
    mlk_jwt_t  jwt;
    mlk_str_t  s;

    s.data = (unsigned char *) token;
    s.len = strlen(token);

    rc = mlk_jwt_parse(a, &s, &jwt);
    if (rc != MLK_OK) {
        return rc;
    }

    rc = mlk_jwt_verify_rs256(&jwt, keys);
    if (rc != MLK_OK) {
        return rc;
    }

    return mlk_jwt_claims(&jwt, &issuer, NULL, 0, NOW, claims);
}


static int
check(const char *token)
{
    mlk_claims_t  claims;

    return check_with(core_alloc(), token, set, &claims);
}


static int
check_rs256(const char *header, const char *payload)
{
    char  token[20000];

    sign(token, header, payload, key1, "SHA256", RSA_PKCS1_PADDING);

    return check(token);
}


static void
test_base64url(void **state)
{
    int            n;
    size_t         i, len;
    unsigned char  in[64], text[100], out[100];

    static const char  *bad[] = {
        "A", "AAAAA", "AA=", "AA==", "A A", "AA\n", "A+A", "A/A", "AB", "AAB",
        "\xc3\xa9", "A.A", "A\0A"
    };

    (void) state;

    for (len = 0; len < sizeof(in); len++) {
        for (i = 0; i < len; i++) {
            in[i] = (unsigned char) (i * 67 + len * 131);
        }

        i = mlk_base64url_encode(text, in, len);
        assert_int_equal(i, (len * 4 + 2) / 3);
        n = mlk_base64url_decode(out, text, i);
        assert_int_equal(n, len);
        assert_memory_equal(out, in, len);
    }

    assert_int_equal(mlk_base64url_encode(text,
                                          (unsigned char *) "\xfb\xff", 2),
                     3);
    assert_memory_equal(text, "-_8", 3);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = i == 12 ? 3 : strlen(bad[i]);
        assert_int_equal(mlk_base64url_decode(out, (unsigned char *) bad[i],
                                              len), MLK_ERROR);
    }
}


static void
test_good(void **state)
{
    char          token[4096];
    mlk_claims_t  claims;

    (void) state;

    sign(token, HEADER,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"auth0|1\",\"exp\":1700000060.5,"
         "\"nbf\":1700000000,\"iat\":1,"
         "\"https://machinelearningforkids.co.uk/api/role\":\"student\","
         "\"https://machinelearningforkids.co.uk/api/tenant\":\"cls\"}",
         key1, "SHA256", RSA_PKCS1_PADDING);

    assert_int_equal(check_with(core_alloc(), token, set, &claims), MLK_OK);
    assert_str(claims.sub, "auth0|1");
    assert_str(claims.role, "student");
    assert_str(claims.tenant, "cls");
    assert_int_equal(claims.exp, 1700000060);

    /* the same again: nothing of a set is used up */
    assert_int_equal(check_with(core_alloc(), token, set, &claims), MLK_OK);

    sign(token, "{\"alg\":\"RS256\",\"kid\":\"k2\"}",
         "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
         "\"https://machinelearningforkids.co.uk/api/role\":\"student\","
         "\"app_metadata\":{\"role\":\"supervisor\"}}",
         key2, "SHA256", RSA_PKCS1_PADDING);

    assert_int_equal(check_with(core_alloc(), token, set, &claims), MLK_OK);
    assert_str(claims.role, "supervisor");
    assert_int_equal(claims.tenant.len, 0);
}


static void
test_algorithms(void **state)
{
    char         token[8192];
    size_t       i;

    static const char  *headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"None\",\"kid\":\"k1\"}",
        "{\"alg\":\"NONE\",\"kid\":\"k1\"}",
        "{\"alg\":\"nOnE\",\"kid\":\"k1\"}",
        "{\"alg\":\"rs256\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS256 \",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"k1\"}",
        "{\"alg\":null,\"kid\":\"k1\"}",
        "{\"kid\":\"k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\",\"alg\":\"RS256\"}",
        "[\"RS256\"]", "null", "\"RS256\"", "{", ""
    };

    (void) state;

    assert_int_equal(check_rs256(HEADER, PAYLOAD), MLK_OK);

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_int_equal(check_rs256(headers[i], PAYLOAD), MLK_ERROR);

        /* without a signature */
        token[0] = '\0';
        append(token, headers[i], strlen(headers[i]));
        strcat(token, ".");
        append(token, PAYLOAD, strlen(PAYLOAD));
        strcat(token, ".");
        assert_int_equal(check(token), MLK_ERROR);
    }

    /* other signatures of the right key, called what they are, and RS256 */
    sign(token, "{\"alg\":\"RS384\",\"kid\":\"k1\"}", PAYLOAD, key1, "SHA384",
         RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_ERROR);
    sign(token, "{\"alg\":\"RS512\",\"kid\":\"k1\"}", PAYLOAD, key1, "SHA512",
         RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_ERROR);
    sign(token, "{\"alg\":\"PS256\",\"kid\":\"k1\"}", PAYLOAD, key1, "SHA256",
         RSA_PKCS1_PSS_PADDING);
    assert_int_equal(check(token), MLK_ERROR);
    sign(token, HEADER, PAYLOAD, key1, "SHA512", RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_ERROR);
    sign(token, HEADER, PAYLOAD, key1, "SHA256", RSA_PKCS1_PSS_PADDING);
    assert_int_equal(check(token), MLK_ERROR);

    /* public material as the secret of an HMAC */
    sign_mac(token, "{\"alg\":\"HS256\",\"kid\":\"k1\"}", PAYLOAD, pem,
             pem_len);
    assert_int_equal(check(token), MLK_ERROR);
    sign_mac(token, HEADER, PAYLOAD, pem, pem_len);
    assert_int_equal(check(token), MLK_ERROR);
    sign_mac(token, HEADER, PAYLOAD, set_text, strlen(set_text));
    assert_int_equal(check(token), MLK_ERROR);
}


static void
test_key_choice(void **state)
{
    char         token[8192], header[2000], n[1024], json[4096];
    size_t       i;
    mlk_jwks_t  *one;
    mlk_claims_t  claims;

    static const char  *kids[] = {
        "{\"alg\":\"RS256\"}", "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k\"}",
        "{\"alg\":\"RS256\",\"kid\":\"K1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"../../k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1' OR '1'='1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\\u0000\"}",
        "{\"alg\":\"RS256\",\"kid\":1}", "{\"alg\":\"RS256\",\"kid\":null}",
        "{\"alg\":\"RS256\",\"kid\":[\"k1\"]}"
    };

    (void) state;

    for (i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
        assert_int_equal(check_rs256(kids[i], PAYLOAD), MLK_ERROR);
    }

    (void) snprintf(header, sizeof(header),
                    "{\"alg\":\"RS256\",\"kid\":\"%01500d\"}", 1);
    assert_int_equal(check_rs256(header, PAYLOAD), MLK_ERROR);

    /* the name of another key */
    sign(token, "{\"alg\":\"RS256\",\"kid\":\"k2\"}", PAYLOAD, key1, "SHA256",
         RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_ERROR);

    /* a key that the token brings along */
    modulus(key2, n);
    (void) snprintf(header, sizeof(header),
                    "{\"alg\":\"RS256\",\"kid\":\"k1\",\"jku\":\"http://x/\","
                    "\"jwk\":{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}}",
                    n);
    sign(token, header, PAYLOAD, key2, "SHA256", RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_ERROR);
    sign(token, header, PAYLOAD, key1, "SHA256", RSA_PKCS1_PADDING);
    assert_int_equal(check(token), MLK_OK);

    /* without a name, if there is only one key */
    (void) snprintf(json, sizeof(json), "{\"keys\":[{\"kty\":\"RSA\","
                    "\"n\":\"%s\",\"e\":\"AQAB\"}]}", n);
    assert_int_equal(mlk_jwks_parse((unsigned char *) json, strlen(json),
                                    &one), MLK_OK);
    sign(token, "{\"alg\":\"RS256\"}", PAYLOAD, key2, "SHA256",
         RSA_PKCS1_PADDING);
    assert_int_equal(check_with(core_alloc(), token, one, &claims), MLK_OK);
    sign(token, "{\"alg\":\"RS256\",\"kid\":\"\"}", PAYLOAD, key2, "SHA256",
         RSA_PKCS1_PADDING);
    assert_int_equal(check_with(core_alloc(), token, one, &claims), MLK_ERROR);
    sign(token, "{\"alg\":\"RS256\"}", PAYLOAD, key1, "SHA256",
         RSA_PKCS1_PADDING);
    assert_int_equal(check_with(core_alloc(), token, one, &claims), MLK_ERROR);
    mlk_jwks_free(one);
}


static void
test_shape(void **state)
{
    char    token[8192], text[70000];
    char   *dot1, *dot2;

    (void) state;

    sign(token, HEADER, PAYLOAD, key1, "SHA256", RSA_PKCS1_PADDING);
    dot1 = strchr(token, '.');
    dot2 = strchr(dot1 + 1, '.');

    assert_int_equal(check(""), MLK_ERROR);
    assert_int_equal(check("."), MLK_ERROR);
    assert_int_equal(check(".."), MLK_ERROR);
    assert_int_equal(check("..."), MLK_ERROR);
    assert_int_equal(check("abc"), MLK_ERROR);

    (void) snprintf(text, sizeof(text), "%s.", token);
    assert_int_equal(check(text), MLK_ERROR);
    (void) snprintf(text, sizeof(text), "%s=", token);
    assert_int_equal(check(text), MLK_ERROR);
    (void) snprintf(text, sizeof(text), " %s", token);
    assert_int_equal(check(text), MLK_ERROR);
    (void) snprintf(text, sizeof(text), "%s.AAAA", token);
    assert_int_equal(check(text), MLK_ERROR);

    /* two parts */
    (void) snprintf(text, sizeof(text), "%.*s", (int) (dot2 - token), token);
    assert_int_equal(check(text), MLK_ERROR);

    /* a signature of 256 bytes ends with two idle bits in its last
     * character: another character with the same data must not pass */
    strcpy(text, token);
    text[strlen(text) - 1] ^= 1;
    assert_int_equal(check(text), MLK_ERROR);

    /* a changed payload */
    strcpy(text, token);
    text[dot1 - token + 20] ^= 1;
    assert_int_equal(check(text), MLK_ERROR);

    /* 64 kB */
    memset(text, 'A', 65536);
    text[65536] = '\0';
    assert_int_equal(check(text), MLK_LIMIT);
    text[MLK_JWT_MAX] = '\0';
    assert_int_equal(check(text), MLK_ERROR);
}


static void
test_claims(void **state)
{
    size_t  i;

    static const char  *good[] = {
        PAYLOAD,
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1e300}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000001,"
            "\"app_metadata\":null}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000001,"
            "\"nbf\":1700000000}"
    };

    static const char  *bad[] = {
        /* times */
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\"}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000000}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1699999999.9}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":\"1700000060\"}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":-1}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":null}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1e999}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":[1700000060]}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"nbf\":1700000001}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"nbf\":\"0\"}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"iat\":\"0\"}",
        /* issuers */
        "{\"sub\":\"s\",\"exp\":1700000060}",
        "{\"iss\":\"https://login.example.org\",\"sub\":\"s\","
            "\"exp\":1700000060}",
        "{\"iss\":\"http://login.example.org/\",\"sub\":\"s\","
            "\"exp\":1700000060}",
        "{\"iss\":\"https://LOGIN.example.org/\",\"sub\":\"s\","
            "\"exp\":1700000060}",
        "{\"iss\":\"" ISSUER "x\",\"sub\":\"s\",\"exp\":1700000060}",
        "{\"iss\":[\"" ISSUER "\"],\"sub\":\"s\",\"exp\":1700000060}",
        /* subjects and the rest */
        "{\"iss\":\"" ISSUER "\",\"exp\":1700000060}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"\",\"exp\":1700000060}",
        "{\"iss\":\"" ISSUER "\",\"sub\":1,\"exp\":1700000060}",
        "{\"iss\":\"" ISSUER "\",\"sub\":[\"s\"],\"exp\":1700000060}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"https://machinelearningforkids.co.uk/api/role\":[\"student\"]}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"https://machinelearningforkids.co.uk/api/tenant\":7}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"app_metadata\":{\"role\":1}}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"app_metadata\":\"student\"}",
        "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1700000060,"
            "\"sub\":\"t\"}",
        "[]", "1", "", "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1} x"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (check_rs256(HEADER, good[i]) != MLK_OK) {
            fail_msg("refused: %s", good[i]);
        }
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (check_rs256(HEADER, bad[i]) != MLK_ERROR) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}


static int
check_audience(const char *aud)
{
    char          token[8192], payload[1024];
    mlk_jwt_t     jwt;
    mlk_str_t     s;
    mlk_claims_t  claims;

    static const mlk_str_t  audiences[] = { STR("one"), STR("two") };

    (void) snprintf(payload, sizeof(payload),
                    "{\"iss\":\"" ISSUER "\",\"sub\":\"s\","
                    "\"exp\":1700000060%s}",
                    aud);
    sign(token, HEADER, payload, key1, "SHA256", RSA_PKCS1_PADDING);

    s.data = (unsigned char *) token;
    s.len = strlen(token);
    assert_int_equal(mlk_jwt_parse(core_alloc(), &s, &jwt), MLK_OK);

    return mlk_jwt_claims(&jwt, &issuer, audiences, 2, NOW, &claims);
}


static void
test_audience(void **state)
{
    (void) state;

    assert_int_equal(check_audience(",\"aud\":\"one\""), MLK_OK);
    assert_int_equal(check_audience(",\"aud\":[\"x\",\"two\"]"), MLK_OK);
    assert_int_equal(check_audience(""), MLK_ERROR);
    assert_int_equal(check_audience(",\"aud\":\"on\""), MLK_ERROR);
    assert_int_equal(check_audience(",\"aud\":\"ones\""), MLK_ERROR);
    assert_int_equal(check_audience(",\"aud\":[]"), MLK_ERROR);
    assert_int_equal(check_audience(",\"aud\":{\"one\":1}"), MLK_ERROR);
    assert_int_equal(check_audience(",\"aud\":[[\"one\"]]"), MLK_ERROR);
}


static size_t
keys_in(const char *json)
{
    size_t       n;
    mlk_jwks_t  *keys;

    assert_int_equal(mlk_jwks_parse((const unsigned char *) json,
                                    strlen(json), &keys), MLK_OK);
    n = mlk_jwks_count(keys);
    mlk_jwks_free(keys);

    return n;
}


static void
test_sets(void **state)
{
    char          json[8192], n[1024], n1024[1024], text[4096];
    size_t        i;
    mlk_jwks_t   *keys;

    static const char  *unfit[] = {
        "\"kty\":\"EC\"", "\"kty\":\"oct\",\"k\":\"AAAA\"", "\"kty\":1",
        "\"kty\":\"RSA\",\"use\":\"enc\"", "\"kty\":\"RSA\",\"use\":1",
        "\"kty\":\"RSA\",\"alg\":\"RS512\"",
        "\"kty\":\"RSA\",\"alg\":\"HS256\"",
        "\"kty\":\"RSA\",\"key_ops\":[\"sign\"]",
        "\"kty\":\"RSA\",\"key_ops\":\"verify\"",
        "\"kty\":\"RSA\",\"kid\":7", "\"use\":\"sig\""
    };

    static const char  *broken[] = {
        "", "{", "[]", "null", "{}", "{\"keys\":{}}", "{\"keys\":null}",
        "{\"keys\":[],\"keys\":[]}", "{\"keys\":[]} x"
    };

    (void) state;

    assert_int_equal(mlk_jwks_count(set), 2);
    modulus(key1, n);
    modulus(small, n1024);

    for (i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        (void) snprintf(json, sizeof(json),
                        "{\"keys\":[{%s,\"n\":\"%s\",\"e\":\"AQAB\"}]}",
                        unfit[i], n);
        assert_int_equal(keys_in(json), 0);
    }

    assert_int_equal(keys_in("{\"keys\":[]}"), 0);
    assert_int_equal(keys_in("{\"keys\":[1,null,[],\"x\",{}]}"), 0);

    /* short, without exponent, exponent 1, even, padded, even modulus */
    (void) snprintf(json, sizeof(json), "{\"keys\":["
                    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"},"
                    "{\"kty\":\"RSA\",\"n\":\"%s\"},"
                    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQ\"},"
                    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"Ag\"},"
                    "{\"kty\":\"RSA\",\"n\":\"%s=\",\"e\":\"AQAB\"},"
                    "{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}", n1024, n, n, n, n);
    assert_int_equal(keys_in(json), 0);

    strcpy(text, n);
    memset(text + strlen(text) - 4, 'A', 4);
    (void) snprintf(json, sizeof(json), "{\"keys\":[{\"kty\":\"RSA\","
                    "\"n\":\"%s\",\"e\":\"AQAB\"}]}", text);
    assert_int_equal(keys_in(json), 0);

    /* a modulus with a small factor */
    modulus_times(key1, 997, text);
    (void) snprintf(json, sizeof(json), "{\"keys\":[{\"kty\":\"RSA\","
                    "\"n\":\"%s\",\"e\":\"AQAB\"}]}", text);
    assert_int_equal(keys_in(json), 0);

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(mlk_jwks_parse((const unsigned char *) broken[i],
                                        strlen(broken[i]), &keys),
                         MLK_ERROR);
    }
}


static void
test_hs256(void **state)
{
    char         text[4096];
    mlk_jwt_t    jwt;
    mlk_str_t    token, payload = STR("{\"id\":\"a\",\"token\":\"b\"}");
    const mlk_alloc_t    *a;
    const unsigned char  *secret = (const unsigned char *) "0123456789abcdef";

    (void) state;

    a = core_alloc();

    /* the signature was made with openssl dgst -mac HMAC */
    assert_int_equal(mlk_jwt_sign_hs256(a, &payload, secret, 16, &token),
                     MLK_OK);
    assert_str(token, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                      "eyJpZCI6ImEiLCJ0b2tlbiI6ImIifQ."
                      "w032G7YIrQLKkAqCQvVmNSZHNtHt5TJ1-CfV39xbq9I");
    assert_int_equal(mlk_jwt_parse(a, &token, &jwt), MLK_OK);
    assert_int_equal(mlk_jwt_verify_hs256(&jwt, secret, 16), MLK_OK);
    assert_str(*mlk_json_get_string(jwt.payload, "id"), "a");

    assert_int_equal(mlk_jwt_verify_hs256(&jwt, secret, 15), MLK_ERROR);
    assert_int_equal(mlk_jwt_verify_hs256(&jwt, secret, 0), MLK_ERROR);
    assert_int_equal(mlk_jwt_sign_hs256(a, &payload, secret, 0, &token),
                     MLK_ERROR);

    /* never by RSA, never anything else by HMAC */
    assert_int_equal(mlk_jwt_verify_rs256(&jwt, set), MLK_ERROR);

    sign(text, HEADER, PAYLOAD, key1, "SHA256", RSA_PKCS1_PADDING);
    token.data = (unsigned char *) text;
    token.len = strlen(text);
    assert_int_equal(mlk_jwt_parse(a, &token, &jwt), MLK_OK);
    assert_int_equal(mlk_jwt_verify_hs256(&jwt, pem, pem_len), MLK_ERROR);

    sign_mac(text, "{\"alg\":\"HS512\"}", PAYLOAD, secret, 16);
    token.len = strlen(text);
    assert_int_equal(mlk_jwt_parse(a, &token, &jwt), MLK_OK);
    assert_int_equal(mlk_jwt_verify_hs256(&jwt, secret, 16), MLK_ERROR);

    sign_mac(text, "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", PAYLOAD, secret,
             16);
    token.len = strlen(text);
    assert_int_equal(mlk_jwt_parse(a, &token, &jwt), MLK_OK);
    assert_int_equal(mlk_jwt_verify_hs256(&jwt, secret, 16), MLK_ERROR);
}


static int
torture_verify(const mlk_alloc_t *a)
{
    mlk_claims_t   claims;
    static char    token[4096];

    if (token[0] == '\0') {
        sign(token, HEADER, PAYLOAD, key1, "SHA256", RSA_PKCS1_PADDING);
    }

    return check_with(a, token, set, &claims);
}


static int
torture_sign(const mlk_alloc_t *a)
{
    mlk_str_t  token, payload = STR("{}");

    return mlk_jwt_sign_hs256(a, &payload, (const unsigned char *) "s", 1,
                              &token);
}


static int
torture_set(void)
{
    int          rc;
    mlk_jwks_t  *keys;

    rc = mlk_jwks_parse((unsigned char *) set_text, strlen(set_text), &keys);

    if (rc == MLK_OK) {
        mlk_jwks_free(keys);
    }

    return rc;
}


static void
test_nomem(void **state)
{
    (void) state;

    assert_true(core_alloc_torture(torture_verify) >= 8);
    assert_int_equal(core_alloc_torture(torture_sign), 1);
    assert_true(core_malloc_torture(torture_set) >= 10);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_base64url),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_key_choice),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_audience),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_hs256),
        cmocka_unit_test(test_nomem)
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
