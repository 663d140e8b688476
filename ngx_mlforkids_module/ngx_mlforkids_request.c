/*
 * The life of a request: start, steps, finish, and what happens when the
 * client goes away in between.
 */

#include "ngx_mlforkids_engine.h"
#include "ngx_mlforkids_handlers.h"
#include "ngx_mlforkids_routes.h"


static void *ngx_mlforkids_alloc(void *data, size_t size);
static ngx_mlforkids_ctx_t *ngx_mlforkids_create_ctx(ngx_http_request_t *r);
static void ngx_mlforkids_cleanup(void *data);
static ngx_int_t ngx_mlforkids_find_route(ngx_mlforkids_ctx_t *ctx);
static unsigned ngx_mlforkids_method(ngx_uint_t method);
static void ngx_mlforkids_plan(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_answer_without_route(
    ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_no_handler(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_not_implemented[] = {
    ngx_mlforkids_no_handler,
    NULL
};


/* in the order of ngx_mlforkids_type_e */
static const ngx_str_t  ngx_mlforkids_types[] = {
    ngx_null_string,
    ngx_string("text"),
    ngx_string("numbers"),
    ngx_string("images"),
    ngx_string("sounds"),
    ngx_string("imgtfjs")
};


ngx_int_t
ngx_http_mlforkids_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_str_t             location;
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_mlforkids_create_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_mlforkids_page_redirect(ctx, &location);

    if (rc == NGX_OK) {
        r->main->count++;
        ngx_mlforkids_finish(ctx, ngx_mlforkids_reply_redirect(ctx,
                                                               &location));
        return NGX_DONE;
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_mlforkids_find_route(ctx) != NGX_OK) {
        r->main->count++;
        ngx_mlforkids_finish(ctx, ngx_mlforkids_error(ctx,
                                                    NGX_MLFORKIDS_MISSING));
        return NGX_DONE;
    }

    return ngx_mlforkids_read_body(ctx);
}


static ngx_mlforkids_ctx_t *
ngx_mlforkids_create_ctx(ngx_http_request_t *r)
{
    u_char               *p;
    ngx_http_cleanup_t   *cln;
    ngx_mlforkids_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_mlforkids_ctx_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx == NULL || cln == NULL) {
        return NULL;
    }

    ctx->request = r;
    ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_mlforkids_module);
    ctx->alloc.alloc = ngx_mlforkids_alloc;
    ctx->alloc.ctx = r->pool;
    ctx->match.route = -1;

    ctx->path = r->unparsed_uri;

    p = ngx_strlchr(ctx->path.data, ctx->path.data + ctx->path.len, '?');
    if (p != NULL) {
        ctx->path.len = p - ctx->path.data;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_mlforkids_module);

    cln->handler = ngx_mlforkids_cleanup;
    cln->data = ctx;

    return ctx;
}


static void *
ngx_mlforkids_alloc(void *data, size_t size)
{
    return ngx_palloc(data, size);
}


/* The client has gone, or all is done: nobody may call back. */

static void
ngx_mlforkids_cleanup(void *data)
{
    ngx_mlforkids_ctx_t  *ctx = data;

    if (ctx->waiting_query) {
        ctx->waiting_query = 0;
        ngx_mlforkids_db_cancel(ctx->query);
    }
}


static ngx_int_t
ngx_mlforkids_find_route(ngx_mlforkids_ctx_t *ctx)
{
    size_t                           i;
    mlk_str_t                        path;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_mlforkids_module);

    path = ngx_mlforkids_mlk(ctx->path);

    if (mlk_router_match(mcf->router, &ctx->alloc,
                         ngx_mlforkids_method(ctx->request->method), &path,
                         &ctx->match)
        != MLK_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < ctx->match.nparams; i++) {
        ctx->params[i] = ngx_mlforkids_str(ctx->match.values[i]);
    }

    if (ctx->match.route >= 0) {
        ctx->route = &ngx_mlforkids_routes[ctx->match.route];
        ctx->cache = ctx->route->cache;
    }

    return NGX_OK;
}


