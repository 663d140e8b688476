/*
 * Features of text models.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_internal.h"


static size_t
features(tt_scratch_t *s, const char *text)
{
    assert_int_equal(tt_read_text(s, NULL, text, strlen(text)), MODEL_OK);

    return s->nfeatures;
}


static size_t
flagged(const tt_scratch_t *s, uint32_t flags)
{
    size_t  i, n;

    n = 0;
    for (i = 0; i < s->nfeatures; i++) {
        n += (s->feature[i] & flags) == flags;
    }

    return n;
}


static void
test_counts(void **state)
{
    tt_scratch_t  s;

    (void) state;
    memset(&s, 0, sizeof(s));

    assert_int_equal(features(&s, ""), 0);
    assert_int_equal(features(&s, " ... "), 0);

    /* " cat ": 4 pairs, 3 triples, 2 quadruples, the word itself */
    assert_int_equal(features(&s, "cat"), 4 + 3 + 2 + 1);
    assert_int_equal(flagged(&s, TT_FEATURE_UNIT), 1);
    assert_int_equal(flagged(&s, TT_FEATURE_DOUBLE), 0);

    /* " a ": 2 pairs, 1 triple, the word */
    assert_int_equal(features(&s, "a"), 2 + 1 + 1);

    /* two words add their pair */
    assert_int_equal(features(&s, "cat dog"), 2 * 10 + 1);

    /* presence: words said twice add only the pair of the two */
    assert_int_equal(features(&s, "cat cat"), 10 + 1);
    assert_int_equal(features(&s, "cat cat cat cat"), 10 + 1);

    /* a symbol is a unit and nothing else */
    assert_int_equal(features(&s, "!"), 1);
    assert_int_equal(features(&s, "cat!"), 10 + 1 + 1);

    tt_scratch_free(&s);
}


static void
test_runs(void **state)
{
    tt_scratch_t  s;

    (void) state;
    memset(&s, 0, sizeof(s));

    /* three code points: 3 units, 2 pairs, 3 + 2 + 1 n-grams */
    assert_int_equal(features(&s, "\xe6\x88\x91\xe7\x88\xb1\xe7\x8c\xab"),
                     3 + 2 + 3 + 2 + 1);
    assert_int_equal(flagged(&s, TT_FEATURE_UNIT), 3);
    assert_int_equal(flagged(&s, TT_FEATURE_DOUBLE), 3 + 2);

    /* a pair is double if its first unit is: cat-X no, X-cat yes */
    assert_int_equal(features(&s, "cat \xe7\x8c\xab"), 10 + 1 + 1 + 1);
    assert_int_equal(flagged(&s, TT_FEATURE_DOUBLE), 1);
    assert_int_equal(features(&s, "\xe7\x8c\xab cat"), 10 + 1 + 1 + 1);
    assert_int_equal(flagged(&s, TT_FEATURE_DOUBLE), 2);

    tt_scratch_free(&s);
}


static void
test_sorted(void **state)
{
    size_t        i, n;
    char         *text;
    uint32_t      draw;
    tt_scratch_t  s;

    (void) state;
    memset(&s, 0, sizeof(s));

    draw = 1;
    n = 20000;
    text = malloc(n);
    assert_non_null(text);

    for (i = 0; i < n; i++) {
        draw = draw * 1103515245 + 12345;
        text[i] = (char) (i % 7 ? 'a' + (draw >> 16) % 26 : ' ');
    }

    assert_int_equal(tt_read_text(&s, NULL, text, n), MODEL_OK);
    assert_true(s.nfeatures > 1000);

    for (i = 1; i < s.nfeatures; i++) {
        assert_true(tt_feature_bucket(s.feature[i - 1])
                    < tt_feature_bucket(s.feature[i]));
    }

    assert_true(tt_feature_bucket(s.feature[s.nfeatures - 1]) < TT_BUCKETS);

    free(text);
    tt_scratch_free(&s);
}


static void
test_same_words(void **state)
{
    size_t         n;
    uint32_t      *first;
    tt_scratch_t   s;

    (void) state;
    memset(&s, 0, sizeof(s));

    /* what is typed differently without meaning it */
    n = features(&s, "Don\xe2\x80\x99t eat CAF\xc3\x89 food");
    first = malloc(n * sizeof(uint32_t));
    assert_non_null(first);
    memcpy(first, s.feature, n * sizeof(uint32_t));

    assert_int_equal(features(&s, "dont, eat -- cafe food."), n);
    assert_memory_equal(first, s.feature, n * sizeof(uint32_t));

    /* the order of words is not lost */
    assert_int_equal(features(&s, "food cafe eat dont"), n);
    assert_memory_not_equal(first, s.feature, n * sizeof(uint32_t));

    free(first);
    tt_scratch_free(&s);
}


static void
test_idf(void **state)
{
    (void) state;

    /* (ln((1 + N) / (1 + df)) + 1) ^ 0.6 */
    assert_true(fabsf(tt_idf(99, 0) - 2.8129f) < 0.001f);
    assert_true(fabsf(tt_idf(99, 99) - 1.0f) < 0.0001f);
    assert_true(tt_idf(99, 1) < tt_idf(99, 0));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_same_words),
        cmocka_unit_test(test_idf)
    };

    return cmocka_run_group_tests_name("text: features", tests, NULL, NULL);
}
