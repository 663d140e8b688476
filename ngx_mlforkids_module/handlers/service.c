/*
 * The probe and the page of sample errors (contract/api.md 4).
 */

#include "ngx_mlforkids_handlers.h"


static ngx_int_t ngx_mlforkids_service_empty(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_service_sample(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_service_probe[] = {
    ngx_mlforkids_service_empty,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_service_debug[] = {
    ngx_mlforkids_service_sample,
    NULL
};


static ngx_int_t
ngx_mlforkids_service_empty(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t  *w;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


/* The number is read as JavaScript's parseInt() does: what follows the digits
 * does not matter. */

static ngx_int_t
ngx_mlforkids_service_sample(ngx_mlforkids_ctx_t *ctx)
{
    size_t       i;
    ngx_str_t   *code;
    ngx_uint_t   n;

    static const struct {
        ngx_uint_t             status;
        ngx_mlforkids_error_e  error;
    } samples[] = {
        { 400, NGX_MLFORKIDS_MISSING },
        { 401, NGX_MLFORKIDS_UNAUTH },
        { 403, NGX_MLFORKIDS_FORBID },
        { 404, NGX_MLFORKIDS_NOTFOUND },
        { 413, NGX_MLFORKIDS_TOOBIG },
        { 501, NGX_MLFORKIDS_NOTIMPL },
        { 503, NGX_MLFORKIDS_MAINT }
    };

    code = ngx_mlforkids_param(ctx, 'x');
    n = 0;

    for (i = 0;
         i < code->len && i < 6
         && code->data[i] >= '0' && code->data[i] <= '9';
         i++)
    {
        n = n * 10 + (code->data[i] - '0');
    }

    if (n == 500) {
        return ngx_mlforkids_error_text(ctx, 500, "Sample error");
    }

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        if (samples[i].status == n) {
            return ngx_mlforkids_error(ctx, samples[i].error);
        }
    }

    return ngx_mlforkids_service_empty(ctx);
}
