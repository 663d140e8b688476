/*
 * The forked child with limits: each way in which it can end.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "wk_sandbox.h"
#include "wk_signal.h"


#define MEGA  (1024 * 1024)


static wk_sandbox_limits_t  limits;
static wk_sandbox_result_t  r;
static int                  ticks;


/* No child may be left behind, whatever happened. */

static void
run(wk_sandbox_func_t func)
{
    wk_sandbox_run(&limits, func, NULL, &r);

    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);

    if (r.why != WK_SANDBOX_OK) {
        assert_null(r.data);
    }
}


static int
setup(void **state)
{
    (void) state;

    memset(&limits, 0, sizeof(limits));
    limits.time = 60000;
    limits.memory = 0;
    limits.result = MEGA;
    limits.tick = 10;
    limits.wake = -1;
    ticks = 0;

    return 0;
}


static int
child_result(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;

    *len = MEGA;
    *data = malloc(*len);

    if (*data == NULL) {
        return WK_SANDBOX_NOMEM;
    }

    memset(*data, 'm', *len);

    return 7;
}


static void
test_result(void **state)
{
    size_t  i;

    (void) state;

    run(child_result);

    assert_int_equal(r.why, WK_SANDBOX_OK);
    assert_int_equal(r.code, 7);
    assert_int_equal(r.len, MEGA);

    for (i = 0; i < r.len; i++) {
        assert_int_equal(r.data[i], 'm');
    }

    free(r.data);
}


static int
child_nothing(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    return 0;
}


static void
test_no_result(void **state)
{
    (void) state;

    run(child_nothing);

    assert_int_equal(r.why, WK_SANDBOX_OK);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.len, 0);
    free(r.data);
}


static void
test_too_large(void **state)
{
    (void) state;

    limits.result = MEGA - 1;
    run(child_result);

    assert_int_equal(r.why, WK_SANDBOX_SIZE);
}


static int
child_abort(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);

    return 0;
}


static int
child_exit(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    _exit(0);
}


static void
test_crash(void **state)
{
    (void) state;

    run(child_abort);

    assert_int_equal(r.why, WK_SANDBOX_CRASH);
    assert_int_equal(r.sig, SIGABRT);

    /* a good exit code without a result is no success */

    run(child_exit);

    assert_int_equal(r.why, WK_SANDBOX_CRASH);
    assert_int_equal(r.sig, 0);
}


/* Finds the pipe, the only descriptor above standard error. */

static int
find_pipe(void)
{
    int  fd;

    for (fd = 3; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) != -1) {
            return fd;
        }
    }

    return -1;
}


static int
child_garbage(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    if (write(find_pipe(), "not a head of a result", 22) != 22) {
        return 1;
    }

    while (pause() == -1) { /* void */ }

    return 0;
}


/* Announces more than it sends. */

static int
child_half(void *arg, unsigned char **data, size_t *len)
{
    const uint32_t  head[4] = { 0x53424f58, 0, 1000, 0 };

    (void) arg;
    (void) data;
    (void) len;

    if (write(find_pipe(), head, sizeof(head)) != sizeof(head)) {
        return 1;
    }

    _exit(0);
}


static void
test_broken_result(void **state)
{
    (void) state;

    run(child_garbage);
    assert_int_equal(r.why, WK_SANDBOX_CRASH);

    run(child_half);
    assert_int_equal(r.why, WK_SANDBOX_CRASH);
}


static int
child_sleep(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    while (pause() == -1) { /* void */ }

    return 0;
}


static int
child_closes(void *arg, unsigned char **data, size_t *len)
{
    close(find_pipe());

    return child_sleep(arg, data, len);
}


static int
child_spin(void *arg, unsigned char **data, size_t *len)
{
    volatile unsigned  n;

    (void) arg;
    (void) data;
    (void) len;

    for (n = 1; n; n |= 1) { /* void */ }

    return 0;
}


static void
test_time(void **state)
{
    (void) state;

    limits.time = 100;

    run(child_sleep);
    assert_int_equal(r.why, WK_SANDBOX_TIME);

    run(child_spin);
    assert_int_equal(r.why, WK_SANDBOX_TIME);

    run(child_closes);
    assert_int_equal(r.why, WK_SANDBOX_TIME);
}


#ifndef __SANITIZE_ADDRESS__

