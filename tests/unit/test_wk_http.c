/*
 * The HTTP server and its listening socket, by raw requests.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "wk_http.h"
#include "wk_listen.h"
#include "wk_log.h"


#define BODY  1000


static char         dir[] = "/tmp/wk_http.XXXXXX";
static char         path[64];
static char         address[80];
static wk_listen_t  l;
static wk_http_t   *http;
static char         reply[65536];
static atomic_int   entered;


static void
on_echo(wk_http_req_t *r)
{
    char  *copy;

    copy = malloc(r->len + 1);

    if (copy != NULL) {
        memcpy(copy, r->body ? (const char *) r->body : "", r->len);
        wk_http_json(r, 200, copy, r->len);
    }
}


static void
on_empty(wk_http_req_t *r)
{
    assert_string_equal(r->data, "data");
    wk_http_empty(r, 204);
}


static void
on_forgotten(wk_http_req_t *r)
{
    (void) r;
}


static void
on_slow(wk_http_req_t *r)
{
    atomic_store(&entered, 1);
    usleep(200000);
    wk_http_error(r, 200, "slow");
}


static const wk_http_route_t  routes[] = {
    { "POST", "/echo",      BODY, on_echo },
    { "GET",  "/empty",     0,    on_empty },
    { "GET",  "/forgotten", 0,    on_forgotten },
    { "GET",  "/slow",      0,    on_slow },
    { NULL,   NULL,         0,    NULL }
};


static int
group_setup(void **state)
{
    (void) state;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(address, sizeof(address), "unix:%s", path);

    return wk_log_open("/dev/null", "error");
}


static int
group_teardown(void **state)
{
    char  lock[80];

    (void) state;

    snprintf(lock, sizeof(lock), "%s.lock", path);
    unlink(lock);

    return rmdir(dir);
}


static int
setup(void **state)
{
    char         err[256];
    static char  data[] = "data";

    (void) state;

    assert_int_equal(wk_listen_open(address, &l, err, sizeof(err)), WK_OK);
    http = wk_http_start(dup(l.fd), 2, routes, data);

    return http == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    wk_http_stop(http, 5000);
    wk_listen_close(&l);
    assert_int_equal(access(path, F_OK), -1);

    return 0;
}


static int
dial(void)
{
    int                 fd;
    struct timeval      tv = { 30, 0 };
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    memcpy(sun.sun_path, path, strlen(path) + 1);

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_not_equal(fd, -1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)),
                     0);
    assert_int_equal(connect(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);

    return fd;
}


/* Sends a request and reads to the end of the connection. */

static void
ask(const char *head, size_t body)
{
    int      fd;
    char     text[65536];
    size_t   len;
    ssize_t  n;

    len = strlen(head);
    assert_in_range(len + body, 1, sizeof(text));
    memcpy(text, head, len);
    memset(text + len, 'b', body);

    fd = dial();
    assert_int_equal(send(fd, text, len + body, MSG_NOSIGNAL), len + body);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);

    len = 0;

    while ((n = recv(fd, reply + len, sizeof(reply) - 1 - len, 0)) > 0) {
        len += (size_t) n;
    }

    reply[len] = '\0';
    close(fd);
}


static void
expect(const char *status, const char *end)
{
    size_t  len, n;

    assert_memory_equal(reply, status, strlen(status));

    len = strlen(reply);
    n = strlen(end);
    assert_true(len >= n);
    assert_string_equal(reply + len - n, end);
}


#define HEAD  " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


static void
test_routes(void **state)
{
    (void) state;

    ask("GET /empty" HEAD "\r\n", 0);
    expect("HTTP/1.1 204", "\r\n\r\n");

    ask("GET /nothing" HEAD "\r\n", 0);
    expect("HTTP/1.1 404", "{\"error\":\"no such resource\"}");

    ask("GET /echo" HEAD "\r\n", 0);
    expect("HTTP/1.1 405", "{\"error\":\"method not allowed\"}");

    ask("GET /forgotten" HEAD "\r\n", 0);
    expect("HTTP/1.1 500", "{\"error\":\"internal error\"}");

    ask("POST /echo" HEAD "Content-Length: 0\r\n\r\n", 0);
    expect("HTTP/1.1 200", "\r\n\r\n");
    assert_non_null(strstr(reply, "Content-Type: application/json"));
}


