/*
 * Training items (contract/api.md 9): list, add, delete.
 */

#include <math.h>

#include "handlers/training.h"


#define NGX_MLFORKIDS_PAGE_MAX   3001      /* rows; clients ask for 0-3000 */
#define NGX_MLFORKIDS_TEXT_MAX   1024      /* UTF-16 units */
#define NGX_MLFORKIDS_NUMBERS_MAX  10      /* values of an item */
#define NGX_MLFORKIDS_FLOAT_MAX  3.4028235e38


typedef struct {
    uint64_t    start;
    uint64_t    limit;
} ngx_mlforkids_page_t;


static ngx_int_t ngx_mlforkids_list_query(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_page(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_page_t *page);
static ngx_uint_t ngx_mlforkids_odd_range(const ngx_str_t *range);
static ngx_int_t ngx_mlforkids_list_reply(ngx_mlforkids_ctx_t *ctx);
static void ngx_mlforkids_write_item(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const ngx_str_t *v);
static void ngx_mlforkids_write_numbers(mlk_jw_t *w, const ngx_str_t *data);
static ngx_uint_t ngx_mlforkids_uploader(const ngx_str_t *url,
    ngx_str_t *userid);
static ngx_int_t ngx_mlforkids_add_check(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_add_label(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item);
static ngx_int_t ngx_mlforkids_add_text(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item, const mlk_json_t *data);
static ngx_int_t ngx_mlforkids_add_numbers(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item, const mlk_json_t *data);
static ngx_int_t ngx_mlforkids_numeric(const mlk_json_t *value,
    double *number);
static ngx_int_t ngx_mlforkids_add_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_image_reply(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_item_delete(ngx_mlforkids_ctx_t *ctx);
static ngx_int_t ngx_mlforkids_item_deleted(ngx_mlforkids_ctx_t *ctx);


ngx_mlforkids_step_pt  ngx_mlforkids_training_list[] = {
    ngx_mlforkids_list_query,
    ngx_mlforkids_list_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_training_add[] = {
    ngx_mlforkids_add_check,
    ngx_mlforkids_add_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_training_image[] = {
    ngx_mlforkids_image_reply,
    NULL
};

ngx_mlforkids_step_pt  ngx_mlforkids_training_delete[] = {
    ngx_mlforkids_item_delete,
    ngx_mlforkids_item_deleted,
    NULL
};


static ngx_int_t
ngx_mlforkids_list_query(ngx_mlforkids_ctx_t *ctx)
{
    ngx_str_t              *limit, *offset;
    ngx_uint_t              stmt;
    ngx_mlforkids_page_t   *page;

    page = ngx_palloc(ctx->request->pool, sizeof(ngx_mlforkids_page_t));
    if (page == NULL) {
        return NGX_ERROR;
    }

    ctx->data = page;

    ngx_mlforkids_page(ctx, page);

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_TEXT:
        stmt = NGX_MLFORKIDS_STMT_TRAINING_LIST_TEXT;
        break;

    case NGX_MLFORKIDS_NUMBERS:
        stmt = NGX_MLFORKIDS_STMT_TRAINING_LIST_NUMBERS;
        break;

    case NGX_MLFORKIDS_SOUNDS:
        stmt = NGX_MLFORKIDS_STMT_TRAINING_LIST_SOUNDS;
        break;

    default:
        stmt = NGX_MLFORKIDS_STMT_TRAINING_LIST_IMAGES;
        break;
    }

    limit = ngx_mlforkids_number_param(ctx, page->limit);
    offset = ngx_mlforkids_number_param(ctx, page->start);

    if (limit == NULL || offset == NULL
        || ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, stmt, &ctx->project.id, limit, offset)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_COUNT,
                                   &ctx->project.id)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


static void
ngx_mlforkids_page(ngx_mlforkids_ctx_t *ctx, ngx_mlforkids_page_t *page)
{
    mlk_str_t   header;
    ngx_str_t  *range;

    range = ngx_mlforkids_request_header(ctx, "range");

    if (range != NULL && ngx_mlforkids_odd_range(range)) {
        page->start = 0;
        page->limit = 0;
        return;
    }

    if (range != NULL) {
        header = ngx_mlforkids_mlk(*range);
    }

    mlk_range_items(range != NULL ? &header : NULL, NGX_MLFORKIDS_PAGE_MAX,
                    &page->start, &page->limit);
}


/* "items=-5" and "items=0-1,4-5" are ranges that the reference understands but
 * has no items for. */

static ngx_uint_t
ngx_mlforkids_odd_range(const ngx_str_t *range)
{
    u_char  *p, *last;

    static const ngx_str_t  unit = ngx_string("items=");

    if (range->len <= unit.len
        || ngx_memcmp(range->data, unit.data, unit.len) != 0)
    {
        return 0;
    }

    p = range->data + unit.len;
    last = range->data + range->len;

    return *p == '-' || ngx_strlchr(p, last, ',') != NULL;
}


static ngx_int_t
ngx_mlforkids_list_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t              *w;
    ngx_str_t              value, *total;
    ngx_uint_t             i, rows;
    ngx_mlforkids_page_t  *page;

    page = ctx->data;
    rows = ngx_mlforkids_result(ctx, 0)->rows;
    total = ngx_mlforkids_value(ctx, 1, 0, 0);

    value.data = ngx_pnalloc(ctx->request->pool,
                             sizeof("items -/") + 2 * NGX_INT64_LEN
                             + total->len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "items %L-%L/%V",
                            (int64_t) page->start,
                            (int64_t) (page->start + rows) - 1, total)
                - value.data;

    if (ngx_mlforkids_header(ctx, "Content-Range", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_array(w);

    for (i = 0; i < rows; i++) {
        ngx_mlforkids_write_item(ctx, w, ngx_mlforkids_value(ctx, 0, i, 0));
    }

    mlk_jw_array_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
}


/* v: id, data, label; of pictures also whether the picture is stored */

static void
ngx_mlforkids_write_item(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const ngx_str_t *v)
{
    ngx_str_t  userid;

    if (ctx->project.type == NGX_MLFORKIDS_TEXT) {
        ngx_mlforkids_write_text(w, &v[0], &v[1], &v[2], NULL);
        return;
    }

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &v[0]);

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_NUMBERS:
        mlk_jw_key(w, "numberdata");
        ngx_mlforkids_write_numbers(w, &v[1]);
        break;

    case NGX_MLFORKIDS_SOUNDS:
        break;

    default:
        mlk_jw_key(w, "imageurl");
        ngx_mlforkids_jw_str(w, &v[1]);
        mlk_jw_key(w, "isstored");
        mlk_jw_bool(w, ngx_mlforkids_bool(&v[3]));

        if (ngx_mlforkids_bool(&v[3])
            && ngx_mlforkids_uploader(&v[1], &userid))
        {
            mlk_jw_key(w, "userid");
            ngx_mlforkids_jw_str(w, &userid);
        }

        break;
    }

    if (v[2].data != NULL) {
        mlk_jw_key(w, "label");
        ngx_mlforkids_jw_str(w, &v[2]);
    }

    if (ctx->project.type == NGX_MLFORKIDS_SOUNDS) {
        mlk_jw_key(w, "audiourl");
        ngx_mlforkids_jw_str(w, &v[1]);
    }

    mlk_jw_object_end(w);
}


void
ngx_mlforkids_write_text(mlk_jw_t *w, const ngx_str_t *id,
    const ngx_str_t *text, const ngx_str_t *label, const ngx_str_t *project)
{
    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, id);
    mlk_jw_key(w, "textdata");
    ngx_mlforkids_jw_str(w, text);

    if (label->data != NULL) {
        mlk_jw_key(w, "label");
        ngx_mlforkids_jw_str(w, label);
    }

    if (project != NULL) {
        mlk_jw_key(w, "projectid");
        ngx_mlforkids_jw_str(w, project);
    }

    mlk_jw_object_end(w);
}


/* Stored as "1,2.5,1e+21"; what is no number is null, as in JavaScript. */

static void
ngx_mlforkids_write_numbers(mlk_jw_t *w, const ngx_str_t *data)
{
    char     number[64], *end;
    u_char  *p, *last, *comma;
    size_t   len;
    double   n;

    mlk_jw_array(w);

    p = data->data;
    last = p + data->len;

    while (p < last) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        len = ngx_min((size_t) (comma - p), sizeof(number) - 1);
        ngx_memcpy(number, p, len);
        number[len] = '\0';

        n = strtod(number, &end);

        if (end == number || !isfinite(n)) {
            mlk_jw_null(w);

        } else {
            mlk_jw_double(w, n);
        }

        p = comma + 1;
    }

    mlk_jw_array_end(w);
}


/* /api/classes/<36>/students/auth0|<hex>/projects/<36>/images/<36> */

static ngx_uint_t
ngx_mlforkids_uploader(const ngx_str_t *url, ngx_str_t *userid)
{
    u_char      *p, *last, *part;
    ngx_uint_t   i;

    static const struct {
        ngx_str_t   before;
        ngx_uint_t  user;
    } parts[] = {
        { ngx_string("/api/classes/"), 0 },
        { ngx_string("/students/"), 1 },
        { ngx_string("/projects/"), 0 },
        { ngx_string("/images/"), 0 }
    };

    p = url->data;
    last = p + url->len;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        if ((size_t) (last - p) < parts[i].before.len
            || ngx_memcmp(p, parts[i].before.data, parts[i].before.len) != 0)
        {
            return 0;
        }

        p += parts[i].before.len;
        part = p;

        while (p < last && *p != '/') {
            p++;
        }

        if (!parts[i].user) {
            if (p - part != MLK_UUID_LEN) {
                return 0;
            }

            continue;
        }

        if (p - part <= 6 || ngx_memcmp(part, "auth0|", 6) != 0) {
            return 0;
        }

        userid->data = part;
        userid->len = p - part;
    }

    return p == last;
}


