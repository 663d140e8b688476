/*
 * JSON reader: yajl's events become a small tree in the caller's memory.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "mlk_json.h"
#include "mlk_utf8.h"
#include "mlk_yajl.h"

/* up to so many members are compared each with each, more are sorted */
#define MLK_JSON_FEW  8


typedef struct {
    mlk_json_t  *node;
    mlk_json_t  *last;             /* its youngest child */
} mlk_json_frame_t;


typedef struct {
    mlk_yajl_mem_t            mem;
    const mlk_json_limits_t  *limits;
    mlk_json_frame_t         *stack;
    size_t                    depth;
    size_t                    nodes;
    mlk_str_t                 name;    /* of the member to come */
    mlk_json_t               *root;
    int                       rc;
} mlk_json_reader_t;


static void *
mlk_json_alloc(mlk_json_reader_t *r, size_t size)
{
    void  *p;

    p = r->mem.alloc->alloc(r->mem.alloc->ctx, size);

    if (p == NULL) {
        r->rc = MLK_NOMEM;
    }

    return p;
}


/* Copies bytes and puts a NUL behind them, which is not counted. */
static int
mlk_json_copy(mlk_json_reader_t *r, const unsigned char *data, size_t len,
    mlk_str_t *out)
{
    out->data = mlk_json_alloc(r, len + 1);

    if (out->data == NULL) {
        return 0;
    }

    if (len) {
        memcpy(out->data, data, len);
    }

    out->data[len] = '\0';
    out->len = len;

    return 1;
}


/* As mlk_json_copy for strings: yajl turns the escape of a lone surrogate
 * into bytes that are no UTF-8, which becomes U+FFFD here. */
static int
mlk_json_copy_text(mlk_json_reader_t *r, const unsigned char *data, size_t len,
    mlk_str_t *out)
{
    if (!mlk_json_copy(r, data, len, out)) {
        return 0;
    }

    if (mlk_utf8_repair(r->mem.alloc, out, out) != MLK_OK) {
        r->rc = MLK_NOMEM;
        return 0;
    }

    return 1;
}


/* A new node, hung into the innermost open container. */
static mlk_json_t *
mlk_json_add(mlk_json_reader_t *r, mlk_json_type_e type)
{
    mlk_json_t        *node;
    mlk_json_frame_t  *frame;

    if (r->nodes == r->limits->nodes) {
        r->rc = MLK_LIMIT;
        return NULL;
    }

    node = mlk_json_alloc(r, sizeof(mlk_json_t));
    if (node == NULL) {
        return NULL;
    }

    memset(node, 0, sizeof(mlk_json_t));
    node->type = type;
    r->nodes++;

    if (r->depth == 0) {
        r->root = node;
        return node;
    }

    frame = &r->stack[r->depth - 1];

    if (frame->node->type == MLK_JSON_OBJECT) {
        node->name = r->name;
    }

    if (frame->last == NULL) {
        frame->node->child = node;

    } else {
        frame->last->next = node;
    }

    frame->last = node;
    frame->node->count++;

    return node;
}


static int
mlk_json_open(mlk_json_reader_t *r, mlk_json_type_e type)
{
    mlk_json_t  *node;

    if (r->depth == r->limits->depth) {
        r->rc = MLK_LIMIT;
        return 0;
    }

    node = mlk_json_add(r, type);
    if (node == NULL) {
        return 0;
    }

    r->stack[r->depth].node = node;
    r->stack[r->depth].last = NULL;
    r->depth++;

    return 1;
}


static int
mlk_json_cmp_names(const void *one, const void *two)
{
    size_t             n;
    int                rc;
    const mlk_json_t  *a, *b;

    a = *(mlk_json_t *const *) one;
    b = *(mlk_json_t *const *) two;

    n = a->name.len < b->name.len ? a->name.len : b->name.len;
    rc = memcmp(a->name.data, b->name.data, n);

    if (rc != 0) {
        return rc;
    }

    return (a->name.len > b->name.len) - (a->name.len < b->name.len);
}


/* 1 when all members have names of their own; else r->rc tells why not. */
static int
mlk_json_distinct(mlk_json_reader_t *r, const mlk_json_t *obj)
{
    size_t        i;
    mlk_json_t   *a, *b, **sorted;

    if (obj->count <= MLK_JSON_FEW) {
        for (a = obj->child; a != NULL; a = a->next) {
            for (b = a->next; b != NULL; b = b->next) {
                if (mlk_json_cmp_names(&a, &b) == 0) {
                    return 0;
                }
            }
        }

        return 1;
    }

    sorted = mlk_json_alloc(r, obj->count * sizeof(mlk_json_t *));
    if (sorted == NULL) {
        return 0;
    }

    for (i = 0, a = obj->child; a != NULL; a = a->next) {
        sorted[i++] = a;
    }

    qsort(sorted, obj->count, sizeof(mlk_json_t *), mlk_json_cmp_names);

    for (i = 1; i < obj->count; i++) {
        if (mlk_json_cmp_names(&sorted[i - 1], &sorted[i]) == 0) {
            return 0;
        }
    }

    return 1;
}


static int
mlk_json_on_null(void *ctx)
{
    return mlk_json_add(ctx, MLK_JSON_NULL) != NULL;
}


static int
mlk_json_on_boolean(void *ctx, int on)
{
    return mlk_json_add(ctx, on ? MLK_JSON_TRUE : MLK_JSON_FALSE) != NULL;
}


