/*
 * The socket that a worker listens on.
 */

#ifndef WK_LISTEN_H
#define WK_LISTEN_H

#include "wk_core.h"


typedef struct {
    int    fd;
    int    lock;       /* of a Unix socket: held while we live, or -1 */
    char  *path;       /* of a Unix socket, or NULL */
} wk_listen_t;


/* WK_OK if address has one of the forms below. */
int wk_listen_check(const char *address);

/*
 * Listens on "unix:/path", "host:port" or "[v6]:port".  A Unix socket has mode
 * 0660; a file that a dead process left is replaced; "path.lock" is locked, so
 * that a living process is never robbed: it gets five seconds to end.
 *
 * Returns WK_OK, or WK_ERROR with a message in err.
 */
int wk_listen_open(const char *address, wk_listen_t *l, char *err,
    size_t errlen);

/* In a process that only serves the socket: gives the lock away. */
void wk_listen_child(wk_listen_t *l);

/* The owner stops: closes, and removes the file of a Unix socket. */
void wk_listen_close(wk_listen_t *l);


#endif /* WK_LISTEN_H */
