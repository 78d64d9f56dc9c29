/* SPDX-License-Identifier: MIT */
/*
 * cage: a whole one, each in a child of its own, which is a server's main thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "config/config.h"
#include "net/loop.h"
#include "sandbox/cage.h"

/* A folder with a configuration, a lock, and a certificate that the current folder leads to by a
 * link; and another folder, which nothing names. */
struct scene {
    char inside[32], outside[32];
    struct config *config;
};

static struct buffer said;

static void
keep_line(enum log_level level, struct str line)
{
    (void)level;
    buffer_append_str(&said, line);
    buffer_append_char(&said, '\n');
}

static const char *
path_in(const char *folder, const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *here = path[next++ % 4];

    snprintf(here, sizeof(path[0]), "%s/%s", folder, name);
    return here;
}

static void
write_file(const char *folder, const char *name, const char *text)
{
    FILE *file = fopen(path_in(folder, name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct config *
load_configuration(const char *folder)
{
    return config_load(
        &(struct config_request){ .file = path_in(folder, "echo-server.json"), .lenient = true });
}

static void
set_scene(struct scene *s)
{
    struct buffer text = { 0 };

    *s = (struct scene){ "/tmp/cage-XXXXXX", "/tmp/cage-XXXXXX", NULL };
    assert_non_null(mkdtemp(s->inside));
    assert_non_null(mkdtemp(s->outside));
    assert_int_equal(mkdir(path_in(s->inside, "store"), 0700), 0);
    assert_int_equal(symlink("store", path_in(s->inside, "now")), 0);
    write_file(s->inside, "store/a.pem", "a");
    write_file(s->outside, "b.pem", "b");
    write_file(s->inside, "echo-server.lock", "");
    buffer_printf(&text, "{\"sslCertPath\": \"%s/now/a.pem\"}%c", s->inside, 0);
    write_file(s->inside, "echo-server.json", text.data);
    buffer_fini(&text);
    s->config = load_configuration(s->inside);
}

static void
clear_scene(struct scene *s)
{
    const char *const names[] = { "store/a.pem", "now", "echo-server.json", "echo-server.lock" };

    config_free(s->config);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(path_in(s->inside, names[i]));
    rmdir(path_in(s->inside, "store"));
    rmdir(s->inside);
    unlink(path_in(s->outside, "b.pem"));
    rmdir(s->outside);
}

static bool
can_read(const char *folder, const char *name)
{
    int fd = open(path_in(folder, name), O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* True in a child that is inside; the test goes on with what the child asserts about itself. */
static void
run_inside(bool (*body)(struct scene *s, struct loop *l))
{
    struct scene s;
    int status = -1;
    pid_t pid;

    if (!strstr(cage_offered(), "seccomp") || !strstr(cage_offered(), "Landlock"))
        skip();
    set_scene(&s);
    pid = fork();
    if (pid == 0) {
        struct loop *l = loop_new();

        log_set_sink(keep_line);
        if (chdir("/") != 0) /* as a service runs: the current folder's .env is not all of it */
            _exit(2);
        cage_enter(l, s.config, path_in(s.inside, "echo-server.lock"));
        _exit(body(&s, l) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    clear_scene(&s);
    assert_int_equal(status, 0);
}

static bool
reads_what_a_reload_needs(struct scene *s, struct loop *l)
{
    struct addrinfo *list = NULL;

    (void)l;
    return can_read(s->inside, "echo-server.json") && can_read(s->inside, "now/a.pem") &&
           can_read("/etc", "hosts") && getaddrinfo("localhost", NULL, NULL, &list) == 0 &&
           !can_read(s->outside, "b.pem") && errno == EACCES &&
           unlink(path_in(s->inside, "echo-server.lock")) == 0 &&
           unlink(path_in(s->inside, "store/a.pem")) == 0 && /* below the lock's folder */
           unlink(path_in(s->outside, "b.pem")) < 0 && errno == EACCES;
}

static void
the_main_thread_reads_what_a_reload_needs(void **state)
{
    (void)state;
    run_inside(reads_what_a_reload_needs);
}

static void *
worker_reads(void *scene)
{
    const struct scene *s = scene;
    static bool only_authorities;

    cage_tighten();
    only_authorities = !can_read(s->inside, "echo-server.json") && errno == EACCES &&
                       !can_read("/etc", "hosts") && errno == EACCES;
    syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700);
    return &only_authorities;
}

/* On a worker's thread; true when it could read what it should not. */
static bool
a_worker_reads_only_authorities(struct scene *s, struct loop *l)
{
    pthread_t thread;
    void *only_authorities;

    if (pthread_create(&thread, NULL, worker_reads, s) != 0)
        return false;
    pthread_join(thread, &only_authorities);
    syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700);
    loop_turn(l);
    return *(bool *)only_authorities && can_read(s->inside, "echo-server.json") &&
           str_contains(buffer_str(&said), "thread=worker times=1") &&
           str_contains(buffer_str(&said), "thread=main times=1");
}

static void
a_worker_reads_less_and_a_denied_call_is_a_line(void **state)
{
    (void)state;
    run_inside(a_worker_reads_only_authorities);
}

static bool
no_port_can_be_bound(struct scene *s, struct loop *l)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)s, (void)l;
    return bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 && errno == EACCES;
}

static void
nothing_new_is_listened_on(void **state)
{
    (void)state;
    run_inside(no_port_can_be_bound);
}

static bool
names_what_is_hidden(struct scene *s, struct loop *l)
{
    (void)l;
    cage_explain(s->config);
    if (said.len > 0)
        return false;
    free(s->config->ssl_cert_path);
    s->config->ssl_cert_path = strdup(path_in(s->outside, "b.pem"));
    cage_explain(s->config);
    return str_contains(buffer_str(&said), s->outside) &&
           str_contains(buffer_str(&said), "restart");
}

static void
a_folder_that_it_hides_is_named(void **state)
{
    (void)state;
    run_inside(names_what_is_hidden);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_main_thread_reads_what_a_reload_needs),
        cmocka_unit_test(a_worker_reads_less_and_a_denied_call_is_a_line),
        cmocka_unit_test(nothing_new_is_listened_on),
        cmocka_unit_test(a_folder_that_it_hides_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
