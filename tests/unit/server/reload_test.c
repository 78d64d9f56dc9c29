/* SPDX-License-Identifier: MIT */
/*
 * reload: a reload is over when the last worker has taken it.  The workers are this file's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config.h"
#include "net/loop.h"
#include "reload.h"
#include "snapshot.h"
#include "worker.h"

enum { WORKERS = 2 };

struct worker {
    const struct snapshot *limits;
    unsigned renewed;
};

void
worker_renew(struct worker *w, const struct snapshot *limits)
{
    w->limits = limits;
    w->renewed++;
}

void
worker_renew_tls(struct worker *w, struct tls_context *tls)
{
    (void)w;
    (void)tls;
}

struct stage {
    struct loop *loop;
    struct config *config;
    struct reload *reload;
    struct worker workers[WORKERS];
    struct worker *list[WORKERS];
    unsigned count;
    const char *next; /* what load() gives for maxChannels; NULL: a file that is bad */
};

static struct config *
configure(const char *channels)
{
    const struct config_setting settings[] = { { "maxChannels", channels, "" },
        { "authHost", "http://localhost", "" } };
    struct config *c = config_load(
        &(struct config_request){ .file = NULL, .settings = settings, .setting_count = 2 });

    assert_non_null(c);
    c->embedded = false;
    return c;
}

static struct config *
load(void *owner)
{
    struct stage *v = owner;

    return v->next ? configure(v->next) : NULL;
}

static int
begin(void **state)
{
    struct stage *v = test_calloc(1, sizeof(*v));
    struct buffer error = { 0 };

    v->loop = loop_new();
    v->config = configure("10");
    v->reload = reload_open(v->loop, v->config);
    assert_true(reload_begin(v->reload, &error));
    for (v->count = 0; v->count < WORKERS; v->count++)
        v->list[v->count] = &v->workers[v->count];
    reload_attach(v->reload, v->list, &v->count);
    reload_from(v->reload, load, v);
    *state = v;
    return 0;
}

static int
end(void **state)
{
    struct stage *v = *state;

    reload_close(v->reload);
    loop_stop(v->loop);
    loop_run(v->loop);
    loop_free(v->loop);
    reload_free(v->reload);
    config_free(v->config);
    test_free(v);
    return 0;
}

static void
a_reload_is_over_with_the_last_worker(void **state)
{
    struct stage *v = *state;

    v->next = "20";
    assert_true(reload_run(v->reload));
    for (unsigned i = 0; i < WORKERS; i++)
        assert_ptr_equal(v->workers[i].limits, reload_limits(v->reload));
    assert_int_equal(v->workers[0].limits->channels.channels, 20);
    assert_true(reload_acknowledged(v->reload));
    assert_false(reload_acknowledged(v->reload));
}

static void
a_bad_file_is_over_at_once_and_changes_nothing(void **state)
{
    struct stage *v = *state;
    const struct snapshot *before = reload_limits(v->reload);

    v->next = NULL;
    assert_false(reload_run(v->reload));
    assert_int_equal(v->workers[0].renewed, 0);
    assert_ptr_equal(reload_limits(v->reload), before);
}

static void
one_that_is_asked_for_meanwhile_comes_after(void **state)
{
    struct stage *v = *state;

    v->next = "20";
    assert_true(reload_run(v->reload));
    v->next = "30";
    assert_true(reload_run(v->reload));
    assert_true(reload_run(v->reload));
    assert_int_equal(reload_limits(v->reload)->channels.channels, 20);
    assert_true(reload_acknowledged(v->reload));
    assert_true(reload_acknowledged(v->reload)); /* of the first; the second begins */
    assert_int_equal(v->workers[1].renewed, 2);
    assert_int_equal(reload_limits(v->reload)->channels.channels, 30);
    assert_true(reload_acknowledged(v->reload));
    assert_false(reload_acknowledged(v->reload));
    assert_int_equal(v->workers[0].renewed, 2);
}

static void
a_bad_one_that_is_asked_for_meanwhile_ends_it(void **state)
{
    struct stage *v = *state;

    v->next = "20";
    assert_true(reload_run(v->reload));
    v->next = NULL;
    assert_true(reload_run(v->reload));
    assert_true(reload_acknowledged(v->reload));
    assert_false(reload_acknowledged(v->reload));
    assert_int_equal(v->workers[0].renewed, 1);
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STAGED(a_reload_is_over_with_the_last_worker),
        STAGED(a_bad_file_is_over_at_once_and_changes_nothing),
        STAGED(one_that_is_asked_for_meanwhile_comes_after),
        STAGED(a_bad_one_that_is_asked_for_meanwhile_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
