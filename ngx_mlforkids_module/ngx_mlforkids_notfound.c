/*
 * What is answered where there is nothing (contract/api.md 1.1): browsers are
 * sent to the site's own page, everybody else gets JSON.
 */

#include "ngx_mlforkids_engine.h"


static ngx_uint_t ngx_mlforkids_never_html(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_not_found(ngx_mlforkids_ctx_t *ctx)
{
    static const ngx_str_t  page = ngx_string("/#!/404");

    if (ngx_mlforkids_never_html(ctx) || !ngx_mlforkids_accepts_html(ctx)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    return ngx_mlforkids_reply_redirect(ctx, &page);
}


/* Addresses that only robots and password managers try. */

static ngx_uint_t
ngx_mlforkids_never_html(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t   *uri;
    ngx_uint_t   i;

    static const ngx_str_t  php = ngx_string(".php");
    static const ngx_str_t  known[] = {
        ngx_string("/.well-known/assetlinks.json"),
        ngx_string("/.well-known/passkey-endpoints")
    };

    uri = &ctx->request->unparsed_uri;

    if (uri->len >= php.len
        && ngx_memcmp(uri->data + uri->len - php.len, php.data, php.len) == 0)
    {
        return 1;
    }

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (uri->len == known[i].len
            && ngx_memcmp(uri->data, known[i].data, known[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
