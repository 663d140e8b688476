/*
 * Database layer: names of hosts.
 *
 * libpq looks names up while it connects and blocks meanwhile.  So a name is
 * looked up in a thread of nginx, again for each new connection (managed
 * databases move), and libpq is given addresses; the name stays for the check
 * of the server's certificate.  Socket folders and addresses need none of it.
 */

#include "ngx_mlforkids_db_int.h"

#include <netdb.h>


/* Connections that are made at the same time share one look-up. */
#define NGX_MLFORKIDS_DB_FRESH  1000


typedef struct {
    PQconninfoOption              *options;
    ngx_mlforkids_db_addresses_t   addresses;
    char                           error[128];
} ngx_mlforkids_db_lookup_t;


static const char *ngx_mlforkids_db_option(PQconninfoOption *options,
    const char *name);
static void ngx_mlforkids_db_element(const char *list, ngx_uint_t n,
    char *dst, size_t size);
static ngx_uint_t ngx_mlforkids_db_elements(const char *list);
static ngx_uint_t ngx_mlforkids_db_is_name(const char *host);
static void ngx_mlforkids_db_lookup(void *data, ngx_log_t *log);
static void ngx_mlforkids_db_lookup_name(ngx_mlforkids_db_lookup_t *l,
    const char *host, const char *port);
static void ngx_mlforkids_db_lookup_add(ngx_mlforkids_db_lookup_t *l,
    const char *host, const char *address, const char *port);
static void ngx_mlforkids_db_looked_up(ngx_event_t *ev);


static ngx_str_t  ngx_mlforkids_db_threads = ngx_string("default");


