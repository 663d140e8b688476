/*
 * Configuration of the module (docs/internals.md, "Directives of the module").
 */

#ifndef NGX_HTTP_MLFORKIDS_MODULE_H
#define NGX_HTTP_MLFORKIDS_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/mlk_router.h"


#define NGX_MLFORKIDS_LANES  3         /* of ngx_mlforkids_lane_e */


/* One lane of database connections, per nginx worker. */
typedef struct {
    ngx_uint_t                connections;
    ngx_uint_t                depth;       /* queries in flight on each */
    ngx_msec_t                timeout;     /* of a statement */
} ngx_mlforkids_lane_conf_t;


/* An issuer of account tokens and the file of its keys. */
typedef struct {
    ngx_str_t                 issuer;
    ngx_str_t                 file;        /* full name, NUL-terminated */
    ngx_array_t               audiences;   /* of mlk_str_t; none: no check */
    void                     *keys;        /* ngx_mlforkids_jwks.c */
} ngx_mlforkids_issuer_t;


/* A script of an extension, read at start. */
typedef struct {
    ngx_str_t                 name;        /* "text" */
    ngx_str_t                 script;
} ngx_mlforkids_extension_t;


typedef struct {
    ngx_shm_zone_t           *zone;        /* shared counters */
    size_t                    zone_size;
    ngx_str_t                 database;    /* libpq conninfo */
    ngx_mlforkids_lane_conf_t lanes[NGX_MLFORKIDS_LANES];
    ngx_msec_t                wait;        /* in the queue, before 503 */
    ngx_uint_t                queue;       /* queries that may wait */
    ngx_array_t               issuers;     /* of ngx_mlforkids_issuer_t */
    ngx_uint_t                token_cache; /* entries */
    ngx_str_t                 extensions_path;
    ngx_array_t               extensions;  /* of ngx_mlforkids_extension_t */
    ngx_uint_t                enabled;     /* some location is "on" */
    mlk_router_t             *router;
} ngx_http_mlforkids_main_conf_t;


typedef enum {
    NGX_MLFORKIDS_BACKEND_AUTO,
    NGX_MLFORKIDS_BACKEND_BUILTIN,
    NGX_MLFORKIDS_BACKEND_WATSON
} ngx_mlforkids_backend_e;


/* Visitors at one time: for clients of one country, or of all others. */
typedef struct {
    ngx_str_t                 country;     /* empty: all others */
    ngx_uint_t                limit;
} ngx_mlforkids_visitors_t;


typedef struct {
    ngx_flag_t                enable;
    ngx_http_complex_value_t *site_url;    /* without a slash at the end */
    ngx_uint_t                text_backend;
    ngx_flag_t                maintenance;
    ngx_http_complex_value_t *country;     /* NULL: unknown */
    ngx_array_t              *session_users;  /* of ngx_mlforkids_visitors_t;
                                                 the first is for all others */
    time_t                    session_life;   /* seconds */
    ngx_str_t                 training;    /* uri of the internal location */
    ngx_flag_t                security_headers;
    ngx_str_t                 csp;         /* of text/html */
} ngx_http_mlforkids_loc_conf_t;


extern ngx_module_t  ngx_http_mlforkids_module;


#endif /* NGX_HTTP_MLFORKIDS_MODULE_H */
