/*
 * Normal form and tokens of text models.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_internal.h"


static tt_scratch_t  scratch;
static char          shown[65536];


/* The normal form as UTF-8. */

static const char *
normal(const char *text, size_t len)
{
    size_t  n;

    assert_int_equal(tt_normalise(&scratch, text, len), MODEL_OK);
    assert_true(scratch.ncp * 4 < sizeof(shown));

    n = tt_encode(scratch.cp, scratch.ncp, (unsigned char *) shown);
    shown[n] = '\0';

    return shown;
}


/* The tokens as "w:word|r:run|s:symbol". */

static const char *
tokens(const char *text)
{
    size_t  i, n;

    assert_int_equal(tt_normalise(&scratch, text, strlen(text)), MODEL_OK);
    assert_int_equal(tt_tokenise(&scratch), MODEL_OK);

    n = 0;
    shown[0] = '\0';

    for (i = 0; i < scratch.ntokens; i++) {
        n += (size_t) sprintf(shown + n, "%s%c:", i ? "|" : "",
                              "wrs"[scratch.token[i].kind]);
        n += tt_encode(scratch.word + scratch.token[i].start,
                       scratch.token[i].len, (unsigned char *) shown + n);
        shown[n] = '\0';
    }

    return shown;
}


#define assert_normal(text, want)                                            \
    assert_string_equal(normal(text, sizeof(text) - 1), want)


static void
test_case_and_accents(void **state)
{
    (void) state;

    assert_normal("Hello World", "hello world");
    assert_normal("CAF\xc3\x89", "cafe");
    assert_normal("cafe\xcc\x81", "cafe");
    assert_normal("Stra\xc3\x9f" "e", "strasse");
    assert_normal("\xc5\x81\xc3\xb3" "d\xc5\xba", "\xc5\x82odz");
    assert_normal("\xd0\x81\xd0\x96", "\xd0\xb5\xd0\xb6");
    assert_normal("", "");
}


static void
test_compatibility(void **state)
{
    (void) state;

    /* full width, ligature, superscript, circled */
    assert_normal("\xef\xbc\xa1\xef\xbc\x9f", "a?");
    assert_normal("\xef\xac\x81sh", "fish");
    assert_normal("x\xc2\xb2", "x2");

    /* soft hyphen, zero width joiner, variation selector go */
    assert_normal("co\xc2\xadop\xe2\x80\x8d\xef\xb8\x8f", "coop");
}


static void
test_composed(void **state)
{
    (void) state;

    /* Hangul syllables and Japanese voice marks come back in one piece */
    assert_normal("\xed\x95\x9c", "\xed\x95\x9c");
    assert_normal("\xe3\x81\x8c", "\xe3\x81\x8c");
    assert_normal("\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c");

    /* half width katakana with its mark */
    assert_normal("\xef\xbd\xb6\xef\xbe\x9e", "\xe3\x82\xac");
}


static void
test_order_of_marks(void **state)
{
    char  one[16], two[16];

    (void) state;

    /* two marks outside U+0300..U+036F in either order: Arabic shadda, fatha */
    strcpy(one, normal("\xd8\xa8\xd9\x91\xd9\x8e", 6));
    strcpy(two, normal("\xd8\xa8\xd9\x8e\xd9\x91", 6));
    assert_string_equal(one, two);
}


static void
test_bad_bytes(void **state)
{
    (void) state;

    assert_normal("a\xff" "b", "a b");
    assert_normal("a\xc3", "a ");
    assert_normal("\xe2\x82", "  ");
    assert_normal("\xed\xa0\x80", "   ");             /* surrogate */
    assert_normal("\xf4\x90\x80\x80", "    ");        /* above U+10FFFF */
    assert_normal("\xc0\xaf", "  ");                  /* not shortest */

    assert_int_equal(tt_normalise(&scratch, "a\0b", 3), MODEL_OK);
    assert_int_equal(scratch.ncp, 3);
    assert_int_equal(scratch.cp[1], 0);

    /* the end of the text is the end of what is read */
    assert_int_equal(tt_normalise(&scratch, "\xe2\x82\xac", 2), MODEL_OK);
    assert_int_equal(scratch.ncp, 2);

    assert_int_equal(tt_normalise(&scratch, NULL, 0), MODEL_OK);
    assert_int_equal(scratch.ncp, 0);
}


static void
test_long(void **state)
{
    char     *text;
    size_t    i, n;

    (void) state;

    n = 1 << 20;
    text = malloc(n);
    assert_non_null(text);
    memset(text, 'a', n);

    assert_int_equal(tt_normalise(&scratch, text, n), MODEL_OK);
    assert_int_equal(scratch.ncp, 8192);

    /* code points count, not bytes */
    for (i = 0; i < n; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }

    assert_int_equal(tt_normalise(&scratch, text, n), MODEL_OK);
    assert_int_equal(scratch.ncp, 8192);

    /* one code point that becomes eighteen */
    for (i = 0; i + 3 <= n; i += 3) {
        memcpy(text + i, "\xef\xb7\xba", 3);
    }

    assert_int_equal(tt_normalise(&scratch, text, n), MODEL_OK);
    assert_int_equal(scratch.ncp, 8192 * 18);

    free(text);
}


