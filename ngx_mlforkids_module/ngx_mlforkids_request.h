/*
 * The request engine: what a handler sees.  A request is a context and a list
 * of steps (docs/internals.md, "Request engine"); generic checks come before
 * the handler's own steps.  Adding a resource means a file in handlers/ with
 * lists of steps, rows in ngx_mlforkids_routes.c, statements in
 * ngx_mlforkids_db_stmts.c.
 *
 * A step looks like this:
 *
 *     static ngx_int_t
 *     ngx_mlforkids_things_query(ngx_mlforkids_ctx_t *ctx)
 *     {
 *         return ngx_mlforkids_query(ctx, NGX_MLFORKIDS_STMT_THINGS_LIST,
 *                                    &ctx->project.id);
 *     }
 *
 *     static ngx_int_t
 *     ngx_mlforkids_things_reply(ngx_mlforkids_ctx_t *ctx)
 *     {
 *         ngx_mlforkids_db_result_t  *res = ngx_mlforkids_result(ctx, 0);
 *         mlk_jw_t  *w = ngx_mlforkids_writer(ctx);
 *         ...
 *         return ngx_mlforkids_reply_json(ctx, NGX_HTTP_OK, w);
 *     }
 *
 *     ngx_mlforkids_step_pt  ngx_mlforkids_things_list[] = {
 *         ngx_mlforkids_things_query,
 *         ngx_mlforkids_things_reply,
 *         NULL
 *     };
 */

#ifndef NGX_MLFORKIDS_REQUEST_H
#define NGX_MLFORKIDS_REQUEST_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_mlforkids_module.h"
#include "ngx_mlforkids_db.h"
#include "core/mlk_json.h"
#include "core/mlk_router.h"
#include "core/mlk_text.h"


typedef struct ngx_mlforkids_ctx_s  ngx_mlforkids_ctx_t;

/*
 * A step returns
 *   NGX_OK     go on with the next step at once
 *   NGX_AGAIN  a query or a worker's call is on its way (as returned by the
 *              functions that start it); the next step runs when it is there
 *   NGX_DONE   a reply was made (as returned by the reply functions)
 *   NGX_ERROR  something of our own failed: 500
 */
typedef ngx_int_t (*ngx_mlforkids_step_pt)(ngx_mlforkids_ctx_t *ctx);


#define NGX_MLFORKIDS_CHECKS   16      /* generic steps of one request */


/* Methods, as bits of mlk_route_key_t. */
#define NGX_MLFORKIDS_GET      0x01    /* HEAD is answered too */
#define NGX_MLFORKIDS_POST     0x02
#define NGX_MLFORKIDS_PUT      0x04
#define NGX_MLFORKIDS_PATCH    0x08
#define NGX_MLFORKIDS_DELETE   0x10


/* Who may call (api.md 2, auth.md 5). */
#define NGX_MLFORKIDS_A        0x0001  /* valid token, class = :c */
#define NGX_MLFORKIDS_S        0x0003  /* A and supervisor */
#define NGX_MLFORKIDS_ADM      0x0004  /* valid token, site administrator */
#define NGX_MLFORKIDS_UNM      0x0008  /* the class is not managed */
#define NGX_MLFORKIDS_SELF     0x0010  /* the caller is :s */
#define NGX_MLFORKIDS_SELF_S   0x0020  /* the caller is :s or a supervisor */
#define NGX_MLFORKIDS_OWN      0x0101  /* project rules: ctx->project is set */
#define NGX_MLFORKIDS_CRD      0x0201
#define NGX_MLFORKIDS_OWN_T    0x0401
#define NGX_MLFORKIDS_CRD_T    0x0801
#define NGX_MLFORKIDS_LOC      0x1001  /* ctx->project is the local project */
#define NGX_MLFORKIDS_KEY      0x2000  /* scratch key: ctx->key and
                                          ctx->project are set; 404 "Scratch
                                          key not found" when unknown */
#define NGX_MLFORKIDS_PROJECT_RULES  0x1f00

/* What else a row says. */
#define NGX_MLFORKIDS_BODY     0x010000  /* 400 before 401 without a body */
#define NGX_MLFORKIDS_CORS     0x020000
#define NGX_MLFORKIDS_TENANT   0x040000  /* load ctx->tenant before the
                                            handler's steps */


/* Cache header sets (api.md 1.5); sent with replies below 400. */
typedef enum {
    NGX_MLFORKIDS_CACHE_NONE,          /* no header */
    NGX_MLFORKIDS_NO_CACHE,
    NGX_MLFORKIDS_C10S,
    NGX_MLFORKIDS_C1M,
    NGX_MLFORKIDS_C2M,
    NGX_MLFORKIDS_C1H,
    NGX_MLFORKIDS_C1Y
} ngx_mlforkids_cache_e;