static ngx_int_t
ngx_mlforkids_add_check(ngx_mlforkids_ctx_t *ctx)
{
    ngx_int_t              rc;
    const mlk_json_t      *data;
    ngx_mlforkids_item_t  *item;

    data = mlk_json_get(ctx->body, "data");

    if (ctx->project.type == NGX_MLFORKIDS_SOUNDS) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }

    if (!mlk_json_truthy(data)) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    item = ngx_pcalloc(ctx->request->pool, sizeof(ngx_mlforkids_item_t));
    if (item == NULL) {
        return NGX_ERROR;
    }

    ctx->data = item;

    rc = ngx_mlforkids_add_label(ctx, item);
    if (rc != NGX_OK) {
        return rc;
    }

    switch (ctx->project.type) {

    case NGX_MLFORKIDS_TEXT:
        return ngx_mlforkids_add_text(ctx, item, data);

    case NGX_MLFORKIDS_NUMBERS:
        return ngx_mlforkids_add_numbers(ctx, item, data);

    default:
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
    }
}


/* A number is stored as text, but comes back in the reply as it was sent. */

static ngx_int_t
ngx_mlforkids_add_label(ngx_mlforkids_ctx_t *ctx, ngx_mlforkids_item_t *item)
{
    const mlk_json_t  *label;

    label = mlk_json_get(ctx->body, "label");

    if (!mlk_json_truthy(label)) {
        return NGX_OK;
    }

    item->sent_label = label;

    switch (label->type) {

    case MLK_JSON_STRING:
        item->label = ngx_mlforkids_str(label->text);
        return NGX_OK;

    case MLK_JSON_NUMBER:
        item->label.data = ngx_pnalloc(ctx->request->pool,
                                       MLK_JSON_DOUBLE_SIZE);
        if (item->label.data == NULL) {
            return NGX_ERROR;
        }

        item->label.len = mlk_json_print_double((char *) item->label.data,
                                                label->number);
        return NGX_OK;

    default:
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }
}


