/*
 * A runner: claims jobs, one after the other, and does the chores.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "job_text.h"
#include "wk_log.h"
#include "wk_queue.h"
#include "wk_signal.h"
#include "worker.h"


#define RUNNER_TIMEOUT  20000     /* of a statement, milliseconds */
#define RUNNER_SWEEP    60000
#define RUNNER_BATCHES  20        /* of one sweep */


typedef struct {
    worker_t    *worker;
    int          signals;
    int          wake;
    int          stopping;
    int          recovered;
    int64_t      next_sweep;
    wk_db_t     *db;
    wk_queue_t   queue;
} runner_t;


static int
stopping(void *data)
{
    int        sig;
    runner_t  *r;

    r = data;

    while ((sig = wk_signal_next(r->signals)) != 0) {

        if (sig == SIGTERM) {
            r->stopping = 1;

        } else if (sig == SIGHUP) {
            wk_log_reopen();
        }
    }

    return r->stopping;
}


/* Expired models and jobs that ended long ago, in bounded batches. */

static void
sweep(runner_t *r)
{
    int      i;
    int64_t  n, models, jobs;

    models = 0;
    jobs = 0;
    n = 1;

    for (i = 0; i < RUNNER_BATCHES && n > 0 && !stopping(r); i++) {
        if (job_text_sweep(r->db, &n) != WK_OK) {
            break;
        }

        models += n;
    }

    n = 1;

    for (i = 0; i < RUNNER_BATCHES && n > 0 && !stopping(r); i++) {
        if (wk_queue_sweep(r->db, &r->queue, &n) != WK_OK) {
            break;
        }

        jobs += n;
    }

    atomic_fetch_add(&r->worker->counters->expired, models);

    if (models || jobs) {
        wk_log(WK_LOG_INFO, "removed %lld expired models, %lld finished jobs",
               (long long) models, (long long) jobs);
    }
}


static void
wait_for_work(runner_t *r)
{
    uint64_t       n;
    struct pollfd  fds[2];

    fds[0].fd = r->signals;
    fds[0].events = POLLIN;
    fds[1].fd = r->wake;
    fds[1].events = POLLIN;

    if (poll(fds, 2, (int) r->worker->conf.poll) == -1 && errno != EINTR) {
        wk_log_errno(WK_LOG_ERROR, errno, "poll() failed");
        r->stopping = 1;
        return;
    }

    /* one look at the queue answers all calls so far */

    if (read(r->wake, &n, sizeof(n)) == -1 && errno != EAGAIN
        && errno != EINTR)
    {
        wk_log_errno(WK_LOG_ERROR, errno, "read() of the wake-up failed");
    }
}


/* One job; WK_OK if there may be more. */

static int
work(runner_t *r)
{
    int        rc;
    wk_job_t   job;
    job_env_t  env;

    if (!r->recovered) {
        rc = wk_queue_recover(r->db, &r->queue);

        if (rc != WK_OK) {
            return rc;
        }

        r->recovered = 1;
    }

    rc = wk_queue_claim(r->db, &r->queue, &job);

    if (rc != WK_OK) {
        return rc;
    }

    env.worker = r->worker;
    env.db = r->db;
    env.queue = &r->queue;
    env.stop = stopping;
    env.wake = r->signals;
    env.data = r;

    return job_text_run(&env, &job);
}


int
runner_run(worker_t *w, int i)
{
    char      name[16];
    runner_t  r;

    memset(&r, 0, sizeof(r));
    r.worker = w;
    r.wake = w->wake[i];
    r.queue.kind = w->family->kind;
    r.signals = wk_signal_open();

    snprintf(name, sizeof(name), "runner %d", i);
    wk_log_name(name);

    snprintf(r.queue.worker, sizeof(r.queue.worker), "%s/%d", w->name, i);

    r.db = wk_db_create(w->conf.database, "mlforkids training runner",
                        RUNNER_TIMEOUT);

    if (r.signals == -1 || r.db == NULL) {
        wk_log_errno(WK_LOG_ERROR, errno, "cannot start");
        return 1;
    }

    while (!stopping(&r)) {

        /* one runner is enough for the chores */

        if (i == 0 && wk_now() >= r.next_sweep) {
            r.next_sweep = wk_now() + RUNNER_SWEEP;
            sweep(&r);
        }

        if (work(&r) != WK_OK) {
            wait_for_work(&r);
        }
    }

    wk_db_destroy(r.db);
    close(r.signals);

    return 0;
}
