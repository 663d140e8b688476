/* UTF-8, see mlk_utf8.h. */

#include <string.h>
#include <utf8proc.h>

#include "mlk_utf8.h"


/* Length of the prefix that is valid. */
static size_t
mlk_utf8_prefix(const unsigned char *data, size_t len)
{
    size_t             i;
    uint64_t           word;
    utf8proc_int32_t   cp;
    utf8proc_ssize_t   n;

    for (i = 0; i < len; /* void */) {

        if (len - i >= sizeof(word)) {
            memcpy(&word, data + i, sizeof(word));

            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(word);
                continue;
            }
        }

        if (data[i] < 0x80) {
            i++;
            continue;
        }

        /* the window keeps a huge length out of a signed argument */
        n = utf8proc_iterate(data + i, len - i < 4 ? (int) (len - i) : 4, &cp);

        if (n <= 0) {
            break;
        }

        i += (size_t) n;
    }

    return i;
}


int
mlk_utf8_valid(const unsigned char *data, size_t len)
{
    return mlk_utf8_prefix(data, len) == len;
}


int
mlk_utf8_repair(const mlk_alloc_t *a, const mlk_str_t *s, mlk_str_t *out)
{
    size_t          i, n;
    mlk_str_t       in;
    unsigned char  *p;

    /* out may be s */
    in = *s;

    n = mlk_utf8_prefix(in.data, in.len);

    if (n == in.len) {
        *out = in;
        return MLK_OK;
    }

    if (in.len > SIZE_MAX / 3) {
        return MLK_NOMEM;
    }

    p = a->alloc(a->ctx, in.len * 3);
    if (p == NULL) {
        return MLK_NOMEM;
    }

    out->data = p;

    for (i = 0; /* void */; i++) {
        if (n) {
            memcpy(p, in.data + i, n);
            p += n;
            i += n;
        }

        if (i == in.len) {
            break;
        }

        memcpy(p, "\xef\xbf\xbd", 3);
        p += 3;

        n = mlk_utf8_prefix(in.data + i + 1, in.len - i - 1);
    }

    out->len = (size_t) (p - out->data);

    return MLK_OK;
}


size_t
mlk_utf16_length(const mlk_str_t *s)
{
    size_t  i, units;

    units = 0;

    for (i = 0; i < s->len; i++) {
        /* one unit for each leading byte, two where four bytes follow */
        units += (s->data[i] & 0xc0) != 0x80;
        units += s->data[i] >= 0xf0;
    }

    return units;
}


void
mlk_utf16_cut(mlk_str_t *s, size_t units)
{
    size_t  i, used, width;

    used = 0;

    for (i = 0; i < s->len; i++) {

        if ((s->data[i] & 0xc0) == 0x80) {
            continue;
        }

        width = s->data[i] >= 0xf0 ? 2 : 1;

        if (width > units - used) {
            s->len = i;
            return;
        }

        used += width;
    }
}
