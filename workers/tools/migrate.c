/*
 * mlforkids-migrate: brings the database's tables up to date.
 *
 * Migrations are files NNNN_name.sql, numbered from 1 without gaps.  Each runs
 * in a transaction of its own and is recorded in mlforkids_migrations; a lock
 * makes all others who migrate at the same time wait.
 */

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wk_conf.h"
#include "wk_core.h"
#include "wk_db.h"


#define MIGRATE_MAX    1000               /* files */
#define MIGRATE_FILE   (4 * 1024 * 1024)
#define MIGRATE_NAME   80
#define MIGRATE_WAIT   30                 /* seconds */
#define MIGRATE_PAUSE  200                /* milliseconds */
#define MIGRATE_LOCK   "7810744923058911282"


typedef struct {
    char  name[MIGRATE_NAME];             /* without NNNN_ and .sql */
    char  file[256];
    int   known;
} migration_t;


typedef struct {
    char         *database;
    const char   *dir;
    int64_t       wait;
    int           quiet;
    PGconn       *conn;
    migration_t   files[MIGRATE_MAX + 1]; /* by number */
    int           n;
} migrate_t;


/* the settings file belongs to a worker: only this is of interest */

static const wk_conf_entry_t  settings[] = {
    { "database", WK_CONF_STRING, offsetof(migrate_t, database), NULL, 0, 0,
      NULL },
    { NULL, WK_CONF_STRING, 0, NULL, 0, 0, NULL }
};


static int
usage(FILE *out)
{
    fprintf(out,
        "Usage: mlforkids-migrate --database CONNINFO|--config FILE "
        "[--dir DIR]\n\n"
        "Runs the migrations that the database has not seen yet.\n\n"
        "  --database CONNINFO  connection string, as psql reads it; a "
        "password can\n"
        "                       come from PGPASSWORD, PGPASSFILE or the "
        "settings\n"
        "  --config FILE        take \"database\" from a worker's settings\n"
        "  --dir DIR            folder of NNNN_name.sql (default: conf/sql)\n"
        "  --wait SECONDS       wait so long for the server (default: %d)\n"
        "  --quiet              say nothing unless something fails\n"
        "  --help               this text\n", MIGRATE_WAIT);

    return (out == stdout) ? 0 : 2;
}


static int
error(const char *message)
{
    fprintf(stderr, "mlforkids-migrate: %s\n", message);

    return WK_ERROR;
}


/* Takes a name of the form NNNN_name.sql into the table of files. */

static int
take_file(migrate_t *m, const char *file)
{
    int           number;
    char         *end;
    size_t        len;
    migration_t  *f;

    number = (int) strtol(file, &end, 10);
    len = strlen(end);

    if (end - file != 4 || number < 1 || number > MIGRATE_MAX || *end != '_'
        || len < 6 || len - 5 >= MIGRATE_NAME
        || strcmp(end + len - 4, ".sql") != 0)
    {
        fprintf(stderr, "mlforkids-migrate: %s/%s is not named "
                "NNNN_name.sql\n", m->dir, file);
        return WK_ERROR;
    }

    f = &m->files[number];

    if (f->known) {
        fprintf(stderr, "mlforkids-migrate: number %d is there twice in %s\n",
                number, m->dir);
        return WK_ERROR;
    }

    f->known = 1;
    snprintf(f->name, sizeof(f->name), "%.*s", (int) (len - 5), end + 1);
    snprintf(f->file, sizeof(f->file), "%s", file);

    if (number > m->n) {
        m->n = number;
    }

    return WK_OK;
}


static int
read_dir(migrate_t *m)
{
    int             i, rc;
    DIR            *dir;
    size_t          len;
    struct dirent  *e;

    dir = opendir(m->dir);

    if (dir == NULL) {
        fprintf(stderr, "mlforkids-migrate: %s: %s\n", m->dir,
                strerror(errno));
        return WK_ERROR;
    }

    rc = WK_OK;

    while (rc == WK_OK && (e = readdir(dir)) != NULL) {
        len = strlen(e->d_name);

        if (len > 4 && strcmp(e->d_name + len - 4, ".sql") == 0
            && e->d_name[0] != '.')
        {
            rc = take_file(m, e->d_name);
        }
    }

    closedir(dir);

    if (rc == WK_OK && m->n == 0) {
        fprintf(stderr, "mlforkids-migrate: no migrations in %s\n", m->dir);
        return WK_ERROR;
    }

    for (i = 1; rc == WK_OK && i <= m->n; i++) {
        if (!m->files[i].known) {
            fprintf(stderr, "mlforkids-migrate: number %d is missing in %s\n",
                    i, m->dir);
            rc = WK_ERROR;
        }
    }

    return rc;
}


