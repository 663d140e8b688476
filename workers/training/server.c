/*
 * The server: answers texts with stored models, wakes the runners, tells how
 * it goes.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "mlk_arena.h"
#include "mlk_json.h"
#include "mlk_text.h"
#include "wk_db.h"
#include "wk_http.h"
#include "wk_log.h"
#include "wk_queue.h"
#include "wk_signal.h"
#include "worker.h"


#define SERVER_BODY       65536
#define SERVER_TIMEOUT    5000                /* of a statement */
#define SERVER_STOP       10000
#define SERVER_TRIES      3                   /* generations in a row */
#define SERVER_WORDS      20                  /* of an explanation */
#define SERVER_METRICS    8192


/*
 * What the database last said.  One thread at a time asks it; others wait for
 * a second at most, so that a frozen database does not take all threads from
 * those who classify.
 */

typedef struct {
    pthread_mutex_t     asking;
    pthread_mutex_t     mutex;       /* of what follows */
    int                 rc;
    wk_queue_counts_t   counts;
} health_t;


typedef struct {
    worker_t           *worker;
    cache_t            *cache;
    wk_db_pool_t       *pool;
    health_t            health;
} server_t;


typedef struct {
    server_t      *server;
    const char    *project;
} load_t;


typedef struct {
    char           project[CACHE_KEY];
    char           generation[CACHE_KEY];
    mlk_str_t      text;
    int            explain;
} question_t;


static const wk_db_stmt_t  stmt_model = {
    "text_model",
    "SELECT generation::text,"
    " CASE WHEN generation = $2::uuid THEN model END"
    " FROM mlforkids_textmodels"
    " WHERE projectid = $1 AND generation IS NOT NULL",
    2, WK_DB_RETRY | WK_DB_BINARY
};

static const wk_db_stmt_t  stmt_health = {
    "health", "SELECT EXISTS (SELECT FROM mlforkids_jobs)", 0, WK_DB_RETRY
};


static int
load_model(void *arg, const char *key, model_buf_t *data,
    char current[CACHE_KEY])
{
    int             rc;
    size_t          len;
    load_t         *load;
    wk_db_t        *db;
    PGresult       *res;
    wk_db_param_t   params[2];

    load = arg;

    memset(params, 0, sizeof(params));
    params[0].value = load->project;
    params[1].value = key;

    db = wk_db_pool_get(load->server->pool);
    rc = wk_db_exec(db, &stmt_model, params, &res);
    wk_db_pool_put(load->server->pool, db);

    if (rc != WK_OK) {
        return rc;
    }

    if (PQntuples(res) == 0) {
        rc = WK_DECLINED;

    } else if (PQgetisnull(res, 0, 1)) {
        snprintf(current, CACHE_KEY, "%s", PQgetvalue(res, 0, 0));
        rc = WK_DECLINED;

    } else {
        len = (size_t) PQgetlength(res, 0, 1);
        data->data = malloc(len + 1);

        if (data->data == NULL) {
            rc = WK_ERROR;

        } else {
            memcpy(data->data, PQgetvalue(res, 0, 1), len);
            data->len = len;
        }
    }

    PQclear(res);

    return rc;
}


/* Takes over a finished JSON text from the arena. */

static void
reply(wk_http_req_t *r, mlk_jw_t *w)
{
    char       *copy;
    mlk_str_t   json;

    if (mlk_jw_finish(w, &json) != MLK_OK) {
        return;
    }

    copy = malloc(json.len + 1);

    if (copy != NULL) {
        memcpy(copy, json.data, json.len);
        wk_http_json(r, 200, copy, json.len);
    }
}


/* Copies a string of printable ASCII that fits, for use as an id. */

static int
take_id(const mlk_json_t *obj, const char *name, char id[CACHE_KEY])
{
    size_t            i;
    const mlk_str_t  *s;

    s = mlk_json_get_string(obj, name);

    if (s == NULL || s->len == 0 || s->len >= CACHE_KEY) {
        return WK_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        if (s->data[i] <= ' ' || s->data[i] >= 0x7f) {
            return WK_ERROR;
        }

        id[i] = (char) s->data[i];
    }

    id[s->len] = '\0';

    return WK_OK;
}


