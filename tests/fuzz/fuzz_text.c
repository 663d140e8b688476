/* Texts, labels, ids and ranges, of any bytes. */

#include "fuzz_core.h"
#include "mlk_text.h"


static void
fuzz_labels(const mlk_alloc_t *a, const mlk_str_t *s)
{
    size_t      i, n, m;
    mlk_str_t   label, list, *labels, *again;

    must(mlk_label_normalise(a, s, &label) == MLK_OK);
    must(label.len <= 30);
    must(mlk_label_equal(s, s));
    must(mlk_label_equal(&label, &label));

    must(mlk_labels_split(a, s, &labels, &n) == MLK_OK);
    must(mlk_labels_join(a, labels, n, &list) == MLK_OK);
    must(mlk_labels_split(a, &list, &again, &m) == MLK_OK);
    must(n == m);

    for (i = 0; i < n; i++) {
        must(labels[i].len > 0 && labels[i].len == again[i].len);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t       units;
    uint64_t     start, limit;
    mlk_str_t    s, t;
    mlk_arena_t  arena;

    mlk_arena_init(&arena);

    s = fuzz_copy(&arena.alloc, data, size);

    fuzz_labels(&arena.alloc, &s);

    (void) mlk_uuid_valid(&s);
    (void) mlk_userid_valid(&s);
    (void) mlk_classid_valid(&s);
    (void) mlk_scratchkey_valid(&s);

    if (mlk_project_name_valid(&s)) {
        must(mlk_utf8_valid(s.data, s.len) && mlk_utf16_length(&s) <= 36);
    }

    mlk_range_items(&s, 3000, &start, &limit);
    must(limit <= 3000);

    t = s;
    mlk_trim(&t);
    must(t.len <= s.len);

    must(mlk_utf8_repair(&arena.alloc, &s, &t) == MLK_OK);
    must(mlk_utf8_valid(t.data, t.len));

    units = mlk_utf16_length(&t);
    mlk_utf16_cut(&t, 10);
    must(mlk_utf8_valid(t.data, t.len));
    must(mlk_utf16_length(&t) <= 10);
    must(units > 10 || mlk_utf16_length(&t) == units);

    mlk_blank_controls(&s);

    mlk_arena_free(&arena);

    return 0;
}