static int
connect_database(migrate_t *m)
{
    PGPing       ping;
    int64_t      end;
    const char  *names[] = {
        "connect_timeout", "fallback_application_name", "dbname",
        "client_encoding", NULL
    };
    const char  *values[] = {
        "5", "mlforkids migrate", m->database, "UTF8", NULL
    };

    if (wk_db_check(m->database) != WK_OK) {
        return error("the database's address is no connection string");
    }

    end = wk_now() + m->wait * 1000;

    for ( ;; ) {
        ping = PQpingParams(names, values, 1);

        if (ping == PQPING_OK || ping == PQPING_NO_ATTEMPT
            || wk_now() >= end)
        {
            break;
        }

        poll(NULL, 0, MIGRATE_PAUSE);
    }

    m->conn = PQconnectdbParams(names, values, 1);

    if (m->conn == NULL) {
        return error("not enough memory");
    }

    if (PQstatus(m->conn) != CONNECTION_OK) {
        fprintf(stderr, "mlforkids-migrate: cannot connect: %s",
                PQerrorMessage(m->conn));
        return WK_ERROR;
    }

    return WK_OK;
}


/* Runs SQL; on failure says what could not be done and why. */

static int
run(migrate_t *m, const char *sql, const char *what)
{
    int        ok;
    PGresult  *res;

    res = PQexec(m->conn, sql);
    ok = PQresultStatus(res) == PGRES_COMMAND_OK
         || PQresultStatus(res) == PGRES_TUPLES_OK;

    if (!ok) {
        fprintf(stderr, "mlforkids-migrate: %s: %s", what,
                PQerrorMessage(m->conn));
    }

    PQclear(res);

    return ok ? WK_OK : WK_ERROR;
}


/* Non-zero if the query gives a row; negative on failure. */

static int
exists(migrate_t *m, const char *sql, const char *what)
{
    int        n;
    PGresult  *res;

    res = PQexec(m->conn, sql);
    n = -1;

    if (PQresultStatus(res) == PGRES_TUPLES_OK) {
        n = PQntuples(res);

    } else {
        fprintf(stderr, "mlforkids-migrate: %s: %s", what,
                PQerrorMessage(m->conn));
    }

    PQclear(res);

    return n;
}


/*
 * The database's own search_path, for people with psql: our programs set it
 * in each session.  Only the owner may, so a refusal is no failure.
 */

static void
set_search_path(migrate_t *m)
{
    char      *sql, *name;
    size_t     size;
    PGresult  *res;

    res = PQexec(m->conn,
                 "SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c"
                 " WHERE s.setrole = 0 AND c LIKE 'search_path=%'"
                 " AND s.setdatabase = (SELECT oid FROM pg_database"
                 " WHERE datname = current_database())");

    if (PQresultStatus(res) != PGRES_TUPLES_OK || PQntuples(res) > 0) {
        PQclear(res);
        return;
    }

    PQclear(res);

    name = PQescapeIdentifier(m->conn, PQdb(m->conn), strlen(PQdb(m->conn)));

    if (name == NULL) {
        return;
    }

    size = strlen(name) + 64;
    sql = malloc(size);

    if (sql != NULL) {
        snprintf(sql, size, "ALTER DATABASE %s SET search_path TO "
                 WK_DB_SCHEMA, name);
        res = PQexec(m->conn, sql);

        if (PQresultStatus(res) != PGRES_COMMAND_OK && !m->quiet) {
            printf("search_path of the database is left alone: %s",
                   PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY)
                   ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : "?");
            printf("\n");
        }

        PQclear(res);
    }

    free(sql);
    PQfreemem(name);
}


/* The server's own since PostgreSQL 13, before that from an extension. */

