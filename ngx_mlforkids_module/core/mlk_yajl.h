/*
 * Memory for yajl out of an mlk_alloc_t.  yajl does not look at what its
 * allocation functions return, so a failed one jumps back to the caller's
 * setjmp instead of returning NULL.
 */

#ifndef MLK_YAJL_H
#define MLK_YAJL_H

#include <setjmp.h>
#include <yajl/yajl_common.h>

#include "mlk_core.h"


typedef struct {
    const mlk_alloc_t  *alloc;
    yajl_alloc_funcs    funcs;     /* to be given to yajl */
    jmp_buf             nomem;     /* set by the caller before using yajl */
} mlk_yajl_mem_t;


void mlk_yajl_mem_init(mlk_yajl_mem_t *mem, const mlk_alloc_t *a);


#endif /* MLK_YAJL_H */
