/*
 * The job queue.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wk_log.h"
#include "wk_queue.h"


#define WK_QUEUE_HELD                                                        \
    " WHERE id = $1::uuid AND attempts = $2::smallint AND worker = $3"       \
    " AND state = 'running'"


static const wk_db_stmt_t  stmt_recover = {
    "queue_recover",
    "UPDATE mlforkids_jobs SET state = 'waiting', lease_until = NULL,"
    " run_at = now()"
    " WHERE kind = $1 AND worker = $2 AND state = 'running'",
    2, WK_DB_RETRY
};

/* what was asked for before a job is claimed is covered by this attempt */

static const wk_db_stmt_t  stmt_claim = {
    "queue_claim",
    "UPDATE mlforkids_jobs SET state = 'running', attempts = attempts + 1,"
    " again = false, worker = $2,"
    " lease_until = now() + $3::int * interval '1 ms'"
    " WHERE id = (SELECT id FROM mlforkids_jobs"
    " WHERE kind = $1 AND state IN ('waiting', 'running')"
    " AND (state = 'waiting' AND run_at <= now()"
    " OR state = 'running' AND lease_until < now())"
    " ORDER BY run_at FOR UPDATE SKIP LOCKED LIMIT 1)"
    " RETURNING id::text, subject, attempts::text",
    3, 0
};

static const wk_db_stmt_t  stmt_beat = {
    "queue_beat",
    "UPDATE mlforkids_jobs SET lease_until = now() + $4::int * interval '1 ms'"
    WK_QUEUE_HELD,
    4, WK_DB_RETRY
};

static const wk_db_stmt_t  stmt_finish = {
    "queue_finish",
    "UPDATE mlforkids_jobs SET"
    " state = CASE WHEN again THEN 'waiting' ELSE 'done' END,"
    " attempts = CASE WHEN again THEN 0 ELSE attempts END,"
    " run_at = CASE WHEN again THEN now() ELSE run_at END,"
    " finished = CASE WHEN again THEN NULL ELSE now() END,"
    " again = false, lease_until = NULL, error = NULL"
    WK_QUEUE_HELD " RETURNING state",
    3, 0
};

static const wk_db_stmt_t  stmt_fail = {
    "queue_fail",
    "UPDATE mlforkids_jobs SET"
    " state = CASE WHEN again OR attempts < $4::int THEN 'waiting'"
    " ELSE 'dead' END,"
    " attempts = CASE WHEN again THEN 0 ELSE attempts END,"
    " run_at = CASE WHEN again THEN now()"
    " ELSE now() + power(4, least(attempts, 5) - 1) * interval '2 s' END,"
    " finished = CASE WHEN again OR attempts < $4::int THEN NULL"
    " ELSE now() END,"
    " again = false, lease_until = NULL, error = left($5, 280)"
    WK_QUEUE_HELD " RETURNING state",
    5, 0
};

static const wk_db_stmt_t  stmt_release = {
    "queue_release",
    "UPDATE mlforkids_jobs SET state = 'waiting', attempts = attempts - 1,"
    " lease_until = NULL, run_at = now()"
    WK_QUEUE_HELD,
    3, WK_DB_RETRY
};

static const wk_db_stmt_t  stmt_sweep = {
    "queue_sweep",
    "DELETE FROM mlforkids_jobs WHERE id IN (SELECT id FROM mlforkids_jobs"
    " WHERE kind = $1 AND state IN ('done', 'dead')"
    " AND finished < now() - interval '1 day'"
    " LIMIT 1000 FOR UPDATE SKIP LOCKED)",
    1, WK_DB_RETRY
};

static const wk_db_stmt_t  stmt_counts = {
    "queue_counts",
    "SELECT count(*) FILTER (WHERE state = 'waiting'),"
    " count(*) FILTER (WHERE state = 'running'),"
    " count(*) FILTER (WHERE state = 'dead')"
    " FROM mlforkids_jobs WHERE kind = $1 AND state <> 'done'",
    1, WK_DB_RETRY
};


/* Runs a statement whose first three parameters say who holds the job. */