static void
test_bodies(void **state)
{
    char  all[BODY + 1];

    (void) state;

    memset(all, 'b', BODY);
    all[BODY] = '\0';

    ask("POST /echo" HEAD "Content-Length: 1000\r\n\r\n", BODY);
    expect("HTTP/1.1 200", all);

    ask("POST /echo" HEAD "Content-Length: 1001\r\n\r\n", BODY + 1);
    expect("HTTP/1.1 413", "{\"error\":\"body is too long\"}");

    ask("POST /echo" HEAD "Content-Length: 9999999999\r\n\r\n", 0);
    expect("HTTP/1.1 413", "{\"error\":\"body is too long\"}");

    ask("POST /echo" HEAD "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", 0);
    expect("HTTP/1.1 200", "\r\n\r\nabcdefg");

    ask("POST /echo" HEAD "Transfer-Encoding: chunked\r\n\r\n"
        "ffffffff\r\n", 20000);
    assert_null(strstr(reply, "HTTP/1.1 200"));

    ask("rubbish\r\n\r\n", 0);
    assert_null(strstr(reply, "HTTP/1.1 200"));
}


static void *
ask_slow(void *arg)
{
    (void) arg;

    ask("GET /slow" HEAD "\r\n", 0);

    return NULL;
}


static void
test_stop_lets_requests_end(void **state)
{
    pthread_t  thread;

    (void) state;

    atomic_store(&entered, 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_slow, NULL), 0);

    while (!atomic_load(&entered)) {
        usleep(1000);
    }

    teardown(state);

    assert_int_equal(pthread_join(thread, NULL), 0);
    expect("HTTP/1.1 200", "{\"error\":\"slow\"}");

    assert_int_equal(setup(state), 0);
}


static void
test_addresses(void **state)
{
    (void) state;

    assert_int_equal(wk_listen_check("unix:/run/x.sock"), WK_OK);
    assert_int_equal(wk_listen_check("127.0.0.1:8001"), WK_OK);
    assert_int_equal(wk_listen_check("[::1]:8001"), WK_OK);
    assert_int_equal(wk_listen_check("localhost:0"), WK_OK);

    assert_int_equal(wk_listen_check("unix:x.sock"), WK_ERROR);
    assert_int_equal(wk_listen_check("unix:"), WK_ERROR);
    assert_int_equal(wk_listen_check("unix:/0123456789012345678901234567890123"
        "456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789"), WK_ERROR);
    assert_int_equal(wk_listen_check("8001"), WK_ERROR);
    assert_int_equal(wk_listen_check(":8001"), WK_ERROR);
    assert_int_equal(wk_listen_check("h:"), WK_ERROR);
    assert_int_equal(wk_listen_check("h:80x"), WK_ERROR);
    assert_int_equal(wk_listen_check("::1:8001"), WK_ERROR);
}


static void
test_socket_file(void **state)
{
    FILE         *f;
    char          err[256];
    pid_t         pid;
    struct stat   st;
    wk_listen_t   other;

    (void) state;

    /* a process that is killed leaves its file, which is replaced */

    pid = fork();

    if (pid == 0) {
        _exit(wk_listen_open(address, &other, err, sizeof(err)) != WK_OK);
    }

    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);

    assert_int_equal(wk_listen_open(address, &l, err, sizeof(err)), WK_OK);

    /* a living one keeps it */

    assert_int_equal(wk_listen_open(address, &other, err, sizeof(err)),
                     WK_ERROR);
    assert_non_null(strstr(err, "another process listens"));
    close(dial());

    wk_listen_close(&l);

    /* what is no socket is not removed */

    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(wk_listen_open(address, &l, err, sizeof(err)), WK_ERROR);
    assert_non_null(strstr(err, "is not a socket"));
    assert_int_equal(unlink(path), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_lets_requests_end, setup,
                                        teardown),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_socket_file)
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
