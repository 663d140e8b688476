/*
 * Connection to PostgreSQL through libpq.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wk_db.h"
#include "wk_log.h"


#define WK_DB_STATEMENTS   32
#define WK_DB_PARAMS       8
#define WK_DB_BACKOFF      100
#define WK_DB_BACKOFF_MAX  2000
#define WK_DB_GRACE        3000    /* beyond the server's own time limit */


struct wk_db_s {
    const char           *conninfo;
    const char           *application;
    int64_t               timeout;

    PGconn               *conn;
    int                   in_transaction;
    int                   away;       /* the loss was logged */
    int64_t               backoff;
    int64_t               next_try;

    const wk_db_stmt_t   *prepared[WK_DB_STATEMENTS];
    size_t                nprepared;
};


struct wk_db_pool_s {
    pthread_mutex_t       mutex;
    pthread_cond_t        cond;
    size_t                n;
    size_t                nfree;
    wk_db_t             **free;
};


static const wk_db_stmt_t  stmt_begin = { "begin", "BEGIN", 0, 0 };
static const wk_db_stmt_t  stmt_snapshot = {
    "snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, 0
};
static const wk_db_stmt_t  stmt_commit = { "commit", "COMMIT", 0, 0 };


int
wk_db_check(const char *conninfo)
{
    char              *message;
    PQconninfoOption  *options;

    message = NULL;
    options = PQconninfoParse(conninfo, &message);

    /* the message may quote a password: it is not shown */

    PQfreemem(message);

    if (options == NULL) {
        return WK_ERROR;
    }

    PQconninfoFree(options);

    return WK_OK;
}


wk_db_t *
wk_db_create(const char *conninfo, const char *application, int64_t timeout)
{
    wk_db_t  *db;

    db = calloc(1, sizeof(wk_db_t));

    if (db == NULL) {
        return NULL;
    }

    db->conninfo = conninfo;
    db->application = application;
    db->timeout = timeout;

    return db;
}


void
wk_db_destroy(wk_db_t *db)
{
    if (db != NULL) {
        PQfinish(db->conn);
        free(db);
    }
}


static void
ignore_notice(void *arg, const PGresult *res)
{
    (void) arg;
    (void) res;
}


/*
 * The connection is of no use any more.  The first attempt to connect again
 * is free, the next ones wait longer and longer.
 */

static void
drop(wk_db_t *db)
{
    PQfinish(db->conn);

    db->conn = NULL;
    db->nprepared = 0;
    db->in_transaction = 0;
}


static void
connect_failed(wk_db_t *db)
{
    if (!db->away) {
        wk_log(WK_LOG_ERROR, "database is away: %s",
               db->conn ? PQerrorMessage(db->conn) : "no answer");
        db->away = 1;
    }

    drop(db);

    db->backoff = (db->backoff == 0) ? WK_DB_BACKOFF : db->backoff * 2;

    if (db->backoff > WK_DB_BACKOFF_MAX) {
        db->backoff = WK_DB_BACKOFF_MAX;
    }

    /* some jitter: many workers lose the same server at the same time */

    db->next_try = wk_now() + db->backoff * 3 / 4
                   + (wk_now() ^ (intptr_t) db >> 4) % (db->backoff / 4 + 1);
}


/* Waits for the socket until end; WK_DOWN when there is nothing to wait for. */

static int
wait_socket(wk_db_t *db, int writing, int64_t end)
{
    int            rc;
    int64_t        now;
    struct pollfd  pfd;

    now = wk_now();

    pfd.fd = PQsocket(db->conn);
    pfd.events = (short) (POLLIN | (writing ? POLLOUT : 0));

    rc = (end == INT64_MAX) ? poll(&pfd, 1, -1)
         : (end > now) ? poll(&pfd, 1, (int) (end - now)) : 0;

    if (rc == 0) {
        wk_log(WK_LOG_WARN, "the database does not answer in time");
        return WK_DOWN;
    }

    if (rc == -1 && errno != EINTR) {
        return WK_DOWN;
    }

    return PQconsumeInput(db->conn) ? WK_OK : WK_DOWN;
}


/*
 * The last result of what was sent, NULL if there is none.  The server ends
 * slow statements itself; one that is frozen or cut off is left after a while,
 * its connection dropped.
 */

static PGresult *
await(wk_db_t *db, int sent)
{
    int        writing;
    int64_t    end;
    PGresult  *res, *last;

    last = NULL;
    end = db->timeout ? wk_now() + db->timeout + WK_DB_GRACE : INT64_MAX;

    while (sent) {
        writing = PQflush(db->conn);

        while (writing != -1 && !PQisBusy(db->conn)) {
            res = PQgetResult(db->conn);

            if (res == NULL) {
                return last;
            }

            PQclear(last);
            last = res;
        }

        if (writing == -1 || wait_socket(db, writing, end) != WK_OK) {
            break;
        }
    }

    PQclear(last);
    drop(db);

    return NULL;
}


