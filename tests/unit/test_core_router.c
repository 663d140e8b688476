/* Units of route matching and queries. */

#include <stdio.h>

#include "core_alloc.h"
#include "mlk_router.h"

#define GET     1
#define POST    2
#define DELETE  4

#define BLANKS  "/api/classes/:c/students/:s"


static const mlk_route_key_t  routes[] = {
    { GET, "/api" },                                             /* 0 */
    { GET, BLANKS "/projects" },                                 /* 1 */
    { POST, BLANKS "/projects" },                                /* 2 */
    { GET, BLANKS "/projects/:p" },                              /* 3 */
    { GET, BLANKS "/training/images" },                          /* 4 */
    { GET, "/api/scratch/:k/classify" },                         /* 5 */
    { GET, "/api/scratch/:modelid/:contextwindow/ext.js" },      /* 6 */
    { GET, "/api/scratch/:k/local/:type/ext.js" },               /* 7 */
    { POST, "/api/classes/:c/password" },                        /* 8 */
    { GET, "/api/classes/special/:x" },                          /* 9 */
    { DELETE, "/API/Classes/special/:y" }                        /* 10 */
};

static mlk_router_t  *router;


static int
setup(void **state)
{
    (void) state;

    router = mlk_router_create(routes, sizeof(routes) / sizeof(routes[0]),
                               sizeof(routes[0]));

    return router == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    mlk_router_free(router);

    return 0;
}


static int
match(unsigned method, const char *path, mlk_route_match_t *m)
{
    mlk_str_t  s;

    s.data = (unsigned char *) path;
    s.len = strlen(path);

    return mlk_router_match(router, core_alloc(), method, &s, m);
}


static int
route(unsigned method, const char *path)
{
    mlk_route_match_t  m;

    assert_int_equal(match(method, path, &m), MLK_OK);

    return m.route;
}


static void
test_paths(void **state)
{
    (void) state;

    assert_int_equal(route(GET, "/api"), 0);
    assert_int_equal(route(GET, "/api/"), 0);
    assert_int_equal(route(GET, "/API"), 0);
    assert_int_equal(route(GET, "/aPi/"), 0);
    assert_int_equal(route(GET, "/api//"), -1);
    assert_int_equal(route(GET, "//api"), -1);
    assert_int_equal(route(GET, "/apis"), -1);
    assert_int_equal(route(GET, "/ap"), -1);
    assert_int_equal(route(GET, "/%61pi"), -1);
    assert_int_equal(route(GET, "api"), -1);
    assert_int_equal(route(GET, ""), -1);
    assert_int_equal(route(GET, "/"), -1);
    assert_int_equal(route(GET, "/api/classes/c/students/s/projects"), 1);
    assert_int_equal(route(GET, "/api/CLASSES/c/Students/s/projects/"), 1);
    assert_int_equal(route(GET, "/api/classes//students/s/projects"), -1);
    assert_int_equal(route(GET, "/api/classes/c/students//projects"), -1);
    assert_int_equal(route(GET, "/api/classes/c/students/s/projects//"), -1);
    assert_int_equal(route(GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v"),
                     -1);
}


static void
test_methods(void **state)
{
    mlk_route_match_t  m;

    (void) state;

    assert_int_equal(route(POST, "/api/classes/c/students/s/projects"), 2);

    assert_int_equal(match(DELETE, "/api/classes/c/students/s/projects", &m),
                     MLK_OK);
    assert_int_equal(m.route, -1);
    assert_int_equal(m.methods, GET | POST);

    assert_int_equal(match(POST, "/nothing", &m), MLK_OK);
    assert_int_equal(m.route, -1);
    assert_int_equal(m.methods, 0);
}


static void
test_params(void **state)
{
    mlk_route_match_t  m;

    (void) state;

    assert_int_equal(match(GET, "/api/classes/My%20Class/students/"
                                "auth0%7C12/projects/a+b", &m), MLK_OK);
    assert_int_equal(m.route, 3);
    assert_int_equal(m.nparams, 3);
    assert_int_equal(m.names[0], 'c');
    assert_int_equal(m.names[1], 's');
    assert_int_equal(m.names[2], 'p');
    assert_str(m.values[0], "My Class");
    assert_str(m.values[1], "auth0|12");
    assert_str(m.values[2], "a+b");

    /* decoded once, and a slash does not part segments afterwards */
    assert_int_equal(match(GET, "/api/classes/%252F/students/..%2f/projects",
                           &m), MLK_OK);
    assert_str(m.values[0], "%2F");
    assert_str(m.values[1], "../");

    assert_int_equal(match(GET, "/api/classes/c%00/students/s/projects", &m),
                     MLK_OK);
    assert_int_equal(m.values[0].len, 2);
}


static void
test_malformed(void **state)
{
    size_t             i;
    char               path[200];
    mlk_route_match_t  m;

    static const char  *bad[] = {
        "%", "%2", "%zz", "a%", "%%41", "%E9", "%ff", "%C0%AF", "%ED%A0%80",
        "\xe9", "%u0041"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void) snprintf(path, sizeof(path),
                        "/api/classes/c/students/%s/projects", bad[i]);
        assert_int_equal(match(GET, path, &m), MLK_ERROR);

        (void) snprintf(path, sizeof(path), "/api/%s", bad[i]);
        assert_int_equal(match(GET, path, &m), MLK_OK);
        assert_int_equal(m.route, -1);
    }
}


