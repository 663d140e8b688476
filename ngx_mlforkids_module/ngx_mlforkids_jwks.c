/*
 * Key sets of the issuers, from files.  A file is read at start and again when
 * it has changed; a set that cannot be read or has no usable key leaves the
 * last good one in place.
 */

#include "ngx_mlforkids_engine.h"


#define NGX_MLFORKIDS_JWKS_INTERVAL  2000           /* milliseconds */
#define NGX_MLFORKIDS_JWKS_MAX       (256 * 1024)   /* bytes of a file */


typedef struct {
    mlk_jwks_t   *keys;
    time_t        mtime;
    long          nsec;
    off_t         size;
    ino_t         inode;
    unsigned      failed:1;        /* was logged */
} ngx_mlforkids_keys_t;


static void ngx_mlforkids_jwks_timer(ngx_event_t *ev);
static void ngx_mlforkids_jwks_refresh(ngx_mlforkids_issuer_t *issuer,
    ngx_log_t *log);
static ngx_int_t ngx_mlforkids_jwks_load(ngx_mlforkids_issuer_t *issuer,
    struct stat *sb, ngx_log_t *log);
static void ngx_mlforkids_jwks_failed(ngx_mlforkids_issuer_t *issuer,
    ngx_log_t *log, ngx_err_t err, const char *what);


static ngx_event_t       ngx_mlforkids_jwks_event;
static ngx_connection_t  ngx_mlforkids_jwks_dummy;
static ngx_uint_t        ngx_mlforkids_jwks_number;


ngx_int_t
ngx_mlforkids_jwks_init(ngx_cycle_t *cycle,
    ngx_http_mlforkids_main_conf_t *conf)
{
    ngx_uint_t               i;
    ngx_mlforkids_keys_t    *keys;
    ngx_mlforkids_issuer_t  *issuer;

    if (conf->issuers.nelts == 0) {
        return NGX_OK;
    }

    issuer = conf->issuers.elts;

    for (i = 0; i < conf->issuers.nelts; i++) {

        keys = ngx_pcalloc(cycle->pool, sizeof(ngx_mlforkids_keys_t));
        if (keys == NULL) {
            return NGX_ERROR;
        }

        issuer[i].keys = keys;

        ngx_mlforkids_jwks_refresh(&issuer[i], cycle->log);
    }

    ngx_mlforkids_jwks_dummy.fd = (ngx_socket_t) -1;

    ngx_mlforkids_jwks_event.handler = ngx_mlforkids_jwks_timer;
    ngx_mlforkids_jwks_event.log = cycle->log;
    ngx_mlforkids_jwks_event.data = &ngx_mlforkids_jwks_dummy;
    ngx_mlforkids_jwks_event.cancelable = 1;

    ngx_add_timer(&ngx_mlforkids_jwks_event, NGX_MLFORKIDS_JWKS_INTERVAL);

    return NGX_OK;
}


void
ngx_mlforkids_jwks_exit(ngx_http_mlforkids_main_conf_t *conf)
{
    ngx_uint_t               i;
    ngx_mlforkids_keys_t    *keys;
    ngx_mlforkids_issuer_t  *issuer;

    issuer = conf->issuers.elts;

    for (i = 0; i < conf->issuers.nelts; i++) {
        keys = issuer[i].keys;

        if (keys != NULL && keys->keys != NULL) {
            mlk_jwks_free(keys->keys);
            keys->keys = NULL;
        }
    }
}


mlk_jwks_t *
ngx_mlforkids_jwks_get(ngx_mlforkids_issuer_t *issuer)
{
    ngx_mlforkids_keys_t  *keys = issuer->keys;

    return (keys == NULL) ? NULL : keys->keys;
}


ngx_uint_t
ngx_mlforkids_jwks_epoch(void)
{
    return ngx_mlforkids_jwks_number;
}


