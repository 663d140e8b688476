/*
 * Variables of the module, for access logs above all.  A request that the
 * module has not seen has "-" everywhere.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_request.h"


static ngx_int_t ngx_http_mlforkids_variable_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mlforkids_variable_class(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mlforkids_variable_role(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mlforkids_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mlforkids_variable_db_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mlforkids_variable_token_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_mlforkids_ctx_t *ngx_mlforkids_variable_ctx(ngx_http_request_t *r);
static ngx_int_t ngx_mlforkids_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *s);


/* they change while the request is worked on */

static ngx_http_variable_t  ngx_http_mlforkids_variables[] = {

    { ngx_string("mlforkids_user"), NULL,
      ngx_http_mlforkids_variable_user, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mlforkids_class"), NULL,
      ngx_http_mlforkids_variable_class, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mlforkids_role"), NULL,
      ngx_http_mlforkids_variable_role, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mlforkids_route"), NULL,
      ngx_http_mlforkids_variable_route, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mlforkids_db_time"), NULL,
      ngx_http_mlforkids_variable_db_time, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mlforkids_token_cache"), NULL,
      ngx_http_mlforkids_variable_token_cache, 0, NGX_HTTP_VAR_NOCACHEABLE,
      0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_mlforkids_variables_init(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_mlforkids_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mlforkids_variable_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_mlforkids_variable_ctx(r);

    return ngx_mlforkids_variable_set(v, ctx ? &ctx->caller.sub : NULL);
}


static ngx_int_t
ngx_http_mlforkids_variable_class(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_mlforkids_variable_ctx(r);

    return ngx_mlforkids_variable_set(v, ctx ? &ctx->caller.tenant : NULL);
}


static ngx_int_t
ngx_http_mlforkids_variable_role(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mlforkids_ctx_t  *ctx;

    static ngx_str_t  names[] = {
        ngx_null_string,
        ngx_string("student"),
        ngx_string("supervisor"),
        ngx_string("siteadmin")
    };

    ctx = ngx_mlforkids_variable_ctx(r);

    return ngx_mlforkids_variable_set(v, ctx ? &names[ctx->caller.role]
                                             : NULL);
}


static ngx_int_t
ngx_http_mlforkids_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_mlforkids_variable_ctx(r);

    return ngx_mlforkids_variable_set(v, ctx && ctx->route ? &ctx->route->name
                                                           : NULL);
}


/* seconds with milliseconds, as nginx's own times */

static ngx_int_t
ngx_http_mlforkids_variable_db_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char               *p;
    ngx_str_t             s;
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_mlforkids_variable_ctx(r);

    if (ctx == NULL || ctx->query == NULL) {
        return ngx_mlforkids_variable_set(v, NULL);
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    s.data = p;
    s.len = ngx_sprintf(p, "%T.%03M", (time_t) (ctx->db_time / 1000),
                        ctx->db_time % 1000)
            - p;

    return ngx_mlforkids_variable_set(v, &s);
}


static ngx_int_t
ngx_http_mlforkids_variable_token_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_mlforkids_ctx_t  *ctx;

    static ngx_str_t  hit = ngx_string("hit");
    static ngx_str_t  miss = ngx_string("miss");

    ctx = ngx_mlforkids_variable_ctx(r);

    /* a visitor's token is the database's to judge: it is never cached */

    if (ctx == NULL || ctx->caller.sub.len == 0 || ctx->caller.session) {
        return ngx_mlforkids_variable_set(v, NULL);
    }

    return ngx_mlforkids_variable_set(v, ctx->token_cached ? &hit : &miss);
}


static ngx_mlforkids_ctx_t *
ngx_mlforkids_variable_ctx(ngx_http_request_t *r)
{
    return ngx_http_get_module_ctx(r->main, ngx_http_mlforkids_module);
}


static ngx_int_t
ngx_mlforkids_variable_set(ngx_http_variable_value_t *v, const ngx_str_t *s)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    if (s == NULL || s->len == 0) {
        v->len = 1;
        v->data = (u_char *) "-";

    } else {
        v->len = s->len;
        v->data = s->data;
    }

    return NGX_OK;
}
