/* Allocators that fail on demand, see core_alloc.h. */

#include <stdlib.h>

#include "core_alloc.h"

#define CORE_ALLOC_TRIES  5000


void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static mlk_arena_t  arena;
static size_t       countdown;         /* 0: nothing fails */
static size_t       malloc_countdown;


void *
__wrap_malloc(size_t size)
{
    if (malloc_countdown && --malloc_countdown == 0) {
        return NULL;
    }

    return __real_malloc(size);
}


void *
__wrap_calloc(size_t n, size_t size)
{
    if (malloc_countdown && --malloc_countdown == 0) {
        return NULL;
    }

    return __real_calloc(n, size);
}


static void *
core_alloc_fail(void *ctx, size_t size)
{
    (void) ctx;

    if (countdown && --countdown == 0) {
        return NULL;
    }

    return arena.alloc.alloc(arena.alloc.ctx, size);
}


const mlk_alloc_t *
core_alloc(void)
{
    static const mlk_alloc_t  alloc = { core_alloc_fail, NULL };

    if (arena.alloc.alloc == NULL) {
        mlk_arena_init(&arena);
    }

    mlk_arena_free(&arena);
    countdown = 0;

    return &alloc;
}


size_t
core_alloc_torture(core_alloc_pt fn)
{
    int                 rc;
    size_t              n;
    const mlk_alloc_t  *a;

    for (n = 1; n < CORE_ALLOC_TRIES; n++) {
        a = core_alloc();
        countdown = n;

        rc = fn(a);

        if (rc == MLK_OK) {
            /* the failure lay behind the last allocation */
            assert_true(countdown > 0);
            return n - 1;
        }

        assert_int_equal(rc, MLK_NOMEM);
        assert_int_equal(countdown, 0);
    }

    fail_msg("no success after %d tries", CORE_ALLOC_TRIES);
    return 0;
}


size_t
core_malloc_torture(int (*fn)(void))
{
    int     rc;
    size_t  n;

    for (n = 1; n < CORE_ALLOC_TRIES; n++) {
        malloc_countdown = n;

        rc = fn();

        if (rc == MLK_OK) {
            assert_true(malloc_countdown > 0);
            malloc_countdown = 0;
            return n - 1;
        }

        assert_int_equal(rc, MLK_NOMEM);
        assert_int_equal(malloc_countdown, 0);
    }

    malloc_countdown = 0;
    fail_msg("no success after %d tries", CORE_ALLOC_TRIES);
    return 0;
}
