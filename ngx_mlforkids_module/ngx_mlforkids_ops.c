/*
 * Operations: settings of database and zone, and the moments at which nginx
 * calls the parts.
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_db_int.h"
#include "ngx_mlforkids_shm.h"


#define NGX_MLFORKIDS_ZONE_SIZE   (256 * 1024)


static char *ngx_mlforkids_lane_option(ngx_conf_t *cf, ngx_str_t *option,
    ngx_mlforkids_lane_conf_t *lane);
static ngx_uint_t ngx_mlforkids_is_worker(void);


ngx_str_t  ngx_mlforkids_lane_names[] = {
    ngx_string("read"),
    ngx_string("write"),
    ngx_string("bulk")
};

static ngx_mlforkids_lane_conf_t  ngx_mlforkids_lane_defaults[] = {
    { 1, 32,  2000 },
    { 2,  8,  5000 },
    { 1,  1, 30000 }
};


void
ngx_mlforkids_ops_create_main_conf(ngx_http_mlforkids_main_conf_t *mcf)
{
    ngx_uint_t  i;

    mcf->zone_size = NGX_CONF_UNSET_SIZE;
    mcf->wait = NGX_CONF_UNSET_MSEC;
    mcf->queue = NGX_CONF_UNSET_UINT;

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        mcf->lanes[i].connections = NGX_CONF_UNSET_UINT;
        mcf->lanes[i].depth = NGX_CONF_UNSET_UINT;
        mcf->lanes[i].timeout = NGX_CONF_UNSET_MSEC;
    }
}


char *
ngx_mlforkids_ops_init_main_conf(ngx_conf_t *cf,
    ngx_http_mlforkids_main_conf_t *mcf)
{
    ngx_uint_t                  i;
    ngx_mlforkids_lane_conf_t  *lane, *def;

    ngx_conf_init_size_value(mcf->zone_size, NGX_MLFORKIDS_ZONE_SIZE);
    ngx_conf_init_msec_value(mcf->wait, 500);
    ngx_conf_init_uint_value(mcf->queue, 1024);

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &mcf->lanes[i];
        def = &ngx_mlforkids_lane_defaults[i];

        ngx_conf_init_uint_value(lane->connections, def->connections);
        ngx_conf_init_uint_value(lane->depth, def->depth);
        ngx_conf_init_msec_value(lane->timeout, def->timeout);
    }

    if (mcf->wait == 0 || mcf->queue == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"mlforkids_database_wait\" and "
                           "\"mlforkids_database_queue\" must not be zero");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_mlforkids_database(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_mlforkids_main_conf_t  *mcf = conf;

    ngx_str_t         *value;
    PQconninfoOption  *options, *o;

    if (mcf->database.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    /* libpq's message would quote the text, and with it the password */

    options = PQconninfoParse((char *) value[1].data, NULL);

    if (options == NULL) {
        return "is no connection string of libpq";
    }

    for (o = options; o->keyword; o++) {
        if (ngx_strcmp(o->keyword, "service") == 0 && o->val) {
            PQconninfoFree(options);
            return "must not name a service: its file would be read while "
                   "requests wait";
        }
    }

    if (ngx_mlforkids_db_needs_resolver(options)
        && ngx_thread_pool_add(cf, NULL) == NULL)
    {
        PQconninfoFree(options);
        return NGX_CONF_ERROR;
    }

    PQconninfoFree(options);

    mcf->database = value[1];

    return NGX_CONF_OK;
}


char *
ngx_mlforkids_database_lane(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_mlforkids_main_conf_t  *mcf = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_uint_t                  i, n;
    ngx_mlforkids_lane_conf_t  *lane;

    value = cf->args->elts;

    for (n = 0; n < NGX_MLFORKIDS_LANES; n++) {
        if (value[1].len == ngx_mlforkids_lane_names[n].len
            && ngx_strcmp(value[1].data, ngx_mlforkids_lane_names[n].data)
               == 0)
        {
            break;
        }
    }

    if (n == NGX_MLFORKIDS_LANES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown lane \"%V\", it must be read, write or "
                           "bulk", &value[1]);
        return NGX_CONF_ERROR;
    }

    lane = &mcf->lanes[n];

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_mlforkids_lane_option(cf, &value[i], lane);

        if (rv != NGX_CONF_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" %s",
                               &value[i], rv);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_mlforkids_lane_option(ngx_conf_t *cf, ngx_str_t *option,
    ngx_mlforkids_lane_conf_t *lane)
{
    ngx_int_t   n;
    ngx_str_t   s;

    if (ngx_strncmp(option->data, "connections=", 12) == 0) {

        if (lane->connections != NGX_CONF_UNSET_UINT) {
            return "is duplicate";
        }

        n = ngx_atoi(option->data + 12, option->len - 12);

        if (n < 1 || n > NGX_MLFORKIDS_DB_MAX_CONNECTIONS) {
            return "must be a number from 1 to 64";
        }

        lane->connections = n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(option->data, "depth=", 6) == 0) {

        if (lane->depth != NGX_CONF_UNSET_UINT) {
            return "is duplicate";
        }

        n = ngx_atoi(option->data + 6, option->len - 6);

        if (n < 1 || n > NGX_MLFORKIDS_DB_MAX_DEPTH) {
            return "must be a number from 1 to 256";
        }

        lane->depth = n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(option->data, "timeout=", 8) == 0) {

        if (lane->timeout != NGX_CONF_UNSET_MSEC) {
            return "is duplicate";
        }

        s.data = option->data + 8;
        s.len = option->len - 8;
        n = ngx_parse_time(&s, 0);

        if (n < 100 || n > 3600 * 1000) {
            return "must be a time from 100ms to 1h";
        }

        lane->timeout = n;

        return NGX_CONF_OK;
    }

    return "is unknown, it must be connections=, depth= or timeout=";
}


ngx_int_t
ngx_mlforkids_ops_preconfiguration(ngx_conf_t *cf)
{
    return ngx_mlforkids_variables_init(cf);
}


ngx_int_t
ngx_mlforkids_ops_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_mlforkids_module);

    if (mcf->enabled && mcf->database.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"mlforkids on\" needs \"mlforkids_database\"");
        return NGX_ERROR;
    }

    if (ngx_mlforkids_shm_create(cf, mcf) != NGX_OK
        || ngx_mlforkids_headers_init(cf) != NGX_OK
        || ngx_mlforkids_log_init(cf) != NGX_OK
        || ngx_mlforkids_counting_init(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_ops_init_process(ngx_cycle_t *cycle)
{
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_mlforkids_module);

    if (mcf == NULL || !ngx_mlforkids_is_worker()) {
        return NGX_OK;
    }

    ngx_mlforkids_shm_enter(mcf);

    if (mcf->database.len == 0) {
        return NGX_OK;
    }

    return ngx_mlforkids_db_init(cycle, mcf);
}


void
ngx_mlforkids_ops_exit_process(ngx_cycle_t *cycle)
{
    if (!ngx_mlforkids_is_worker()) {
        return;
    }

    ngx_mlforkids_db_exit();
    ngx_mlforkids_shm_leave();
}


/* The cache manager and the cache loader are initialised like workers. */

static ngx_uint_t
ngx_mlforkids_is_worker(void)
{
    return ngx_process == NGX_PROCESS_WORKER
           || ngx_process == NGX_PROCESS_SINGLE;
}
