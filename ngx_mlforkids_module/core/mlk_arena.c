/* An allocator over malloc, see mlk_arena.h. */

#include <stdlib.h>

#include "mlk_arena.h"


struct mlk_arena_chunk_s {
    union {
        mlk_arena_chunk_t  *next;
        max_align_t         align;
    };
};


static void *
mlk_arena_alloc(void *ctx, size_t size)
{
    mlk_arena_t        *arena = ctx;
    mlk_arena_chunk_t  *chunk;

    if (size > SIZE_MAX - sizeof(mlk_arena_chunk_t)) {
        return NULL;
    }

    chunk = malloc(sizeof(mlk_arena_chunk_t) + size);
    if (chunk == NULL) {
        return NULL;
    }

    chunk->next = arena->last;
    arena->last = chunk;

    return chunk + 1;
}


void
mlk_arena_init(mlk_arena_t *arena)
{
    arena->alloc.alloc = mlk_arena_alloc;
    arena->alloc.ctx = arena;
    arena->last = NULL;
}


void
mlk_arena_free(mlk_arena_t *arena)
{
    mlk_arena_chunk_t  *chunk;

    while (arena->last != NULL) {
        chunk = arena->last;
        arena->last = chunk->next;
        free(chunk);
    }
}
