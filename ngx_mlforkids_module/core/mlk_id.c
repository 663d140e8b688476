/*
 * Forms of ids.  Ids are checked before use: they may end up in paths of
 * files and in addresses (auth.md 8).
 */

#include <string.h>

#include "mlk_text.h"

#define MLK_ID_MAX      36
#define MLK_KEY_LEN     (2 * MLK_UUID_LEN)


static int
mlk_is_hex(unsigned char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f')
           || (ch >= 'A' && ch <= 'F');
}


/* Characters of names: no slash, no quotes. */
static int
mlk_is_word(unsigned char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z')
           || (ch >= 'A' && ch <= 'Z') || ch == '.' || ch == '_' || ch == '-';
}


int
mlk_uuid_valid(const mlk_str_t *s)
{
    size_t  i;

    if (s->len != MLK_UUID_LEN) {
        return 0;
    }

    for (i = 0; i < MLK_UUID_LEN; i++) {

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s->data[i] != '-') {
                return 0;
            }

        } else if (!mlk_is_hex(s->data[i])) {
            return 0;
        }
    }

    return 1;
}


int
mlk_userid_valid(const mlk_str_t *s)
{
    size_t                i;
    const unsigned char  *bar;

    if (mlk_uuid_valid(s)) {
        return 1;
    }

    if (s->len == 0 || s->len > MLK_ID_MAX) {
        return 0;
    }

    bar = memchr(s->data, '|', s->len);

    if (bar == NULL || bar == s->data || bar == s->data + s->len - 1) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        if (s->data + i != bar && !mlk_is_word(s->data[i])) {
            return 0;
        }
    }

    if (bar - s->data == 5 && memcmp(s->data, "auth0", 5) == 0) {
        for (i = 6; i < s->len; i++) {
            if (!mlk_is_hex(s->data[i])) {
                return 0;
            }
        }
    }

    return 1;
}


int
mlk_classid_valid(const mlk_str_t *s)
{
    size_t  i, dots;

    if (s->len == 0 || s->len > MLK_ID_MAX) {
        return 0;
    }

    dots = 0;

    for (i = 0; i < s->len; i++) {
        if (!mlk_is_word(s->data[i])) {
            return 0;
        }

        dots += s->data[i] == '.';
    }

    /* "." and ".." are folders */
    return dots != s->len || dots > 2;
}


int
mlk_scratchkey_valid(const mlk_str_t *s)
{
    size_t  i;

    if (s->len != MLK_KEY_LEN) {
        return 0;
    }

    for (i = 0; i < MLK_KEY_LEN; i++) {
        if (!(s->data[i] >= '0' && s->data[i] <= '9')
            && !(s->data[i] >= 'a' && s->data[i] <= 'f')
            && s->data[i] != '-')
        {
            return 0;
        }
    }

    return 1;
}
