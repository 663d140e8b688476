/*
 * Checks of a project that is to be created (contract/api.md 3, 8.3), in the
 * order in which the contract lists them.
 */

#include "handlers/projects.h"


#define NGX_MLFORKIDS_FIELDS       10
#define NGX_MLFORKIDS_FIELD_NAME   12      /* UTF-16 units, as all below */
#define NGX_MLFORKIDS_CHOICES_MIN  2
#define NGX_MLFORKIDS_CHOICES_MAX  9
#define NGX_MLFORKIDS_CHOICE       13


static ngx_int_t ngx_mlforkids_dataset_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np);
static ngx_mlforkids_type_e ngx_mlforkids_type_number(const ngx_str_t *name);
static ngx_uint_t ngx_mlforkids_type_allowed(ngx_mlforkids_ctx_t *ctx,
    const mlk_str_t *type);
static ngx_int_t ngx_mlforkids_fields_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np);
static ngx_int_t ngx_mlforkids_field_check(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *field);
static const char *ngx_mlforkids_choices_check(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *choices);
static ngx_uint_t ngx_mlforkids_same_names(const mlk_json_t *fields);
static ngx_uint_t ngx_mlforkids_language_known(const ngx_str_t *language);
static ngx_int_t ngx_mlforkids_refuse(ngx_mlforkids_ctx_t *ctx,
    const char *message);