typedef struct {
    mlk_route_key_t         key;       /* first: the router's view */
    unsigned                flags;
    ngx_mlforkids_cache_e   cache;
    ngx_mlforkids_step_pt  *steps;     /* ends with NULL */
    ngx_str_t               name;      /* "GET /api/...", for logs */
} ngx_mlforkids_route_t;


typedef enum {
    NGX_MLFORKIDS_ROLE_NONE,           /* missing or unknown */
    NGX_MLFORKIDS_ROLE_STUDENT,
    NGX_MLFORKIDS_ROLE_SUPERVISOR,
    NGX_MLFORKIDS_ROLE_SITEADMIN
} ngx_mlforkids_role_e;


typedef struct {
    ngx_str_t               sub;       /* empty: nobody is logged in */
    ngx_str_t               tenant;
    ngx_mlforkids_role_e    role;
    unsigned                session:1; /* visitor ("try it now") */
} ngx_mlforkids_identity_t;


/* Types of projects, numbered as in the database (data.md 4.1). */
typedef enum {
    NGX_MLFORKIDS_TEXT = 1,
    NGX_MLFORKIDS_NUMBERS,
    NGX_MLFORKIDS_IMAGES,
    NGX_MLFORKIDS_SOUNDS,
    NGX_MLFORKIDS_IMGTFJS
} ngx_mlforkids_type_e;


typedef struct {
    ngx_str_t               id;
    ngx_str_t               userid;    /* the owner */
    ngx_str_t               classid;
    ngx_mlforkids_type_e    type;
    ngx_str_t               name;
    ngx_str_t               language;  /* "" unless text */
    ngx_str_t               labels;    /* as stored, with commas */
    ngx_uint_t              numfields;
    ngx_str_t               expiry;    /* local projects: ISO time */
    unsigned                crowdsourced:1;
    unsigned                local:1;   /* a stub of a browser's project */
    unsigned                found:1;
} ngx_mlforkids_project_t;


/* The class (data.md 3.10), defaults filled in when it has no row. */
typedef struct {
    ngx_str_t               projecttypes;   /* "text,numbers,..." */
    ngx_uint_t              maxusers;
    ngx_uint_t              maxprojects;    /* of one user */
    ngx_uint_t              expiry;         /* of text models, hours */
    ngx_uint_t              type;           /* data.md 4.4; 0 unmanaged */
    unsigned                loaded:1;
} ngx_mlforkids_tenant_t;


typedef struct {
    ngx_str_t               id;             /* 72 characters */
    ngx_str_t               projectname;
    ngx_str_t               projecttype;    /* label: "text" */
    ngx_str_t               classifierid;   /* data NULL: not trained */
    ngx_str_t               serviceurl;     /* data NULL likewise; "" too */
    ngx_str_t               updated;        /* ISO time; data NULL: never */
} ngx_mlforkids_key_t;


/* What the training worker answered. */
typedef struct {
    ngx_uint_t              status;    /* 0: it could not be reached */
    ngx_str_t               body;
    mlk_json_t             *json;      /* NULL: not JSON */
} ngx_mlforkids_worker_t;


/* What a JSON body may have at most. */
typedef struct {
    size_t                  bytes;     /* after decompression */
    size_t                  values;    /* JSON values in all */
} ngx_mlforkids_body_limit_t;


struct ngx_mlforkids_ctx_s {
    ngx_http_request_t           *request;
    ngx_http_mlforkids_loc_conf_t  *conf;
    mlk_alloc_t                   alloc;    /* the request's pool */

    const ngx_mlforkids_route_t  *route;    /* NULL: none */
    mlk_route_match_t             match;
    ngx_str_t                     params[MLK_ROUTE_PARAMS];
    ngx_str_t                     path;     /* raw, without query */

    mlk_json_t                   *body;     /* object or array; NULL: absent */
    ngx_mlforkids_identity_t      caller;
    ngx_mlforkids_tenant_t        tenant;
    ngx_mlforkids_project_t       project;
    ngx_mlforkids_key_t           key;

    ngx_mlforkids_db_query_t     *query;    /* the last one */
    ngx_msec_t                    db_time;  /* of all queries */
    ngx_mlforkids_worker_t        worker;   /* the last call */
    void                         *data;     /* the handler's own */

    ngx_mlforkids_cache_e         cache;    /* the row's; may be changed */

