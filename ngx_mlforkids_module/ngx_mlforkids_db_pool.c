/*
 * Database layer: lanes with their queues and deadlines, and when connections
 * are made.
 *
 * While the server is away one connection at a time probes, with a growing
 * delay; its success starts all others.
 */

#include "ngx_mlforkids_db_int.h"


static void ngx_mlforkids_db_run(ngx_event_t *ev);
static void ngx_mlforkids_db_dispatch(ngx_mlforkids_db_lane_t *lane);
static void ngx_mlforkids_db_gauges(ngx_mlforkids_db_lane_t *lane);
static void ngx_mlforkids_db_expire(ngx_event_t *ev);
static void ngx_mlforkids_db_connect(ngx_mlforkids_db_t *db);
static ngx_uint_t ngx_mlforkids_db_wanted(ngx_mlforkids_db_lane_t *lane);
static ngx_uint_t ngx_mlforkids_db_connecting(ngx_mlforkids_db_t *db);
static void ngx_mlforkids_db_retry(ngx_event_t *ev);
static void ngx_mlforkids_db_complain(ngx_mlforkids_db_t *db,
    const char *why);
static ngx_mlforkids_db_t *ngx_mlforkids_db_create(ngx_cycle_t *cycle,
    ngx_pool_t *pool, ngx_http_mlforkids_main_conf_t *mcf);
static ngx_int_t ngx_mlforkids_db_lane_init(ngx_mlforkids_db_t *db,
    ngx_uint_t n, ngx_mlforkids_lane_conf_t *conf);


ngx_mlforkids_db_t  *ngx_mlforkids_db;


ngx_int_t
ngx_mlforkids_db_init(ngx_cycle_t *cycle, ngx_http_mlforkids_main_conf_t *mcf)
{
    ngx_uint_t           i, total;
    ngx_pool_t          *pool;
    ngx_core_conf_t     *ccf;
    ngx_mlforkids_db_t  *db;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    db = ngx_mlforkids_db_create(cycle, pool, mcf);

    if (db == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "the database layer could not be set up");
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    if (ngx_worker == 0) {
        total = 0;

        for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
            total += mcf->lanes[i].connections;
        }

        ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_core_module);

        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "up to %ui connections to the database "
                      "(%ui in each of %i worker processes)",
                      total * (ngx_uint_t) ccf->worker_processes, total,
                      ccf->worker_processes);
    }

    ngx_mlforkids_db = db;

    /* not at once: an event posted here would wait for the first other one */

    ngx_add_timer(&db->retry, 1);

    return NGX_OK;
}


static ngx_mlforkids_db_t *
ngx_mlforkids_db_create(ngx_cycle_t *cycle, ngx_pool_t *pool,
    ngx_http_mlforkids_main_conf_t *mcf)
{
    ngx_uint_t           i;
    ngx_mlforkids_db_t  *db;

    db = ngx_pcalloc(pool, sizeof(ngx_mlforkids_db_t));
    if (db == NULL) {
        return NULL;
    }

    db->pool = pool;
    db->log = cycle->log;
    db->wait = mcf->wait;
    db->queue = mcf->queue;

    ngx_queue_init(&db->finished);

    db->run.handler = ngx_mlforkids_db_run;
    db->run.data = db;
    db->run.log = db->log;

    db->retry.handler = ngx_mlforkids_db_retry;
    db->retry.data = db;
    db->retry.log = db->log;
    db->retry.cancelable = 1;

    db->options = PQconninfoParse((char *) mcf->database.data, NULL);
    if (db->options == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        if (ngx_mlforkids_db_lane_init(db, i, &mcf->lanes[i]) != NGX_OK) {
            PQconninfoFree(db->options);
            return NULL;
        }
    }

    if (ngx_mlforkids_db_resolver_init(db, cycle) != NGX_OK) {
        PQconninfoFree(db->options);
        return NULL;
    }

    return db;
}


