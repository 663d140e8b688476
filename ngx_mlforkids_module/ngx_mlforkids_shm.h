/*
 * The shared zone of counters (directive mlforkids_zone).  Counting never
 * fails and never waits: a counter is one atomic addition.
 */

#ifndef NGX_MLFORKIDS_SHM_H
#define NGX_MLFORKIDS_SHM_H

#include "ngx_http_mlforkids_module.h"


#define NGX_MLFORKIDS_ROUTE_SLOTS   128   /* rows of the route table, and one */
#define NGX_MLFORKIDS_STATUS_CLASSES  5   /* 1xx to 5xx */
#define NGX_MLFORKIDS_WORKER_SLOTS  256


typedef struct {
    ngx_atomic_t  status[NGX_MLFORKIDS_STATUS_CLASSES];
    ngx_atomic_t  time;                   /* milliseconds, of all requests */
} ngx_mlforkids_route_counters_t;


typedef struct {
    ngx_atomic_t  queries;                /* ended, whatever the outcome */
    ngx_atomic_t  failures;               /* an error of the server */
    ngx_atomic_t  invalid;                /* a parameter it cannot take */
    ngx_atomic_t  unavailable;            /* no connection, or lost */
    ngx_atomic_t  retries;                /* sent a second time */
    ngx_atomic_t  time;                   /* milliseconds, waiting included */
    ngx_atomic_t  connects;               /* connections made */
    ngx_atomic_t  losses;                 /* connections lost */
} ngx_mlforkids_lane_counters_t;


/* What one process has at this moment; written by it alone. */
typedef struct {
    ngx_atomic_t  waiting;                /* queries in the queue */
    ngx_atomic_t  in_flight;              /* queries sent, not answered */
    ngx_atomic_t  connections;            /* ready for queries */
} ngx_mlforkids_lane_gauges_t;


typedef struct {
    ngx_atomic_t                 pid;     /* 0: free */
    ngx_mlforkids_lane_gauges_t  lanes[NGX_MLFORKIDS_LANES];
} ngx_mlforkids_worker_slot_t;


typedef struct {
    ngx_atomic_t                    started;      /* Unix time, seconds */
    ngx_atomic_t                    token_hits;
    ngx_atomic_t                    token_misses;
    ngx_atomic_t                    errors;       /* replies of 500 and up */
    ngx_mlforkids_route_counters_t  routes[NGX_MLFORKIDS_ROUTE_SLOTS];
                                                  /* row number + 1; 0: none */
    ngx_mlforkids_lane_counters_t   lanes[NGX_MLFORKIDS_LANES];
    ngx_mlforkids_worker_slot_t     workers[NGX_MLFORKIDS_WORKER_SLOTS];
} ngx_mlforkids_counters_t;


/* The zone's counters; before the zone is there, and in processes without one,
 * counters that nobody reads.  Never NULL. */
extern ngx_mlforkids_counters_t  *ngx_mlforkids_counters;

/* ngx_mlforkids_count(token_hits) */
#define ngx_mlforkids_count(name)                                             \
    (void) ngx_atomic_fetch_add(&ngx_mlforkids_counters->name, 1)
#define ngx_mlforkids_count_add(name, n)                                      \
    (void) ngx_atomic_fetch_add(&ngx_mlforkids_counters->name, n)

/* Gauges of this process; never NULL. */
extern ngx_mlforkids_worker_slot_t  *ngx_mlforkids_worker_slot;


/* Adds the zone (mcf->zone, of mcf->zone_size bytes). */
ngx_int_t ngx_mlforkids_shm_create(ngx_conf_t *cf,
    ngx_http_mlforkids_main_conf_t *mcf);

/* Takes and gives back this process's slot. */
void ngx_mlforkids_shm_enter(ngx_http_mlforkids_main_conf_t *mcf);
void ngx_mlforkids_shm_leave(void);

/* A slot whose process lives. */
ngx_uint_t ngx_mlforkids_worker_alive(ngx_mlforkids_worker_slot_t *slot);


#endif /* NGX_MLFORKIDS_SHM_H */