static void
test_preference(void **state)
{
    mlk_route_match_t  m;

    (void) state;

    /* literal before parameter */
    assert_int_equal(match(GET, "/api/classes/Special/password", &m), MLK_OK);
    assert_int_equal(m.route, 9);
    assert_str(m.values[0], "password");

    /* back to the parameter when the literal leads nowhere */
    assert_int_equal(match(POST, "/api/classes/special/password", &m), MLK_OK);
    assert_int_equal(m.route, 8);
    assert_str(m.values[0], "special");
    assert_int_equal(m.methods, GET | POST | DELETE);

    assert_int_equal(route(GET, "/api/classes/special/students/s/projects"),
                     1);

    /* different names at the same place */
    assert_int_equal(match(DELETE, "/api/classes/special/1", &m), MLK_OK);
    assert_int_equal(m.route, 10);
    assert_int_equal(m.names[0], 'y');
    assert_int_equal(match(GET, "/api/scratch/k/local/text/ext.js", &m),
                     MLK_OK);
    assert_int_equal(m.route, 7);
    assert_int_equal(match(GET, "/api/scratch/model/4096/ext.js", &m), MLK_OK);
    assert_int_equal(m.route, 6);
    assert_int_equal(m.names[0], 'm');
    assert_int_equal(match(GET, "/api/scratch/local/local/ext.js", &m),
                     MLK_OK);
    assert_int_equal(m.route, 6);
}


static void
test_patterns(void **state)
{
    size_t                  i;
    mlk_route_key_t         key;

    static const char  *bad[] = {
        "api", "", "/api/:", "/:a/:b/:c/:d/:e/:f/:g/:h/:i", "/a//b",
        "/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        key.method = GET;
        key.pattern = bad[i];
        assert_null(mlk_router_create(&key, 1, sizeof(key)));
    }

    mlk_router_free(NULL);
}


static int
query(const char *text, const char *name, mlk_str_t *out, int *present)
{
    mlk_str_t  s;

    s.data = (unsigned char *) text;
    s.len = strlen(text);

    return mlk_query_get(core_alloc(), &s, name, out, present);
}


static void
test_query(void **state)
{
    int        present;
    size_t     i;
    mlk_str_t  out;

    static const struct {
        const char  *query;
        const char  *value;
    } good[] = {
        { "data=x", "x" }, { "a=1&data=x&b", "x" }, { "data=", "" },
        { "data", "" }, { "data=a+b%20c", "a b c" }, { "data=a=b", "a=b" },
        { "d%61ta=%C3%A9", "\xc3\xa9" }, { "data=%2B", "+" },
        { "&&data=x&", "x" }, { "data=%zz+%", "%zz %" },
        { "data=%FF+", "%FF " }, { "data=\xff", "\xef\xbf\xbd" },
        { "data=ab%\xff" "c+d", "ab%\xef\xbf\xbd" "c d" },
        { "Data=y&data=x", "x" }, { "data2=y&data=x", "x" }
    };

    static const struct {
        const char  *query;
        int          present;
    } bad[] = {
        { "", 0 }, { "a=1", 0 }, { "=data", 0 }, { "DATA=1", 0 },
        { "data2=1", 0 }, { "dat=1", 0 },
        { "data=1&data=2", 1 }, { "data[]=1", 1 }, { "data[a]=1", 1 },
        { "data%5Ba%5D=1", 1 }, { "data=1&data[a]=1", 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(query(good[i].query, "data", &out, &present),
                         MLK_OK);
        assert_int_equal(present, 1);
        assert_str(out, good[i].value);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(query(bad[i].query, "data", &out, &present),
                         MLK_ERROR);
        assert_int_equal(present, bad[i].present);
    }
}


static int
torture_match(const mlk_alloc_t *a)
{
    mlk_str_t          path = STR("/api/classes/%41/students/%42/projects");
    mlk_route_match_t  m;

    return mlk_router_match(router, a, GET, &path, &m);
}


static int
torture_query(const mlk_alloc_t *a)
{
    int        present;
    mlk_str_t  out, text = STR("%41=%42&data=%ff+\xff");

    return mlk_query_get(a, &text, "data", &out, &present);
}


static int
torture_create(void)
{
    mlk_router_t  *fresh;

    fresh = mlk_router_create(routes, 3, sizeof(routes[0]));

    if (fresh == NULL) {
        return MLK_NOMEM;
    }

    mlk_router_free(fresh);

    return MLK_OK;
}


static void
test_nomem(void **state)
{
    (void) state;

    assert_int_equal(core_alloc_torture(torture_match), 2);
    assert_true(core_alloc_torture(torture_query) >= 4);
    assert_int_equal(core_malloc_torture(torture_create), 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_preference),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_nomem)
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
