/*
 * The table of word vectors: what is refused, and what a table does.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "text_corpus.h"
#include "text_internal.h"
#include "text_table.h"


#define WORDS  4


typedef struct {
    tt_table_t   head;
    uint64_t     entry[WORDS];
    float        scale[WORDS];
    int8_t       row[WORDS][TT_TABLE_DIM];
} table_t;


static char     path[] = "/tmp/mlforkids-vectors-XXXXXX";
static table_t  table;


static int
entry_cmp(const void *one, const void *two)
{
    uint64_t  a, b;

    a = *(const uint64_t *) one;
    b = *(const uint64_t *) two;

    return a < b ? -1 : a > b;
}


/* Fruit points one way, vegetables the other; ranks as in order. */

static void
make(void)
{
    size_t  i;

    static const char *word[WORDS] = { "apple", "banana", "potato", "leek" };

    memset(&table, 0, sizeof(table));

    for (i = 0; i < WORDS; i++) {
        table.entry[i] = tt_table_key((const unsigned char *) word[i],
                                      strlen(word[i])) | i;
        table.scale[i] = 1.0f / 127;
        table.row[i][i < 2 ? 0 : 1] = 127;
    }

    qsort(table.entry, WORDS, sizeof(uint64_t), entry_cmp);

    table.head.magic = TT_TABLE_MAGIC;
    table.head.version = TT_TABLE_VERSION;
    table.head.count = WORDS;
    table.head.dim = TT_TABLE_DIM;
    table.head.size = sizeof(table);
    table.head.checksum = tt_hash(TT_HASH_START, table.entry,
                                  sizeof(table) - sizeof(tt_table_t));
}


