/*
 * Training of text models.
 *
 * Locks are taken in the module's order, so that the two never wait for each
 * other: project, model, scratch keys, job.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job_text.h"
#include "wk_log.h"


#define JOB_EXAMPLES    100000             /* texts of a project */
#define JOB_MODEL_SIZE  (64 * 1024 * 1024)
#define JOB_TICK        1000               /* milliseconds */
#define JOB_RETRY       500


/* codes of the child beside WK_SANDBOX_NOMEM */

enum {
    CHILD_OK = 0,
    CHILD_REFUSED,
    CHILD_ERROR
};


/* What is to become of the job. */

typedef enum {
    OUTCOME_MODEL,      /* store the model */
    OUTCOME_REFUSED,    /* the data do not allow one: reason */
    OUTCOME_FAILED,     /* try again, with reason when given up: error */
    OUTCOME_GONE        /* there is no such project or model any more */
} outcome_e;


typedef struct {
    job_env_t         *env;
    wk_job_t          *job;
    int64_t            next_beat;
    int                stopped;
    int                lost;

    PGresult          *rows;           /* the examples' memory */
    model_example_t   *examples;
    size_t             n;
    char               language[32];

    outcome_e          outcome;
    char               reason[281];    /* for the child */
    char               error[281];     /* for operators */
    unsigned char     *model;
    size_t             len;
} training_t;


static const char  reason_crash[] =
    "Sorry, something went wrong while training. Please try again.";
static const char  reason_large[] =
    "Sorry, your project is too big to train. Try again with fewer examples.";
static const char  reason_labels[] =
    "Your project needs at least two labels before it can learn.";
static const char  reason_examples[] =
    "There are no examples yet. Add some text examples to your labels, then "
    "try again.";


/* the project, if it is a text project that has a model's row */

static const wk_db_stmt_t  stmt_project = {
    "text_project",
    "SELECT coalesce(nullif(p.language, ''), 'en'),"
    " (SELECT count(*) FROM unnest(string_to_array(p.labels, ',')) l"
    " WHERE btrim(l, E' \\t\\r\\n\\f\\x0b') <> '')"
    " FROM projects p"
    " WHERE p.id = $1 AND p.typeid = 1 AND EXISTS"
    " (SELECT FROM mlforkids_textmodels m WHERE m.projectid = p.id)",
    1, 0
};

/* blanks as JavaScript's \s knows them */

static const wk_db_stmt_t  stmt_examples = {
    "text_examples",
    "SELECT t.textdata, regexp_replace(l.label,"
    " '[\\s\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
    "\\ufeff]', '_', 'g')"
    " FROM (SELECT DISTINCT btrim(x, E' \\t\\r\\n\\f\\x0b') AS label"
    " FROM projects p, unnest(string_to_array(p.labels, ',')) x"
    " WHERE p.id = $1) l"
    " JOIN texttraining t ON t.projectid = $1 AND t.label = l.label"
    " WHERE l.label <> '' LIMIT $2::int",
    2, 0
};

static const wk_db_stmt_t  stmt_lock = {
    "text_lock",
    "SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE",
    1, 0
};

static const wk_db_stmt_t  stmt_store = {
    "text_store",
    "WITH m AS (UPDATE mlforkids_textmodels SET status = 'Available',"
    " reason = NULL, generation = gen_random_uuid(), model = $2::bytea,"
    " updated = date_trunc('milliseconds', now()),"
    " expiry = date_trunc('milliseconds', now()) + interval '1 hour'"
    " * coalesce((SELECT t.textclassifiersexpiry FROM tenants t"
    " WHERE t.id = classid), 24)"
    " WHERE projectid = $1 RETURNING projectid, userid, classid, updated),"
    " k AS (UPDATE scratchkeys s SET updated = m.updated FROM m"
    " WHERE s.projectid = m.projectid AND s.userid = m.userid"
    " AND s.classid = m.classid)"
    " SELECT FROM m",
    2, 0
};

static const wk_db_stmt_t  stmt_failed = {
    "text_failed",
    "UPDATE mlforkids_textmodels SET status = 'Failed', reason = $2,"
    " updated = date_trunc('milliseconds', now()) WHERE projectid = $1",
    2, 0
};

static const wk_db_stmt_t  stmt_again = {
    "text_again",
    "UPDATE mlforkids_textmodels SET status = 'Training', reason = NULL"
    " WHERE projectid = $1",
    1, 0
};

