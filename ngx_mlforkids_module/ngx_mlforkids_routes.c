/*
 * All endpoints, in the order of contract/api.md 2, and the redirects of
 * contract/static.md 1.2.
 */

#include "ngx_mlforkids_routes.h"
#include "ngx_mlforkids_handlers.h"


#define CLASS    "/api/classes/:c"
#define STUDENT  CLASS "/students/:s"
#define PROJECT  STUDENT "/projects/:p"
#define LOCAL    STUDENT "/localprojects"
#define SCRATCH  "/api/scratch/:k"

#define PUBLIC   0
#define A        NGX_MLFORKIDS_A
#define S        NGX_MLFORKIDS_S
#define ADM      NGX_MLFORKIDS_ADM
#define UNM      NGX_MLFORKIDS_UNM
#define SELF     NGX_MLFORKIDS_SELF
#define SELF_S   NGX_MLFORKIDS_SELF_S
#define OWN      NGX_MLFORKIDS_OWN
#define CRD      NGX_MLFORKIDS_CRD
#define OWN_T    NGX_MLFORKIDS_OWN_T
#define CRD_T    NGX_MLFORKIDS_CRD_T
#define LOC      NGX_MLFORKIDS_LOC
#define KEY      NGX_MLFORKIDS_KEY
#define BODY     NGX_MLFORKIDS_BODY
#define CORS     NGX_MLFORKIDS_CORS
#define TENANT   NGX_MLFORKIDS_TENANT

#define NONE     NGX_MLFORKIDS_CACHE_NONE
#define NC       NGX_MLFORKIDS_NO_CACHE
#define C10S     NGX_MLFORKIDS_C10S
#define C1M      NGX_MLFORKIDS_C1M
#define C2M      NGX_MLFORKIDS_C2M
#define C1H      NGX_MLFORKIDS_C1H
#define C1Y      NGX_MLFORKIDS_C1Y

/* the last step of the expansion pastes the list's name before a list that
 * is still a macro for "not implemented" is replaced */
#define LIST(list)  list

