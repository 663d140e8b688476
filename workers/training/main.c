/*
 * mlforkids-training: settings, command line, and the supervisor of the
 * processes described in worker.h.
 */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "wk_conf.h"
#include "wk_db.h"
#include "wk_log.h"
#include "wk_signal.h"
#include "worker.h"


#define MAIN_CHILDREN    (WORKER_RUNNERS + 1)
#define MAIN_STOP        12000     /* then children are killed, ms */
#define MAIN_DELAY       1000      /* between two starts of one child */
#define MAIN_FOREVER     INT64_MAX

#define MEGA             (INT64_C(1) << 20)
#define GIGA             (INT64_C(1) << 30)


typedef struct {
    pid_t    pid;                  /* 0: not running */
    int64_t  started;
    int64_t  next;                 /* when to start it */
} child_t;


static const wk_conf_entry_t  worker_settings[] = {

    { "database", WK_CONF_STRING, offsetof(worker_conf_t, database),
      NULL, 0, 0, "connection string of PostgreSQL, as libpq reads it" },

    { "listen", WK_CONF_STRING, offsetof(worker_conf_t, listen),
      NULL, 0, 0, "unix:/path or host:port" },

    { "threads", WK_CONF_NUMBER, offsetof(worker_conf_t, threads),
      "2", 1, 64, "threads that answer requests" },

    { "vectors", WK_CONF_STRING, offsetof(worker_conf_t, vectors),
      "", 0, 0, "table of English word vectors; without it models of English "
                "projects are less accurate" },

    { "jobs", WK_CONF_NUMBER, offsetof(worker_conf_t, jobs),
      "1", 1, WORKER_RUNNERS, "trainings at the same time" },

    { "job_time", WK_CONF_TIME, offsetof(worker_conf_t, job_time),
      "60s", 100, 86400000, "time that one training may take" },

    { "job_memory", WK_CONF_SIZE, offsetof(worker_conf_t, job_memory),
      "1g", 0, 1024 * GIGA, "address space of one training; 0: no limit" },

    { "model_cache", WK_CONF_SIZE, offsetof(worker_conf_t, model_cache),
      "64m", 0, 1024 * GIGA, "memory for models in use" },

    { "poll", WK_CONF_TIME, offsetof(worker_conf_t, poll),
      "3s", 10, 3600000, "how often to look at the queue when not woken" },

    { "log", WK_CONF_STRING, offsetof(worker_conf_t, log),
      "stderr", 0, 0, "stderr or a path; HUP opens it again" },

    { "log_level", WK_CONF_STRING, offsetof(worker_conf_t, log_level),
      "info", 0, 0, "error, warn, info or debug" },

    { NULL, WK_CONF_STRING, 0, NULL, 0, 0, NULL }
};


static int
usage(void)
{
    printf("Usage: mlforkids-training -c FILE [-t] [--no-limits]\n\n"
           "Trains text models from the job queue in PostgreSQL and answers "
           "texts with them.\n\n"
           "  -c, --config FILE   settings\n"
           "  -t, --test          check the settings and exit\n"
           "  --no-limits         no memory limit for trainings (needed "
           "under a sanitizer)\n"
           "  -h, --help          this text\n\n"
           "Signals: TERM, INT, QUIT stop gracefully, HUP opens the log "
           "again.\n\n");
    wk_conf_help(worker_settings);

    return 0;
}


static int
check_settings(const worker_conf_t *conf)
{
    if (wk_db_check(conf->database) != WK_OK) {
        fprintf(stderr, "mlforkids-training: \"database\" is no connection "
                "string\n");
        return WK_ERROR;
    }

    if (wk_listen_check(conf->listen) != WK_OK) {
        fprintf(stderr, "mlforkids-training: \"listen\" needs unix:/path or "
                "host:port\n");
        return WK_ERROR;
    }

    if (wk_log_check(conf->log_level) != WK_OK) {
        fprintf(stderr, "mlforkids-training: \"log_level\" must be error, "
                "warn, info or debug\n");
        return WK_ERROR;
    }

    if (conf->job_memory && conf->job_memory < 32 * MEGA) {
        fprintf(stderr, "mlforkids-training: \"job_memory\" must be 0 or at "
                "least 32m\n");
        return WK_ERROR;
    }

    return WK_OK;
}


/* A name for leases: no two living workers anywhere may share it. */