static void
save(size_t len)
{
    FILE  *out;

    out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(&table, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}


static int
try(void)
{
    int            rc;
    char           err[MODEL_ERROR_LEN];
    tt_vectors_t  *v;

    err[0] = '\0';
    rc = tt_vectors_open(path, &v, err, sizeof(err));

    if (rc == MODEL_OK) {
        assert_non_null(v);

    } else {
        assert_null(v);
        assert_true(strlen(err) > 0);
    }

    tt_vectors_close(v);

    return rc;
}


static void
test_open(void **state)
{
    size_t  len;

    (void) state;

    make();
    save(sizeof(table));
    assert_int_equal(try(), MODEL_OK);

    for (len = 0; len < sizeof(table); len += 7) {
        save(len);
        assert_int_equal(try(), MODEL_ERROR);
    }

    assert_int_equal(tt_vectors_open("/nonexistent", &(tt_vectors_t *) { 0 },
                                     NULL, 0), MODEL_ERROR);
    assert_int_equal(tt_vectors_open("/tmp", &(tt_vectors_t *) { 0 },
                                     NULL, 0), MODEL_ERROR);
}


static void
test_damaged(void **state)
{
    size_t          i;
    unsigned char  *p;

    (void) state;

    p = (unsigned char *) &table;

    for (i = 0; i < sizeof(table); i++) {
        make();
        p[i] ^= (unsigned char) (1 << i % 8);
        save(sizeof(table));
        assert_int_equal(try(), MODEL_ERROR);
    }

    /* a right checksum does not excuse a row that is not there */
    make();
    table.entry[1] |= 0xffff;
    table.head.checksum = tt_hash(TT_HASH_START, table.entry,
                                  sizeof(table) - sizeof(tt_table_t));
    save(sizeof(table));
    assert_int_equal(try(), MODEL_ERROR);
}


static void
test_apply(void **state)
{
    char           err[MODEL_ERROR_LEN];
    double         length;
    size_t         i;
    tt_scratch_t   s;
    tt_vectors_t  *v;

    (void) state;

    make();
    save(sizeof(table));
    assert_int_equal(tt_vectors_open(path, &v, err, sizeof(err)), MODEL_OK);

    memset(&s, 0, sizeof(s));

    assert_int_equal(tt_read_text(&s, v, "nothing known", 13), MODEL_OK);
    assert_int_equal(s.nfound, 0);

    /* the s of a plural is tried without */
    assert_int_equal(tt_read_text(&s, v, "Apples, bananas!", 16), MODEL_OK);
    assert_int_equal(s.nfound, 2);
    assert_float_equal(s.dense[0], 0.6, 1e-6);
    assert_float_equal(s.dense[1], 0, 1e-6);

    assert_int_equal(tt_read_text(&s, v, "apple with potato", 17), MODEL_OK);
    assert_int_equal(s.nfound, 2);

    length = 0;
    for (i = 0; i < TT_DENSE; i++) {
        length += (double) s.dense[i] * (double) s.dense[i];
    }

    assert_float_equal(length, 0.36, 1e-5);

    /* the rarer word weighs more */
    assert_true(s.dense[1] > s.dense[0]);

    tt_scratch_free(&s);
    tt_vectors_close(v);
}


static void
open_model(const model_buf_t *file, const tt_vectors_t *v, tt_model_t **model)
{
    char  err[MODEL_ERROR_LEN];

    assert_int_equal(tt_model_open(file->data, file->len, v, model, err,
                                   sizeof(err)), MODEL_OK);
}


static void
test_model(void **state)
{
    int             random;
    char            err[MODEL_ERROR_LEN];
    size_t          n;
    model_buf_t     with, without, german;
    tt_model_t     *model;
    tt_vectors_t   *v;
    model_match_t   match[2];

    (void) state;

    make();
    save(sizeof(table));
    assert_int_equal(tt_vectors_open(path, &v, err, sizeof(err)), MODEL_OK);

    n = corpus_count(corpus_food);

    assert_int_equal(tt_train(corpus_food, n, "en", v, &with, NULL, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(tt_train(corpus_food, n, "en", NULL, &without, NULL, err,
                              sizeof(err)), MODEL_OK);
    assert_int_equal(tt_train(corpus_food, n, "de", v, &german, NULL, err,
                              sizeof(err)), MODEL_OK);

    /* 100 columns for two labels, for English only */
    assert_int_equal(with.len, without.len + 200);
    assert_int_equal(german.len, without.len);

    open_model(&with, v, &model);
    assert_int_equal(tt_model_degraded(model), 0);

    /* no word of training, no letters in common: known by its vector */
    assert_int_equal(tt_classify(model, "leek", 4, match, &n, &random),
                     MODEL_OK);
    assert_int_equal(random, 0);
    assert_int_equal(n, 2);
    assert_int_equal(match[0].label.len, strlen("vegetable"));
    tt_model_close(model);

    open_model(&with, NULL, &model);
    assert_int_not_equal(tt_model_degraded(model), 0);
    assert_int_equal(tt_classify(model, "a red apple", 11, match, &n, &random),
                     MODEL_OK);
    assert_int_equal(random, 0);
    assert_int_equal(match[0].label.len, strlen("fruit"));
    tt_model_close(model);

    open_model(&without, v, &model);
    assert_int_equal(tt_model_degraded(model), 0);
    tt_model_close(model);

    tt_vectors_close(v);

    /* another table than the one of training is not used */
    table.row[0][5] = 3;
    table.head.checksum = tt_hash(TT_HASH_START, table.entry,
                                  sizeof(table) - sizeof(tt_table_t));
    save(sizeof(table));
    assert_int_equal(tt_vectors_open(path, &v, err, sizeof(err)), MODEL_OK);

    open_model(&with, v, &model);
    assert_int_not_equal(tt_model_degraded(model), 0);
    tt_model_close(model);

    tt_vectors_close(v);
    free(with.data);
    free(without.data);
    free(german.data);
}


static int
start(void **state)
{
    int  fd;

    (void) state;

    fd = mkstemp(path);

    return fd == -1 ? -1 : close(fd);
}


static int
finish(void **state)
{
    (void) state;

    return unlink(path);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_model)
    };

    return cmocka_run_group_tests_name("text: word vectors", tests, start,
                                       finish);
}
