/*
 * Texts as the API sees them: blanks as JavaScript's trim() knows them, names
 * of projects.
 */

#include <string.h>
#include <utf8proc.h>

#include "mlk_text.h"

#define MLK_PROJECT_NAME_UNITS  36


/* White space and line ends of ECMA-262 (12.2, 12.3). */
static int
mlk_is_blank(utf8proc_int32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0xfeff
           || cp == 0x2028 || cp == 0x2029
           || cp == ' ' || (cp > 0x7f
              && utf8proc_category(cp) == UTF8PROC_CATEGORY_ZS);
}


void
mlk_trim(mlk_str_t *s)
{
    size_t            i;
    utf8proc_ssize_t  n;
    utf8proc_int32_t  cp;

    while (s->len) {
        n = utf8proc_iterate(s->data, s->len < 4 ? (int) s->len : 4, &cp);

        if (n <= 0 || !mlk_is_blank(cp)) {
            break;
        }

        s->data += n;
        s->len -= (size_t) n;
    }

    while (s->len) {
        i = s->len - 1;

        while (i > 0 && s->len - i < 4 && (s->data[i] & 0xc0) == 0x80) {
            i--;
        }

        n = utf8proc_iterate(s->data + i, (int) (s->len - i), &cp);

        if (n != (int) (s->len - i) || !mlk_is_blank(cp)) {
            break;
        }

        s->len = i;
    }
}


void
mlk_blank_controls(mlk_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] == '\t' || s->data[i] == '\n' || s->data[i] == '\r') {
            s->data[i] = ' ';
        }
    }
}


int
mlk_project_name_valid(const mlk_str_t *s)
{
    size_t            i, units;
    utf8proc_ssize_t  n;
    utf8proc_int32_t  cp;

    units = 0;

    for (i = 0; i < s->len; i += (size_t) n) {
        n = utf8proc_iterate(s->data + i,
                             s->len - i < 4 ? (int) (s->len - i) : 4, &cp);

        if (n <= 0 || cp < 0x20 || cp > 0x25a0) {
            return 0;
        }

        /* below U+25A0 each code point is one unit */
        units++;
    }

    return units >= 1 && units <= MLK_PROJECT_NAME_UNITS;
}