ngx_uint_t
ngx_mlforkids_db_needs_resolver(PQconninfoOption *options)
{
    char         host[256], address[64];
    ngx_uint_t   i, n;
    const char  *hosts, *addresses;

    hosts = ngx_mlforkids_db_option(options, "host");
    addresses = ngx_mlforkids_db_option(options, "hostaddr");
    n = ngx_mlforkids_db_elements(hosts);

    for (i = 0; i < n; i++) {
        ngx_mlforkids_db_element(hosts, i, host, sizeof(host));
        ngx_mlforkids_db_element(addresses, i, address, sizeof(address));

        if (address[0] == '\0' && ngx_mlforkids_db_is_name(host)) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_mlforkids_db_resolver_init(ngx_mlforkids_db_t *db, ngx_cycle_t *cycle)
{
    ngx_mlforkids_db_lookup_t  *l;

    if (!ngx_mlforkids_db_needs_resolver(db->options)) {
        return NGX_OK;
    }

    db->threads = ngx_thread_pool_get(cycle, &ngx_mlforkids_db_threads);
    if (db->threads == NULL) {
        return NGX_ERROR;
    }

    db->task = ngx_thread_task_alloc(db->pool,
                                     sizeof(ngx_mlforkids_db_lookup_t));
    if (db->task == NULL) {
        return NGX_ERROR;
    }

    l = db->task->ctx;
    l->options = db->options;

    db->task->handler = ngx_mlforkids_db_lookup;
    db->task->event.handler = ngx_mlforkids_db_looked_up;
    db->task->event.data = db;
    db->task->event.log = db->log;

    return NGX_OK;
}


ngx_int_t
ngx_mlforkids_db_resolve(ngx_mlforkids_db_t *db)
{
    if (db->threads == NULL) {
        return NGX_OK;
    }

    if (db->resolving) {
        return NGX_AGAIN;
    }

    if (db->has_addresses
        && ngx_current_msec - db->resolved < NGX_MLFORKIDS_DB_FRESH)
    {
        return NGX_OK;
    }

    if (ngx_thread_task_post(db->threads, db->task) != NGX_OK) {
        return NGX_ERROR;
    }

    db->resolving = 1;

    return NGX_AGAIN;
}


/* In a thread: nothing of nginx may be used here. */

static void
ngx_mlforkids_db_lookup(void *data, ngx_log_t *log)
{
    char                        host[256], address[64], port[8];
    ngx_uint_t                  i, n;
    const char                 *hosts, *addresses, *ports;
    ngx_mlforkids_db_lookup_t  *l;

    l = data;
    l->addresses.n = 0;
    l->error[0] = '\0';

    hosts = ngx_mlforkids_db_option(l->options, "host");
    addresses = ngx_mlforkids_db_option(l->options, "hostaddr");
    ports = ngx_mlforkids_db_option(l->options, "port");
    n = ngx_mlforkids_db_elements(hosts);

    for (i = 0; i < n; i++) {
        ngx_mlforkids_db_element(hosts, i, host, sizeof(host));
        ngx_mlforkids_db_element(addresses, i, address, sizeof(address));

        /* one port is for all hosts */

        ngx_mlforkids_db_element(ports,
                                 ngx_mlforkids_db_elements(ports) == 1 ? 0 : i,
                                 port, sizeof(port));

        if (address[0] == '\0' && ngx_mlforkids_db_is_name(host)) {
            ngx_mlforkids_db_lookup_name(l, host, port);

        } else {
            ngx_mlforkids_db_lookup_add(l, host, address, port);
        }
    }
}


static void
ngx_mlforkids_db_lookup_name(ngx_mlforkids_db_lookup_t *l, const char *host,
    const char *port)
{
    int               rc;
    char              address[64];
    struct addrinfo   hints, *res, *ai;

    ngx_memzero(&hints, sizeof(struct addrinfo));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;

    rc = getaddrinfo(host, NULL, &hints, &res);

    if (rc != 0) {
        (void) snprintf(l->error, sizeof(l->error),
                        "its host name could not be looked up: %s",
                        gai_strerror(rc));
        return;
    }

    for (ai = res; ai; ai = ai->ai_next) {
        rc = getnameinfo(ai->ai_addr, ai->ai_addrlen, address, sizeof(address),
                         NULL, 0, NI_NUMERICHOST);

        if (rc == 0) {
            ngx_mlforkids_db_lookup_add(l, host, address, port);
        }
    }

    freeaddrinfo(res);
}


static void
ngx_mlforkids_db_lookup_add(ngx_mlforkids_db_lookup_t *l, const char *host,
    const char *address, const char *port)
{
    ngx_uint_t  n;

    n = l->addresses.n;

    if (n == NGX_MLFORKIDS_DB_ADDRESSES) {
        return;
    }

    (void) ngx_cpystrn((u_char *) l->addresses.entry[n].host,
                       (u_char *) host, sizeof(l->addresses.entry[n].host));
    (void) ngx_cpystrn((u_char *) l->addresses.entry[n].address,
                       (u_char *) address,
                       sizeof(l->addresses.entry[n].address));
    (void) ngx_cpystrn((u_char *) l->addresses.entry[n].port,
                       (u_char *) port, sizeof(l->addresses.entry[n].port));

    l->addresses.n++;
}


/* Back in the event loop. */

static void
ngx_mlforkids_db_looked_up(ngx_event_t *ev)
{
    const char                 *why;
    ngx_uint_t                  i, n;
    ngx_mlforkids_db_t         *db;
    ngx_mlforkids_db_lane_t    *lane;
    ngx_mlforkids_db_lookup_t  *l;

    db = ev->data;
    l = db->task->ctx;

    db->resolving = 0;

    if (db != ngx_mlforkids_db) {
        return;
    }

    why = NULL;

    if (l->addresses.n) {
        db->addresses = l->addresses;
        db->resolved = ngx_current_msec;
        db->has_addresses = 1;

    } else if (!db->has_addresses) {
        why = l->error;

    } else {

        /* a name server that is away need not take the database along */

        ngx_log_error(NGX_LOG_WARN, db->log, 0,
                      "database: %s; the last addresses are used", l->error);
    }

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &db->lanes[i];

        for (n = 0; n < lane->conf.connections; n++) {
            if (lane->conns[n].state == NGX_MLFORKIDS_DB_CONN_RESOLVE) {
                ngx_mlforkids_db_conn_resolved(&lane->conns[n], why);
            }
        }
    }
}


static const char *
ngx_mlforkids_db_option(PQconninfoOption *options, const char *name)
{
    PQconninfoOption  *o;

    for (o = options; o->keyword; o++) {
        if (ngx_strcmp(o->keyword, name) == 0) {
            return o->val ? o->val : "";
        }
    }

    return "";
}


/* Lists as libpq has them: "a,b,c"; an empty one has one empty element. */

static ngx_uint_t
ngx_mlforkids_db_elements(const char *list)
{
    ngx_uint_t  n;

    for (n = 1; *list; list++) {
        if (*list == ',') {
            n++;
        }
    }

    return n;
}


static void
ngx_mlforkids_db_element(const char *list, ngx_uint_t n, char *dst,
    size_t size)
{
    size_t  len;

    while (n && *list) {
        if (*list++ == ',') {
            n--;
        }
    }

    len = strcspn(list, ",");
    len = ngx_min(len, size - 1);

    ngx_memcpy(dst, list, len);
    dst[len] = '\0';
}


static ngx_uint_t
ngx_mlforkids_db_is_name(const char *host)
{
    u_char  buf[sizeof(struct in6_addr)];

    if (host[0] == '\0' || host[0] == '/' || host[0] == '@') {
        return 0;
    }

    return inet_pton(AF_INET, host, buf) != 1
           && inet_pton(AF_INET6, host, buf) != 1;
}