static int
session(wk_db_t *db)
{
    int        ok;
    char       sql[160];
    PGresult  *res;

    snprintf(sql, sizeof(sql),
             "SET search_path TO " WK_DB_SCHEMA "; "
             "SET statement_timeout TO %lld; "
             "SET idle_in_transaction_session_timeout TO %lld",
             (long long) db->timeout, (long long) db->timeout * 2);

    res = await(db, PQsendQuery(db->conn, sql));
    ok = PQresultStatus(res) == PGRES_COMMAND_OK;
    PQclear(res);

    return ok ? WK_OK : WK_ERROR;
}


int
wk_db_connect(wk_db_t *db)
{
    /* the later one of two wins, and dbname is expanded where it stands: the
     * operator's own settings override the first ones only */

    const char  *names[] = {
        "connect_timeout", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "fallback_application_name",
        "dbname", "client_encoding", NULL
    };
    const char  *values[] = {
        "3", "30", "10", "3", "20000", db->application,
        db->conninfo, "UTF8", NULL
    };

    if (db->conn && PQstatus(db->conn) == CONNECTION_OK) {
        return WK_OK;
    }

    if (db->conn) {
        drop(db);
    }

    if (wk_now() < db->next_try) {
        return WK_DOWN;
    }

    db->conn = PQconnectdbParams(names, values, 1);

    if (db->conn == NULL || PQstatus(db->conn) != CONNECTION_OK) {
        connect_failed(db);
        return WK_DOWN;
    }

    PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    PQsetErrorVerbosity(db->conn, PQERRORS_TERSE);

    if (PQsetnonblocking(db->conn, 1) == -1 || session(db) != WK_OK) {
        connect_failed(db);
        return WK_DOWN;
    }

    if (db->away) {
        wk_log(WK_LOG_INFO, "database is back");
    }

    db->away = 0;
    db->backoff = 0;
    db->next_try = 0;

    return WK_OK;
}


/*
 * What became of a failed statement.  Errors of class 22 and 23 quote values,
 * so only their code is logged.
 */

static int
failed(wk_db_t *db, const wk_db_stmt_t *st, const PGresult *res)
{
    char  state[6];

    snprintf(state, sizeof(state), "%s",
             PQresultErrorField(res, PG_DIAG_SQLSTATE)
             ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : "");

    if (db->conn == NULL || PQstatus(db->conn) != CONNECTION_OK) {
        wk_log(WK_LOG_WARN, "connection to the database is lost in \"%s\" (%s)",
               st->name, state);
        drop(db);
        return WK_DOWN;
    }

    wk_log(WK_LOG_ERROR, "statement \"%s\" failed: %s %s", st->name, state,
           (strncmp(state, "22", 2) && strncmp(state, "23", 2))
           ? PQresultErrorMessage(res) : "");

    /* a former primary, a server going down, statements that a pooler forgot
     * or a migration outdated: another connection may do better */

    if (strcmp(state, "25006") == 0 || strcmp(state, "26000") == 0
        || strcmp(state, "0A000") == 0
        || strncmp(state, "57P", 3) == 0)
    {
        drop(db);
        return WK_DOWN;
    }

    return WK_ERROR;
}


static int
prepare(wk_db_t *db, const wk_db_stmt_t *st)
{
    int        rc;
    size_t     i;
    PGresult  *res;

    for (i = 0; i < db->nprepared; i++) {
        if (db->prepared[i] == st) {
            return WK_OK;
        }
    }

    if (db->nprepared == WK_DB_STATEMENTS) {
        wk_log(WK_LOG_ERROR, "too many statements");
        return WK_ERROR;
    }

    rc = WK_OK;
    res = await(db, PQsendPrepare(db->conn, st->name, st->sql, st->nparams,
                                  NULL));

    if (PQresultStatus(res) == PGRES_COMMAND_OK) {
        db->prepared[db->nprepared++] = st;

    } else {
        rc = failed(db, st, res);
    }

    PQclear(res);

    return rc;
}