/* a model that waits for training is kept: it is about to be renewed */

static const wk_db_stmt_t  stmt_sweep = {
    "text_sweep",
    "WITH old AS (SELECT projectid FROM mlforkids_textmodels m"
    " WHERE expiry < now() AND NOT EXISTS (SELECT FROM mlforkids_jobs j"
    " WHERE j.kind = 'text' AND j.subject = m.projectid"
    " AND j.state IN ('waiting', 'running'))"
    " ORDER BY expiry LIMIT 100 FOR UPDATE SKIP LOCKED),"
    " gone AS (DELETE FROM mlforkids_textmodels m USING old"
    " WHERE m.projectid = old.projectid RETURNING m.id, m.projectid),"
    " keys AS (UPDATE scratchkeys s SET classifierid = NULL,"
    " serviceurl = NULL, serviceusername = NULL, servicepassword = NULL,"
    " updated = date_trunc('milliseconds', now()) FROM gone"
    " WHERE s.projectid = gone.projectid AND s.classifierid = gone.id)"
    " SELECT count(*) FROM gone",
    0, 0
};


static void
fail(training_t *t, const char *reason, const char *error)
{
    t->outcome = OUTCOME_FAILED;
    snprintf(t->reason, sizeof(t->reason), "%s", reason);
    snprintf(t->error, sizeof(t->error), "%s", error);
}


static void
refuse(training_t *t, const char *reason)
{
    t->outcome = OUTCOME_REFUSED;
    snprintf(t->reason, sizeof(t->reason), "%s", reason);
}


/* Builds the examples, whose bytes stay in the rows. */

static int
take_examples(training_t *t, PGresult *rows)
{
    int  i;

    t->rows = rows;
    t->n = (size_t) PQntuples(rows);

    if (t->n == 0) {
        refuse(t, reason_examples);
        return WK_DECLINED;
    }

    if (t->n > JOB_EXAMPLES) {
        refuse(t, reason_large);
        return WK_DECLINED;
    }

    t->examples = calloc(t->n, sizeof(model_example_t));

    if (t->examples == NULL) {
        fail(t, reason_crash, "not enough memory");
        return WK_DECLINED;
    }

    for (i = 0; i < PQntuples(rows); i++) {
        t->examples[i].input.data = PQgetvalue(rows, i, 0);
        t->examples[i].input.len = (size_t) PQgetlength(rows, i, 0);
        t->examples[i].label.data = PQgetvalue(rows, i, 1);
        t->examples[i].label.len = (size_t) PQgetlength(rows, i, 1);
    }

    return WK_OK;
}


/*
 * Reads the project and its examples as of one moment.  WK_DECLINED: the
 * outcome is set already.
 */

static int
read_project(training_t *t)
{
    int             rc, labels;
    char            limit[16];
    PGresult       *res;
    wk_db_param_t   params[2] = { { t->job->subject, 0, 0 }, { limit, 0, 0 } };

    snprintf(limit, sizeof(limit), "%d", JOB_EXAMPLES + 1);

    rc = wk_db_exec(t->env->db, &stmt_project, params, &res);

    if (rc != WK_OK) {
        return rc;
    }

    if (PQntuples(res) == 0) {
        PQclear(res);
        t->outcome = OUTCOME_GONE;
        return WK_DECLINED;
    }

    snprintf(t->language, sizeof(t->language), "%s", PQgetvalue(res, 0, 0));
    labels = atoi(PQgetvalue(res, 0, 1));
    PQclear(res);

    if (labels < 2) {
        refuse(t, reason_labels);
        return WK_DECLINED;
    }

    rc = wk_db_exec(t->env->db, &stmt_examples, params, &res);

    return (rc == WK_OK) ? take_examples(t, res) : rc;
}


static int
read_data(training_t *t)
{
    int  rc;

    rc = wk_db_begin_snapshot(t->env->db);

    if (rc == WK_OK) {
        rc = read_project(t);
    }

    wk_db_rollback(t->env->db);

    return rc;
}


/* In the sandbox. */

