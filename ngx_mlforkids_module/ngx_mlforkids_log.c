/*
 * Keeps requests out of nginx's error log.
 *
 * nginx adds the request line, the upstream's address with its URI and the
 * referrer to each line about a request.  They hold scratch keys and what
 * children write, so the lines here name the route instead.
 *
 * r->log_handler would do from the first phase on, but not for what is wrong
 * with the request line or the headers.  So the handler of the connection's log
 * is replaced: at each accepted connection, right after nginx has set it.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_request.h"


static void ngx_http_mlforkids_init_connection(ngx_connection_t *c);
static u_char *ngx_http_mlforkids_log(ngx_log_t *log, u_char *buf, size_t len);
static u_char *ngx_mlforkids_log_request(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);


ngx_int_t
ngx_mlforkids_log_init(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_listening_t                 *ls;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_mlforkids_module);

    if (mcf == NULL || !mcf->enabled) {
        return NGX_OK;
    }

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {
        if (ls[i].handler == ngx_http_init_connection) {
            ls[i].handler = ngx_http_mlforkids_init_connection;
        }
    }

    return NGX_OK;
}


static void
ngx_http_mlforkids_init_connection(ngx_connection_t *c)
{
    /* With a deferred accept nginx would read the request at once and might
     * be done with the connection when it returns.  The event loop reports
     * the data as well. */

    c->read->ready = 0;

    ngx_http_init_connection(c);

    if (c->fd != (ngx_socket_t) -1 && !c->destroyed) {
        c->log->handler = ngx_http_mlforkids_log;
    }
}


static u_char *
ngx_http_mlforkids_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char              *p;
    ngx_http_request_t  *r;
    ngx_http_log_ctx_t  *ctx;

    if (log->action) {
        p = ngx_snprintf(buf, len, " while %s", log->action);
        len -= p - buf;
        buf = p;
    }

    ctx = log->data;

    p = ngx_snprintf(buf, len, ", client: %V", &ctx->connection->addr_text);
    len -= p - buf;

    r = ctx->request;

    if (r) {
        return ngx_mlforkids_log_request(r, ctx->current_request, p, len);
    }

    return ngx_snprintf(p, len, ", server: %V",
                        &ctx->connection->listening->addr_text);
}


static u_char *
ngx_mlforkids_log_request(ngx_http_request_t *r, ngx_http_request_t *sr,
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
