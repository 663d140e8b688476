/*
 * Parts of the text model that its own files share.  Outside, see
 * text_model.h.
 */

#ifndef TEXT_INTERNAL_H
#define TEXT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "text_model.h"


#define TT_MAX_CODE_POINTS  8192     /* of a text that are read */
#define TT_BUCKET_BITS      18
#define TT_BUCKETS          (1U << TT_BUCKET_BITS)
#define TT_DENSE            100      /* columns of word meaning */
#define TT_MAX_LABELS       100000
#define TT_MAX_LABEL_LEN    65535
#define TT_LANGUAGE_LEN     8

#define TT_FILE_VECTORS     1        /* flag: trained with word vectors */


/* What stands in a token. */
enum {
    TT_WORD,        /* letters, marks, numbers */
    TT_RUN,         /* code points of a script written without spaces */
    TT_SYMBOL       /* one code point: ? ! or an emoji */
};


typedef struct {
    uint32_t         start;     /* first code point in the scratch's word[] */
    uint32_t         len;
    uint32_t         from;      /* its place in the code points read ... */
    uint32_t         to;        /* ... and the first one behind it */
    uint32_t         kind;
} tt_token_t;


/*
 * Memory that one text after the other is worked in.  Zero it before the
 * first use, tt_scratch_free() at the end.
 */
typedef struct {
    unsigned char   *bytes;     /* the text as valid UTF-8 */
    size_t           bytes_cap;
    int32_t         *cp;        /* code points, normalised or as typed */
    size_t           ncp;
    size_t           cp_cap;
    int32_t         *word;      /* the tokens' code points */
    size_t           word_cap;
    tt_token_t      *token;
    size_t           ntokens;
    size_t           token_cap;
    uint32_t        *feature;   /* see tt_features() */
    size_t           nfeatures;
    uint32_t        *sorted;    /* room to sort features in */
    size_t           feature_cap;
    size_t           sorted_cap;
    float            dense[TT_DENSE];
    int              nfound;    /* words found in the vector table */
} tt_scratch_t;


/* One feature: bucket above two flags. */
#define TT_FEATURE_DOUBLE   1U   /* value 2 instead of 1 */
#define TT_FEATURE_UNIT     2U   /* a unit by itself (W1) */
#define tt_feature_bucket(f)  ((f) >> 2)


/* A model in memory, as read from a file or about to be written. */
struct tt_model_s {
    uint32_t         examples;      /* N */
    uint32_t         nlabels;
    uint32_t         nbuckets;
    uint32_t         ndense;        /* TT_DENSE or 0 */
    float            temperature;   /* T */
    float            unseen;        /* idf of a bucket not seen */
    char             language[TT_LANGUAGE_LEN];
    uint64_t         table;         /* which vector table it was trained with */

    const tt_vectors_t  *vectors;   /* NULL: not trained with, or missing */

    model_str_t     *label;
    uint32_t        *bucket;        /* sorted */
    float           *idf;
    int8_t          *weight;        /* [bucket, then dense][label] */
    float           *scale;         /* of each label's weights */
    uint32_t        *group;         /* first bucket of each group of 256 */

    model_word_t    *word;          /* all labels' words, label by label */
    uint32_t        *first_word;    /* nlabels + 1 entries into word */

    char            *strings;       /* what label points into */
    char            *word_strings;  /* what word points into */
    size_t           nstrings;      /* bytes of both */
    size_t           size;          /* bytes of memory */
};


/* text_chars.c */

/*
 * Reads at most TT_MAX_CODE_POINTS code points of text into scratch->cp as
 * they are; a byte that is not UTF-8 becomes a space.  If offset is not NULL
 * it gets the byte offset of each code point and of the end of what was read
 * (room for TT_MAX_CODE_POINTS + 1).  MODEL_OK, MODEL_NOMEM.
 */
int tt_decode(tt_scratch_t *scratch, const char *text, size_t len,
    uint32_t *offset);

/* The normal form of a text (case, accents, variants) in scratch->cp.
 * MODEL_OK, MODEL_NOMEM, MODEL_ERROR. */
int tt_normalise(tt_scratch_t *scratch, const char *text, size_t len);

/* Splits scratch->cp into scratch->token.  MODEL_OK, MODEL_NOMEM. */
int tt_tokenise(tt_scratch_t *scratch);

/* Writes n code points as UTF-8 to out, which has room for 4 * n bytes;
 * returns the length. */
size_t tt_encode(const int32_t *cp, size_t n, unsigned char *out);

void tt_scratch_free(tt_scratch_t *scratch);

/* Makes room for n items of the given size: array and capacity are updated.
 * MODEL_OK, MODEL_NOMEM (the array stays). */
int tt_grow(void *array, size_t *cap, size_t n, size_t size);


/* text_features.c */

/*
 * The features of scratch->token: scratch->feature[0 .. nfeatures) holds each
 * bucket once, sorted, shifted left by two, with flags below.
 * MODEL_OK, MODEL_NOMEM.
 */
int tt_features(tt_scratch_t *scratch);

/* Normalises, splits and makes features, and the dense part if vectors is not
 * NULL (else nfound = 0). */
int tt_read_text(tt_scratch_t *scratch, const tt_vectors_t *vectors,
    const char *text, size_t len);

/* 64-bit FNV-1a of bytes, continued from h (TT_HASH_START at first). */
#define TT_HASH_START  0xcbf29ce484222325ULL
uint64_t tt_hash(uint64_t h, const void *data, size_t len);

/* Weight of a bucket that df of n examples have. */
float tt_idf(uint32_t n, uint32_t df);


/* text_vectors.c */

/* Mean direction of the words of scratch->token, length 0.6, in
 * scratch->dense; scratch->nfound tells how many words the table knows. */
void tt_vectors_apply(const tt_vectors_t *vectors, tt_scratch_t *scratch);

/* Checksum that tells one table from another. */
uint64_t tt_vectors_id(const tt_vectors_t *vectors);


/* text_model.c */

typedef struct {
    int              known_unit;    /* a unit was seen in training */
    double           known;         /* share of the squared weight that was */
} tt_known_t;

/*
 * Decision values of the text in scratch (after tt_read_text()) for all
 * labels; sum is room for nlabels floats.
 */
void tt_score(const tt_model_t *model, const tt_scratch_t *scratch,
    float *sum, double *scores, tt_known_t *known);

/* Bytewise order: below, equal to or above 0. */
int tt_str_cmp(const model_str_t *a, const model_str_t *b);

/* Fills group, unseen and size from the rest.  MODEL_OK, MODEL_NOMEM. */
int tt_model_index(tt_model_t *model);


/* text_file.c */

/* Writes the model's file.  MODEL_OK, MODEL_NOMEM, MODEL_REFUSED (too big). */
int tt_file_write(const tt_model_t *model, model_buf_t *out);

/* Reads it into a zeroed model, which the caller closes on failure too. */
int tt_file_read(const unsigned char *data, size_t len, tt_model_t *model,
    const char **why);


/* text_words.c */

/*
 * Fills the model's words: those of the examples' texts which, alone, speak
 * most for each label.  MODEL_OK, MODEL_NOMEM, MODEL_ERROR.
 */
int tt_words_learn(tt_model_t *model, const model_example_t *examples,
    size_t n);


/* text_calibrate.c */

/*
 * The temperature T that makes softmax(T * s) most likely to be right.
 * scores: n rows of nlabels decision values, right: the right one of each.
 * Returns T, or 0 without memory.
 */
double tt_fit_temperature(const float *scores, const uint32_t *right,
    size_t n, size_t nlabels);


#endif /* TEXT_INTERNAL_H */
