/*
 * The table of word vectors: mapped, checked once, then only read.
 */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text_internal.h"
#include "text_table.h"


#define TT_LONGEST_WORD   64      /* code points; none in the table is longer */
#define TT_MEANING        0.6     /* length of the dense part */
#define TT_SMOOTH         0.0003  /* a of the weight a / (a + p) */
#define TT_ZIPF           13.3    /* p = 1 / (13.3 * rank) */


struct tt_vectors_s {
    void            *map;
    size_t           size;
    uint64_t         checksum;
    uint32_t         count;
    const uint64_t  *entry;
    const float     *scale;
    const int8_t    *row;
};


static const char *tt_vectors_check(tt_vectors_t *v);


uint64_t
tt_table_key(const unsigned char *word, size_t len)
{
    uint64_t  h;

    h = tt_hash(TT_HASH_START, word, len);

    h ^= h >> 32;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 32;

    return h & ~(uint64_t) 0xffff;
}


int
tt_vectors_open(const char *path, tt_vectors_t **vectors, char *err,
    size_t errlen)
{
    int            fd;
    const char    *why;
    struct stat    st;
    tt_vectors_t  *v;

    *vectors = NULL;

    fd = open(path, O_RDONLY|O_CLOEXEC);

    if (fd == -1 || fstat(fd, &st) == -1) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));

        if (fd != -1) {
            close(fd);
        }

        return MODEL_ERROR;
    }

    if (!S_ISREG(st.st_mode) || st.st_size < (off_t) sizeof(tt_table_t)) {
        snprintf(err, errlen, "%s: not a table of word vectors", path);
        close(fd);

        return MODEL_ERROR;
    }

    v = calloc(1, sizeof(tt_vectors_t));

    if (v == NULL) {
        snprintf(err, errlen, "no memory");
        close(fd);

        return MODEL_NOMEM;
    }

    v->size = (size_t) st.st_size;
    v->map = mmap(NULL, v->size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);

    if (v->map == MAP_FAILED) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        free(v);

        return MODEL_ERROR;
    }

    why = tt_vectors_check(v);

    if (why != NULL) {
        snprintf(err, errlen, "%s: %s", path, why);
        tt_vectors_close(v);

        return MODEL_ERROR;
    }

    *vectors = v;

    return MODEL_OK;
}


/* Returns what is wrong, or NULL. */

static const char *
tt_vectors_check(tt_vectors_t *v)
{
    size_t             i, need;
    const char        *data;
    const tt_table_t  *h;

    data = v->map;
    h = v->map;

    if (h->magic != TT_TABLE_MAGIC) {
        return "not a table of word vectors";
    }

    if (h->version != TT_TABLE_VERSION || h->dim != TT_TABLE_DIM) {
        return "a table of another version";
    }

    if (h->count == 0 || h->count > TT_TABLE_WORDS) {
        return "damaged";
    }

    need = sizeof(tt_table_t)
           + (size_t) h->count * (sizeof(uint64_t) + sizeof(float)
                                  + TT_TABLE_DIM);

    if (h->size != need || v->size != need) {
        return "cut short or damaged";
    }

    if (tt_hash(TT_HASH_START, data + sizeof(tt_table_t),
                need - sizeof(tt_table_t))
        != h->checksum)
    {
        return "damaged (wrong checksum)";
    }

    v->count = h->count;
    v->checksum = h->checksum;
    v->entry = (const uint64_t *) (data + sizeof(tt_table_t));
    v->scale = (const float *) (v->entry + h->count);
    v->row = (const int8_t *) (v->scale + h->count);

    for (i = 0; i < v->count; i++) {
        if ((v->entry[i] & 0xffff) >= v->count) {
            return "damaged";
        }
    }

    return NULL;
}


void
tt_vectors_close(tt_vectors_t *vectors)
{
    if (vectors == NULL) {
        return;
    }

    munmap(vectors->map, vectors->size);
    free(vectors);
}


uint64_t
tt_vectors_id(const tt_vectors_t *vectors)
{
    return vectors->checksum;
}


/* Returns the row of a word, or -1. */

static int
tt_vectors_find(const tt_vectors_t *v, const unsigned char *word, size_t len)
{
    size_t    low, high, mid;
    uint64_t  key;

    key = tt_table_key(word, len);
    low = 0;
    high = v->count;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (v->entry[mid] < key) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low < v->count && (v->entry[low] & ~(uint64_t) 0xffff) == key) {
        return (int) (v->entry[low] & 0xffff);
    }

    return -1;
}


void
tt_vectors_apply(const tt_vectors_t *vectors, tt_scratch_t *scratch)
{
    int                row;
    float              weight, norm;
    double             p, sum;
    size_t             i, k, len;
    const int8_t      *vector;
    const tt_token_t  *t;
    unsigned char      word[4 * TT_LONGEST_WORD];

    memset(scratch->dense, 0, sizeof(scratch->dense));
    scratch->nfound = 0;

    for (i = 0; i < scratch->ntokens; i++) {
        t = &scratch->token[i];

        if (t->kind != TT_WORD || t->len > TT_LONGEST_WORD) {
            continue;
        }

        len = tt_encode(scratch->word + t->start, t->len, word);
        row = tt_vectors_find(vectors, word, len);

        if (row == -1 && len > 3 && word[len - 1] == 's') {
            row = tt_vectors_find(vectors, word, len - 1);
        }

        if (row == -1) {
            continue;
        }

        p = 1 / (TT_ZIPF * (row + 1));
        weight = (float) (TT_SMOOTH / (TT_SMOOTH + p)) * vectors->scale[row];
        vector = vectors->row + (size_t) row * TT_TABLE_DIM;

        for (k = 0; k < TT_DENSE; k++) {
            scratch->dense[k] += weight * (float) vector[k];
        }

        scratch->nfound++;
    }

    sum = 0;
    for (k = 0; k < TT_DENSE; k++) {
        sum += (double) scratch->dense[k] * (double) scratch->dense[k];
    }

    norm = sum > 0 ? (float) (TT_MEANING / sqrt(sum)) : 0;

    for (k = 0; k < TT_DENSE; k++) {
        scratch->dense[k] *= norm;
    }
}
