/* Base64url without padding (RFC 4648, 5). */

#include <limits.h>

#include "mlk_jwt.h"


/* Value of a character, or -1. */
static int
mlk_base64url_value(unsigned char ch)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (ch >= '0' && ch <= '9') {
        return ch - '0' + 52;
    }

    if (ch == '-') {
        return 62;
    }

    return ch == '_' ? 63 : -1;
}


int
mlk_base64url_decode(unsigned char *dst, const unsigned char *src, size_t len)
{
    int             value;
    size_t          i;
    unsigned        bits, acc;
    unsigned char  *p;

    /* one character alone holds no byte */
    if (len % 4 == 1 || len > INT_MAX) {
        return MLK_ERROR;
    }

    p = dst;
    acc = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        value = mlk_base64url_value(src[i]);

        if (value < 0) {
            return MLK_ERROR;
        }

        acc = acc << 6 | (unsigned) value;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            *p++ = (unsigned char) (acc >> bits);
            acc &= (1u << bits) - 1;
        }
    }

    /* what is left over must be zero: one text for each token */
    return acc == 0 ? (int) (p - dst) : MLK_ERROR;
}


size_t
mlk_base64url_encode(unsigned char *dst, const unsigned char *src, size_t len)
{
    size_t             i;
    unsigned           bits, acc;
    unsigned char     *p;
    static const char  alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    p = dst;
    acc = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        acc = acc << 8 | src[i];
        bits += 8;

        while (bits >= 6) {
            bits -= 6;
            *p++ = (unsigned char) alphabet[acc >> bits];
            acc &= (1u << bits) - 1;
        }
    }

    if (bits) {
        *p++ = (unsigned char) alphabet[acc << (6 - bits)];
    }

    return (size_t) (p - dst);
}