static unsigned
ngx_mlforkids_method(ngx_uint_t method)
{
    switch (method) {

    case NGX_HTTP_GET:
    case NGX_HTTP_HEAD:
        return NGX_MLFORKIDS_GET;

    case NGX_HTTP_POST:
        return NGX_MLFORKIDS_POST;

    case NGX_HTTP_PUT:
        return NGX_MLFORKIDS_PUT;

    case NGX_HTTP_PATCH:
        return NGX_MLFORKIDS_PATCH;

    case NGX_HTTP_DELETE:
        return NGX_MLFORKIDS_DELETE;
    }

    return 0;
}


void
ngx_mlforkids_start(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_mlforkids_maintenance(ctx);

    if (rc == NGX_DECLINED && ctx->route == NULL) {
        rc = ngx_mlforkids_answer_without_route(ctx);
    }

    if (rc != NGX_DECLINED) {
        ngx_mlforkids_finish(ctx, rc);
        return;
    }

    /* notices a client that goes away while we wait */
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_mlforkids_plan(ctx);
    ngx_mlforkids_run(ctx);
}


static ngx_int_t
ngx_mlforkids_answer_without_route(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_mlforkids_preflight(ctx);

    if (rc == NGX_DECLINED) {
        rc = ngx_mlforkids_not_found(ctx);
    }

    return rc;
}


/* The generic checks of the row, in the order of api.md 1.2. */

static void
ngx_mlforkids_plan(ngx_mlforkids_ctx_t *ctx)
{
    unsigned                flags;
    ngx_mlforkids_step_pt  *p;

    flags = ctx->route->flags;
    p = ctx->plan;

    if (flags & NGX_MLFORKIDS_BODY) {
        *p++ = ngx_mlforkids_body_required;
    }

    if (flags & (NGX_MLFORKIDS_A|NGX_MLFORKIDS_ADM)) {
        *p++ = ngx_mlforkids_auth_start;
        *p++ = ngx_mlforkids_auth_session;
        *p++ = ngx_mlforkids_class_check;
        *p++ = ngx_mlforkids_role_check;
    }

    if (flags & NGX_MLFORKIDS_KEY) {
        *p++ = ngx_mlforkids_key_load;
        *p++ = ngx_mlforkids_key_set;
    }

    if (flags & (NGX_MLFORKIDS_TENANT|NGX_MLFORKIDS_UNM)) {
        *p++ = ngx_mlforkids_tenant_load;
        *p++ = ngx_mlforkids_tenant_set;
    }

    if (flags & NGX_MLFORKIDS_UNM) {
        *p++ = ngx_mlforkids_unmanaged_check;
    }

    if (flags & (NGX_MLFORKIDS_SELF|NGX_MLFORKIDS_SELF_S)) {
        *p++ = ngx_mlforkids_self_check;
    }

    if (flags & NGX_MLFORKIDS_PROJECT_RULES) {
        *p++ = ngx_mlforkids_project_load;
        *p++ = ngx_mlforkids_project_check;
    }

    *p = NULL;

    ctx->check = ctx->plan;
    ctx->step = ctx->route->steps;
}


void
ngx_mlforkids_run(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t              rc;
    ngx_mlforkids_step_pt  step;

    do {
        if (*ctx->check != NULL) {
            step = *ctx->check++;

        } else if (*ctx->step != NULL) {
            step = *ctx->step++;

        } else {
            ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, 0,
                          "mlforkids: no reply by the steps of \"%V\"",
                          &ctx->route->name);
            rc = NGX_ERROR;
            break;
        }

        rc = step(ctx);

    } while (rc == NGX_OK);

    if (rc == NGX_AGAIN) {
        if (ctx->waiting_query || ctx->waiting_worker) {
            return;
        }

        ngx_log_error(NGX_LOG_ALERT, ctx->request->connection->log, 0,
                      "mlforkids: \"%V\" waits for nothing",
                      &ctx->route->name);
        rc = NGX_ERROR;
    }

    ngx_mlforkids_finish(ctx, rc);
}


