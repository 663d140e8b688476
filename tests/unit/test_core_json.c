/* Units of the JSON reader and writer. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_alloc.h"
#include "mlk_json.h"


static const mlk_json_limits_t  limits = { 16, 1000 };


static int
parse(const char *text, mlk_json_t **out)
{
    return mlk_json_parse(core_alloc(), &limits, (const unsigned char *) text,
                          strlen(text), out);
}


static void
test_tree(void **state)
{
    int64_t            n;
    mlk_json_t        *v, *list;
    const mlk_str_t   *s;

    (void) state;

    assert_int_equal(parse(" {\"a\":\"x\\u00e9\\ud83d\\ude00\\n\","
                           "\"b\":[1,-2.5e3,true,false,null,{}],\"\":0} ",
                           &v), MLK_OK);
    assert_int_equal(v->type, MLK_JSON_OBJECT);
    assert_int_equal(v->count, 3);

    s = mlk_json_get_string(v, "a");
    assert_non_null(s);
    assert_str(*s, "x\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_null(mlk_json_get_string(v, "b"));
    assert_null(mlk_json_get(v, "c"));
    assert_null(mlk_json_get(NULL, "a"));

    list = mlk_json_get(v, "b");
    assert_int_equal(list->count, 6);
    assert_null(mlk_json_get(list, "a"));

    v = list->child;
    assert_true(mlk_json_integer(v, 0, 1, &n) && n == 1);
    assert_false(mlk_json_integer(v, 2, 9, &n));
    v = v->next;
    assert_str(v->text, "-2.5e3");
    assert_true(mlk_json_integer(v, -9999, 0, &n) && n == -2500);
    assert_int_equal((v = v->next)->type, MLK_JSON_TRUE);
    assert_int_equal((v = v->next)->type, MLK_JSON_FALSE);
    assert_int_equal((v = v->next)->type, MLK_JSON_NULL);
    assert_int_equal((v = v->next)->type, MLK_JSON_OBJECT);
    assert_null(v->child);
    assert_null(v->next);
}


static void
test_strings(void **state)
{
    mlk_json_t  *v;

    (void) state;

    assert_int_equal(parse("\"a\\u0000b\"", &v), MLK_OK);
    assert_int_equal(v->text.len, 3);
    assert_memory_equal(v->text.data, "a\0b", 3);

    /* lone surrogates never become bytes that are no UTF-8 */
    assert_int_equal(parse("\"a\\udc00bc\"", &v), MLK_OK);
    assert_str(v->text, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "bc");
    assert_int_equal(parse("\"\\ud800\"", &v), MLK_OK);
    assert_int_equal(parse("\"\\ud800x\"", &v), MLK_OK);

    /* the same name, once written with an escape */
    assert_int_equal(parse("{\"a\":1,\"\\u0061\":2}", &v), MLK_ERROR);
}


static void
test_malformed(void **state)
{
    size_t              i;
    mlk_json_t         *v;
    static const char  *texts[] = {
        "", " ", "{", "}", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{'a':1}", "1 2", "{}{}", "[] x", "nul",
        "truee", "01", "1.", "+1", ".5", "0x1", "NaN", "Infinity", "\"a",
        "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "// c\n1", "/* c */ 1",
        "{\"a\":1,\"a\":1}", "[{\"a\":1,\"b\":{},\"a\":1}]",
        "\"\xc3\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "\xff",
        "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
        "\"i\":1,\"j\":1,\"c\":1}"
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (parse(texts[i], &v) != MLK_ERROR) {
            fail_msg("accepted: %s", texts[i]);
        }
    }

    assert_int_equal(mlk_json_parse(core_alloc(), &limits,
                                    (const unsigned char *) "1\0", 2, &v),
                     MLK_ERROR);
}


static void
test_limits(void **state)
{
    char         text[4096];
    size_t       i, n;
    mlk_json_t  *v;

    (void) state;

    memset(text, '[', 16);
    memset(text + 16, ']', 16);
    text[32] = '\0';
    assert_int_equal(parse(text, &v), MLK_OK);

    memset(text, '[', 17);
    memset(text + 17, ']', 17);
    text[34] = '\0';
    assert_int_equal(parse(text, &v), MLK_LIMIT);

    /* the array and 999 numbers, then one more */
    n = 0;
    text[n++] = '[';

    for (i = 0; i < 999; i++) {
        text[n++] = '0';
        text[n++] = ',';
    }

    text[n - 1] = ']';
    text[n] = '\0';
    assert_int_equal(parse(text, &v), MLK_OK);
    assert_int_equal(v->count, 999);

    memcpy(text + n - 1, ",0]", 4);
    assert_int_equal(parse(text, &v), MLK_LIMIT);
}


