/*
 * Signals through signalfd(2).
 */

#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "wk_core.h"
#include "wk_signal.h"


static const int  wk_signals[] = {
    SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD
};


static void
wk_signal_set(sigset_t *set)
{
    size_t  i;

    sigemptyset(set);

    for (i = 0; i < sizeof(wk_signals) / sizeof(int); i++) {
        sigaddset(set, wk_signals[i]);
    }
}


int
wk_signal_open(void)
{
    sigset_t  set;

    wk_signal_set(&set);

    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1
        || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    {
        return -1;
    }

    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}


int
wk_signal_next(int fd)
{
    ssize_t                  n;
    struct signalfd_siginfo  info;

    do {
        n = read(fd, &info, sizeof(info));
    } while (n == -1 && errno == EINTR);

    if (n != sizeof(info)) {
        return 0;
    }

    if (info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT) {
        return SIGTERM;
    }

    return (int) info.ssi_signo;
}


void
wk_signal_reset(void)
{
    sigset_t  set;

    signal(SIGPIPE, SIG_DFL);

    wk_signal_set(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}


int
wk_signal_with_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1) {
        return WK_ERROR;
    }

    /* it may have died before the call */

    return (getppid() == parent) ? WK_OK : WK_ERROR;
}