static int
need_uuids(migrate_t *m)
{
    int  n;

    n = exists(m, "SELECT FROM pg_proc WHERE proname = 'gen_random_uuid'"
                  " AND pg_function_is_visible(oid)", "functions");

    if (n == 0) {
        n = run(m, "CREATE EXTENSION pgcrypto SCHEMA " WK_DB_SCHEMA,
                "gen_random_uuid() is missing and pgcrypto cannot be added");
    }

    return (n < 0) ? WK_ERROR : WK_OK;
}


static int
prepare(migrate_t *m)
{
    int  n;

    if (PQserverVersion(m->conn) < 120000) {
        return error("PostgreSQL 12 or newer is needed");
    }

    /* may wait for another one who migrates */

    if (run(m, "SET statement_timeout TO 0; SET lock_timeout TO 0;"
               " SET client_min_messages TO warning", "session") != WK_OK
        || run(m, "SELECT pg_advisory_lock(" MIGRATE_LOCK ")", "lock")
           != WK_OK)
    {
        return WK_ERROR;
    }

    n = exists(m, "SELECT FROM pg_namespace WHERE nspname = '" WK_DB_SCHEMA
                  "'", "schema");

    if (n < 0
        || (n == 0 && run(m, "CREATE SCHEMA " WK_DB_SCHEMA,
                          "cannot create the schema") != WK_OK))
    {
        return WK_ERROR;
    }

    set_search_path(m);

    if (run(m, "SET search_path TO " WK_DB_SCHEMA, "session") != WK_OK
        || need_uuids(m) != WK_OK)
    {
        return WK_ERROR;
    }

    n = exists(m, "SELECT FROM pg_tables WHERE schemaname = '" WK_DB_SCHEMA
                  "' AND tablename = 'mlforkids_migrations'", "tables");

    if (n == 0) {
        n = run(m, "CREATE TABLE mlforkids_migrations ("
                   " number smallint NOT NULL PRIMARY KEY,"
                   " name varchar(80) NOT NULL,"
                   " applied timestamptz NOT NULL DEFAULT now())",
                "cannot create the table of migrations");
    }

    return (n < 0) ? WK_ERROR : WK_OK;
}


/*
 * Compares what the database has seen with the files.  Returns the number of
 * the last migration it has, or WK_ERROR.
 */

static int
applied(migrate_t *m)
{
    int          i, number, n;
    PGresult    *res;
    const char  *name;

    res = PQexec(m->conn,
                 "SELECT number, name FROM mlforkids_migrations"
                 " ORDER BY number");

    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        fprintf(stderr, "mlforkids-migrate: cannot read the table of "
                "migrations: %s", PQerrorMessage(m->conn));
        PQclear(res);
        return WK_ERROR;
    }

    n = PQntuples(res);

    for (i = 0; i < n; i++) {
        number = atoi(PQgetvalue(res, i, 0));
        name = PQgetvalue(res, i, 1);

        if (number > m->n) {
            fprintf(stderr, "mlforkids-migrate: the database has migration "
                    "%d (%s), this version knows only %d: it was made by a "
                    "newer version. Nothing was changed.\n", number, name,
                    m->n);
            n = WK_ERROR;

        } else if (number != i + 1) {
            fprintf(stderr, "mlforkids-migrate: the database has migration "
                    "%d but not %d. Nothing was changed.\n", number, i + 1);
            n = WK_ERROR;

        } else if (strcmp(name, m->files[number].name) != 0) {
            fprintf(stderr, "mlforkids-migrate: migration %d is \"%s\" in "
                    "the database but \"%s\" here. Nothing was changed.\n",
                    number, name, m->files[number].name);
            n = WK_ERROR;
        }

        if (n == WK_ERROR) {
            break;
        }
    }

    PQclear(res);

    return n;
}


static char *
read_file(const char *path)
{
    FILE    *f;
    char    *text;
    size_t   n;

    f = fopen(path, "re");
    text = f ? malloc(MIGRATE_FILE + 1) : NULL;

    if (text == NULL) {
        fprintf(stderr, "mlforkids-migrate: %s: %s\n", path, strerror(errno));

        if (f) {
            fclose(f);
        }

        return NULL;
    }

    n = fread(text, 1, MIGRATE_FILE + 1, f);

    if (ferror(f) || n > MIGRATE_FILE || memchr(text, '\0', n) != NULL) {
        fprintf(stderr, "mlforkids-migrate: %s cannot be read\n", path);
        free(text);
        text = NULL;

    } else {
        text[n] = '\0';
    }

    fclose(f);

    return text;
}


