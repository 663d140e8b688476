/*
 * The database layer's own structures: pool (lanes, queue), connections,
 * names.  Everything here belongs to one nginx worker process.
 */

#ifndef NGX_MLFORKIDS_DB_INT_H
#define NGX_MLFORKIDS_DB_INT_H

#include "ngx_http_mlforkids_module.h"
#include "ngx_mlforkids_db.h"
#include "ngx_mlforkids_shm.h"

#include <libpq-fe.h>


#define NGX_MLFORKIDS_DB_MAX_CONNECTIONS   64     /* of a lane */
#define NGX_MLFORKIDS_DB_MAX_DEPTH         256
#define NGX_MLFORKIDS_DB_HOSTS             8      /* names in "host" */
#define NGX_MLFORKIDS_DB_ADDRESSES         16     /* addresses in all */

#define NGX_MLFORKIDS_DB_CONNECT_TIMEOUT   5000   /* milliseconds */
#define NGX_MLFORKIDS_DB_BACKOFF_MIN       50
#define NGX_MLFORKIDS_DB_BACKOFF_MAX       5000


typedef struct ngx_mlforkids_db_s       ngx_mlforkids_db_t;
typedef struct ngx_mlforkids_db_lane_s  ngx_mlforkids_db_lane_t;
typedef struct ngx_mlforkids_db_conn_s  ngx_mlforkids_db_conn_t;


/* A query on its way: query is NULL once its caller has gone. */
typedef struct {
    ngx_queue_t                  queue;
    ngx_mlforkids_db_conn_t     *conn;
    ngx_mlforkids_db_query_t    *query;
    ngx_uint_t                   n;         /* statements */
    ngx_uint_t                   stmt;      /* whose result comes next */
    ngx_uint_t                   stmts[NGX_MLFORKIDS_DB_BATCH];
    ngx_uint_t                   again;     /* may be repeated at once */
    ngx_mlforkids_db_status_e    status;    /* of the first error */
    char                         sqlstate[6];
} ngx_mlforkids_db_flight_t;


typedef enum {
    NGX_MLFORKIDS_DB_CONN_DOWN,
    NGX_MLFORKIDS_DB_CONN_RESOLVE,          /* waits for addresses */
    NGX_MLFORKIDS_DB_CONN_CONNECT,          /* PQconnectPoll */
    NGX_MLFORKIDS_DB_CONN_SETUP,            /* settings and statements */
    NGX_MLFORKIDS_DB_CONN_READY
} ngx_mlforkids_db_conn_e;


struct ngx_mlforkids_db_conn_s {
    ngx_mlforkids_db_lane_t     *lane;
    ngx_mlforkids_db_conn_e      state;
    PGconn                      *pg;
    ngx_connection_t            *c;         /* NULL: not registered */
    ngx_event_t                  timer;     /* connecting: limit, may be
                                               cancelled; in flight: watchdog,
                                               may not */
    ngx_queue_t                  flights;   /* in the order sent */
    ngx_queue_t                  free;
    ngx_uint_t                   nflights;
    ngx_uint_t                   nulls;     /* ends of results in a row */
    char                         error[256];    /* of the setup */
    unsigned                     recycle:1; /* to be made anew when drained */
    unsigned                     dirty:1;   /* to be flushed */
    unsigned                     failed:1;  /* sending failed */
};


struct ngx_mlforkids_db_lane_s {
    ngx_mlforkids_db_t          *db;
    ngx_mlforkids_lane_e         number;
    ngx_mlforkids_lane_conf_t    conf;
    ngx_queue_t                  waiting;
    ngx_uint_t                   nwaiting;
    ngx_event_t                  timer;     /* earliest deadline; keeps the
                                               process alive */
    ngx_mlforkids_db_conn_t     *conns;
};


/* Addresses of the last look-up, as libpq takes them. */
typedef struct {
    ngx_uint_t                   n;
    struct {
        char                     host[256];
        char                     address[64];   /* empty: a socket's folder */
        char                     port[8];       /* empty: the default */
    } entry[NGX_MLFORKIDS_DB_ADDRESSES];
} ngx_mlforkids_db_addresses_t;


struct ngx_mlforkids_db_s {
    ngx_pool_t                  *pool;
    ngx_log_t                   *log;
    ngx_msec_t                   wait;
    ngx_uint_t                   queue;
    ngx_event_t                  run;       /* posted: deliver and send */
    ngx_queue_t                  finished;  /* queries to be delivered */
    ngx_mlforkids_db_lane_t      lanes[NGX_MLFORKIDS_LANES];

    PQconninfoOption            *options;   /* of the directive */

    ngx_thread_pool_t           *threads;   /* NULL: no names to look up */
    ngx_thread_task_t           *task;
    ngx_mlforkids_db_addresses_t  addresses;
    ngx_msec_t                   resolved;  /* when */
    unsigned                     resolving:1;
    unsigned                     has_addresses:1;

    ngx_uint_t                   failures;  /* connects failed in a row */
    ngx_event_t                  retry;     /* back-off, may be cancelled */
    ngx_uint_t                   complaint; /* hash of what was logged last;
                                               0: all is well */
    time_t                       complained;

