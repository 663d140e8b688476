/* Allocators for the unit tests of core/ that fail on demand. */

#ifndef CORE_ALLOC_H
#define CORE_ALLOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mlk_arena.h"

#define STR(s)  { sizeof(s) - 1, (unsigned char *) (s) }


/* Forgets everything allocated so far and returns a fresh allocator that never
 * fails. */
const mlk_alloc_t *core_alloc(void);

/*
 * Calls fn with an allocator whose n-th allocation fails, for n = 1, 2, ...
 * until fn returns MLK_OK; every earlier call must return MLK_NOMEM.  Returns
 * the number of failures.
 */
typedef int (*core_alloc_pt)(const mlk_alloc_t *a);

size_t core_alloc_torture(core_alloc_pt fn);

/* The same for malloc and calloc of core/: fn returns MLK_NOMEM or MLK_OK. */
size_t core_malloc_torture(int (*fn)(void));

#define assert_str(s, text)                                                   \
    do {                                                                      \
        assert_int_equal((s).len, strlen(text));                              \
        assert_memory_equal((s).data, text, (s).len);                         \
    } while (0)


#endif /* CORE_ALLOC_H */
