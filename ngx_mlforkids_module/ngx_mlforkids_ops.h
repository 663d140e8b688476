/*
 * What keeps the module running and watched: called by
 * ngx_http_mlforkids_module.c at the moments their names say, and named in its
 * table of directives.
 */

#ifndef NGX_MLFORKIDS_OPS_H
#define NGX_MLFORKIDS_OPS_H

#include "ngx_http_mlforkids_module.h"


/* Variables $mlforkids_...: preconfiguration. */
ngx_int_t ngx_mlforkids_ops_preconfiguration(ngx_conf_t *cf);

/*
 * Checks the database's settings, makes the shared zone, adds the header
 * filter, the error log's handler and the counting: postconfiguration, after
 * conf->enabled is known.  Logs what is wrong and returns NGX_ERROR.
 */
ngx_int_t ngx_mlforkids_ops_postconfiguration(ngx_conf_t *cf);

/* Database connections and this process's place in the zone: init_process and
 * exit_process.  Both do nothing outside of workers. */
ngx_int_t ngx_mlforkids_ops_init_process(ngx_cycle_t *cycle);
void ngx_mlforkids_ops_exit_process(ngx_cycle_t *cycle);


/* Directives.  The other ones of these files are plain slots: mlforkids_zone
 * (zone_size), mlforkids_database_wait (wait), mlforkids_database_queue
 * (queue), mlforkids_security_headers, mlforkids_content_security_policy. */

/* mlforkids_database "conninfo": http, takes 1 */
char *ngx_mlforkids_database(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* mlforkids_database_lane read|write|bulk connections=N depth=N timeout=T:
 * http, takes 2 to 4; conf is the main conf. */
char *ngx_mlforkids_database_lane(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* mlforkids_status json|prometheus: location, takes 1 */
char *ngx_mlforkids_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Fills in what no directive has set (lanes, wait, queue, zone_size), all of
 * which create_main_conf leaves at NGX_CONF_UNSET...: init_main_conf. */
char *ngx_mlforkids_ops_init_main_conf(ngx_conf_t *cf,
    ngx_http_mlforkids_main_conf_t *mcf);
/* Sets them to NGX_CONF_UNSET...: create_main_conf. */
void ngx_mlforkids_ops_create_main_conf(ngx_http_mlforkids_main_conf_t *mcf);


/* Names of the lanes, by ngx_mlforkids_lane_e. */
extern ngx_str_t  ngx_mlforkids_lane_names[];

/* The parts behind them, a file each. */
ngx_int_t ngx_mlforkids_variables_init(ngx_conf_t *cf);
ngx_int_t ngx_mlforkids_headers_init(ngx_conf_t *cf);
ngx_int_t ngx_mlforkids_counting_init(ngx_conf_t *cf);
ngx_int_t ngx_mlforkids_log_init(ngx_conf_t *cf);


#endif /* NGX_MLFORKIDS_OPS_H */
