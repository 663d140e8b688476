/* Units of texts, labels, ids and the Range header. */

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_alloc.h"
#include "mlk_text.h"


static mlk_str_t
str(const char *text)
{
    mlk_str_t  s;

    s.data = (unsigned char *) text;
    s.len = strlen(text);

    return s;
}


static void
test_utf8(void **state)
{
    size_t     i;
    mlk_str_t  s, out;

    static const char  *good[] = {
        "", "abcdefgh\xc3\xa9ijklmnopq", "\x7f", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"
    };

    static const char  *bad[] = {
        "\x80", "\xc3", "abcdefgh\xe2\x82", "\xc0\x80", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xfe", "\xf0\x9f\x98", "\xc3\xc3\xa9"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(mlk_utf8_valid((const unsigned char *) good[i],
                                   strlen(good[i])));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(mlk_utf8_valid((const unsigned char *) bad[i],
                                    strlen(bad[i])));

        s = str(bad[i]);
        assert_int_equal(mlk_utf8_repair(core_alloc(), &s, &out), MLK_OK);
        assert_true(mlk_utf8_valid(out.data, out.len));
    }

    s = str("a\xff\xff" "b\xc3\xa9\xe2\x82");
    assert_int_equal(mlk_utf8_repair(core_alloc(), &s, &out), MLK_OK);
    assert_str(out, "a\xef\xbf\xbd\xef\xbf\xbd" "b\xc3\xa9\xef\xbf\xbd"
                    "\xef\xbf\xbd");
}


static void
test_utf16(void **state)
{
    mlk_str_t  s;

    (void) state;

    s = str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    assert_int_equal(mlk_utf16_length(&s), 6);

    mlk_utf16_cut(&s, 6);
    assert_int_equal(s.len, 11);
    mlk_utf16_cut(&s, 5);
    assert_int_equal(s.len, 10);
    /* half an emoji is none */
    mlk_utf16_cut(&s, 4);
    assert_int_equal(s.len, 6);
    mlk_utf16_cut(&s, 2);
    assert_int_equal(s.len, 3);
    mlk_utf16_cut(&s, 0);
    assert_int_equal(s.len, 0);
    mlk_utf16_cut(&s, 9);
    assert_int_equal(s.len, 0);
}


static void
test_trim(void **state)
{
    mlk_str_t  s;

    (void) state;

    s = str("\t\n\v\f\r \xc2\xa0\xef\xbb\xbf\xe2\x80\x83 a b\xe2\x80\xa8"
            "\xe2\x80\xa9\xe3\x80\x80 ");
    mlk_trim(&s);
    assert_str(s, "a b");

    s = str(" \xe3\x80\x80\t");
    mlk_trim(&s);
    assert_int_equal(s.len, 0);

    /* zero width space and next line are no blanks there */
    s = str("\xe2\x80\x8b");
    mlk_trim(&s);
    assert_int_equal(s.len, 3);
    s = str("\xc2\x85");
    mlk_trim(&s);
    assert_int_equal(s.len, 2);

    s = str("\x80\x80 ");
    mlk_trim(&s);
    assert_int_equal(s.len, 2);

    s = str("");
    mlk_trim(&s);
    assert_int_equal(s.len, 0);
}


static void
test_blank_controls(void **state)
{
    char       text[] = "a\tb\r\nc\vd";
    mlk_str_t  s;

    (void) state;

    s = str(text);
    mlk_blank_controls(&s);
    assert_str(s, "a b  c\vd");
}


static void
test_project_name(void **state)
{
    size_t     i;
    mlk_str_t  s;

    static const char  *good[] = {
        "a", " ", "123456789012345678901234567890123456", "caf\xc3\xa9",
        "\xe2\x96\xa0", "a\xc2\x80"
    };

    static const char  *bad[] = {
        "", "1234567890123456789012345678901234567", "a\tb", "\x1f",
        "\xe2\x96\xa1", "\xf0\x9f\x98\x80", "\xe4\xb8\xad", "a\xff"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        s = str(good[i]);
        assert_true(mlk_project_name_valid(&s));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        s = str(bad[i]);
        assert_false(mlk_project_name_valid(&s));
    }
}


