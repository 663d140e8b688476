/*
 * Settings files in the syntax of nginx: "name value;", values plain or in
 * quotes (with \\ \" \'), "#" to the end of a line is a comment.  A table says
 * which names there are; the text of --help is made from the same table.
 */

#ifndef WK_CONF_H
#define WK_CONF_H

#include "wk_core.h"


typedef enum {
    WK_CONF_STRING,   /* char *, on the heap */
    WK_CONF_SIZE,     /* int64_t, bytes: 512, 64k, 64m, 1g */
    WK_CONF_TIME,     /* int64_t, milliseconds: 500ms, 60s, 5m, 1h; 60 = 60s */
    WK_CONF_NUMBER    /* int64_t */
} wk_conf_type_e;


typedef struct {
    const char      *name;      /* NULL ends the table */
    wk_conf_type_e   type;
    size_t           offset;    /* of the value in the caller's structure */
    const char      *dflt;      /* as it would be written, NULL: required */
    int64_t          min;       /* SIZE, TIME (ms) and NUMBER */
    int64_t          max;
    const char      *help;
} wk_conf_entry_t;


#define WK_CONF_IGNORE_UNKNOWN  1   /* a file that belongs to another program */


/*
 * Sets all defaults, then reads len bytes of text.  name is the file's, for
 * messages.  Returns WK_OK, or WK_ERROR with "name:line: what" in err (never
 * with a value in it).
 */
int wk_conf_parse(const wk_conf_entry_t *table, int flags, const char *name,
    const char *text, size_t len, void *conf, char *err, size_t errlen);

/* As wk_conf_parse, from a file of at most 64 kB. */
int wk_conf_read(const wk_conf_entry_t *table, int flags, const char *path,
    void *conf, char *err, size_t errlen);

/* Releases the strings. */
void wk_conf_free(const wk_conf_entry_t *table, void *conf);

/* Prints the table's names, defaults and meanings. */
void wk_conf_help(const wk_conf_entry_t *table);


#endif /* WK_CONF_H */
