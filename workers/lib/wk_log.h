/*
 * The log: one line a message, written by a single write(), so that lines of
 * several threads and processes never mix and no lock is needed (a forked
 * child may log).  Never log texts, labels, keys, tokens or passwords.
 */

#ifndef WK_LOG_H
#define WK_LOG_H


typedef enum {
    WK_LOG_ERROR = 0,
    WK_LOG_WARN,
    WK_LOG_INFO,
    WK_LOG_DEBUG
} wk_log_level_e;


/*
 * Opens the log: "stderr" or a path, which is created with mode 0640.  level
 * is one of "error", "warn", "info", "debug".  Until it is called, messages of
 * level info go to standard error.  The path must stay valid.
 *
 * Returns WK_OK, or WK_ERROR with errno set (EINVAL: no such level); the log
 * then stays as it was.
 */
int wk_log_open(const char *path, const char *level);

/* WK_OK if there is such a level. */
int wk_log_check(const char *level);

/* Opens the file again (after it was rotated); keeps the old one on failure. */
void wk_log_reopen(void);

/* A name for this process in its lines: "server", "runner 0". */
void wk_log_name(const char *name);

/* Non-zero if a message of this level would be written. */
int wk_log_on(wk_log_level_e level);

/* Writes one line; control characters become spaces; cut at 1 kB. */
void wk_log(wk_log_level_e level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As wk_log, followed by the text and number of err, an errno. */
void wk_log_errno(wk_log_level_e level, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


#endif /* WK_LOG_H */
