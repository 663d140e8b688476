/*
 * An open text model: answers, and the table by which the worker calls it.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "text_internal.h"


#define TT_GROUP_SHIFT    8
#define TT_GROUPS         (TT_BUCKETS >> TT_GROUP_SHIFT)
#define TT_UNKNOWN_SHARE  0.25   /* below this a text counts as unknown */


static int tt_unknown(const tt_scratch_t *scratch, const tt_known_t *known);
static int tt_lot(const tt_model_t *model, model_match_t *match);
static int tt_match_cmp(const void *one, const void *two);


int
tt_model_open(const unsigned char *data, size_t len,
    const tt_vectors_t *vectors, tt_model_t **model, char *err, size_t errlen)
{
    int          rc;
    const char  *why;
    tt_model_t  *m;

    *model = NULL;
    why = "no memory";

    m = calloc(1, sizeof(tt_model_t));
    rc = m == NULL ? MODEL_NOMEM : tt_file_read(data, len, m, &why);

    if (rc == MODEL_OK) {
        rc = tt_model_index(m);
    }

    if (rc != MODEL_OK) {
        snprintf(err, errlen, "text model: %s", why);
        tt_model_close(m);

        return rc;
    }

    if (m->ndense && vectors != NULL && tt_vectors_id(vectors) == m->table) {
        m->vectors = vectors;
    }

    *model = m;

    return MODEL_OK;
}


int
tt_model_index(tt_model_t *model)
{
    size_t  i, g;

    model->group = malloc((TT_GROUPS + 1) * sizeof(uint32_t));
    if (model->group == NULL) {
        return MODEL_NOMEM;
    }

    i = 0;

    for (g = 0; g <= TT_GROUPS; g++) {
        while (i < model->nbuckets
               && model->bucket[i] >> TT_GROUP_SHIFT < g)
        {
            i++;
        }

        model->group[g] = (uint32_t) i;
    }

    model->unseen = tt_idf(model->examples, 0);

    model->size = sizeof(tt_model_t) + (TT_GROUPS + 1) * sizeof(uint32_t)
                  + (size_t) model->nbuckets * 8
                  + ((size_t) model->nbuckets + model->ndense) * model->nlabels
                  + (size_t) model->nlabels * (sizeof(model_str_t) + 8)
                  + TT_LABEL_WORDS * sizeof(model_word_t) * model->nlabels
                  + model->nstrings;

    return MODEL_OK;
}


void
tt_model_close(tt_model_t *model)
{
    if (model == NULL) {
        return;
    }

    free(model->label);
    free(model->bucket);
    free(model->idf);
    free(model->weight);
    free(model->scale);
    free(model->group);
    free(model->word);
    free(model->first_word);
    free(model->strings);
    free(model->word_strings);
    free(model);
}


size_t
tt_model_size(const tt_model_t *model)
{
    return model->size;
}


size_t
tt_model_labels(const tt_model_t *model)
{
    return model->nlabels;
}


model_str_t
tt_model_label(const tt_model_t *model, size_t i)
{
    return model->label[i];
}


int
tt_model_degraded(const tt_model_t *model)
{
    return model->ndense && model->vectors == NULL;
}


const model_word_t *
tt_label_words(const tt_model_t *model, size_t i, size_t *n)
{
    *n = model->first_word[i + 1] - model->first_word[i];

    return model->word + model->first_word[i];
}


/* Returns the column of a bucket, or -1. */

static inline long
tt_column(const tt_model_t *model, uint32_t bucket)
{
    uint32_t  low, high, mid;

    low = model->group[bucket >> TT_GROUP_SHIFT];
    high = model->group[(bucket >> TT_GROUP_SHIFT) + 1];

    while (low < high) {
        mid = low + (high - low) / 2;

        if (model->bucket[mid] < bucket) {
            low = mid + 1;

        } else if (model->bucket[mid] > bucket) {
            high = mid;

        } else {
            return (long) mid;
        }
    }

    return -1;
}


static inline void
tt_add(float *restrict sum, const int8_t *restrict weight, size_t n, float x)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        sum[i] += x * (float) weight[i];
    }
}


void
tt_score(const tt_model_t *model, const tt_scratch_t *scratch, float *sum,
    double *scores, tt_known_t *known)
{
    long           column;
    float          x, norm;
    double         all, seen, square;
    size_t         i, n;
    uint32_t       f;
    const int8_t  *weight;

    n = model->nlabels;
    memset(sum, 0, n * sizeof(float));

    all = 0;
    seen = 0;
    known->known_unit = 0;

    for (i = 0; i < scratch->nfeatures; i++) {
        f = scratch->feature[i];
        column = tt_column(model, tt_feature_bucket(f));

        x = column < 0 ? model->unseen : model->idf[column];

        if (f & TT_FEATURE_DOUBLE) {
            x *= 2;
        }

        square = (double) x * (double) x;
        all += square;

        if (column < 0) {
            continue;
        }

        seen += square;

        if (f & TT_FEATURE_UNIT) {
            known->known_unit = 1;
        }

        tt_add(sum, model->weight + (size_t) column * n, n, x);
    }

    known->known = all > 0 ? seen / all : 0;

    /* unseen features count in the length: unknown words lower the score */

    norm = all > 0 ? (float) (1 / sqrt(all)) : 0;

    for (i = 0; i < n; i++) {
        sum[i] *= norm;
    }

    if (scratch->nfound > 0 && model->ndense) {
        weight = model->weight + (size_t) model->nbuckets * n;

        for (i = 0; i < model->ndense; i++) {
            tt_add(sum, weight + i * n, n, scratch->dense[i]);
        }
    }

    for (i = 0; i < n; i++) {
        scores[i] = (double) sum[i] * (double) model->scale[i];
    }
}


