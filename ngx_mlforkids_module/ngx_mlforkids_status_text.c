/*
 * The status as JSON and as Prometheus text (exposition format 0.0.4).
 */

#include "ngx_mlforkids_ops.h"
#include "ngx_mlforkids_routes.h"
#include "ngx_mlforkids_status.h"


#define NGX_MLFORKIDS_METRIC_LINE   256   /* longest line; names included */
#define NGX_MLFORKIDS_METRIC_LINES  (128 + 16 * NGX_MLFORKIDS_LANES)


typedef struct {
    const char    *name;
    const char    *help;
    const char    *lane_label;        /* more labels, or "" */
    size_t         offset;            /* in ngx_mlforkids_lane_counters_t */
} ngx_mlforkids_lane_metric_t;


typedef struct {
    u_char        *p;
    u_char        *end;
} ngx_mlforkids_metrics_t;


static void ngx_mlforkids_json_counter(mlk_jw_t *w, const char *name,
    ngx_atomic_t *counter);
static void ngx_mlforkids_json_requests(mlk_jw_t *w,
    ngx_mlforkids_counters_t *c);
static void ngx_mlforkids_json_database(mlk_jw_t *w,
    ngx_mlforkids_counters_t *c, ngx_mlforkids_lane_gauges_t *gauges);
static ngx_str_t *ngx_mlforkids_status_route(ngx_uint_t slot);
static void ngx_mlforkids_metric_type(ngx_mlforkids_metrics_t *m,
    const char *name, const char *type, const char *help);
static void ngx_mlforkids_metric(ngx_mlforkids_metrics_t *m, const char *name,
    ngx_atomic_uint_t value);
static void ngx_mlforkids_metrics_requests(ngx_mlforkids_metrics_t *m,
    ngx_mlforkids_counters_t *c);
static void ngx_mlforkids_metrics_database(ngx_mlforkids_metrics_t *m,
    ngx_mlforkids_counters_t *c, ngx_mlforkids_lane_gauges_t *gauges);
static void ngx_mlforkids_metrics_gauge(ngx_mlforkids_metrics_t *m,
    const char *name, const char *help, ngx_mlforkids_lane_gauges_t *gauges,
    size_t offset);
static void ngx_mlforkids_metrics_training(ngx_mlforkids_metrics_t *m,
    mlk_json_t *training);


static const char  *ngx_mlforkids_status_names[] = {
    "1xx", "2xx", "3xx", "4xx", "5xx"
};


static const ngx_mlforkids_lane_metric_t  ngx_mlforkids_lane_metrics[] = {

    { "queries_total", "Queries ended.", "",
      offsetof(ngx_mlforkids_lane_counters_t, queries) },

    { "errors_total", "Queries that did not succeed.", ",kind=\"failed\"",
      offsetof(ngx_mlforkids_lane_counters_t, failures) },

    { "errors_total", NULL, ",kind=\"invalid\"",
      offsetof(ngx_mlforkids_lane_counters_t, invalid) },

    { "errors_total", NULL, ",kind=\"unavailable\"",
      offsetof(ngx_mlforkids_lane_counters_t, unavailable) },

    { "retries_total", "Queries sent a second time.", "",
      offsetof(ngx_mlforkids_lane_counters_t, retries) },

    { "connects_total", "Connections made.", "",
      offsetof(ngx_mlforkids_lane_counters_t, connects) },

    { "losses_total", "Connections lost.", "",
      offsetof(ngx_mlforkids_lane_counters_t, losses) }
};


