/*
 * Confidence: one number, T, turns decision values into probabilities.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text_internal.h"


#define TT_STEPS      81
#define TT_T_LOW      0.25
#define TT_T_HIGH     60.0
#define TT_T_USUAL    11.0
#define TT_T_PRIOR    2.0


/*
 * exp(x) for x <= 0, good to seven digits, without a branch: the compiler
 * makes vector code of it, and fitting takes a hundred million of them.
 * 2^x = 2^i * 2^f with f in [-0.5, 0.5]; the series of 2^f is cut at f^7.
 */

static inline float
tt_exp(float x)
{
    float    f, y;
    int32_t  i, bits;

    x *= 1.44269504f;
    x = x < -126.0f ? -126.0f : x;

    i = (int32_t) (x - 0.5f);
    f = x - (float) i;

    y = 1.52527338e-5f;
    y = y * f + 1.54035304e-4f;
    y = y * f + 1.33335581e-3f;
    y = y * f + 9.61812911e-3f;
    y = y * f + 5.55041087e-2f;
    y = y * f + 2.40226507e-1f;
    y = y * f + 6.93147181e-1f;
    y = y * f + 1.0f;

    bits = (i + 127) << 23;
    memcpy(&f, &bits, sizeof(f));

    return y * f;
}


/* Sum of exp(t * row[i]); the order of adding is fixed. */

static float
tt_sum_exp(const float *restrict row, float *restrict e, size_t n, float t)
{
    size_t  i;
    float   a, b, c, d;

    for (i = 0; i < n; i++) {
        e[i] = tt_exp(t * row[i]);
    }

    a = b = c = d = 0;

    for (i = 0; i + 3 < n; i += 4) {
        a += e[i];
        b += e[i + 1];
        c += e[i + 2];
        d += e[i + 3];
    }

    for ( /* void */ ; i < n; i++) {
        a += e[i];
    }

    return a + b + c + d;
}


double
tt_fit_temperature(const float *scores, const uint32_t *right, size_t n,
    size_t nlabels)
{
    float         *row, *e, best;
    size_t         i, k;
    double         t[TT_STEPS], loss[TT_STEPS], d;
    const float   *s;

    row = malloc(2 * nlabels * sizeof(float));
    if (row == NULL) {
        return 0;
    }

    e = row + nlabels;

    for (k = 0; k < TT_STEPS; k++) {
        t[k] = TT_T_LOW * pow(TT_T_HIGH / TT_T_LOW,
                              (double) k / (TT_STEPS - 1));
        d = log(t[k]) - log(TT_T_USUAL);
        loss[k] = TT_T_PRIOR * d * d;
    }

    for (i = 0; i < n; i++) {
        s = scores + i * nlabels;

        best = s[0];
        for (k = 1; k < nlabels; k++) {
            best = s[k] > best ? s[k] : best;
        }

        for (k = 0; k < nlabels; k++) {
            row[k] = s[k] - best;
        }

        for (k = 0; k < TT_STEPS; k++) {
            loss[k] += (double) logf(tt_sum_exp(row, e, nlabels, (float) t[k]))
                       - t[k] * (double) row[right[i]];
        }
    }

    free(row);

    i = 0;
    for (k = 1; k < TT_STEPS; k++) {
        if (loss[k] < loss[i]) {
            i = k;
        }
    }

    return t[i];
}
