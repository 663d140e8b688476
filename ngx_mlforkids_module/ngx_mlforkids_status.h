/*
 * A request for the status: what its parts share.
 */

#ifndef NGX_MLFORKIDS_STATUS_H
#define NGX_MLFORKIDS_STATUS_H

#include "ngx_mlforkids_request.h"
#include "ngx_mlforkids_shm.h"


typedef struct ngx_mlforkids_status_s  ngx_mlforkids_status_t;

/* Makes the whole text; NGX_OK or NGX_ERROR. */
typedef ngx_int_t (*ngx_mlforkids_status_pt)(ngx_mlforkids_status_t *status,
    ngx_str_t *text);

struct ngx_mlforkids_status_s {
    ngx_http_request_t       *request;
    ngx_mlforkids_status_pt   write;
    const char               *type;
    mlk_alloc_t               alloc;
    mlk_json_t               *training;    /* the worker's; NULL: away */
    unsigned                  answered:1;
};


/* Gauges of all living processes; returns their number. */
ngx_uint_t ngx_mlforkids_status_gauges(ngx_mlforkids_lane_gauges_t *sums);

ngx_int_t ngx_mlforkids_status_write_json(ngx_mlforkids_status_t *status,
    ngx_str_t *text);
ngx_int_t ngx_mlforkids_status_write_prometheus(
    ngx_mlforkids_status_t *status, ngx_str_t *text);


#endif /* NGX_MLFORKIDS_STATUS_H */