static int
run(wk_db_t *db, const wk_db_stmt_t *st, const wk_db_param_t *params,
    PGresult **res)
{
    int              i, rc, lengths[WK_DB_PARAMS], formats[WK_DB_PARAMS];
    const char      *values[WK_DB_PARAMS];
    ExecStatusType   status;

    rc = prepare(db, st);

    if (rc != WK_OK) {
        return rc;
    }

    for (i = 0; i < st->nparams; i++) {
        values[i] = params[i].value;
        lengths[i] = (int) params[i].len;
        formats[i] = params[i].binary;
    }

    *res = await(db, PQsendQueryPrepared(db->conn, st->name, st->nparams,
                                         values, lengths, formats,
                                         (st->flags & WK_DB_BINARY) ? 1 : 0));

    status = PQresultStatus(*res);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        return WK_OK;
    }

    rc = failed(db, st, *res);

    PQclear(*res);
    *res = NULL;

    return rc;
}


int
wk_db_exec(wk_db_t *db, const wk_db_stmt_t *st, const wk_db_param_t *params,
    PGresult **res)
{
    int        i, rc, in_transaction;
    PGresult  *result;

    if (st->nparams > WK_DB_PARAMS) {
        return WK_ERROR;
    }

    for (i = 0; i < st->nparams; i++) {
        if (params[i].len > INT32_MAX) {
            return WK_ERROR;
        }
    }

    in_transaction = db->in_transaction;

    if (in_transaction) {
        if (db->conn == NULL || PQstatus(db->conn) != CONNECTION_OK) {
            return WK_DOWN;
        }

    } else if (wk_db_connect(db) != WK_OK) {
        return WK_DOWN;
    }

    result = NULL;
    rc = run(db, st, params, &result);

    if (rc == WK_DOWN && !in_transaction && (st->flags & WK_DB_RETRY)
        && wk_db_connect(db) == WK_OK)
    {
        rc = run(db, st, params, &result);
    }

    if (res != NULL) {
        *res = result;

    } else {
        PQclear(result);
    }

    return rc;
}


static int
begin(wk_db_t *db, const wk_db_stmt_t *st)
{
    int  rc;

    rc = wk_db_exec(db, st, NULL, NULL);

    if (rc == WK_DOWN && wk_db_connect(db) == WK_OK) {

        /* nothing has happened yet, so a stale connection does no harm */

        rc = wk_db_exec(db, st, NULL, NULL);
    }

    if (rc == WK_OK) {
        db->in_transaction = 1;
    }

    return rc;
}


int
wk_db_begin(wk_db_t *db)
{
    return begin(db, &stmt_begin);
}


int
wk_db_begin_snapshot(wk_db_t *db)
{
    return begin(db, &stmt_snapshot);
}


int
wk_db_commit(wk_db_t *db)
{
    int  rc;

    rc = wk_db_exec(db, &stmt_commit, NULL, NULL);
    db->in_transaction = 0;

    return rc;
}


void
wk_db_rollback(wk_db_t *db)
{
    PGresult  *res;

    db->in_transaction = 0;

    if (db->conn == NULL) {
        return;
    }

    /* unprepared: in a failed transaction nothing can be prepared */

    res = await(db, PQsendQuery(db->conn, "ROLLBACK"));

    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        drop(db);
    }

    PQclear(res);
}


wk_db_pool_t *
wk_db_pool_create(size_t n, const char *conninfo, const char *application,
    int64_t timeout)
{
    wk_db_pool_t  *pool;

    pool = calloc(1, sizeof(wk_db_pool_t));

    if (pool == NULL) {
        return NULL;
    }

    pool->free = calloc(n, sizeof(wk_db_t *));

    if (pool->free == NULL) {
        free(pool);
        return NULL;
    }

    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->cond, NULL);

    for (pool->n = 0; pool->n < n; pool->n++) {
        pool->free[pool->n] = wk_db_create(conninfo, application, timeout);

        if (pool->free[pool->n] == NULL) {
            pool->nfree = pool->n;
            wk_db_pool_destroy(pool);
            return NULL;
        }
    }

    pool->nfree = n;

    return pool;
}


void
wk_db_pool_destroy(wk_db_pool_t *pool)
{
    size_t  i;

    for (i = 0; i < pool->nfree; i++) {
        wk_db_destroy(pool->free[i]);
    }

    pthread_cond_destroy(&pool->cond);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->free);
    free(pool);
}


wk_db_t *
wk_db_pool_get(wk_db_pool_t *pool)
{
    wk_db_t  *db;

    pthread_mutex_lock(&pool->mutex);

    while (pool->nfree == 0) {
        pthread_cond_wait(&pool->cond, &pool->mutex);
    }

    db = pool->free[--pool->nfree];

    pthread_mutex_unlock(&pool->mutex);

    return db;
}


void
wk_db_pool_put(wk_db_pool_t *pool, wk_db_t *db)
{
    pthread_mutex_lock(&pool->mutex);

    pool->free[pool->nfree++] = db;
    pthread_cond_signal(&pool->cond);

    pthread_mutex_unlock(&pool->mutex);
}
