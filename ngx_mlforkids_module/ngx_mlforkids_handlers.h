/*
 * Lists of steps, a section for each file in handlers/.  A resource that comes
 * later has no section: its rows in ngx_mlforkids_routes.c use
 * ngx_mlforkids_not_implemented.
 */

#ifndef NGX_MLFORKIDS_HANDLERS_H
#define NGX_MLFORKIDS_HANDLERS_H

#include "ngx_mlforkids_request.h"


/* handlers/service.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_service_probe[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_service_debug[];

/* handlers/policy.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_policy_get[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_policy_patch[];

/* handlers/projects.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_list[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_create[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_get[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_delete[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_fields[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_projects_share[];

/* handlers/labels.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_labels_patch[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_labels_count[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_labels_rename[];

/* handlers/training.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_training_list[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_training_add[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_training_image[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_training_delete[];

/* handlers/session_users.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_session_users_create[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_session_users_delete[];

/* handlers/models.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_models_list[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_models_train[];
#define ngx_mlforkids_models_describe       ngx_mlforkids_not_implemented
extern ngx_mlforkids_step_pt  ngx_mlforkids_models_delete[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_models_test[];

/* handlers/scratch_keys.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_keys_list[];

/* handlers/scratch.c, handlers/scratch_training.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_classify[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_status[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_models[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_items[];
extern ngx_mlforkids_step_pt  ngx_mlforkids_scratch_add[];

/* handlers/extensions.c */
extern ngx_mlforkids_step_pt  ngx_mlforkids_extensions_key[];


#endif /* NGX_MLFORKIDS_HANDLERS_H */