static int
held(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job,
    const wk_db_stmt_t *st, const char *p4, const char *p5, char *state,
    size_t statelen)
{
    int            rc;
    char           attempts[16];
    PGresult      *res;
    wk_db_param_t  params[5];

    snprintf(attempts, sizeof(attempts), "%d", job->attempts);

    memset(params, 0, sizeof(params));
    params[0].value = job->id;
    params[1].value = attempts;
    params[2].value = q->worker;
    params[3].value = p4;
    params[4].value = p5;

    rc = wk_db_exec(db, st, params, &res);

    if (rc != WK_OK) {
        return rc;
    }

    if (atoi(PQcmdTuples(res)) == 0) {
        rc = WK_DECLINED;

    } else if (state != NULL) {
        snprintf(state, statelen, "%s", PQgetvalue(res, 0, 0));
    }

    PQclear(res);

    return rc;
}


int
wk_queue_recover(wk_db_t *db, const wk_queue_t *q)
{
    wk_db_param_t  params[2] = { { q->kind, 0, 0 }, { q->worker, 0, 0 } };

    return wk_db_exec(db, &stmt_recover, params, NULL);
}


int
wk_queue_claim(wk_db_t *db, const wk_queue_t *q, wk_job_t *job)
{
    int            rc;
    char           lease[16];
    int64_t        start;
    PGresult      *res;
    wk_db_param_t  params[3] = {
        { q->kind, 0, 0 }, { q->worker, 0, 0 }, { lease, 0, 0 }
    };

    snprintf(lease, sizeof(lease), "%d", WK_QUEUE_LEASE);
    start = wk_now();

    rc = wk_db_exec(db, &stmt_claim, params, &res);

    if (rc != WK_OK) {
        return rc;
    }

    if (PQntuples(res) == 0) {
        PQclear(res);
        return WK_DECLINED;
    }

    snprintf(job->id, sizeof(job->id), "%s", PQgetvalue(res, 0, 0));
    snprintf(job->subject, sizeof(job->subject), "%s", PQgetvalue(res, 0, 1));
    job->attempts = atoi(PQgetvalue(res, 0, 2));
    job->lease_end = start + WK_QUEUE_LEASE;

    PQclear(res);

    return WK_OK;
}


int
wk_queue_beat(wk_db_t *db, const wk_queue_t *q, wk_job_t *job)
{
    int      rc;
    char     lease[16];
    int64_t  start;

    snprintf(lease, sizeof(lease), "%d", WK_QUEUE_LEASE);
    start = wk_now();

    rc = held(db, q, job, &stmt_beat, lease, NULL, NULL, 0);

    if (rc == WK_OK) {
        job->lease_end = start + WK_QUEUE_LEASE;
    }

    return rc;
}


int
wk_queue_finish(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job,
    int *again)
{
    int   rc;
    char  state[16];

    rc = held(db, q, job, &stmt_finish, NULL, NULL, state, sizeof(state));

    if (rc == WK_OK) {
        *again = strcmp(state, "waiting") == 0;
    }

    return rc;
}


int
wk_queue_fail(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job,
    const char *error, int *dead)
{
    int   rc;
    char  state[16], attempts[16];

    snprintf(attempts, sizeof(attempts), "%d", WK_QUEUE_ATTEMPTS);

    rc = held(db, q, job, &stmt_fail, attempts, error, state, sizeof(state));

    if (rc == WK_OK) {
        *dead = strcmp(state, "dead") == 0;
    }

    return rc;
}


int
wk_queue_release(wk_db_t *db, const wk_queue_t *q, const wk_job_t *job)
{
    return held(db, q, job, &stmt_release, NULL, NULL, NULL, 0);
}


int
wk_queue_sweep(wk_db_t *db, const wk_queue_t *q, int64_t *n)
{
    int            rc;
    PGresult      *res;
    wk_db_param_t  params[1] = { { q->kind, 0, 0 } };

    rc = wk_db_exec(db, &stmt_sweep, params, &res);

    if (rc == WK_OK) {
        *n = atoll(PQcmdTuples(res));
        PQclear(res);
    }

    return rc;
}


int
wk_queue_counts(wk_db_t *db, const char *kind, wk_queue_counts_t *counts)
{
    int            rc;
    PGresult      *res;
    wk_db_param_t  params[1] = { { kind, 0, 0 } };

    rc = wk_db_exec(db, &stmt_counts, params, &res);

    if (rc == WK_OK) {
        counts->waiting = atoll(PQgetvalue(res, 0, 0));
        counts->running = atoll(PQgetvalue(res, 0, 1));
        counts->dead = atoll(PQgetvalue(res, 0, 2));
        PQclear(res);
    }

    return rc;
}