static void
test_labels(void **state)
{
    size_t     i, n;
    mlk_str_t  s, out, *list;

    static const char  *forms[][2] = {
        { "fruit", "fruit" }, { "  my label\t", "my_label" },
        { "a-b,c'd\"e", "a_b_c_d_e" }, { "A.b_9", "A.b_9" },
        { "caf\xc3\xa9", "caf_" }, { "\xf0\x9f\x98\x80", "__" }, { "", "" },
        { "   ", "" },
        { "1234567890123456789012345678901", "123456789012345678901234567890" },
        { "12345678901234567890123456789\xf0\x9f\x98\x80",
          "12345678901234567890123456789_" }
    };

    static const struct {
        const char  *a, *b;
        int          equal;
    } pairs[] = {
        { "a", "a", 1 }, { "a", "A", 1 }, { "", "", 1 }, { "a", "", 0 },
        { "a", "ab", 0 }, { "\xc3\xa9t\xc3\xa9", "ETE", 1 },
        { "\xc3\x89", "e\xcc\x81", 1 }, { "a_b", "a b", 0 },
        { "\xce\xa3", "\xcf\x83", 1 }, { "a\xcc\x81", "a", 1 },
        { "\xe4\xb8\xad", "\xe4\xb8\xac", 0 }, { "\xff", "\xff", 1 },
        { "\xff", "\xfe", 0 }, { "\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1", 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        s = str(forms[i][0]);
        assert_int_equal(mlk_label_normalise(core_alloc(), &s, &out), MLK_OK);
        assert_str(out, forms[i][1]);
    }

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        s = str(pairs[i].a);
        out = str(pairs[i].b);
        assert_int_equal(mlk_label_equal(&s, &out), pairs[i].equal);
        assert_int_equal(mlk_label_equal(&out, &s), pairs[i].equal);
    }

    s = str(" a, ,b c,,\xc2\xa0 d,");
    assert_int_equal(mlk_labels_split(core_alloc(), &s, &list, &n), MLK_OK);
    assert_int_equal(n, 3);
    assert_str(list[0], "a");
    assert_str(list[1], "b c");
    assert_str(list[2], "d");

    s = str("a,b,c");
    {
        const mlk_alloc_t  *a = core_alloc();

        assert_int_equal(mlk_labels_split(a, &s, &list, &n), MLK_OK);
        assert_int_equal(mlk_labels_join(a, list, n, &out), MLK_OK);
        assert_str(out, "a,b,c");
        assert_int_equal(mlk_labels_join(a, NULL, 0, &out), MLK_OK);
        assert_int_equal(out.len, 0);
    }

    s.data = NULL;
    s.len = 0;
    assert_int_equal(mlk_labels_split(core_alloc(), &s, &list, &n), MLK_OK);
    assert_int_equal(n, 0);
}


static void
test_uuid(void **state)
{
    int            fds[2], i, status;
    pid_t          pid;
    mlk_str_t      s;
    unsigned char  run[100 * MLK_UUID_LEN], last[MLK_UUID_LEN],
                   other[MLK_UUID_LEN];

    (void) state;

    mlk_uuid_init();
    s.len = MLK_UUID_LEN;
    s.data = last;

    assert_int_equal(mlk_uuid_v4(last), 0);
    assert_true(mlk_uuid_valid(&s));
    assert_int_equal(last[14], '4');
    assert_non_null(strchr("89ab", last[19]));
    assert_int_equal(mlk_uuid_v4(other), 0);
    assert_memory_not_equal(last, other, MLK_UUID_LEN);

    assert_int_equal(mlk_uuid_v1(last), 0);
    assert_true(mlk_uuid_valid(&s));
    assert_int_equal(last[14], '1');
    assert_non_null(strchr("89ab", last[19]));

    for (i = 0; i < 1000; i++) {
        assert_int_equal(mlk_uuid_v1(other), 0);
        assert_memory_not_equal(last, other, MLK_UUID_LEN);
        /* one process, one node */
        assert_memory_equal(last + 19, other + 19, 17);
        memcpy(last, other, MLK_UUID_LEN);
    }

    assert_int_equal(mlk_uuid_v1_run(run, 100), 0);

    for (i = 1; i < 100; i++) {
        assert_true(memcmp(run + (i - 1) * MLK_UUID_LEN,
                           run + i * MLK_UUID_LEN, MLK_UUID_LEN) < 0);
    }

    /* another process has another node */
    assert_int_equal(pipe(fds), 0);
    pid = fork();

    if (pid == 0) {
        mlk_uuid_init();
        (void) mlk_uuid_v1(other);
        _exit(write(fds[1], other, MLK_UUID_LEN) != MLK_UUID_LEN);
    }

    assert_int_equal(read(fds[0], other, MLK_UUID_LEN), MLK_UUID_LEN);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_memory_not_equal(last + 19, other + 19, 17);
    (void) close(fds[0]);
    (void) close(fds[1]);
}


