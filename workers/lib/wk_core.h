/*
 * What all parts of the workers' library share.
 */

#ifndef WK_CORE_H
#define WK_CORE_H

#include <stddef.h>
#include <stdint.h>


enum {
    WK_OK       = 0,
    WK_ERROR    = -1,   /* the request is at fault, or an internal fault */
    WK_DOWN     = -2,   /* the database is away: try again later */
    WK_DECLINED = -3    /* nothing there, or no longer ours */
};


/* Milliseconds of a clock that never jumps. */
int64_t wk_now(void);


#endif /* WK_CORE_H */