static ngx_int_t
ngx_mlforkids_db_lane_init(ngx_mlforkids_db_t *db, ngx_uint_t n,
    ngx_mlforkids_lane_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_mlforkids_db_lane_t  *lane;

    lane = &db->lanes[n];

    lane->db = db;
    lane->number = n;
    lane->conf = *conf;

    ngx_queue_init(&lane->waiting);

    lane->timer.handler = ngx_mlforkids_db_expire;
    lane->timer.data = lane;
    lane->timer.log = db->log;

    lane->conns = ngx_pcalloc(db->pool, conf->connections
                                        * sizeof(ngx_mlforkids_db_conn_t));
    if (lane->conns == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < conf->connections; i++) {
        if (ngx_mlforkids_db_conn_init(&lane->conns[i], lane) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * The process ends: its descriptors must not be found open by nginx, and
 * nothing of the pool in its timers.  Queries of requests that are still there
 * see that there is no database any more.
 */

void
ngx_mlforkids_db_exit(void)
{
    ngx_uint_t                i, n;
    ngx_mlforkids_db_t       *db;
    ngx_mlforkids_db_lane_t  *lane;

    db = ngx_mlforkids_db;

    if (db == NULL) {
        return;
    }

    ngx_mlforkids_db = NULL;

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &db->lanes[i];

        for (n = 0; n < lane->conf.connections; n++) {
            ngx_mlforkids_db_conn_release(&lane->conns[n]);
        }

        if (lane->timer.timer_set) {
            ngx_del_timer(&lane->timer);
        }
    }

    if (db->retry.timer_set) {
        ngx_del_timer(&db->retry);
    }

    if (db->run.posted) {
        ngx_delete_posted_event(&db->run);
    }

    if (db->buffer) {
        ngx_free(db->buffer);
    }

    PQconninfoFree(db->options);
    ngx_destroy_pool(db->pool);
}


void
ngx_mlforkids_db_wake(ngx_mlforkids_db_t *db)
{
    if (!db->run.posted) {
        ngx_post_event(&db->run, &ngx_posted_events);
    }
}


void
ngx_mlforkids_db_enqueue(ngx_mlforkids_db_lane_t *lane,
    ngx_mlforkids_db_query_t *q, ngx_uint_t front)
{
    q->owner = lane;
    q->sent = 0;
    q->deadline = ngx_current_msec + lane->db->wait;

    if (front) {
        ngx_queue_insert_head(&lane->waiting, &q->queue);

    } else {
        ngx_queue_insert_tail(&lane->waiting, &q->queue);
    }

    lane->nwaiting++;
}


void
ngx_mlforkids_db_dequeue(ngx_mlforkids_db_lane_t *lane,
    ngx_mlforkids_db_query_t *q)
{
    ngx_queue_remove(&q->queue);
    lane->nwaiting--;
    q->owner = NULL;
}


/* Posted whenever there is something to deliver, to send or to connect. */

static void
ngx_mlforkids_db_run(ngx_event_t *ev)
{
    ngx_uint_t           i;
    ngx_mlforkids_db_t  *db;

    db = ev->data;

    ngx_mlforkids_db_deliver(db);

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        ngx_mlforkids_db_dispatch(&db->lanes[i]);
    }

    ngx_mlforkids_db_connect(db);

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        ngx_mlforkids_db_gauges(&db->lanes[i]);
    }
}


static void
ngx_mlforkids_db_dispatch(ngx_mlforkids_db_lane_t *lane)
{
    ngx_uint_t                 i;
    ngx_queue_t               *item;
    ngx_mlforkids_db_conn_t   *conn, *best;
    ngx_mlforkids_db_query_t  *q;

    while (lane->nwaiting) {
        best = NULL;

        for (i = 0; i < lane->conf.connections; i++) {
            conn = &lane->conns[i];

            if (conn->state == NGX_MLFORKIDS_DB_CONN_READY
                && !conn->recycle
                && conn->nflights < lane->conf.depth
                && (best == NULL || conn->nflights < best->nflights))
            {
                best = conn;
            }
        }

        if (best == NULL) {
            break;
        }

        item = ngx_queue_head(&lane->waiting);
        q = ngx_queue_data(item, ngx_mlforkids_db_query_t, queue);

        ngx_mlforkids_db_dequeue(lane, q);
        ngx_mlforkids_db_conn_send(best, q);
    }

    for (i = 0; i < lane->conf.connections; i++) {
        conn = &lane->conns[i];

        if (conn->dirty) {
            ngx_mlforkids_db_conn_flush(conn);
        }

        /* an old worker gives its connections back as soon as it can */

        if (ngx_exiting
            && conn->state == NGX_MLFORKIDS_DB_CONN_READY
            && conn->nflights == 0)
        {
            ngx_mlforkids_db_conn_release(conn);
        }
    }

    /* Deadlines only grow along the queue, so that a timer which is set is
     * never too late.  It may not be cancelled: it keeps an old worker alive
     * for its last requests. */

    if (lane->nwaiting == 0) {
        if (lane->timer.timer_set) {
            ngx_del_timer(&lane->timer);
        }

    } else if (!lane->timer.timer_set) {
        ngx_add_timer(&lane->timer, lane->db->wait);
    }
}