void
ngx_mlforkids_finish(ngx_mlforkids_ctx_t *ctx, ngx_int_t rc)
{
    if (rc != NGX_DONE && !ctx->replied) {
        rc = ngx_mlforkids_error(ctx, NGX_MLFORKIDS_INTERNAL);
    }

    /* a reply that was begun and failed can only be cut off */

    ngx_http_finalize_request(ctx->request,
                              rc == NGX_DONE ? ctx->rc : NGX_ERROR);
}


static ngx_int_t
ngx_mlforkids_no_handler(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
}


ngx_str_t *
ngx_mlforkids_param(ngx_mlforkids_ctx_t *ctx, char letter)
{
    size_t  i;

    static ngx_str_t  none = ngx_null_string;

    for (i = 0; i < ctx->match.nparams; i++) {
        if (ctx->match.names[i] == letter) {
            return &ctx->params[i];
        }
    }

    return &none;
}


ngx_int_t
ngx_mlforkids_arg(ngx_mlforkids_ctx_t *ctx, const char *name,
    ngx_str_t *value)
{
    int        present;
    mlk_str_t  query, v;

    query = ngx_mlforkids_mlk(ctx->request->args);

    switch (mlk_query_get(&ctx->alloc, &query, name, &v, &present)) {

    case MLK_OK:
        *value = ngx_mlforkids_str(v);
        return NGX_OK;

    case MLK_NOMEM:
        return NGX_ERROR;

    default:
        return NGX_DECLINED;
    }
}


ngx_str_t *
ngx_mlforkids_request_header(ngx_mlforkids_ctx_t *ctx, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    for (part = &ctx->request->headers_in.headers.part;
         part != NULL;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                return &h[i].value;
            }
        }
    }

    return NULL;
}


const ngx_str_t *
ngx_mlforkids_type_name(ngx_mlforkids_type_e type)
{
    if ((ngx_uint_t) type
        >= sizeof(ngx_mlforkids_types) / sizeof(ngx_mlforkids_types[0]))
    {
        return &ngx_mlforkids_types[0];
    }

    return &ngx_mlforkids_types[type];
}


ngx_int_t
ngx_mlforkids_number(const ngx_str_t *value)
{
    if (value->len > 0 && value->data[0] == '-') {
        return -ngx_atoi(value->data + 1, value->len - 1);
    }

    return (value->len == 0) ? 0 : ngx_atoi(value->data, value->len);
}


ngx_uint_t
ngx_mlforkids_bool(const ngx_str_t *value)
{
    return value->len == 1 && value->data[0] == 't';
}


ngx_str_t *
ngx_mlforkids_number_param(ngx_mlforkids_ctx_t *ctx, ngx_int_t n)
{
    ngx_str_t  *s;

    s = ngx_palloc(ctx->request->pool, sizeof(ngx_str_t) + NGX_INT_T_LEN);
    if (s == NULL) {
        return NULL;
    }

    s->data = (u_char *) s + sizeof(ngx_str_t);
    s->len = ngx_sprintf(s->data, "%i", n) - s->data;

    return s;
}


ngx_uint_t
ngx_mlforkids_json_is(const mlk_json_t *value, const char *s)
{
    size_t  len;

    len = ngx_strlen(s);

    return value != NULL && value->type == MLK_JSON_STRING
           && value->text.len == len
           && ngx_memcmp(value->text.data, s, len) == 0;
}


ngx_str_t *
ngx_mlforkids_uuid(ngx_mlforkids_ctx_t *ctx, ngx_uint_t version)
{
    int         rc;
    ngx_str_t  *id;

    id = ngx_palloc(ctx->request->pool, sizeof(ngx_str_t) + MLK_UUID_LEN);
    if (id == NULL) {
        return NULL;
    }

    id->len = MLK_UUID_LEN;
    id->data = (u_char *) id + sizeof(ngx_str_t);

    rc = (version == 1) ? mlk_uuid_v1(id->data) : mlk_uuid_v4(id->data);

    return (rc == MLK_OK) ? id : NULL;
}
