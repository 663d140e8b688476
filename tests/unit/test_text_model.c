/*
 * Training, the model file, answers and explanations of text models.
 */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_corpus.h"
#include "text_internal.h"


#define MAX_LABELS  64


static char         err[MODEL_ERROR_LEN];
static model_buf_t  food;


static model_buf_t
trained(const model_example_t *e, size_t n, const char *language)
{
    model_buf_t  out;

    assert_int_equal(tt_train(e, n, language, NULL, &out, NULL, err,
                              sizeof(err)), MODEL_OK);

    return out;
}


static tt_model_t *
opened(const model_buf_t *file)
{
    tt_model_t  *m;

    assert_int_equal(tt_model_open(file->data, file->len, NULL, &m, err,
                                   sizeof(err)), MODEL_OK);
    return m;
}


static int
opens(const unsigned char *data, size_t len)
{
    int          rc;
    tt_model_t  *m;

    err[0] = '\0';
    rc = tt_model_open(data, len, NULL, &m, err, sizeof(err));

    if (rc != MODEL_OK) {
        assert_null(m);
        assert_true(strlen(err) > 0);
        return 0;
    }

    tt_model_close(m);

    return 1;
}


/* Best label of a text; checks what holds for every answer. */

static const char *
answer(const tt_model_t *m, const char *text, size_t len, int *random)
{
    size_t         i, n;
    static char    label[64];
    model_match_t  match[MAX_LABELS];

    assert_true(tt_model_labels(m) <= MAX_LABELS);
    assert_int_equal(tt_classify(m, text, len, match, &n, random), MODEL_OK);

    if (*random) {
        assert_int_equal(n, 1);
        assert_int_equal(match[0].confidence, 0);

    } else {
        assert_int_equal(n, tt_model_labels(m));
    }

    for (i = 0; i < n; i++) {
        assert_in_range(match[i].confidence, 0, 100);

        if (i > 0 && match[i].confidence == match[i - 1].confidence) {
            assert_true(tt_str_cmp(&match[i - 1].label, &match[i].label) < 0);

        } else if (i > 0) {
            assert_true(match[i].confidence < match[i - 1].confidence);
        }
    }

    assert_true(match[0].label.len < sizeof(label));
    memcpy(label, match[0].label.data, match[0].label.len);
    label[match[0].label.len] = '\0';

    return label;
}


static void
test_answers(void **state)
{
    int          random;
    tt_model_t  *m;

    (void) state;

    m = opened(&food);
    assert_int_equal(tt_model_labels(m), 2);
    assert_int_equal(tt_model_label(m, 0).len, strlen("fruit"));
    assert_true(tt_model_size(m) > food.len);

    assert_string_equal(answer(m, "yellow apples", 13, &random), "fruit");
    assert_int_equal(random, 0);
    assert_string_equal(answer(m, "POTATO soup", 11, &random), "vegetable");
    assert_int_equal(random, 0);

    /* the label's own name is an example */
    assert_string_equal(answer(m, "vegetable", 9, &random), "vegetable");
    assert_int_equal(random, 0);

    tt_model_close(m);
}


static void
test_unknown(void **state)
{
    int          random, i, fruit;
    tt_model_t  *m;

    (void) state;

    m = opened(&food);

    answer(m, "", 0, &random);
    assert_int_equal(random, 1);
    answer(m, NULL, 0, &random);
    assert_int_equal(random, 1);
    answer(m, " .,;\n", 5, &random);
    assert_int_equal(random, 1);
    answer(m, "xqzwk jjvq", 10, &random);
    assert_int_equal(random, 1);
    answer(m, "\xe7\x8c\xab\xe7\x8a\xac", 6, &random);
    assert_int_equal(random, 1);
    answer(m, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8, &random);
    assert_int_equal(random, 1);
    answer(m, "\0\0\0", 3, &random);
    assert_int_equal(random, 1);
    answer(m, "\xff\xfe\xc3", 3, &random);
    assert_int_equal(random, 1);

    /* both labels are drawn: all alike once in 2^199 runs */
    fruit = 0;
    for (i = 0; i < 200; i++) {
        fruit += strcmp(answer(m, "", 0, &random), "fruit") == 0;
    }

    assert_in_range(fruit, 1, 199);

    tt_model_close(m);
}