#define ROUTE(method, pattern, flags, cache, list)                            \
    { { NGX_MLFORKIDS_##method, pattern }, flags, cache,                      \
      LIST(ngx_mlforkids_##list), ngx_string(#method " " pattern) }


/* the numbers are those of the contract */
const ngx_mlforkids_route_t  ngx_mlforkids_routes[] = {
    /*  1 */ ROUTE(GET, "/api",
                   PUBLIC, NONE, service_probe),
    /*  2 */ ROUTE(GET, "/api/debug/errors/:x",
                   PUBLIC, NONE, service_debug),
    /*  3 */ ROUTE(POST, "/api/teachers",
                   BODY, NONE, not_implemented),
    /*  4 */ ROUTE(GET, CLASS "/policy",
                   A | TENANT, NONE, policy_get),
    /*  5 */ ROUTE(PATCH, CLASS "/policy",
                   S | BODY, NONE, policy_patch),
    /*  6 */ ROUTE(PATCH, CLASS,
                   S | BODY, NONE, not_implemented),
    /*  7 */ ROUTE(DELETE, CLASS,
                   S, NONE, not_implemented),
    /*  8 */ ROUTE(GET, CLASS "/students",
                   S, NC, not_implemented),
    /*  9 */ ROUTE(POST, CLASS "/students",
                   S | BODY, NONE, not_implemented),
    /* 10 */ ROUTE(PUT, CLASS "/students",
                   S | BODY, NONE, not_implemented),
    /* 11 */ ROUTE(PATCH, CLASS "/students",
                   S, NONE, not_implemented),
    /* 12 */ ROUTE(DELETE, STUDENT,
                   S, NONE, not_implemented),
    /* 13 */ ROUTE(POST, STUDENT "/password",
                   S, NONE, not_implemented),
    /* 14 */ ROUTE(GET, CLASS "/passwords",
                   S, NONE, not_implemented),
    /* 15 */ ROUTE(POST, "/api/sessionusers",
                   PUBLIC, NONE, session_users_create),
    /* 16 */ ROUTE(DELETE, CLASS "/sessionusers/:s",
                   A | SELF, NONE, session_users_delete),
    /* 17 */ ROUTE(GET, CLASS "/projects",
                   S, NONE, not_implemented),
    /* 18 */ ROUTE(GET, STUDENT "/projects",
                   A | SELF_S, NC, projects_list),
    /* 19 */ ROUTE(POST, STUDENT "/projects",
                   A | SELF | BODY | TENANT, NONE, projects_create),
    /* 20 */ ROUTE(GET, PROJECT,
                   CRD_T, NC, projects_get),
    /* 21 */ ROUTE(PATCH, PROJECT,
                   OWN | BODY, NONE, labels_patch),
    /* 22 */ ROUTE(DELETE, PROJECT,
                   OWN, NONE, projects_delete),
    /* 23 */ ROUTE(GET, PROJECT "/fields",
                   CRD_T, NC, projects_fields),
    /* 24 */ ROUTE(PATCH, PROJECT "/iscrowdsourced",
                   S | OWN | BODY, NONE, projects_share),
    /* 25 */ ROUTE(GET, PROJECT "/labels",
                   CRD_T, NC, labels_count),
    /* 26 */ ROUTE(PUT, PROJECT "/labels",
                   OWN | BODY, NONE, labels_rename),
    /* 27 */ ROUTE(GET, PROJECT "/training",
                   CRD_T, NC, training_list),
    /* 28 */ ROUTE(POST, PROJECT "/training",
                   CRD | BODY, NONE, training_add),
    /* 29 */ ROUTE(GET, PROJECT "/training/:t",
                   CRD, C1Y, training_image),
    /* 30 */ ROUTE(DELETE, PROJECT "/training/:t",
                   CRD, NONE, training_delete),
    /* 31 */ ROUTE(GET, STUDENT "/training/images",
                   A, C1Y, not_implemented),
    /* 32 */ ROUTE(POST, STUDENT "/training/ngrams",
                   A | BODY, NONE, not_implemented),
    /* 33 */ ROUTE(POST, PROJECT "/images",
                   CRD, NONE, not_implemented),
    /* 34 */ ROUTE(GET, PROJECT "/images/:i",
                   CRD_T, C1Y, not_implemented),
    /* 35 */ ROUTE(POST, PROJECT "/sounds",
                   CRD, NONE, not_implemented),
    /* 36 */ ROUTE(GET, PROJECT "/sounds/:i",
                   CRD_T, C1Y, not_implemented),
    /* 37 */ ROUTE(GET, PROJECT "/models",
                   CRD, NC, models_list),
    /* 38 */ ROUTE(POST, PROJECT "/models",
                   OWN | TENANT, NONE, models_train),
    /* 39 */ ROUTE(GET, PROJECT "/models/:m",
                   CRD, C1H, models_describe),
    /* 40 */ ROUTE(DELETE, PROJECT "/models/:m",
                   OWN_T, NONE, models_delete),
    /* 41 */ ROUTE(POST, PROJECT "/models/:m/label",
                   A | BODY, NONE, models_test),
    /* 42 */ ROUTE(GET, PROJECT "/scratchkeys",
                   CRD, NC, scratch_keys_list),
    /* 43 */ ROUTE(POST, LOCAL,
                   A | SELF | BODY, NONE, not_implemented),
    /* 44 */ ROUTE(PUT, LOCAL "/:p",
                   LOC | BODY, NONE, not_implemented),
    /* 45 */ ROUTE(DELETE, LOCAL "/:p",
                   LOC, NONE, not_implemented),
    /* 46 */ ROUTE(GET, LOCAL "/:p/scratchkeys",
                   LOC, NC, not_implemented),
    /* 47 */ ROUTE(GET, LOCAL "/:p/models",
                   LOC, NC, not_implemented),
    /* 48 */ ROUTE(POST, LOCAL "/:p/models",
                   LOC | BODY, NONE, not_implemented),
    /* 49 */ ROUTE(DELETE, LOCAL "/:p/models/:m",
                   LOC, NONE, not_implemented),
    /* 50 */ ROUTE(POST, LOCAL "/:p/models/:m/label",
                   LOC | BODY, NONE, not_implemented),
    /* 51 */ ROUTE(POST, STUDENT "/localnumbersprojects",
                   A | SELF | BODY, NONE, not_implemented),
    /* 52 */ ROUTE(GET, SCRATCH "/classify",
                   KEY | CORS, C10S, scratch_classify),
    /* 53 */ ROUTE(POST, SCRATCH "/classify",
                   KEY | BODY | CORS, NONE, scratch_classify),
    /* 54 */ ROUTE(GET, SCRATCH "/status",
                   KEY | CORS, NC, scratch_status),
    /* 55 */ ROUTE(POST, SCRATCH "/models",
                   CORS, NC, scratch_models),
    /* 56 */ ROUTE(POST, SCRATCH "/local/models",
                   BODY | CORS, NC, not_implemented),
    /* 57 */ ROUTE(GET, SCRATCH "/train",
                   KEY | CORS, C2M, scratch_items),
    /* 58 */ ROUTE(POST, SCRATCH "/train",
                   KEY | BODY | CORS, NC, scratch_add),
    /* 59 */ ROUTE(GET, SCRATCH "/images" PROJECT "/images/:i",
                   KEY | CORS, C1Y, not_implemented),
    /* 60 */ ROUTE(GET, SCRATCH "/extension3.js",
                   KEY | CORS, NC, extensions_key),
    /* 61 */ ROUTE(GET, SCRATCH "/local/:t/extension3.js",
                   CORS, NC, not_implemented),
    /* 62 */ ROUTE(GET, "/api/scratch/:m/:w/extensionslm.js",
                   CORS, C1Y, not_implemented),
    /* 63 */ ROUTE(GET, "/api/scratch/:e/extensiontfjs.js",
                   CORS, C1Y, not_implemented),
    /* 64 */ ROUTE(POST, "/api/scratchtfjs/extensions",
                   BODY | CORS, C1Y, not_implemented),
    /* 65 */ ROUTE(GET, "/api/appinventor/:k/extension",
                   PUBLIC, NONE, not_implemented),
    /* 66 */ ROUTE(GET, CLASS "/credentials",
                   S | UNM, NONE, not_implemented),
    /* 67 */ ROUTE(POST, CLASS "/credentials",
                   S | UNM | BODY, NONE, not_implemented),
    /* 68 */ ROUTE(GET, CLASS "/credentials/:i",
                   S | UNM, C1H, not_implemented),
    /* 69 */ ROUTE(PATCH, CLASS "/credentials/:i",
                   S | UNM | BODY, NONE, not_implemented),
    /* 70 */ ROUTE(DELETE, CLASS "/credentials/:i",
                   S | UNM, NONE, not_implemented),
    /* 71 */ ROUTE(GET, CLASS "/modelsupport/:t",
                   A, NONE, not_implemented),
    /* 72 */ ROUTE(GET, CLASS "/classifiers",
                   S | UNM, C1H, not_implemented),
    /* 73 */ ROUTE(DELETE, CLASS "/classifiers/:i",
                   S | UNM, NONE, not_implemented),
    /* 74 */ ROUTE(GET, "/api/sitealerts/public",
                   PUBLIC, C1M, not_implemented),
    /* 75 */ ROUTE(GET, "/api/sitealerts/alerts/:c/students/:s",
                   A, C1M, not_implemented),
    /* 76 */ ROUTE(GET, "/api/sitealerts/alerts/:c/supervisors/:s",
                   S, C1M, not_implemented),
    /* 77 */ ROUTE(POST, "/api/sitealerts",
                   ADM, NONE, not_implemented),
    /* 78 */ ROUTE(PUT, "/api/sitealerts/actions/refresh",
                   ADM, NONE, not_implemented),
};

const ngx_uint_t  ngx_mlforkids_routes_n =
    sizeof(ngx_mlforkids_routes) / sizeof(ngx_mlforkids_routes[0]);


/* Pages that live behind "#!" in the browser. */
static const ngx_str_t  ngx_mlforkids_pages[] = {
    ngx_string("/about"),
    ngx_string("/projects"),
    ngx_string("/teacher"),
    ngx_string("/teacher/languagemodels"),
    ngx_string("/worksheets"),
    ngx_string("/help"),
    ngx_string("/signup"),
    ngx_string("/login"),
    ngx_string("/apikeys-guide"),
    ngx_string("/pretrained"),
    ngx_string("/book")
};


#define PICTURES  "/static/images/scratch3-"
#define UNFILLED  "%7B%7B%20project.type%20%7D%7D"

/* Pictures that page templates ask for before they are filled in: the path is
 * compared as it was sent. */
static const struct {
    ngx_str_t  from;
    ngx_str_t  to;
} ngx_mlforkids_pictures[] = {
    { ngx_string(PICTURES "sample-" UNFILLED ".png"),
      ngx_string(PICTURES "sample-text.png") },
    { ngx_string(PICTURES "sample-sounds.png"),
      ngx_string(PICTURES "sample-text.png") },
    { ngx_string(PICTURES "recognise-label-" UNFILLED ".png"),
      ngx_string(PICTURES "recognise-label-text.png") },
    { ngx_string(PICTURES "recognise-label-sounds.png"),
      ngx_string(PICTURES "recognise-label-text.png") },
    { ngx_string(PICTURES "recognise-confidence-" UNFILLED ".png"),
      ngx_string(PICTURES "recognise-confidence-text.png") },
    { ngx_string(PICTURES "recognise-confidence-sounds.png"),
      ngx_string(PICTURES "recognise-confidence-text.png") }
};


/*
 * Body limits: the first pattern that is a prefix of the path wins; "*" is one
 * segment.  A JSON value costs some hundred bytes before anybody has shown a
 * token, so only tables may have many.
 */
static const struct {
    const char                 *pattern;
    ngx_mlforkids_body_limit_t  limit;
} ngx_mlforkids_limits[] = {
    { "/api/classes/*/students/*/training/ngrams",
      { 3 * 1024 * 1024, 100000 } },
    { "/api/classes/*/students/*/localprojects/*/models",
      { 4 * 1024 * 1024, 100000 } },
    { "/api/classes/*/students/*/localnumbersprojects",
      { 4 * 1024 * 1024, 500000 } },
    { "/api/scratch/*/classify", { 3 * 1024 * 1024, 1000 } },
    /* 100 kB in the reference; training from Scratch should take what training
     * from the site takes */
    { "/api/scratch/*/local/models", { 4 * 1024 * 1024, 500000 } },
    { "/api/classes/*/students/*/projects/*/sounds",
      { 400 * 1024, 100000 } },
    { "/api/classes/*/students/*/projects/*/training",
      { 400 * 1024, 100000 } }
};

static const ngx_mlforkids_body_limit_t  ngx_mlforkids_default_limit = {
    100 * 1024, 100000
};


static ngx_uint_t ngx_mlforkids_same_path(const ngx_str_t *path,
    const ngx_str_t *name);
static ngx_int_t ngx_mlforkids_scratch_redirect(ngx_mlforkids_ctx_t *ctx,
    ngx_str_t *location);
static ngx_uint_t ngx_mlforkids_path_under(const ngx_str_t *path,
    const char *pattern);


ngx_int_t
ngx_mlforkids_page_redirect(ngx_mlforkids_ctx_t *ctx, ngx_str_t *location)
{
    u_char      *p;
    ngx_uint_t   i;

    static const ngx_str_t  scratch = ngx_string("/scratch");
    static const ngx_str_t  scratch3 = ngx_string("/scratch3");

    if (!(ctx->request->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_DECLINED;
    }

    for (i = 0; i < sizeof(ngx_mlforkids_pages) / sizeof(ngx_str_t); i++) {
        if (!ngx_mlforkids_same_path(&ctx->path, &ngx_mlforkids_pages[i])) {
            continue;
        }

        location->len = ngx_mlforkids_pages[i].len + 3;
        location->data = ngx_pnalloc(ctx->request->pool, location->len);
        if (location->data == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(location->data, "/#!", 3);
        ngx_memcpy(p, ngx_mlforkids_pages[i].data, ngx_mlforkids_pages[i].len);

        return NGX_OK;
    }

    if (ngx_mlforkids_same_path(&ctx->path, &scratch3)
        || (ctx->path.len == scratch.len
            && ngx_mlforkids_same_path(&ctx->path, &scratch)))
    {
        return ngx_mlforkids_scratch_redirect(ctx, location);
    }

    for (i = 0;
         i < sizeof(ngx_mlforkids_pictures) / sizeof(ngx_mlforkids_pictures[0]);
         i++)
    {
        if (ngx_mlforkids_same_path(&ctx->path,
                                    &ngx_mlforkids_pictures[i].from))
        {
            *location = ngx_mlforkids_pictures[i].to;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* Case does not matter, nor does one slash at the end. */

static ngx_uint_t
ngx_mlforkids_same_path(const ngx_str_t *path, const ngx_str_t *name)
{
    size_t  len;

    len = path->len;

    if (len > 1 && path->data[len - 1] == '/') {
        len--;
    }

    return len == name->len
           && ngx_strncasecmp(path->data, name->data, len) == 0;
}


/* The value of "project" is put into the new address as it was sent, if that
 * is harmless; everything else in the query is dropped. */

static ngx_int_t
ngx_mlforkids_scratch_redirect(ngx_mlforkids_ctx_t *ctx, ngx_str_t *location)
{
    u_char      *p, c;
    size_t       i;
    ngx_str_t    value;

    static const ngx_str_t  plain = ngx_string("/scratch/");

    *location = plain;

    if (ngx_http_arg(ctx->request, (u_char *) "project", 7, &value) != NGX_OK
        || value.len == 0)
    {
        return NGX_OK;
    }

    for (i = 0; i < value.len; i++) {
        c = value.data[i];
        if (c <= 0x20 || c == 0x7f || c == '"' || c == '<' || c == '>') {
            return NGX_OK;
        }
    }

    location->len = plain.len + sizeof("?project=") - 1 + value.len;
    location->data = ngx_pnalloc(ctx->request->pool, location->len);
    if (location->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(location->data, plain.data, plain.len);
    p = ngx_cpymem(p, "?project=", sizeof("?project=") - 1);
    ngx_memcpy(p, value.data, value.len);

    return NGX_OK;
}


const ngx_mlforkids_body_limit_t *
ngx_mlforkids_body_limit(const ngx_str_t *path)
{
    ngx_uint_t  i;

    for (i = 0;
         i < sizeof(ngx_mlforkids_limits) / sizeof(ngx_mlforkids_limits[0]);
         i++)
    {
        if (ngx_mlforkids_path_under(path, ngx_mlforkids_limits[i].pattern)) {
            return &ngx_mlforkids_limits[i].limit;
        }
    }

    return &ngx_mlforkids_default_limit;
}


static ngx_uint_t
ngx_mlforkids_path_under(const ngx_str_t *path, const char *pattern)
{
    u_char      *p, *last;
    const char  *q;

    p = path->data;
    last = p + path->len;

    for (q = pattern; *q != '\0'; q++) {

        if (p == last) {
            return 0;
        }

        if (*q == '*') {
            if (*p == '/') {
                return 0;
            }

            while (p < last && *p != '/') {
                p++;
            }

            continue;
        }

        if (ngx_tolower(*p) != (u_char) *q) {
            return 0;
        }

        p++;
    }

    return p == last || *p == '/';
}