static int
read_question(const mlk_alloc_t *alloc, const wk_http_req_t *r,
    question_t *q)
{
    size_t                    i;
    mlk_json_t               *json, *explain;
    mlk_str_t                 id;
    const mlk_str_t          *text;
    const mlk_json_limits_t   limits = { 4, 32 };

    if (mlk_json_parse(alloc, &limits, r->body, r->len, &json) != MLK_OK
        || json->type != MLK_JSON_OBJECT
        || take_id(json, "projectid", q->project) != WK_OK
        || take_id(json, "generation", q->generation) != WK_OK)
    {
        return WK_ERROR;
    }

    id.data = (unsigned char *) q->generation;
    id.len = strlen(q->generation);

    if (!mlk_uuid_valid(&id)) {
        return WK_ERROR;
    }

    /* the database writes them in lower case */

    for (i = 0; i < id.len; i++) {
        id.data[i] |= (id.data[i] >= 'A' && id.data[i] <= 'F') ? 0x20 : 0;
    }

    text = mlk_json_get_string(json, "text");
    explain = mlk_json_get(json, "explain");

    if (text == NULL
        || (explain && explain->type != MLK_JSON_TRUE
            && explain->type != MLK_JSON_FALSE))
    {
        return WK_ERROR;
    }

    q->text = *text;
    q->explain = explain != NULL && explain->type == MLK_JSON_TRUE;

    return WK_OK;
}


static void
write_str(mlk_jw_t *w, const model_str_t *s)
{
    mlk_str_t  str;

    str.data = (unsigned char *) (uintptr_t) s->data;
    str.len = s->len;

    mlk_jw_str(w, &str);
}


static int
write_words(mlk_jw_t *w, const mlk_alloc_t *alloc,
    const model_family_t *family, const void *model, model_str_t text)
{
    size_t         i, n;
    model_word_t  *words;

    n = SERVER_WORDS;
    words = alloc->alloc(alloc->ctx, n * sizeof(model_word_t));

    if (words == NULL || family->explain(model, text, words, &n) != MODEL_OK) {
        return WK_ERROR;
    }

    mlk_jw_key(w, "words");
    mlk_jw_array(w);

    for (i = 0; i < n; i++) {
        mlk_jw_object(w);
        mlk_jw_key(w, "word");
        write_str(w, &words[i].word);
        mlk_jw_key(w, "weight");
        mlk_jw_double(w, words[i].weight);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);

    return WK_OK;
}


static void
answer(wk_http_req_t *r, const mlk_alloc_t *alloc,
    const model_family_t *family, const void *model, const question_t *q)
{
    int             random;
    size_t          i, n;
    mlk_jw_t       *w;
    model_str_t     text;
    model_match_t  *matches;

    text.data = (const char *) q->text.data;
    text.len = q->text.len;

    matches = alloc->alloc(alloc->ctx,
                           family->labels(model) * sizeof(model_match_t));
    w = mlk_jw_create(alloc);

    if (matches == NULL || w == NULL
        || family->classify(model, text, matches, &n, &random) != MODEL_OK)
    {
        return;
    }

    mlk_jw_object(w);
    mlk_jw_key(w, "matches");
    mlk_jw_array(w);

    for (i = 0; i < n; i++) {
        mlk_jw_object(w);
        mlk_jw_key(w, "class_name");
        write_str(w, &matches[i].label);
        mlk_jw_key(w, "confidence");
        mlk_jw_int(w, matches[i].confidence);
        mlk_jw_object_end(w);
    }

    mlk_jw_array_end(w);
    mlk_jw_key(w, "random");
    mlk_jw_bool(w, random);

    if (q->explain && write_words(w, alloc, family, model, text) != WK_OK) {
        return;
    }

    mlk_jw_object_end(w);
    reply(r, w);
}


/* The model asked for, or the one that took its place meanwhile. */

