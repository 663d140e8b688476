/*
 * The shared zone of counters.
 */

#include "ngx_mlforkids_shm.h"

#include <signal.h>


static ngx_int_t ngx_mlforkids_shm_init_zone(ngx_shm_zone_t *zone, void *data);


static ngx_str_t  ngx_mlforkids_zone = ngx_string("mlforkids");

static ngx_mlforkids_counters_t     ngx_mlforkids_nowhere;
static ngx_mlforkids_worker_slot_t  ngx_mlforkids_no_slot;

ngx_mlforkids_counters_t     *ngx_mlforkids_counters = &ngx_mlforkids_nowhere;
ngx_mlforkids_worker_slot_t  *ngx_mlforkids_worker_slot
                                                     = &ngx_mlforkids_no_slot;


ngx_int_t
ngx_mlforkids_shm_create(ngx_conf_t *cf, ngx_http_mlforkids_main_conf_t *mcf)
{
    size_t           least;
    ngx_shm_zone_t  *zone;

    /* the allocator has a page of its own and a header for each page */

    least = ngx_align(sizeof(ngx_mlforkids_counters_t), ngx_pagesize)
            + 8 * ngx_pagesize;

    if (mcf->zone_size < least) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"mlforkids_zone\" must be at least %uzk",
                      least / 1024);
        return NGX_ERROR;
    }

    zone = ngx_shared_memory_add(cf, &ngx_mlforkids_zone, mcf->zone_size,
                                 &ngx_http_mlforkids_module);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_mlforkids_shm_init_zone;
    zone->data = mcf;

    mcf->zone = zone;

    return NGX_OK;
}


/* The counters are shpool->data, so that they outlive a reload. */

static ngx_int_t
ngx_mlforkids_shm_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t           *pool;
    ngx_mlforkids_counters_t  *counters;

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data || zone->shm.exists) {
        return NGX_OK;
    }

    counters = ngx_slab_calloc(pool, sizeof(ngx_mlforkids_counters_t));
    if (counters == NULL) {
        return NGX_ERROR;
    }

    counters->started = ngx_time();
    pool->data = counters;

    return NGX_OK;
}


void
ngx_mlforkids_shm_enter(ngx_http_mlforkids_main_conf_t *mcf)
{
    ngx_uint_t                    i;
    ngx_atomic_uint_t             pid;
    ngx_slab_pool_t              *pool;
    ngx_mlforkids_worker_slot_t  *slot;

    pool = (ngx_slab_pool_t *) mcf->zone->shm.addr;

    ngx_mlforkids_counters = pool->data;

    /* a process that crashed has left its slot behind */

    for (i = 0; i < NGX_MLFORKIDS_WORKER_SLOTS; i++) {
        slot = &ngx_mlforkids_counters->workers[i];
        pid = slot->pid;

        if (pid != 0 && ngx_mlforkids_worker_alive(slot)) {
            continue;
        }

        if (ngx_atomic_cmp_set(&slot->pid, pid, (ngx_atomic_uint_t) ngx_pid)) {
            ngx_memzero((void *) slot->lanes, sizeof(slot->lanes));
            ngx_mlforkids_worker_slot = slot;
            return;
        }
    }
}


void
ngx_mlforkids_shm_leave(void)
{
    ngx_mlforkids_worker_slot->pid = 0;
    ngx_mlforkids_worker_slot = &ngx_mlforkids_no_slot;
}


ngx_uint_t
ngx_mlforkids_worker_alive(ngx_mlforkids_worker_slot_t *slot)
{
    ngx_pid_t  pid;

    pid = (ngx_pid_t) slot->pid;

    if (pid == 0) {
        return 0;
    }

    return kill(pid, 0) == 0 || ngx_errno == NGX_EPERM;
}