static int
tt_unknown(const tt_scratch_t *scratch, const tt_known_t *known)
{
    return !known->known_unit && known->known < TT_UNKNOWN_SHARE
           && scratch->nfound == 0;
}


int
tt_scores(const tt_model_t *model, const char *text, size_t len,
    double *scores)
{
    int           rc;
    float        *sum;
    tt_known_t    known;
    tt_scratch_t  scratch;

    memset(&scratch, 0, sizeof(scratch));

    sum = malloc(model->nlabels * sizeof(float));
    rc = sum == NULL ? MODEL_NOMEM
                     : tt_read_text(&scratch, model->vectors, text, len);

    if (rc == MODEL_OK) {
        tt_score(model, &scratch, sum, scores, &known);

        if (tt_unknown(&scratch, &known)) {
            rc = MODEL_REFUSED;
        }
    }

    tt_scratch_free(&scratch);
    free(sum);

    return rc;
}


int
tt_classify(const tt_model_t *model, const char *text, size_t len,
    model_match_t *matches, size_t *n, int *random)
{
    int      rc;
    double  *score, best, sum;
    size_t   i;

    *n = 0;
    *random = 0;

    score = malloc(model->nlabels * sizeof(double));
    if (score == NULL) {
        return MODEL_NOMEM;
    }

    rc = tt_scores(model, text, len, score);

    if (rc != MODEL_OK) {
        free(score);

        if (rc != MODEL_REFUSED) {
            return rc;
        }

        *n = 1;
        *random = 1;

        return tt_lot(model, matches);
    }

    best = score[0];
    for (i = 1; i < model->nlabels; i++) {
        best = score[i] > best ? score[i] : best;
    }

    sum = 0;
    for (i = 0; i < model->nlabels; i++) {
        sum += exp((double) model->temperature * (score[i] - best));
    }

    for (i = 0; i < model->nlabels; i++) {
        matches[i].label = model->label[i];
        matches[i].score = score[i];
        matches[i].confidence = (int) (0.5 + 100 / sum
            * exp((double) model->temperature * (score[i] - best)));
    }

    free(score);

    qsort(matches, model->nlabels, sizeof(model_match_t), tt_match_cmp);
    *n = model->nlabels;

    return MODEL_OK;
}


static int
tt_lot(const tt_model_t *model, model_match_t *match)
{
    uint32_t  r;

    if (getrandom(&r, sizeof(r), 0) != (ssize_t) sizeof(r)) {
        return MODEL_ERROR;
    }

    match->label = model->label[(uint64_t) r * model->nlabels >> 32];
    match->confidence = 0;
    match->score = 0;

    return MODEL_OK;
}


/* Confidence falling, then labels; a model holds them in bytewise order. */

static int
tt_match_cmp(const void *one, const void *two)
{
    const model_match_t  *a, *b;

    a = one;
    b = two;

    if (a->confidence != b->confidence) {
        return a->confidence > b->confidence ? -1 : 1;
    }

    return tt_str_cmp(&a->label, &b->label);
}


int
tt_str_cmp(const model_str_t *a, const model_str_t *b)
{
    int     rc;
    size_t  n;

    n = a->len < b->len ? a->len : b->len;
    rc = n ? memcmp(a->data, b->data, n) : 0;

    if (rc != 0 || a->len == b->len) {
        return rc;
    }

    return a->len < b->len ? -1 : 1;
}


/* The table's functions: the same with types that any family can have. */

static int
tt_family_train(const model_data_t *data, model_buf_t *out, char *err,
    size_t errlen)
{
    return tt_train(data->examples, data->n, data->language, data->shared,
                    out, NULL, err, errlen);
}


static int
tt_family_open(const unsigned char *data, size_t len, const void *shared,
    void **model, char *err, size_t errlen)
{
    int          rc;
    tt_model_t  *m;

    rc = tt_model_open(data, len, shared, &m, err, errlen);
    *model = m;

    return rc;
}


static size_t
tt_family_size(const void *model)
{
    return tt_model_size(model);
}


static size_t
tt_family_labels(const void *model)
{
    return tt_model_labels(model);
}


static int
tt_family_classify(const void *model, model_str_t input,
    model_match_t *matches, size_t *n, int *random)
{
    return tt_classify(model, input.data, input.len, matches, n, random);
}


static int
tt_family_explain(const void *model, model_str_t input, model_word_t *words,
    size_t *n)
{
    return tt_explain(model, input.data, input.len, words, n);
}


static int
tt_family_describe(const void *model, size_t i, model_str_t *label,
    const model_word_t **words, size_t *n)
{
    if (i >= tt_model_labels(model)) {
        return MODEL_ERROR;
    }

    *label = tt_model_label(model, i);
    *words = tt_label_words(model, i, n);

    return MODEL_OK;
}


static void
tt_family_close(void *model)
{
    tt_model_close(model);
}


const model_family_t  tt_family = {
    "text",
    tt_family_train,
    tt_family_open,
    tt_family_size,
    tt_family_labels,
    tt_family_classify,
    tt_family_explain,
    tt_family_describe,
    tt_family_close
};
