/*
 * Types shared by the nginx-free part of the module (core/).
 *
 * Nothing here includes an nginx header: unit tests and fuzzers link these
 * files alone.  Functions that need memory take an allocator, whose memory
 * lives until its owner releases it as a whole (in nginx: the request pool).
 */

#ifndef MLK_CORE_H
#define MLK_CORE_H

#include <stddef.h>
#include <stdint.h>


/* A counted string; same members and layout as nginx's ngx_str_t. */
typedef struct {
    size_t          len;
    unsigned char  *data;
} mlk_str_t;

#define mlk_string(s)  { sizeof(s) - 1, (unsigned char *) (s) }


/* alloc() returns NULL when there is no memory; nothing is freed singly. */
typedef struct {
    void  *(*alloc)(void *ctx, size_t size);
    void   *ctx;
} mlk_alloc_t;


enum {
    MLK_OK      = 0,
    MLK_ERROR   = -1,   /* malformed or refused input */
    MLK_NOMEM   = -2,
    MLK_LIMIT   = -3    /* well-formed perhaps, but over a limit */
};


#endif /* MLK_CORE_H */
