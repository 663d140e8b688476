/* Shared by the fuzz drivers of core/. */

#ifndef FUZZ_CORE_H
#define FUZZ_CORE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mlk_arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Stops with a report when something that must hold does not. */
#define must(condition)                                                       \
    do {                                                                      \
        if (!(condition)) {                                                   \
            abort();                                                          \
        }                                                                     \
    } while (0)


/* A copy of its own for each input: reading past its end is noticed. */
static inline mlk_str_t
fuzz_copy(const mlk_alloc_t *a, const uint8_t *data, size_t size)
{
    mlk_str_t  s;

    s.data = a->alloc(a->ctx, size);
    must(s.data != NULL);

    if (size) {
        memcpy(s.data, data, size);
    }

    s.len = size;

    return s;
}


#endif /* FUZZ_CORE_H */