static int
acquire(server_t *s, question_t *q, cache_entry_t **entry)
{
    int                 i, rc, hit;
    char                current[CACHE_KEY];
    load_t              load;
    worker_counters_t  *counters;

    counters = s->worker->counters;
    load.server = s;
    load.project = q->project;
    rc = WK_DECLINED;

    for (i = 0; i < SERVER_TRIES; i++) {
        current[0] = '\0';

        rc = cache_acquire(s->cache, q->generation, load_model, &load, entry,
                           &hit, current);

        atomic_fetch_add(hit ? &counters->hits : &counters->misses, 1);

        if (rc != WK_DECLINED || current[0] == '\0') {
            break;
        }

        memcpy(q->generation, current, CACHE_KEY);
    }

    return rc;
}


static void
classify(wk_http_req_t *r)
{
    int             rc;
    server_t       *s;
    question_t      q;
    mlk_arena_t     arena;
    cache_entry_t  *entry;

    s = r->data;
    mlk_arena_init(&arena);

    if (read_question(&arena.alloc, r, &q) != WK_OK) {
        wk_http_error(r, 400, "body is not understood");
        mlk_arena_free(&arena);
        return;
    }

    rc = acquire(s, &q, &entry);

    if (rc == WK_OK) {
        answer(r, &arena.alloc, s->worker->family, cache_model(entry), &q);
        cache_release(s->cache, entry);
        atomic_fetch_add(&s->worker->counters->classified, 1);

    } else if (rc == WK_DECLINED) {
        wk_http_error(r, 404, "no such model");

    } else if (rc == WK_DOWN) {
        wk_http_error(r, 503, "database is away");
    }

    mlk_arena_free(&arena);
}


static void
wake(wk_http_req_t *r)
{
    int       i;
    server_t *s;
    uint64_t  one;

    s = r->data;
    one = 1;

    for (i = 0; i < s->worker->conf.jobs; i++) {
        if (write(s->worker->wake[i], &one, sizeof(one)) == -1
            && errno != EAGAIN)
        {
            wk_log_errno(WK_LOG_ERROR, errno, "cannot wake runner %d", i);
        }
    }

    wk_http_empty(r, 204);
}


/* Asks the database how it is, and for the counts if they are wanted. */

static int
ask_health(server_t *s, wk_queue_counts_t *counts)
{
    int                 rc;
    wk_db_t            *db;
    health_t           *h;
    struct timespec     end;
    wk_queue_counts_t   fresh;

    h = &s->health;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;

    if (pthread_mutex_timedlock(&h->asking, &end) == 0) {
        db = wk_db_pool_get(s->pool);

        rc = counts ? wk_queue_counts(db, s->worker->family->kind, &fresh)
             : wk_db_exec(db, &stmt_health, NULL, NULL);

        wk_db_pool_put(s->pool, db);

        pthread_mutex_lock(&h->mutex);
        h->rc = rc;

        if (counts && rc == WK_OK) {
            h->counts = fresh;
        }

        pthread_mutex_unlock(&h->mutex);
        pthread_mutex_unlock(&h->asking);
    }

    pthread_mutex_lock(&h->mutex);
    rc = h->rc;

    if (counts) {
        *counts = h->counts;
    }

    pthread_mutex_unlock(&h->mutex);

    return rc;
}


static void
healthz(wk_http_req_t *r)
{
    int    rc;
    char  *ok;

    rc = ask_health(r->data, NULL);

    ok = strdup((rc == WK_OK) ? "{\"ok\":true}"
                : (rc == WK_DOWN)
                ? "{\"ok\":false,\"error\":\"database is away\"}"
                : "{\"ok\":false,\"error\":\"database is not as expected\"}");

    if (ok != NULL) {
        wk_http_json(r, (rc == WK_OK) ? 200 : 503, ok, strlen(ok));
    }
}


static void
write_count(mlk_jw_t *w, const char *name, int known, int64_t n)
{
    mlk_jw_key(w, name);

    if (known) {
        mlk_jw_int(w, n);

    } else {
        mlk_jw_null(w);
    }
}


