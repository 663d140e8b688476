/*
 * Database layer: making a connection, up to the moment it takes queries.
 */

#include "ngx_mlforkids_db_int.h"

#include <openssl/err.h>


/* Names or addresses, with their commas. */
#define NGX_MLFORKIDS_DB_LIST  (NGX_MLFORKIDS_DB_ADDRESSES * 257)


static void ngx_mlforkids_db_conn_connect(ngx_mlforkids_db_conn_t *conn);
static PGconn *ngx_mlforkids_db_conn_open(ngx_mlforkids_db_t *db);
static void ngx_mlforkids_db_conn_addresses(ngx_mlforkids_db_t *db,
    char lists[][NGX_MLFORKIDS_DB_LIST]);
static void ngx_mlforkids_db_conn_setup(ngx_mlforkids_db_conn_t *conn);
static void ngx_mlforkids_db_conn_notice(void *arg, const char *message);


void
ngx_mlforkids_db_conn_start(ngx_mlforkids_db_conn_t *conn)
{
    conn->state = NGX_MLFORKIDS_DB_CONN_RESOLVE;
    conn->recycle = 0;
    conn->nulls = 0;

    conn->timer.cancelable = 1;
    ngx_add_timer(&conn->timer, NGX_MLFORKIDS_DB_CONNECT_TIMEOUT);

    switch (ngx_mlforkids_db_resolve(conn->lane->db)) {

    case NGX_OK:
        ngx_mlforkids_db_conn_connect(conn);
        break;

    case NGX_AGAIN:
        break;

    default:
        ngx_mlforkids_db_conn_failed(conn, "no thread to look up its name");
        break;
    }
}


void
ngx_mlforkids_db_conn_resolved(ngx_mlforkids_db_conn_t *conn, const char *why)
{
    if (why) {
        ngx_mlforkids_db_conn_failed(conn, why);
        return;
    }

    ngx_mlforkids_db_conn_connect(conn);
}


static void
ngx_mlforkids_db_conn_connect(ngx_mlforkids_db_conn_t *conn)
{
    conn->state = NGX_MLFORKIDS_DB_CONN_CONNECT;

    conn->pg = ngx_mlforkids_db_conn_open(conn->lane->db);

    if (conn->pg == NULL) {
        ngx_mlforkids_db_conn_failed(conn, "no memory for a connection");
        return;
    }

    (void) PQsetNoticeProcessor(conn->pg, ngx_mlforkids_db_conn_notice, conn);

    if (PQstatus(conn->pg) == CONNECTION_BAD) {
        ngx_mlforkids_db_conn_failed(conn, PQerrorMessage(conn->pg));
        return;
    }

    /* as if PQconnectPoll() had returned PGRES_POLLING_WRITING */

    if (ngx_mlforkids_db_conn_attach(conn, 1) != NGX_OK) {
        ngx_mlforkids_db_conn_failed(conn, "no free worker_connections");
    }
}


/* The directive's settings.  Certificates are read by libpq from files: small
 * ones, and only here. */

static PGconn *
ngx_mlforkids_db_conn_open(ngx_mlforkids_db_t *db)
{
    PGconn            *pg;
    ngx_uint_t         i, n;
    const char        *names[64], *values[64];
    PQconninfoOption  *o;
    char               lists[3][NGX_MLFORKIDS_DB_LIST];

    static const char  *address[] = { "host", "hostaddr", "port" };
    static const char  *defaults[][2] = {
        { "client_encoding", "UTF8" },
        { "fallback_application_name", "mlforkids" },
        { "gssencmode", "disable" },
        { "keepalives_idle", "60" },
        { "keepalives_interval", "10" },
        { "keepalives_count", "3" }
    };

    /* of a setting given twice libpq takes the last */

    for (n = 0; n < sizeof(defaults) / sizeof(defaults[0]); n++) {
        names[n] = defaults[n][0];
        values[n] = defaults[n][1];
    }

    for (o = db->options; o->keyword && n < 60; o++) {
        if (o->val && o->val[0]) {
            names[n] = o->keyword;
            values[n++] = o->val;
        }
    }

    if (db->threads) {
        ngx_mlforkids_db_conn_addresses(db, lists);

        for (i = 0; i < 3; i++) {
            names[n] = address[i];
            values[n++] = lists[i];
        }
    }

    names[n] = NULL;
    values[n] = NULL;

    pg = PQconnectStartParams(names, values, 0);

    ERR_clear_error();

    return pg;
}


/*
 * Addresses in place of names, so that libpq has nothing to look up.  It goes
 * on to the next address when one refuses, but not when one is silent: so each
 * attempt after a failure begins with another.
 */

