/*
 * From tokens to hashed features.
 *
 * Units (words, symbols, single code points of a run), pairs of neighbouring
 * units, and character n-grams share one space of 2^18 buckets.  Presence
 * counts, not number: each bucket occurs once.
 */

#include <math.h>
#include <string.h>

#include "text_internal.h"


#define TT_FAMILY_UNIT   1
#define TT_FAMILY_PAIR   2
#define TT_FAMILY_CHARS  3

#define TT_RADIX_BITS    9
#define TT_RADIX         (1U << TT_RADIX_BITS)


static int tt_add_units(tt_scratch_t *scratch);
static int tt_add_word_chars(tt_scratch_t *scratch, const tt_token_t *t);
static int tt_add_run_chars(tt_scratch_t *scratch, const tt_token_t *t);
static int tt_sort_features(tt_scratch_t *scratch);


/* One step of the hash over code points; the constant is odd and has no
 * pattern (2^64 divided by the golden ratio). */

static inline uint64_t
tt_step(uint64_t h, uint64_t c)
{
    h = (h ^ c) * 0x9e3779b97f4a7c15ULL;

    return h ^ (h >> 29);
}


/* Spreads all bits (the finaliser of MurmurHash3) and takes the bucket. */

static inline uint32_t
tt_bucket(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 33;

    return (uint32_t) (h & (TT_BUCKETS - 1));
}


static inline void
tt_put(tt_scratch_t *scratch, uint64_t h, uint64_t family, uint64_t n,
    uint32_t flags)
{
    scratch->feature[scratch->nfeatures++] =
        tt_bucket(tt_step(h, family << 32 | n)) << 2 | flags;
}


static int
tt_room(tt_scratch_t *scratch, size_t n)
{
    return tt_grow(&scratch->feature, &scratch->feature_cap,
                   scratch->nfeatures + n, sizeof(uint32_t));
}


int
tt_features(tt_scratch_t *scratch)
{
    int          rc;
    size_t       i;
    tt_token_t  *t;

    scratch->nfeatures = 0;

    rc = tt_add_units(scratch);

    for (i = 0; i < scratch->ntokens && rc == MODEL_OK; i++) {
        t = &scratch->token[i];

        if (t->kind == TT_WORD) {
            rc = tt_add_word_chars(scratch, t);

        } else if (t->kind == TT_RUN) {
            rc = tt_add_run_chars(scratch, t);
        }
    }

    return rc == MODEL_OK ? tt_sort_features(scratch) : rc;
}


static int
tt_add_units(tt_scratch_t *scratch)
{
    size_t          i, k, len, units;
    uint32_t        flags, last_flags;
    uint64_t        h, last;
    const int32_t  *p, *end;
    tt_token_t     *t;

    last = 0;
    last_flags = 0;
    units = 0;

    for (i = 0; i < scratch->ntokens; i++) {
        t = &scratch->token[i];

        flags = t->kind == TT_RUN ? TT_FEATURE_DOUBLE : 0;
        len = t->kind == TT_RUN ? 1 : t->len;
        p = scratch->word + t->start;
        end = p + t->len;

        if (tt_room(scratch, 2 * (size_t) t->len) != MODEL_OK) {
            return MODEL_NOMEM;
        }

        for ( /* void */ ; p < end; p += len) {

            h = TT_HASH_START;
            for (k = 0; k < len; k++) {
                h = tt_step(h, (uint64_t) p[k]);
            }

            tt_put(scratch, h, TT_FAMILY_UNIT, 1, flags | TT_FEATURE_UNIT);

            if (units++ > 0) {
                /* a step more for the first one: a pair has an order */
                tt_put(scratch, tt_step(tt_step(last, 1), h), TT_FAMILY_PAIR,
                       2, last_flags);
            }

            last = h;
            last_flags = flags;
        }
    }

    return MODEL_OK;
}


/* 2- to 4-grams of the word between two spaces. */

