/*
 * A forked child with limits.
 *
 * What goes through the pipe: the head below, then the result's bytes.  The
 * child counts as successful only when all announced bytes have come.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "wk_log.h"
#include "wk_sandbox.h"
#include "wk_signal.h"


#define WK_SANDBOX_MAGIC  0x53424f58   /* "SBOX" */
#define WK_SANDBOX_CHUNK  65536


typedef struct {
    uint32_t  magic;
    uint32_t  code;
    uint64_t  len;
} head_t;


typedef struct {
    const wk_sandbox_limits_t  *limits;
    wk_sandbox_result_t        *result;
    pid_t                       pid;
    int                         fd;
    int64_t                     start;
    int64_t                     next_tick;
    head_t                      head;
    size_t                      got;      /* bytes, the head included */
} box_t;


static void
limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit  rl;

    rl.rlim_cur = soft;
    rl.rlim_max = hard;

    if (setrlimit(resource, &rl) == -1) {
        _exit(1);
    }
}


static void
send_all(int fd, const void *data, size_t len)
{
    ssize_t      n;
    const char  *p;

    for (p = data; len; p += n, len -= (size_t) n) {
        n = write(fd, p, len);

        if (n == -1) {
            if (errno != EINTR) {
                _exit(1);
            }

            n = 0;
        }
    }
}


static void
child(const wk_sandbox_limits_t *limits, int fd, pid_t parent,
    wk_sandbox_func_t func, void *arg)
{
    head_t          head;
    rlim_t          cpu;
    size_t          len;
    unsigned char  *data;

    wk_signal_reset();

    if (wk_signal_with_parent(parent) != WK_OK
        || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1
        || (fd > 3 && close_range(3, (unsigned) fd - 1, 0) == -1)
        || close_range((unsigned) fd + 1, ~0U, 0) == -1)
    {
        _exit(1);
    }

    cpu = (rlim_t) (limits->time + 999) / 1000 + 1;

    limit(RLIMIT_CPU, cpu, cpu + 1);
    limit(RLIMIT_CORE, 0, 0);

    if (limits->memory) {
        limit(RLIMIT_NOFILE, 0, 0);
        limit(RLIMIT_AS, (rlim_t) limits->memory, (rlim_t) limits->memory);
    }

    data = NULL;
    len = 0;

    memset(&head, 0, sizeof(head));
    head.magic = WK_SANDBOX_MAGIC;
    head.code = (uint32_t) func(arg, &data, &len);
    head.len = data ? len : 0;

    send_all(fd, &head, sizeof(head));
    send_all(fd, data, head.len);

    _exit(0);
}


/* Takes n bytes that came; non-zero when that is all, or too much. */

static int
take(box_t *box, const unsigned char *p, size_t n)
{
    size_t                part;
    wk_sandbox_result_t  *r;

    r = box->result;

    if (box->got < sizeof(head_t)) {
        part = sizeof(head_t) - box->got;
        part = (n < part) ? n : part;

        memcpy((char *) &box->head + box->got, p, part);
        box->got += part;
        p += part;
        n -= part;

        if (box->got < sizeof(head_t)) {
            return 0;
        }

        if (box->head.magic != WK_SANDBOX_MAGIC) {
            return 1;
        }

        if (box->head.len > box->limits->result) {
            r->why = WK_SANDBOX_SIZE;
            return 1;
        }

        r->data = malloc(box->head.len + 1);

        if (r->data == NULL) {
            r->why = WK_SANDBOX_MEMORY;
            return 1;
        }
    }

    part = box->head.len - r->len;
    part = (n < part) ? n : part;

    memcpy(r->data + r->len, p, part);
    r->len += part;
    box->got += part;

    if (r->len < box->head.len) {
        return 0;
    }

    r->code = (int) box->head.code;
    r->why = (r->code == WK_SANDBOX_NOMEM) ? WK_SANDBOX_MEMORY : WK_SANDBOX_OK;

    return 1;
}


/* Reads what is there; non-zero when nothing more is to be read. */

static int
receive(box_t *box)
{
    ssize_t        n;
    unsigned char  chunk[WK_SANDBOX_CHUNK];

    n = read(box->fd, chunk, sizeof(chunk));

    if (n == -1) {
        return errno != EINTR && errno != EAGAIN;
    }

    return n == 0 || take(box, chunk, (size_t) n);
}