static ngx_int_t
ngx_mlforkids_add_text(ngx_mlforkids_ctx_t *ctx, ngx_mlforkids_item_t *item,
    const mlk_json_t *data)
{
    const char  *problem;

    if (data->type != MLK_JSON_STRING) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    problem = ngx_mlforkids_training_text(ctx, &data->text, &item->data);

    if (problem != NULL) {
        return (*problem == '\0') ? NGX_ERROR
               : ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST, problem);
    }

    return ngx_mlforkids_training_store(ctx, item,
                                        NGX_MLFORKIDS_STMT_TRAINING_ADD_TEXT);
}


const char *
ngx_mlforkids_training_text(ngx_mlforkids_ctx_t *ctx, const mlk_str_t *data,
    ngx_str_t *text)
{
    mlk_str_t  s;

    s.len = data->len;
    s.data = ngx_pnalloc(ctx->request->pool, data->len + 1);
    if (s.data == NULL) {
        return "";
    }

    ngx_memcpy(s.data, data->data, data->len);

    mlk_trim(&s);
    mlk_blank_controls(&s);

    *text = ngx_mlforkids_str(s);

    if (s.len == 0) {
        return "Empty text is not allowed";
    }

    if (mlk_utf16_length(&s) > NGX_MLFORKIDS_TEXT_MAX) {
        return "Text exceeds maximum allowed length (1024 characters)";
    }

    return NULL;
}


