/*
 * Database layer: one connection once it is made, and its registration.
 *
 * libpq owns the socket.  It is registered with nginx level-triggered, because
 * libpq does not promise to drain it, and taken out before every call that may
 * replace it.
 */

#include "ngx_mlforkids_db_int.h"

#include <openssl/err.h>


/* A buffer for larger parameters is given back afterwards. */
#define NGX_MLFORKIDS_DB_KEEP  65536


static void ngx_mlforkids_db_conn_event(ngx_event_t *ev);
static void ngx_mlforkids_db_conn_read(ngx_mlforkids_db_conn_t *conn);
static void ngx_mlforkids_db_conn_timeout(ngx_event_t *ev);
static void ngx_mlforkids_db_conn_watch(ngx_mlforkids_db_conn_t *conn);
static void ngx_mlforkids_db_conn_overdue(ngx_mlforkids_db_conn_t *conn);
static ngx_msec_t ngx_mlforkids_db_conn_limit(ngx_mlforkids_db_conn_t *conn,
    ngx_uint_t n);
static ngx_int_t ngx_mlforkids_db_conn_put(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_query_t *q);
static ngx_int_t ngx_mlforkids_db_conn_buffer(ngx_mlforkids_db_t *db,
    size_t size);


ngx_int_t
ngx_mlforkids_db_conn_init(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_lane_t *lane)
{
    ngx_uint_t                  i;
    ngx_mlforkids_db_flight_t  *f;

    conn->lane = lane;

    ngx_queue_init(&conn->flights);
    ngx_queue_init(&conn->free);

    f = ngx_pcalloc(lane->db->pool, lane->conf.depth
                                    * sizeof(ngx_mlforkids_db_flight_t));
    if (f == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < lane->conf.depth; i++) {
        f[i].conn = conn;
        ngx_queue_insert_tail(&conn->free, &f[i].queue);
    }

    conn->timer.handler = ngx_mlforkids_db_conn_timeout;
    conn->timer.data = conn;
    conn->timer.log = lane->db->log;

    return NGX_OK;
}


void
ngx_mlforkids_db_conn_lost(ngx_mlforkids_db_conn_t *conn, const char *why)
{
    ngx_queue_t                *item;
    ngx_mlforkids_db_flight_t  *f;

    if (conn->state != NGX_MLFORKIDS_DB_CONN_READY) {
        ngx_mlforkids_db_conn_failed(conn, why);
        return;
    }

    ngx_mlforkids_db_conn_release(conn);

    /* from the last: a second try goes in front of the queue */

    while (!ngx_queue_empty(&conn->flights)) {
        item = ngx_queue_last(&conn->flights);
        ngx_queue_remove(item);
        ngx_queue_insert_tail(&conn->free, item);

        f = ngx_queue_data(item, ngx_mlforkids_db_flight_t, queue);
        ngx_mlforkids_db_flight_lost(f);
    }

    conn->nflights = 0;

    ngx_mlforkids_db_lost(conn, why);
}


void
ngx_mlforkids_db_conn_release(ngx_mlforkids_db_conn_t *conn)
{
    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    ngx_mlforkids_db_conn_detach(conn);

    if (conn->pg) {
        PQfinish(conn->pg);
        conn->pg = NULL;

        ERR_clear_error();
    }

    conn->state = NGX_MLFORKIDS_DB_CONN_DOWN;
    conn->dirty = 0;
    conn->failed = 0;
    conn->recycle = 0;
}


