/*
 * Reader of settings files.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wk_conf.h"


#define WK_CONF_FILE   65536
#define WK_CONF_TOKEN  2048
#define WK_CONF_MAX    64       /* entries in a table */


typedef enum {
    TOKEN_WORD,
    TOKEN_SEMICOLON,
    TOKEN_END,
    TOKEN_ERROR
} token_e;


typedef struct {
    const char  *name;
    const char  *p;
    const char  *end;
    unsigned     line;
    char         word[WK_CONF_TOKEN];
    char        *err;
    size_t       errlen;
} reader_t;


typedef struct {
    const char  *unit;
    int64_t      factor;
} unit_t;


static const unit_t  size_units[] = {
    { "", 1 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "m", 1 << 20 },
    { "M", 1 << 20 }, { "g", 1 << 30 }, { "G", 1 << 30 }, { NULL, 0 }
};

static const unit_t  time_units[] = {
    { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
    { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 }
};

static const unit_t  number_units[] = { { "", 1 }, { NULL, 0 } };


static int fail(reader_t *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


static int
fail(reader_t *r, const char *fmt, ...)
{
    int      n;
    va_list  args;

    n = snprintf(r->err, r->errlen, "%s:%u: ", r->name, r->line);

    if (n < 0 || (size_t) n >= r->errlen) {
        return WK_ERROR;
    }

    va_start(args, fmt);
    vsnprintf(r->err + n, r->errlen - n, fmt, args);
    va_end(args);

    return WK_ERROR;
}


static void
skip_blanks(reader_t *r)
{
    while (r->p < r->end) {

        if (*r->p == '#') {
            while (r->p < r->end && *r->p != '\n') {
                r->p++;
            }

            continue;
        }

        if (strchr(" \t\r\n", *r->p) == NULL || *r->p == '\0') {
            return;
        }

        if (*r->p == '\n') {
            r->line++;
        }

        r->p++;
    }
}


/* The next word into r->word; a word in quotes may hold blanks and ";". */

static token_e
next_token(reader_t *r)
{
    char    ch, quote;
    size_t  len;

    skip_blanks(r);

    if (r->p == r->end) {
        return TOKEN_END;
    }

    if (*r->p == ';') {
        r->p++;
        return TOKEN_SEMICOLON;
    }

    quote = '\0';
    len = 0;

    if (*r->p == '"' || *r->p == '\'') {
        quote = *r->p++;
    }

    for ( ;; ) {

        if (r->p == r->end) {
            if (quote) {
                fail(r, "a quote is not closed");
                return TOKEN_ERROR;
            }

            break;
        }

        ch = *r->p;

        if (quote ? ch == quote : strchr(" \t\r\n;", ch) != NULL && ch) {
            break;
        }

        if (ch == '\\' && r->p + 1 < r->end
            && strchr("\\\"'", r->p[1]) != NULL && r->p[1])
        {
            ch = *++r->p;
        }

        if ((unsigned char) ch < 0x20 || ch == 0x7f) {
            fail(r, "a value holds a line end or a control character");
            return TOKEN_ERROR;
        }

        if (len == sizeof(r->word) - 1) {
            fail(r, "a value is too long");
            return TOKEN_ERROR;
        }

        r->word[len++] = ch;
        r->p++;
    }

    r->word[len] = '\0';

    if (quote) {
        r->p++;

        if (r->p < r->end && strchr(" \t\r\n;#", *r->p) == NULL) {
            fail(r, "a blank or \";\" must follow the closing quote");
            return TOKEN_ERROR;
        }
    }

    return TOKEN_WORD;
}


static int
parse_number(const char *word, const unit_t *units, int64_t *out)
{
    char       *end;
    int64_t     n;
    long long   v;

    if (word[0] < '0' || word[0] > '9') {
        return WK_ERROR;
    }

    errno = 0;
    v = strtoll(word, &end, 10);

    if (errno) {
        return WK_ERROR;
    }

    for ( /* void */ ; units->unit; units++) {
        if (strcmp(units->unit, end) == 0) {
            if (__builtin_mul_overflow((int64_t) v, units->factor, &n)) {
                return WK_ERROR;
            }

            *out = n;
            return WK_OK;
        }
    }

    return WK_ERROR;
}


static int
set_value(reader_t *r, const wk_conf_entry_t *e, const char *word, void *conf)
{
    int       rc;
    char    **s, *copy;
    void     *place;
    int64_t   n;

    place = (char *) conf + e->offset;

    if (e->type == WK_CONF_STRING) {
        copy = strdup(word);

        if (copy == NULL) {
            return fail(r, "not enough memory");
        }

        s = place;
        free(*s);
        *s = copy;

        return WK_OK;
    }

    rc = parse_number(word, (e->type == WK_CONF_SIZE) ? size_units
                            : (e->type == WK_CONF_TIME) ? time_units
                            : number_units, &n);

    if (rc != WK_OK) {
        return fail(r, "\"%s\" needs %s", e->name,
                    (e->type == WK_CONF_SIZE) ? "a size, for example 64m"
                    : (e->type == WK_CONF_TIME) ? "a time, for example 60s"
                    : "a number");
    }

    if (n < e->min || n > e->max) {
        return fail(r, "\"%s\" must be between %lld and %lld%s", e->name,
                    (long long) e->min, (long long) e->max,
                    (e->type == WK_CONF_SIZE) ? " bytes"
                    : (e->type == WK_CONF_TIME) ? " milliseconds" : "");
    }

    *(int64_t *) place = n;

    return WK_OK;
}


static int
set_defaults(reader_t *r, const wk_conf_entry_t *table, void *conf)
{
    const wk_conf_entry_t  *e;

    for (e = table; e->name; e++) {
        if (e->type == WK_CONF_STRING) {
            *(char **) ((char *) conf + e->offset) = NULL;
        }
    }

    for (e = table; e->name; e++) {
        if (e->dflt && set_value(r, e, e->dflt, conf) != WK_OK) {
            return WK_ERROR;
        }
    }

    return WK_OK;
}


/* One "name value;" whose name is in r->word. */

static int
read_setting(reader_t *r, const wk_conf_entry_t *table, int flags, char *seen,
    void *conf)
{
    token_e                 token;
    const wk_conf_entry_t  *e;

    for (e = table; e->name; e++) {
        if (strcmp(e->name, r->word) == 0) {
            break;
        }
    }

    if (e->name == NULL) {
        if (!(flags & WK_CONF_IGNORE_UNKNOWN)) {
            return fail(r, "there is no setting \"%.64s\"", r->word);
        }

        do {
            token = next_token(r);
        } while (token == TOKEN_WORD);

        return (token == TOKEN_SEMICOLON) ? WK_OK
               : (token == TOKEN_END) ? fail(r, "\";\" is missing") : WK_ERROR;
    }

    if (seen[e - table]) {
        return fail(r, "\"%s\" is set twice", e->name);
    }

    seen[e - table] = 1;

    token = next_token(r);

    if (token == TOKEN_ERROR) {
        return WK_ERROR;
    }

    if (token != TOKEN_WORD) {
        return fail(r, "\"%s\" needs a value", e->name);
    }

    if (set_value(r, e, r->word, conf) != WK_OK) {
        return WK_ERROR;
    }

    token = next_token(r);

    if (token == TOKEN_ERROR) {
        return WK_ERROR;
    }

    if (token == TOKEN_WORD) {
        return fail(r, "\"%s\" takes one value; is a \";\" missing?", e->name);
    }

    if (token == TOKEN_END) {
        return fail(r, "\";\" is missing after \"%s\"", e->name);
    }

    return WK_OK;
}


int
wk_conf_parse(const wk_conf_entry_t *table, int flags, const char *name,
    const char *text, size_t len, void *conf, char *err, size_t errlen)
{
    int                     rc;
    char                    seen[WK_CONF_MAX] = { 0 };
    token_e                 token;
    reader_t                r;
    const wk_conf_entry_t  *e;

    r.name = name;
    r.p = text;
    r.end = text + len;
    r.line = 1;
    r.err = err;
    r.errlen = errlen;

    for (e = table; e->name; e++) { /* void */ }

    if (e - table > WK_CONF_MAX) {
        return fail(&r, "too many settings");
    }

    rc = set_defaults(&r, table, conf);

    while (rc == WK_OK) {
        token = next_token(&r);

        if (token == TOKEN_END) {
            break;
        }

        rc = (token == TOKEN_WORD) ? read_setting(&r, table, flags, seen, conf)
             : (token == TOKEN_SEMICOLON) ? fail(&r, "\";\" without a name")
             : WK_ERROR;
    }

    for (e = table; rc == WK_OK && e->name; e++) {
        if (e->dflt == NULL && !seen[e - table]) {
            rc = fail(&r, "\"%s\" is missing", e->name);
        }
    }

    if (rc != WK_OK) {
        wk_conf_free(table, conf);
    }

    return rc;
}


int
wk_conf_read(const wk_conf_entry_t *table, int flags, const char *path,
    void *conf, char *err, size_t errlen)
{
    int      fd, rc;
    char    *text;
    size_t   len;
    ssize_t  n;

    fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return WK_ERROR;
    }

    text = malloc(WK_CONF_FILE + 1);

    if (text == NULL) {
        snprintf(err, errlen, "%s: not enough memory", path);
        close(fd);
        return WK_ERROR;
    }

    len = 0;

    do {
        n = read(fd, text + len, WK_CONF_FILE + 1 - len);
        len += (n > 0) ? (size_t) n : 0;
    } while (n > 0 || (n == -1 && errno == EINTR));

    if (n == -1) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        rc = WK_ERROR;

    } else if (len > WK_CONF_FILE) {
        snprintf(err, errlen, "%s: over %d bytes", path, WK_CONF_FILE);
        rc = WK_ERROR;

    } else {
        rc = wk_conf_parse(table, flags, path, text, len, conf, err, errlen);
    }

    free(text);
    close(fd);

    return rc;
}


void
wk_conf_free(const wk_conf_entry_t *table, void *conf)
{
    char                  **s;
    const wk_conf_entry_t  *e;

    for (e = table; e->name; e++) {
        if (e->type == WK_CONF_STRING) {
            s = (char **) ((char *) conf + e->offset);
            free(*s);
            *s = NULL;
        }
    }
}


void
wk_conf_help(const wk_conf_entry_t *table)
{
    const wk_conf_entry_t  *e;

    printf("Settings (\"name value;\"):\n");

    for (e = table; e->name; e++) {
        printf("  %-14s %s\n", e->name, e->help);

        if (e->dflt == NULL) {
            printf("  %-14s required\n", "");

        } else if (e->dflt[0]) {
            printf("  %-14s default: %s\n", "", e->dflt);
        }
    }
}