static void
test_values(void **state)
{
    int64_t      n;
    mlk_json_t  *v;

    (void) state;

    assert_int_equal(parse("[0,-0,\"\",null,false,1,\"0\",true,[],{}]", &v),
                     MLK_OK);

    v = v->child;
    assert_false(mlk_json_truthy(NULL));
    assert_false(mlk_json_truthy(v));
    assert_false(mlk_json_truthy(v = v->next));
    assert_false(mlk_json_truthy(v = v->next));
    assert_false(mlk_json_truthy(v = v->next));
    assert_false(mlk_json_truthy(v = v->next));
    assert_true(mlk_json_truthy(v = v->next));
    assert_true(mlk_json_truthy(v = v->next));
    assert_true(mlk_json_truthy(v = v->next));
    assert_true(mlk_json_truthy(v = v->next));
    assert_true(mlk_json_truthy(v = v->next));

    assert_int_equal(parse("[1.5,1e999,9223372036854775808,"
                           "-9223372036854775808,1e2,\"1\"]", &v), MLK_OK);
    v = v->child;
    assert_false(mlk_json_integer(v, INT64_MIN, INT64_MAX, &n));
    v = v->next;
    assert_true(isinf(v->number));
    assert_false(mlk_json_integer(v, INT64_MIN, INT64_MAX, &n));
    v = v->next;
    assert_false(mlk_json_integer(v, INT64_MIN, INT64_MAX, &n));
    v = v->next;
    assert_true(mlk_json_integer(v, INT64_MIN, INT64_MAX, &n));
    assert_true(n == INT64_MIN);
    v = v->next;
    assert_true(mlk_json_integer(v, 100, 100, &n));
    assert_false(mlk_json_integer(v->next, 0, 9, &n));
    assert_false(mlk_json_integer(NULL, 0, 9, &n));
}