static void
status(wk_http_req_t *r)
{
    int                 up;
    server_t           *s;
    mlk_jw_t           *w;
    mlk_arena_t         arena;
    cache_stats_t       stats;
    worker_counters_t  *c;
    wk_queue_counts_t   counts;

    s = r->data;
    c = s->worker->counters;

    mlk_arena_init(&arena);
    w = mlk_jw_create(&arena.alloc);

    if (w == NULL) {
        mlk_arena_free(&arena);
        return;
    }

    up = ask_health(s, &counts) == WK_OK;
    cache_stats(s->cache, &stats);

    mlk_jw_object(w);
    write_count(w, "pid", 1, getppid());
    write_count(w, "uptime", 1, (wk_now() - s->worker->started) / 1000);
    mlk_jw_key(w, "database");
    mlk_jw_bool(w, up);

    mlk_jw_key(w, "jobs");
    mlk_jw_object(w);
    write_count(w, "waiting", up, counts.waiting);
    write_count(w, "running", up, counts.running);
    write_count(w, "done", 1, c->done);
    write_count(w, "failed", 1, c->failed);
    write_count(w, "dead", up, counts.dead);
    write_count(w, "refused", 1, c->refused);
    mlk_jw_object_end(w);

    mlk_jw_key(w, "cache");
    mlk_jw_object(w);
    write_count(w, "models", 1, (int64_t) stats.models);
    write_count(w, "bytes", 1, (int64_t) stats.bytes);
    write_count(w, "hits", 1, c->hits);
    write_count(w, "misses", 1, c->misses);
    mlk_jw_object_end(w);

    write_count(w, "classified", 1, c->classified);
    mlk_jw_key(w, "vectors");
    mlk_jw_bool(w, s->worker->vectors != NULL);
    mlk_jw_object_end(w);

    reply(r, w);
    mlk_arena_free(&arena);
}


typedef struct {
    const char  *name;      /* with labels, if any */
    const char  *family;    /* name alone where its description is due */
    const char  *type;
    const char  *help;
    int          known;
    int64_t      value;
} metric_t;


