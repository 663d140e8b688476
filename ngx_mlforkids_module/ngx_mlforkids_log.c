/*
 * Keeps requests out of nginx's error log.
 *
 * nginx adds the request line, the upstream's address with its URI and the
 * referrer to each line about a request.  They hold scratch keys and what
 * children write, so the lines here name the route instead.
 *
 * The handler is set in the first phase.  What nginx finds wrong with a request
 * line or with headers is logged before, with the request, but at level "info"
 * only: that level is not for a public server.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_request.h"


static ngx_int_t ngx_http_mlforkids_post_read_handler(ngx_http_request_t *r);
static u_char *ngx_http_mlforkids_log_handler(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);


ngx_int_t
ngx_mlforkids_log_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt             *h;
    ngx_http_core_main_conf_t       *cmcf;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_mlforkids_module);

    if (!mcf->enabled) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_mlforkids_post_read_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_mlforkids_post_read_handler(ngx_http_request_t *r)
{
    r->log_handler = ngx_http_mlforkids_log_handler;

    return NGX_DECLINED;
}


static u_char *
ngx_http_mlforkids_log_handler(ngx_http_request_t *r, ngx_http_request_t *sr,
    u_char *buf, size_t len)
{
    u_char                         *p;
    ngx_str_t                      *training;
    ngx_mlforkids_ctx_t            *ctx;
    ngx_http_upstream_t            *u;
    ngx_http_core_srv_conf_t       *cscf;
    ngx_http_mlforkids_loc_conf_t  *mlcf;

    static ngx_str_t  none = ngx_string("-");

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mlforkids_module);
    ctx = r->ctx ? ngx_http_get_module_ctx(r, ngx_http_mlforkids_module)
                 : NULL;

    p = ngx_snprintf(buf, len, ", server: %V, route: \"%V\"",
                     &cscf->server_name,
                     ctx && ctx->route ? &ctx->route->name : &none);
    len -= p - buf;
    buf = p;

    if (sr == NULL) {
        return p;
    }

    /* our own calls have no data in their addresses */

    training = &mlcf->training;

    if (sr != r && training->len && sr->uri.len >= training->len
        && ngx_strncmp(sr->uri.data, training->data, training->len) == 0)
    {
        p = ngx_snprintf(buf, len, ", subrequest: \"%V\"", &sr->uri);
        len -= p - buf;
        buf = p;
    }

    u = sr->upstream;

    if (u && u->peer.name) {
        p = ngx_snprintf(buf, len, ", upstream: \"%V%V\"",
                         &u->schema, u->peer.name);
    }

    return p;
}
