/*
 * The training worker's processes and what they share.
 *
 *     supervisor                 one thread; owns settings, socket, lock;
 *      |                         restarts what dies
 *      +-- server                libmicrohttpd's threads: /classify, /wake...
 *      +-- runner 0..N-1         one thread each: claims jobs, stores models
 *           +-- sandbox          a child for each job: trains, with limits
 *
 * Runners are processes of their own, forked before any thread exists, so that
 * forking a child never meets a lock that another thread holds; while a child
 * trains, its runner extends the lease between two looks at the pipe.  All
 * die with the supervisor (PR_SET_PDEATHSIG).  The supervisor does nothing
 * but wait, so it has little to die of.
 */

#ifndef WORKER_H
#define WORKER_H

#include <stdatomic.h>

#include "model.h"
#include "text_model.h"
#include "wk_core.h"
#include "wk_listen.h"


#define WORKER_RUNNERS  16


/* training.conf, see worker_settings in main.c */

typedef struct {
    char     *database;
    char     *listen;
    char     *vectors;
    char     *log;
    char     *log_level;
    int64_t   threads;
    int64_t   jobs;
    int64_t   job_time;
    int64_t   job_memory;
    int64_t   model_cache;
    int64_t   poll;
} worker_conf_t;


/* In memory that all processes map: counts survive the process. */

typedef struct {
    atomic_llong  done;          /* jobs that ended, refusals included */
    atomic_llong  refused;       /* too little data */
    atomic_llong  failed;        /* attempts that failed */
    atomic_llong  died;          /* jobs given up */
    atomic_llong  lost;          /* results not stored: lease or model gone */
    atomic_llong  train_ms;
    atomic_llong  classified;
    atomic_llong  hits;          /* of the model cache */
    atomic_llong  misses;
    atomic_llong  expired;       /* models removed */
    atomic_llong  restarts;      /* of processes */
} worker_counters_t;


typedef struct {
    worker_conf_t          conf;
    worker_counters_t     *counters;
    tt_vectors_t          *vectors;               /* or NULL */
    const model_family_t  *family;
    wk_listen_t            listen;
    int                    wake[WORKER_RUNNERS];  /* eventfd of each runner */
    char                   name[64];              /* host, process, chance */
    int64_t                started;               /* wk_now() */
} worker_t;


/* The server's process: returns its exit code when told to stop. */
int server_run(worker_t *w);

/* The process of runner i, likewise. */
int runner_run(worker_t *w, int i);


#endif /* WORKER_H */
