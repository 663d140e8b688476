/*
 * Counts requests in the shared zone, when nginx logs them.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_request.h"
#include "ngx_mlforkids_routes.h"
#include "ngx_mlforkids_shm.h"


static ngx_int_t ngx_http_mlforkids_count_handler(ngx_http_request_t *r);


ngx_int_t
ngx_mlforkids_counting_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_mlforkids_routes_n + 1 > NGX_MLFORKIDS_ROUTE_SLOTS) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "the zone of counters has room for %d routes only",
                      NGX_MLFORKIDS_ROUTE_SLOTS - 1);
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_mlforkids_count_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_mlforkids_count_handler(ngx_http_request_t *r)
{
    ngx_int_t             ms;
    ngx_time_t           *tp;
    ngx_uint_t            route, status;
    ngx_mlforkids_ctx_t  *ctx;

    if (r != r->main) {
        return NGX_OK;
    }

    route = 0;
    ctx = ngx_http_get_module_ctx(r, ngx_http_mlforkids_module);

    if (ctx && ctx->route) {
        route = ctx->route - ngx_mlforkids_routes + 1;
    }

    status = r->err_status ? r->err_status : r->headers_out.status;

    if (status < 100 || status >= 600) {

        /* the client went away, or sent nothing that makes a request */

        return NGX_OK;
    }

    ngx_mlforkids_count(routes[route].status[status / 100 - 1]);

    if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ngx_mlforkids_count(errors);
    }

    tp = ngx_timeofday();
    ms = (ngx_int_t) ((tp->sec - r->start_sec) * 1000
                      + (tp->msec - r->start_msec));

    if (ms > 0) {
        ngx_mlforkids_count_add(routes[route].time, ms);
    }

    return NGX_OK;
}