static void
test_words(void **state)
{
    (void) state;

    assert_string_equal(tokens(""), "");
    assert_string_equal(tokens(" \t\r\n.,;:-_/()"), "");
    assert_string_equal(tokens("Hello, big world 42"),
                        "w:hello|w:big|w:world|w:42");
    assert_string_equal(tokens("3.14 route66 e-mail"),
                        "w:3|w:14|w:route66|w:e|w:mail");
}


static void
test_apostrophes(void **state)
{
    (void) state;

    assert_string_equal(tokens("don't"), "w:dont");
    assert_string_equal(tokens("don\xe2\x80\x99t"), "w:dont");
    assert_string_equal(tokens("'quoted'"), "w:quoted");
    assert_string_equal(tokens("dogs' tails"), "w:dogs|w:tails");
    assert_string_equal(tokens("rock''n"), "w:rock|w:n");
    assert_string_equal(tokens("it's o'clock'"), "w:its|w:oclock");
    assert_string_equal(tokens("'"), "");
    assert_string_equal(tokens("a'"), "w:a");

    /* none joins what is not a word */
    assert_string_equal(tokens("a'?"), "w:a|s:?");
    assert_string_equal(tokens("\xe7\x8c\xab'\xe7\x8a\xac"),
                        "r:\xe7\x8c\xab|r:\xe7\x8a\xac");
}


static void
test_symbols(void **state)
{
    (void) state;

    assert_string_equal(tokens("what?!"), "w:what|s:?|s:!");
    assert_string_equal(tokens("??"), "s:?|s:?");
    assert_string_equal(tokens("\xd8\x9f"), "s:\xd8\x9f");
    assert_string_equal(tokens("hi\xf0\x9f\x98\x80\xf0\x9f\x98\x80yo"),
                        "w:hi|s:\xf0\x9f\x98\x80|s:\xf0\x9f\x98\x80|w:yo");
    assert_string_equal(tokens("$5 + 3"), "w:5|w:3");

    /* a heart with its variation selector is the heart */
    assert_string_equal(tokens("\xe2\x9d\xa4\xef\xb8\x8f"),
                        "s:\xe2\x9d\xa4");
}


static void
test_unspaced(void **state)
{
    (void) state;

    /* Chinese in one run, a change of kind ends it */
    assert_string_equal(tokens("\xe6\x88\x91\xe7\x88\xb1" "abc\xe7\x8c\xab"),
                        "r:\xe6\x88\x91\xe7\x88\xb1|w:abc|r:\xe7\x8c\xab");

    /* Thai with a vowel mark */
    assert_string_equal(tokens("\xe0\xb8\x81\xe0\xb8\xb4\xe0\xb8\x99"),
                        "r:\xe0\xb8\x81\xe0\xb8\xb4\xe0\xb8\x99");

    /* Hangul has spaces: words */
    assert_string_equal(tokens("\xed\x95\x9c\xea\xb5\xad \xeb\xa7\x90"),
                        "w:\xed\x95\x9c\xea\xb5\xad|w:\xeb\xa7\x90");

    /* an ideographic full stop separates */
    assert_string_equal(tokens("\xe7\x8c\xab\xe3\x80\x82\xe7\x8a\xac"),
                        "r:\xe7\x8c\xab|r:\xe7\x8a\xac");

    /* beyond the basic plane */
    assert_string_equal(tokens("\xf0\xa0\x80\x80"), "r:\xf0\xa0\x80\x80");
}


static void
test_marks(void **state)
{
    (void) state;

    /* Devanagari: a vowel mark stays in its word */
    assert_string_equal(tokens("\xe0\xa4\x95\xe0\xa4\xbf \xe0\xa4\x95"),
                        "w:\xe0\xa4\x95\xe0\xa4\xbf|w:\xe0\xa4\x95");

    /* in a run a mark of another script is of the run's kind */
    assert_string_equal(tokens("\xe7\x8c\xab\xd9\x8e"),
                        "r:\xe7\x8c\xab\xd9\x8e");

    /* alone, or behind a symbol, it begins a word */
    assert_string_equal(tokens("\xd9\x8e"), "w:\xd9\x8e");
    assert_string_equal(tokens("?\xd9\x8e"), "s:?|w:\xd9\x8e");
}


static void
test_places(void **state)
{
    uint32_t     offset[TT_MAX_CODE_POINTS + 1];
    const char  *text = "Na\xc3\xafve, don't!";

    (void) state;

    assert_int_equal(tt_decode(&scratch, text, strlen(text), offset),
                     MODEL_OK);
    assert_int_equal(tt_tokenise(&scratch), MODEL_OK);
    assert_int_equal(scratch.ntokens, 3);

    assert_int_equal(offset[scratch.token[0].from], 0);
    assert_int_equal(offset[scratch.token[0].to], 6);
    assert_int_equal(offset[scratch.token[1].from], 8);
    assert_int_equal(offset[scratch.token[1].to], 13);
    assert_int_equal(scratch.token[1].len, 4);
    assert_int_equal(offset[scratch.token[2].to], strlen(text));
}


static int
finish(void **state)
{
    (void) state;

    tt_scratch_free(&scratch);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_case_and_accents),
        cmocka_unit_test(test_compatibility),
        cmocka_unit_test(test_composed),
        cmocka_unit_test(test_order_of_marks),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_apostrophes),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_unspaced),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_places)
    };

    return cmocka_run_group_tests_name("text: normal form and tokens", tests,
                                       NULL, finish);
}
