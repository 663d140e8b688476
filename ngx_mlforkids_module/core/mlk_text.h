/*
 * Texts, ids and lists as the API sees them: lengths in UTF-16 units, blanks
 * as JavaScript's trim() knows them, labels, UUIDs, the Range header.
 */

#ifndef MLK_TEXT_H
#define MLK_TEXT_H

#include "mlk_core.h"
#include "mlk_utf8.h"


/* Removes blanks of JavaScript's trim() (also U+00A0, U+FEFF, Zs, U+2028/9)
 * at both ends, in place (moves data, shortens len). */
void mlk_trim(mlk_str_t *s);

/* Tabs, line feeds and carriage returns become spaces, in place: what the
 * reference does to training texts ("tab and newline"). */
void mlk_blank_controls(mlk_str_t *s);

/* Project name: 1-36 UTF-16 units, each U+0020..U+25A0 (api.md 3). */
int mlk_project_name_valid(const mlk_str_t *s);

/* Label as stored (api.md 8.5): trimmed; every UTF-16 unit outside
 * [A-Za-z0-9_.] becomes "_" (so an emoji becomes two); cut to 30.  MLK_OK,
 * MLK_NOMEM. */
int mlk_label_normalise(const mlk_alloc_t *a, const mlk_str_t *in,
    mlk_str_t *out);

/* Non-zero if two labels count as equal: lower-cased, accents removed. */
int mlk_label_equal(const mlk_str_t *a, const mlk_str_t *b);

/* The stored comma-separated list as an array: split, trimmed, empty ones
 * dropped.  MLK_OK with *out (n entries) or MLK_NOMEM. */
int mlk_labels_split(const mlk_alloc_t *a, const mlk_str_t *list,
    mlk_str_t **out, size_t *n);

/* Joins with commas. MLK_OK, MLK_NOMEM. */
int mlk_labels_join(const mlk_alloc_t *a, const mlk_str_t *labels, size_t n,
    mlk_str_t *out);


/*
 * UUIDs as text: 36 characters, lower case, no NUL.  0, or MLK_ERROR without
 * random bytes.  Version 1 has a strictly increasing clock in each process.
 */
#define MLK_UUID_LEN  36

void mlk_uuid_init(void);      /* once in each process, after fork */
int mlk_uuid_v1(unsigned char *dst);
int mlk_uuid_v4(unsigned char *dst);

/* n ids of version 1, one after the other in dst, that sort as text in their
 * order (data.md 2): the first 32 bits of the clock do not wrap among them. */
int mlk_uuid_v1_run(unsigned char *dst, size_t n);

/* Non-zero if s looks like a UUID of any version (hex digits of any case). */
int mlk_uuid_valid(const mlk_str_t *s);

/* Non-zero if s may be a user id: a UUID, or "auth0|" and hex digits; up to
 * 36 characters.  Other providers' "name|id" forms of [A-Za-z0-9._-] pass. */
int mlk_userid_valid(const mlk_str_t *s);

/* Non-zero if s may be a class id: 1-36 of [A-Za-z0-9._-]. */
int mlk_classid_valid(const mlk_str_t *s);

/* Non-zero if s may be a scratch key: 72 of [0-9a-f-]. */
int mlk_scratchkey_valid(const mlk_str_t *s);


/* "Range: items=a-b" of api.md 9.2; header may be NULL.  Always gives a start
 * and a limit (0/50 where the header does not parse; limit never over
 * max_limit). */
void mlk_range_items(const mlk_str_t *header, uint64_t max_limit,
    uint64_t *start, uint64_t *limit);


#endif /* MLK_TEXT_H */