/* Waits for something to do; non-zero when the child is to be ended. */

static int
wait_event(box_t *box)
{
    int                         done;
    int64_t                     now, end, until;
    struct pollfd               fds[2];
    const wk_sandbox_limits_t  *l;

    l = box->limits;
    now = wk_now();
    end = box->start + l->time;

    if (now >= end) {
        box->result->why = WK_SANDBOX_TIME;
        return 1;
    }

    until = (l->on_tick && box->next_tick < end) ? box->next_tick : end;

    fds[0].fd = box->fd;
    fds[0].events = POLLIN;
    fds[0].revents = 0;
    fds[1].fd = l->wake;              /* ignored if negative */
    fds[1].events = POLLIN;
    fds[1].revents = 0;

    if (poll(fds, 2, (until > now) ? (int) (until - now) : 0) == -1
        && errno != EINTR)
    {
        box->result->why = WK_SANDBOX_SYSTEM;
        return 1;
    }

    done = 0;

    if (fds[0].revents) {
        done = receive(box);
    }

    if (!done && l->on_tick
        && (fds[1].revents || wk_now() >= box->next_tick))
    {
        box->next_tick = wk_now() + l->tick;

        if (l->on_tick(l->data)) {
            box->result->why = WK_SANDBOX_STOPPED;
            return 1;
        }
    }

    return done;
}


/*
 * The pipe is at its end without a full result: lets the child die by itself,
 * for its status tells why, until the time is over.
 */

static void
reap(box_t *box, int kill_it)
{
    int                   status;
    pid_t                 pid;
    struct rusage         usage;
    wk_sandbox_result_t  *r;

    r = box->result;
    status = 0;
    memset(&usage, 0, sizeof(usage));

    for ( ;; ) {

        if (kill_it) {
            kill(box->pid, SIGKILL);
        }

        pid = wait4(box->pid, &status, kill_it ? 0 : WNOHANG, &usage);

        if (pid == box->pid || (pid == -1 && errno != EINTR)) {
            break;
        }

        if (pid == 0) {
            if (wk_now() >= box->start + box->limits->time) {
                r->why = WK_SANDBOX_TIME;
                kill_it = 1;

            } else {
                poll(NULL, 0, 5);
            }
        }
    }

    r->rss = usage.ru_maxrss;

    if (r->why != WK_SANDBOX_CRASH || !WIFSIGNALED(status)) {
        return;
    }

    r->sig = WTERMSIG(status);

    if (r->sig == SIGXCPU) {
        r->why = WK_SANDBOX_TIME;

    } else if (box->limits->memory
               && r->rss > box->limits->memory / 1024 / 5 * 4)
    {
        /* a library that does not check malloc() dies by a NULL pointer */

        r->why = WK_SANDBOX_MEMORY;
    }
}


void
wk_sandbox_run(const wk_sandbox_limits_t *limits, wk_sandbox_func_t func,
    void *arg, wk_sandbox_result_t *result)
{
    int    fds[2], complete;
    pid_t  parent;
    box_t  box;

    memset(result, 0, sizeof(wk_sandbox_result_t));
    result->why = WK_SANDBOX_SYSTEM;

    if (pipe2(fds, O_CLOEXEC) == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "pipe() failed");
        return;
    }

    parent = getpid();

    memset(&box, 0, sizeof(box));
    box.limits = limits;
    box.result = result;
    box.fd = fds[0];
    box.start = wk_now();
    box.next_tick = box.start + limits->tick;
    box.pid = fork();

    if (box.pid == 0) {
        child(limits, fds[1], parent, func, arg);
    }

    close(fds[1]);

    if (box.pid == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "fork() failed");
        close(fds[0]);
        return;
    }

    result->why = WK_SANDBOX_CRASH;

    while (!wait_event(&box)) { /* void */ }

    /* what sent garbage or too much, or is out of time, is not waited for */

    complete = result->why != WK_SANDBOX_CRASH
               || box.got >= sizeof(head_t);

    close(fds[0]);
    reap(&box, complete);

    result->elapsed = wk_now() - box.start;

    if (result->why != WK_SANDBOX_OK) {
        free(result->data);
        result->data = NULL;
        result->len = 0;
    }
}


const char *
wk_sandbox_why(wk_sandbox_why_e why)
{
    static const char *words[] = {
        "ok", "crash", "time", "memory", "size", "stopped", "system"
    };

    return words[why];
}
