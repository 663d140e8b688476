/*
 * Header filter: the security headers of contract/static.md 3 on every
 * response, and a Content-Security-Policy on pages.
 *
 * It runs after nginx's add_header: what a configuration or a handler has set
 * stays.
 */

#include "ngx_mlforkids_ops.h"


static ngx_int_t ngx_http_mlforkids_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_mlforkids_add_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_mlforkids_is_html(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


static ngx_str_t  ngx_mlforkids_security_headers[][2] = {
    { ngx_string("Cross-Origin-Opener-Policy"), ngx_string("same-origin") },
    { ngx_string("Cross-Origin-Resource-Policy"), ngx_string("same-site") },
    { ngx_string("Origin-Agent-Cluster"), ngx_string("?1") },
    { ngx_string("Referrer-Policy"), ngx_string("no-referrer") },
    { ngx_string("Strict-Transport-Security"),
      ngx_string("max-age=31536000; includeSubDomains") },
    { ngx_string("X-Content-Type-Options"), ngx_string("nosniff") },
    { ngx_string("X-DNS-Prefetch-Control"), ngx_string("off") },
    { ngx_string("X-Download-Options"), ngx_string("noopen") },
    { ngx_string("X-Frame-Options"), ngx_string("SAMEORIGIN") },
    { ngx_string("X-Permitted-Cross-Domain-Policies"), ngx_string("none") },
    { ngx_string("X-XSS-Protection"), ngx_string("0") }
};

static ngx_str_t  ngx_mlforkids_csp = ngx_string("Content-Security-Policy");


ngx_int_t
ngx_mlforkids_headers_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_mlforkids_header_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_http_mlforkids_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t                      i, n;
    ngx_http_mlforkids_loc_conf_t  *mlcf;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mlforkids_module);

    if (mlcf->security_headers == 1) {
        n = sizeof(ngx_mlforkids_security_headers)
            / sizeof(ngx_mlforkids_security_headers[0]);

        for (i = 0; i < n; i++) {
            if (ngx_mlforkids_add_header(r,
                                         &ngx_mlforkids_security_headers[i][0],
                                         &ngx_mlforkids_security_headers[i][1])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    if (mlcf->csp.len && ngx_mlforkids_is_html(r)
        && ngx_mlforkids_add_header(r, &ngx_mlforkids_csp, &mlcf->csp)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_mlforkids_add_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash && h[i].key.len == name->len
            && ngx_strncasecmp(h[i].key.data, name->data, name->len) == 0)
        {
            return NGX_OK;
        }
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key = *name;
    h->value = *value;

    return NGX_OK;
}


static ngx_uint_t
ngx_mlforkids_is_html(ngx_http_request_t *r)
{
    ngx_str_t  *type;

    type = &r->headers_out.content_type;

    return type->len >= sizeof("text/html") - 1
           && ngx_strncasecmp(type->data, (u_char *) "text/html",
                              sizeof("text/html") - 1)
              == 0
           && (type->len == sizeof("text/html") - 1
               || type->data[sizeof("text/html") - 1] == ';'
               || type->data[sizeof("text/html") - 1] == ' ');
}