static void
ngx_mlforkids_jwks_timer(ngx_event_t *ev)
{
    ngx_uint_t                       i;
    ngx_mlforkids_issuer_t          *issuer;
    ngx_http_mlforkids_main_conf_t  *conf;

    conf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_mlforkids_module);

    issuer = conf->issuers.elts;

    for (i = 0; i < conf->issuers.nelts; i++) {
        ngx_mlforkids_jwks_refresh(&issuer[i], ev->log);
    }

    ngx_add_timer(ev, NGX_MLFORKIDS_JWKS_INTERVAL);
}


static void
ngx_mlforkids_jwks_refresh(ngx_mlforkids_issuer_t *issuer, ngx_log_t *log)
{
    struct stat            sb;
    ngx_mlforkids_keys_t  *keys = issuer->keys;

    if (stat((char *) issuer->file.data, &sb) == -1) {
        ngx_mlforkids_jwks_failed(issuer, log, ngx_errno, "cannot be read");
        return;
    }

    if (keys->keys != NULL && !keys->failed
        && sb.st_mtim.tv_sec == keys->mtime
        && sb.st_mtim.tv_nsec == keys->nsec
        && sb.st_size == keys->size && sb.st_ino == keys->inode)
    {
        return;
    }

    if (ngx_mlforkids_jwks_load(issuer, &sb, log) != NGX_OK) {
        return;
    }

    keys->mtime = sb.st_mtim.tv_sec;
    keys->nsec = sb.st_mtim.tv_nsec;
    keys->size = sb.st_size;
    keys->inode = sb.st_ino;
    keys->failed = 0;
}


/* A small file on a local disk: read in one piece. */

static ngx_int_t
ngx_mlforkids_jwks_load(ngx_mlforkids_issuer_t *issuer, struct stat *sb,
    ngx_log_t *log)
{
    int                    rc;
    u_char                *buf;
    ssize_t                n;
    ngx_fd_t               fd;
    mlk_jwks_t            *set;
    ngx_mlforkids_keys_t  *keys = issuer->keys;

    if (!S_ISREG(sb->st_mode) || sb->st_size > NGX_MLFORKIDS_JWKS_MAX) {
        ngx_mlforkids_jwks_failed(issuer, log, 0,
                                  "is no file of at most 256 kB");
        return NGX_ERROR;
    }

    fd = ngx_open_file(issuer->file.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        ngx_mlforkids_jwks_failed(issuer, log, ngx_errno, "cannot be read");
        return NGX_ERROR;
    }

    buf = ngx_alloc(NGX_MLFORKIDS_JWKS_MAX, log);
    if (buf == NULL) {
        (void) ngx_close_file(fd);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, NGX_MLFORKIDS_JWKS_MAX);

    (void) ngx_close_file(fd);

    rc = (n > 0) ? mlk_jwks_parse(buf, n, &set) : MLK_ERROR;

    ngx_free(buf);

    if (rc != MLK_OK) {
        ngx_mlforkids_jwks_failed(issuer, log, 0, "is no key set");
        return NGX_ERROR;
    }

    if (mlk_jwks_count(set) == 0) {
        mlk_jwks_free(set);
        ngx_mlforkids_jwks_failed(issuer, log, 0,
                                  "has no RSA key of at least 2048 bits for "
                                  "signatures");
        return NGX_ERROR;
    }

    if (keys->keys != NULL) {
        mlk_jwks_free(keys->keys);
    }

    keys->keys = set;
    ngx_mlforkids_jwks_number++;

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "mlforkids: %uz keys of issuer \"%V\" read from \"%V\"",
                  mlk_jwks_count(set), &issuer->issuer, &issuer->file);

    return NGX_OK;
}


/* Logged once, until it is good again. */

static void
ngx_mlforkids_jwks_failed(ngx_mlforkids_issuer_t *issuer, ngx_log_t *log,
    ngx_err_t err, const char *what)
{
    ngx_mlforkids_keys_t  *keys = issuer->keys;

    if (keys->failed) {
        return;
    }

    keys->failed = 1;

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "mlforkids: key file \"%V\" %s; %s", &issuer->file, what,
                  keys->keys != NULL ? "the last good keys stay in use"
                                     : "accounts cannot log in");
}