static void
test_large_text(void **state)
{
    int          random;
    char        *text;
    size_t       i, n;
    tt_model_t  *m;

    (void) state;

    n = 1 << 20;
    text = malloc(n);
    assert_non_null(text);

    for (i = 0; i < n; i++) {
        text[i] = "green cabbage "[i % 14];
    }

    m = opened(&food);
    assert_string_equal(answer(m, text, n, &random), "vegetable");
    assert_int_equal(random, 0);

    memset(text, 'x', n);
    answer(m, text, n, &random);

    memset(text, 0x80, n);
    answer(m, text, n, &random);
    assert_int_equal(random, 1);

    tt_model_close(m);
    free(text);
}


static void
test_file_cut(void **state)
{
    size_t          len;
    unsigned char  *copy;

    (void) state;

    assert_true(opens(food.data, food.len));

    for (len = 0; len < food.len; len++) {
        /* a block of its own, so that reading on is seen */
        copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, food.data, len);
        assert_false(opens(copy, len));
        free(copy);
    }

    copy = malloc(food.len + 1);
    assert_non_null(copy);
    memcpy(copy, food.data, food.len);
    copy[food.len] = 0;
    assert_false(opens(copy, food.len + 1));
    free(copy);
}


static void
test_file_flipped(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < food.len; i++) {
        food.data[i] ^= (unsigned char) (1 << i % 8);
        assert_false(opens(food.data, food.len));
        food.data[i] ^= (unsigned char) (1 << i % 8);
    }

    assert_true(opens(food.data, food.len));
}


static void
seal(model_buf_t *file)
{
    size_t    i;
    uint64_t  sum;

    sum = tt_hash(TT_HASH_START, file->data, file->len - 8);

    for (i = 0; i < 8; i++) {
        file->data[file->len - 8 + i] = (unsigned char) (sum >> 8 * i);
    }
}


static void
test_file_forged(void **state)
{
    size_t          i, k;
    int             random;
    unsigned char   old;
    tt_model_t     *m;

    static const unsigned char  value[] = { 0, 1, 0x7f, 0x80, 0xff };

    (void) state;

    /* with a right checksum: refused, or a model that answers something */

    for (i = 0; i < 400 && i < food.len - 8; i++) {
        for (k = 0; k < sizeof(value); k++) {
            old = food.data[i];
            food.data[i] = value[k];
            seal(&food);

            if (tt_model_open(food.data, food.len, NULL, &m, err, sizeof(err))
                == MODEL_OK)
            {
                answer(m, "sweet banana", 12, &random);
                tt_model_close(m);
            }

            food.data[i] = old;
        }
    }

    /* another version */
    food.data[8]++;
    seal(&food);
    assert_false(opens(food.data, food.len));
    assert_non_null(strstr(err, "version"));

    food.data[8]--;
    seal(&food);
    assert_true(opens(food.data, food.len));
}


static void
test_any_order(void **state)
{
    size_t            i, k, n, round;
    unsigned          draw;
    model_buf_t       file;
    model_example_t   e[corpus_count(corpus_food)], t;

    (void) state;

    n = corpus_count(corpus_food);
    memcpy(e, corpus_food, sizeof(e));
    draw = 7;

    for (round = 0; round < 8; round++) {
        for (i = n - 1; i > 0; i--) {
            draw = draw * 1103515245 + 12345;
            k = (draw >> 16) % (i + 1);
            t = e[i];
            e[i] = e[k];
            e[k] = t;
        }

        /* nor does the state of rand() matter */
        srand(draw);

        file = trained(e, n, round % 2 ? "en" : NULL);
        assert_int_equal(file.len, food.len);
        assert_memory_equal(file.data, food.data, food.len);
        free(file.data);
    }
}


static void
test_any_locale(void **state)
{
    model_buf_t  file;

    (void) state;

    if (setlocale(LC_ALL, "tr_TR.UTF-8") == NULL) {
        assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
    }

    file = trained(corpus_food, corpus_count(corpus_food), "en");
    setlocale(LC_ALL, "C");

    assert_int_equal(file.len, food.len);
    assert_memory_equal(file.data, food.data, food.len);
    free(file.data);
}