ngx_uint_t
ngx_mlforkids_status_gauges(ngx_mlforkids_lane_gauges_t *sums)
{
    ngx_uint_t                    i, n, alive;
    ngx_mlforkids_worker_slot_t  *slot;

    alive = 0;
    ngx_memzero((void *) sums,
                NGX_MLFORKIDS_LANES * sizeof(ngx_mlforkids_lane_gauges_t));

    for (i = 0; i < NGX_MLFORKIDS_WORKER_SLOTS; i++) {
        slot = &ngx_mlforkids_counters->workers[i];

        if (!ngx_mlforkids_worker_alive(slot)) {
            continue;
        }

        alive++;

        for (n = 0; n < NGX_MLFORKIDS_LANES; n++) {
            sums[n].waiting += slot->lanes[n].waiting;
            sums[n].in_flight += slot->lanes[n].in_flight;
            sums[n].connections += slot->lanes[n].connections;
        }
    }

    return alive;
}


ngx_int_t
ngx_mlforkids_status_write_json(ngx_mlforkids_status_t *status,
    ngx_str_t *text)
{
    mlk_jw_t                     *w;
    mlk_str_t                     out;
    ngx_uint_t                    workers;
    ngx_mlforkids_counters_t     *c;
    ngx_mlforkids_lane_gauges_t   gauges[NGX_MLFORKIDS_LANES];

    w = mlk_jw_create(&status->alloc);
    if (w == NULL) {
        return NGX_ERROR;
    }

    c = ngx_mlforkids_counters;
    workers = ngx_mlforkids_status_gauges(gauges);

    mlk_jw_object(w);

    mlk_jw_key(w, "uptime");
    mlk_jw_int(w, ngx_time() - (time_t) c->started);
    mlk_jw_key(w, "workers");
    mlk_jw_int(w, workers);

    mlk_jw_key(w, "requests");
    ngx_mlforkids_json_requests(w, c);

    mlk_jw_key(w, "tokens");
    mlk_jw_object(w);
    ngx_mlforkids_json_counter(w, "hits", &c->token_hits);
    ngx_mlforkids_json_counter(w, "misses", &c->token_misses);
    mlk_jw_object_end(w);

    mlk_jw_key(w, "database");
    ngx_mlforkids_json_database(w, c, gauges);

    mlk_jw_key(w, "training");

    if (status->training) {
        mlk_jw_value(w, status->training);

    } else {
        mlk_jw_object(w);
        mlk_jw_key(w, "ok");
        mlk_jw_bool(w, 0);
        mlk_jw_object_end(w);
    }

    mlk_jw_object_end(w);

    if (mlk_jw_finish(w, &out) != MLK_OK) {
        return NGX_ERROR;
    }

    *text = ngx_mlforkids_str(out);

    return NGX_OK;
}


static void
ngx_mlforkids_json_counter(mlk_jw_t *w, const char *name,
    ngx_atomic_t *counter)
{
    mlk_jw_key(w, name);
    mlk_jw_int(w, (int64_t) *counter);
}


static void
ngx_mlforkids_json_requests(mlk_jw_t *w, ngx_mlforkids_counters_t *c)
{
    mlk_str_t                        name;
    ngx_uint_t                       i, n;
    ngx_atomic_uint_t                total, all, status[5];
    ngx_mlforkids_route_counters_t  *route;

    all = 0;
    ngx_memzero(status, sizeof(status));

    for (i = 0; i <= ngx_mlforkids_routes_n; i++) {
        for (n = 0; n < NGX_MLFORKIDS_STATUS_CLASSES; n++) {
            status[n] += c->routes[i].status[n];
            all += c->routes[i].status[n];
        }
    }

    mlk_jw_object(w);
    mlk_jw_key(w, "total");
    mlk_jw_int(w, (int64_t) all);
    ngx_mlforkids_json_counter(w, "errors", &c->errors);

    for (n = 0; n < NGX_MLFORKIDS_STATUS_CLASSES; n++) {
        mlk_jw_key(w, ngx_mlforkids_status_names[n]);
        mlk_jw_int(w, (int64_t) status[n]);
    }

    /* routes that were asked for; "-" is all that is none */

    mlk_jw_key(w, "routes");
    mlk_jw_object(w);

    for (i = 0; i <= ngx_mlforkids_routes_n; i++) {
        route = &c->routes[i];
        total = 0;

        for (n = 0; n < NGX_MLFORKIDS_STATUS_CLASSES; n++) {
            total += route->status[n];
        }

        if (total == 0) {
            continue;
        }

        name = ngx_mlforkids_mlk(*ngx_mlforkids_status_route(i));

        mlk_jw_key_str(w, &name);
        mlk_jw_object(w);

        for (n = 0; n < NGX_MLFORKIDS_STATUS_CLASSES; n++) {
            if (route->status[n]) {
                ngx_mlforkids_json_counter(w, ngx_mlforkids_status_names[n],
                                           &route->status[n]);
            }
        }

        ngx_mlforkids_json_counter(w, "ms", &route->time);
        mlk_jw_object_end(w);
    }

    mlk_jw_object_end(w);
    mlk_jw_object_end(w);
}