static void
ngx_mlforkids_db_conn_addresses(ngx_mlforkids_db_t *db,
    char lists[][NGX_MLFORKIDS_DB_LIST])
{
    u_char                        *p[3], *last[3];
    ngx_uint_t                     i, k;
    const char                    *comma;
    ngx_mlforkids_db_addresses_t  *a;

    a = &db->addresses;

    for (i = 0; i < 3; i++) {
        p[i] = (u_char *) lists[i];
        last[i] = p[i] + NGX_MLFORKIDS_DB_LIST - 1;
    }

    for (i = 0; i < a->n; i++) {
        k = (i + db->failures) % a->n;
        comma = i ? "," : "";

        p[0] = ngx_slprintf(p[0], last[0], "%s%s", comma, a->entry[k].host);
        p[1] = ngx_slprintf(p[1], last[1], "%s%s", comma, a->entry[k].address);
        p[2] = ngx_slprintf(p[2], last[2], "%s%s", comma, a->entry[k].port);
    }

    for (i = 0; i < 3; i++) {
        *p[i] = '\0';
    }
}


void
ngx_mlforkids_db_conn_poll(ngx_mlforkids_db_conn_t *conn)
{
    ngx_uint_t                 write;
    PostgresPollingStatusType  status;

    /* the socket may become another one, of the same number even */

    ngx_mlforkids_db_conn_detach(conn);

    status = PQconnectPoll(conn->pg);

    /* nginx takes what libpq leaves in the queue for an error of its own */

    ERR_clear_error();

    switch (status) {

    case PGRES_POLLING_OK:
        ngx_mlforkids_db_conn_setup(conn);
        return;

    case PGRES_POLLING_READING:
        write = 0;
        break;

    case PGRES_POLLING_WRITING:
        write = 1;
        break;

    default:
        ngx_mlforkids_db_conn_failed(conn, PQerrorMessage(conn->pg));
        return;
    }

    if (ngx_mlforkids_db_conn_attach(conn, write) != NGX_OK) {
        ngx_mlforkids_db_conn_failed(conn, "no free worker_connections");
    }
}


/* Settings and all statements in one pipeline, which is one transaction; the
 * search path holds for the statements after it. */

static void
ngx_mlforkids_db_conn_setup(ngx_mlforkids_db_conn_t *conn)
{
    u_char       timeout[64];
    PGconn      *pg;
    ngx_uint_t   i;
    const char  *settings[] = {
        "SET search_path TO mlforkidsdb",
        "SET client_min_messages TO warning",
        "SET idle_in_transaction_session_timeout TO 10000",
        (char *) timeout
    };

    pg = conn->pg;
    conn->state = NGX_MLFORKIDS_DB_CONN_SETUP;
    conn->error[0] = '\0';

    (void) ngx_sprintf(timeout, "SET statement_timeout TO %M%Z",
                       conn->lane->conf.timeout);

    if (PQsetnonblocking(pg, 1) == -1 || PQenterPipelineMode(pg) == 0) {
        goto failed;
    }

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (PQsendQueryParams(pg, settings[i], 0, NULL, NULL, NULL, NULL, 0)
            == 0)
        {
            goto failed;
        }
    }

    for (i = 0; i < ngx_mlforkids_stmts_n; i++) {
        if (PQsendPrepare(pg, ngx_mlforkids_stmts[i].name,
                          ngx_mlforkids_stmts[i].sql, 0, NULL)
            == 0)
        {
            goto failed;
        }
    }

    if (PQpipelineSync(pg) == 0) {
        goto failed;
    }

    if (ngx_mlforkids_db_conn_attach(conn, 0) != NGX_OK) {
        ngx_mlforkids_db_conn_failed(conn, "no free worker_connections");
        return;
    }

    ngx_mlforkids_db_conn_flush(conn);

    return;

failed:

    ngx_mlforkids_db_conn_failed(conn, PQerrorMessage(pg));
}


/* It never became ready. */

void
ngx_mlforkids_db_conn_failed(ngx_mlforkids_db_conn_t *conn, const char *why)
{
    char  reason[256];

    /* the message goes with the connection */

    (void) ngx_cpystrn((u_char *) reason, (u_char *) why, sizeof(reason));

    ngx_mlforkids_db_conn_release(conn);
    ngx_mlforkids_db_not_connected(conn, reason);
}


/* A server's notices may quote data: they are for those who debug. */

static void
ngx_mlforkids_db_conn_notice(void *arg, const char *message)
{
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP,
                   ((ngx_mlforkids_db_conn_t *) arg)->lane->db->log, 0,
                   "database notice: %s", message);
}
