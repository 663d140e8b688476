/*
 * Database connection and job queue, against a PostgreSQL server of their own
 * in a temporary folder.
 */

#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "wk_db.h"
#include "wk_log.h"
#include "wk_queue.h"


#define THREADS  4
#define JOBS     200


static char        dir[] = "/tmp/wk_queue.XXXXXX";
static char        conninfo[128];
static const char *as_user;          /* prefix of commands: not as root */
static PGconn     *conn;
static wk_db_t    *db;
static wk_queue_t  a = { "text", "a" };
static wk_queue_t  b = { "text", "b" };


static int
command(const char *format)
{
    char  text[1024];

    snprintf(text, sizeof(text), "PATH=\"$(ls -d /usr/lib/postgresql/*/bin "
             "| tail -n 1):$PATH\"; D=%s; %s %s >>/dev/null 2>&1 </dev/null",
             dir, as_user, format);

    return system(text);
}


static int
server(const char *how)
{
    char  text[512];

    snprintf(text, sizeof(text), "pg_ctl -s -w -m fast -D $D/data -l $D/log "
             "-o \"-k $D -c listen_addresses= -c fsync=off\" %s", how);

    return command(text);
}


static void
sql(const char *text)
{
    PGresult  *res;

    res = PQexec(conn, text);

    if (PQresultStatus(res) != PGRES_COMMAND_OK
        && PQresultStatus(res) != PGRES_TUPLES_OK)
    {
        fail_msg("%s: %s", text, PQerrorMessage(conn));
    }

    PQclear(res);
}


static void
assert_sql(const char *query, const char *expect)
{
    PGresult  *res;

    res = PQexec(conn, query);

    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", query, PQerrorMessage(conn));
    }

    assert_string_equal(PQntuples(res) ? PQgetvalue(res, 0, 0) : "none",
                        expect);
    PQclear(res);
}


static void
connect_test(void)
{
    conn = PQconnectdb(conninfo);

    if (PQstatus(conn) != CONNECTION_OK) {
        fail_msg("%s", PQerrorMessage(conn));
    }
}


static int
group_setup(void **state)
{
    FILE           *f;
    char           *text;
    size_t          n;
    struct passwd  *pw;

    (void) state;

    as_user = "";
    assert_non_null(mkdtemp(dir));

    if (geteuid() == 0) {
        pw = getpwnam("postgres");
        assert_non_null(pw);
        assert_int_equal(chown(dir, pw->pw_uid, pw->pw_gid), 0);
        as_user = "setpriv --reuid=postgres --regid=postgres --init-groups "
                  "env PATH=\"$PATH\"";
    }

    assert_int_equal(command("initdb -D $D/data -E UTF8 --locale=C.UTF-8 "
                             "-A trust -U test -N"), 0);
    assert_int_equal(server("start"), 0);

    snprintf(conninfo, sizeof(conninfo), "host=%s user=test dbname=postgres",
             dir);

    connect_test();
    sql("CREATE SCHEMA mlforkidsdb; SET search_path TO mlforkidsdb");

    f = fopen(UNIT_ROOT "/conf/sql/0002_mlforkids.sql", "r");
    assert_non_null(f);
    text = calloc(1, 65536);
    assert_non_null(text);
    n = fread(text, 1, 65535, f);
    assert_in_range(n, 1, 65534);
    fclose(f);
    sql(text);
    free(text);

    return wk_log_open("/dev/null", "error");
}


static int
group_teardown(void **state)
{
    (void) state;

    PQfinish(conn);
    server("stop");
    command("rm -rf $D/data $D/log");

    return rmdir(dir);
}


static int
setup(void **state)
{
    (void) state;

    sql("DELETE FROM mlforkids_jobs");
    db = wk_db_create(conninfo, "unit", 10000);

    return db == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    wk_db_destroy(db);

    return 0;
}


/* What a click on "train" does. */

static void
click(const char *project)
{
    char  text[512];

    snprintf(text, sizeof(text),
             "INSERT INTO mlforkids_jobs (kind, subject) VALUES ('text', '%s')"
             " ON CONFLICT (kind, subject) WHERE state IN"
             " ('waiting', 'running')"
             " DO UPDATE SET again = mlforkids_jobs.state = 'running'",
             project);
    sql(text);
}


static void
expire(void)
{
    sql("UPDATE mlforkids_jobs SET lease_until = now() - interval '1 ms'");
}


