/*
 * Database layer, public part: taking queries, handing back results.
 *
 * Nothing is completed inside ngx_mlforkids_db_submit(): a query that cannot
 * be sent is delivered later like any other, so that a handler never sees its
 * request freed under it.
 */

#include "ngx_mlforkids_db_int.h"


/* A result larger than this is refused: statements have limits of their own,
 * so it is a mistake in one of them. */
#define NGX_MLFORKIDS_DB_MAX_RESULT  (64 * 1024 * 1024)


static ngx_int_t ngx_mlforkids_db_check(ngx_mlforkids_db_query_t *q,
    ngx_mlforkids_db_status_e *status);


ngx_int_t
ngx_mlforkids_db_submit(ngx_mlforkids_db_query_t *q)
{
    ngx_mlforkids_db_t         *db;
    ngx_mlforkids_db_lane_t    *lane;
    ngx_mlforkids_db_status_e   status;

    q->status = NGX_MLFORKIDS_DB_UNAVAILABLE;
    q->sqlstate[0] = '\0';
    q->owner = NULL;
    q->start = ngx_current_msec;
    q->elapsed = 0;
    q->sent = 0;
    q->cancelled = 0;
    q->retried = 0;

    ngx_memzero(q->results, sizeof(q->results));

    db = ngx_mlforkids_db;

    if (db == NULL) {
        return NGX_ERROR;
    }

    if (ngx_mlforkids_db_check(q, &status) != NGX_OK) {
        ngx_mlforkids_db_finish(db, q, status);
        return NGX_OK;
    }

    lane = &db->lanes[ngx_mlforkids_db_lane(q)];

    if (lane->nwaiting >= db->queue) {
        ngx_mlforkids_count(lanes[lane->number].queries);
        ngx_mlforkids_count(lanes[lane->number].unavailable);
        return NGX_ERROR;
    }

    ngx_mlforkids_db_enqueue(lane, q, 0);
    ngx_mlforkids_db_wake(db);

    return NGX_OK;
}


void
ngx_mlforkids_db_cancel(ngx_mlforkids_db_query_t *q)
{
    ngx_mlforkids_db_flight_t  *f;

    q->cancelled = 1;

    if (q->owner == NULL || ngx_mlforkids_db == NULL) {
        return;
    }

    if (q->sent) {
        f = q->owner;
        f->query = NULL;

    } else if (q->owner == ngx_mlforkids_db) {
        ngx_queue_remove(&q->queue);

    } else {
        ngx_mlforkids_db_dequeue(q->owner, q);
    }

    q->sent = 0;
    q->owner = NULL;
}


/* A wrong number of statements or parameters is a mistake of ours; a NUL in a
 * parameter is the client's: the server's texts cannot hold one, and as a C
 * string it would be cut short. */

static ngx_int_t
ngx_mlforkids_db_check(ngx_mlforkids_db_query_t *q,
    ngx_mlforkids_db_status_e *status)
{
    ngx_str_t   *param;
    ngx_uint_t   i, n;

    if (q->n == 0 || q->n > NGX_MLFORKIDS_DB_BATCH) {
        goto wrong;
    }

    for (i = 0; i < q->n; i++) {

        if (q->cmd[i].stmt >= ngx_mlforkids_stmts_n
            || q->cmd[i].nparams > NGX_MLFORKIDS_DB_PARAMS
            || q->cmd[i].nparams
               != ngx_mlforkids_stmts[q->cmd[i].stmt].nparams)
        {
            goto wrong;
        }

        for (n = 0; n < q->cmd[i].nparams; n++) {
            param = &q->cmd[i].params[n];

            if (param->len && param->data
                && ngx_strlchr(param->data, param->data + param->len, '\0'))
            {
                ngx_memcpy(q->sqlstate, "22021", sizeof("22021"));
                *status = NGX_MLFORKIDS_DB_INVALID;
                return NGX_DECLINED;
            }
        }
    }

    return NGX_OK;

wrong:

    ngx_log_error(NGX_LOG_ALERT, q->log, 0,
                  "malformed query of %ui statements", q->n);

    q->n = 0;
    *status = NGX_MLFORKIDS_DB_FAILED;

    return NGX_DECLINED;
}


ngx_mlforkids_lane_e
ngx_mlforkids_db_lane(ngx_mlforkids_db_query_t *q)
{
    ngx_uint_t            i;
    ngx_mlforkids_lane_e  lane, slowest;

    slowest = NGX_MLFORKIDS_DB_READ;

    for (i = 0; i < q->n; i++) {
        lane = ngx_mlforkids_stmts[q->cmd[i].stmt].lane;

        if (lane > slowest) {
            slowest = lane;
        }
    }

    return slowest;
}