static int
mlk_json_on_number(void *ctx, const char *text, size_t len)
{
    mlk_json_t         *node;
    mlk_json_reader_t  *r = ctx;

    node = mlk_json_add(r, MLK_JSON_NUMBER);
    if (node == NULL) {
        return 0;
    }

    if (!mlk_json_copy(r, (const unsigned char *) text, len, &node->text)) {
        return 0;
    }

    /* the copy ends with NUL; the programs stay in locale "C" */
    node->number = strtod((char *) node->text.data, NULL);

    return 1;
}


static int
mlk_json_on_string(void *ctx, const unsigned char *text, size_t len)
{
    mlk_json_t         *node;
    mlk_json_reader_t  *r = ctx;

    node = mlk_json_add(r, MLK_JSON_STRING);

    return node != NULL && mlk_json_copy_text(r, text, len, &node->text);
}


static int
mlk_json_on_key(void *ctx, const unsigned char *text, size_t len)
{
    mlk_json_reader_t  *r = ctx;

    return mlk_json_copy_text(r, text, len, &r->name);
}


static int
mlk_json_on_object(void *ctx)
{
    return mlk_json_open(ctx, MLK_JSON_OBJECT);
}


static int
mlk_json_on_object_end(void *ctx)
{
    mlk_json_reader_t  *r = ctx;

    r->depth--;

    return mlk_json_distinct(r, r->stack[r->depth].node);
}


static int
mlk_json_on_array(void *ctx)
{
    return mlk_json_open(ctx, MLK_JSON_ARRAY);
}


static int
mlk_json_on_array_end(void *ctx)
{
    mlk_json_reader_t  *r = ctx;

    r->depth--;

    return 1;
}


static const yajl_callbacks  mlk_json_callbacks = {
    mlk_json_on_null,
    mlk_json_on_boolean,
    NULL,                          /* integer: numbers come as text */
    NULL,                          /* double */
    mlk_json_on_number,
    mlk_json_on_string,
    mlk_json_on_object,
    mlk_json_on_key,
    mlk_json_on_object_end,
    mlk_json_on_array,
    mlk_json_on_array_end
};


int
mlk_json_parse(const mlk_alloc_t *a, const mlk_json_limits_t *limits,
    const unsigned char *data, size_t len, mlk_json_t **out)
{
    yajl_handle        yajl;
    yajl_status        status;
    mlk_json_reader_t  r;

    /* yajl itself lets overlong forms and surrogates pass */
    if (len == 0 || !mlk_utf8_valid(data, len)) {
        return MLK_ERROR;
    }

    memset(&r, 0, sizeof(mlk_json_reader_t));
    mlk_yajl_mem_init(&r.mem, a);
    r.limits = limits;
    r.rc = MLK_ERROR;

    if (limits->depth > SIZE_MAX / sizeof(mlk_json_frame_t)) {
        return MLK_NOMEM;
    }

    if (limits->depth) {
        r.stack = a->alloc(a->ctx, limits->depth * sizeof(mlk_json_frame_t));
        if (r.stack == NULL) {
            return MLK_NOMEM;
        }
    }

    if (setjmp(r.mem.nomem)) {
        return MLK_NOMEM;
    }

    yajl = yajl_alloc(&mlk_json_callbacks, &r.mem.funcs, &r);
    if (yajl == NULL) {
        return MLK_NOMEM;
    }

    status = yajl_parse(yajl, data, len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yajl);
    }

    if (status != yajl_status_ok || r.root == NULL) {
        return r.rc;
    }

    *out = r.root;

    return MLK_OK;
}


mlk_json_t *
mlk_json_get(const mlk_json_t *obj, const char *name)
{
    size_t       len;
    mlk_json_t  *v;

    if (obj == NULL || obj->type != MLK_JSON_OBJECT) {
        return NULL;
    }

    len = strlen(name);

    for (v = obj->child; v != NULL; v = v->next) {
        if (v->name.len == len && memcmp(v->name.data, name, len) == 0) {
            return v;
        }
    }

    return NULL;
}


const mlk_str_t *
mlk_json_get_string(const mlk_json_t *obj, const char *name)
{
    mlk_json_t  *v;

    v = mlk_json_get(obj, name);

    if (v == NULL || v->type != MLK_JSON_STRING) {
        return NULL;
    }

    return &v->text;
}


int
mlk_json_truthy(const mlk_json_t *v)
{
    if (v == NULL) {
        return 0;
    }

    switch (v->type) {

    case MLK_JSON_NULL:
    case MLK_JSON_FALSE:
        return 0;

    case MLK_JSON_NUMBER:
        return v->number != 0;

    case MLK_JSON_STRING:
        return v->text.len != 0;

    default:
        return 1;
    }
}


int
mlk_json_integer(const mlk_json_t *v, int64_t min, int64_t max, int64_t *out)
{
    int64_t  n;

    if (v == NULL || v->type != MLK_JSON_NUMBER) {
        return 0;
    }

    /* 2^63 and more do not fit, and casting them is undefined */
    if (!(v->number >= -0x1p63 && v->number < 0x1p63)
        || v->number != trunc(v->number))
    {
        return 0;
    }

    n = (int64_t) v->number;

    if (n < min || n > max) {
        return 0;
    }

    *out = n;

    return 1;
}