static int
make_name(worker_t *w)
{
    char      host[33];
    uint32_t  chance;

    memset(host, 0, sizeof(host));
    gethostname(host, sizeof(host) - 1);

    if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance)) {
        return WK_ERROR;
    }

    snprintf(w->name, sizeof(w->name), "%s/%d/%08x", host, (int) getpid(),
             chance);

    return WK_OK;
}


static void
open_vectors(worker_t *w)
{
    char  err[MODEL_ERROR_LEN];

    if (w->conf.vectors[0] == '\0') {
        return;
    }

    if (tt_vectors_open(w->conf.vectors, &w->vectors, err, sizeof(err))
        != MODEL_OK)
    {
        w->vectors = NULL;
        wk_log(WK_LOG_WARN, "no word vectors, English models will be less "
               "accurate: %s", err);
    }
}


static int
prepare(worker_t *w)
{
    int   i;
    char  err[256];

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || make_name(w) != WK_OK) {
        wk_log_errno(WK_LOG_ERROR, errno, "cannot start");
        return WK_ERROR;
    }

    w->counters = mmap(NULL, sizeof(worker_counters_t),
                       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0);

    if (w->counters == MAP_FAILED) {
        wk_log_errno(WK_LOG_ERROR, errno, "mmap() failed");
        return WK_ERROR;
    }

    for (i = 0; i < w->conf.jobs; i++) {
        w->wake[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

        if (w->wake[i] == -1) {
            wk_log_errno(WK_LOG_ERROR, errno, "eventfd() failed");
            return WK_ERROR;
        }
    }

    open_vectors(w);

    if (wk_listen_open(w->conf.listen, &w->listen, err, sizeof(err))
        != WK_OK)
    {
        wk_log(WK_LOG_ERROR, "%s", err);
        return WK_ERROR;
    }

    return WK_OK;
}


/* Child 0 is the server, child i runner i - 1. */

static void
start_child(worker_t *w, child_t *children, int i, int signals)
{
    pid_t     pid, parent;
    child_t  *c;

    c = &children[i];
    parent = getpid();
    pid = fork();

    if (pid == 0) {
        close(signals);

        if (wk_signal_with_parent(parent) != WK_OK) {
            _exit(1);
        }

        if (i > 0) {
            close(w->listen.fd);
            wk_listen_child(&w->listen);
        }

        exit((i == 0) ? server_run(w) : runner_run(w, i - 1));
    }

    c->started = wk_now();
    c->next = MAIN_FOREVER;

    if (pid == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "fork() failed");
        c->next = wk_now() + MAIN_DELAY;
        return;
    }

    c->pid = pid;
}


static void
reap_children(worker_t *w, child_t *children, int n, int stopping)
{
    int    i, status;
    pid_t  pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {

        for (i = 0; i < n; i++) {
            if (children[i].pid != pid) {
                continue;
            }

            children[i].pid = 0;

            if (stopping) {
                break;
            }

            wk_log(WK_LOG_ERROR, "process %d died (%s %d), starting it again",
                   (int) pid, WIFSIGNALED(status) ? "signal" : "code",
                   WIFSIGNALED(status) ? WTERMSIG(status)
                   : WEXITSTATUS(status));

            atomic_fetch_add(&w->counters->restarts, 1);

            children[i].next = children[i].started + MAIN_DELAY;
            break;
        }
    }
}


static int
tell_children(child_t *children, int n, int sig)
{
    int  i, alive;

    alive = 0;

    for (i = 0; i < n; i++) {
        if (children[i].pid) {
            kill(children[i].pid, sig);
            alive++;
        }
    }

    return alive;
}


static void
stop_children(worker_t *w, child_t *children, int n, int signals)
{
    int64_t        end;
    struct pollfd  pfd;

    tell_children(children, n, SIGTERM);

    end = wk_now() + MAIN_STOP;

    pfd.fd = signals;
    pfd.events = POLLIN;

    for ( ;; ) {
        while (wk_signal_next(signals)) { /* void */ }

        reap_children(w, children, n, 1);

        if (tell_children(children, n, 0) == 0) {
            return;
        }

        if (wk_now() >= end) {
            wk_log(WK_LOG_WARN, "some processes do not stop, killing them");
            tell_children(children, n, SIGKILL);
            end = MAIN_FOREVER;
        }

        poll(&pfd, 1, 500);
    }
}


