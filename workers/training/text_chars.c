/*
 * From bytes to normal form to tokens.
 *
 * The normal form forgets what children type differently without meaning it:
 * case, accents, width and other compatibility variants, invisible characters.
 */

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "text_internal.h"


#define TT_SEPARATOR   3
#define TT_MARK        4
#define TT_APOSTROPHE  5


static int tt_kind(int32_t c);
static int tt_unspaced(int32_t c);


int
tt_grow(void *array, size_t *cap, size_t n, size_t size)
{
    void    *p, *old;
    size_t   room;

    if (n <= *cap) {
        return MODEL_OK;
    }

    room = *cap ? *cap : 64;

    while (room < n) {
        if (room > SIZE_MAX / 2 / size) {
            return MODEL_NOMEM;
        }

        room *= 2;
    }

    /* array is the address of a pointer to any type: copy, do not alias */
    memcpy(&old, array, sizeof(old));

    p = realloc(old, room * size);
    if (p == NULL) {
        return MODEL_NOMEM;
    }

    memcpy(array, &p, sizeof(p));
    *cap = room;

    return MODEL_OK;
}


void
tt_scratch_free(tt_scratch_t *scratch)
{
    free(scratch->bytes);
    free(scratch->cp);
    free(scratch->word);
    free(scratch->token);
    free(scratch->feature);
    free(scratch->sorted);

    memset(scratch, 0, sizeof(*scratch));
}


size_t
tt_encode(const int32_t *cp, size_t n, unsigned char *out)
{
    size_t            i, len;
    utf8proc_ssize_t  k;

    len = 0;

    for (i = 0; i < n; i++) {
        k = utf8proc_encode_char(cp[i], out + len);
        if (k > 0) {
            len += (size_t) k;
        }
    }

    return len;
}


int
tt_decode(tt_scratch_t *scratch, const char *text, size_t len,
    uint32_t *offset)
{
    size_t             i, n, max;
    int32_t            c;
    utf8proc_ssize_t   k;
    const uint8_t     *p;

    max = len < TT_MAX_CODE_POINTS ? len : TT_MAX_CODE_POINTS;

    if (tt_grow(&scratch->cp, &scratch->cp_cap, max + 1, sizeof(int32_t))
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    p = (const uint8_t *) text;
    n = 0;
    i = 0;

    while (i < len && n < max) {
        k = utf8proc_iterate(p + i, (utf8proc_ssize_t)
                             (len - i < 4 ? len - i : 4), &c);

        if (k <= 0 || c < 0) {
            /* not UTF-8: it may not join what stands around it */
            k = 1;
            c = ' ';
        }

        if (offset != NULL) {
            offset[n] = (uint32_t) i;
        }

        scratch->cp[n++] = c;
        i += (size_t) k;
    }

    if (offset != NULL) {
        offset[n] = (uint32_t) i;
    }

    scratch->ncp = n;

    return MODEL_OK;
}


int
tt_normalise(tt_scratch_t *scratch, const char *text, size_t len)
{
    size_t            i, n, nbytes;
    utf8proc_ssize_t  need;

    static const utf8proc_option_t  options =
        UTF8PROC_COMPAT|UTF8PROC_DECOMPOSE|UTF8PROC_CASEFOLD
        |UTF8PROC_IGNORE|UTF8PROC_STABLE;

    if (tt_decode(scratch, text, len, NULL) != MODEL_OK) {
        return MODEL_NOMEM;
    }

    if (scratch->ncp == 0) {
        return MODEL_OK;
    }

    /* the library decomposes UTF-8 only, and stops at a bad byte: give it
       what was read above */

    if (tt_grow(&scratch->bytes, &scratch->bytes_cap, scratch->ncp * 4, 1)
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    nbytes = tt_encode(scratch->cp, scratch->ncp, scratch->bytes);

    for ( ;; ) {
        need = utf8proc_decompose(scratch->bytes, (utf8proc_ssize_t) nbytes,
                                  scratch->cp,
                                  (utf8proc_ssize_t) scratch->cp_cap, options);
        if (need < 0) {
            return MODEL_ERROR;
        }

        if ((size_t) need <= scratch->cp_cap) {
            break;
        }

        if (tt_grow(&scratch->cp, &scratch->cp_cap, (size_t) need,
                    sizeof(int32_t))
            != MODEL_OK)
        {
            return MODEL_NOMEM;
        }
    }

    n = 0;

    for (i = 0; i < (size_t) need; i++) {
        if (scratch->cp[i] < 0x300 || scratch->cp[i] > 0x36f) {
            scratch->cp[n++] = scratch->cp[i];
        }
    }

    need = utf8proc_normalize_utf32(scratch->cp, (utf8proc_ssize_t) n,
                                    UTF8PROC_STABLE|UTF8PROC_COMPOSE);
    if (need < 0) {
        return MODEL_ERROR;
    }

    scratch->ncp = (size_t) need;

    return MODEL_OK;
}


/* Scripts written without spaces: each code point is a unit there. */

static int
tt_unspaced(int32_t c)
{
    size_t  i;

    static const int32_t  range[][2] = {
        { 0x0e00, 0x0eff },        /* Thai, Lao */
        { 0x1000, 0x109f },        /* Myanmar */
        { 0x1780, 0x17ff },        /* Khmer */
        { 0x3005, 0x3005 },
        { 0x3007, 0x3007 },
        { 0x3040, 0x30ff },        /* Hiragana, Katakana */
        { 0x3400, 0x9fff },        /* Han */
        { 0xf900, 0xfaff },
        { 0x20000, 0x3ffff }
    };

    for (i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        if (c < range[i][0]) {
            return 0;
        }

        if (c <= range[i][1]) {
            return 1;
        }
    }

    return 0;
}


static int
tt_kind(int32_t c)
{
    if (c < 0x80) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
            || (c >= 'A' && c <= 'Z'))
        {
            return TT_WORD;
        }

        if (c == '\'') {
            return TT_APOSTROPHE;
        }

        return c == '?' || c == '!' ? TT_SYMBOL : TT_SEPARATOR;
    }

    if (tt_unspaced(c)) {
        return TT_RUN;
    }

    if (c == 0x2019) {
        return TT_APOSTROPHE;
    }

    if (c == 0x061f) {
        return TT_SYMBOL;
    }

    switch (utf8proc_category(c)) {

    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return TT_WORD;

    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return TT_MARK;

    case UTF8PROC_CATEGORY_SO:
        return TT_SYMBOL;

    default:
        return TT_SEPARATOR;
    }
}