/*
 * Text of the exposition format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

static size_t
write_metrics(char *p, size_t size, const metric_t *m, size_t n)
{
    int     k;
    size_t  i, len;

    len = 0;

    for (i = 0; i < n; i++) {
        k = 0;

        if (m[i].family) {
            k = snprintf(p + len, size - len,
                         "# HELP mlforkids_training_%s %s\n"
                         "# TYPE mlforkids_training_%s %s\n",
                         m[i].family, m[i].help, m[i].family, m[i].type);
        }

        if (k < 0 || (size_t) k >= size - len) {
            break;
        }

        len += (size_t) k;

        if (!m[i].known) {
            continue;
        }

        k = snprintf(p + len, size - len, "mlforkids_training_%s %lld\n",
                     m[i].name, (long long) m[i].value);

        if (k < 0 || (size_t) k >= size - len) {
            break;
        }

        len += (size_t) k;
    }

    return len;
}


static void
send_metrics(wk_http_req_t *r, server_t *s, int up,
    const wk_queue_counts_t *q, const cache_stats_t *stats)
{
    char               *text;
    size_t              len;
    worker_counters_t  *c = s->worker->counters;

    const metric_t  m[] = {
        { "database_up", "database_up", "gauge",
          "Whether the database answers", 1, up },
        { "jobs{state=\"waiting\"}", "jobs", "gauge", "Jobs in the queue",
          up, q->waiting },
        { "jobs{state=\"running\"}", NULL, NULL, NULL, up, q->running },
        { "jobs{state=\"dead\"}", NULL, NULL, NULL, up, q->dead },
        { "jobs_done_total", "jobs_done_total", "counter",
          "Jobs that ended, refusals included", 1, c->done },
        { "jobs_refused_total", "jobs_refused_total", "counter",
          "Jobs with too little data", 1, c->refused },
        { "jobs_failed_total", "jobs_failed_total", "counter",
          "Attempts that failed", 1, c->failed },
        { "jobs_died_total", "jobs_died_total", "counter",
          "Jobs given up", 1, c->died },
        { "jobs_lost_total", "jobs_lost_total", "counter",
          "Results dropped because the lease was lost", 1, c->lost },
        { "milliseconds_total", "milliseconds_total", "counter",
          "Time spent in training", 1, c->train_ms },
        { "classified_total", "classified_total", "counter",
          "Texts classified", 1, c->classified },
        { "cache_models", "cache_models", "gauge", "Models in memory", 1,
          (int64_t) stats->models },
        { "cache_bytes", "cache_bytes", "gauge", "Their size", 1,
          (int64_t) stats->bytes },
        { "cache_hits_total", "cache_hits_total", "counter",
          "Models found in memory", 1, c->hits },
        { "cache_misses_total", "cache_misses_total", "counter",
          "Models read from the database", 1, c->misses },
        { "models_expired_total", "models_expired_total", "counter",
          "Models removed because their time was over", 1, c->expired },
        { "process_restarts_total", "process_restarts_total", "counter",
          "Processes of the worker that died and were started again", 1,
          c->restarts },
        { "uptime_seconds", "uptime_seconds", "gauge",
          "Since the start of the worker", 1,
          (wk_now() - s->worker->started) / 1000 }
    };

    text = malloc(SERVER_METRICS);

    if (text != NULL) {
        len = write_metrics(text, SERVER_METRICS, m, sizeof(m) / sizeof(*m));
        wk_http_json(r, 200, text, len);
        r->type = "text/plain; version=0.0.4; charset=utf-8";
    }
}


static void
metrics(wk_http_req_t *r)
{
    int                up;
    server_t          *s;
    cache_stats_t      stats;
    wk_queue_counts_t  q;

    s = r->data;

    up = ask_health(s, &q) == WK_OK;
    cache_stats(s->cache, &stats);

    send_metrics(r, s, up, &q, &stats);
}


static const wk_http_route_t  routes[] = {
    { "GET",  "/healthz",  0,           healthz },
    { "GET",  "/status",   0,           status },
    { "GET",  "/metrics",  0,           metrics },
    { "POST", "/wake",     SERVER_BODY, wake },
    { "POST", "/classify", SERVER_BODY, classify },
    { NULL,   NULL,        0,           NULL }
};


int
server_run(worker_t *w)
{
    int             sig, signals, stop;
    server_t        s;
    wk_http_t      *http;
    struct pollfd   pfd;

    wk_log_name("server");
    wk_listen_child(&w->listen);

    signals = wk_signal_open();

    memset(&s, 0, sizeof(s));
    pthread_mutex_init(&s.health.asking, NULL);
    pthread_mutex_init(&s.health.mutex, NULL);
    s.health.rc = WK_DOWN;
    s.worker = w;
    s.cache = cache_create(w->family, w->vectors, (size_t) w->conf.model_cache);
    s.pool = wk_db_pool_create((size_t) w->conf.threads, w->conf.database,
                               "mlforkids training server", SERVER_TIMEOUT);

    if (signals == -1 || s.cache == NULL || s.pool == NULL) {
        wk_log_errno(WK_LOG_ERROR, errno, "cannot start");
        return 1;
    }

    http = wk_http_start(w->listen.fd, (unsigned) w->conf.threads, routes, &s);

    if (http == NULL) {
        return 1;
    }

    pfd.fd = signals;
    pfd.events = POLLIN;

    for (stop = 0; !stop; /* void */ ) {
        poll(&pfd, 1, -1);

        while ((sig = wk_signal_next(signals)) != 0) {
            if (sig == SIGTERM) {
                stop = 1;

            } else if (sig == SIGHUP) {
                wk_log_reopen();
            }
        }
    }

    wk_http_stop(http, SERVER_STOP);
    cache_destroy(s.cache);
    wk_db_pool_destroy(s.pool);
    close(signals);

    return 0;
}
