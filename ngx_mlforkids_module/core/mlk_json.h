/*
 * JSON reader (a small tree built with yajl) and writer (yajl_gen).
 */

#ifndef MLK_JSON_H
#define MLK_JSON_H

#include "mlk_core.h"


typedef enum {
    MLK_JSON_NULL,
    MLK_JSON_FALSE,
    MLK_JSON_TRUE,
    MLK_JSON_NUMBER,
    MLK_JSON_STRING,
    MLK_JSON_ARRAY,
    MLK_JSON_OBJECT
} mlk_json_type_e;


typedef struct mlk_json_s  mlk_json_t;

struct mlk_json_s {
    mlk_json_type_e  type;
    mlk_str_t        name;     /* member's name, when inside an object */
    mlk_str_t        text;     /* STRING: its UTF-8; NUMBER: as written */
    double           number;   /* NUMBER only; may be infinite (1e999) */
    size_t           count;    /* ARRAY, OBJECT: number of children */
    mlk_json_t      *child;    /* first child, in order of the text */
    mlk_json_t      *next;     /* next sibling */
};


typedef struct {
    size_t  depth;             /* nested arrays and objects */
    size_t  nodes;             /* values in all */
} mlk_json_limits_t;


/*
 * Reads one JSON text of len bytes.  Refuses trailing bytes, invalid UTF-8,
 * comments and an object with two members of the same name (after unescaping).
 * An empty text is malformed.
 *
 * Returns MLK_OK with *out set, MLK_ERROR (malformed), MLK_LIMIT or MLK_NOMEM.
 */
int mlk_json_parse(const mlk_alloc_t *a, const mlk_json_limits_t *limits,
    const unsigned char *data, size_t len, mlk_json_t **out);

/* Strings of the tree, names and numbers as written have a NUL behind them,
 * unless repaired (an escape of a lone surrogate becomes U+FFFD). */

/* The member called name (NUL-terminated) of an object, or NULL; NULL also
 * when obj is NULL or no object. */
mlk_json_t *mlk_json_get(const mlk_json_t *obj, const char *name);

/* The member as a string, or NULL when it is absent or no string. */
const mlk_str_t *mlk_json_get_string(const mlk_json_t *obj, const char *name);

/* JavaScript's idea of truth: NULL pointer, null, false, 0 and "" are false. */
int mlk_json_truthy(const mlk_json_t *v);

/* Non-zero if v is a number without a fraction between min and max; then *out
 * is set. */
int mlk_json_integer(const mlk_json_t *v, int64_t min, int64_t max,
    int64_t *out);


/* Prints n as JavaScript does (1e+21, 0.1, 5e-324; -0 is 0; "null" when it is
 * no finite number) with a NUL behind.  dst needs MLK_JSON_DOUBLE_SIZE bytes.
 * Returns the number of characters. */
#define MLK_JSON_DOUBLE_SIZE  40

size_t mlk_json_print_double(char *dst, double n);


/*
 * Writer: compact JSON into memory of the allocator.  An error (no memory,
 * wrong nesting) sticks; it is reported once, by mlk_jw_finish.  Strings must
 * be UTF-8: invalid bytes are written as U+FFFD.
 */
typedef struct mlk_jw_s  mlk_jw_t;

/* New writer, or NULL without memory: all functions below accept NULL, and
 * mlk_jw_finish reports it. */
mlk_jw_t *mlk_jw_create(const mlk_alloc_t *a);

void mlk_jw_object(mlk_jw_t *w);
void mlk_jw_object_end(mlk_jw_t *w);
void mlk_jw_array(mlk_jw_t *w);
void mlk_jw_array_end(mlk_jw_t *w);
void mlk_jw_key(mlk_jw_t *w, const char *name);
void mlk_jw_key_str(mlk_jw_t *w, const mlk_str_t *name);
void mlk_jw_str(mlk_jw_t *w, const mlk_str_t *s);
void mlk_jw_cstr(mlk_jw_t *w, const char *s);
void mlk_jw_int(mlk_jw_t *w, int64_t n);
void mlk_jw_double(mlk_jw_t *w, double n);   /* as JavaScript prints it */
void mlk_jw_bool(mlk_jw_t *w, int on);
void mlk_jw_null(mlk_jw_t *w);
/* A value that is JSON already (a reply of a worker, a number as stored). */
void mlk_jw_raw(mlk_jw_t *w, const mlk_str_t *json);
/* A parsed value written back. */
void mlk_jw_value(mlk_jw_t *w, const mlk_json_t *v);

/* Ends the text: MLK_OK with *out set, else MLK_ERROR or MLK_NOMEM.  The
 * writer must not be used afterwards. */
int mlk_jw_finish(mlk_jw_t *w, mlk_str_t *out);

/* As mlk_jw_finish, safe inside JavaScript and HTML: "<", U+2028 and U+2029
 * are escaped (clients.md 6.3). */
int mlk_jw_finish_script(mlk_jw_t *w, mlk_str_t *out);


#endif /* MLK_JSON_H */