ngx_int_t
ngx_mlforkids_new_project_read(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np)
{
    int64_t      n;
    mlk_str_t    text;
    mlk_json_t  *type, *name, *dataset, *language, *ratio;

    type = mlk_json_get(ctx->body, "type");
    name = mlk_json_get(ctx->body, "name");
    dataset = mlk_json_get(ctx->body, "dataset");
    language = mlk_json_get(ctx->body, "language");
    ratio = mlk_json_get(ctx->body, "testratio");

    if (mlk_json_truthy(dataset)) {

        if (mlk_json_truthy(ratio) && !mlk_json_integer(ratio, 0, 100, &n)) {
            return ngx_mlforkids_refuse(ctx, "Test ratio must be an integer "
                                             "between 0 and 100");
        }

        if (!mlk_json_truthy(type) || type->type != MLK_JSON_STRING) {
            return ngx_mlforkids_refuse(ctx, "Missing required field");
        }

        if (dataset->type != MLK_JSON_STRING) {
            return ngx_mlforkids_refuse(ctx, "The requested dataset ID is not "
                                             "valid");
        }

        np->dataset = ngx_mlforkids_str(dataset->text);

        return NGX_OK;
    }

    if (!mlk_json_truthy(type) || type->type != MLK_JSON_STRING
        || !mlk_json_truthy(name)
        || (ngx_mlforkids_json_is(type, "text")
            && !mlk_json_truthy(language)))
    {
        return ngx_mlforkids_refuse(ctx, "Missing required field");
    }

    text = name->text;

    if (name->type != MLK_JSON_STRING || !mlk_project_name_valid(&text)) {
        return ngx_mlforkids_refuse(ctx, "Invalid project name");
    }

    np->project.name = ngx_mlforkids_str(name->text);

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_new_project_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np)
{
    ngx_str_t    type;
    mlk_json_t  *language, *fields;

    type = ngx_mlforkids_str(mlk_json_get(ctx->body, "type")->text);
    language = mlk_json_get(ctx->body, "language");
    fields = mlk_json_get(ctx->body, "fields");

    if (!ngx_mlforkids_type_allowed(ctx,
                                    &mlk_json_get(ctx->body, "type")->text))
    {
        return ngx_mlforkids_error_format(ctx, NGX_HTTP_FORBIDDEN,
                        "Support for %V projects is not enabled for your class",
                        &type);
    }

    if (mlk_json_truthy(mlk_json_get(ctx->body, "isCrowdSourced"))) {

        if (ctx->caller.role != NGX_MLFORKIDS_ROLE_SUPERVISOR) {
            return ngx_mlforkids_error_text(ctx, NGX_HTTP_FORBIDDEN,
                        "Only teachers or group leaders can create "
                        "crowd-sourced projects");
        }

        np->project.crowdsourced = 1;
    }

    np->project.type = ngx_mlforkids_type_number(&type);

    if (np->project.type == 0) {
        return ngx_mlforkids_error_format(ctx, NGX_HTTP_BAD_REQUEST,
                                          "Invalid project type %V", &type);
    }

    if (np->dataset.len != 0) {
        return ngx_mlforkids_dataset_check(ctx, np);
    }

    if (np->project.type == NGX_MLFORKIDS_NUMBERS) {
        np->fields = fields;
        return ngx_mlforkids_fields_check(ctx, np);
    }

    if (mlk_json_truthy(fields)
        && (fields->type != MLK_JSON_ARRAY || fields->count != 0))
    {
        return ngx_mlforkids_refuse(ctx, "Fields not supported for "
                                         "non-numbers projects");
    }

    ngx_str_set(&np->project.language, "");

    if (np->project.type == NGX_MLFORKIDS_TEXT) {

        np->project.language = ngx_mlforkids_str(language->text);

        if (language->type != MLK_JSON_STRING
            || !ngx_mlforkids_language_known(&np->project.language))
        {
            return ngx_mlforkids_refuse(ctx, "Language not supported");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_dataset_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < np->dataset.len; i++) {
        c = np->dataset.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            break;
        }
    }

    if (i != np->dataset.len || i > 30) {
        return ngx_mlforkids_refuse(ctx, "The requested dataset ID is not "
                                         "valid");
    }

    if (np->project.type == NGX_MLFORKIDS_IMAGES
        || np->project.type == NGX_MLFORKIDS_SOUNDS)
    {
        return ngx_mlforkids_refuse(ctx, "The requested dataset could not be "
                                         "found");
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
}


/* 0: unknown */

static ngx_mlforkids_type_e
ngx_mlforkids_type_number(const ngx_str_t *name)
{
    ngx_uint_t        i;
    const ngx_str_t  *known;

    for (i = NGX_MLFORKIDS_TEXT; i <= NGX_MLFORKIDS_IMGTFJS; i++) {

        known = ngx_mlforkids_type_name(i);

        if (known->len == name->len
            && ngx_memcmp(known->data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_mlforkids_type_allowed(ngx_mlforkids_ctx_t *ctx, const mlk_str_t *type)
{
    size_t      i, n;
    mlk_str_t   list, *types;

    list = ngx_mlforkids_mlk(ctx->tenant.projecttypes);

    if (mlk_labels_split(&ctx->alloc, &list, &types, &n) != MLK_OK) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (types[i].len == type->len
            && ngx_memcmp(types[i].data, type->data, type->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mlforkids_fields_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np)
{
    ngx_int_t         rc;
    const mlk_json_t  *field;

    if (np->fields == NULL || np->fields->type != MLK_JSON_ARRAY
        || np->fields->count == 0)
    {
        return ngx_mlforkids_refuse(ctx, "Fields required for numbers "
                                         "projects");
    }

    if (np->fields->count > NGX_MLFORKIDS_FIELDS) {
        return ngx_mlforkids_refuse(ctx, "Too many fields specified");
    }

    if (ngx_mlforkids_same_names(np->fields)) {
        return ngx_mlforkids_refuse(ctx, "Fields all need different names");
    }

    for (field = np->fields->child; field != NULL; field = field->next) {
        rc = ngx_mlforkids_field_check(ctx, field);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    np->project.numfields = np->fields->count;
    ngx_str_set(&np->project.language, "");

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_field_check(ngx_mlforkids_ctx_t *ctx, const mlk_json_t *field)
{
    ngx_str_t          unknown;
    const char        *problem;
    const mlk_json_t  *name, *type;

    name = mlk_json_get(field, "name");
    type = mlk_json_get(field, "type");

    if (!mlk_json_truthy(name) || !mlk_json_truthy(type)) {
        return ngx_mlforkids_refuse(ctx, "Missing required attributes");
    }

    if (name->type != MLK_JSON_STRING
        || mlk_utf16_length(&name->text) > NGX_MLFORKIDS_FIELD_NAME)
    {
        return ngx_mlforkids_refuse(ctx, "Invalid field name");
    }

    if (ngx_mlforkids_json_is(type, "number")) {
        return NGX_OK;
    }

    if (!ngx_mlforkids_json_is(type, "multichoice")) {
        unknown = ngx_mlforkids_str(type->text);
        return ngx_mlforkids_error_format(ctx, NGX_HTTP_BAD_REQUEST,
                                          "Invalid field type %V", &unknown);
    }

    problem = ngx_mlforkids_choices_check(ctx,
                                          mlk_json_get(field, "choices"));

    return (problem == NULL) ? NGX_OK : ngx_mlforkids_refuse(ctx, problem);
}


/* NULL: nothing is wrong */

static const char *
ngx_mlforkids_choices_check(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *choices)
{
    mlk_str_t          s;
    const mlk_json_t  *choice;

    if (choices == NULL || choices->type != MLK_JSON_ARRAY
        || choices->count < NGX_MLFORKIDS_CHOICES_MIN)
    {
        return "Not enough choices provided";
    }

    if (choices->count > NGX_MLFORKIDS_CHOICES_MAX) {
        return "Too many choices specified";
    }

    for (choice = choices->child; choice != NULL; choice = choice->next) {

        s = ngx_mlforkids_choice(ctx, choice);

        if (s.len == 0 || mlk_utf16_length(&s) > NGX_MLFORKIDS_CHOICE
            || strchr("0123456789-.,", s.data[0]) != NULL
            || ngx_strlchr(s.data, s.data + s.len, ',') != NULL)
        {
            return "Invalid choice value";
        }
    }

    return NULL;
}


/* Empty when it is no string. */

mlk_str_t
ngx_mlforkids_choice(ngx_mlforkids_ctx_t *ctx, const mlk_json_t *choice)
{
    mlk_str_t  s;

    s.len = 0;
    s.data = NULL;

    if (choice->type != MLK_JSON_STRING) {
        return s;
    }

    s.data = ngx_pnalloc(ctx->request->pool, choice->text.len + 1);
    if (s.data == NULL) {
        return s;
    }

    s.len = choice->text.len;
    ngx_memcpy(s.data, choice->text.data, s.len);

    mlk_trim(&s);

    return s;
}


static ngx_uint_t
ngx_mlforkids_same_names(const mlk_json_t *fields)
{
    const mlk_json_t  *a, *b, *left, *right;

    for (a = fields->child; a != NULL; a = a->next) {

        left = mlk_json_get(a, "name");

        if (left == NULL || left->type != MLK_JSON_STRING) {
            continue;
        }

        for (b = a->next; b != NULL; b = b->next) {

            right = mlk_json_get(b, "name");

            if (right != NULL && right->type == MLK_JSON_STRING
                && left->text.len == right->text.len
                && ngx_memcmp(left->text.data, right->text.data,
                              left->text.len)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_mlforkids_language_known(const ngx_str_t *language)
{
    ngx_uint_t  i;

    static const ngx_str_t  known[] = {
        ngx_string("en"), ngx_string("ar"), ngx_string("zh-tw"),
        ngx_string("zh-cn"), ngx_string("cs"), ngx_string("nl"),
        ngx_string("fr"), ngx_string("de"), ngx_string("it"),
        ngx_string("ja"), ngx_string("ko"), ngx_string("pt-br"),
        ngx_string("es"), ngx_string("xx")
    };

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].len == language->len
            && ngx_memcmp(known[i].data, language->data, language->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mlforkids_refuse(ngx_mlforkids_ctx_t *ctx, const char *message)
{
    return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST, message);
}