static void
ngx_mlforkids_json_database(mlk_jw_t *w, ngx_mlforkids_counters_t *c,
    ngx_mlforkids_lane_gauges_t *gauges)
{
    ngx_uint_t                      i, up;
    mlk_str_t                       name;
    ngx_mlforkids_lane_counters_t  *lane;

    up = 0;

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        up += gauges[i].connections;
    }

    mlk_jw_object(w);
    mlk_jw_key(w, "ok");
    mlk_jw_bool(w, up != 0);

    for (i = 0; i < NGX_MLFORKIDS_LANES; i++) {
        lane = &c->lanes[i];
        name = ngx_mlforkids_mlk(ngx_mlforkids_lane_names[i]);

        mlk_jw_key_str(w, &name);
        mlk_jw_object(w);
        ngx_mlforkids_json_counter(w, "queries", &lane->queries);
        ngx_mlforkids_json_counter(w, "failed", &lane->failures);
        ngx_mlforkids_json_counter(w, "invalid", &lane->invalid);
        ngx_mlforkids_json_counter(w, "unavailable", &lane->unavailable);
        ngx_mlforkids_json_counter(w, "retries", &lane->retries);
        ngx_mlforkids_json_counter(w, "ms", &lane->time);
        ngx_mlforkids_json_counter(w, "connects", &lane->connects);
        ngx_mlforkids_json_counter(w, "losses", &lane->losses);
        ngx_mlforkids_json_counter(w, "waiting", &gauges[i].waiting);
        ngx_mlforkids_json_counter(w, "in_flight", &gauges[i].in_flight);
        ngx_mlforkids_json_counter(w, "connections", &gauges[i].connections);
        mlk_jw_object_end(w);
    }

    mlk_jw_object_end(w);
}


static ngx_str_t *
ngx_mlforkids_status_route(ngx_uint_t slot)
{
    static ngx_str_t  none = ngx_string("-");

    return slot ? (ngx_str_t *) &ngx_mlforkids_routes[slot - 1].name : &none;
}


