/*
 * Linked into the nginx of auto/test --sanitize: the sanitizers' settings.
 * They are in the program and not in the environment, because services start
 * with an environment of their own.
 */


const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);


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


const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}


/*
 * The master process and `nginx -t` end without giving back what they made of
 * the configuration; a worker gives it back.
 */

const char *
__lsan_default_suppressions(void)
{
    return "leak:ngx_init_cycle\n";
}
