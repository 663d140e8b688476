/* The header "Range: items=first-last" (api.md 9.2). */

#include <string.h>

#include "mlk_text.h"

#define MLK_RANGE_LIMIT   50       /* items without a usable header */
#define MLK_RANGE_DIGITS  15       /* no overflow, and no list is that long */


/* A run of digits up to end, or -1. */
static int64_t
mlk_range_number(const unsigned char *p, const unsigned char *end)
{
    int64_t  n;

    if (p == end || end - p > MLK_RANGE_DIGITS) {
        return -1;
    }

    for (n = 0; p < end; p++) {
        if (*p < '0' || *p > '9') {
            return -1;
        }

        n = n * 10 + (*p - '0');
    }

    return n;
}


void
mlk_range_items(const mlk_str_t *header, uint64_t max_limit, uint64_t *start,
    uint64_t *limit)
{
    int64_t               first, last;
    const unsigned char  *p, *end, *dash;

    *start = 0;
    *limit = MLK_RANGE_LIMIT < max_limit ? MLK_RANGE_LIMIT : max_limit;

    if (header == NULL || header->len < 6
        || memcmp(header->data, "items=", 6) != 0)
    {
        return;
    }

    p = header->data + 6;
    end = header->data + header->len;

    dash = memchr(p, '-', (size_t) (end - p));

    if (dash == NULL) {
        return;
    }

    first = mlk_range_number(p, dash);

    if (first < 0) {
        return;
    }

    if (dash + 1 == end) {
        /* "items=5-" */
        *start = (uint64_t) first;
        *limit = 0;
        return;
    }

    last = mlk_range_number(dash + 1, end);

    if (last < 0) {
        return;
    }

    *start = (uint64_t) first;
    *limit = last < first ? 0 : (uint64_t) (last - first) + 1;

    if (*limit > max_limit) {
        *limit = max_limit;
    }
}
