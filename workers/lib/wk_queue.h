/*
 * The job queue in PostgreSQL: table mlforkids_jobs.
 *
 * A job is claimed for a lease, which is extended while the job runs.  Who
 * holds a job is known by its id, its number of attempts and the worker's
 * name; every change is guarded by these three, so that a worker whose lease
 * ran out cannot touch what another one does now.
 */

#ifndef WK_QUEUE_H
#define WK_QUEUE_H

#include "wk_db.h"


#define WK_QUEUE_ATTEMPTS  3       /* then the job is dead */
#define WK_QUEUE_LEASE     60000   /* milliseconds */
#define WK_QUEUE_BEAT      15000   /* extend the lease this often */


typedef struct {
    const char  *kind;             /* of the jobs to take */
    char         worker[81];       /* unique among all living workers */
} wk_queue_t;


typedef struct {
    char         id[37];
    char         subject[81];
    int          attempts;         /* this one counted */
    int64_t      lease_end;        /* by wk_now(), on the safe side */
} wk_job_t;


typedef struct {
    int64_t      waiting;
    int64_t      running;
    int64_t      dead;
} wk_queue_counts_t;


/*
 * Puts back what a process of the same name held when it died.  Call it only
 * when that process is known to be dead.
 */
int wk_queue_recover(wk_db_t *db, const wk_queue_t *q);

/* Takes a job: WK_OK, WK_DECLINED (none is due), WK_ERROR, WK_DOWN. */
int wk_queue_claim(wk_db_t *db, const wk_queue_t *q, wk_job_t *job);

/* Extends the lease: WK_OK, WK_DECLINED (it is ours no more), ... */
int wk_queue_beat(wk_db_t *db, const wk_queue_t *q, wk_job_t *job);

/*
 * Ends a job.  *again is set if it was asked for once more meanwhile: it is
 * waiting again.  WK_OK, WK_DECLINED, WK_ERROR, WK_DOWN.
 */
int wk_queue_finish(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job,
    int *again);

/*
 * The attempt failed.  The job waits again, after a back-off of 2 s, 8 s, or,
 * after WK_QUEUE_ATTEMPTS, is dead: *dead is set.  Asked for meanwhile, it
 * starts afresh at once.  error is for operators, at most 280 characters.
 */
int wk_queue_fail(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job,
    const char *error, int *dead);

/* Puts a job back as if it had never been claimed (the worker stops). */
int wk_queue_release(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job);

/* Removes up to 1000 jobs that ended more than a day ago; *n = how many. */
int wk_queue_sweep(wk_db_t *db, const wk_queue_t *q, int64_t *n);

int wk_queue_counts(wk_db_t *db, const char *kind, wk_queue_counts_t *counts);


#endif /* WK_QUEUE_H */