    u_char                      *buffer;    /* parameters with their NULs */
    size_t                       size;
};


/* db.c */

/* The query is over: it is delivered later, from the run event. */
void ngx_mlforkids_db_finish(ngx_mlforkids_db_t *db,
    ngx_mlforkids_db_query_t *q, ngx_mlforkids_db_status_e status);
/* Calls done() of all that are over. */
void ngx_mlforkids_db_deliver(ngx_mlforkids_db_t *db);
/* What an SQLSTATE means for the caller; *again: the transaction may be
 * repeated at once, *recycle: the connection is of no more use. */
ngx_mlforkids_db_status_e ngx_mlforkids_db_classify(const char *sqlstate,
    ngx_uint_t *again, ngx_uint_t *recycle);
/* Copies a result into the query's pool; NGX_ERROR without memory. */
ngx_int_t ngx_mlforkids_db_copy(ngx_mlforkids_db_query_t *q, ngx_uint_t i,
    PGresult *res);
/* The lane of the slowest statement. */
ngx_mlforkids_lane_e ngx_mlforkids_db_lane(ngx_mlforkids_db_query_t *q);


/* pool.c */

ngx_int_t ngx_mlforkids_db_init(ngx_cycle_t *cycle,
    ngx_http_mlforkids_main_conf_t *mcf);
void ngx_mlforkids_db_exit(void);
extern ngx_mlforkids_db_t  *ngx_mlforkids_db;

/* Posts the run event. */
void ngx_mlforkids_db_wake(ngx_mlforkids_db_t *db);
/* Adds to the queue of the lane, at its end or (a second try) in front. */
void ngx_mlforkids_db_enqueue(ngx_mlforkids_db_lane_t *lane,
    ngx_mlforkids_db_query_t *q, ngx_uint_t front);
void ngx_mlforkids_db_dequeue(ngx_mlforkids_db_lane_t *lane,
    ngx_mlforkids_db_query_t *q);
/* A connection is ready, could not be made, or was lost; why is a line for the
 * log, without any data. */
void ngx_mlforkids_db_connected(ngx_mlforkids_db_conn_t *conn);
void ngx_mlforkids_db_not_connected(ngx_mlforkids_db_conn_t *conn,
    const char *why);
void ngx_mlforkids_db_lost(ngx_mlforkids_db_conn_t *conn, const char *why);


/* connect.c */

/* Begins to connect; the outcome is told to the pool. */
void ngx_mlforkids_db_conn_start(ngx_mlforkids_db_conn_t *conn);
/* Addresses are there (or why not): goes on with connecting. */
void ngx_mlforkids_db_conn_resolved(ngx_mlforkids_db_conn_t *conn,
    const char *why);
/* The socket of a connection in the making is ready. */
void ngx_mlforkids_db_conn_poll(ngx_mlforkids_db_conn_t *conn);
/* It never became ready. */
void ngx_mlforkids_db_conn_failed(ngx_mlforkids_db_conn_t *conn,
    const char *why);


/* conn.c */

ngx_int_t ngx_mlforkids_db_conn_init(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_lane_t *lane);
/* Registers the socket, for writing too if asked to; takes it out. */
ngx_int_t ngx_mlforkids_db_conn_attach(ngx_mlforkids_db_conn_t *conn,
    ngx_uint_t write);
void ngx_mlforkids_db_conn_detach(ngx_mlforkids_db_conn_t *conn);
/* Sends a query; there must be room. */
void ngx_mlforkids_db_conn_send(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_query_t *q);
void ngx_mlforkids_db_conn_flush(ngx_mlforkids_db_conn_t *conn);
/* Something went wrong: closes it, and what was in flight is tried again or
 * fails. */
void ngx_mlforkids_db_conn_lost(ngx_mlforkids_db_conn_t *conn,
    const char *why);
/* Only closes it. */
void ngx_mlforkids_db_conn_release(ngx_mlforkids_db_conn_t *conn);


/* result.c */

/* Reads what has come: NGX_OK, or NGX_ERROR when the connection is broken. */
ngx_int_t ngx_mlforkids_db_read_results(ngx_mlforkids_db_conn_t *conn);
/* A query that was on a lost connection. */
void ngx_mlforkids_db_flight_lost(ngx_mlforkids_db_flight_t *f);


/* resolve.c */

/* Non-zero if some host of the settings is a name that must be looked up. */
ngx_uint_t ngx_mlforkids_db_needs_resolver(PQconninfoOption *options);
/* Finds the threads, if they are needed. */
ngx_int_t ngx_mlforkids_db_resolver_init(ngx_mlforkids_db_t *db,
    ngx_cycle_t *cycle);
/* NGX_OK: db->addresses are there, or not needed; NGX_AGAIN: each connection
 * that waits is told later; NGX_ERROR. */
ngx_int_t ngx_mlforkids_db_resolve(ngx_mlforkids_db_t *db);


#endif /* NGX_MLFORKIDS_DB_INT_H */