static int
apply(migrate_t *m, int number)
{
    int           rc;
    char         *sql, path[4096], num[16];
    PGresult     *res;
    const char   *values[2];
    migration_t  *f;

    f = &m->files[number];

    if ((size_t) snprintf(path, sizeof(path), "%s/%s", m->dir, f->file)
        >= sizeof(path))
    {
        return error("the folder's name is too long");
    }

    sql = read_file(path);

    if (sql == NULL) {
        return WK_ERROR;
    }

    snprintf(num, sizeof(num), "%d", number);
    values[0] = num;
    values[1] = f->name;

    rc = run(m, "BEGIN", f->file);

    if (rc == WK_OK) {
        rc = run(m, sql, f->file);
    }

    free(sql);

    if (rc == WK_OK) {
        res = PQexecParams(m->conn, "INSERT INTO " WK_DB_SCHEMA
                           ".mlforkids_migrations (number, name)"
                           " VALUES ($1::smallint, $2)",
                           2, NULL, values, NULL, NULL, 0);

        if (PQresultStatus(res) != PGRES_COMMAND_OK) {
            fprintf(stderr, "mlforkids-migrate: %s: %s", f->file,
                    PQerrorMessage(m->conn));
            rc = WK_ERROR;
        }

        PQclear(res);
    }

    if (rc == WK_OK) {
        rc = run(m, "COMMIT", f->file);
    }

    if (rc == WK_OK && !m->quiet) {
        printf("%s applied\n", f->file);
    }

    return rc;
}


static int
migrate(migrate_t *m)
{
    int  n, i;

    if (read_dir(m) != WK_OK || connect_database(m) != WK_OK
        || prepare(m) != WK_OK)
    {
        return WK_ERROR;
    }

    n = applied(m);

    if (n == WK_ERROR) {
        return WK_ERROR;
    }

    for (i = n + 1; i <= m->n; i++) {
        if (apply(m, i) != WK_OK) {
            return WK_ERROR;
        }
    }

    if (n == m->n && !m->quiet) {
        printf("database is up to date (%d)\n", n);
    }

    return WK_OK;
}


/* Reads the command line: WK_OK, or an exit code in *code. */

static int
read_options(migrate_t *m, int argc, char **argv, int *code)
{
    int          opt;
    char        *end, err[512];
    const char  *config;

    static const struct option  options[] = {
        { "database", required_argument, NULL, 'd' },
        { "config",   required_argument, NULL, 'c' },
        { "dir",      required_argument, NULL, 'D' },
        { "wait",     required_argument, NULL, 'w' },
        { "quiet",    no_argument,       NULL, 'q' },
        { "help",     no_argument,       NULL, 'h' },
        { NULL,       0,                 NULL, 0 }
    };

    config = NULL;
    *code = 2;

    while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (opt) {

        case 'd':
            free(m->database);
            m->database = strdup(optarg);
            break;

        case 'c':
            config = optarg;
            break;

        case 'D':
            m->dir = optarg;
            break;

        case 'w':
            m->wait = strtol(optarg, &end, 10);

            if (end == optarg || *end || m->wait < 0 || m->wait > 86400) {
                return error("--wait needs a number of seconds");
            }

            break;

        case 'q':
            m->quiet = 1;
            break;

        case 'h':
            *code = usage(stdout);
            return WK_ERROR;

        default:
            return WK_ERROR;
        }
    }

    if ((m->database == NULL) == (config == NULL) || optind < argc) {
        *code = usage(stderr);
        return WK_ERROR;
    }

    if (config && wk_conf_read(settings, WK_CONF_IGNORE_UNKNOWN, config, m,
                               err, sizeof(err)) != WK_OK)
    {
        return error(err);
    }

    return WK_OK;
}


int
main(int argc, char **argv)
{
    int               code;
    static migrate_t  m;

    m.dir = "conf/sql";
    m.wait = MIGRATE_WAIT;

    if (read_options(&m, argc, argv, &code) == WK_OK) {
        code = (migrate(&m) == WK_OK) ? 0 : 1;
        PQfinish(m.conn);
    }

    free(m.database);

    return code;
}
