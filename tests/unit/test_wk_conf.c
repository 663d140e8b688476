/*
 * Settings files.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "wk_conf.h"


typedef struct {
    char     *name;
    char     *log;
    int64_t   size;
    int64_t   time;
    int64_t   number;
} conf_t;


static const wk_conf_entry_t  table[] = {
    { "name", WK_CONF_STRING, offsetof(conf_t, name), NULL, 0, 0, "a name" },
    { "log", WK_CONF_STRING, offsetof(conf_t, log), "stderr", 0, 0, "a log" },
    { "size", WK_CONF_SIZE, offsetof(conf_t, size), "64k", 0,
      INT64_C(1) << 40, "a size" },
    { "time", WK_CONF_TIME, offsetof(conf_t, time), "3s", 1, 86400000,
      "a time" },
    { "number", WK_CONF_NUMBER, offsetof(conf_t, number), "2", 1, 64,
      "a number" },
    { NULL, WK_CONF_STRING, 0, NULL, 0, 0, NULL }
};


static char  err[256];


static int
parse(const char *text, conf_t *conf)
{
    err[0] = '\0';

    return wk_conf_parse(table, 0, "f.conf", text, strlen(text), conf, err,
                         sizeof(err));
}


static void
test_values(void **state)
{
    conf_t  c;

    (void) state;

    assert_int_equal(parse("name x;", &c), WK_OK);
    assert_string_equal(c.name, "x");
    assert_string_equal(c.log, "stderr");
    assert_int_equal(c.size, 65536);
    assert_int_equal(c.time, 3000);
    assert_int_equal(c.number, 2);
    wk_conf_free(table, &c);
    assert_null(c.name);

    assert_int_equal(parse("# first\n"
                           "name \"host=/run; user='it''s' # no \\\"q\\\"\";"
                           "size 64m;time 500ms; # rest\n"
                           "number\n 64 ;log '';", &c), WK_OK);
    assert_string_equal(c.name, "host=/run; user='it''s' # no \"q\"");
    assert_string_equal(c.log, "");
    assert_int_equal(c.size, 64 << 20);
    assert_int_equal(c.time, 500);
    assert_int_equal(c.number, 64);
    wk_conf_free(table, &c);

    assert_int_equal(parse("name a\\\"b\\\\c\\d; size 1g; time 1h;", &c),
                     WK_OK);
    assert_string_equal(c.name, "a\"b\\c\\d");
    assert_int_equal(c.size, 1 << 30);
    assert_int_equal(c.time, 3600000);
    wk_conf_free(table, &c);
}


static void
test_refused(void **state)
{
    size_t  i;
    conf_t  c;

    static const struct {
        const char  *text;
        const char  *what;
    } bad[] = {
        { "", "f.conf:1: \"name\" is missing" },
        { "name x;\nspeed 3;\n", "f.conf:2: there is no setting \"speed\"" },
        { "name x;\n\nname y;", "f.conf:3: \"name\" is set twice" },
        { "name x", "f.conf:1: \";\" is missing after \"name\"" },
        { "name x\nsize 1;",
          "f.conf:2: \"name\" takes one value; is a \";\" missing?" },
        { "name;", "f.conf:1: \"name\" needs a value" },
        { "name", "f.conf:1: \"name\" needs a value" },
        { ";", "f.conf:1: \";\" without a name" },
        { "name \"x;", "f.conf:1: a quote is not closed" },
        { "name \"x\"y;",
          "f.conf:1: a blank or \";\" must follow the closing quote" },
        { "name \"x\ny\";",
          "f.conf:1: a value holds a line end or a control character" },
        { "name x; size 64q;",
          "f.conf:1: \"size\" needs a size, for example 64m" },
        { "name x; size -1;",
          "f.conf:1: \"size\" needs a size, for example 64m" },
        { "name x; size 9999999999999g;",
          "f.conf:1: \"size\" needs a size, for example 64m" },
        { "name x; size 99999999999999999999;",
          "f.conf:1: \"size\" needs a size, for example 64m" },
        { "name x; time soon;",
          "f.conf:1: \"time\" needs a time, for example 60s" },
        { "name x; time 0s;",
          "f.conf:1: \"time\" must be between 1 and 86400000 milliseconds" },
        { "name x; number 65;",
          "f.conf:1: \"number\" must be between 1 and 64" },
        { "name x; number 2k;", "f.conf:1: \"number\" needs a number" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i].text, &c), WK_ERROR);
        assert_string_equal(err, bad[i].what);
        assert_null(c.name);
    }
}


static void
test_long_value(void **state)
{
    char    text[4096];
    conf_t  c;

    (void) state;

    memset(text, 'x', sizeof(text));
    memcpy(text, "name ", 5);
    text[sizeof(text) - 2] = ';';
    text[sizeof(text) - 1] = '\0';

    assert_int_equal(parse(text, &c), WK_ERROR);
    assert_string_equal(err, "f.conf:1: a value is too long");

    assert_int_equal(wk_conf_parse(table, 0, "f.conf", "name \0;", 7, &c, err,
                                   sizeof(err)), WK_ERROR);
}


static void
test_foreign_names(void **state)
{
    conf_t       c;
    const char  *text = "threads 2; name x; list a b \"c;d\";";

    (void) state;

    assert_int_equal(wk_conf_parse(table, WK_CONF_IGNORE_UNKNOWN, "f", text,
                                   strlen(text), &c, err, sizeof(err)),
                     WK_OK);
    assert_string_equal(c.name, "x");
    wk_conf_free(table, &c);

    text = "name x; threads 2";

    assert_int_equal(wk_conf_parse(table, WK_CONF_IGNORE_UNKNOWN, "f", text,
                                   strlen(text), &c, err, sizeof(err)),
                     WK_ERROR);
}


static void
test_file(void **state)
{
    int     fd;
    char    path[] = "/tmp/wk_conf.XXXXXX";
    conf_t  c;

    (void) state;

    fd = mkstemp(path);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, "name x;\n", 8), 8);
    close(fd);

    assert_int_equal(wk_conf_read(table, 0, path, &c, err, sizeof(err)),
                     WK_OK);
    assert_string_equal(c.name, "x");
    wk_conf_free(table, &c);

    unlink(path);

    assert_int_equal(wk_conf_read(table, 0, path, &c, err, sizeof(err)),
                     WK_ERROR);
    assert_non_null(strstr(err, "No such file"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_foreign_names),
        cmocka_unit_test(test_file)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
