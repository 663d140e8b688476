/*
 * Who may do what (contract/auth.md 5): checks of body, class and role, and
 * loading of project, scratch key and class.
 */

#include "ngx_mlforkids_engine.h"


static ngx_uint_t ngx_mlforkids_equal(const ngx_str_t *a, const ngx_str_t *b);
static void ngx_mlforkids_project_set(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_local_set(ngx_mlforkids_ctx_t *ctx);


ngx_int_t
ngx_mlforkids_body_required(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->body == NULL) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_class_check(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *class;

    class = ngx_mlforkids_param(ctx, 'c');

    if (class->data != NULL && !ngx_mlforkids_equal(class,
                                                    &ctx->caller.tenant))
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_FORBID);
    }

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_role_check(ngx_mlforkids_ctx_t *ctx)
{
    unsigned  flags;

    flags = ctx->route->flags;

    if ((flags & NGX_MLFORKIDS_S) == NGX_MLFORKIDS_S
        && ctx->caller.role != NGX_MLFORKIDS_ROLE_SUPERVISOR)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_SUPER);
    }

    if ((flags & NGX_MLFORKIDS_ADM)
        && ctx->caller.role != NGX_MLFORKIDS_ROLE_SITEADMIN)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_ADMIN);
    }

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_unmanaged_check(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->tenant.type != 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_UNMAN);
    }

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_self_check(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_equal(&ctx->caller.sub, ngx_mlforkids_param(ctx, 's'))) {
        return NGX_OK;
    }

    if ((ctx->route->flags & NGX_MLFORKIDS_SELF_S)
        && ctx->caller.role == NGX_MLFORKIDS_ROLE_SUPERVISOR)
    {
        return NGX_OK;
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_FORBID);
}


ngx_int_t
ngx_mlforkids_project_load(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *id;

    id = ngx_mlforkids_param(ctx, 'p');

    if ((ctx->route->flags & NGX_MLFORKIDS_LOC) == NGX_MLFORKIDS_LOC) {
        return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_LOCAL_GET, id);
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECT_GET, id);
}


ngx_int_t
ngx_mlforkids_project_check(ngx_mlforkids_ctx_t *ctx)
{
    unsigned                  rule;
    ngx_uint_t                teacher;
    ngx_mlforkids_project_t  *project;

    project = &ctx->project;
    rule = ctx->route->flags & NGX_MLFORKIDS_PROJECT_RULES;

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    if (rule == (NGX_MLFORKIDS_LOC & NGX_MLFORKIDS_PROJECT_RULES)) {
        ngx_mlforkids_local_set(ctx);

    } else {
        ngx_mlforkids_project_set(ctx);
    }

    if (!ngx_mlforkids_equal(&project->classid,
                             ngx_mlforkids_param(ctx, 'c')))
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_FORBID);
    }

    if (ngx_mlforkids_is_owner(ctx)) {
        return NGX_OK;
    }

    teacher = (ctx->caller.role == NGX_MLFORKIDS_ROLE_SUPERVISOR);

    switch (rule) {

    case NGX_MLFORKIDS_CRD & NGX_MLFORKIDS_PROJECT_RULES:
        if (project->crowdsourced) {
            return NGX_OK;
        }
        break;

    case NGX_MLFORKIDS_OWN_T & NGX_MLFORKIDS_PROJECT_RULES:
        if (teacher) {
            return NGX_OK;
        }
        break;

    case NGX_MLFORKIDS_CRD_T & NGX_MLFORKIDS_PROJECT_RULES:
        if (teacher || project->crowdsourced) {
            return NGX_OK;
        }
        break;
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_FORBID);
}


ngx_uint_t
ngx_mlforkids_is_owner(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_equal(&ctx->project.userid, &ctx->caller.sub)
           && ngx_mlforkids_equal(&ctx->project.userid,
                                  ngx_mlforkids_param(ctx, 's'));
}


static ngx_uint_t
ngx_mlforkids_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/* id, userid, classid, typeid, name, language, labels, numfields, shared */