static void
test_ids(void **state)
{
    size_t     i;
    mlk_str_t  s;
    char       key[80];

    static const char  *users[] = {
        "auth0|58dd72d0b2e87002695249b6", "google-oauth2|1234",
        "21f70e50-1b20-11f1-8f5a-5b1f6cf0a7c1",
        "21F70E50-1B20-11F1-8F5A-5B1F6CF0A7C1"
    };

    static const char  *not_users[] = {
        "", "x", "auth0|", "|a", "auth0|58dd72d0b2e8700269524xyz",
        "auth0|../../etc", "a|b|c", "auth0|58dd72d0b2e87002695249b658dd72d0",
        "a|b/c", "a|b c", "a|b'", "21f70e50-1b20-11f1-8f5a-5b1f6cf0a7cg",
        "21f70e50x1b20-11f1-8f5a-5b1f6cf0a7c1"
    };

    static const char  *classes[] = {
        "session-users", "a", "21f70e50-1b20-11f1-8f5a-5b1f6cf0a7c1", "a.b",
        "..."
    };

    static const char  *not_classes[] = {
        "", ".", "..", "a/b", "a b", "a%", "caf\xc3\xa9",
        "1234567890123456789012345678901234567"
    };

    (void) state;

    for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        s = str(users[i]);
        assert_true(mlk_userid_valid(&s));
    }

    for (i = 0; i < sizeof(not_users) / sizeof(not_users[0]); i++) {
        s = str(not_users[i]);
        assert_false(mlk_userid_valid(&s));
    }

    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        s = str(classes[i]);
        assert_true(mlk_classid_valid(&s));
    }

    for (i = 0; i < sizeof(not_classes) / sizeof(not_classes[0]); i++) {
        s = str(not_classes[i]);
        assert_false(mlk_classid_valid(&s));
    }

    memset(key, 'a', 72);
    key[72] = '\0';
    s = str(key);
    assert_true(mlk_scratchkey_valid(&s));
    key[71] = 'A';
    assert_false(mlk_scratchkey_valid(&s));
    key[71] = '-';
    assert_true(mlk_scratchkey_valid(&s));
    s.len = 71;
    assert_false(mlk_scratchkey_valid(&s));
}


static void
test_range(void **state)
{
    size_t     i;
    uint64_t   start, limit;
    mlk_str_t  s;

    static const struct {
        const char  *header;
        uint64_t     start, limit;
    } cases[] = {
        { "items=0-3000", 0, 1000 }, { "items=10-19", 10, 10 },
        { "items=5-5", 5, 1 }, { "items=5-4", 5, 0 }, { "items=9-0", 9, 0 },
        { "items=7-", 7, 0 }, { "items=-7", 0, 50 }, { "items=-", 0, 50 },
        { "items=", 0, 50 }, { "items", 0, 50 }, { "", 0, 50 },
        { "bytes=1-2", 0, 50 }, { "items=1-2,4-5", 0, 50 },
        { "items=1-2-3", 0, 50 }, { "items=a-b", 0, 50 },
        { "items=1=2-3", 0, 50 }, { "items=0x1-2", 0, 50 },
        { "items=99999999999999999999-1", 0, 50 },
        { "items=1-99999999999999999999", 0, 50 },
        { "items=3-999999999999999", 3, 1000 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s = str(cases[i].header);
        mlk_range_items(&s, 1000, &start, &limit);
        assert_int_equal(start, cases[i].start);
        assert_int_equal(limit, cases[i].limit);
    }

    mlk_range_items(NULL, 1000, &start, &limit);
    assert_int_equal(start, 0);
    assert_int_equal(limit, 50);
    mlk_range_items(NULL, 20, &start, &limit);
    assert_int_equal(limit, 20);
}


static int
torture_labels(const mlk_alloc_t *a)
{
    int        rc;
    size_t     n;
    mlk_str_t  s, out, *list;

    s = str("a,\xff,c");

    if ((rc = mlk_utf8_repair(a, &s, &out)) != MLK_OK
        || (rc = mlk_label_normalise(a, &s, &out)) != MLK_OK
        || (rc = mlk_labels_split(a, &s, &list, &n)) != MLK_OK
        || (rc = mlk_labels_join(a, list, n, &out)) != MLK_OK)
    {
        return rc;
    }

    return MLK_OK;
}


static void
test_nomem(void **state)
{
    (void) state;

    assert_int_equal(core_alloc_torture(torture_labels), 4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_blank_controls),
        cmocka_unit_test(test_project_name),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_nomem)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
