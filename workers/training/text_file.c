/*
 * The model file.  All numbers little endian, so that a model trained on one
 * machine answers on any other.
 *
 *   "MLKTEXT\0"  version  flags  N  labels  buckets  words
 *   bytes of labels  bytes of words  T  0  language[8]  table (64 bits)
 *   for each label: length (16 bits); scale (float); number of words (8 bits)
 *   for each bucket: its number; then for each its idf (float)
 *   weights, int8, bucket by bucket (then 100 dense columns, if flagged)
 *   for each word: weight (float); then for each its length (16 bits)
 *   the labels, the words
 *   checksum (64 bits) of everything before it
 *
 * Lists stand one after the other, not interleaved.  The reader computes the
 * size from the header and accepts no other.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text_internal.h"


#define TT_FILE_MAGIC     "MLKTEXT"    /* with its NUL eight bytes */
#define TT_FILE_VERSION   1
#define TT_FILE_HEADER    64
#define TT_FILE_MAX       (1U << 30)   /* what a bytea column can hold */
#define TT_FILE_LARGE     10000.0f     /* no number of a model is larger */


/* Sums of a header, before anything is allocated by them. */
typedef struct {
    uint32_t    flags;
    uint32_t    words;
    uint32_t    label_bytes;
    uint32_t    word_bytes;
} tt_header_t;


static unsigned char *tt_write_header(unsigned char *p, const tt_model_t *m,
    const tt_header_t *h);
static unsigned char *tt_write_columns(unsigned char *p, const tt_model_t *m);
static unsigned char *tt_write_strings(unsigned char *p, const tt_model_t *m);
static int tt_read_header(const unsigned char *p, size_t len,
    tt_model_t *model, tt_header_t *h, const char **why);
static int tt_read_labels(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h);
static int tt_read_columns(const unsigned char **p, tt_model_t *model);
static int tt_read_words(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h);
static int tt_read_strings(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h);


static unsigned char *
tt_put16(unsigned char *p, size_t v)
{
    p[0] = (unsigned char) v;
    p[1] = (unsigned char) (v >> 8);

    return p + 2;
}


static unsigned char *
tt_put32(unsigned char *p, uint32_t v)
{
    p = tt_put16(p, v);

    return tt_put16(p, v >> 16);
}


static unsigned char *
tt_put64(unsigned char *p, uint64_t v)
{
    p = tt_put32(p, (uint32_t) v);

    return tt_put32(p, (uint32_t) (v >> 32));
}


static unsigned char *
tt_put_float(unsigned char *p, float f)
{
    uint32_t  v;

    memcpy(&v, &f, sizeof(v));

    return tt_put32(p, v);
}


static uint32_t
tt_get16(const unsigned char **p)
{
    uint32_t  v;

    v = (uint32_t) (*p)[0] | (uint32_t) (*p)[1] << 8;
    *p += 2;

    return v;
}


static uint32_t
tt_get32(const unsigned char **p)
{
    uint32_t  v;

    v = tt_get16(p);

    return v | tt_get16(p) << 16;
}


static uint64_t
tt_get64(const unsigned char **p)
{
    uint64_t  v;

    v = tt_get32(p);

    return v | (uint64_t) tt_get32(p) << 32;
}


static float
tt_get_float(const unsigned char **p)
{
    float     f;
    uint32_t  v;

    v = tt_get32(p);
    memcpy(&f, &v, sizeof(f));

    return f;
}


/* Size of a file in bytes.  The arguments are bounded so that 64 bits do. */

static uint64_t
tt_file_size(const tt_model_t *m, const tt_header_t *h)
{
    return TT_FILE_HEADER
           + (uint64_t) m->nlabels * (2 + 4 + 1)
           + (uint64_t) m->nbuckets * (4 + 4)
           + ((uint64_t) m->nbuckets + m->ndense) * m->nlabels
           + (uint64_t) h->words * (4 + 2)
           + (uint64_t) h->label_bytes + h->word_bytes
           + 8;
}


int
tt_file_write(const tt_model_t *m, model_buf_t *out)
{
    size_t          i;
    uint64_t        size;
    tt_header_t     h;
    unsigned char  *p;

    memset(&h, 0, sizeof(h));
    h.words = m->first_word[m->nlabels];

    size = 0;
    for (i = 0; i < m->nlabels; i++) {
        size += m->label[i].len;
    }

    if (size > TT_FILE_MAX) {
        return MODEL_REFUSED;
    }

    h.label_bytes = (uint32_t) size;

    for (i = 0; i < h.words; i++) {
        h.word_bytes += (uint32_t) m->word[i].word.len;
    }

    size = tt_file_size(m, &h);

    if (size > TT_FILE_MAX) {
        return MODEL_REFUSED;
    }

    out->data = malloc(size);
    if (out->data == NULL) {
        return MODEL_NOMEM;
    }

    out->len = size;

    p = tt_write_header(out->data, m, &h);
    p = tt_write_columns(p, m);
    p = tt_write_strings(p, m);

    tt_put64(p, tt_hash(TT_HASH_START, out->data, (size_t) (p - out->data)));

    return MODEL_OK;
}


