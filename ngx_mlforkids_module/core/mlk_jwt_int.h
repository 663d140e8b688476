/* Shared by the files that verify tokens; not for others. */

#ifndef MLK_JWT_INT_H
#define MLK_JWT_INT_H

#include "mlk_jwt.h"


/* Non-zero if the header names exactly this algorithm and has no "crit". */
int mlk_jwt_alg_is(const mlk_jwt_t *jwt, const char *alg);


#endif /* MLK_JWT_INT_H */