ngx_int_t
ngx_mlforkids_status_write_prometheus(ngx_mlforkids_status_t *status,
    ngx_str_t *text)
{
    size_t                        size;
    ngx_uint_t                    workers;
    ngx_mlforkids_metrics_t       m;
    ngx_mlforkids_counters_t     *c;
    ngx_mlforkids_lane_gauges_t   gauges[NGX_MLFORKIDS_LANES];

    size = NGX_MLFORKIDS_METRIC_LINE
           * (NGX_MLFORKIDS_METRIC_LINES
              + (ngx_mlforkids_routes_n + 1)
                * (NGX_MLFORKIDS_STATUS_CLASSES + 1));

    text->data = ngx_palloc(status->request->pool, size);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    m.p = text->data;
    m.end = text->data + size;

    c = ngx_mlforkids_counters;
    workers = ngx_mlforkids_status_gauges(gauges);

    ngx_mlforkids_metric_type(&m, "mlforkids_start_time_seconds", "gauge",
                              "When counting began, Unix time.");
    ngx_mlforkids_metric(&m, "mlforkids_start_time_seconds", c->started);

    ngx_mlforkids_metric_type(&m, "mlforkids_workers", "gauge",
                              "Worker processes of nginx.");
    ngx_mlforkids_metric(&m, "mlforkids_workers", workers);

    ngx_mlforkids_metrics_requests(&m, c);

    ngx_mlforkids_metric_type(&m, "mlforkids_token_cache_hits_total",
                              "counter", "Account tokens known already.");
    ngx_mlforkids_metric(&m, "mlforkids_token_cache_hits_total",
                         c->token_hits);
    ngx_mlforkids_metric_type(&m, "mlforkids_token_cache_misses_total",
                              "counter", "Account tokens verified.");
    ngx_mlforkids_metric(&m, "mlforkids_token_cache_misses_total",
                         c->token_misses);

    ngx_mlforkids_metrics_database(&m, c, gauges);
    ngx_mlforkids_metrics_training(&m, status->training);

    text->len = m.p - text->data;

    return NGX_OK;
}


static void
ngx_mlforkids_metric_type(ngx_mlforkids_metrics_t *m, const char *name,
    const char *type, const char *help)
{
    m->p = ngx_slprintf(m->p, m->end, "# HELP %s %s\n# TYPE %s %s\n",
                        name, help, name, type);
}


static void
ngx_mlforkids_metric(ngx_mlforkids_metrics_t *m, const char *name,
    ngx_atomic_uint_t value)
{
    m->p = ngx_slprintf(m->p, m->end, "%s %uA\n", name, value);
}


static void
ngx_mlforkids_metrics_requests(ngx_mlforkids_metrics_t *m,
    ngx_mlforkids_counters_t *c)
{
    ngx_str_t         *name;
    ngx_uint_t         i, n;
    ngx_atomic_uint_t  value;

    ngx_mlforkids_metric_type(m, "mlforkids_requests_total", "counter",
                              "Requests by route and class of status; "
                              "route - is the site and all unknown ones.");

    for (i = 0; i <= ngx_mlforkids_routes_n; i++) {
        name = ngx_mlforkids_status_route(i);

        for (n = 0; n < NGX_MLFORKIDS_STATUS_CLASSES; n++) {
            value = c->routes[i].status[n];

            if (value) {
                m->p = ngx_slprintf(m->p, m->end,
                                    "mlforkids_requests_total{route=\"%V\","
                                    "status=\"%s\"} %uA\n",
                                    name, ngx_mlforkids_status_names[n],
                                    value);
            }
        }
    }

    ngx_mlforkids_metric_type(m, "mlforkids_request_seconds_total", "counter",
                              "Time of all requests of a route.");

    for (i = 0; i <= ngx_mlforkids_routes_n; i++) {
        value = c->routes[i].time;

        if (value) {
            m->p = ngx_slprintf(m->p, m->end,
                                "mlforkids_request_seconds_total{route=\"%V\"}"
                                " %uA.%03uA\n",
                                ngx_mlforkids_status_route(i), value / 1000,
                                value % 1000);
        }
    }

    ngx_mlforkids_metric_type(m, "mlforkids_server_errors_total", "counter",
                              "Replies with a status of 500 or more.");
    ngx_mlforkids_metric(m, "mlforkids_server_errors_total", c->errors);
}