static unsigned char *
tt_write_header(unsigned char *p, const tt_model_t *m, const tt_header_t *h)
{
    memcpy(p, TT_FILE_MAGIC, 8);
    p = tt_put32(p + 8, TT_FILE_VERSION);
    p = tt_put32(p, m->ndense ? TT_FILE_VECTORS : 0);
    p = tt_put32(p, m->examples);
    p = tt_put32(p, m->nlabels);
    p = tt_put32(p, m->nbuckets);
    p = tt_put32(p, h->words);
    p = tt_put32(p, h->label_bytes);
    p = tt_put32(p, h->word_bytes);
    p = tt_put_float(p, m->temperature);
    p = tt_put32(p, 0);
    memcpy(p, m->language, TT_LANGUAGE_LEN);

    return tt_put64(p + TT_LANGUAGE_LEN, m->table);
}


static unsigned char *
tt_write_columns(unsigned char *p, const tt_model_t *m)
{
    size_t  i, n;

    for (i = 0; i < m->nlabels; i++) {
        p = tt_put16(p, m->label[i].len);
    }

    for (i = 0; i < m->nlabels; i++) {
        p = tt_put_float(p, m->scale[i]);
    }

    for (i = 0; i < m->nlabels; i++) {
        *p++ = (unsigned char) (m->first_word[i + 1] - m->first_word[i]);
    }

    for (i = 0; i < m->nbuckets; i++) {
        p = tt_put32(p, m->bucket[i]);
    }

    for (i = 0; i < m->nbuckets; i++) {
        p = tt_put_float(p, m->idf[i]);
    }

    n = ((size_t) m->nbuckets + m->ndense) * m->nlabels;
    memcpy(p, m->weight, n);

    return p + n;
}


static unsigned char *
tt_write_strings(unsigned char *p, const tt_model_t *m)
{
    size_t  i, words;

    words = m->first_word[m->nlabels];

    for (i = 0; i < words; i++) {
        p = tt_put_float(p, (float) m->word[i].weight);
    }

    for (i = 0; i < words; i++) {
        p = tt_put16(p, m->word[i].word.len);
    }

    for (i = 0; i < m->nlabels; i++) {
        if (m->label[i].len) {
            memcpy(p, m->label[i].data, m->label[i].len);
            p += m->label[i].len;
        }
    }

    for (i = 0; i < words; i++) {
        memcpy(p, m->word[i].word.data, m->word[i].word.len);
        p += m->word[i].word.len;
    }

    return p;
}


int
tt_file_read(const unsigned char *data, size_t len, tt_model_t *model,
    const char **why)
{
    int                   rc;
    tt_header_t           h;
    const unsigned char  *p, *sum;

    rc = tt_read_header(data, len, model, &h, why);
    if (rc != MODEL_OK) {
        return rc;
    }

    sum = data + len - 8;

    if (tt_hash(TT_HASH_START, data, len - 8) != tt_get64(&sum)) {
        *why = "damaged (wrong checksum)";
        return MODEL_ERROR;
    }

    p = data + TT_FILE_HEADER;

    rc = tt_read_labels(&p, model, &h);

    if (rc == MODEL_OK) {
        rc = tt_read_columns(&p, model);
    }

    if (rc == MODEL_OK) {
        rc = tt_read_words(&p, model, &h);
    }

    if (rc == MODEL_OK) {
        rc = tt_read_strings(&p, model, &h);
    }

    *why = rc == MODEL_NOMEM ? "no memory" : "damaged";

    return rc;
}


static int
tt_read_header(const unsigned char *p, size_t len, tt_model_t *model,
    tt_header_t *h, const char **why)
{
    uint32_t  version, zero;

    if (len < TT_FILE_HEADER + 8 || memcmp(p, TT_FILE_MAGIC, 8) != 0) {
        *why = len < TT_FILE_HEADER + 8 ? "cut short" : "not a model file";
        return MODEL_ERROR;
    }

    p += 8;
    version = tt_get32(&p);

    if (version != TT_FILE_VERSION) {
        *why = "a model file of another version";
        return MODEL_ERROR;
    }

    h->flags = tt_get32(&p);
    model->examples = tt_get32(&p);
    model->nlabels = tt_get32(&p);
    model->nbuckets = tt_get32(&p);
    h->words = tt_get32(&p);
    h->label_bytes = tt_get32(&p);
    h->word_bytes = tt_get32(&p);
    model->temperature = tt_get_float(&p);
    zero = tt_get32(&p);
    memcpy(model->language, p, TT_LANGUAGE_LEN);
    p += TT_LANGUAGE_LEN;
    model->table = tt_get64(&p);

    model->ndense = h->flags & TT_FILE_VECTORS ? TT_DENSE : 0;
    model->nstrings = (size_t) h->label_bytes + h->word_bytes;

    *why = "damaged";

    if ((h->flags & ~(uint32_t) TT_FILE_VECTORS) || zero != 0
        || model->examples == 0
        || model->nlabels == 0 || model->nlabels > TT_MAX_LABELS
        || model->nbuckets > TT_BUCKETS
        || h->words > model->nlabels * TT_LABEL_WORDS
        || !(model->temperature > 0 && model->temperature <= TT_FILE_LARGE)
        || model->language[TT_LANGUAGE_LEN - 1] != '\0')
    {
        return MODEL_ERROR;
    }

    if (tt_file_size(model, h) != len) {
        *why = "cut short or damaged";
        return MODEL_ERROR;
    }

    return MODEL_OK;
}


