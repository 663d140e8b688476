/*
 * Models in memory, shared by the server's threads.
 *
 * The key is the model's generation, which names its bytes: an entry never
 * goes stale.  Least recently used ones go when all together take more than
 * the limit; one in use is released by its last user.  A model that is not
 * there is loaded by one thread, others who want it wait.
 */

#ifndef CACHE_H
#define CACHE_H

#include "model.h"
#include "wk_core.h"


#define CACHE_KEY  37      /* a UUID as text, with NUL */


typedef struct cache_s        cache_t;
typedef struct cache_entry_s  cache_entry_t;


typedef struct {
    size_t  models;
    size_t  bytes;
} cache_stats_t;


/*
 * Reads the bytes of the model called key, without any lock held.  Returns
 * WK_OK with *data (to be freed by the cache), or WK_DECLINED if there is no
 * such model: current then is set to the key of the one that took its place,
 * or to "".  Other codes are passed on.
 */
typedef int (*cache_load_t)(void *arg, const char *key, model_buf_t *data,
    char current[CACHE_KEY]);


/* NULL without memory. */
cache_t *cache_create(const model_family_t *family, const void *shared,
    size_t limit);
void cache_destroy(cache_t *cache);

/*
 * Finds or loads a model: WK_OK with *entry, to be released.  *hit is set if
 * nothing had to be loaded.  Otherwise as cache_load_t; WK_ERROR too if the
 * bytes are no model.
 */
int cache_acquire(cache_t *cache, const char *key, cache_load_t load,
    void *arg, cache_entry_t **entry, int *hit, char current[CACHE_KEY]);
void cache_release(cache_t *cache, cache_entry_t *entry);

/* The open model of an acquired entry. */
const void *cache_model(const cache_entry_t *entry);

void cache_stats(cache_t *cache, cache_stats_t *stats);


#endif /* CACHE_H */