static void
test_life(void **state)
{
    int        again;
    int64_t    n;
    wk_job_t   job, other;

    (void) state;

    assert_int_equal(wk_queue_claim(db, &a, &job), WK_DECLINED);

    click("p1");
    click("p1");
    assert_sql("SELECT count(*) FROM mlforkids_jobs", "1");

    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    assert_string_equal(job.subject, "p1");
    assert_int_equal(job.attempts, 1);
    assert_int_equal(wk_queue_claim(db, &b, &other), WK_DECLINED);
    assert_sql("SELECT lease_until > now() + interval '50 s'"
               " FROM mlforkids_jobs", "t");

    sql("UPDATE mlforkids_jobs SET lease_until = now() + interval '1 s'");
    assert_int_equal(wk_queue_beat(db, &a, &job), WK_OK);
    assert_sql("SELECT lease_until > now() + interval '50 s'"
               " FROM mlforkids_jobs", "t");

    assert_int_equal(wk_queue_finish(db, &a, &job, &again), WK_OK);
    assert_int_equal(again, 0);
    assert_sql("SELECT state FROM mlforkids_jobs"
               " WHERE finished IS NOT NULL AND lease_until IS NULL", "done");
    assert_int_equal(wk_queue_beat(db, &a, &job), WK_DECLINED);

    /* only what ended long ago is removed */

    assert_int_equal(wk_queue_sweep(db, &a, &n), WK_OK);
    assert_int_equal(n, 0);
    sql("UPDATE mlforkids_jobs SET finished = now() - interval '25 hours'");
    assert_int_equal(wk_queue_sweep(db, &a, &n), WK_OK);
    assert_int_equal(n, 1);
}


static void
test_lost_lease(void **state)
{
    int       again, dead;
    wk_job_t  old, new;

    (void) state;

    click("p1");
    assert_int_equal(wk_queue_claim(db, &a, &old), WK_OK);
    expire();
    assert_int_equal(wk_queue_claim(db, &b, &new), WK_OK);
    assert_string_equal(new.id, old.id);
    assert_int_equal(new.attempts, 2);

    assert_int_equal(wk_queue_beat(db, &a, &old), WK_DECLINED);
    assert_int_equal(wk_queue_finish(db, &a, &old, &again), WK_DECLINED);
    assert_int_equal(wk_queue_fail(db, &a, &old, "x", &dead), WK_DECLINED);
    assert_int_equal(wk_queue_release(db, &a, &old), WK_DECLINED);
    assert_sql("SELECT state || attempts || worker FROM mlforkids_jobs",
               "running2b");

    /* started afresh, the number of attempts is the old one's again */

    click("p1");
    assert_int_equal(wk_queue_finish(db, &b, &new, &again), WK_OK);
    assert_int_equal(again, 1);
    assert_int_equal(wk_queue_claim(db, &b, &new), WK_OK);
    assert_int_equal(new.attempts, old.attempts);
    assert_int_equal(wk_queue_finish(db, &a, &old, &again), WK_DECLINED);
    assert_int_equal(wk_queue_finish(db, &b, &new, &again), WK_OK);
    assert_int_equal(again, 0);
}


static void
test_again(void **state)
{
    int       again;
    wk_job_t  job;

    (void) state;

    click("p1");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    click("p1");
    click("p1");
    assert_sql("SELECT count(*) FROM mlforkids_jobs", "1");

    assert_int_equal(wk_queue_finish(db, &a, &job, &again), WK_OK);
    assert_int_equal(again, 1);
    assert_sql("SELECT state || attempts || again FROM mlforkids_jobs",
               "waiting0false");

    /* a click before the job was claimed once more is part of it */

    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    click("p1");
    expire();
    assert_int_equal(wk_queue_claim(db, &b, &job), WK_OK);
    assert_int_equal(wk_queue_finish(db, &b, &job, &again), WK_OK);
    assert_int_equal(again, 0);
}


static void
test_failures(void **state)
{
    int       i, dead;
    wk_job_t  job, other;

    (void) state;

    click("p1");

    for (i = 1; i <= WK_QUEUE_ATTEMPTS; i++) {
        assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
        assert_int_equal(job.attempts, i);
        assert_int_equal(wk_queue_fail(db, &a, &job, "crash", &dead), WK_OK);
        assert_int_equal(dead, i == WK_QUEUE_ATTEMPTS);

        if (!dead) {

            /* it waits, and keeps nobody else waiting */

            assert_sql("SELECT run_at > now() + interval '1 s'"
                       " FROM mlforkids_jobs WHERE subject = 'p1'", "t");
            click("p2");
            assert_int_equal(wk_queue_claim(db, &b, &other), WK_OK);
            assert_string_equal(other.subject, "p2");
            sql("DELETE FROM mlforkids_jobs WHERE subject = 'p2'");
            sql("UPDATE mlforkids_jobs SET run_at = now()");
        }
    }

    assert_sql("SELECT state || error FROM mlforkids_jobs", "deadcrash");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_DECLINED);

    /* a dead job is no obstacle, and a click during the last attempt counts */

    click("p1");
    sql("UPDATE mlforkids_jobs SET attempts = 2 WHERE state = 'waiting'");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    click("p1");
    assert_int_equal(wk_queue_fail(db, &a, &job, "crash", &dead), WK_OK);
    assert_int_equal(dead, 0);
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    assert_int_equal(job.attempts, 1);
}