static int
child_eats(void *arg, unsigned char **data, size_t *len)
{
    int    i;
    char  *p;

    (void) arg;
    (void) data;
    (void) len;

    for (i = 0; i < 4096; i++) {
        p = malloc(MEGA);

        if (p == NULL) {
            return WK_SANDBOX_NOMEM;
        }

        memset(p, 1, MEGA);
    }

    return 0;
}


/* Like a library that does not look at what malloc() returns. */

static int
child_eats_blindly(void *arg, unsigned char **data, size_t *len)
{
    int    i;
    char  *p;

    (void) arg;
    (void) data;
    (void) len;

    for (i = 0; i < 4096; i++) {
        p = malloc(MEGA);

        if (p == NULL) {
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
            return 0;
        }

        memset(p, 1, MEGA);
    }

    return 0;
}


static void
test_memory(void **state)
{
    (void) state;

    limits.memory = 64 * MEGA;

    run(child_eats);
    assert_int_equal(r.why, WK_SANDBOX_MEMORY);

    run(child_eats_blindly);
    assert_int_equal(r.why, WK_SANDBOX_MEMORY);
    assert_int_equal(r.sig, SIGSEGV);
}


static int
child_opens(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
        return 1;
    }

    if (find_pipe() == -1 || fcntl(find_pipe() + 1, F_GETFD) != -1) {
        return 2;
    }

    return (open("/dev/null", O_RDONLY) == -1 && errno == EMFILE) ? 0 : 3;
}


static void
test_confined(void **state)
{
    int  fd;

    (void) state;

    fd = dup(STDIN_FILENO);
    assert_int_not_equal(fd, -1);

    limits.memory = 256 * MEGA;
    run(child_opens);
    close(fd);

    assert_int_equal(r.why, WK_SANDBOX_OK);
    assert_int_equal(r.code, 0);
    free(r.data);
}

#endif


static int
on_tick(void *data)
{
    return ++ticks == *(int *) data;
}


static void
test_stopped(void **state)
{
    int  fds[2], last;

    (void) state;

    last = 3;
    limits.on_tick = on_tick;
    limits.data = &last;

    run(child_sleep);

    assert_int_equal(r.why, WK_SANDBOX_STOPPED);
    assert_int_equal(ticks, 3);

    /* a tick at once: the next one by itself would come after the limit */

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);

    ticks = 0;
    last = 1;
    limits.tick = limits.time * 2;
    limits.wake = fds[0];

    run(child_sleep);

    assert_int_equal(r.why, WK_SANDBOX_STOPPED);
    close(fds[0]);
    close(fds[1]);
}


/* The parent's blocked signals are the child's own business. */

static int
child_terminates(void *arg, unsigned char **data, size_t *len)
{
    (void) arg;
    (void) data;
    (void) len;

    kill(getpid(), SIGTERM);

    return 0;
}


static void
test_signals(void **state)
{
    int       fd;
    sigset_t  old;

    (void) state;

    sigprocmask(SIG_BLOCK, NULL, &old);

    fd = wk_signal_open();
    assert_int_not_equal(fd, -1);

    run(child_terminates);
    assert_int_equal(r.why, WK_SANDBOX_CRASH);
    assert_int_equal(r.sig, SIGTERM);

    assert_int_equal(wk_signal_next(fd), SIGCHLD);
    assert_int_equal(wk_signal_next(fd), 0);

    kill(getpid(), SIGINT);
    assert_int_equal(wk_signal_next(fd), SIGTERM);

    kill(getpid(), SIGHUP);
    assert_int_equal(wk_signal_next(fd), SIGHUP);

    close(fd);
    wk_signal_reset();
    sigprocmask(SIG_SETMASK, &old, NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_result, setup),
        cmocka_unit_test_setup(test_no_result, setup),
        cmocka_unit_test_setup(test_too_large, setup),
        cmocka_unit_test_setup(test_crash, setup),
        cmocka_unit_test_setup(test_broken_result, setup),
        cmocka_unit_test_setup(test_time, setup),
#ifndef __SANITIZE_ADDRESS__   /* it reserves terabytes of address space */
        cmocka_unit_test_setup(test_memory, setup),
        cmocka_unit_test_setup(test_confined, setup),
#endif
        cmocka_unit_test_setup(test_stopped, setup),
        cmocka_unit_test_setup(test_signals, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
