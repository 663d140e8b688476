/*
 * Cache of models: a hash table of chains, and a list in order of use.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "wk_log.h"


#define CACHE_BUCKETS  1024


typedef enum {
    ENTRY_LOADING,
    ENTRY_READY,
    ENTRY_FAILED
} entry_state_e;


struct cache_entry_s {
    cache_entry_t  *chain;
    cache_entry_t  *newer;     /* in order of use: READY ones only */
    cache_entry_t  *older;
    char            key[CACHE_KEY];
    entry_state_e   state;
    int             rc;        /* FAILED: why */
    char            current[CACHE_KEY];
    unsigned        refs;      /* users; one more while in the table */
    void           *model;
    size_t          bytes;
};


struct cache_s {
    const model_family_t  *family;
    const void            *shared;
    size_t                 limit;

    pthread_mutex_t        mutex;
    pthread_cond_t         loaded;
    cache_entry_t         *buckets[CACHE_BUCKETS];
    cache_entry_t         *newest;
    cache_entry_t         *oldest;
    size_t                 models;
    size_t                 bytes;
};


cache_t *
cache_create(const model_family_t *family, const void *shared, size_t limit)
{
    cache_t  *cache;

    cache = calloc(1, sizeof(cache_t));

    if (cache == NULL) {
        return NULL;
    }

    cache->family = family;
    cache->shared = shared;
    cache->limit = limit;

    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->loaded, NULL);

    return cache;
}


static cache_entry_t **
bucket(cache_t *cache, const char *key)
{
    uint32_t  hash;

    /* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */

    for (hash = 2166136261U; *key; key++) {
        hash = (hash ^ (unsigned char) *key) * 16777619U;
    }

    return &cache->buckets[hash % CACHE_BUCKETS];
}


static cache_entry_t *
find(cache_t *cache, const char *key)
{
    cache_entry_t  *e;

    for (e = *bucket(cache, key); e; e = e->chain) {
        if (strcmp(e->key, key) == 0) {
            return e;
        }
    }

    return NULL;
}


static void
unref(cache_t *cache, cache_entry_t *e)
{
    if (--e->refs > 0) {
        return;
    }

    if (e->model != NULL) {
        cache->family->close(e->model);
    }

    free(e);
}


static void
list_add(cache_t *cache, cache_entry_t *e)
{
    e->newer = NULL;
    e->older = cache->newest;

    if (cache->newest) {
        cache->newest->newer = e;

    } else {
        cache->oldest = e;
    }

    cache->newest = e;
}


static void
list_remove(cache_t *cache, cache_entry_t *e)
{
    if (e->newer) {
        e->newer->older = e->older;

    } else {
        cache->newest = e->older;
    }

    if (e->older) {
        e->older->newer = e->newer;

    } else {
        cache->oldest = e->newer;
    }
}


/* Takes an entry out of the table; those who use it keep it. */

static void
forget(cache_t *cache, cache_entry_t *e)
{
    cache_entry_t  **p;

    for (p = bucket(cache, e->key); *p != e; p = &(*p)->chain) { /* void */ }

    *p = e->chain;

    if (e->state == ENTRY_READY) {
        list_remove(cache, e);
        cache->models--;
        cache->bytes -= e->bytes;
    }

    unref(cache, e);
}


void
cache_destroy(cache_t *cache)
{
    while (cache->oldest) {
        forget(cache, cache->oldest);
    }

    pthread_cond_destroy(&cache->loaded);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}


/* Loads and opens; called without the lock. */

static void
fill(cache_t *cache, cache_entry_t *e, cache_load_t load, void *arg)
{
    int          rc;
    char         err[MODEL_ERROR_LEN];
    model_buf_t  data = { NULL, 0 };

    e->rc = load(arg, e->key, &data, e->current);

    if (e->rc != WK_OK) {
        return;
    }

    rc = cache->family->open(data.data, data.len, cache->shared, &e->model,
                             err, sizeof(err));
    free(data.data);

    if (rc != MODEL_OK) {
        wk_log(WK_LOG_ERROR, "model %s cannot be read: %s", e->key, err);
        e->model = NULL;
        e->rc = WK_ERROR;
        return;
    }

    e->bytes = cache->family->size(e->model) + sizeof(cache_entry_t);
}


static int
add(cache_t *cache, const char *key, cache_entry_t **entry)
{
    cache_entry_t  *e, **b;

    e = calloc(1, sizeof(cache_entry_t));

    if (e == NULL) {
        return WK_ERROR;
    }

    snprintf(e->key, sizeof(e->key), "%s", key);

    b = bucket(cache, key);
    e->state = ENTRY_LOADING;
    e->refs = 2;
    e->chain = *b;
    *b = e;
    *entry = e;

    return WK_OK;
}


/* The lock is held; it is given away while the model is read. */

static void
load_entry(cache_t *cache, cache_entry_t *e, cache_load_t load, void *arg)
{
    pthread_mutex_unlock(&cache->mutex);
    fill(cache, e, load, arg);
    pthread_mutex_lock(&cache->mutex);

    if (e->rc == WK_OK) {
        e->state = ENTRY_READY;
        list_add(cache, e);
        cache->models++;
        cache->bytes += e->bytes;

    } else {
        forget(cache, e);
        e->state = ENTRY_FAILED;
    }

    /* the newest one stays, however large it is */

    while (cache->bytes > cache->limit && cache->oldest != cache->newest) {
        forget(cache, cache->oldest);
    }

    pthread_cond_broadcast(&cache->loaded);
}


int
cache_acquire(cache_t *cache, const char *key, cache_load_t load, void *arg,
    cache_entry_t **entry, int *hit, char current[CACHE_KEY])
{
    int             rc;
    cache_entry_t  *e;

    pthread_mutex_lock(&cache->mutex);

    e = find(cache, key);
    *hit = e != NULL;

    if (e != NULL) {
        e->refs++;

        while (e->state == ENTRY_LOADING) {
            pthread_cond_wait(&cache->loaded, &cache->mutex);
        }

    } else if (add(cache, key, &e) == WK_OK) {
        load_entry(cache, e, load, arg);

    } else {
        pthread_mutex_unlock(&cache->mutex);
        return WK_ERROR;
    }

    rc = e->rc;

    if (rc == WK_OK) {

        /* one that was put out meanwhile is in no list */

        if (find(cache, key) == e) {
            list_remove(cache, e);
            list_add(cache, e);
        }

        *entry = e;

    } else {
        memcpy(current, e->current, CACHE_KEY);
        unref(cache, e);
    }

    pthread_mutex_unlock(&cache->mutex);

    return rc;
}


void
cache_release(cache_t *cache, cache_entry_t *entry)
{
    pthread_mutex_lock(&cache->mutex);
    unref(cache, entry);
    pthread_mutex_unlock(&cache->mutex);
}


const void *
cache_model(const cache_entry_t *entry)
{
    return entry->model;
}


void
cache_stats(cache_t *cache, cache_stats_t *stats)
{
    pthread_mutex_lock(&cache->mutex);

    stats->models = cache->models;
    stats->bytes = cache->bytes;

    pthread_mutex_unlock(&cache->mutex);
}
