/* What was read, written and read again must be written the same. */

#include "fuzz_core.h"
#include "mlk_json.h"
#include "mlk_utf8.h"


static int
fuzz_write(const mlk_alloc_t *a, const mlk_json_t *v, mlk_str_t *out)
{
    mlk_jw_t  *w;

    w = mlk_jw_create(a);
    mlk_jw_value(w, v);

    return mlk_jw_finish(w, out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t        i;
    mlk_jw_t     *w;
    mlk_str_t     text, once, twice, script;
    mlk_json_t   *v;
    mlk_arena_t   arena;

    static const mlk_json_limits_t  limits = { 20, 5000 };

    mlk_arena_init(&arena);

    text = fuzz_copy(&arena.alloc, data, size);

    if (mlk_json_parse(&arena.alloc, &limits, text.data, text.len, &v)
        == MLK_OK)
    {
        must(fuzz_write(&arena.alloc, v, &once) == MLK_OK);
        must(mlk_utf8_valid(once.data, once.len));
        must(mlk_json_parse(&arena.alloc, &limits, once.data, once.len, &v)
             == MLK_OK);
        must(fuzz_write(&arena.alloc, v, &twice) == MLK_OK);
        must(once.len == twice.len
             && memcmp(once.data, twice.data, once.len) == 0);

        w = mlk_jw_create(&arena.alloc);
        mlk_jw_value(w, v);
        must(mlk_jw_finish_script(w, &script) == MLK_OK);

        for (i = 0; i < script.len; i++) {
            must(script.data[i] != '<');
        }
    }

    /* any bytes are a string for the writer */
    w = mlk_jw_create(&arena.alloc);
    mlk_jw_str(w, &text);
    must(mlk_jw_finish(w, &once) == MLK_OK);
    must(mlk_json_parse(&arena.alloc, &limits, once.data, once.len, &v)
         == MLK_OK);
    must(v->type == MLK_JSON_STRING);

    mlk_arena_free(&arena);

    return 0;
}