void
ngx_mlforkids_db_finish(ngx_mlforkids_db_t *db, ngx_mlforkids_db_query_t *q,
    ngx_mlforkids_db_status_e status)
{
    ngx_mlforkids_lane_e  lane;

    q->status = status;
    q->elapsed = ngx_current_msec - q->start;
    q->sent = 0;
    q->owner = db;

    ngx_queue_insert_tail(&db->finished, &q->queue);

    lane = ngx_mlforkids_db_lane(q);

    ngx_mlforkids_count(lanes[lane].queries);
    ngx_mlforkids_count_add(lanes[lane].time, q->elapsed);

    switch (status) {

    case NGX_MLFORKIDS_DB_OK:
        break;

    case NGX_MLFORKIDS_DB_UNAVAILABLE:
        ngx_mlforkids_count(lanes[lane].unavailable);
        break;

    case NGX_MLFORKIDS_DB_INVALID:
        ngx_mlforkids_count(lanes[lane].invalid);
        break;

    case NGX_MLFORKIDS_DB_FAILED:
        ngx_mlforkids_count(lanes[lane].failures);
        break;
    }

    ngx_mlforkids_db_wake(db);
}


void
ngx_mlforkids_db_deliver(ngx_mlforkids_db_t *db)
{
    ngx_queue_t               *item;
    ngx_mlforkids_db_query_t  *q;

    /* done() may end its request, and so cancel others of this list */

    while (!ngx_queue_empty(&db->finished)) {
        item = ngx_queue_head(&db->finished);
        ngx_queue_remove(item);

        q = ngx_queue_data(item, ngx_mlforkids_db_query_t, queue);
        q->owner = NULL;

        q->done(q);
    }
}


/*
 * SQLSTATE classes: PostgreSQL's manual, appendix A.
 *
 *   22                      the client's data
 *   08, 53, 57P0x           the server is away, going, or out of resources
 *   57014, 55P03            its time limits
 *   25006                   a standby: the address leads elsewhere by now
 *   40001, 40P01            the transaction met another one, twice
 *   0A000, 26000            the prepared statement is no longer what it was:
 *                           a table was altered, or the session was reset
 *
 * All of them leave nothing done, so that repeating is safe.
 */

ngx_mlforkids_db_status_e
ngx_mlforkids_db_classify(const char *sqlstate, ngx_uint_t *again,
    ngx_uint_t *recycle)
{
    ngx_uint_t         i;
    static const char  *unavailable[] = {
        "08", "53", "57P0", "57014", "55P03", "25006", NULL
    };

    *again = 0;
    *recycle = 0;

    if (ngx_strcmp(sqlstate, "40001") == 0
        || ngx_strcmp(sqlstate, "40P01") == 0)
    {
        *again = 1;
        return NGX_MLFORKIDS_DB_UNAVAILABLE;
    }

    if (ngx_strcmp(sqlstate, "0A000") == 0
        || ngx_strcmp(sqlstate, "26000") == 0)
    {
        *again = 1;
        *recycle = 1;
        return NGX_MLFORKIDS_DB_FAILED;
    }

    if (ngx_strcmp(sqlstate, "25006") == 0) {
        *recycle = 1;
    }

    if (ngx_strncmp(sqlstate, "22", 2) == 0) {
        return NGX_MLFORKIDS_DB_INVALID;
    }

    for (i = 0; unavailable[i]; i++) {
        if (ngx_strncmp(sqlstate, unavailable[i],
                        ngx_strlen(unavailable[i]))
            == 0)
        {
            return NGX_MLFORKIDS_DB_UNAVAILABLE;
        }
    }

    return NGX_MLFORKIDS_DB_FAILED;
}


ngx_int_t
ngx_mlforkids_db_copy(ngx_mlforkids_db_query_t *q, ngx_uint_t i, PGresult *res)
{
    int                         row, col, rows, cols;
    size_t                      size;
    u_char                     *p;
    ngx_int_t                   affected;
    ngx_str_t                  *v;
    ngx_mlforkids_db_result_t  *result;

    result = &q->results[i];
    p = (u_char *) PQcmdTuples(res);
    affected = ngx_atoi(p, ngx_strlen(p));

    result->affected = (affected == NGX_ERROR) ? 0 : affected;
    result->rows = 0;
    result->columns = 0;
    result->values = NULL;

    rows = PQntuples(res);
    cols = PQnfields(res);

    if (rows <= 0 || cols <= 0) {
        return NGX_OK;
    }

    size = 0;

    for (row = 0; row < rows; row++) {
        for (col = 0; col < cols; col++) {
            size += sizeof(ngx_str_t) + PQgetlength(res, row, col) + 1;
        }

        if (size > NGX_MLFORKIDS_DB_MAX_RESULT) {
            ngx_log_error(NGX_LOG_ERR, q->log, 0,
                          "result of statement %s is too large",
                          ngx_mlforkids_stmts[q->cmd[i].stmt].name);
            return NGX_ERROR;
        }
    }

    v = ngx_palloc(q->pool, size);
    if (v == NULL) {
        return NGX_ERROR;
    }

    result->rows = rows;
    result->columns = cols;
    result->values = v;

    p = (u_char *) (v + (size_t) rows * cols);

    for (row = 0; row < rows; row++) {
        for (col = 0; col < cols; col++) {

            if (PQgetisnull(res, row, col)) {
                ngx_str_null(v);

            } else {
                v->len = PQgetlength(res, row, col);
                v->data = p;
                p = ngx_cpymem(p, PQgetvalue(res, row, col), v->len);
                *p++ = '\0';
            }

            v++;
        }
    }

    return NGX_OK;
}
