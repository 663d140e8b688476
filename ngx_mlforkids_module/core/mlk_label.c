/*
 * Labels of a project: their stored form, equality, the stored list.
 */

#include <string.h>
#include <utf8proc.h>

#include "mlk_text.h"

#define MLK_LABEL_UNITS   30
#define MLK_LABEL_PIECES  32       /* code points one code point falls into */


/* Walks through a label lower-cased, decomposed and without accents. */
typedef struct {
    const mlk_str_t   *s;
    size_t             at;
    utf8proc_int32_t   buf[MLK_LABEL_PIECES];
    utf8proc_ssize_t   n;
    utf8proc_ssize_t   i;
} mlk_label_walk_t;


int
mlk_label_normalise(const mlk_alloc_t *a, const mlk_str_t *in, mlk_str_t *out)
{
    size_t         i, n;
    mlk_str_t      s;
    unsigned char  ch;

    s = *in;
    mlk_trim(&s);

    out->data = a->alloc(a->ctx, MLK_LABEL_UNITS);
    if (out->data == NULL) {
        return MLK_NOMEM;
    }

    n = 0;

    for (i = 0; i < s.len && n < MLK_LABEL_UNITS; i++) {
        ch = s.data[i];

        if ((ch & 0xc0) == 0x80) {
            continue;
        }

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.')
        {
            out->data[n++] = ch;
            continue;
        }

        out->data[n++] = '_';

        if (ch >= 0xf0 && n < MLK_LABEL_UNITS) {
            /* two UTF-16 units */
            out->data[n++] = '_';
        }
    }

    out->len = n;

    return MLK_OK;
}


/* The next code point, or -1 at the end. */
static utf8proc_int32_t
mlk_label_next(mlk_label_walk_t *w)
{
    int               class;
    size_t            left;
    utf8proc_ssize_t  n;
    utf8proc_int32_t  cp;

    for ( ;; ) {

        while (w->i < w->n) {
            cp = w->buf[w->i++];

            if (cp < 0x300 || cp > 0x36f) {
                return cp;
            }
        }

        if (w->at == w->s->len) {
            return -1;
        }

        left = w->s->len - w->at;
        n = utf8proc_iterate(w->s->data + w->at, left < 4 ? (int) left : 4,
                             &cp);

        if (n <= 0) {
            /* no UTF-8: the byte stands for itself, out of Unicode's range */
            cp = 0x110000 + w->s->data[w->at];
            w->at++;
            return cp;
        }

        w->at += (size_t) n;
        w->i = 0;

        if (cp < 0x80) {
            w->buf[0] = cp >= 'A' && cp <= 'Z' ? (cp | 0x20) : cp;
            w->n = 1;
            continue;
        }

        class = 0;
        w->n = utf8proc_decompose_char(utf8proc_tolower(cp), w->buf,
                                       MLK_LABEL_PIECES, UTF8PROC_DECOMPOSE,
                                       &class);

        if (w->n < 0 || w->n > MLK_LABEL_PIECES) {
            w->buf[0] = cp;
            w->n = 1;
        }
    }
}


int
mlk_label_equal(const mlk_str_t *a, const mlk_str_t *b)
{
    mlk_label_walk_t  wa, wb;
    utf8proc_int32_t  ca, cb;

    wa.s = a;
    wa.at = 0;
    wa.n = 0;
    wa.i = 0;

    wb.s = b;
    wb.at = 0;
    wb.n = 0;
    wb.i = 0;

    do {
        ca = mlk_label_next(&wa);
        cb = mlk_label_next(&wb);
    } while (ca == cb && ca != -1);

    return ca == cb;
}


int
mlk_labels_split(const mlk_alloc_t *a, const mlk_str_t *list, mlk_str_t **out,
    size_t *n)
{
    size_t      i, count, start;
    mlk_str_t  *labels, label;

    count = 1;

    for (i = 0; i < list->len; i++) {
        count += list->data[i] == ',';
    }

    labels = a->alloc(a->ctx, count * sizeof(mlk_str_t));
    if (labels == NULL) {
        return MLK_NOMEM;
    }

    count = 0;
    start = 0;

    for (i = 0; i <= list->len; i++) {

        if (i < list->len && list->data[i] != ',') {
            continue;
        }

        label.data = i > start ? list->data + start : list->data;
        label.len = i - start;
        start = i + 1;

        mlk_trim(&label);

        if (label.len) {
            labels[count++] = label;
        }
    }

    *out = labels;
    *n = count;

    return MLK_OK;
}


int
mlk_labels_join(const mlk_alloc_t *a, const mlk_str_t *labels, size_t n,
    mlk_str_t *out)
{
    size_t          i, len;
    unsigned char  *p;

    len = 0;

    for (i = 0; i < n; i++) {
        len += labels[i].len + 1;
    }

    p = a->alloc(a->ctx, len + 1);
    if (p == NULL) {
        return MLK_NOMEM;
    }

    out->data = p;

    for (i = 0; i < n; i++) {
        if (i) {
            *p++ = ',';
        }

        if (labels[i].len) {
            memcpy(p, labels[i].data, labels[i].len);
            p += labels[i].len;
        }
    }

    out->len = (size_t) (p - out->data);

    return MLK_OK;
}
