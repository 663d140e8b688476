/*
 * Machine Learning for Kids: the module's record, directives and life.
 */

#include "ngx_mlforkids_engine.h"
#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_routes.h"


#define NGX_MLFORKIDS_SCRIPT_MAX  (1024 * 1024)


static ngx_int_t ngx_http_mlforkids_postconfiguration(ngx_conf_t *cf);
static void ngx_http_mlforkids_free_router(void *data);
static void *ngx_http_mlforkids_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_mlforkids_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_mlforkids_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_mlforkids_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_mlforkids_init_process(ngx_cycle_t *cycle);
static void ngx_http_mlforkids_exit_process(ngx_cycle_t *cycle);

static char *ngx_http_mlforkids_enable(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_mlforkids_issuer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_mlforkids_audiences(ngx_conf_t *cf,
    ngx_mlforkids_issuer_t *issuer, ngx_str_t *list);
static char *ngx_http_mlforkids_session_users(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_mlforkids_extensions(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_mlforkids_read_script(ngx_conf_t *cf,
    ngx_str_t *path, ngx_str_t *script);
static char *ngx_http_mlforkids_site_url(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_mlforkids_no_slash(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_enum_t  ngx_http_mlforkids_backends[] = {
    { ngx_string("auto"), NGX_MLFORKIDS_BACKEND_AUTO },
    { ngx_string("builtin"), NGX_MLFORKIDS_BACKEND_BUILTIN },
    { ngx_string("watson"), NGX_MLFORKIDS_BACKEND_WATSON },
    { ngx_null_string, 0 }
};

static ngx_conf_num_bounds_t  ngx_http_mlforkids_token_bounds = {
    ngx_conf_check_num_bounds, 0, 1000000
};

static ngx_conf_num_bounds_t  ngx_http_mlforkids_queue_bounds = {
    ngx_conf_check_num_bounds, 1, 1000000
};

static ngx_conf_post_t  ngx_http_mlforkids_url_post = {
    ngx_http_mlforkids_no_slash
};

static ngx_http_complex_value_t  ngx_http_mlforkids_localhost = {
    .value = ngx_string("http://localhost:8000")
};


static ngx_command_t  ngx_http_mlforkids_commands[] = {

    { ngx_string("mlforkids_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_main_conf_t, zone_size),
      NULL },

    { ngx_string("mlforkids_database"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_mlforkids_database,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mlforkids_database_lane"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2|NGX_CONF_TAKE3|NGX_CONF_TAKE4,
      ngx_mlforkids_database_lane,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mlforkids_database_wait"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_main_conf_t, wait),
      NULL },

    { ngx_string("mlforkids_database_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_main_conf_t, queue),
      &ngx_http_mlforkids_queue_bounds },

    { ngx_string("mlforkids_issuer"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE23,
      ngx_http_mlforkids_issuer,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mlforkids_token_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_main_conf_t, token_cache),
      &ngx_http_mlforkids_token_bounds },

    { ngx_string("mlforkids_extensions"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_mlforkids_extensions,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mlforkids"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_http_mlforkids_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, enable),
      NULL },

    { ngx_string("mlforkids_site_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_mlforkids_site_url,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, site_url),
      NULL },

    { ngx_string("mlforkids_text_backend"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, text_backend),
      &ngx_http_mlforkids_backends },

    { ngx_string("mlforkids_maintenance"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, maintenance),
      NULL },

    { ngx_string("mlforkids_country"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, country),
      NULL },

    { ngx_string("mlforkids_session_users"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_mlforkids_session_users,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mlforkids_session_life"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, session_life),
      NULL },

    { ngx_string("mlforkids_training"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, training),
      &ngx_http_mlforkids_url_post },

    { ngx_string("mlforkids_security_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, security_headers),
      NULL },

    { ngx_string("mlforkids_content_security_policy"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mlforkids_loc_conf_t, csp),
      NULL },

    { ngx_string("mlforkids_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_mlforkids_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    ngx_null_command
};


static ngx_http_module_t  ngx_http_mlforkids_module_ctx = {
    ngx_mlforkids_ops_preconfiguration,    /* preconfiguration */
    ngx_http_mlforkids_postconfiguration,  /* postconfiguration */

    ngx_http_mlforkids_create_main_conf,   /* create main configuration */
    ngx_http_mlforkids_init_main_conf,     /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_mlforkids_create_loc_conf,    /* create location configuration */
    ngx_http_mlforkids_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_mlforkids_module = {
    NGX_MODULE_V1,
    &ngx_http_mlforkids_module_ctx,        /* module context */
    ngx_http_mlforkids_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_mlforkids_init_process,       /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_mlforkids_exit_process,       /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_mlforkids_postconfiguration(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t              *cln;
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_mlforkids_module);

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    mcf->router = mlk_router_create(ngx_mlforkids_routes,
                                    ngx_mlforkids_routes_n,
                                    sizeof(ngx_mlforkids_route_t));
    if (mcf->router == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "mlforkids: the route table is malformed");
        return NGX_ERROR;
    }

    cln->handler = ngx_http_mlforkids_free_router;
    cln->data = mcf->router;

    return ngx_mlforkids_ops_postconfiguration(cf);
}


static void
ngx_http_mlforkids_free_router(void *data)
{
    mlk_router_free(data);
}


static void *
ngx_http_mlforkids_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_mlforkids_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_mlforkids_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->issuers, cf->pool, 1,
                       sizeof(ngx_mlforkids_issuer_t))
        != NGX_OK
        || ngx_array_init(&mcf->extensions, cf->pool, 8,
                          sizeof(ngx_mlforkids_extension_t))
           != NGX_OK)
    {
        return NULL;
    }

    mcf->token_cache = NGX_CONF_UNSET_UINT;

    ngx_mlforkids_ops_create_main_conf(mcf);

    return mcf;
}


static char *
ngx_http_mlforkids_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_mlforkids_main_conf_t  *mcf = conf;

    ngx_conf_init_uint_value(mcf->token_cache, 1024);

    return ngx_mlforkids_ops_init_main_conf(cf, mcf);
}


static void *
ngx_http_mlforkids_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_mlforkids_loc_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_mlforkids_loc_conf_t));
    if (lcf == NULL) {
        return NULL;
    }

    /* set by ngx_pcalloc(): site_url, country, training, csp empty */

    lcf->enable = NGX_CONF_UNSET;
    lcf->text_backend = NGX_CONF_UNSET_UINT;
    lcf->maintenance = NGX_CONF_UNSET;
    lcf->session_users = NGX_CONF_UNSET_PTR;
    lcf->session_life = NGX_CONF_UNSET;
    lcf->security_headers = NGX_CONF_UNSET;

    return lcf;
}


static char *
ngx_http_mlforkids_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_mlforkids_loc_conf_t  *prev = parent;
    ngx_http_mlforkids_loc_conf_t  *conf = child;

    ngx_mlforkids_visitors_t       *visitors;
    ngx_http_core_loc_conf_t       *clcf;

    /* a content handler is not inherited */
    ngx_conf_init_value(conf->enable, 0);

    ngx_conf_merge_uint_value(conf->text_backend, prev->text_backend,
                              NGX_MLFORKIDS_BACKEND_AUTO);
    ngx_conf_merge_value(conf->maintenance, prev->maintenance, 0);
    ngx_conf_merge_sec_value(conf->session_life, prev->session_life,
                             4 * 60 * 60);
    ngx_conf_merge_str_value(conf->training, prev->training,
                             "/_mlforkids/training");
    ngx_conf_merge_value(conf->security_headers, prev->security_headers, 0);
    ngx_conf_merge_str_value(conf->csp, prev->csp, "");
    ngx_conf_merge_ptr_value(conf->session_users, prev->session_users, NULL);

    if (conf->country == NULL) {
        conf->country = prev->country;
    }

    if (conf->site_url == NULL) {
        conf->site_url = (prev->site_url != NULL)
                         ? prev->site_url : &ngx_http_mlforkids_localhost;
    }

    if (conf->session_users == NULL) {

        conf->session_users = ngx_array_create(cf->pool, 2,
                                           sizeof(ngx_mlforkids_visitors_t));
        if (conf->session_users == NULL) {
            return NGX_CONF_ERROR;
        }

        visitors = ngx_array_push_n(conf->session_users, 2);
        if (visitors == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_str_null(&visitors[0].country);
        visitors[0].limit = 3500;
        ngx_str_set(&visitors[1].country, "SA");
        visitors[1].limit = 1700;
    }

    if (conf->enable) {

        /* bodies have limits of our own, with errors in JSON */

        clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
        clcf->client_max_body_size = 0;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_mlforkids_init_process(ngx_cycle_t *cycle)
{
    ngx_http_mlforkids_main_conf_t  *mcf;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_mlforkids_module);
    if (mcf == NULL || !mcf->enabled) {
        return ngx_mlforkids_ops_init_process(cycle);
    }

    mlk_uuid_init();

    if (ngx_mlforkids_token_cache_init(cycle, mcf->token_cache) != NGX_OK
        || ngx_mlforkids_jwks_init(cycle, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mlforkids_ops_init_process(cycle);
}


static void
ngx_http_mlforkids_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_mlforkids_main_conf_t  *mcf;

    ngx_mlforkids_ops_exit_process(cycle);

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_mlforkids_module);
    if (mcf != NULL) {
        ngx_mlforkids_jwks_exit(mcf);
    }
}


static char *
ngx_http_mlforkids_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                            *rv;
    ngx_http_core_loc_conf_t        *clcf;
    ngx_http_mlforkids_loc_conf_t   *lcf = conf;
    ngx_http_mlforkids_main_conf_t  *mcf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK || !lcf->enable) {
        return rv;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_mlforkids_module);
    mcf->enabled = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_mlforkids_handler;

    return NGX_CONF_OK;
}


/* mlforkids_issuer iss jwks=file [audience=a,b] */

static char *
ngx_http_mlforkids_issuer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                            *rv;
    ngx_str_t                       *value, list;
    ngx_uint_t                       i;
    ngx_mlforkids_issuer_t          *issuer;
    ngx_http_mlforkids_main_conf_t  *mcf = conf;

    value = cf->args->elts;

    issuer = ngx_array_push(&mcf->issuers);
    if (issuer == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(issuer, sizeof(ngx_mlforkids_issuer_t));

    issuer->issuer = value[1];

    if (issuer->issuer.len == 0) {
        return "needs the name of the issuer";
    }

    if (ngx_array_init(&issuer->audiences, cf->pool, 2, sizeof(mlk_str_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "jwks=", 5) == 0) {
            issuer->file.data = value[i].data + 5;
            issuer->file.len = value[i].len - 5;
            continue;
        }

        if (ngx_strncmp(value[i].data, "audience=", 9) == 0) {
            list.data = value[i].data + 9;
            list.len = value[i].len - 9;

            rv = ngx_http_mlforkids_audiences(cf, issuer, &list);
            if (rv != NGX_CONF_OK) {
                return rv;
            }
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\"", &value[i]);
        return NGX_CONF_ERROR;
    }

    if (issuer->file.len == 0) {
        return "needs jwks=<file of the keys>";
    }

    if (ngx_conf_full_name(cf->cycle, &issuer->file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (access((char *) issuer->file.data, R_OK) == -1) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           "key file \"%V\" cannot be read (yet): "
                           "accounts of \"%V\" cannot log in",
                           &issuer->file, &issuer->issuer);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_mlforkids_audiences(ngx_conf_t *cf, ngx_mlforkids_issuer_t *issuer,
    ngx_str_t *list)
{
    u_char     *p, *last, *comma;
    mlk_str_t  *audience;

    p = list->data;
    last = p + list->len;

    while (p < last) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        if (comma == p) {
            return "has an empty audience";
        }

        audience = ngx_array_push(&issuer->audiences);
        if (audience == NULL) {
            return NGX_CONF_ERROR;
        }

        audience->data = p;
        audience->len = comma - p;

        p = comma + 1;
    }

    return NGX_CONF_OK;
}


/* mlforkids_session_users number [COUNTRY=number ...] */

static char *
ngx_http_mlforkids_session_users(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    u_char                         *p;
    ngx_int_t                       n;
    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_mlforkids_visitors_t       *visitors;
    ngx_http_mlforkids_loc_conf_t  *lcf = conf;

    if (lcf->session_users != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    lcf->session_users = ngx_array_create(cf->pool, 2,
                                          sizeof(ngx_mlforkids_visitors_t));
    if (lcf->session_users == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        visitors = ngx_array_push(lcf->session_users);
        if (visitors == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_str_null(&visitors->country);

        p = value[i].data;

        if (i > 1) {
            p = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');

            if (p == NULL || p == value[i].data) {
                goto invalid;
            }

            visitors->country.data = value[i].data;
            visitors->country.len = p - value[i].data;
            p++;
        }

        n = ngx_atoi(p, value[i].data + value[i].len - p);

        if (n == NGX_ERROR) {
            goto invalid;
        }

        visitors->limit = n;
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": a number, and for countries "
                       "COUNTRY=number is expected", &value[i]);

    return NGX_CONF_ERROR;
}


/* Reads all *.js files of a folder. */

static char *
ngx_http_mlforkids_extensions(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                            *rv;
    ngx_dir_t                        dir;
    ngx_str_t                       *value, *folder, name, path;
    ngx_mlforkids_extension_t       *ext;
    ngx_http_mlforkids_main_conf_t  *mcf = conf;

    if (mcf->extensions_path.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    folder = &mcf->extensions_path;

    *folder = value[1];

    if (ngx_conf_full_name(cf->cycle, folder, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_open_dir(folder, &dir) == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "folder \"%V\" cannot be read", folder);
        return NGX_CONF_ERROR;
    }

    rv = NGX_CONF_ERROR;

    while (ngx_read_dir(&dir) != NGX_ERROR) {

        name.data = ngx_de_name(&dir);
        name.len = ngx_de_namelen(&dir);

        if (name.len <= 3 || name.data[0] == '.'
            || ngx_strcmp(name.data + name.len - 3, ".js") != 0)
        {
            continue;
        }

        path.len = folder->len + 1 + name.len;
        path.data = ngx_pnalloc(cf->pool, path.len + 1);
        ext = ngx_array_push(&mcf->extensions);

        if (path.data == NULL || ext == NULL) {
            goto done;
        }

        (void) ngx_sprintf(path.data, "%V/%V%Z", folder, &name);

        ext->name.len = name.len - 3;
        ext->name.data = path.data + folder->len + 1;

        if (ngx_http_mlforkids_read_script(cf, &path, &ext->script)
            != NGX_OK)
        {
            goto done;
        }
    }

    rv = NGX_CONF_OK;

done:

    (void) ngx_close_dir(&dir);

    return rv;
}


static ngx_int_t
ngx_http_mlforkids_read_script(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *script)
{
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_file_info_t  fi;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "file \"%V\" cannot be opened", path);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR
        || ngx_file_size(&fi) > NGX_MLFORKIDS_SCRIPT_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "file \"%V\" is larger than 1 MB", path);
        goto done;
    }

    script->data = ngx_pnalloc(cf->pool, ngx_file_size(&fi) + 1);
    if (script->data == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, script->data, ngx_file_size(&fi));

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "file \"%V\" cannot be read", path);
        goto done;
    }

    script->len = n;
    rc = NGX_OK;

done:

    (void) ngx_close_file(fd);

    return rc;
}


/* Variables may be used: a school's server has as many names as its classes
 * found for it. */

static char *
ngx_http_mlforkids_site_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_http_mlforkids_no_slash(cf, NULL, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_set_complex_value_slot(cf, cmd, conf);
}


/* Addresses are put before paths: no slash at the end. */

static char *
ngx_http_mlforkids_no_slash(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t  *value = data;

    while (value->len > 0 && value->data[value->len - 1] == '/') {
        value->len--;
    }

    return (value->len == 0) ? "must not be empty" : NGX_CONF_OK;
}
