/*
 * Route matching: the patterns become a tree of segments once, a path walks
 * down it.  Each node stands at one depth, so a walk visits no node twice.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mlk_router.h"

#define MLK_ROUTE_SEGMENTS  20
#define MLK_ROUTE_NONE      ((size_t) -1)


typedef struct {
    mlk_str_t   literal;           /* empty for a parameter */
    size_t      child;             /* first child with a literal */
    size_t      sibling;
    size_t      param;             /* child that is a parameter */
    size_t      first;             /* first route that ends here */
} mlk_route_node_t;


typedef struct {
    unsigned    method;
    size_t      next;              /* next route that ends at the same node */
    size_t      nparams;
    char        names[MLK_ROUTE_PARAMS];
    size_t      at[MLK_ROUTE_PARAMS];       /* segment of each parameter */
} mlk_route_t;


struct mlk_router_s {
    mlk_route_node_t  *nodes;      /* nodes[0] is "/" */
    size_t             nnodes;
    mlk_route_t       *routes;
    size_t             nroutes;
};


typedef struct {
    const mlk_router_t  *router;
    unsigned             method;
    size_t               n;
    mlk_str_t            segments[MLK_ROUTE_SEGMENTS];
    unsigned             methods;
    size_t               found;
} mlk_route_walk_t;


/* Splits "/a/b/" into "a", "b".  Returns the number of segments, or
 * MLK_ROUTE_NONE for what no pattern can match. */
static size_t
mlk_route_split(const mlk_str_t *path, mlk_str_t *segments)
{
    size_t                n;
    const unsigned char  *p, *end, *slash;

    if (path->len == 0 || path->data[0] != '/') {
        return MLK_ROUTE_NONE;
    }

    p = path->data + 1;
    end = path->data + path->len;

    if (p < end && end[-1] == '/') {
        end--;
    }

    for (n = 0; p < end; n++) {

        slash = memchr(p, '/', (size_t) (end - p));

        if (slash == NULL) {
            slash = end;
        }

        if (slash == p || n == MLK_ROUTE_SEGMENTS) {
            return MLK_ROUTE_NONE;
        }

        segments[n].data = (unsigned char *) p;
        segments[n].len = (size_t) (slash - p);

        if (slash == end) {
            return n + 1;
        }

        p = slash + 1;

        if (p == end) {
            /* "//" at the end */
            return MLK_ROUTE_NONE;
        }
    }

    return n;
}


static int
mlk_route_equal(const mlk_str_t *a, const mlk_str_t *b)
{
    return a->len == b->len
           && strncasecmp((char *) a->data, (char *) b->data, a->len) == 0;
}


/* The child of a node for a pattern's segment, made when there is none. */
static size_t
mlk_route_child(mlk_router_t *router, size_t at, const mlk_str_t *segment)
{
    size_t             i;
    mlk_route_node_t  *node, *fresh;

    node = &router->nodes[at];

    if (segment->data[0] == ':') {
        i = node->param;

    } else {
        for (i = node->child; i != MLK_ROUTE_NONE;
             i = router->nodes[i].sibling)
        {
            if (mlk_route_equal(&router->nodes[i].literal, segment)) {
                break;
            }
        }
    }

    if (i != MLK_ROUTE_NONE) {
        return i;
    }

    i = router->nnodes++;

    fresh = &router->nodes[i];
    fresh->child = MLK_ROUTE_NONE;
    fresh->param = MLK_ROUTE_NONE;
    fresh->sibling = MLK_ROUTE_NONE;
    fresh->first = MLK_ROUTE_NONE;

    if (segment->data[0] == ':') {
        node->param = i;

    } else {
        fresh->literal = *segment;
        fresh->sibling = node->child;
        node->child = i;
    }

    return i;
}


static int
mlk_route_add(mlk_router_t *router, const mlk_route_key_t *key)
{
    size_t        i, n, at;
    mlk_str_t     pattern, segments[MLK_ROUTE_SEGMENTS];
    mlk_route_t  *route;

    pattern.data = (unsigned char *) key->pattern;
    pattern.len = strlen(key->pattern);

    n = mlk_route_split(&pattern, segments);

    if (n == MLK_ROUTE_NONE) {
        return MLK_ERROR;
    }

    route = &router->routes[router->nroutes];
    route->method = key->method;
    route->nparams = 0;

    at = 0;

    for (i = 0; i < n; i++) {

        if (segments[i].data[0] == ':') {

            if (segments[i].len < 2 || route->nparams == MLK_ROUTE_PARAMS) {
                return MLK_ERROR;
            }

            route->names[route->nparams] = (char) segments[i].data[1];
            route->at[route->nparams] = i;
            route->nparams++;
        }

        at = mlk_route_child(router, at, &segments[i]);
    }

    route->next = router->nodes[at].first;
    router->nodes[at].first = router->nroutes;
    router->nroutes++;

    return MLK_OK;
}


