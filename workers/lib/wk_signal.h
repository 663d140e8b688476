/*
 * Signals as something to poll: a process blocks them once and reads them
 * from a descriptor, so that nothing ever runs inside a signal handler.
 */

#ifndef WK_SIGNAL_H
#define WK_SIGNAL_H

#include <sys/types.h>


/*
 * Blocks TERM, INT, QUIT, HUP and CHLD (also in threads and children made
 * later) and ignores PIPE.  Returns a descriptor that is readable when one is
 * pending, or -1 with errno set.  A forked process makes one of its own.
 */
int wk_signal_open(void);

/*
 * Takes one pending signal; TERM, INT and QUIT are all given as SIGTERM.
 * Returns its number, or 0 if there is none.
 */
int wk_signal_next(int fd);

/* Undoes wk_signal_open() in a forked child: default actions, none blocked. */
void wk_signal_reset(void);

/*
 * To be called by a forked process: it is killed when its parent (parent is
 * its process id) dies.  Returns WK_OK, or WK_ERROR if the parent is dead
 * already.
 */
int wk_signal_with_parent(pid_t parent);


#endif /* WK_SIGNAL_H */
