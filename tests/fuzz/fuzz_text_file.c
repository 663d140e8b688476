/*
 * Model files of any bytes.  The first byte says whether the checksum is made
 * right, so that the reader's other checks are reached too.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text_internal.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define must(condition)                                                       \
    do {                                                                      \
        if (!(condition)) {                                                   \
            abort();                                                          \
        }                                                                     \
    } while (0)


static void
use(const tt_model_t *m)
{
    int             random;
    size_t          i, k, n;
    model_word_t    word[4];
    model_match_t  *match;

    static const char  text[] = "an apple and a potato! \xe7\x8c\xab";

    match = malloc(tt_model_labels(m) * sizeof(model_match_t));
    must(match != NULL);

    must(tt_classify(m, text, sizeof(text) - 1, match, &n, &random)
         == MODEL_OK);
    must(n == (random ? 1 : tt_model_labels(m)));

    for (i = 0; i < n; i++) {
        must(match[i].confidence >= 0 && match[i].confidence <= 100);
    }

    k = 4;
    must(tt_explain(m, text, sizeof(text) - 1, word, &k) == MODEL_OK);
    must(k <= 4);

    for (i = 0; i < tt_model_labels(m); i++) {
        tt_label_words(m, i, &n);
        must(n <= TT_LABEL_WORDS);
    }

    free(match);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char            err[MODEL_ERROR_LEN];
    size_t          i;
    uint64_t        sum;
    tt_model_t     *m;
    unsigned char  *file;

    if (size == 0) {
        return 0;
    }

    file = malloc(size);
    must(file != NULL);

    memcpy(file, data + 1, size - 1);

    if (data[0] % 2 && size > 8) {
        sum = tt_hash(TT_HASH_START, file, size - 1 - 8);

        for (i = 0; i < 8; i++) {
            file[size - 1 - 8 + i] = (unsigned char) (sum >> 8 * i);
        }
    }

    if (tt_model_open(file, size - 1, NULL, &m, err, sizeof(err))
        == MODEL_OK)
    {
        use(m);
        tt_model_close(m);
    }

    free(file);

    return 0;
}