static ngx_int_t
ngx_mlforkids_add_numbers(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item, const mlk_json_t *data)
{
    u_char            *p;
    const char        *problem;
    const mlk_json_t  *v;

    if (data->type != MLK_JSON_ARRAY || data->count == 0
        || data->count != ctx->project.numfields)
    {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_MISSING);
    }

    problem = NULL;

    if (data->count > NGX_MLFORKIDS_NUMBERS_MAX) {
        problem = "Number of data items exceeded maximum";
    }

    for (v = data->child; v != NULL && problem == NULL; v = v->next) {

        if (ngx_mlforkids_numeric(v, &item->numbers[item->n]) != NGX_OK) {
            problem = "Data contains non-numeric items";

        } else if (item->numbers[item->n] < -NGX_MLFORKIDS_FLOAT_MAX) {
            problem = "Number is too small";

        } else if (item->numbers[item->n] > NGX_MLFORKIDS_FLOAT_MAX) {
            problem = "Number is too big";
        }

        item->n++;
    }

    if (problem != NULL) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST, problem);
    }

    item->data.data = ngx_pnalloc(ctx->request->pool,
                                  item->n * (MLK_JSON_DOUBLE_SIZE + 1));
    if (item->data.data == NULL) {
        return NGX_ERROR;
    }

    p = item->data.data;

    for (v = data->child, item->n = 0; v != NULL; v = v->next) {
        if (item->n > 0) {
            *p++ = ',';
        }

        p += mlk_json_print_double((char *) p, item->numbers[item->n++]);
    }

    item->data.len = p - item->data.data;

    return ngx_mlforkids_training_store(ctx, item,
                                    NGX_MLFORKIDS_STMT_TRAINING_ADD_NUMBERS);
}


/* A number, or a decimal number in a string with blanks around it. */

