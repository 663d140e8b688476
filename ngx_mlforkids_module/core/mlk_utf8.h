/*
 * UTF-8: validity, repair, and lengths in UTF-16 units.
 */

#ifndef MLK_UTF8_H
#define MLK_UTF8_H

#include "mlk_core.h"


/* Non-zero if the bytes are valid UTF-8 (no surrogates, shortest form). */
int mlk_utf8_valid(const unsigned char *data, size_t len);

/* Copies s; a byte that is no part of valid UTF-8 becomes U+FFFD.  Valid text
 * is not copied: *out is as *s then.  s and out may be the same.  MLK_OK or
 * MLK_NOMEM. */
int mlk_utf8_repair(const mlk_alloc_t *a, const mlk_str_t *s, mlk_str_t *out);

/* Length in UTF-16 units of valid UTF-8. */
size_t mlk_utf16_length(const mlk_str_t *s);

/* Cuts valid UTF-8 to at most units UTF-16 units, never inside a code point. */
void mlk_utf16_cut(mlk_str_t *s, size_t units);


#endif /* MLK_UTF8_H */