static int
train(void *arg, unsigned char **data, size_t *len)
{
    int              rc;
    training_t      *t;
    model_buf_t      out;
    static char      err[MODEL_ERROR_LEN];
    model_data_t     input;
    const worker_t  *w;

    t = arg;
    w = t->env->worker;

    input.examples = t->examples;
    input.n = t->n;
    input.language = t->language;
    input.shared = w->vectors;

    rc = w->family->train(&input, &out, err, sizeof(err));

    if (rc == MODEL_OK) {
        *data = out.data;
        *len = out.len;
        return CHILD_OK;
    }

    if (rc == MODEL_NOMEM) {
        return WK_SANDBOX_NOMEM;
    }

    *data = (unsigned char *) err;
    *len = strlen(err);

    return (rc == MODEL_REFUSED) ? CHILD_REFUSED : CHILD_ERROR;
}


/* While the child works: keeps the lease; non-zero ends the child. */

static int
on_tick(void *data)
{
    int          rc;
    training_t  *t;

    t = data;

    if (t->env->stop(t->env->data)) {
        t->stopped = 1;
        return 1;
    }

    if (wk_now() < t->next_beat) {
        return 0;
    }

    rc = wk_queue_beat(t->env->db, t->env->queue, t->job);

    if (rc == WK_OK) {
        t->next_beat = wk_now() + WK_QUEUE_BEAT;

    } else if (rc == WK_DECLINED || wk_now() >= t->job->lease_end) {

        /* another one may do the job by now, or nobody wants it any more */

        t->lost = 1;
    }

    return t->lost;
}


static void
run_child(training_t *t)
{
    wk_sandbox_limits_t   limits;
    wk_sandbox_result_t   r;
    const worker_conf_t  *conf;

    conf = &t->env->worker->conf;

    memset(&limits, 0, sizeof(limits));
    limits.time = conf->job_time;
    limits.memory = conf->job_memory;
    limits.result = JOB_MODEL_SIZE;
    limits.tick = JOB_TICK;
    limits.on_tick = on_tick;
    limits.wake = t->env->wake;
    limits.data = t;

    t->next_beat = wk_now() + WK_QUEUE_BEAT;

    wk_sandbox_run(&limits, train, t, &r);

    wk_log(WK_LOG_INFO, "job %s: %s, signal %d, %zu examples, %lld ms, "
           "%ld kB at peak, %zu bytes", t->job->id, wk_sandbox_why(r.why),
           r.sig, t->n, (long long) r.elapsed, r.rss, r.len);

    atomic_fetch_add(&t->env->worker->counters->train_ms, r.elapsed);

    switch (r.why) {

    case WK_SANDBOX_OK:

        if (r.code == CHILD_OK && r.len) {
            t->outcome = OUTCOME_MODEL;
            t->model = r.data;
            t->len = r.len;
            return;
        }

        if (r.code == CHILD_REFUSED && r.len) {
            r.data[(r.len < 280) ? r.len : 280] = '\0';
            refuse(t, (char *) r.data);

        } else {
            fail(t, reason_crash, "the trainer reported an error");
        }

        break;

    case WK_SANDBOX_TIME:
        fail(t, reason_large, "over the time limit");
        break;

    case WK_SANDBOX_MEMORY:
        fail(t, reason_large, "over the memory limit");
        break;

    case WK_SANDBOX_SIZE:
        fail(t, reason_large, "the model is too large");
        break;

    default:
        fail(t, reason_crash, "the trainer crashed");
    }

    free(r.data);
}


/* Ends the job in the queue, inside the transaction. */

static int
end_job(training_t *t, int *again, int *dead)
{
    *again = 0;
    *dead = 0;

    if (t->outcome == OUTCOME_FAILED) {
        return wk_queue_fail(t->env->db, t->env->queue, t->job, t->error,
                             dead);
    }

    return wk_queue_finish(t->env->db, t->env->queue, t->job, again);
}


static int
set_failed(training_t *t)
{
    wk_db_param_t  params[2] = {
        { t->job->subject, 0, 0 }, { t->reason, 0, 0 }
    };

    return wk_db_exec(t->env->db, &stmt_failed, params, NULL);
}


/* The whole of the outcome, in a transaction that the caller has begun. */