static void
test_duplicates(void **state)
{
    model_buf_t  one, two;

    static const model_example_t  once[] = {
        corpus_item("Caf\xc3\xa9 here", "a"),
        corpus_item("same", "a"),
        corpus_item("same", "b"),
        corpus_item("other", "b")
    };

    static const model_example_t  often[] = {
        corpus_item("cafe here", "a"),
        corpus_item("same", "b"),
        corpus_item("Caf\xc3\xa9 here", "a"),
        corpus_item("other", "b"),
        corpus_item("same", "a"),
        corpus_item("same", "a")
    };

    tt_stats_t  stats;

    (void) state;

    /* same sentences and the two labels' names */
    assert_int_equal(tt_train(once, 4, "en", NULL, &one, &stats, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(stats.examples, 6);
    assert_int_equal(stats.labels, 2);

    assert_int_equal(tt_train(often, 6, "en", NULL, &two, &stats, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(stats.examples, 6);

    free(one.data);
    free(two.data);
}


static void
test_names(void **state)
{
    int               random;
    size_t            i;
    char              text[20][16];
    tt_stats_t        stats;
    tt_model_t       *m;
    model_buf_t       file;
    model_example_t   e[21];

    (void) state;

    /* twenty sentences need no name, nineteen do */

    for (i = 0; i < 20; i++) {
        snprintf(text[i], sizeof(text[i]), "sentence %zu", i);
        e[i].input.data = text[i];
        e[i].input.len = strlen(text[i]);
        e[i].label.data = "many";
        e[i].label.len = 4;
    }

    e[20].input.data = "zzz";
    e[20].input.len = 3;
    e[20].label.data = "green_grass.hopper/one";
    e[20].label.len = strlen(e[20].label.data);

    assert_int_equal(tt_train(e, 21, "en", NULL, &file, &stats, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(stats.examples, 22);

    m = opened(&file);
    assert_string_equal(answer(m, "hopper", 6, &random), e[20].label.data);
    assert_int_equal(random, 0);
    tt_model_close(m);
    free(file.data);

    assert_int_equal(tt_train(e + 1, 20, "en", NULL, &file, &stats, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(stats.examples, 22);
    free(file.data);
}


static void
test_one_label(void **state)
{
    int             random;
    size_t          n;
    model_buf_t     file;
    tt_model_t     *m;
    model_match_t   match[1];

    (void) state;

    file = trained(corpus_food, 6, "en");
    m = opened(&file);

    assert_int_equal(tt_classify(m, "an apple", 8, match, &n, &random),
                     MODEL_OK);
    assert_int_equal(n, 1);
    assert_int_equal(random, 0);
    assert_int_equal(match[0].confidence, 100);
    assert_string_equal(answer(m, "", 0, &random), "fruit");

    tt_label_words(m, 0, &n);
    assert_int_equal(n, 0);

    tt_model_close(m);
    free(file.data);
}


static void
test_refused(void **state)
{
    char             *label;
    model_buf_t       file;
    model_example_t   e;

    (void) state;

    err[0] = '\0';
    assert_int_equal(tt_train(NULL, 0, "en", NULL, &file, NULL, err,
                              sizeof(err)), MODEL_REFUSED);
    assert_true(strlen(err) > 0);
    assert_null(file.data);

    label = malloc(70000);
    assert_non_null(label);
    memset(label, 'l', 70000);

    e = corpus_food[0];
    e.label.data = label;
    e.label.len = 70000;

    assert_int_equal(tt_train(&e, 1, "en", NULL, &file, NULL, err,
                              sizeof(err)), MODEL_REFUSED);
    free(label);
}


static void
test_odd_data(void **state)
{
    int          random;
    model_buf_t  file;
    tt_model_t  *m;

    static const model_example_t  odd[] = {
        corpus_item("", "empty"),
        corpus_item("...", "dots"),
        corpus_item("\xf0\x9f\x98\x80", "smile"),
        corpus_item("\xf0\x9f\x98\xa2\xf0\x9f\x98\xa2", "cry"),
        corpus_item("\xff\xfe\x00nul\x00", "bytes"),
        corpus_item("\xe7\x8c\xab", "\xe7\x8c\xab"),
        corpus_item("text", ""),
        corpus_item("", "")
    };

    (void) state;

    file = trained(odd, corpus_count(odd), "a-very-long-language-name");
    m = opened(&file);

    assert_int_equal(tt_model_labels(m), 7);
    assert_string_equal(answer(m, "\xf0\x9f\x98\x80", 4, &random), "smile");
    assert_int_equal(random, 0);
    assert_string_equal(answer(m, "\xf0\x9f\x98\xa2", 4, &random), "cry");
    assert_string_equal(answer(m, "nul", 3, &random), "bytes");
    assert_string_equal(answer(m, "\xe7\x8c\xab", 3, &random),
                        "\xe7\x8c\xab");

    tt_model_close(m);
    free(file.data);
}


/* Non-zero if word is among the words of a label. */

static int
has_word(const tt_model_t *m, size_t label, const char *word)
{
    size_t               i, n;
    const model_word_t  *w;

    w = tt_label_words(m, label, &n);
    assert_true(n <= TT_LABEL_WORDS);

    for (i = 0; i < n; i++) {
        assert_true(w[i].weight > 0);
        assert_true(i == 0 || w[i].weight <= w[i - 1].weight);

        if (w[i].word.len == strlen(word)
            && memcmp(w[i].word.data, word, w[i].word.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
test_words(void **state)
{
    tt_model_t  *m;

    (void) state;

    m = opened(&food);

    /* as typed, capital and all */
    assert_true(has_word(m, 0, "Spain"));
    assert_false(has_word(m, 1, "Spain"));
    assert_true(has_word(m, 1, "potato"));
    assert_false(has_word(m, 0, "potato"));

    tt_model_close(m);
}


static void
test_explain(void **state)
{
    size_t         n;
    tt_model_t    *m;
    const char    *text = "the Potato, and potato soup";
    model_word_t   w[10];

    (void) state;

    m = opened(&food);

    n = 10;
    assert_int_equal(tt_explain(m, text, strlen(text), w, &n), MODEL_OK);
    assert_in_range(n, 1, 4);
    assert_int_equal(w[0].word.len, 6);
    assert_ptr_equal(w[0].word.data, text + 4);
    assert_true(w[0].weight > 0);

    /* room for the first word alone */
    n = 1;
    assert_int_equal(tt_explain(m, "boiled potato", 13, w, &n), MODEL_OK);
    assert_int_equal(n, 1);
    assert_memory_equal(w[0].word.data, "boiled", 6);

    n = 0;
    assert_int_equal(tt_explain(m, "boiled", 6, w, &n), MODEL_OK);
    assert_int_equal(n, 0);

    n = 10;
    assert_int_equal(tt_explain(m, "", 0, w, &n), MODEL_OK);
    assert_int_equal(n, 0);

    n = 10;
    assert_int_equal(tt_explain(m, "\xff qqq \0", 7, w, &n), MODEL_OK);
    assert_int_equal(n, 0);

    tt_model_close(m);
}


static void
test_family(void **state)
{
    int                  random;
    void                *m;
    size_t               n;
    model_str_t          text = corpus_str("fresh spinach"), label;
    model_buf_t          file;
    model_data_t         data;
    model_match_t        match[2];
    const model_word_t  *words;

    (void) state;

    memset(&data, 0, sizeof(data));
    data.examples = corpus_food;
    data.n = corpus_count(corpus_food);

    assert_string_equal(tt_family.kind, "text");
    assert_int_equal(tt_family.train(&data, &file, err, sizeof(err)),
                     MODEL_OK);
    assert_int_equal(tt_family.open(file.data, file.len, NULL, &m, err,
                                    sizeof(err)), MODEL_OK);
    free(file.data);

    assert_int_equal(tt_family.labels(m), 2);
    assert_true(tt_family.size(m) > 0);
    assert_int_equal(tt_family.classify(m, text, match, &n, &random),
                     MODEL_OK);
    assert_int_equal(match[0].label.len, strlen("vegetable"));
    assert_int_equal(tt_family.describe(m, 1, &label, &words, &n), MODEL_OK);
    assert_int_equal(label.len, strlen("vegetable"));
    assert_true(n > 0);
    assert_int_equal(tt_family.describe(m, 2, &label, &words, &n),
                     MODEL_ERROR);

    tt_family.close(m);
    tt_family.close(NULL);
}


static int
start(void **state)
{
    (void) state;

    return tt_train(corpus_food, corpus_count(corpus_food), "en", NULL, &food,
                    NULL, err, sizeof(err));
}


static int
finish(void **state)
{
    (void) state;

    free(food.data);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_file_cut),
        cmocka_unit_test(test_file_flipped),
        cmocka_unit_test(test_file_forged),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_any_locale),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_one_label),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd_data),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_family)
    };

    return cmocka_run_group_tests_name("text: models", tests, start, finish);
}
