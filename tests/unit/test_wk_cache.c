/*
 * The cache of models, with a family whose models are their own bytes.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cache.h"
#include "wk_log.h"


#define THREADS  8
#define ROUNDS   2000
#define KEYS     20


static atomic_int   opened;
static atomic_int   closed;
static atomic_int   loads;
static const char  *successor;
static int          answer;


static int
fake_open(const unsigned char *data, size_t len, const void *shared,
    void **model, char *err, size_t errlen)
{
    char  *copy;

    (void) shared;

    if (len == 0 || data[0] == '!') {
        snprintf(err, errlen, "damaged");
        return MODEL_ERROR;
    }

    copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    copy[len] = '\0';

    *model = copy;
    atomic_fetch_add(&opened, 1);

    return MODEL_OK;
}


static size_t
fake_size(const void *model)
{
    (void) model;

    return 1000;
}


static void
fake_close(void *model)
{
    atomic_fetch_add(&closed, 1);
    memset(model, 'X', strlen(model));
    free(model);
}


static const model_family_t  fake = {
    .kind = "fake", .open = fake_open, .size = fake_size, .close = fake_close
};


/* The bytes of a model are its key, "!" for a broken one. */

static int
load(void *arg, const char *key, model_buf_t *data, char current[CACHE_KEY])
{
    (void) arg;

    atomic_fetch_add(&loads, 1);

    if (answer != WK_OK) {
        snprintf(current, CACHE_KEY, "%s", successor);
        return answer;
    }

    data->data = (unsigned char *) strdup(key);
    data->len = strlen(key);

    return WK_OK;
}


static int
setup(void **state)
{
    (void) state;

    opened = closed = loads = 0;
    answer = WK_OK;
    successor = "";

    return wk_log_open("/dev/null", "error");
}


static int
get(cache_t *c, const char *key, cache_entry_t **e, int *hit)
{
    char  current[CACHE_KEY] = "?";

    return cache_acquire(c, key, load, NULL, e, hit, current);
}


static void
touch(cache_t *c, const char *key, int expect)
{
    int             hit;
    cache_entry_t  *e;

    assert_int_equal(get(c, key, &e, &hit), WK_OK);
    assert_int_equal(hit, expect);
    assert_string_equal(cache_model(e), key);
    cache_release(c, e);
}


static void
test_least_recent_goes(void **state)
{
    cache_t        *c;
    cache_stats_t   s;

    (void) state;

    c = cache_create(&fake, NULL, 3900);

    touch(c, "a", 0);
    touch(c, "b", 0);
    touch(c, "c", 0);
    touch(c, "a", 1);
    touch(c, "d", 0);

    cache_stats(c, &s);
    assert_int_equal(s.models, 3);
    assert_in_range(s.bytes, 3000, 3900);
    assert_int_equal(closed, 1);

    touch(c, "a", 1);
    touch(c, "c", 1);
    touch(c, "d", 1);
    touch(c, "b", 0);
    assert_int_equal(loads, 5);

    cache_destroy(c);
    assert_int_equal(opened, closed);
}


static void
test_one_in_use_stays(void **state)
{
    int             hit;
    cache_t        *c;
    cache_entry_t  *a, *b;
    cache_stats_t   s;

    (void) state;

    c = cache_create(&fake, NULL, 0);

    assert_int_equal(get(c, "a", &a, &hit), WK_OK);
    assert_int_equal(get(c, "b", &b, &hit), WK_OK);

    /* put out of the table, yet not from under its user */

    assert_int_equal(closed, 0);
    assert_string_equal(cache_model(a), "a");

    cache_release(c, a);
    assert_int_equal(closed, 1);

    /* the newest one stays even over the limit */

    cache_release(c, b);
    cache_stats(c, &s);
    assert_int_equal(s.models, 1);
    touch(c, "b", 1);

    cache_destroy(c);
    assert_int_equal(opened, closed);
}


static void
test_failures(void **state)
{
    int             hit;
    char            current[CACHE_KEY];
    cache_t        *c;
    cache_entry_t  *e;
    cache_stats_t   s;

    (void) state;

    c = cache_create(&fake, NULL, 10000);

    answer = WK_DECLINED;
    successor = "next";
    assert_int_equal(cache_acquire(c, "a", load, NULL, &e, &hit, current),
                     WK_DECLINED);
    assert_string_equal(current, "next");

    answer = WK_DOWN;
    assert_int_equal(get(c, "a", &e, &hit), WK_DOWN);

    answer = WK_OK;
    assert_int_equal(get(c, "!", &e, &hit), WK_ERROR);

    /* a failure is not remembered */

    touch(c, "a", 0);

    cache_stats(c, &s);
    assert_int_equal(s.models, 1);

    cache_destroy(c);
    assert_int_equal(opened, closed);
}


static void *
work(void *arg)
{
    int             i, hit;
    char            key[CACHE_KEY];
    cache_t        *c;
    unsigned        seed;
    cache_entry_t  *e;

    c = arg;
    seed = (unsigned) (uintptr_t) &e;

    for (i = 0; i < ROUNDS; i++) {
        snprintf(key, sizeof(key), "%d", rand_r(&seed) % KEYS);

        if (get(c, key, &e, &hit) != WK_OK
            || strcmp(cache_model(e), key) != 0)
        {
            return arg;
        }

        cache_release(c, e);
    }

    return NULL;
}


static void
run_threads(cache_t *c)
{
    int        i;
    void      *rc;
    pthread_t  threads[THREADS];

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, c), 0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &rc), 0);
        assert_null(rc);
    }
}


static void
test_threads(void **state)
{
    cache_t  *c;

    (void) state;

    /* room for a few: models come and go all the time */

    c = cache_create(&fake, NULL, 5000);
    run_threads(c);
    cache_destroy(c);

    assert_int_equal(opened, closed);
    assert_int_equal(opened, loads);

    /* room for all: each is loaded once, however many want it */

    opened = closed = loads = 0;
    c = cache_create(&fake, NULL, 1000000);
    run_threads(c);
    cache_destroy(c);

    assert_int_equal(loads, KEYS);
    assert_int_equal(closed, KEYS);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_least_recent_goes, setup),
        cmocka_unit_test_setup(test_one_in_use_stays, setup),
        cmocka_unit_test_setup(test_failures, setup),
        cmocka_unit_test_setup(test_threads, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