static ngx_int_t
ngx_mlforkids_numeric(const mlk_json_t *value, double *number)
{
    char   text[64], *end;
    size_t i, from, to;

    if (value->type == MLK_JSON_NUMBER) {
        *number = value->number;
        return NGX_OK;
    }

    if (value->type != MLK_JSON_STRING) {
        return NGX_DECLINED;
    }

    from = 0;
    to = value->text.len;

    while (from < to && value->text.data[from] <= ' ') {
        from++;
    }

    while (to > from && value->text.data[to - 1] <= ' ') {
        to--;
    }

    if (to == from || to - from >= sizeof(text)) {
        return NGX_DECLINED;
    }

    for (i = 0; from < to; i++, from++) {
        text[i] = value->text.data[from];

        if (text[i] == '\0' || strchr("0123456789+-.eE", text[i]) == NULL) {
            return NGX_DECLINED;
        }
    }

    text[i] = '\0';

    *number = strtod(text, &end);

    return (*end == '\0') ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_mlforkids_training_store(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item, ngx_uint_t stmt)
{
    ngx_str_t  *id;

    id = ngx_mlforkids_uuid(ctx, 1);
    if (id == NULL) {
        return NGX_ERROR;
    }

    item->id = *id;

    if (ngx_mlforkids_query_begin(ctx) != NGX_OK
        || ngx_mlforkids_query_add(ctx, NGX_MLFORKIDS_STMT_TRAINING_LOCK,
                                   &ctx->project.id)
           != NGX_OK
        || ngx_mlforkids_query_add(ctx, stmt, &item->id, &ctx->project.id,
                                   &item->data,
                                   item->label.data == NULL ? NULL
                                                            : &item->label)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_query_run(ctx);
}


ngx_int_t
ngx_mlforkids_training_stored(ngx_mlforkids_ctx_t *ctx)
{
    if (ngx_mlforkids_result(ctx, 0)->rows == 0) {
        return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTFOUND);
    }

    if (ngx_mlforkids_result(ctx, 1)->rows == 0) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_CONFLICT,
                "Project already has maximum allowed amount of training data");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mlforkids_add_reply(ngx_mlforkids_ctx_t *ctx)
{
    mlk_jw_t              *w;
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_mlforkids_item_t  *item;

    item = ctx->data;

    rc = ngx_mlforkids_training_stored(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    w = ngx_mlforkids_writer(ctx);

    mlk_jw_object(w);
    mlk_jw_key(w, "id");
    ngx_mlforkids_jw_str(w, &item->id);

    if (ctx->project.type == NGX_MLFORKIDS_TEXT) {
        mlk_jw_key(w, "textdata");
        ngx_mlforkids_jw_str(w, &item->data);

    } else {
        mlk_jw_key(w, "projectid");
        ngx_mlforkids_jw_str(w, &ctx->project.id);
        mlk_jw_key(w, "numberdata");
        mlk_jw_array(w);

        for (i = 0; i < item->n; i++) {
            mlk_jw_double(w, item->numbers[i]);
        }

        mlk_jw_array_end(w);
    }

    if (item->sent_label != NULL) {
        mlk_jw_key(w, "label");
        mlk_jw_value(w, item->sent_label);
    }

    if (ctx->project.type == NGX_MLFORKIDS_TEXT) {
        mlk_jw_key(w, "projectid");
        ngx_mlforkids_jw_str(w, &ctx->project.id);
    }

    mlk_jw_object_end(w);

    return ngx_mlforkids_reply_json(ctx, NGX_HTTP_CREATED, w);
}


static ngx_int_t
ngx_mlforkids_image_reply(ngx_mlforkids_ctx_t *ctx)
{
    if (ctx->project.type != NGX_MLFORKIDS_IMGTFJS) {
        return ngx_mlforkids_error_text(ctx, NGX_HTTP_BAD_REQUEST,
                                        "Only supported for image projects");
    }

    return ngx_mlforkids_error(ctx, NGX_MLFORKIDS_NOTIMPL);
}


static ngx_int_t
ngx_mlforkids_item_delete(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_TRAINING_DELETE,
                               &ctx->project.id,
                               ngx_mlforkids_param(ctx, 't'));
}


/* Also when there was no such item. */

static ngx_int_t
ngx_mlforkids_item_deleted(ngx_mlforkids_ctx_t *ctx)
{
    return ngx_mlforkids_reply_empty(ctx, NGX_HTTP_NO_CONTENT);
}