static void
ngx_mlforkids_metrics_database(ngx_mlforkids_metrics_t *m,
    ngx_mlforkids_counters_t *c, ngx_mlforkids_lane_gauges_t *gauges)
{
    char                                name[64];
    ngx_uint_t                          i, n;
    ngx_atomic_t                       *counter;
    const ngx_mlforkids_lane_metric_t  *metric;

    for (i = 0;
         i < sizeof(ngx_mlforkids_lane_metrics)
             / sizeof(ngx_mlforkids_lane_metrics[0]);
         i++)
    {
        metric = &ngx_mlforkids_lane_metrics[i];

        (void) ngx_snprintf((u_char *) name, sizeof(name),
                            "mlforkids_database_%s%Z", metric->name);

        if (metric->help) {
            ngx_mlforkids_metric_type(m, name, "counter", metric->help);
        }

        for (n = 0; n < NGX_MLFORKIDS_LANES; n++) {
            counter = (ngx_atomic_t *) ((u_char *) &c->lanes[n]
                                        + metric->offset);

            m->p = ngx_slprintf(m->p, m->end, "%s{lane=\"%V\"%s} %uA\n",
                                name, &ngx_mlforkids_lane_names[n],
                                metric->lane_label, *counter);
        }
    }

    ngx_mlforkids_metric_type(m, "mlforkids_database_seconds_total",
                              "counter",
                              "Time of all queries, waiting included.");

    for (n = 0; n < NGX_MLFORKIDS_LANES; n++) {
        m->p = ngx_slprintf(m->p, m->end,
                            "mlforkids_database_seconds_total{lane=\"%V\"} "
                            "%uA.%03uA\n", &ngx_mlforkids_lane_names[n],
                            c->lanes[n].time / 1000, c->lanes[n].time % 1000);
    }

    ngx_mlforkids_metrics_gauge(m, "mlforkids_database_waiting",
                                "Queries that wait for a connection.", gauges,
                                offsetof(ngx_mlforkids_lane_gauges_t, waiting));
    ngx_mlforkids_metrics_gauge(m, "mlforkids_database_in_flight",
                                "Queries sent and not answered.", gauges,
                                offsetof(ngx_mlforkids_lane_gauges_t,
                                         in_flight));
    ngx_mlforkids_metrics_gauge(m, "mlforkids_database_connections",
                                "Connections ready for queries.", gauges,
                                offsetof(ngx_mlforkids_lane_gauges_t,
                                         connections));
}


static void
ngx_mlforkids_metrics_gauge(ngx_mlforkids_metrics_t *m, const char *name,
    const char *help, ngx_mlforkids_lane_gauges_t *gauges, size_t offset)
{
    ngx_uint_t     n;
    ngx_atomic_t  *gauge;

    ngx_mlforkids_metric_type(m, name, "gauge", help);

    for (n = 0; n < NGX_MLFORKIDS_LANES; n++) {
        gauge = (ngx_atomic_t *) ((u_char *) &gauges[n] + offset);

        m->p = ngx_slprintf(m->p, m->end, "%s{lane=\"%V\"} %uA\n", name,
                            &ngx_mlforkids_lane_names[n], *gauge);
    }
}


static void
ngx_mlforkids_metrics_training(ngx_mlforkids_metrics_t *m,
    mlk_json_t *training)
{
    int64_t      value;
    ngx_uint_t   i;
    mlk_json_t  *jobs;

    static const char  *states[] = {
        "waiting", "running", "done", "failed", "dead", NULL
    };

    ngx_mlforkids_metric_type(m, "mlforkids_training_up", "gauge",
                              "1 if the training worker answers.");
    ngx_mlforkids_metric(m, "mlforkids_training_up", training != NULL);

    jobs = mlk_json_get(training, "jobs");

    if (jobs == NULL) {
        return;
    }

    ngx_mlforkids_metric_type(m, "mlforkids_training_jobs", "gauge",
                              "Training jobs, as the worker counts them.");

    for (i = 0; states[i]; i++) {
        if (mlk_json_integer(mlk_json_get(jobs, states[i]), 0, INT64_MAX,
                             &value))
        {
            m->p = ngx_slprintf(m->p, m->end,
                                "mlforkids_training_jobs{state=\"%s\"} %L\n",
                                states[i], value);
        }
    }
}