ngx_int_t
ngx_mlforkids_db_conn_attach(ngx_mlforkids_db_conn_t *conn, ngx_uint_t write)
{
    int                fd;
    ngx_log_t         *log;
    ngx_connection_t  *c;

    fd = PQsocket(conn->pg);
    log = conn->lane->db->log;

    if (fd == -1) {
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = conn;
    c->log = log;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = ngx_mlforkids_db_conn_event;
    c->read->log = log;
    c->write->handler = ngx_mlforkids_db_conn_event;
    c->write->log = log;

    conn->c = c;

    if (ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK
        || (write && ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT)
                     != NGX_OK))
    {
        ngx_mlforkids_db_conn_detach(conn);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* ngx_close_connection() would close the descriptor, which is libpq's. */

void
ngx_mlforkids_db_conn_detach(ngx_mlforkids_db_conn_t *conn)
{
    ngx_uint_t         flags;
    ngx_connection_t  *c;

    c = conn->c;

    if (c == NULL) {
        return;
    }

    conn->c = NULL;

    /* a descriptor that libpq has closed is no longer in the kernel's set */

    flags = (PQsocket(conn->pg) == c->fd) ? 0 : NGX_CLOSE_EVENT;

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;
}


static void
ngx_mlforkids_db_conn_event(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_mlforkids_db_conn_t  *conn;

    c = ev->data;
    conn = c->data;

    if (c->close) {

        /* nginx asks idle connections of a worker that is to exit */

        if (conn->nflights == 0) {
            ngx_mlforkids_db_conn_release(conn);
            ngx_mlforkids_db_wake(conn->lane->db);
            return;
        }

        c->close = 0;
    }

    if (conn->state == NGX_MLFORKIDS_DB_CONN_CONNECT) {
        ngx_mlforkids_db_conn_poll(conn);
        return;
    }

    if (ev->write) {
        ngx_mlforkids_db_conn_flush(conn);
        return;
    }

    ngx_mlforkids_db_conn_read(conn);
}


static void
ngx_mlforkids_db_conn_read(ngx_mlforkids_db_conn_t *conn)
{
    ngx_mlforkids_db_conn_e  state;

    state = conn->state;

    if (PQconsumeInput(conn->pg) == 0) {
        ERR_clear_error();

        /* what the server said last may be there, but libpq's message may
         * also hold what earlier queries were refused for */

        (void) ngx_mlforkids_db_read_results(conn);

        ngx_mlforkids_db_conn_lost(conn, "the connection was closed");
        return;
    }

    if (ngx_mlforkids_db_read_results(conn) != NGX_OK) {
        ngx_mlforkids_db_conn_lost(conn, conn->error[0] ? conn->error
                                   : "the connection is broken");
        return;
    }

    if (conn->recycle && conn->nflights == 0) {
        ngx_mlforkids_db_conn_lost(conn,
                                   "the session has become unusable, "
                                   "a new one is made");
        return;
    }

    ngx_mlforkids_db_conn_overdue(conn);
    ngx_mlforkids_db_conn_watch(conn);

    if (state == NGX_MLFORKIDS_DB_CONN_SETUP
        && conn->state == NGX_MLFORKIDS_DB_CONN_READY)
    {
        ngx_mlforkids_db_connected(conn);

    } else {
        ngx_mlforkids_db_wake(conn->lane->db);
    }
}


/*
 * In flight: the timer may not be cancelled, so that an old worker waits, and
 * its end comes later than any answer that the server's own limit allows.
 * Idle: no timer, and nginx may ask for the connection.
 */

static void
ngx_mlforkids_db_conn_watch(ngx_mlforkids_db_conn_t *conn)
{
    ngx_mlforkids_db_flight_t  *f;

    if (conn->state != NGX_MLFORKIDS_DB_CONN_READY) {
        return;
    }

    if (conn->nflights == 0) {

        if (conn->timer.timer_set) {
            ngx_del_timer(&conn->timer);
        }

        conn->c->idle = 1;

        return;
    }

    f = ngx_queue_data(ngx_queue_head(&conn->flights),
                       ngx_mlforkids_db_flight_t, queue);

    conn->c->idle = 0;
    conn->timer.cancelable = 0;

    ngx_add_timer(&conn->timer, ngx_mlforkids_db_conn_limit(conn, f->n));
}


/*
 * Behind slow statements a query could wait for the sum of their time limits.
 * Its caller is answered after the time of one: the query itself goes on.
 */

static void
ngx_mlforkids_db_conn_overdue(ngx_mlforkids_db_conn_t *conn)
{
    ngx_queue_t                *item;
    ngx_mlforkids_db_query_t   *q;
    ngx_mlforkids_db_flight_t  *f;

    for (item = ngx_queue_head(&conn->flights);
         item != ngx_queue_sentinel(&conn->flights);
         item = ngx_queue_next(item))
    {
        f = ngx_queue_data(item, ngx_mlforkids_db_flight_t, queue);
        q = f->query;

        if (q == NULL) {
            continue;
        }

        if (ngx_current_msec - q->start
            < ngx_mlforkids_db_conn_limit(conn, q->n))
        {
            break;
        }

        f->query = NULL;

        ngx_mlforkids_db_finish(conn->lane->db, q,
                                NGX_MLFORKIDS_DB_UNAVAILABLE);
    }
}


/* Longer than n statements may take; milliseconds. */

static ngx_msec_t
ngx_mlforkids_db_conn_limit(ngx_mlforkids_db_conn_t *conn, ngx_uint_t n)
{
    ngx_msec_t  timeout;

    timeout = conn->lane->conf.timeout;

    return n * timeout + timeout / 2 + 1000;
}


static void
ngx_mlforkids_db_conn_timeout(ngx_event_t *ev)
{
    ngx_mlforkids_db_conn_t  *conn;

    conn = ev->data;

    ngx_mlforkids_db_conn_lost(conn, "no answer in time");
}


void
ngx_mlforkids_db_conn_send(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_query_t *q)
{
    ngx_uint_t                  i;
    ngx_queue_t                *item;
    ngx_mlforkids_db_flight_t  *f;

    item = ngx_queue_head(&conn->free);
    ngx_queue_remove(item);
    ngx_queue_insert_tail(&conn->flights, item);

    f = ngx_queue_data(item, ngx_mlforkids_db_flight_t, queue);

    f->query = q;
    f->n = q->n;
    f->stmt = 0;
    f->status = NGX_MLFORKIDS_DB_OK;
    f->sqlstate[0] = '\0';
    f->again = 0;

    for (i = 0; i < q->n; i++) {
        f->stmts[i] = q->cmd[i].stmt;
    }

    q->owner = f;
    q->sent = 1;

    if (conn->nflights++ == 0) {
        ngx_mlforkids_db_conn_watch(conn);
    }

    if (!conn->failed && ngx_mlforkids_db_conn_put(conn, q) != NGX_OK) {
        conn->failed = 1;
    }

    conn->dirty = 1;
}


/* libpq wants strings with a NUL at their end. */

static ngx_int_t
ngx_mlforkids_db_conn_put(ngx_mlforkids_db_conn_t *conn,
    ngx_mlforkids_db_query_t *q)
{
    size_t               size;
    u_char              *p;
    ngx_str_t           *param;
    ngx_uint_t           i, n;
    const char          *values[NGX_MLFORKIDS_DB_PARAMS];
    ngx_mlforkids_db_t  *db;

    db = conn->lane->db;

    for (i = 0; i < q->n; i++) {
        size = 0;

        for (n = 0; n < q->cmd[i].nparams; n++) {
            size += q->cmd[i].params[n].len + 1;
        }

        if (ngx_mlforkids_db_conn_buffer(db, size) != NGX_OK) {
            return NGX_ERROR;
        }

        p = db->buffer;

        for (n = 0; n < q->cmd[i].nparams; n++) {
            param = &q->cmd[i].params[n];
            values[n] = NULL;

            if (param->data) {
                values[n] = (char *) p;
                p = ngx_cpymem(p, param->data, param->len);
                *p++ = '\0';
            }
        }

        if (PQsendQueryPrepared(conn->pg,
                                ngx_mlforkids_stmts[q->cmd[i].stmt].name,
                                (int) q->cmd[i].nparams, values, NULL, NULL, 0)
            == 0)
        {
            return NGX_ERROR;
        }
    }

    return PQpipelineSync(conn->pg) ? NGX_OK : NGX_ERROR;
}


/* One buffer for all; libpq copies what it sends. */

static ngx_int_t
ngx_mlforkids_db_conn_buffer(ngx_mlforkids_db_t *db, size_t size)
{
    if (size <= db->size
        && (db->size <= NGX_MLFORKIDS_DB_KEEP || size > NGX_MLFORKIDS_DB_KEEP))
    {
        return NGX_OK;
    }

    if (db->buffer) {
        ngx_free(db->buffer);
        db->size = 0;
    }

    size = ngx_max(size, NGX_MLFORKIDS_DB_KEEP);

    db->buffer = ngx_alloc(size, db->log);
    if (db->buffer == NULL) {
        return NGX_ERROR;
    }

    db->size = size;

    return NGX_OK;
}


void
ngx_mlforkids_db_conn_flush(ngx_mlforkids_db_conn_t *conn)
{
    int           rc;
    ngx_event_t  *wev;

    conn->dirty = 0;

    rc = conn->failed ? -1 : PQflush(conn->pg);

    ERR_clear_error();

    if (rc == -1) {
        ngx_mlforkids_db_conn_lost(conn, "sending failed");
        return;
    }

    wev = conn->c->write;

    if (rc == 0) {
        if (wev->active) {
            (void) ngx_del_event(wev, NGX_WRITE_EVENT, 0);
        }

        return;
    }

    if (!wev->active
        && ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT) != NGX_OK)
    {
        ngx_mlforkids_db_conn_lost(conn, "sending failed");
    }
}