static int
tt_read_labels(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h)
{
    size_t    i, n;
    uint64_t  sum;

    n = model->nlabels;

    model->label = calloc(n, sizeof(model_str_t));
    model->scale = malloc(n * sizeof(float));
    model->first_word = malloc((n + 1) * sizeof(uint32_t));

    if (model->label == NULL || model->scale == NULL
        || model->first_word == NULL)
    {
        return MODEL_NOMEM;
    }

    sum = 0;

    for (i = 0; i < n; i++) {
        model->label[i].len = tt_get16(p);
        sum += model->label[i].len;
    }

    if (sum != h->label_bytes) {
        return MODEL_ERROR;
    }

    for (i = 0; i < n; i++) {
        model->scale[i] = tt_get_float(p);

        if (!(model->scale[i] >= 0 && model->scale[i] <= TT_FILE_LARGE)) {
            return MODEL_ERROR;
        }
    }

    model->first_word[0] = 0;

    for (i = 0; i < n; i++) {
        if (**p > TT_LABEL_WORDS) {
            return MODEL_ERROR;
        }

        model->first_word[i + 1] = model->first_word[i] + *(*p)++;
    }

    return model->first_word[n] == h->words ? MODEL_OK : MODEL_ERROR;
}


static int
tt_read_columns(const unsigned char **p, tt_model_t *model)
{
    size_t  i, n;

    n = model->nbuckets;

    model->bucket = malloc((n + 1) * sizeof(uint32_t));
    model->idf = malloc((n + 1) * sizeof(float));
    model->weight = malloc((n + model->ndense) * model->nlabels + 1);

    if (model->bucket == NULL || model->idf == NULL || model->weight == NULL) {
        return MODEL_NOMEM;
    }

    for (i = 0; i < n; i++) {
        model->bucket[i] = tt_get32(p);

        if (model->bucket[i] >= TT_BUCKETS
            || (i > 0 && model->bucket[i] <= model->bucket[i - 1]))
        {
            return MODEL_ERROR;
        }
    }

    for (i = 0; i < n; i++) {
        model->idf[i] = tt_get_float(p);

        if (!(model->idf[i] > 0 && model->idf[i] <= TT_FILE_LARGE)) {
            return MODEL_ERROR;
        }
    }

    n = (n + model->ndense) * model->nlabels;

    memcpy(model->weight, *p, n);
    *p += n;

    return MODEL_OK;
}


static int
tt_read_words(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h)
{
    size_t    i;
    uint64_t  sum;

    model->word = calloc((size_t) h->words + 1, sizeof(model_word_t));
    if (model->word == NULL) {
        return MODEL_NOMEM;
    }

    for (i = 0; i < h->words; i++) {
        model->word[i].weight = (double) tt_get_float(p);

        if (!isfinite(model->word[i].weight)) {
            return MODEL_ERROR;
        }
    }

    sum = 0;

    for (i = 0; i < h->words; i++) {
        model->word[i].word.len = tt_get16(p);
        sum += model->word[i].word.len;
    }

    return sum == h->word_bytes ? MODEL_OK : MODEL_ERROR;
}


static int
tt_read_strings(const unsigned char **p, tt_model_t *model,
    const tt_header_t *h)
{
    char    *s;
    size_t   i;

    model->strings = malloc((size_t) h->label_bytes + 1);
    model->word_strings = malloc((size_t) h->word_bytes + 1);

    if (model->strings == NULL || model->word_strings == NULL) {
        return MODEL_NOMEM;
    }

    s = model->strings;
    memcpy(s, *p, h->label_bytes);
    *p += h->label_bytes;

    for (i = 0; i < model->nlabels; i++) {
        model->label[i].data = s;
        s += model->label[i].len;

        if (i > 0 && tt_str_cmp(&model->label[i - 1], &model->label[i]) >= 0) {
            return MODEL_ERROR;
        }
    }

    s = model->word_strings;
    memcpy(s, *p, h->word_bytes);
    *p += h->word_bytes;

    for (i = 0; i < h->words; i++) {
        model->word[i].word.data = s;
        s += model->word[i].word.len;
    }

    return MODEL_OK;
}
