/*
 * Route matching on the raw request path (contract/api.md 1.1): literals are
 * compared without regard to case, a parameter ":x" matches one non-empty
 * segment and is percent-decoded once, one slash at the end is optional.
 */

#ifndef MLK_ROUTER_H
#define MLK_ROUTER_H

#include "mlk_core.h"

#define MLK_ROUTE_PARAMS  8    /* parameters in one pattern */


typedef struct {
    unsigned     method;       /* one bit, the caller's numbering */
    const char  *pattern;      /* "/api/classes/:c/students/:s" */
} mlk_route_key_t;

typedef struct mlk_router_s  mlk_router_t;

/*
 * Compiles n routes once (a tree of segments); entry i is at
 * (const char *) routes + i * stride and begins with a mlk_route_key_t.
 * NULL without memory or for a malformed pattern.  Free with mlk_router_free.
 */
mlk_router_t *mlk_router_create(const void *routes, size_t n, size_t stride);
void mlk_router_free(mlk_router_t *router);

typedef struct {
    int        route;          /* index, or -1: no such path and method */
    unsigned   methods;        /* bits of the methods known for this path */
    size_t     nparams;
    char       names[MLK_ROUTE_PARAMS];      /* letter after the colon */
    mlk_str_t  values[MLK_ROUTE_PARAMS];     /* decoded */
} mlk_route_match_t;

/*
 * path: raw, without query.  A route with a literal segment is preferred to
 * one with a parameter at the same place.  MLK_OK (also when nothing matched:
 * route is -1), MLK_ERROR for a malformed escape or an escape that is no UTF-8
 * in a parameter of the matching route, MLK_NOMEM.
 */
int mlk_router_match(const mlk_router_t *router, const mlk_alloc_t *a,
    unsigned method, const mlk_str_t *path, mlk_route_match_t *m);


/* Percent-decoding once; with plus_is_space for queries.  MLK_OK with *out,
 * MLK_ERROR (malformed escape or invalid UTF-8) or MLK_NOMEM. */
int mlk_percent_decode(const mlk_alloc_t *a, const mlk_str_t *in,
    int plus_is_space, mlk_str_t *out);

/*
 * The value of a query parameter, "extended" syntax (api.md 1.1): a name that
 * is repeated, or written a[b]=c, is no string.
 * MLK_OK: *out is the decoded string (a malformed escape is kept as written).
 * MLK_ERROR: absent, or present but not a plain string (*present then 1).
 * MLK_NOMEM.
 */
int mlk_query_get(const mlk_alloc_t *a, const mlk_str_t *query,
    const char *name, mlk_str_t *out, int *present);


#endif /* MLK_ROUTER_H */