mlk_router_t *
mlk_router_create(const void *routes, size_t n, size_t stride)
{
    size_t                  i, slashes;
    const char             *p;
    mlk_router_t           *router;
    const mlk_route_key_t  *key;

    router = calloc(1, sizeof(mlk_router_t));
    if (router == NULL) {
        return NULL;
    }

    /* a segment of a pattern makes at most one node */
    slashes = 1;

    for (i = 0; i < n; i++) {
        key = (const void *) ((const char *) routes + i * stride);

        for (p = key->pattern; *p != '\0'; p++) {
            slashes += *p == '/';
        }
    }

    router->nodes = calloc(slashes, sizeof(mlk_route_node_t));
    router->routes = calloc(n + 1, sizeof(mlk_route_t));

    if (router->nodes == NULL || router->routes == NULL) {
        mlk_router_free(router);
        return NULL;
    }

    router->nnodes = 1;
    router->nodes[0].child = MLK_ROUTE_NONE;
    router->nodes[0].param = MLK_ROUTE_NONE;
    router->nodes[0].first = MLK_ROUTE_NONE;

    for (i = 0; i < n; i++) {
        key = (const void *) ((const char *) routes + i * stride);

        if (mlk_route_add(router, key) != MLK_OK) {
            mlk_router_free(router);
            return NULL;
        }
    }

    return router;
}


void
mlk_router_free(mlk_router_t *router)
{
    if (router == NULL) {
        return;
    }

    free(router->nodes);
    free(router->routes);
    free(router);
}


/* Notes the methods of all patterns that fit, and the first route that has
 * the method: literals are tried before the parameter. */
static void
mlk_route_walk(mlk_route_walk_t *w, size_t at, size_t depth)
{
    size_t                   i;
    const mlk_route_t       *route;
    const mlk_route_node_t  *node;

    node = &w->router->nodes[at];

    if (depth == w->n) {

        for (i = node->first; i != MLK_ROUTE_NONE; i = route->next) {
            route = &w->router->routes[i];
            w->methods |= route->method;

            if (w->found == MLK_ROUTE_NONE && (route->method & w->method)) {
                w->found = i;
            }
        }

        return;
    }

    for (i = node->child; i != MLK_ROUTE_NONE; i = w->router->nodes[i].sibling)
    {
        if (mlk_route_equal(&w->router->nodes[i].literal,
                            &w->segments[depth]))
        {
            mlk_route_walk(w, i, depth + 1);
            break;
        }
    }

    if (node->param != MLK_ROUTE_NONE) {
        mlk_route_walk(w, node->param, depth + 1);
    }
}


int
mlk_router_match(const mlk_router_t *router, const mlk_alloc_t *a,
    unsigned method, const mlk_str_t *path, mlk_route_match_t *m)
{
    int                 rc;
    size_t              i;
    mlk_route_walk_t    w;
    const mlk_route_t  *route;

    m->route = -1;
    m->methods = 0;
    m->nparams = 0;

    w.n = mlk_route_split(path, w.segments);

    if (w.n == MLK_ROUTE_NONE) {
        return MLK_OK;
    }

    w.router = router;
    w.method = method;
    w.methods = 0;
    w.found = MLK_ROUTE_NONE;

    mlk_route_walk(&w, 0, 0);

    m->methods = w.methods;

    if (w.found == MLK_ROUTE_NONE) {
        return MLK_OK;
    }

    route = &router->routes[w.found];
    m->route = (int) w.found;

    for (i = 0; i < route->nparams; i++) {
        m->names[i] = route->names[i];

        rc = mlk_percent_decode(a, &w.segments[route->at[i]], 0,
                                &m->values[i]);
        if (rc != MLK_OK) {
            return rc;
        }

        m->nparams++;
    }

    return MLK_OK;
}
