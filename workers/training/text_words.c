/*
 * Explanations: the words that a model goes by, as children typed them.
 */

#include <stdlib.h>
#include <string.h>

#include "text_internal.h"


#define TT_WORD_BYTES   64      /* longer words explain nothing */
#define TT_WORD_LIMIT   20000   /* distinct words scored, most frequent first */
#define TT_RUN_WHOLE    4       /* code points: longer runs go in pieces */


/* A word as typed; later, one for all ways to type it. */
typedef struct {
    model_str_t      typed;
    uint64_t         form;      /* hash of its normal form */
    size_t           count;
} tt_typed_t;


typedef struct {
    tt_typed_t      *item;
    size_t           n;
    size_t           cap;
} tt_list_t;


/* The best words of one label so far. */
typedef struct {
    model_word_t     word[TT_LABEL_WORDS];
    size_t           n;
} tt_best_t;


static int tt_list_text(tt_list_t *list, tt_scratch_t *scratch,
    uint32_t *offset, const model_str_t *text, size_t piece);
static int tt_form(tt_typed_t *w, tt_scratch_t *scratch);
static int tt_list_forms(tt_list_t *list, tt_scratch_t *scratch);
static int tt_rank(const tt_model_t *model, const tt_list_t *list,
    tt_scratch_t *scratch, tt_best_t *best);
static int tt_words_store(tt_model_t *model, const tt_best_t *best);
static int tt_leave_out(const tt_model_t *model, tt_list_t *list,
    const model_str_t *whole, model_word_t *words, size_t room, size_t *n);
static size_t tt_without(tt_list_t *list, size_t i, const model_str_t *whole,
    char *rest);
static int tt_typed_cmp(const void *one, const void *two);
static int tt_form_cmp(const void *one, const void *two);
static int tt_count_cmp(const void *one, const void *two);
static int tt_weight_cmp(const void *one, const void *two);


int
tt_words_learn(tt_model_t *model, const model_example_t *examples, size_t n)
{
    int            rc;
    size_t         i;
    uint32_t      *offset;
    tt_best_t     *best;
    tt_list_t      list;
    tt_scratch_t   scratch;

    memset(&list, 0, sizeof(list));
    memset(&scratch, 0, sizeof(scratch));

    offset = malloc((TT_MAX_CODE_POINTS + 1) * sizeof(uint32_t));
    best = calloc(model->nlabels, sizeof(tt_best_t));

    rc = offset == NULL || best == NULL ? MODEL_NOMEM : MODEL_OK;

    /* with one label there is nothing to tell apart */

    if (model->nlabels > 1) {
        for (i = 0; i < n && rc == MODEL_OK; i++) {
            rc = tt_list_text(&list, &scratch, offset, &examples[i].input,
                              2);
        }

        if (rc == MODEL_OK) {
            rc = tt_list_forms(&list, &scratch);
        }

        if (rc == MODEL_OK) {
            rc = tt_rank(model, &list, &scratch, best);
        }
    }

    if (rc == MODEL_OK) {
        rc = tt_words_store(model, best);
    }

    tt_scratch_free(&scratch);
    free(list.item);
    free(offset);
    free(best);

    return rc;
}


