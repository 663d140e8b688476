/* Paths against a table of every kind of pattern. */

#include "fuzz_core.h"
#include "mlk_router.h"
#include "mlk_utf8.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t               i;
    mlk_str_t            path;
    mlk_arena_t          arena;
    mlk_route_match_t    m;
    static mlk_router_t *router;

    static const mlk_route_key_t  routes[] = {
        { 1, "/api" },
        { 1, "/api/classes/:c/students/:s/projects/:p/training/:t" },
        { 2, "/api/classes/:c/students/:s/projects/:p/training/:t" },
        { 1, "/api/classes/:c/students/:s/training/images" },
        { 1, "/api/scratch/:k/local/:type/extension3.js" },
        { 1, "/api/scratch/:modelid/:contextwindow/extensionslm.js" },
        { 1, "/:a/:b/:c/:d/:e/:f/:g/:h" }
    };

    if (router == NULL) {
        router = mlk_router_create(routes, sizeof(routes) / sizeof(routes[0]),
                                   sizeof(routes[0]));
        must(router != NULL);
    }

    mlk_arena_init(&arena);

    path = fuzz_copy(&arena.alloc, data, size);

    if (mlk_router_match(router, &arena.alloc, 1, &path, &m) == MLK_OK) {
        must(m.route < 7);

        for (i = 0; i < m.nparams; i++) {
            must(m.values[i].len > 0);
            must(mlk_utf8_valid(m.values[i].data, m.values[i].len));
        }
    }

    mlk_arena_free(&arena);

    return 0;
}