static void
ngx_mlforkids_db_gauges(ngx_mlforkids_db_lane_t *lane)
{
    ngx_uint_t                   i, up, flights;
    ngx_mlforkids_lane_gauges_t  *gauges;

    up = 0;
    flights = 0;

    for (i = 0; i < lane->conf.connections; i++) {
        if (lane->conns[i].state == NGX_MLFORKIDS_DB_CONN_READY) {
            up++;
        }

        flights += lane->conns[i].nflights;
    }

    gauges = &ngx_mlforkids_worker_slot->lanes[lane->number];

    gauges->waiting = lane->nwaiting;
    gauges->in_flight = flights;
    gauges->connections = up;
}


static void
ngx_mlforkids_db_expire(ngx_event_t *ev)
{
    ngx_msec_int_t             left, least;
    ngx_queue_t               *item, *next;
    ngx_mlforkids_db_lane_t   *lane;
    ngx_mlforkids_db_query_t  *q;

    lane = ev->data;
    least = -1;

    for (item = ngx_queue_head(&lane->waiting);
         item != ngx_queue_sentinel(&lane->waiting);
         item = next)
    {
        next = ngx_queue_next(item);
        q = ngx_queue_data(item, ngx_mlforkids_db_query_t, queue);
        left = (ngx_msec_int_t) (q->deadline - ngx_current_msec);

        if (left <= 0) {
            ngx_mlforkids_db_dequeue(lane, q);
            ngx_mlforkids_db_finish(lane->db, q, NGX_MLFORKIDS_DB_UNAVAILABLE);
            continue;
        }

        if (least == -1 || left < least) {
            least = left;
        }
    }

    if (least != -1) {
        ngx_add_timer(ev, (ngx_msec_t) least);
    }

    ngx_mlforkids_db_gauges(lane);
}


void
ngx_mlforkids_db_connected(ngx_mlforkids_db_conn_t *conn)
{
    ngx_mlforkids_db_t  *db;

    db = conn->lane->db;

    ngx_mlforkids_count(lanes[conn->lane->number].connects);

    db->failures = 0;

    if (db->retry.timer_set) {
        ngx_del_timer(&db->retry);
    }

    if (db->complaint) {
        ngx_log_error(NGX_LOG_NOTICE, db->log, 0,
                      "the database answers again");
        db->complaint = 0;
    }

    ngx_mlforkids_db_wake(db);
}


void
ngx_mlforkids_db_not_connected(ngx_mlforkids_db_conn_t *conn, const char *why)
{
    ngx_mlforkids_db_t  *db;

    db = conn->lane->db;

    db->failures++;

    ngx_mlforkids_db_complain(db, why);
    ngx_mlforkids_db_wake(db);
}


/* A restart of the server breaks all connections at once: the first loss is
 * one line in the log, and the reason for a pause before the next attempt. */

void
ngx_mlforkids_db_lost(ngx_mlforkids_db_conn_t *conn, const char *why)
{
    ngx_mlforkids_db_t  *db;

    db = conn->lane->db;

    ngx_mlforkids_count(lanes[conn->lane->number].losses);

    if (db->failures == 0) {
        db->failures = 1;
        ngx_mlforkids_db_complain(db, why);
    }

    ngx_mlforkids_db_wake(db);
}