static int
next_start(child_t *children, int n)
{
    int      i;
    int64_t  now, next;

    now = wk_now();
    next = MAIN_FOREVER;

    for (i = 0; i < n; i++) {
        if (children[i].pid == 0 && children[i].next < next) {
            next = children[i].next;
        }
    }

    return (next == MAIN_FOREVER) ? -1 : (next > now) ? (int) (next - now) : 0;
}


static int
supervise(worker_t *w)
{
    int            i, n, sig, signals, stop;
    child_t        children[MAIN_CHILDREN];
    struct pollfd  pfd;

    n = (int) w->conf.jobs + 1;
    memset(children, 0, sizeof(children));

    signals = wk_signal_open();

    if (signals == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "signalfd() failed");
        return 1;
    }

    wk_log(WK_LOG_INFO, "started as %s, %lld threads, %lld jobs%s", w->name,
           (long long) w->conf.threads, (long long) w->conf.jobs,
           w->vectors ? "" : ", no word vectors");

    pfd.fd = signals;
    pfd.events = POLLIN;

    for (stop = 0; !stop; /* void */ ) {

        for (i = 0; i < n; i++) {
            if (children[i].pid == 0 && children[i].next <= wk_now()) {
                start_child(w, children, i, signals);
            }
        }

        poll(&pfd, 1, next_start(children, n));

        while ((sig = wk_signal_next(signals)) != 0) {

            if (sig == SIGTERM) {
                stop = 1;

            } else if (sig == SIGHUP) {
                wk_log_reopen();
                tell_children(children, n, SIGHUP);
            }
        }

        reap_children(w, children, n, stop);
    }

    stop_children(w, children, n, signals);
    wk_log(WK_LOG_INFO, "stopped");

    return 0;
}


/* Reads the command line: WK_OK, or an exit code in *code. */

static int
read_options(int argc, char **argv, const char **path, int *test,
    int *no_limits, int *code)
{
    int  opt;

    static const struct option  options[] = {
        { "config",    required_argument, NULL, 'c' },
        { "test",      no_argument,       NULL, 't' },
        { "no-limits", no_argument,       NULL, 'n' },
        { "help",      no_argument,       NULL, 'h' },
        { NULL,        0,                 NULL, 0 }
    };

    *code = 2;

    while ((opt = getopt_long(argc, argv, "c:th", options, NULL)) != -1) {
        switch (opt) {

        case 'c':
            *path = optarg;
            break;

        case 't':
            *test = 1;
            break;

        case 'n':
            *no_limits = 1;
            break;

        case 'h':
            *code = usage();
            return WK_ERROR;

        default:
            return WK_ERROR;
        }
    }

    if (*path == NULL || optind < argc) {
        fprintf(stderr, "mlforkids-training: -c FILE is needed; see --help\n");
        return WK_ERROR;
    }

    return WK_OK;
}


static int
run(worker_t *w)
{
    int  rc;

    if (wk_log_open(w->conf.log, w->conf.log_level) != WK_OK) {
        fprintf(stderr, "mlforkids-training: cannot open the log: %s\n",
                strerror(errno));
        return 2;
    }

    w->family = &tt_family;
    w->started = wk_now();

    rc = (prepare(w) == WK_OK) ? supervise(w) : 1;

    wk_listen_close(&w->listen);
    tt_vectors_close(w->vectors);

    return rc;
}


int
main(int argc, char **argv)
{
    int          rc, test, no_limits;
    char         err[512];
    worker_t     w;
    const char  *path;

    memset(&w, 0, sizeof(w));
    w.listen.fd = -1;
    w.listen.lock = -1;
    path = NULL;
    test = 0;
    no_limits = 0;

    if (read_options(argc, argv, &path, &test, &no_limits, &rc) != WK_OK) {
        return rc;
    }

    if (wk_conf_read(worker_settings, 0, path, &w.conf, err, sizeof(err))
        != WK_OK)
    {
        fprintf(stderr, "mlforkids-training: %s\n", err);
        return 2;
    }

    if (no_limits) {
        w.conf.job_memory = 0;
    }

    rc = 2;

    if (check_settings(&w.conf) == WK_OK) {
        if (test) {
            printf("settings in %s are fine\n", path);
            rc = 0;

        } else {
            rc = run(&w);
        }
    }

    wk_conf_free(worker_settings, &w.conf);

    return rc;
}