    /* the engine's own */
    ngx_mlforkids_step_pt         plan[NGX_MLFORKIDS_CHECKS];
    ngx_mlforkids_step_pt        *check;    /* next in plan */
    ngx_mlforkids_step_pt        *step;     /* next of the handler's */
    ngx_str_t                     raw_body;
    size_t                        raw_size;
    const ngx_mlforkids_body_limit_t  *body_limit;
    ngx_int_t                     rc;       /* of sending the reply */
    void                         *visitor;  /* token under examination */
    unsigned                      waiting_query:1;
    unsigned                      waiting_worker:1;
    unsigned                      worker_answered:1;
    unsigned                      own_errors:1;
    unsigned                      body_read:1;
    unsigned                      inflate:1;
    unsigned                      replied:1;
    unsigned                      token_cached:1;
};


/* A path parameter by its letter (":p" is 'p'); empty when there is none. */
ngx_str_t *ngx_mlforkids_param(ngx_mlforkids_ctx_t *ctx, char letter);

/* A query parameter as a string.  NGX_OK with *value, NGX_DECLINED when it is
 * absent or no plain string, NGX_ERROR without memory. */
ngx_int_t ngx_mlforkids_arg(ngx_mlforkids_ctx_t *ctx, const char *name,
    ngx_str_t *value);

/* The first request header of that name (lower case), or NULL. */
ngx_str_t *ngx_mlforkids_request_header(ngx_mlforkids_ctx_t *ctx,
    const char *name);

/* The owner's test of auth.md 5.2: project's user = caller = :s. */
ngx_uint_t ngx_mlforkids_is_owner(ngx_mlforkids_ctx_t *ctx);

/* "text" and so on; "" for an unknown number. */
const ngx_str_t *ngx_mlforkids_type_name(ngx_mlforkids_type_e type);


/* core/ and nginx have counted strings of their own: conversion by value. */

static ngx_inline ngx_str_t
ngx_mlforkids_str(mlk_str_t s)
{
    ngx_str_t  v;

    v.len = s.len;
    v.data = s.data;

    return v;
}


static ngx_inline mlk_str_t
ngx_mlforkids_mlk(ngx_str_t s)
{
    mlk_str_t  v;

    v.len = s.len;
    v.data = s.data;

    return v;
}


/*
 * Queries.  Parameters are const ngx_str_t *, as many as the statement table
 * says; NULL is SQL NULL.  The strings' bytes must live as long as the request.
 *
 * ngx_mlforkids_query() runs one statement; query_begin(), query_add() and
 * query_run() run several in one transaction, on the lane of the slowest.
 * Both return NGX_AGAIN, or NGX_DONE (503 was sent), to be returned by the
 * step.  The next step runs only after success: otherwise the engine replies
 * 503 (database away), 400 (a parameter the database cannot take) or 500 --
 * unless ngx_mlforkids_query_errors() was called before, then the next step
 * looks at ctx->query->status and ->sqlstate, and may call query_failed().
 */
ngx_int_t ngx_mlforkids_query(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt, ...);