int
tt_tokenise(tt_scratch_t *scratch)
{
    int          kind, open;
    size_t       i, n;
    tt_token_t  *t;

    scratch->ntokens = 0;

    if (tt_grow(&scratch->word, &scratch->word_cap, scratch->ncp + 1,
                sizeof(int32_t))
        != MODEL_OK)
    {
        return MODEL_NOMEM;
    }

    open = TT_SEPARATOR;
    t = NULL;
    n = 0;

    for (i = 0; i < scratch->ncp; i++) {
        kind = tt_kind(scratch->cp[i]);

        if (kind == TT_MARK) {
            /* a mark belongs to what it stands on */
            kind = open == TT_RUN ? TT_RUN : TT_WORD;

        } else if (kind == TT_APOSTROPHE) {

            if (open == TT_WORD && i + 1 < scratch->ncp) {
                kind = tt_kind(scratch->cp[i + 1]);

                if (kind == TT_WORD || kind == TT_MARK) {
                    continue;
                }
            }

            kind = TT_SEPARATOR;
        }

        if (kind == TT_SEPARATOR) {
            open = TT_SEPARATOR;
            continue;
        }

        if (kind != open || kind == TT_SYMBOL) {

            if (tt_grow(&scratch->token, &scratch->token_cap,
                        scratch->ntokens + 1, sizeof(tt_token_t))
                != MODEL_OK)
            {
                return MODEL_NOMEM;
            }

            t = &scratch->token[scratch->ntokens++];
            t->start = (uint32_t) n;
            t->len = 0;
            t->from = (uint32_t) i;
            t->kind = (uint32_t) kind;
            open = kind;
        }

        scratch->word[n++] = scratch->cp[i];
        t->len++;
        t->to = (uint32_t) i + 1;
    }

    return MODEL_OK;
}
