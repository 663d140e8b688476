/*
 * Linked into the nginx of auto/test --sanitize: the sanitizers' settings.
 * They are in the program and not in the environment, because services start
 * with an environment of their own.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <nginx.h>


const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);
int __lsan_is_turned_off(void);


/* gcc's AddressSanitizer takes a module's copies of symbols for a fault. */

const char *
__asan_default_options(void)
{
    return "detect_odr_violation=0:detect_stack_use_after_return=1";
}


const char *
__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}


/*
 * Only workers give back what they made: the master process, `nginx -t` and
 * `nginx -s` end without.
 */

int
__lsan_is_turned_off(void)
{
    return ngx_process != NGX_PROCESS_WORKER;
}


const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}


/* nginx keeps one context of pcre2 for the whole configuration. */

const char *
__lsan_default_suppressions(void)
{
    return "leak:ngx_regex_malloc\n";
}
