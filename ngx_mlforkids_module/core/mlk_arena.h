/*
 * An allocator over malloc, for programs and for memory outside a request.
 */

#ifndef MLK_ARENA_H
#define MLK_ARENA_H

#include "mlk_core.h"


typedef struct mlk_arena_chunk_s  mlk_arena_chunk_t;

typedef struct {
    mlk_alloc_t         alloc;     /* to be given to core functions */
    mlk_arena_chunk_t  *last;
} mlk_arena_t;


/* The arena must not move afterwards: alloc points to it. */
void mlk_arena_init(mlk_arena_t *arena);

/* Frees all that was allocated; the arena can be used again. */
void mlk_arena_free(mlk_arena_t *arena);


#endif /* MLK_ARENA_H */
