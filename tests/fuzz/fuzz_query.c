/* Parameters of a query. */

#include "fuzz_core.h"
#include "mlk_router.h"
#include "mlk_utf8.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int          rc, present;
    mlk_str_t    query, out;
    mlk_arena_t  arena;

    mlk_arena_init(&arena);

    query = fuzz_copy(&arena.alloc, data, size);
    present = -1;

    rc = mlk_query_get(&arena.alloc, &query, "data", &out, &present);
    must(present == 0 || present == 1);

    if (rc == MLK_OK) {
        must(present == 1 && mlk_utf8_valid(out.data, out.len));
    }

    mlk_arena_free(&arena);

    return 0;
}
