/*
 * JSON writer: yajl_gen prints into a buffer in the caller's memory.
 */

#include <string.h>
#include <yajl/yajl_gen.h>

#include "mlk_json.h"
#include "mlk_utf8.h"
#include "mlk_yajl.h"

#define MLK_JW_DEPTH  64           /* yajl_gen's own limit is 128 */
#define MLK_JW_START  512          /* bytes of the first buffer */


struct mlk_jw_s {
    mlk_yajl_mem_t  mem;
    yajl_gen        gen;
    unsigned char  *data;
    size_t          len;
    size_t          size;
    int             rc;
    unsigned        keyed;         /* a name waits for its value */
    size_t          depth;
    char            open[MLK_JW_DEPTH];     /* '{' or '[' */
};


static void
mlk_jw_print(void *ctx, const char *text, size_t len)
{
    size_t          size;
    mlk_jw_t       *w = ctx;
    unsigned char  *data;

    if (w->rc != MLK_OK) {
        return;
    }

    if (len > w->size - w->len) {

        if (len > SIZE_MAX / 4 || w->size > SIZE_MAX / 4) {
            w->rc = MLK_NOMEM;
            return;
        }

        size = w->size ? w->size * 2 : MLK_JW_START;

        while (size - w->len < len) {
            size *= 2;
        }

        data = w->mem.alloc->alloc(w->mem.alloc->ctx, size);

        if (data == NULL) {
            w->rc = MLK_NOMEM;
            return;
        }

        if (w->len) {
            memcpy(data, w->data, w->len);
        }

        w->data = data;
        w->size = size;
    }

    if (len) {
        memcpy(w->data + w->len, text, len);
        w->len += len;
    }
}


mlk_jw_t *
mlk_jw_create(const mlk_alloc_t *a)
{
    mlk_jw_t  *w;

    w = a->alloc(a->ctx, sizeof(mlk_jw_t));
    if (w == NULL) {
        return NULL;
    }

    memset(w, 0, sizeof(mlk_jw_t));
    mlk_yajl_mem_init(&w->mem, a);

    if (setjmp(w->mem.nomem)) {
        return NULL;
    }

    w->gen = yajl_gen_alloc(&w->mem.funcs);

    if (w->gen == NULL) {
        return NULL;
    }

    /* from here on yajl_gen asks for no more memory */
    (void) yajl_gen_config(w->gen, yajl_gen_print_callback, mlk_jw_print, w);

    return w;
}


/* Non-zero while nothing went wrong; without a writer there is no memory. */
static int
mlk_jw_ok(const mlk_jw_t *w)
{
    return w != NULL && w->rc == MLK_OK;
}


static void
mlk_jw_status(mlk_jw_t *w, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok && w->rc == MLK_OK) {
        w->rc = MLK_ERROR;
    }

    w->keyed = 0;
}


static void
mlk_jw_open(mlk_jw_t *w, char kind)
{
    if (!mlk_jw_ok(w)) {
        return;
    }

    if (w->depth == MLK_JW_DEPTH) {
        w->rc = MLK_ERROR;
        return;
    }

    mlk_jw_status(w, kind == '{' ? yajl_gen_map_open(w->gen)
                                 : yajl_gen_array_open(w->gen));
    w->open[w->depth++] = kind;
}


static void
mlk_jw_close(mlk_jw_t *w, char kind)
{
    if (!mlk_jw_ok(w)) {
        return;
    }

    if (w->depth == 0 || w->open[w->depth - 1] != kind || w->keyed) {
        w->rc = MLK_ERROR;
        return;
    }

    mlk_jw_status(w, kind == '{' ? yajl_gen_map_close(w->gen)
                                 : yajl_gen_array_close(w->gen));
    w->depth--;
}


void
mlk_jw_object(mlk_jw_t *w)
{
    mlk_jw_open(w, '{');
}


void
mlk_jw_object_end(mlk_jw_t *w)
{
    mlk_jw_close(w, '{');
}


void
mlk_jw_array(mlk_jw_t *w)
{
    mlk_jw_open(w, '[');
}


void
mlk_jw_array_end(mlk_jw_t *w)
{
    mlk_jw_close(w, '[');
}


void
mlk_jw_str(mlk_jw_t *w, const mlk_str_t *s)
{
    mlk_str_t  text;

    if (!mlk_jw_ok(w)) {
        return;
    }

    if (mlk_utf8_repair(w->mem.alloc, s, &text) != MLK_OK) {
        w->rc = MLK_NOMEM;
        return;
    }

    mlk_jw_status(w, yajl_gen_string(w->gen, text.data, text.len));
}


void
mlk_jw_cstr(mlk_jw_t *w, const char *s)
{
    mlk_str_t  text;

    text.len = strlen(s);
    text.data = (unsigned char *) s;

    mlk_jw_str(w, &text);
}


void
mlk_jw_key_str(mlk_jw_t *w, const mlk_str_t *name)
{
    if (!mlk_jw_ok(w)) {
        return;
    }

    if (w->depth == 0 || w->open[w->depth - 1] != '{' || w->keyed) {
        w->rc = MLK_ERROR;
        return;
    }

    mlk_jw_str(w, name);
    w->keyed = 1;
}


