/*
 * What handlers of projects share.
 */

#ifndef NGX_MLFORKIDS_PROJECTS_H
#define NGX_MLFORKIDS_PROJECTS_H

#include "ngx_mlforkids_handlers.h"


/* A project asked for by the client, checked. */
typedef struct {
    ngx_mlforkids_project_t   project;
    const mlk_json_t         *fields;       /* array, or NULL */
    ngx_str_t                 dataset;      /* empty: an empty project */
} ngx_mlforkids_new_project_t;


/*
 * The checks of api.md 8.3 before and after the number of projects is known.
 * NGX_OK, or what a step returns that has replied.
 */
ngx_int_t ngx_mlforkids_new_project_read(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np);
ngx_int_t ngx_mlforkids_new_project_check(ngx_mlforkids_ctx_t *ctx,
    ngx_mlforkids_new_project_t *np);

/* A choice of a multichoice field as it is stored: trimmed. */
mlk_str_t ngx_mlforkids_choice(ngx_mlforkids_ctx_t *ctx,
    const mlk_json_t *choice);


#endif /* NGX_MLFORKIDS_PROJECTS_H */