static void
test_put_back(void **state)
{
    wk_job_t           job;
    wk_queue_counts_t  counts;

    (void) state;

    click("p1");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    assert_int_equal(wk_queue_release(db, &a, &job), WK_OK);
    assert_sql("SELECT state || attempts FROM mlforkids_jobs", "waiting0");

    /* after a death the attempt counts, and others' jobs stay theirs */

    click("p2");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    assert_int_equal(wk_queue_claim(db, &b, &job), WK_OK);
    assert_int_equal(wk_queue_recover(db, &a), WK_OK);
    assert_int_equal(wk_queue_counts(db, "text", &counts), WK_OK);
    assert_int_equal(counts.waiting, 1);
    assert_int_equal(counts.running, 1);
    assert_int_equal(counts.dead, 0);
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);
    assert_int_equal(job.attempts, 2);
}


static void *
take_all(void *arg)
{
    int          rc, again;
    wk_db_t     *mine;
    wk_job_t     job;
    wk_queue_t  *q;
    intptr_t     n;

    q = arg;
    n = 0;
    mine = wk_db_create(conninfo, "unit", 10000);

    if (mine == NULL) {
        return (void *) -1;
    }

    while ((rc = wk_queue_claim(mine, q, &job)) == WK_OK) {
        if (job.attempts != 1
            || wk_queue_finish(mine, q, &job, &again) != WK_OK)
        {
            rc = WK_ERROR;
            break;
        }

        n++;
    }

    wk_db_destroy(mine);

    return (void *) ((rc == WK_DECLINED) ? n : -1);
}


static void
test_many_workers(void **state)
{
    int         i;
    void       *n;
    intptr_t    sum;
    pthread_t   threads[THREADS];
    wk_queue_t  queues[THREADS];

    (void) state;

    sql("INSERT INTO mlforkids_jobs (kind, subject)"
        " SELECT 'text', 'p' || g FROM generate_series(1, 200) g");

    for (i = 0; i < THREADS; i++) {
        queues[i].kind = "text";
        snprintf(queues[i].worker, sizeof(queues[i].worker), "w%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, take_all,
                                        &queues[i]), 0);
    }

    sum = 0;

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &n), 0);
        assert_int_not_equal((intptr_t) n, -1);
        sum += (intptr_t) n;
    }

    assert_int_equal(sum, JOBS);
    assert_sql("SELECT count(*) FROM mlforkids_jobs WHERE state = 'done'",
               "200");
}


static void
test_transaction(void **state)
{
    int       again;
    wk_job_t  job;

    (void) state;

    click("p1");
    assert_int_equal(wk_queue_claim(db, &a, &job), WK_OK);

    assert_int_equal(wk_db_begin(db), WK_OK);
    assert_int_equal(wk_queue_finish(db, &a, &job, &again), WK_OK);
    wk_db_rollback(db);
    assert_sql("SELECT state FROM mlforkids_jobs", "running");

    assert_int_equal(wk_db_begin(db), WK_OK);
    assert_int_equal(wk_queue_finish(db, &a, &job, &again), WK_OK);
    assert_int_equal(wk_db_commit(db), WK_OK);
    assert_sql("SELECT state FROM mlforkids_jobs", "done");

    /* a snapshot is for reading */

    assert_int_equal(wk_db_begin_snapshot(db), WK_OK);
    assert_int_equal(wk_queue_recover(db, &a), WK_DOWN);
    wk_db_rollback(db);
    assert_int_equal(wk_queue_recover(db, &a), WK_OK);
}


static void
test_server_restart(void **state)
{
    int                rc;
    int64_t            end;
    wk_queue_counts_t  counts;

    (void) state;

    click("p1");
    assert_int_equal(wk_queue_counts(db, "text", &counts), WK_OK);

    /* one statement finds the connection dead and is done all the same */

    assert_int_equal(server("restart"), 0);
    assert_int_equal(wk_queue_counts(db, "text", &counts), WK_OK);
    assert_int_equal(counts.waiting, 1);

    assert_int_equal(server("stop"), 0);
    assert_int_equal(wk_queue_counts(db, "text", &counts), WK_DOWN);
    assert_int_equal(wk_db_begin(db), WK_DOWN);
    assert_int_equal(server("start"), 0);

    end = wk_now() + 30000;

    do {
        rc = wk_queue_counts(db, "text", &counts);
    } while (rc == WK_DOWN && wk_now() < end);

    assert_int_equal(rc, WK_OK);
    assert_int_equal(counts.waiting, 1);

    PQfinish(conn);
    connect_test();
    sql("SET search_path TO mlforkidsdb");
}


static void
test_check(void **state)
{
    (void) state;

    assert_int_equal(wk_db_check("host=x password='a b'"), WK_OK);
    assert_int_equal(wk_db_check("postgresql://u:p@h:5/d?sslmode=require"),
                     WK_OK);
    assert_int_equal(wk_db_check("host=x password=a b"), WK_ERROR);
    assert_int_equal(wk_db_check("colour=red"), WK_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_lease, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_put_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_workers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transaction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_server_restart, setup, teardown),
        cmocka_unit_test(test_check)
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
