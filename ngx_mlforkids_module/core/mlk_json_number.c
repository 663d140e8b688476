/*
 * Numbers as JavaScript prints them (ECMA-262, Number::toString, radix 10):
 * the shortest digits that read back as the same number, without an exponent
 * between 1e-7 and 1e21.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlk_json.h"


size_t
mlk_json_print_double(char *dst, double n)
{
    int    precision, point, count, i;
    char   text[MLK_JSON_DOUBLE_SIZE], digits[20], *e, *p;

    if (!isfinite(n)) {
        memcpy(dst, "null", 5);
        return 4;
    }

    p = dst;

    if (n < 0) {
        *p++ = '-';
        n = -n;
    }

    if (n == 0) {
        memcpy(dst, "0", 2);
        return 1;
    }

    for (precision = 0; precision < 17; precision++) {
        (void) snprintf(text, sizeof(text), "%.*e", precision, n);

        if (strtod(text, NULL) == n) {
            break;
        }
    }

    /* "d.ddde+xx": the value is 0.ddddd times 10^point */
    e = strchr(text, 'e');
    point = atoi(e + 1) + 1;
    count = 0;

    for (i = 0; text + i < e; i++) {
        if (text[i] != '.') {
            digits[count++] = text[i];
        }
    }

    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }

    if (point > 21 || point <= -6) {
        *p++ = digits[0];

        if (count > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, (size_t) count - 1);
            p += count - 1;
        }

        p += sprintf(p, "e%c%d", point > 0 ? '+' : '-', abs(point - 1));

        return (size_t) (p - dst);
    }

    if (point <= 0) {
        *p++ = '0';
        *p++ = '.';

        for (i = point; i < 0; i++) {
            *p++ = '0';
        }
    }

    for (i = 0; i < count || i < point; i++) {
        if (i == point && point > 0) {
            *p++ = '.';
        }

        *p++ = i < count ? digits[i] : '0';
    }

    *p = '\0';

    return (size_t) (p - dst);
}
