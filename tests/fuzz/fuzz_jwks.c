/* Key sets. */

#include "fuzz_core.h"
#include "mlk_jwt.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mlk_jwks_t   *set;
    mlk_str_t     text;
    mlk_arena_t   arena;

    mlk_arena_init(&arena);

    text = fuzz_copy(&arena.alloc, data, size);

    if (mlk_jwks_parse(text.data, text.len, &set) == MLK_OK) {
        must(mlk_jwks_count(set) <= 64);
        mlk_jwks_free(set);
    }

    mlk_arena_free(&arena);

    return 0;
}