static int
tt_add_word_chars(tt_scratch_t *scratch, const tt_token_t *t)
{
    size_t          i, n, len;
    uint64_t        h;
    const int32_t  *word;

    word = scratch->word + t->start;
    len = (size_t) t->len + 2;

    if (tt_room(scratch, 3 * len) != MODEL_OK) {
        return MODEL_NOMEM;
    }

    for (i = 0; i + 1 < len; i++) {
        h = TT_HASH_START;

        for (n = 1; n <= 4 && i + n <= len; n++) {
            h = tt_step(h, i + n == 1 || i + n == len
                           ? (uint64_t) ' ' : (uint64_t) word[i + n - 2]);

            if (n >= 2) {
                tt_put(scratch, h, TT_FAMILY_CHARS, n, 0);
            }
        }
    }

    return MODEL_OK;
}


/* 1- to 4-grams of a run, without spaces around. */

static int
tt_add_run_chars(tt_scratch_t *scratch, const tt_token_t *t)
{
    size_t          i, n;
    uint64_t        h;
    const int32_t  *word;

    word = scratch->word + t->start;

    if (tt_room(scratch, 4 * (size_t) t->len) != MODEL_OK) {
        return MODEL_NOMEM;
    }

    for (i = 0; i < t->len; i++) {
        h = TT_HASH_START;

        for (n = 1; n <= 4 && i + n <= t->len; n++) {
            h = tt_step(h, (uint64_t) word[i + n - 1]);
            tt_put(scratch, h, TT_FAMILY_CHARS, n, 0);
        }
    }

    return MODEL_OK;
}


/*
 * Sorts by bucket (radix, two passes) and joins equal buckets: comparison
 * sorting took longer than all the rest of reading a text.
 */

static int
tt_sort_features(tt_scratch_t *scratch)
{
    size_t     i, n;
    uint32_t   pass, shift, sum, c, count[TT_RADIX], *from, *to, *t;

    n = scratch->nfeatures;

    if (n == 0) {
        return MODEL_OK;
    }

    if (tt_grow(&scratch->sorted, &scratch->sorted_cap, n, sizeof(uint32_t))
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    from = scratch->feature;
    to = scratch->sorted;

    for (pass = 0; pass < TT_BUCKET_BITS / TT_RADIX_BITS; pass++) {
        shift = 2 + pass * TT_RADIX_BITS;
        memset(count, 0, sizeof(count));

        for (i = 0; i < n; i++) {
            count[from[i] >> shift & (TT_RADIX - 1)]++;
        }

        sum = 0;
        for (i = 0; i < TT_RADIX; i++) {
            c = count[i];
            count[i] = sum;
            sum += c;
        }

        for (i = 0; i < n; i++) {
            to[count[from[i] >> shift & (TT_RADIX - 1)]++] = from[i];
        }

        t = from;
        from = to;
        to = t;
    }

    /* after an even number of passes the result is in feature again */

    t = scratch->feature;
    c = 0;

    for (i = 1; i < n; i++) {
        if (tt_feature_bucket(t[i]) == tt_feature_bucket(t[c])) {
            t[c] |= t[i];

        } else {
            t[++c] = t[i];
        }
    }

    scratch->nfeatures = (size_t) c + 1;

    return MODEL_OK;
}


int
tt_read_text(tt_scratch_t *scratch, const tt_vectors_t *vectors,
    const char *text, size_t len)
{
    int  rc;

    rc = tt_normalise(scratch, text, len);

    if (rc == MODEL_OK) {
        rc = tt_tokenise(scratch);
    }

    if (rc == MODEL_OK) {
        rc = tt_features(scratch);
    }

    if (rc != MODEL_OK) {
        return rc;
    }

    scratch->nfound = 0;

    if (vectors != NULL) {
        tt_vectors_apply(vectors, scratch);
    }

    return MODEL_OK;
}


uint64_t
tt_hash(uint64_t h, const void *data, size_t len)
{
    size_t                i;
    const unsigned char  *p;

    p = data;

    for (i = 0; i < len; i++) {
        h = (h ^ p[i]) * 0x100000001b3ULL;
    }

    return h;
}


float
tt_idf(uint32_t n, uint32_t df)
{
    return (float) pow(log((1.0 + n) / (1.0 + df)) + 1.0, 0.6);
}