static int
store_parts(training_t *t, int *again, int *dead)
{
    int             rc;
    wk_db_param_t   params[2];

    memset(params, 0, sizeof(params));
    params[0].value = t->job->subject;
    params[1].value = (const char *) t->model;
    params[1].len = t->len;
    params[1].binary = 1;

    rc = wk_db_exec(t->env->db, &stmt_lock, params, NULL);

    if (rc == WK_OK && t->outcome == OUTCOME_MODEL) {
        rc = wk_db_exec(t->env->db, &stmt_store, params, NULL);
    }

    if (rc == WK_OK && t->outcome == OUTCOME_REFUSED) {
        rc = set_failed(t);
    }

    if (rc == WK_OK && t->outcome == OUTCOME_FAILED
        && t->job->attempts >= WK_QUEUE_ATTEMPTS)
    {
        /* undone below if it was asked for once more */

        rc = set_failed(t);
    }

    if (rc == WK_OK) {
        rc = end_job(t, again, dead);
    }

    if (rc == WK_OK && (*again || (t->outcome == OUTCOME_FAILED && !*dead))) {
        rc = wk_db_exec(t->env->db, &stmt_again, params, NULL);
    }

    return rc;
}


static int
store(training_t *t, int *again, int *dead)
{
    int  rc;

    rc = wk_db_begin(t->env->db);

    if (rc != WK_OK) {
        return rc;
    }

    rc = store_parts(t, again, dead);

    if (rc == WK_OK) {
        rc = wk_db_commit(t->env->db);
    }

    if (rc != WK_OK) {
        wk_db_rollback(t->env->db);
    }

    return rc;
}


static void
count(training_t *t, int rc, int dead)
{
    worker_counters_t  *c;

    c = t->env->worker->counters;

    if (rc == WK_DECLINED) {
        atomic_fetch_add(&c->lost, 1);
        wk_log(WK_LOG_WARN, "job %s: the lease was lost, nothing is stored",
               t->job->id);

    } else if (t->outcome == OUTCOME_FAILED) {
        atomic_fetch_add(&c->failed, 1);
        atomic_fetch_add(&c->died, dead);
        wk_log(WK_LOG_WARN, "job %s: attempt %d failed: %s%s", t->job->id,
               t->job->attempts, t->error, dead ? "; given up" : "");

    } else {
        atomic_fetch_add(&c->done, 1);
        atomic_fetch_add(&c->refused, t->outcome == OUTCOME_REFUSED);
    }
}


/*
 * Stores the outcome.  While the database is away this goes on until the
 * lease is over: a restart of the server does not cost the work.
 */

static int
store_until(training_t *t)
{
    int            rc, again, dead;
    struct pollfd  pfd;

    for ( ;; ) {
        rc = store(t, &again, &dead);

        if (rc == WK_OK || rc == WK_DECLINED) {
            count(t, rc, (rc == WK_OK) ? dead : 0);
            return WK_OK;
        }

        if (wk_now() >= t->job->lease_end || t->env->stop(t->env->data)) {
            wk_log(WK_LOG_WARN, "job %s: left to its lease", t->job->id);
            return rc;
        }

        pfd.fd = t->env->wake;
        pfd.events = POLLIN;
        poll(&pfd, 1, JOB_RETRY);
    }
}


int
job_text_run(job_env_t *env, wk_job_t *job)
{
    int         rc;
    training_t  t;

    memset(&t, 0, sizeof(t));
    t.env = env;
    t.job = job;

    if (job->attempts > WK_QUEUE_ATTEMPTS) {

        /* its attempts ended with the worker's own death */

        fail(&t, reason_crash, "every attempt ended without a result");
        rc = WK_OK;

    } else {
        rc = read_data(&t);

        if (rc == WK_OK) {
            run_child(&t);
        }
    }

    if (rc == WK_ERROR) {
        fail(&t, reason_crash, "the data cannot be read");
        rc = WK_OK;
    }

    if (t.stopped) {
        rc = wk_queue_release(env->db, env->queue, job);
        wk_log(WK_LOG_INFO, "job %s: %s", job->id,
               (rc == WK_OK) ? "put back" : "left to its lease");

    } else if (t.lost) {
        count(&t, WK_DECLINED, 0);
        rc = WK_OK;

    } else if (rc != WK_DOWN) {
        rc = store_until(&t);
    }

    PQclear(t.rows);
    free(t.examples);
    free(t.model);

    return (rc == WK_DOWN) ? WK_DOWN : WK_OK;
}


int
job_text_sweep(wk_db_t *db, int64_t *n)
{
    int        rc;
    PGresult  *res;

    rc = wk_db_exec(db, &stmt_sweep, NULL, &res);

    if (rc == WK_OK) {
        *n = atoll(PQgetvalue(res, 0, 0));
        PQclear(res);
    }

    return rc;
}
