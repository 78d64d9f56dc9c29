/* SPDX-License-Identifier: MIT */
/*
 * config_docs: the example is a configuration like any other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config_docs.h"
#include "options.h"
#include "written.h"

static void
the_example_is_read_without_a_word_and_changes_nothing(void **state)
{
    struct buffer example = { 0 };
    struct written w, plain;
    struct config *c, *p;

    (void)state;
    config_docs_example(&example);
    c = load(&w, text(&example));
    p = load(&plain, "{}");
    assert_non_null(c);
    assert_int_equal(w.errors.len + w.warnings.len + w.notes.len, 0);
    assert_false(config_is_set(c, "socketio.cookie"));
    assert_int_equal(c->port, p->port);
    assert_int_equal(c->max_http_buffer_bytes, p->max_http_buffer_bytes);
    assert_true(c->subscriber_http && c->subscriber_redis);
    assert_int_equal(c->transports.count, p->transports.count);
    assert_string_equal(c->auth_hosts.items[0], p->auth_hosts.items[0]);
    buffer_fini(&example);
    discard(&w);
    discard(&plain);
}

static void
the_manual_names_every_option(void **state)
{
    struct buffer manual = { 0 };

    (void)state;
    config_docs_manual(&manual);
    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind != OPTION_GROUP)
            assert_non_null(strstr(text(&manual), options_row(i)->path));
    buffer_fini(&manual);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read_without_a_word_and_changes_nothing),
        cmocka_unit_test(the_manual_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
