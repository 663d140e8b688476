/*
 * Listening sockets.
 */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "wk_listen.h"


#define WK_LISTEN_BACKLOG  511
#define WK_LISTEN_WAIT     5000    /* milliseconds */
#define WK_LISTEN_PAUSE    50


/* Splits "host:port" or "[v6]:port" in place. */

static int
split(char *address, char **host, char **port)
{
    char  *colon;

    colon = strrchr(address, ':');

    if (colon == NULL || colon == address || colon[1] == '\0'
        || strlen(colon + 1) > 5
        || strspn(colon + 1, "0123456789") != strlen(colon + 1))
    {
        return WK_ERROR;
    }

    *colon = '\0';
    *host = address;
    *port = colon + 1;

    if (address[0] == '[') {
        if (colon[-1] != ']') {
            return WK_ERROR;
        }

        colon[-1] = '\0';
        (*host)++;

    } else if (strchr(address, ':') != NULL) {
        return WK_ERROR;
    }

    return WK_OK;
}


int
wk_listen_check(const char *address)
{
    int     rc;
    char   *copy, *host, *port;
    size_t  len;

    if (strncmp(address, "unix:", 5) == 0) {
        len = strlen(address + 5);

        return (address[5] == '/' && len > 1
                && len < sizeof(((struct sockaddr_un *) 0)->sun_path))
               ? WK_OK : WK_ERROR;
    }

    copy = strdup(address);

    if (copy == NULL) {
        return WK_ERROR;
    }

    rc = split(copy, &host, &port);
    free(copy);

    return rc;
}


static int
open_lock(const char *path)
{
    int   fd;
    char  name[sizeof(((struct sockaddr_un *) 0)->sun_path) + 8];

    snprintf(name, sizeof(name), "%s.lock", path);

    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

    return fd;
}


/* Non-zero if something listens on the socket. */

static int
alive(const struct sockaddr_un *sun)
{
    int  fd, rc;

    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1) {
        return 1;
    }

    rc = connect(fd, (const struct sockaddr *) sun, sizeof(*sun));
    rc = rc == 0 || errno == EAGAIN || errno == EINPROGRESS;

    close(fd);

    return rc;
}


static int
open_unix(const char *path, wk_listen_t *l, char *err, size_t errlen)
{
    int                 rc;
    int64_t             end;
    mode_t              mask;
    struct stat         st;
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);

    l->path = strdup(path);
    l->lock = open_lock(path);

    if (l->path == NULL || l->lock == -1) {
        snprintf(err, errlen, "cannot open %s.lock: %s", path,
                 strerror(errno));
        return WK_ERROR;
    }

    end = wk_now() + WK_LISTEN_WAIT;

    while (flock(l->lock, LOCK_EX | LOCK_NB) == -1 || alive(&sun)) {
        if (wk_now() >= end) {
            snprintf(err, errlen, "another process listens on %s", path);
            return WK_ERROR;
        }

        poll(NULL, 0, WK_LISTEN_PAUSE);
    }

    if (lstat(path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode)) {
            snprintf(err, errlen, "%s is not a socket", path);
            return WK_ERROR;
        }

        if (unlink(path) == -1) {
            snprintf(err, errlen, "cannot remove %s: %s", path,
                     strerror(errno));
            return WK_ERROR;
        }
    }

    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    mask = umask(0117);
    rc = (l->fd == -1) ? -1
         : bind(l->fd, (struct sockaddr *) &sun, sizeof(sun));
    umask(mask);

    if (rc == -1 || listen(l->fd, WK_LISTEN_BACKLOG) == -1) {
        snprintf(err, errlen, "cannot listen on %s: %s", path,
                 strerror(errno));
        return WK_ERROR;
    }

    return WK_OK;
}


static int
open_tcp(const char *address, wk_listen_t *l, char *err, size_t errlen)
{
    int               rc, on;
    char             *copy, *host, *port;
    struct addrinfo   hints, *ai;

    copy = strdup(address);

    if (copy == NULL || split(copy, &host, &port) != WK_OK) {
        snprintf(err, errlen, "cannot read the address %s", address);
        free(copy);
        return WK_ERROR;
    }

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;

    rc = getaddrinfo(host, port, &hints, &ai);
    free(copy);

    if (rc != 0) {
        snprintf(err, errlen, "%s: %s", address, gai_strerror(rc));
        return WK_ERROR;
    }

    on = 1;
    rc = WK_OK;
    l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   0);

    if (l->fd == -1
        || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1
        || bind(l->fd, ai->ai_addr, ai->ai_addrlen) == -1
        || listen(l->fd, WK_LISTEN_BACKLOG) == -1)
    {
        snprintf(err, errlen, "cannot listen on %s: %s", address,
                 strerror(errno));
        rc = WK_ERROR;
    }

    freeaddrinfo(ai);

    return rc;
}


int
wk_listen_open(const char *address, wk_listen_t *l, char *err, size_t errlen)
{
    int  rc;

    l->fd = -1;
    l->lock = -1;
    l->path = NULL;

    rc = (strncmp(address, "unix:", 5) == 0)
         ? open_unix(address + 5, l, err, errlen)
         : open_tcp(address, l, err, errlen);

    if (rc != WK_OK) {

        /* the file is not ours to remove */

        free(l->path);
        l->path = NULL;
        wk_listen_close(l);
    }

    return rc;
}


void
wk_listen_child(wk_listen_t *l)
{
    if (l->lock != -1) {
        close(l->lock);
        l->lock = -1;
    }
}


void
wk_listen_close(wk_listen_t *l)
{
    if (l->path != NULL) {
        unlink(l->path);
        free(l->path);
        l->path = NULL;
    }

    if (l->fd != -1) {
        close(l->fd);
        l->fd = -1;
    }

    if (l->lock != -1) {
        close(l->lock);
        l->lock = -1;
    }
}