/* What goes wrong again and again is logged once a minute. */

static void
ngx_mlforkids_db_complain(ngx_mlforkids_db_t *db, const char *why)
{
    size_t      len;
    u_char     *p, line[512];
    uint32_t    hash;
    ngx_uint_t  level;

    /* libpq's messages end with a line feed and may have more of them */

    len = ngx_min(ngx_strlen(why), sizeof(line));
    ngx_memcpy(line, why, len);

    while (len && line[len - 1] <= ' ') {
        len--;
    }

    for (p = line; p < line + len; p++) {
        if (*p < ' ') {
            *p = ' ';
        }
    }

    hash = ngx_crc32_short(line, len) | 1;
    level = NGX_LOG_INFO;

    if (hash != db->complaint || ngx_time() - db->complained >= 60) {
        level = NGX_LOG_ERR;
        db->complaint = hash;
        db->complained = ngx_time();
    }

    ngx_log_error(level, db->log, 0, "database: %*s", len, line);
}


static void
ngx_mlforkids_db_connect(ngx_mlforkids_db_t *db)
{
    ngx_uint_t                i, n;
    ngx_msec_t                delay;
    ngx_mlforkids_db_lane_t  *lane;

    if (db->failures) {

        if (db->retry.timer_set || ngx_mlforkids_db_connecting(db)) {
            return;
        }

        delay = NGX_MLFORKIDS_DB_BACKOFF_MAX;

        if (db->failures < 8) {
            delay = ngx_min(delay, (ngx_msec_t) NGX_MLFORKIDS_DB_BACKOFF_MIN
                                   << (db->failures - 1));
        }

        /* 75 % to 125 % of it, so that the workers do not come together */

        delay = delay * 3 / 4 + (ngx_msec_t) ngx_random() % (delay / 2 + 1);

        ngx_add_timer(&db->retry, delay);

        return;
    }

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &db->lanes[i];

        for (n = 0; n < lane->conf.connections; n++) {

            if (lane->conns[n].state == NGX_MLFORKIDS_DB_CONN_DOWN
                && ngx_mlforkids_db_wanted(lane))
            {
                ngx_mlforkids_db_conn_start(&lane->conns[n]);

                if (db->failures) {
                    return;
                }
            }
        }
    }
}


/* A worker that is to exit makes a connection only for queries that wait. */

static ngx_uint_t
ngx_mlforkids_db_wanted(ngx_mlforkids_db_lane_t *lane)
{
    ngx_uint_t  n;

    if (!ngx_exiting) {
        return 1;
    }

    if (lane->nwaiting == 0) {
        return 0;
    }

    for (n = 0; n < lane->conf.connections; n++) {
        if (lane->conns[n].state != NGX_MLFORKIDS_DB_CONN_DOWN) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_mlforkids_db_connecting(ngx_mlforkids_db_t *db)
{
    ngx_uint_t                i, n;
    ngx_mlforkids_db_lane_t  *lane;

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &db->lanes[i];

        for (n = 0; n < lane->conf.connections; n++) {
            if (lane->conns[n].state != NGX_MLFORKIDS_DB_CONN_DOWN
                && lane->conns[n].state != NGX_MLFORKIDS_DB_CONN_READY)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* The pause is over: one connection probes, of a lane in need if there is. */

static void
ngx_mlforkids_db_retry(ngx_event_t *ev)
{
    ngx_uint_t                i, n;
    ngx_mlforkids_db_t       *db;
    ngx_mlforkids_db_lane_t  *lane;
    ngx_mlforkids_db_conn_t  *conn, *probe;

    db = ev->data;
    probe = NULL;

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &db->lanes[i];

        for (n = 0; n < lane->conf.connections; n++) {
            conn = &lane->conns[n];

            if (conn->state != NGX_MLFORKIDS_DB_CONN_DOWN
                || !ngx_mlforkids_db_wanted(lane))
            {
                continue;
            }

            if (probe == NULL || (lane->nwaiting && !probe->lane->nwaiting)) {
                probe = conn;
            }
        }
    }

    if (probe) {
        ngx_mlforkids_db_conn_start(probe);
    }
}