static void
ngx_mlforkids_project_set(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                *v;
    ngx_mlforkids_project_t  *project;

    project = &ctx->project;
    v = ngx_mlforkids_value(ctx, 0, 0, 0);

    project->found = 1;
    project->id = v[0];
    project->userid = v[1];
    project->classid = v[2];
    project->type = ngx_mlforkids_number(&v[3]);
    project->name = v[4];
    project->language = v[5];
    project->labels = v[6];
    project->numfields = ngx_mlforkids_number(&v[7]);
    project->crowdsourced = ngx_mlforkids_bool(&v[8]);
}


/* id, userid, classid, typeid, name, labels, expiry */

static void
ngx_mlforkids_local_set(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                *v;
    ngx_mlforkids_project_t  *project;

    project = &ctx->project;
    v = ngx_mlforkids_value(ctx, 0, 0, 0);

    project->found = 1;
    project->local = 1;
    project->id = v[0];
    project->userid = v[1];
    project->classid = v[2];
    project->type = ngx_mlforkids_number(&v[3]);
    project->name = v[4];
    ngx_str_set(&project->language, "");
    project->labels = v[5];
    project->expiry = v[6];
}


ngx_int_t
ngx_mlforkids_key_load(ngx_mlforkids_ctx_t *ctx)
{
    mlk_str_t   key;
    ngx_str_t  *k;

    k = ngx_mlforkids_param(ctx, 'k');
    key = ngx_mlforkids_mlk(*k);

    if (!mlk_scratchkey_valid(&key)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOKEY);
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_KEY_GET, k);
}


/*
 * id, projectname, projecttype, classifierid, serviceurl, updated, and of the
 * key: projectid, userid, classid; then of the project, all NULL when there is
 * none: typeid, name, language, labels, numfields, shared, local, expiry
 */

ngx_int_t
ngx_mlforkids_key_set(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                *v;
    ngx_mlforkids_project_t  *project;

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOKEY);
    }

    v = ngx_mlforkids_value(ctx, 0, 0, 0);

    ctx->key.id = v[0];
    ctx->key.projectname = v[1];
    ctx->key.projecttype = v[2];
    ctx->key.classifierid = v[3];
    ctx->key.serviceurl = v[4];
    ctx->key.updated = v[5];

    project = &ctx->project;

    project->id = v[6];
    project->userid = v[7];
    project->classid = v[8];

    if (v[9].data == NULL) {
        return NGX_OK;
    }

    project->found = 1;
    project->type = ngx_mlforkids_number(&v[9]);
    project->name = v[10];
    project->language = v[11];
    project->labels = v[12];
    project->numfields = ngx_mlforkids_number(&v[13]);
    project->crowdsourced = ngx_mlforkids_bool(&v[14]);
    project->local = ngx_mlforkids_bool(&v[15]);
    project->expiry = v[16];

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_tenant_load(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t  *class;

    class = (ctx->route->flags & NGX_MLFORKIDS_KEY)
            ? &ctx->project.classid : ngx_mlforkids_param(ctx, 'c');

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_TENANT_GET, class);
}


/* projecttypes, maxusers, maxprojectsperuser, textclassifiersexpiry,
 * ismanaged; a class without a row has the defaults of data.md 3.10 */

ngx_int_t
ngx_mlforkids_tenant_set(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t               *v;
    ngx_mlforkids_tenant_t  *tenant;

    tenant = &ctx->tenant;
    tenant->loaded = 1;

    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        ngx_str_set(&tenant->projecttypes, "text,imgtfjs,numbers,sounds");
        tenant->maxusers = 31;
        tenant->maxprojects = 3;
        tenant->expiry = 24;
        tenant->type = 0;

        return NGX_OK;
    }

    v = ngx_mlforkids_value(ctx, 0, 0, 0);

    tenant->projecttypes = v[0];
    tenant->maxusers = ngx_mlforkids_number(&v[1]);
    tenant->maxprojects = ngx_mlforkids_number(&v[2]);
    tenant->expiry = ngx_mlforkids_number(&v[3]);
    tenant->type = ngx_mlforkids_number(&v[4]);

    return NGX_OK;
}
