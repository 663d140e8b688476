/*
 * Database layer: prepared statements on asynchronous libpq connections in
 * pipeline mode (docs/internals.md, "Database").  Handlers see only this file
 * and the statement table.
 */

#ifndef NGX_MLFORKIDS_DB_H
#define NGX_MLFORKIDS_DB_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_mlforkids_db_stmts.h"    /* enum NGX_MLFORKIDS_STMT_... */


#define NGX_MLFORKIDS_DB_BATCH   8     /* statements in one transaction */
#define NGX_MLFORKIDS_DB_PARAMS  16    /* parameters of one statement */


typedef enum {
    NGX_MLFORKIDS_DB_READ,             /* short reads, pipelined deep */
    NGX_MLFORKIDS_DB_WRITE,            /* changes */
    NGX_MLFORKIDS_DB_BULK              /* large reads, imports, cascades */
} ngx_mlforkids_lane_e;


/* A row of the statement table. */
typedef struct {
    const char            *name;       /* of the prepared statement */
    const char            *sql;
    ngx_uint_t             nparams;
    ngx_mlforkids_lane_e   lane;
} ngx_mlforkids_stmt_t;

extern const ngx_mlforkids_stmt_t  ngx_mlforkids_stmts[];
extern const ngx_uint_t            ngx_mlforkids_stmts_n;


/* Result of one statement, copied into the request's pool. */
typedef struct {
    ngx_uint_t   rows;
    ngx_uint_t   columns;
    ngx_uint_t   affected;             /* rows changed, for INSERT and so on */
    ngx_str_t   *values;               /* row by row; data NULL: SQL NULL */
} ngx_mlforkids_db_result_t;

#define ngx_mlforkids_db_value(res, row, col)                                 \
    (&(res)->values[(row) * (res)->columns + (col)])


typedef enum {
    NGX_MLFORKIDS_DB_OK,
    NGX_MLFORKIDS_DB_UNAVAILABLE,      /* no connection within the deadline,
                                          or lost before an answer: 503 */
    NGX_MLFORKIDS_DB_INVALID,          /* a parameter the server cannot take
                                          (NUL, wrong form, too long): 400 */
    NGX_MLFORKIDS_DB_FAILED            /* any other error: 500 */
} ngx_mlforkids_db_status_e;


typedef struct ngx_mlforkids_db_query_s  ngx_mlforkids_db_query_t;

typedef void (*ngx_mlforkids_db_done_pt)(ngx_mlforkids_db_query_t *q);

struct ngx_mlforkids_db_query_s {
    /* set by the caller, in memory that lives as long as pool */
    ngx_pool_t                 *pool;
    ngx_log_t                  *log;
    ngx_mlforkids_db_done_pt    done;      /* called once, never from submit */
    void                       *data;
    ngx_uint_t                  n;         /* statements, run in one
                                              transaction, each with a snapshot
                                              of its own */
    struct {
        ngx_uint_t              stmt;      /* index into the table */
        ngx_uint_t              nparams;
        ngx_str_t               params[NGX_MLFORKIDS_DB_PARAMS];
                                           /* data NULL: SQL NULL */
    } cmd[NGX_MLFORKIDS_DB_BATCH];

    /* set by the layer before done() */
    ngx_mlforkids_db_status_e   status;
    char                        sqlstate[6];
    ngx_mlforkids_db_result_t   results[NGX_MLFORKIDS_DB_BATCH];
    ngx_msec_t                  elapsed;

    /* the layer's own */
    ngx_queue_t                 queue;
    void                       *owner;
    ngx_msec_t                  start;
    ngx_msec_t                  deadline;  /* in the queue */
    unsigned                    sent:1;
    unsigned                    cancelled:1;
    unsigned                    retried:1;
};


/*
 * Queues a query on the lane of its slowest statement (BULK, then WRITE, then
 * READ).  Sending, failing and completing happen later, from events.  A read
 * that never produced a row is sent again once when its connection is lost.
 *
 * Returns NGX_OK (done will be called), or NGX_ERROR when the queue is full
 * (status is set to UNAVAILABLE; done is not called).
 */
ngx_int_t ngx_mlforkids_db_submit(ngx_mlforkids_db_query_t *q);

/*
 * The caller is going away: done will not be called and the pool may be
 * destroyed right after.  A query that was not sent is dropped; a write that
 * was sent runs to its end.
 */
void ngx_mlforkids_db_cancel(ngx_mlforkids_db_query_t *q);


#endif /* NGX_MLFORKIDS_DB_H */
