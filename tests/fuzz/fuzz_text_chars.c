/* Normal form, tokens and features of text models, of any bytes. */

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


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char          *text;
    size_t         i, end, again;
    tt_token_t    *t;
    tt_scratch_t   s, n;

    text = malloc(size ? size : 1);
    must(text != NULL);

    if (size) {
        memcpy(text, data, size);
    }

    memset(&s, 0, sizeof(s));
    memset(&n, 0, sizeof(n));

    must(tt_read_text(&s, NULL, text, size) == MODEL_OK);

    end = 0;

    for (i = 0; i < s.ntokens; i++) {
        t = &s.token[i];

        must(t->len > 0 && t->start == end);
        must(t->from < t->to && t->to <= s.ncp);
        must(i == 0 || t->from >= t[-1].to);
        must(t->kind != TT_SYMBOL || t->len == 1);

        end += t->len;
    }

    must(end <= s.ncp);

    for (i = 1; i < s.nfeatures; i++) {
        must(tt_feature_bucket(s.feature[i - 1])
             < tt_feature_bucket(s.feature[i]));
    }

    must((s.ntokens > 0) == (s.nfeatures > 0));

    /* what was normalised once stays as it is */

    if (s.ncp <= TT_MAX_CODE_POINTS) {
        must(tt_grow(&s.bytes, &s.bytes_cap, s.ncp * 4 + 1, 1) == MODEL_OK);
        again = tt_encode(s.cp, s.ncp, s.bytes);

        must(tt_normalise(&n, (char *) s.bytes, again) == MODEL_OK);
        must(n.ncp == s.ncp);
        must(n.ncp == 0 || memcmp(n.cp, s.cp, n.ncp * sizeof(int32_t)) == 0);
    }

    tt_scratch_free(&s);
    tt_scratch_free(&n);
    free(text);

    return 0;
}