void
mlk_jw_key(mlk_jw_t *w, const char *name)
{
    mlk_str_t  text;

    text.len = strlen(name);
    text.data = (unsigned char *) name;

    mlk_jw_key_str(w, &text);
}


void
mlk_jw_int(mlk_jw_t *w, int64_t n)
{
    if (mlk_jw_ok(w)) {
        mlk_jw_status(w, yajl_gen_integer(w->gen, n));
    }
}


void
mlk_jw_double(mlk_jw_t *w, double n)
{
    char    text[MLK_JSON_DOUBLE_SIZE];
    size_t  len;

    if (!mlk_jw_ok(w)) {
        return;
    }

    len = mlk_json_print_double(text, n);
    mlk_jw_status(w, yajl_gen_number(w->gen, text, len));
}


void
mlk_jw_bool(mlk_jw_t *w, int on)
{
    if (mlk_jw_ok(w)) {
        mlk_jw_status(w, yajl_gen_bool(w->gen, on));
    }
}


void
mlk_jw_null(mlk_jw_t *w)
{
    if (mlk_jw_ok(w)) {
        mlk_jw_status(w, yajl_gen_null(w->gen));
    }
}


void
mlk_jw_raw(mlk_jw_t *w, const mlk_str_t *json)
{
    if (!mlk_jw_ok(w)) {
        return;
    }

    if (json->len == 0) {
        w->rc = MLK_ERROR;
        return;
    }

    /* "number" is yajl's way to print a value as it is */
    mlk_jw_status(w, yajl_gen_number(w->gen, (const char *) json->data,
                                     json->len));
}


void
mlk_jw_value(mlk_jw_t *w, const mlk_json_t *v)
{
    const mlk_json_t  *child;

    switch (v->type) {

    case MLK_JSON_NULL:
        mlk_jw_null(w);
        return;

    case MLK_JSON_FALSE:
    case MLK_JSON_TRUE:
        mlk_jw_bool(w, v->type == MLK_JSON_TRUE);
        return;

    case MLK_JSON_NUMBER:
        mlk_jw_raw(w, &v->text);
        return;

    case MLK_JSON_STRING:
        mlk_jw_str(w, &v->text);
        return;

    case MLK_JSON_ARRAY:
        mlk_jw_array(w);
        break;

    case MLK_JSON_OBJECT:
        mlk_jw_object(w);
        break;
    }

    if (!mlk_jw_ok(w)) {
        /* too deep: no further, so the recursion is bounded */
        return;
    }

    for (child = v->child; child != NULL; child = child->next) {
        if (v->type == MLK_JSON_OBJECT) {
            mlk_jw_key_str(w, &child->name);
        }

        mlk_jw_value(w, child);
    }

    mlk_jw_close(w, v->type == MLK_JSON_OBJECT ? '{' : '[');
}


int
mlk_jw_finish(mlk_jw_t *w, mlk_str_t *out)
{
    if (w == NULL) {
        return MLK_NOMEM;
    }

    if (w->rc != MLK_OK) {
        return w->rc;
    }

    if (w->depth != 0 || w->len == 0) {
        return MLK_ERROR;
    }

    out->len = w->len;
    out->data = w->data;

    return MLK_OK;
}


/* Length of the character at i that must not stand in a script, or 0. */
static size_t
mlk_jw_unsafe(const mlk_str_t *s, size_t i)
{
    if (s->data[i] == '<') {
        return 1;
    }

    /* U+2028 and U+2029 */
    if (s->data[i] == 0xe2 && s->len - i >= 3 && s->data[i + 1] == 0x80
        && (s->data[i + 2] == 0xa8 || s->data[i + 2] == 0xa9))
    {
        return 3;
    }

    return 0;
}


int
mlk_jw_finish_script(mlk_jw_t *w, mlk_str_t *out)
{
    int             rc;
    size_t          i, n, count;
    mlk_str_t       json;
    unsigned char  *p;

    rc = mlk_jw_finish(w, &json);
    if (rc != MLK_OK) {
        return rc;
    }

    count = 0;

    for (i = 0; i < json.len; i++) {
        count += mlk_jw_unsafe(&json, i) != 0;
    }

    if (count > (SIZE_MAX - json.len) / 6) {
        return MLK_NOMEM;
    }

    p = w->mem.alloc->alloc(w->mem.alloc->ctx, json.len + count * 6);
    if (p == NULL) {
        return MLK_NOMEM;
    }

    out->data = p;

    for (i = 0; i < json.len; i += n) {
        n = mlk_jw_unsafe(&json, i);

        if (n == 0) {
            *p++ = json.data[i];
            n = 1;
            continue;
        }

        memcpy(p, n == 1 ? "\\u003c"
                         : json.data[i + 2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
        p += 6;
    }

    out->len = (size_t) (p - out->data);

    return MLK_OK;
}