static int
tt_list_add(tt_list_t *list, const char *data, size_t len)
{
    tt_typed_t  *w;

    if (len > TT_WORD_BYTES) {
        return MODEL_OK;
    }

    if (tt_grow(&list->item, &list->cap, list->n + 1, sizeof(tt_typed_t))
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    w = &list->item[list->n++];
    w->typed.data = data;
    w->typed.len = len;
    w->form = 0;
    w->count = 1;

    return MODEL_OK;
}


/* Adds the words of a text as they stand there; of a long run without spaces
 * all pieces of so many code points. */

static int
tt_list_text(tt_list_t *list, tt_scratch_t *scratch, uint32_t *offset,
    const model_str_t *text, size_t piece)
{
    int                rc;
    size_t             i, from, step, width;
    const tt_token_t  *t;

    rc = tt_decode(scratch, text->data, text->len, offset);

    if (rc == MODEL_OK) {
        rc = tt_tokenise(scratch);
    }

    for (i = 0; i < scratch->ntokens && rc == MODEL_OK; i++) {
        t = &scratch->token[i];

        width = t->to - t->from;
        step = width;

        if (t->kind == TT_RUN && width > TT_RUN_WHOLE) {
            width = piece;
            step = 1;
        }

        for (from = t->from; from + width <= t->to && rc == MODEL_OK;
             from += step)
        {
            rc = tt_list_add(list, text->data + offset[from],
                             offset[from + width] - offset[from]);
        }
    }

    return rc;
}


/* Hash of a word's normal form: the tokens' code points, so without
 * apostrophes, as in features. */

static int
tt_form(tt_typed_t *w, tt_scratch_t *scratch)
{
    int          rc;
    size_t       n;
    tt_token_t  *last;

    rc = tt_normalise(scratch, w->typed.data, w->typed.len);

    if (rc == MODEL_OK) {
        rc = tt_tokenise(scratch);
    }

    if (rc != MODEL_OK) {
        return rc;
    }

    n = 0;

    if (scratch->ntokens > 0) {
        last = &scratch->token[scratch->ntokens - 1];
        n = last->start + last->len;
    }

    w->form = tt_hash(TT_HASH_START, scratch->word, n * sizeof(int32_t));

    return MODEL_OK;
}


/*
 * Joins equal words, then those with the same normal form: the most frequent
 * way to type it stands for all (of equally frequent ones the first in
 * bytewise order).  Keeps the most frequent words.
 */

static int
tt_list_forms(tt_list_t *list, tt_scratch_t *scratch)
{
    int          rc;
    size_t       i, n;
    tt_typed_t  *w;

    if (list->n == 0) {
        return MODEL_OK;
    }

    w = list->item;

    qsort(w, list->n, sizeof(tt_typed_t), tt_typed_cmp);

    n = 0;

    for (i = 1; i < list->n; i++) {
        if (tt_str_cmp(&w[i].typed, &w[n].typed) == 0) {
            w[n].count++;

        } else {
            w[++n] = w[i];
        }
    }

    list->n = n + 1;

    for (i = 0; i < list->n; i++) {
        rc = tt_form(&w[i], scratch);

        if (rc != MODEL_OK) {
            return rc;
        }
    }

    qsort(w, list->n, sizeof(tt_typed_t), tt_form_cmp);

    n = 0;

    for (i = 1; i < list->n; i++) {
        if (w[i].form == w[n].form) {
            w[n].count += w[i].count;

        } else {
            w[++n] = w[i];
        }
    }

    list->n = n + 1;

    qsort(w, list->n, sizeof(tt_typed_t), tt_count_cmp);

    if (list->n > TT_WORD_LIMIT) {
        list->n = TT_WORD_LIMIT;
    }

    return MODEL_OK;
}


/* Scores each word alone and keeps it for the label it speaks for, if it is
 * among that label's best. */

static int
tt_rank(const tt_model_t *model, const tt_list_t *list, tt_scratch_t *scratch,
    tt_best_t *best)
{
    int            rc;
    float         *sum;
    size_t         i, k, top;
    double        *s, second;
    tt_best_t     *b;
    tt_known_t     known;
    model_word_t   w;

    sum = malloc(model->nlabels * sizeof(float));
    s = malloc(model->nlabels * sizeof(double));

    rc = sum == NULL || s == NULL ? MODEL_NOMEM : MODEL_OK;

    for (i = 0; i < list->n && rc == MODEL_OK; i++) {
        w.word = list->item[i].typed;

        rc = tt_read_text(scratch, model->vectors, w.word.data, w.word.len);

        if (rc != MODEL_OK) {
            break;
        }

        tt_score(model, scratch, sum, s, &known);

        top = 0;
        for (k = 1; k < model->nlabels; k++) {
            top = s[k] > s[top] ? k : top;
        }

        second = s[top ? 0 : 1];
        for (k = 0; k < model->nlabels; k++) {
            if (k != top && s[k] > second) {
                second = s[k];
            }
        }

        w.weight = (double) (float) (s[top] - second);

        if (w.weight <= 0) {
            continue;
        }

        b = &best[top];
        k = b->n;

        if (k == TT_LABEL_WORDS) {
            if (tt_weight_cmp(&w, &b->word[--k]) > 0) {
                continue;
            }

        } else {
            b->n++;
        }

        for ( /* void */ ; k > 0 && tt_weight_cmp(&w, &b->word[k - 1]) < 0;
             k--)
        {
            b->word[k] = b->word[k - 1];
        }

        b->word[k] = w;
    }

    free(sum);
    free(s);

    return rc;
}


/* Copies the words into the model. */

static int
tt_words_store(tt_model_t *model, const tt_best_t *best)
{
    char          *s;
    size_t         i, k, n, len;
    model_word_t  *w;

    n = 0;
    len = 0;

    for (i = 0; i < model->nlabels; i++) {
        n += best[i].n;

        for (k = 0; k < best[i].n; k++) {
            len += best[i].word[k].word.len;
        }
    }

    model->word = malloc((n + 1) * sizeof(model_word_t));
    model->first_word = malloc(((size_t) model->nlabels + 1)
                               * sizeof(uint32_t));
    model->word_strings = malloc(len + 1);

    if (model->word == NULL || model->first_word == NULL
        || model->word_strings == NULL)
    {
        return MODEL_NOMEM;
    }

    w = model->word;
    s = model->word_strings;

    for (i = 0; i < model->nlabels; i++) {
        model->first_word[i] = (uint32_t) (w - model->word);

        for (k = 0; k < best[i].n; k++) {
            *w = best[i].word[k];
            memcpy(s, w->word.data, w->word.len);
            w->word.data = s;
            s += w->word.len;
            w++;
        }
    }

    model->first_word[i] = (uint32_t) (w - model->word);

    return MODEL_OK;
}


int
tt_explain(const tt_model_t *model, const char *text, size_t len,
    model_word_t *words, size_t *n)
{
    int            rc;
    size_t         i, room;
    uint32_t      *offset;
    tt_list_t      list;
    model_str_t    whole;
    tt_scratch_t   scratch;

    room = *n;
    *n = 0;

    memset(&list, 0, sizeof(list));
    memset(&scratch, 0, sizeof(scratch));

    offset = malloc((TT_MAX_CODE_POINTS + 1) * sizeof(uint32_t));
    if (offset == NULL) {
        return MODEL_NOMEM;
    }

    whole.data = text;
    whole.len = len;

    rc = tt_list_text(&list, &scratch, offset, &whole, 1);

    if (rc == MODEL_OK) {
        whole.len = offset[scratch.ncp];
    }

    for (i = 0; i < list.n && rc == MODEL_OK; i++) {
        rc = tt_form(&list.item[i], &scratch);
    }

    if (rc == MODEL_OK) {
        rc = tt_leave_out(model, &list, &whole, words, room, n);
    }

    tt_scratch_free(&scratch);
    free(list.item);
    free(offset);

    return rc;
}


/* Scores the text without each of its first words in turn. */

static int
tt_leave_out(const tt_model_t *model, tt_list_t *list,
    const model_str_t *whole, model_word_t *words, size_t room, size_t *n)
{
    int          rc;
    char        *rest;
    double      *full, *without;
    size_t       i, k, top;
    model_str_t  part;

    full = malloc(2 * (size_t) model->nlabels * sizeof(double));
    rest = malloc(whole->len + 1);

    if (full == NULL || rest == NULL) {
        free(full);
        free(rest);
        return MODEL_NOMEM;
    }

    without = full + model->nlabels;

    rc = tt_scores(model, whole->data, whole->len, full);

    if (rc == MODEL_REFUSED) {
        /* nothing to explain about an answer by lot */
        list->n = 0;
        rc = MODEL_OK;
    }

    top = 0;
    for (k = 1; rc == MODEL_OK && k < model->nlabels; k++) {
        top = full[k] > full[top] ? k : top;
    }

    for (i = 0; i < list->n && rc == MODEL_OK && room > 0; i++) {

        if (list->item[i].count == 0) {
            continue;
        }

        room--;

        part.data = rest;
        part.len = tt_without(list, i, whole, rest);

        rc = tt_scores(model, part.data, part.len, without);

        if (rc == MODEL_REFUSED) {
            rc = MODEL_OK;
        }

        if (rc == MODEL_OK && full[top] > without[top]) {
            words[*n].word = list->item[i].typed;
            words[(*n)++].weight = full[top] - without[top];
        }
    }

    if (rc == MODEL_OK) {
        qsort(words, *n, sizeof(model_word_t), tt_weight_cmp);
    }

    free(full);
    free(rest);

    return rc;
}


/* Writes the text without all places of word i to rest and marks them as
 * done; returns the length. */

static size_t
tt_without(tt_list_t *list, size_t i, const model_str_t *whole, char *rest)
{
    size_t       k, n, from, place;
    tt_typed_t  *w;

    n = 0;
    from = 0;

    for (k = i; k < list->n; k++) {
        w = &list->item[k];

        if (w->form != list->item[i].form) {
            continue;
        }

        place = (size_t) (w->typed.data - whole->data);

        memcpy(rest + n, whole->data + from, place - from);
        n += place - from;
        from = place + w->typed.len;
        w->count = 0;
    }

    memcpy(rest + n, whole->data + from, whole->len - from);

    return n + whole->len - from;
}


static int
tt_typed_cmp(const void *one, const void *two)
{
    const tt_typed_t  *a, *b;

    a = one;
    b = two;

    return tt_str_cmp(&a->typed, &b->typed);
}


/* Normal form; of one form the most frequent, then the first in order. */

static int
tt_form_cmp(const void *one, const void *two)
{
    const tt_typed_t  *a, *b;

    a = one;
    b = two;

    if (a->form != b->form) {
        return a->form < b->form ? -1 : 1;
    }

    return tt_count_cmp(one, two);
}


static int
tt_count_cmp(const void *one, const void *two)
{
    const tt_typed_t  *a, *b;

    a = one;
    b = two;

    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }

    return tt_typed_cmp(one, two);
}


static int
tt_weight_cmp(const void *one, const void *two)
{
    const model_word_t  *a, *b;

    a = one;
    b = two;

    if (a->weight > b->weight || a->weight < b->weight) {
        return a->weight > b->weight ? -1 : 1;
    }

    return tt_str_cmp(&a->word, &b->word);
}