static void
test_numbers(void **state)
{
    size_t  i;
    char    text[MLK_JSON_DOUBLE_SIZE];

    static const struct {
        double       n;
        const char  *text;
    } cases[] = {
        { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1, "-1" }, { 10, "10" },
        { 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" },
        { 123.456, "123.456" }, { 1e20, "100000000000000000000" },
        { 1e21, "1e+21" }, { 1.5e21, "1.5e+21" }, { -1.25e300, "-1.25e+300" },
        { 1e-6, "0.000001" }, { 1.5e-6, "0.0000015" }, { 1e-7, "1e-7" },
        { 1.25e-7, "1.25e-7" }, { 5e-324, "5e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 9007199254740993.0, "9007199254740992" },
        { 123456789012345680000.0, "123456789012345680000" },
        { 4.35, "4.35" }, { 100, "100" }, { 2.5, "2.5" },
        { NAN, "null" }, { INFINITY, "null" }, { -INFINITY, "null" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mlk_json_print_double(text, cases[i].n),
                         strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}


static int
write_all(const mlk_alloc_t *a, mlk_str_t *out)
{
    int         i;
    mlk_jw_t   *w;
    mlk_str_t   s = STR("a\"\\\n\x01<\xe2\x80\xa8\xff/\xe2\x82");

    w = mlk_jw_create(a);

    mlk_jw_object(w);
    mlk_jw_key(w, "s");
    mlk_jw_str(w, &s);
    mlk_jw_key(w, "l");
    mlk_jw_array(w);
    mlk_jw_int(w, -5);
    mlk_jw_double(w, 2.5);
    mlk_jw_bool(w, 1);
    mlk_jw_null(w);
    mlk_jw_cstr(w, "x");
    mlk_jw_array_end(w);
    mlk_jw_key(w, "long");
    mlk_jw_array(w);

    for (i = 0; i < 300; i++) {
        mlk_jw_int(w, 7);
    }

    mlk_jw_array_end(w);
    mlk_jw_object_end(w);

    return mlk_jw_finish_script(w, out);
}


static int
write_once(const mlk_alloc_t *a)
{
    mlk_str_t  out;

    return write_all(a, &out);
}


static void
test_writer(void **state)
{
    mlk_str_t          out;
    static const char  start[] =
        "{\"s\":\"a\\\"\\\\\\n\\u0001\\u003c\\u2028\xef\xbf\xbd/"
        "\xef\xbf\xbd\xef\xbf\xbd\",\"l\":[-5,2.5,true,null,\"x\"],\"long\":["
        "7,7,";

    (void) state;

    assert_int_equal(write_all(core_alloc(), &out), MLK_OK);
    assert_true(out.len > 600);
    assert_memory_equal(out.data, start, sizeof(start) - 1);
    assert_memory_equal(out.data + out.len - 5, "7,7]}", 5);
}


static int
round_trip(const mlk_alloc_t *a)
{
    int                 rc;
    mlk_jw_t           *w;
    mlk_str_t           out;
    mlk_json_t         *v;
    static const char   text[] =
        "{\"a\":[1e5,\"x\",{\"b\":null}],\"c\":true,\"d\":false,\"e\":{},"
        "\"f\":[],\"g\":\"\\udc00\",\"h\":1,\"i\":1,\"j\":1,\"k\":1}";

    rc = mlk_json_parse(a, &limits, (const unsigned char *) text,
                        strlen(text), &v);
    if (rc != MLK_OK) {
        return rc;
    }

    w = mlk_jw_create(a);
    mlk_jw_value(w, v);

    rc = mlk_jw_finish(w, &out);
    if (rc != MLK_OK) {
        return rc;
    }

    assert_str(out, "{\"a\":[1e5,\"x\",{\"b\":null}],\"c\":true,\"d\":false,"
                    "\"e\":{},\"f\":[],\"g\":\"\xef\xbf\xbd\xef\xbf\xbd"
                    "\xef\xbf\xbd\",\"h\":1,\"i\":1,\"j\":1,\"k\":1}");

    return MLK_OK;
}


/* Each function of the writer with no writer. */
static void
test_no_writer(void **state)
{
    mlk_str_t   out, s = STR("x");
    mlk_json_t  v;

    (void) state;

    memset(&v, 0, sizeof(v));
    v.type = MLK_JSON_ARRAY;

    mlk_jw_object(NULL);
    mlk_jw_object_end(NULL);
    mlk_jw_array(NULL);
    mlk_jw_array_end(NULL);
    mlk_jw_key(NULL, "a");
    mlk_jw_str(NULL, &s);
    mlk_jw_cstr(NULL, "a");
    mlk_jw_int(NULL, 1);
    mlk_jw_double(NULL, 1);
    mlk_jw_bool(NULL, 1);
    mlk_jw_null(NULL);
    mlk_jw_raw(NULL, &s);
    mlk_jw_value(NULL, &v);
    assert_int_equal(mlk_jw_finish(NULL, &out), MLK_NOMEM);
    assert_int_equal(mlk_jw_finish_script(NULL, &out), MLK_NOMEM);
}


/* Misuse that must stick. */
static void
test_misuse(void **state)
{
    int                 i;
    mlk_jw_t           *w;
    mlk_str_t           out, empty = STR("");
    const mlk_alloc_t  *a;

    (void) state;

    a = core_alloc();

    /* nothing written */
    assert_int_equal(mlk_jw_finish(mlk_jw_create(a), &out), MLK_ERROR);

    /* not closed */
    w = mlk_jw_create(a);
    mlk_jw_array(w);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* closed as something else; what follows does not heal it */
    w = mlk_jw_create(a);
    mlk_jw_array(w);
    mlk_jw_object_end(w);
    mlk_jw_array_end(w);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* a name without a value */
    w = mlk_jw_create(a);
    mlk_jw_object(w);
    mlk_jw_key(w, "a");
    mlk_jw_object_end(w);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* a name in an array */
    w = mlk_jw_create(a);
    mlk_jw_array(w);
    mlk_jw_key(w, "a");
    mlk_jw_array_end(w);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* a value without a name */
    w = mlk_jw_create(a);
    mlk_jw_object(w);
    mlk_jw_int(w, 1);
    mlk_jw_object_end(w);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* two values */
    w = mlk_jw_create(a);
    mlk_jw_int(w, 1);
    mlk_jw_int(w, 1);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* no JSON at all */
    w = mlk_jw_create(a);
    mlk_jw_raw(w, &empty);
    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);

    /* too deep */
    w = mlk_jw_create(a);

    for (i = 0; i < 1000; i++) {
        mlk_jw_array(w);
    }

    assert_int_equal(mlk_jw_finish(w, &out), MLK_ERROR);
}


static void
test_nomem(void **state)
{
    (void) state;

    assert_true(core_alloc_torture(write_once) >= 4);
    assert_true(core_alloc_torture(round_trip) >= 20);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_no_writer),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_nomem)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
