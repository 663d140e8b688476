/*
 * Scripts of the Scratch extensions, sent with the project's data
 * (docs/internals.md, "Extension scripts").  The directive
 * mlforkids_extensions has read them.
 */

#include "../ngx_mlforkids_handlers.h"


#define NGX_MLFORKIDS_LOCAL_ID     64      /* characters */
#define NGX_MLFORKIDS_JAVASCRIPT   "application/javascript; charset=utf-8"


static ngx_int_t ngx_mlforkids_extension_send(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_extension_text(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_extension_id(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *id);
static ngx_int_t ngx_mlforkids_extension_project(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *id, mlk_str_t *json);
static ngx_int_t ngx_mlforkids_extension_url(ngx_mlforkids_ctx_t *ctx,
    mlk_jw_t *w, ngx_str_t *site, const char *name, const char *path);
static const ngx_str_t *ngx_mlforkids_extension_script(
    ngx_mlforkids_ctx_t *ctx, const ngx_str_t *name);


ngx_mlforkids_step_pt  ngx_mlforkids_extensions_key[] = {
    ngx_mlforkids_extension_send,
    NULL
};


static ngx_int_t
ngx_mlforkids_extension_send(ngx_mlforkids_ctx_t *ctx)
{
    static const ngx_str_t  empty = ngx_string("");

    if (!ctx->project.found) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_TEXT:
        return ngx_mlforkids_extension_text(ctx);

    case NGX_MLFORKIDS_IMAGES:
        /* an old kind of project, never had blocks of this kind */
        return ngx_mlforkids_reply_bytes(ctx, NGX_HTTP_OK,
                                         NGX_MLFORKIDS_JAVASCRIPT, &empty);

    default:
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }
}


static ngx_int_t
ngx_mlforkids_extension_text(ngx_mlforkids_ctx_t *ctx)
{
    u_char           *p;
    ngx_int_t         rc;
    ngx_str_t         id, body;
    mlk_str_t         json;
    const ngx_str_t  *script;

    static const ngx_str_t  name = ngx_string("text");
    static const char       before[] = "(function (project) {\n";
    static const char       between[] = "\n})(";
    static const char       after[] = ");\n";

    script = ngx_mlforkids_extension_script(ctx, &name);

    if (script == NULL) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "mlforkids: no script \"%V.js\" in the folder of the "
                      "directive mlforkids_extensions", &name);
        return NGX_ERROR;
    }

    rc = ngx_mlforkids_extension_id(ctx, &id);

    if (rc == NGX_DECLINED) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    if (rc != NGX_OK
        || ngx_mlforkids_extension_project(ctx, &id, &json) != NGX_OK)
    {
        return NGX_ERROR;
    }

    body.data = ngx_pnalloc(ctx->request->pool,
                            sizeof(before) + script->len + sizeof(between)
                            + json.len + sizeof(after));
    if (body.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(body.data, before, sizeof(before) - 1);
    p = ngx_cpymem(p, script->data, script->len);
    p = ngx_cpymem(p, between, sizeof(between) - 1);
    p = ngx_cpymem(p, json.data, json.len);
    p = ngx_cpymem(p, after, sizeof(after) - 1);

    body.len = p - body.data;

    return ngx_mlforkids_reply_bytes(ctx, NGX_HTTP_OK,
                                     NGX_MLFORKIDS_JAVASCRIPT, &body);
}


/* The project's id, or the one that the browser gave a project of its own:
 * NGX_DECLINED when that has other characters than letters, digits, "-". */

static ngx_int_t
ngx_mlforkids_extension_id(ngx_mlforkids_ctx_t *ctx, ngx_str_t *id)
{
    u_char      ch;
    size_t      i;
    ngx_int_t   rc;

    *id = ctx->project.id;

    if (!ctx->project.local) {
        return NGX_OK;
    }

    rc = ngx_mlforkids_arg(ctx, "projectid", id);

    if (rc == NGX_DECLINED) {
        /* none given: the stub's own id will do */
        *id = ctx->project.id;
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < id->len; i++) {
        ch = id->data[i];

        if (!(ch >= '0' && ch <= '9') && !(ch >= 'a' && ch <= 'z')
            && !(ch >= 'A' && ch <= 'Z') && ch != '-')
        {
            return NGX_DECLINED;
        }
    }

    return (id->len > 0 && id->len <= NGX_MLFORKIDS_LOCAL_ID)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_mlforkids_extension_project(ngx_mlforkids_ctx_t *ctx, ngx_str_t *id,
    mlk_str_t *json)
{
    size_t      i;
    mlk_jw_t   *w;
    ngx_str_t   plain, site;

    if (ngx_http_complex_value(ctx->request, ctx->conf->site_url, &site)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    plain.len = 0;
    plain.data = ngx_pnalloc(ctx->request->pool, id->len + 1);
    if (plain.data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < id->len; i++) {
        if (id->data[i] != '-') {
            plain.data[plain.len++] = id->data[i];
        }
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &plain);
    mlk_jw_key(w, "name");
    ngx_mlforkids_jw_str(w, &ctx->project.name);
    mlk_jw_key(w, "labels");
    ngx_mlforkids_write_labels(ctx, w, &ctx->project.labels);
    mlk_jw_key(w, "storage");
    mlk_jw_cstr(w, ctx->project.local ? "local" : "cloud");
    mlk_jw_key(w, "projectid");
    ngx_mlforkids_jw_str(w, id);
    mlk_jw_key(w, "urls");
    mlk_jw_object(w);

    if (ngx_mlforkids_extension_url(ctx, w, &site, "classify", "/classify")
        != NGX_OK
        || ngx_mlforkids_extension_url(ctx, w, &site, "status", "/status")
           != NGX_OK
        || ngx_mlforkids_extension_url(ctx, w, &site, "train", "/train")
           != NGX_OK
        || ngx_mlforkids_extension_url(ctx, w, &site, "models",
                                       ctx->project.local ? "/local/models"
                                                          : "/models")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    mlk_jw_object_end(w);
    mlk_jw_object_end(w);

    return mlk_jw_finish_script(w, json) == MLK_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_mlforkids_extension_url(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    ngx_str_t *site, const char *name, const char *path)
{
    ngx_str_t  url;

    url.data = ngx_pnalloc(ctx->request->pool,
                           site->len + sizeof("/api/scratch/")
                           + ctx->key.id.len + ngx_strlen(path));
    if (url.data == NULL) {
        return NGX_ERROR;
    }

    url.len = ngx_sprintf(url.data, "%V/api/scratch/%V%s", site, &ctx->key.id,
                          path)
              - url.data;

    mlk_jw_key(w, name);
    ngx_mlforkids_jw_str(w, &url);

    return NGX_OK;
}


static const ngx_str_t *
ngx_mlforkids_extension_script(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *name)
{
    ngx_uint_t                       i;
    ngx_mlforkids_extension_t       *extensions;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_mlforkids_module);

    extensions = mcf->extensions.elts;

    for (i = 0; i < mcf->extensions.nelts; i++) {
        if (extensions[i].name.len == name->len
            && ngx_memcmp(extensions[i].name.data, name->data, name->len)
               == 0)
        {
            return &extensions[i].script;
        }
    }

    return NULL;
}
