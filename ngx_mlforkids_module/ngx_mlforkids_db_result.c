/*
 * Database layer: what comes back on a connection.
 *
 * For each query libpq gives the results of each statement, each followed by
 * NULL, and then the result of the Sync, which no NULL follows.  After an error
 * the statements up to the Sync are reported as aborted.
 */

#include "ngx_mlforkids_db_int.h"


static ngx_int_t ngx_mlforkids_db_setup_result(ngx_mlforkids_db_conn_t *conn,
    PGresult *res);
static ngx_int_t ngx_mlforkids_db_query_result(ngx_mlforkids_db_conn_t *conn,
    PGresult *res);
static void ngx_mlforkids_db_flight_error(ngx_mlforkids_db_flight_t *f,
    PGresult *res);
static void ngx_mlforkids_db_flight_done(ngx_mlforkids_db_flight_t *f);
static void ngx_mlforkids_db_flight_again(ngx_mlforkids_db_flight_t *f);


ngx_int_t
ngx_mlforkids_db_read_results(ngx_mlforkids_db_conn_t *conn)
{
    PGresult   *res;
    ngx_int_t   rc;

    /* also when nothing is expected: settings and farewells are parsed here */

    while (!PQisBusy(conn->pg)) {

        if (conn->state == NGX_MLFORKIDS_DB_CONN_READY && conn->nflights == 0) {
            break;
        }

        res = PQgetResult(conn->pg);

        if (res) {
            conn->nulls = 0;

        } else if (++conn->nulls > 2) {

            /* libpq has nothing to come while we are waiting for something */

            return NGX_ERROR;
        }

        if (conn->state == NGX_MLFORKIDS_DB_CONN_SETUP) {
            rc = ngx_mlforkids_db_setup_result(conn, res);

        } else {
            rc = ngx_mlforkids_db_query_result(conn, res);
        }

        PQclear(res);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return (PQstatus(conn->pg) == CONNECTION_OK) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_mlforkids_db_setup_result(ngx_mlforkids_db_conn_t *conn, PGresult *res)
{
    char  *message;

    switch (PQresultStatus(res)) {

    case PGRES_PIPELINE_SYNC:
        conn->state = NGX_MLFORKIDS_DB_CONN_READY;
        return NGX_OK;

    case PGRES_FATAL_ERROR:

        if (res == NULL) {
            return NGX_OK;
        }

        /* there is nothing but our own statements that the server may quote */

        message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

        (void) ngx_snprintf((u_char *) conn->error, sizeof(conn->error) - 1,
                            "preparing statements failed: %s%Z",
                            message ? message : "no reason given");
        conn->error[sizeof(conn->error) - 1] = '\0';

        return NGX_ERROR;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_mlforkids_db_query_result(ngx_mlforkids_db_conn_t *conn, PGresult *res)
{
    ngx_mlforkids_db_flight_t  *f;

    f = ngx_queue_data(ngx_queue_head(&conn->flights),
                       ngx_mlforkids_db_flight_t, queue);

    if (res == NULL) {
        if (f->stmt < f->n) {
            f->stmt++;
        }

        return NGX_OK;
    }

    switch (PQresultStatus(res)) {

    case PGRES_PIPELINE_SYNC:
        ngx_mlforkids_db_flight_done(f);
        return NGX_OK;

    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:

        if (f->stmt >= f->n) {
            return NGX_ERROR;
        }

        if (f->query && f->status == NGX_MLFORKIDS_DB_OK
            && ngx_mlforkids_db_copy(f->query, f->stmt, res) != NGX_OK)
        {
            f->status = NGX_MLFORKIDS_DB_FAILED;
        }

        return NGX_OK;

    case PGRES_PIPELINE_ABORTED:
        return NGX_OK;

    default:
        ngx_mlforkids_db_flight_error(f, res);
        return NGX_OK;
    }
}


/* The first error is what is told.  The server's message is not logged: it
 * quotes what it refuses. */

static void
ngx_mlforkids_db_flight_error(ngx_mlforkids_db_flight_t *f, PGresult *res)
{
    char        *state, *constraint;
    ngx_uint_t   recycle, level, stmt;

    if (f->sqlstate[0]) {
        return;
    }

    state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);

    (void) ngx_cpystrn((u_char *) f->sqlstate,
                       (u_char *) (state ? state : "08006"),
                       sizeof(f->sqlstate));

    f->status = ngx_mlforkids_db_classify(f->sqlstate, &f->again, &recycle);

    if (recycle) {
        f->conn->recycle = 1;
    }

    /* a constraint (23) is for the handler to judge, bad data for the client, a
     * crowd for the second try; a lost connection is logged as such */

    level = NGX_LOG_ERR;

    if (f->status == NGX_MLFORKIDS_DB_INVALID || f->again
        || ngx_strncmp(f->sqlstate, "23", 2) == 0
        || ngx_strncmp(f->sqlstate, "08", 2) == 0
        || ngx_strncmp(f->sqlstate, "57P", 3) == 0)
    {
        level = NGX_LOG_INFO;
    }

    stmt = ngx_min(f->stmt, f->n - 1);

    ngx_log_error(level,
                  f->query ? f->query->log : f->conn->lane->db->log, 0,
                  "database: statement %s failed: SQLSTATE %s%s%s",
                  ngx_mlforkids_stmts[f->stmts[stmt]].name, f->sqlstate,
                  constraint ? ", constraint " : "",
                  constraint ? constraint : "");
}


static void
ngx_mlforkids_db_flight_done(ngx_mlforkids_db_flight_t *f)
{
    ngx_mlforkids_db_conn_t   *conn;
    ngx_mlforkids_db_query_t  *q;

    conn = f->conn;
    q = f->query;

    ngx_queue_remove(&f->queue);
    ngx_queue_insert_tail(&conn->free, &f->queue);
    conn->nflights--;

    if (q == NULL) {
        return;
    }

    f->query = NULL;

    if (f->again && !q->retried) {
        f->query = q;
        ngx_mlforkids_db_flight_again(f);
        return;
    }

    ngx_memcpy(q->sqlstate, f->sqlstate, sizeof(q->sqlstate));

    ngx_mlforkids_db_finish(conn->lane->db, q, f->status);
}


static void
ngx_mlforkids_db_flight_again(ngx_mlforkids_db_flight_t *f)
{
    ngx_mlforkids_db_query_t  *q;

    q = f->query;
    f->query = NULL;

    q->retried = 1;
    ngx_memzero(q->results, sizeof(q->results));

    ngx_mlforkids_count(lanes[f->conn->lane->number].retries);

    ngx_mlforkids_db_enqueue(f->conn->lane, q, 1);
    ngx_mlforkids_db_wake(f->conn->lane->db);
}


/*
 * A read may be sent again: its answer was not complete, and it changes
 * nothing.  A change may have happened or not; only if the server had refused
 * it already that is known.
 */

void
ngx_mlforkids_db_flight_lost(ngx_mlforkids_db_flight_t *f)
{
    ngx_mlforkids_db_query_t  *q;

    q = f->query;

    if (q == NULL) {
        return;
    }

    if (f->status == NGX_MLFORKIDS_DB_OK
        || f->status == NGX_MLFORKIDS_DB_UNAVAILABLE)
    {
        if (f->conn->lane->number == NGX_MLFORKIDS_DB_READ && !q->retried) {
            ngx_mlforkids_db_flight_again(f);
            return;
        }

        f->status = NGX_MLFORKIDS_DB_UNAVAILABLE;
        ngx_memcpy(f->sqlstate, "08006", sizeof(f->sqlstate));
    }

    f->query = NULL;

    ngx_memcpy(q->sqlstate, f->sqlstate, sizeof(q->sqlstate));

    ngx_mlforkids_db_finish(f->conn->lane->db, q, f->status);
}
