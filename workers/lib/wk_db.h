/*
 * A blocking PostgreSQL connection that comes back by itself.
 *
 * A wk_db_t belongs to one thread at a time.  It connects when it is used
 * first, sets search_path and statement_timeout, and after a failure does not
 * try again before a back-off (0.1 s doubling to 2 s) is over: until then
 * every call fails at once with WK_DOWN.  Statements are prepared when first
 * used on a connection.
 *
 * Messages hold the server's state code and, where it cannot quote data, its
 * text; never the connection string.
 */

#ifndef WK_DB_H
#define WK_DB_H

#include <libpq-fe.h>

#include "wk_core.h"


#define WK_DB_SCHEMA  "mlforkidsdb"


#define WK_DB_RETRY   1   /* harmless when done twice: repeated once after a
                             broken connection */
#define WK_DB_BINARY  2   /* columns come in binary form */


typedef struct {
    const char  *name;    /* unique in the program; address is the identity */
    const char  *sql;     /* parameters are $1, $2... */
    int          nparams;
    int          flags;
} wk_db_stmt_t;


typedef struct {
    const char  *value;   /* NULL is SQL's NULL */
    size_t       len;     /* binary only */
    int          binary;
} wk_db_param_t;


typedef struct wk_db_s       wk_db_t;
typedef struct wk_db_pool_s  wk_db_pool_t;


/* WK_OK if libpq can read the connection string, else WK_ERROR. */
int wk_db_check(const char *conninfo);

/*
 * conninfo: as in psql; a connect_timeout and keepalives are added unless it
 * has its own.  timeout: statement_timeout in milliseconds, 0 for none.
 * Both strings must outlive the handle.  Returns NULL without memory.
 */
wk_db_t *wk_db_create(const char *conninfo, const char *application,
    int64_t timeout);
void wk_db_destroy(wk_db_t *db);

/* Connects if necessary and allowed by the back-off: WK_OK or WK_DOWN. */
int wk_db_connect(wk_db_t *db);

/*
 * Runs a statement with st->nparams parameters.  WK_OK with *res (PQclear it;
 * res may be NULL), WK_ERROR (the server refused; logged) or WK_DOWN.  In a
 * transaction anything but WK_OK means: call wk_db_rollback().
 */
int wk_db_exec(wk_db_t *db, const wk_db_stmt_t *st,
    const wk_db_param_t *params, PGresult **res);

int wk_db_begin(wk_db_t *db);
/* As begin; all statements see one state of the database and cannot write. */
int wk_db_begin_snapshot(wk_db_t *db);
int wk_db_commit(wk_db_t *db);
void wk_db_rollback(wk_db_t *db);


/* A fixed number of handles shared by threads; get waits for a free one. */
wk_db_pool_t *wk_db_pool_create(size_t n, const char *conninfo,
    const char *application, int64_t timeout);
void wk_db_pool_destroy(wk_db_pool_t *pool);
wk_db_t *wk_db_pool_get(wk_db_pool_t *pool);
void wk_db_pool_put(wk_db_pool_t *pool, wk_db_t *db);


#endif /* WK_DB_H */