ngx_int_t ngx_mlforkids_query_begin(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_query_add(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt,
    ...);
/* As query_add with the parameters in an array. */
ngx_int_t ngx_mlforkids_query_addv(ngx_mlforkids_ctx_t *ctx, ngx_uint_t stmt,
    const ngx_str_t *params, ngx_uint_t n);
ngx_int_t ngx_mlforkids_query_run(ngx_mlforkids_ctx_t *ctx);

void ngx_mlforkids_query_errors(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_query_failed(ngx_mlforkids_ctx_t *ctx);

/* The result of statement i of the last query. */
#define ngx_mlforkids_result(ctx, i)  (&(ctx)->query->results[i])
#define ngx_mlforkids_value(ctx, i, row, col)                                 \
    ngx_mlforkids_db_value(ngx_mlforkids_result(ctx, i), row, col)

/* A number of the database; 0 for NULL. */
ngx_int_t ngx_mlforkids_number(const ngx_str_t *value);
/* "t" or "f" of the database. */
ngx_uint_t ngx_mlforkids_bool(const ngx_str_t *value);
/* A number as a parameter, in the request's pool; NULL without memory. */
ngx_str_t *ngx_mlforkids_number_param(ngx_mlforkids_ctx_t *ctx, ngx_int_t n);


/*
 * The training worker.  worker_post() sends a JSON body (finishing the writer)
 * to path ("/classify") and returns NGX_AGAIN or NGX_ERROR; the next step finds
 * the answer in ctx->worker.  worker_wake() tells it to look at its queue: it
 * neither waits nor fails, call it just before the reply.
 */
ngx_int_t ngx_mlforkids_worker_post(ngx_mlforkids_ctx_t *ctx,
    const char *path, mlk_jw_t *w);
void ngx_mlforkids_worker_wake(ngx_mlforkids_ctx_t *ctx);


/* Replies.  Each returns NGX_DONE or NGX_ERROR, to be returned by the step. */

typedef enum {
    NGX_MLFORKIDS_MISSING,             /* 400 Missing data */
    NGX_MLFORKIDS_UNAUTH,              /* 401 */
    NGX_MLFORKIDS_FORBID,              /* 403 Invalid access */
    NGX_MLFORKIDS_SUPER,               /* 403 Only supervisors ... */
    NGX_MLFORKIDS_ADMIN,               /* 403 Forbidden */
    NGX_MLFORKIDS_UNMAN,               /* 403 Access to API keys ... */
    NGX_MLFORKIDS_NOTFOUND,            /* 404 Not found */
    NGX_MLFORKIDS_NOKEY,               /* 404 Scratch key not found */
    NGX_MLFORKIDS_TOOBIG,              /* 413 */
    NGX_MLFORKIDS_CHARSET,             /* 415 */
    NGX_MLFORKIDS_ENCODING,            /* 415 */
    NGX_MLFORKIDS_INTERNAL,            /* 500 Unknown error */
    NGX_MLFORKIDS_DBERROR,             /* 500 Error accessing the database */
    NGX_MLFORKIDS_NOTIMPL,             /* 501 */
    NGX_MLFORKIDS_MAINT,               /* 503 maintenance */
    NGX_MLFORKIDS_UNAVAILABLE          /* 503, Retry-After: 1 */
} ngx_mlforkids_error_e;

ngx_int_t ngx_mlforkids_error(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_error_e error);
/* {"error":"<message>"} */
ngx_int_t ngx_mlforkids_error_text(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, const char *message);
/* The same; format as for ngx_sprintf. */
ngx_int_t ngx_mlforkids_error_format(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, const char *format, ...);
/* {"code":"MLMOD05","error":"<message>"} */
ngx_int_t ngx_mlforkids_error_code(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, const char *code, const char *message);

/* New JSON writer in the request's pool; NULL without memory (the writing
 * functions and reply_json accept NULL: reply_json then fails). */
mlk_jw_t *ngx_mlforkids_writer(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_reply_json(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, mlk_jw_t *w);
/* Bytes of any type; type NULL: application/octet-stream.  charset is part of
 * the type: "application/javascript; charset=utf-8". */
ngx_int_t ngx_mlforkids_reply_bytes(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status, const char *type, const ngx_str_t *body);
/* 200, the word OK */
ngx_int_t ngx_mlforkids_reply_ok(ngx_mlforkids_ctx_t *ctx);
/* 204, 304: no body */
ngx_int_t ngx_mlforkids_reply_empty(ngx_mlforkids_ctx_t *ctx,
    ngx_uint_t status);
/* 302; location must be safe in a header (no controls). */
ngx_int_t ngx_mlforkids_reply_redirect(ngx_mlforkids_ctx_t *ctx,
    const ngx_str_t *location);

/* A response header; name is a constant, value lives as long as the request.
 * NGX_OK or NGX_ERROR. */
ngx_int_t ngx_mlforkids_header(ngx_mlforkids_ctx_t *ctx, const char *name,
    const ngx_str_t *value);
/* Adds a name to Vary. */
ngx_int_t ngx_mlforkids_vary(ngx_mlforkids_ctx_t *ctx, const char *name);


/* JSON pieces of several resources. */

/* The stored labels as a JSON array. */
void ngx_mlforkids_write_labels(ngx_mlforkids_ctx_t *ctx, mlk_jw_t *w,
    const ngx_str_t *labels);
void ngx_mlforkids_jw_str(mlk_jw_t *w, const ngx_str_t *s);
/* Non-zero if value is the string s. */
ngx_uint_t ngx_mlforkids_json_is(const mlk_json_t *value, const char *s);
/* A new UUID of version 1 or 4 in the request's pool; NULL on failure. */
ngx_str_t *ngx_mlforkids_uuid(ngx_mlforkids_ctx_t *ctx, ngx_uint_t version);


/* The types a class may use, "text,imgtfjs", as a JSON array. */
#define ngx_mlforkids_write_types  ngx_mlforkids_write_labels


/* Generic steps that handlers may put into their own lists. */

/* Sets ctx->tenant (of :c, or of the project for scratch keys). */
ngx_int_t ngx_mlforkids_tenant_load(ngx_mlforkids_ctx_t *ctx);
ngx_int_t ngx_mlforkids_tenant_set(ngx_mlforkids_ctx_t *ctx);
#define ngx_mlforkids_load_tenant                                             \
    ngx_mlforkids_tenant_load, ngx_mlforkids_tenant_set

/* The list of rows whose handler comes later: 501. */
extern ngx_mlforkids_step_pt  ngx_mlforkids_not_implemented[];


/* Content handler (location with "mlforkids on"). */
ngx_int_t ngx_http_mlforkids_handler(ngx_http_request_t *r);


#endif /* NGX_MLFORKIDS_REQUEST_H */
