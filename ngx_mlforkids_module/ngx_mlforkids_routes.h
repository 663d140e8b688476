/*
 * The route table (contract/api.md 2) and the redirects of pages
 * (contract/static.md 1.2).
 */

#ifndef NGX_MLFORKIDS_ROUTES_H
#define NGX_MLFORKIDS_ROUTES_H

#include "ngx_mlforkids_request.h"


extern const ngx_mlforkids_route_t  ngx_mlforkids_routes[];
extern const ngx_uint_t             ngx_mlforkids_routes_n;


/*
 * The redirect of a page or picture: NGX_OK with *location, NGX_DECLINED when
 * the path has none, NGX_ERROR without memory.
 */
ngx_int_t ngx_mlforkids_page_redirect(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *location);

/*
 * Largest JSON body of a path (api.md 1.3).  Always one that lives as long as
 * the module.
 */
const ngx_mlforkids_body_limit_t *ngx_mlforkids_body_limit(
    const ngx_str_t *path);


#endif /* NGX_MLFORKIDS_ROUTES_H */
