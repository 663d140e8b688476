/*
 * Jobs of kind "text": read a project, train in a child, store the model.
 */

#ifndef JOB_TEXT_H
#define JOB_TEXT_H

#include "wk_queue.h"
#include "wk_sandbox.h"
#include "worker.h"


typedef struct {
    worker_t    *worker;
    wk_db_t     *db;
    wk_queue_t  *queue;
    int        (*stop)(void *data);   /* non-zero: the runner is to end */
    int          wake;                /* readable when stop may have changed */
    void        *data;
} job_env_t;


/*
 * Does a claimed job and ends it in the queue.  Returns WK_OK, also when the
 * job failed or was put back, or WK_DOWN when the database went away and the
 * job was left to its lease.
 */
int job_text_run(job_env_t *env, wk_job_t *job);

/* Removes up to 100 expired models and unlinks their keys; *n = how many. */
int job_text_sweep(wk_db_t *db, int64_t *n);


#endif /* JOB_TEXT_H */
