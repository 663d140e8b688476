/*
 * Percent-decoding, and parameters of a query as the reference's parser sees
 * them (api.md 1.1, "extended" syntax).
 */

#include <string.h>

#include "mlk_router.h"
#include "mlk_utf8.h"


static int
mlk_hex_digit(unsigned char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    if (ch >= 'a' && ch <= 'f') {
        return ch - 'a' + 10;
    }

    return -1;
}


int
mlk_percent_decode(const mlk_alloc_t *a, const mlk_str_t *in,
    int plus_is_space, mlk_str_t *out)
{
    int             high, low;
    size_t          i;
    unsigned char  *p;

    if (in->len == 0
        || (memchr(in->data, '%', in->len) == NULL
            && (!plus_is_space || memchr(in->data, '+', in->len) == NULL)))
    {
        *out = *in;
        return mlk_utf8_valid(in->data, in->len) ? MLK_OK : MLK_ERROR;
    }

    p = a->alloc(a->ctx, in->len);
    if (p == NULL) {
        return MLK_NOMEM;
    }

    out->data = p;

    for (i = 0; i < in->len; i++) {

        if (in->data[i] == '+' && plus_is_space) {
            *p++ = ' ';
            continue;
        }

        if (in->data[i] != '%') {
            *p++ = in->data[i];
            continue;
        }

        if (in->len - i < 3) {
            return MLK_ERROR;
        }

        high = mlk_hex_digit(in->data[i + 1]);
        low = mlk_hex_digit(in->data[i + 2]);

        if (high < 0 || low < 0) {
            return MLK_ERROR;
        }

        *p++ = (unsigned char) (high << 4 | low);
        i += 2;
    }

    out->len = (size_t) (p - out->data);

    return mlk_utf8_valid(out->data, out->len) ? MLK_OK : MLK_ERROR;
}


/* Decodes a name or value; what cannot be decoded stays as written, with
 * "+" a space all the same and bytes that are no UTF-8 replaced. */
static int
mlk_query_decode(const mlk_alloc_t *a, const mlk_str_t *in, mlk_str_t *out)
{
    int             rc;
    size_t          i;
    unsigned char  *p;

    rc = mlk_percent_decode(a, in, 1, out);

    if (rc != MLK_ERROR) {
        return rc;
    }

    p = a->alloc(a->ctx, in->len);
    if (p == NULL) {
        return MLK_NOMEM;
    }

    for (i = 0; i < in->len; i++) {
        p[i] = in->data[i] == '+' ? ' ' : in->data[i];
    }

    out->data = p;
    out->len = in->len;

    return mlk_utf8_repair(a, out, out);
}


int
mlk_query_get(const mlk_alloc_t *a, const mlk_str_t *query,
    const char *name, mlk_str_t *out, int *present)
{
    int                   rc;
    size_t                len, found;
    mlk_str_t             key, value, decoded;
    const unsigned char  *p, *end, *amp, *equals;

    *present = 0;

    len = strlen(name);
    found = 0;
    value.len = 0;
    value.data = NULL;

    p = query->data;
    end = query->data + query->len;

    while (p < end) {

        amp = memchr(p, '&', (size_t) (end - p));

        if (amp == NULL) {
            amp = end;
        }

        equals = memchr(p, '=', (size_t) (amp - p));

        key.data = (unsigned char *) p;
        key.len = (size_t) ((equals ? equals : amp) - p);

        rc = mlk_query_decode(a, &key, &decoded);
        if (rc != MLK_OK) {
            return rc;
        }

        if (decoded.len >= len && memcmp(decoded.data, name, len) == 0) {

            if (decoded.len == len) {
                found++;
                value.data = (unsigned char *) (equals ? equals + 1 : amp);
                value.len = (size_t) (amp - value.data);

            } else if (decoded.data[len] == '[') {
                /* an element of an array or a member of an object */
                *present = 1;
            }
        }

        p = amp + (amp < end);
    }

    if (found == 0 || found > 1 || *present) {
        *present |= found != 0;
        return MLK_ERROR;
    }

    *present = 1;

    return mlk_query_decode(a, &value, out);
}
