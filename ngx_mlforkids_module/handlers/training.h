/*
 * Training items: what Scratch (handlers/scratch.c) shares with the site.
 */

#ifndef NGX_MLFORKIDS_TRAINING_H
#define NGX_MLFORKIDS_TRAINING_H

#include "ngx_mlforkids_handlers.h"


/* A training item that is to be stored. */
typedef struct {
    ngx_str_t           id;
    ngx_str_t           data;          /* as stored */
    ngx_str_t           label;         /* data NULL: none */
    double              numbers[10];
    ngx_uint_t          n;
    const mlk_json_t   *sent_label;    /* echoed; NULL: none */
} ngx_mlforkids_item_t;


/* A training text of the client: trimmed, tabs and line breaks made spaces.
 * NULL with *text set, or the message that refuses it; "" without memory. */
const char *ngx_mlforkids_training_text(ngx_mlforkids_ctx_t *ctx,
    const mlk_str_t *data, ngx_str_t *text);

/*
 * Stores a text: gives it an id and asks the database, counting under a lock
 * of the project (a step's result: NGX_AGAIN and so on).  In the next step
 * training_stored() tells whether it is there: NGX_OK, or it has replied 404
 * (no such project any more) or 409 (full).
 */
ngx_int_t ngx_mlforkids_training_store(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_item_t *item, ngx_uint_t stmt);
ngx_int_t ngx_mlforkids_training_stored(ngx_mlforkids_ctx_t *ctx);

/* One text: {"id","textdata","label"}; and "projectid" if project is not
 * NULL.  label with data NULL is left out. */
void ngx_mlforkids_write_text(mlk_jw_t *w, const ngx_str_t *id,
    const ngx_str_t *text, const ngx_str_t *label, const ngx_str_t *project);


#endif /* NGX_MLFORKIDS_TRAINING_H */
