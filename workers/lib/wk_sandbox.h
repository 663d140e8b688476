/*
 * Runs a function in a forked child with limits, so that whatever it does to
 * its process (crash, endless loop, all memory) costs one result.
 *
 * Call it from a process with one thread.  The child has no descriptor but
 * standard ones and the pipe of its result, can open none, dies with its
 * parent and gains no privileges.  The parent waits, with a tick for chores.
 */

#ifndef WK_SANDBOX_H
#define WK_SANDBOX_H

#include "wk_core.h"


typedef enum {
    WK_SANDBOX_OK,        /* the function's code and data are there */
    WK_SANDBOX_CRASH,     /* a signal, or an end without a result */
    WK_SANDBOX_TIME,      /* over the time limit */
    WK_SANDBOX_MEMORY,    /* over the memory limit, or code NOMEM */
    WK_SANDBOX_SIZE,      /* over the size limit of results */
    WK_SANDBOX_STOPPED,   /* the tick wanted it to end */
    WK_SANDBOX_SYSTEM     /* no process or pipe to be had */
} wk_sandbox_why_e;


#define WK_SANDBOX_NOMEM  255      /* code: there was not enough memory */


typedef struct {
    int64_t   time;                /* milliseconds, wall clock and CPU */
    int64_t   memory;              /* bytes of address space; 0: no limit */
    size_t    result;              /* bytes that the result may have */
    int64_t   tick;                /* milliseconds between two ticks */
    int     (*on_tick)(void *data);  /* may be NULL; non-zero: end it */
    int       wake;                /* readable: tick at once; -1: none */
    void     *data;                /* for on_tick */
} wk_sandbox_limits_t;


typedef struct {
    wk_sandbox_why_e  why;
    int               code;        /* OK only: what the function returned */
    int               sig;         /* CRASH: the signal, or 0 */
    int64_t           elapsed;     /* milliseconds */
    long              rss;         /* kB, at its peak */
    unsigned char    *data;        /* OK only: its result, to be freed */
    size_t            len;
} wk_sandbox_result_t;


/*
 * In the child: returns a code of 0 to 255 and may set a result, which it need
 * not free.
 */
typedef int (*wk_sandbox_func_t)(void *arg, unsigned char **data, size_t *len);


void wk_sandbox_run(const wk_sandbox_limits_t *limits, wk_sandbox_func_t func,
    void *arg, wk_sandbox_result_t *result);

/* A word for logs: "crash", "time"... */
const char *wk_sandbox_why(wk_sandbox_why_e why);


#endif /* WK_SANDBOX_H */
