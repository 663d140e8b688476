/* Memory for yajl, see mlk_yajl.h. */

#include <string.h>

#include "mlk_yajl.h"


/* Stands before each block, because realloc must know the old size. */
typedef union {
    size_t       size;
    max_align_t  align;
} mlk_yajl_block_t;


static void *
mlk_yajl_malloc(void *ctx, size_t size)
{
    mlk_yajl_mem_t    *mem = ctx;
    mlk_yajl_block_t  *block;

    block = NULL;

    if (size <= SIZE_MAX - sizeof(mlk_yajl_block_t)) {
        block = mem->alloc->alloc(mem->alloc->ctx,
                                  sizeof(mlk_yajl_block_t) + size);
    }

    if (block == NULL) {
        longjmp(mem->nomem, 1);
    }

    block->size = size;

    return block + 1;
}


static void *
mlk_yajl_realloc(void *ctx, void *p, size_t size)
{
    void              *fresh;
    mlk_yajl_block_t  *block;

    if (p == NULL) {
        return mlk_yajl_malloc(ctx, size);
    }

    block = (mlk_yajl_block_t *) p - 1;

    if (size <= block->size) {
        return p;
    }

    fresh = mlk_yajl_malloc(ctx, size);
    memcpy(fresh, p, block->size);

    return fresh;
}


static void
mlk_yajl_free(void *ctx, void *p)
{
    /* the allocator's owner releases everything at once */
    (void) ctx;
    (void) p;
}


void
mlk_yajl_mem_init(mlk_yajl_mem_t *mem, const mlk_alloc_t *a)
{
    mem->alloc = a;
    mem->funcs.malloc = mlk_yajl_malloc;
    mem->funcs.realloc = mlk_yajl_realloc;
    mem->funcs.free = mlk_yajl_free;
    mem->funcs.ctx = mem;
}
