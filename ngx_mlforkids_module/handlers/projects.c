/*
 * Projects (contract/api.md 8): list, create, read, delete, share.
 */

#include "handlers/projects.h"


static ngx_int_t ngx_mlforkids_projects_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_projects_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_create_read(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_create_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_create_store(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_create_fields(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np);
static ngx_int_t ngx_mlforkids_create_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_create_full(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_write_fields(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const mlk_json_t *fields);
static void ngx_mlforkids_write_project(ngx_mlforkids_ctx_t *ctx,
    mlk_jw_t *w, const ngx_mlforkids_project_t *project,
    const mlk_json_t *fields);
static ngx_int_t ngx_mlforkids_project_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_delete_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_delete_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_fields_query(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_fields_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_share_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_share_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_share_same(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_projects_list[] = {
    ngx_mlforkids_projects_query,
    ngx_mlforkids_projects_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_projects_create[] = {
    ngx_mlforkids_create_read,
    ngx_mlforkids_create_check,
    ngx_mlforkids_create_store,
    ngx_mlforkids_create_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_projects_get[] = {
    ngx_mlforkids_project_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_projects_delete[] = {
    ngx_mlforkids_delete_query,
    ngx_mlforkids_delete_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_projects_fields[] = {
    ngx_mlforkids_fields_query,
    ngx_mlforkids_fields_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_projects_share[] = {
    ngx_mlforkids_share_check,
    ngx_mlforkids_share_reply,
    NULL
};


static ngx_int_t
ngx_mlforkids_projects_query(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECTS_LIST,
                               ngx_mlforkids_param(ctx, 'c'),
                               ngx_mlforkids_param(ctx, 's'));
}


/* The number of fields is not part of this list: 0. */

static ngx_int_t
ngx_mlforkids_projects_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                 *w;
    ngx_str_t                *v;
    ngx_uint_t                i;
    ngx_mlforkids_project_t   project;

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < ngx_mlforkids_result(ctx, 0)->rows; i++) {

        v = ngx_mlforkids_value(ctx, 0, i, 0);

        ngx_memzero(&project, sizeof(ngx_mlforkids_project_t));

        project.id = v[0];
        project.userid = v[1];
        project.classid = v[2];
        project.type = ngx_mlforkids_number(&v[3]);
        project.name = v[4];
        project.language = v[5];
        project.labels = v[6];
        project.crowdsourced = ngx_mlforkids_bool(&v[8]);

        ngx_mlforkids_write_project(ctx, w, &project, NULL);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_create_read(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_mlforkids_new_project_t  *np;

    np = ngx_pcalloc(ctx->request->pool, sizeof(ngx_mlforkids_new_project_t));
    if (np == NULL) {
        return NGX_ERROR;
    }

    ctx->data = np;

    rc = ngx_mlforkids_new_project_read(ctx, np);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECTS_COUNT,
                               ngx_mlforkids_param(ctx, 'c'),
                               ngx_mlforkids_param(ctx, 's'));
}


static ngx_int_t
ngx_mlforkids_create_check(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t  count;

    count = ngx_mlforkids_number(ngx_mlforkids_value(ctx, 0, 0, 0));

    if (count >= (ngx_int_t) ctx->tenant.maxprojects) {
        return ngx_mlforkids_create_full(ctx);
    }

    return ngx_mlforkids_new_project_check(ctx, ctx->data);
}


/* Counts again under a lock of the owner: two requests at a time may both
 * have passed the check. */

static ngx_int_t
ngx_mlforkids_create_store(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t                    *type, *fields, *limit, *id, shared, labels;
    ngx_mlforkids_project_t      *project;
    ngx_mlforkids_new_project_t  *np;

    np = ctx->data;
    project = &np->project;

    id = ngx_mlforkids_uuid(ctx, 1);
    type = ngx_mlforkids_number_param(ctx, project->type);
    fields = ngx_mlforkids_number_param(ctx, project->numfields);
    limit = ngx_mlforkids_number_param(ctx, ctx->tenant.maxprojects);

    if (id == NULL || type == NULL || fields == NULL || limit == NULL) {
        return NGX_ERROR;
    }

    project->id = *id;
    project->classid = *ngx_mlforkids_param(ctx, 'c');
    project->userid = *ngx_mlforkids_param(ctx, 's');

    ngx_str_set(&labels, "");

    if (project->type == NGX_MLFORKIDS_SOUNDS) {
        ngx_str_set(&labels, "_background_noise_");
    }

    ngx_str_set(&shared, "false");

    if (project->crowdsourced) {
        ngx_str_set(&shared, "true");
    }

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_PROJECTS_LOCK_OWNER,
                                   &project->classid, &project->userid)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_PROJECTS_INSERT,
                                   &project->id, &project->classid,
                                   &project->userid, type, &project->name,
                                   &project->language, &labels, fields,
                                   &shared, limit)
           != NGX_OK
        || (np->fields != NULL
            && ngx_mlforkids_create_fields(ctx, np) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


/* All fields are one parameter.  Their ids sort in the order of the fields. */

static ngx_int_t
ngx_mlforkids_create_fields(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np)
{
    size_t             n, i;
    u_char            *ids;
    mlk_jw_t          *w;
    mlk_str_t          text, choice, joined, list[16];
    ngx_str_t          param;
    ngx_uint_t         multi;
    const mlk_json_t  *field, *c;

    n = np->fields->count;

    ids = ngx_pnalloc(ctx->request->pool, n * MLK_UUID_LEN);

    if (ids == NULL || mlk_uuid_v1_run(ids, n) != MLK_OK) {
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (field = np->fields->child; field != NULL; field = field->next) {

        multi = ngx_mlforkids_json_is(mlk_json_get(field, "type"),
                                      "multichoice");
        i = 0;

        if (multi) {
            for (c = mlk_json_get(field, "choices")->child;
                 c != NULL && i < sizeof(list) / sizeof(list[0]);
                 c = c->next)
            {
                choice = ngx_mlforkids_choice(ctx, c);
                list[i++] = choice;
            }
        }

        if (mlk_labels_join(&ctx->alloc, list, i, &joined) != MLK_OK) {
            return NGX_ERROR;
        }

        text.data = ids;
        text.len = MLK_UUID_LEN;
        ids += MLK_UUID_LEN;

        mlk_jw_object(w);
        mlk_jw_key(w, "id");
        mlk_jw_str(w, &text);
        mlk_jw_key(w, "name");
        mlk_jw_value(w, mlk_json_get(field, "name"));
        mlk_jw_key(w, "type");
        mlk_jw_int(w, multi ? 2 : 1);
        mlk_jw_key(w, "choices");
        mlk_jw_str(w, &joined);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    if (mlk_jw_finish(w, &text) != MLK_OK) {
        return NGX_ERROR;
    }

    param = ngx_mlforkids_str(text);

    return ngx_mlforkids_query_add(ctx,
                                   NGX_MLFORKIDS_STMT_PROJECTS_INSERT_FIELDS,
                                   &np->project.id, &np->project.classid,
                                   &np->project.userid, &param);
}


static ngx_int_t
ngx_mlforkids_create_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t                     *w;
    ngx_mlforkids_new_project_t  *np;

    np = ctx->data;

    if (ngx_mlforkids_result(ctx, 1)->rows == 0) {
        return ngx_mlforkids_create_full(ctx);
    }

    w = ngx_mlforkids_writer(ctx);

    ngx_mlforkids_write_project(ctx, w, &np->project, np->fields);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_CREATED, w);
}


static ngx_int_t
ngx_mlforkids_create_full(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_CONFLICT,
                              "User already has maximum number of projects");
}


static void
ngx_mlforkids_write_project(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const ngx_mlforkids_project_t *project, const mlk_json_t *fields)
{
    mlk_jw_object(w);

    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &project->id);
    mlk_jw_key(w, "userid");
    ngx_mlforkids_jw_str(w, &project->userid);
    mlk_jw_key(w, "classid");
    ngx_mlforkids_jw_str(w, &project->classid);
    mlk_jw_key(w, "type");
    ngx_mlforkids_jw_str(w, ngx_mlforkids_type_name(project->type));
    mlk_jw_key(w, "name");
    ngx_mlforkids_jw_str(w, &project->name);
    mlk_jw_key(w, "labels");
    ngx_mlforkids_write_labels(ctx, w, &project->labels);
    mlk_jw_key(w, "language");

    if (project->type != NGX_MLFORKIDS_TEXT) {
        mlk_jw_cstr(w, "");

    } else if (project->language.len == 0) {
        mlk_jw_cstr(w, "en");

    } else {
        ngx_mlforkids_jw_str(w, &project->language);
    }

    mlk_jw_key(w, "numfields");
    mlk_jw_int(w, project->numfields);
    mlk_jw_key(w, "fields");
    mlk_jw_array(w);

    if (fields != NULL) {
        ngx_mlforkids_write_fields(ctx, w, fields);
    }

    mlk_jw_array_end(w);
    mlk_jw_key(w, "isCrowdSourced");
    mlk_jw_bool(w, project->crowdsourced);

    mlk_jw_object_end(w);
}


/* Fields as the client sent them, choices trimmed. */

static void
ngx_mlforkids_write_fields(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const mlk_json_t *fields)
{
    mlk_str_t          s;
    const mlk_json_t  *field, *choice, *type;

    for (field = fields->child; field != NULL; field = field->next) {

        type = mlk_json_get(field, "type");

        mlk_jw_object(w);
        mlk_jw_key(w, "name");
        mlk_jw_value(w, mlk_json_get(field, "name"));
        mlk_jw_key(w, "type");
        mlk_jw_value(w, type);
        mlk_jw_key(w, "choices");
        mlk_jw_array(w);

        if (ngx_mlforkids_json_is(type, "multichoice")) {
            for (choice = mlk_json_get(field, "choices")->child;
                 choice != NULL;
                 choice = choice->next)
            {
                s = ngx_mlforkids_choice(ctx, choice);
                mlk_jw_str(w, &s);
            }
        }

        mlk_jw_array_end(w);
        mlk_jw_object_end(w);
    }
}


static ngx_int_t
ngx_mlforkids_project_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t  *w;

    w = ngx_mlforkids_writer(ctx);

    ngx_mlforkids_write_project(ctx, w, &ctx->project, NULL);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


/* The lock waits for whoever is adding something to the project, so that
 * nothing is left behind. */

static ngx_int_t
ngx_mlforkids_delete_query(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_PROJECTS_LOCK,
                                   &ctx->project.id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_PROJECTS_DELETE,
                                   &ctx->project.id)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static ngx_int_t
ngx_mlforkids_delete_reply(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}


/* The path must name the owner. */

static ngx_int_t
ngx_mlforkids_fields_query(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECTS_FIELDS,
                               &ctx->project.id,
                               ngx_mlforkids_param(ctx, 'c'),
                               ngx_mlforkids_param(ctx, 's'));
}


static ngx_int_t
ngx_mlforkids_fields_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t    *w;
    ngx_str_t   *v;
    ngx_uint_t   i, rows;

    rows = ngx_mlforkids_result(ctx, 0)->rows;

    if (rows == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < rows; i++) {

        v = ngx_mlforkids_value(ctx, 0, i, 0);

        mlk_jw_object(w);
        mlk_jw_key(w, "id");
        ngx_mlforkids_jw_str(w, &v[0]);
        mlk_jw_key(w, "userid");
        ngx_mlforkids_jw_str(w, &v[1]);
        mlk_jw_key(w, "classid");
        ngx_mlforkids_jw_str(w, &v[2]);
        mlk_jw_key(w, "projectid");
        ngx_mlforkids_jw_str(w, &v[3]);
        mlk_jw_key(w, "name");
        ngx_mlforkids_jw_str(w, &v[4]);
        mlk_jw_key(w, "type");
        mlk_jw_cstr(w, ngx_mlforkids_number(&v[5]) == 2 ? "multichoice"
                                                        : "number");
        mlk_jw_key(w, "choices");
        ngx_mlforkids_write_labels(ctx, w, &v[6]);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


static ngx_int_t
ngx_mlforkids_share_check(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t    on;
    const char  *problem;
    mlk_json_t  *item, *op, *value;

    item = ctx->body->child;
    op = mlk_json_get(item, "op");
    value = mlk_json_get(item, "value");
    problem = NULL;

    if (ctx->body->type != MLK_JSON_ARRAY) {
        problem = "PATCH body should be an array";

    } else if (ctx->body->count != 1) {
        problem = "Only individual PATCH requests are supported";

    } else if (!mlk_json_truthy(op)) {
        problem = "PATCH requests must include an op";

    } else if (value == NULL) {
        problem = "PATCH requests must include a value";

    } else if (!ngx_mlforkids_json_is(mlk_json_get(item, "path"),
                                      "/isCrowdSourced"))
    {
        problem = "Only modifications to project isCrowdSourced are supported";

    } else if (!ngx_mlforkids_json_is(op, "replace")
               || (value->type != MLK_JSON_TRUE
                   && value->type != MLK_JSON_FALSE))
    {
        problem = "Invalid PATCH op";
    }

    if (problem != NULL) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST, problem);
    }

    if (ctx->project.crowdsourced == (value->type == MLK_JSON_TRUE)) {
        return ngx_mlforkids_share_same(ctx);
    }

    ngx_str_set(&on, "false");

    if (value->type == MLK_JSON_TRUE) {
        ngx_str_set(&on, "true");
    }

    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_PROJECTS_SHARE,
                               &ctx->project.id, &on);
}


static ngx_int_t
ngx_mlforkids_share_reply(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, 0)->affected == 0) {
        return ngx_mlforkids_share_same(ctx);
    }

    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}


static ngx_int_t
ngx_mlforkids_share_same(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_CONFLICT,
                                    "isCrowdSourced already set");
}
