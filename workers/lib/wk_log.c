/*
 * Log lines: "2026-01-31T12:34:56.789Z info 1234 runner 0: message".
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wk_core.h"
#include "wk_log.h"


#define WK_LOG_LINE  1024


static const char *wk_log_levels[] = { "error", "warn", "info", "debug" };

static int             wk_log_fd = STDERR_FILENO;
static const char     *wk_log_path;
static wk_log_level_e  wk_log_level = WK_LOG_INFO;
static char            wk_log_who[32];


static void wk_log_write(wk_log_level_e level, int err, const char *fmt,
    va_list args) __attribute__((format(printf, 3, 0)));


int64_t
wk_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static int
wk_log_open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                0640);
}


static int
find_level(const char *level, wk_log_level_e *found)
{
    size_t  i;

    for (i = 0; i < sizeof(wk_log_levels) / sizeof(char *); i++) {
        if (strcmp(level, wk_log_levels[i]) == 0) {
            *found = (wk_log_level_e) i;
            return WK_OK;
        }
    }

    return WK_ERROR;
}


int
wk_log_check(const char *level)
{
    wk_log_level_e  found;

    return find_level(level, &found);
}


int
wk_log_open(const char *path, const char *level)
{
    int             fd;
    wk_log_level_e  found;

    if (find_level(level, &found) != WK_OK) {
        errno = EINVAL;
        return WK_ERROR;
    }

    fd = STDERR_FILENO;

    if (strcmp(path, "stderr") != 0) {
        fd = wk_log_open_file(path);

        if (fd == -1) {
            return WK_ERROR;
        }

        wk_log_path = path;
    }

    if (wk_log_fd != STDERR_FILENO) {
        close(wk_log_fd);
    }

    wk_log_fd = fd;
    wk_log_level = found;

    return WK_OK;
}


void
wk_log_reopen(void)
{
    int  fd;

    if (wk_log_path == NULL) {
        return;
    }

    fd = wk_log_open_file(wk_log_path);

    if (fd == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "cannot reopen the log");
        return;
    }

    /* the number stays, so that no other thread can see a closed one */

    if (dup3(fd, wk_log_fd, O_CLOEXEC) == -1) {
        wk_log_errno(WK_LOG_ERROR, errno, "cannot replace the log");
    }

    close(fd);
}


void
wk_log_name(const char *name)
{
    snprintf(wk_log_who, sizeof(wk_log_who), " %s", name);
}


int
wk_log_on(wk_log_level_e level)
{
    return level <= wk_log_level;
}


void
wk_log(wk_log_level_e level, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    wk_log_write(level, 0, fmt, args);
    va_end(args);
}


void
wk_log_errno(wk_log_level_e level, int err, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    wk_log_write(level, err, fmt, args);
    va_end(args);
}


static void
wk_log_write(wk_log_level_e level, int err, const char *fmt, va_list args)
{
    int              n, saved;
    char             line[WK_LOG_LINE], text[128];
    size_t           len, start, i;
    ssize_t          sent;
    struct tm        tm;
    struct timespec  ts;

    if (!wk_log_on(level)) {
        return;
    }

    saved = errno;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);

    len = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
    n = snprintf(line + len, sizeof(line) - len, ".%03dZ %s %d%s: ",
                 (int) (ts.tv_nsec / 1000000), wk_log_levels[level],
                 (int) getpid(), wk_log_who);

    len += (n > 0) ? (size_t) n : 0;
    start = len;

    n = vsnprintf(line + len, sizeof(line) - len, fmt, args);

    len += (n > 0) ? (size_t) n : 0;

    if (err != 0 && len < sizeof(line)) {
        n = snprintf(line + len, sizeof(line) - len, " (%d: %s)", err,
                     strerror_r(err, text, sizeof(text)));
        len += (n > 0) ? (size_t) n : 0;
    }

    if (len > sizeof(line) - 1) {
        len = sizeof(line) - 1;
    }

    while (len > start && line[len - 1] == '\n') {
        len--;
    }

    for (i = start; i < len; i++) {
        if ((unsigned char) line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }

    line[len++] = '\n';

    do {
        sent = write(wk_log_fd, line, len);
    } while (sent == -1 && errno == EINTR);

    errno = saved;
}
