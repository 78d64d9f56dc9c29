/* SPDX-License-Identifier: MIT */
/*
 * auth_target: each mistake is a sentence that begins with its option.
 */
#include "channels/auth_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/log.h"

static const char *const https[] = { "https://app.test" };

static void
refused_with(const struct auth_options *o, const char *sentence)
{
    struct buffer error = { 0 };

    assert_null(auth_target_new(o, &error));
    buffer_append_char(&error, '\0');
    assert_string_equal(error.data, sentence);
    buffer_fini(&error);
}

static struct auth_target *
made(const struct auth_options *o)
{
    struct buffer error = { 0 };
    struct auth_target *t = auth_target_new(o, &error);

    assert_non_null(t);
    assert_int_equal(error.len, 0);
    buffer_fini(&error);
    return t;
}

static void
options_are_checked_by_name(void **state)
{
    struct auth_options o = { .hosts = https, .host_count = 1, .endpoint = "auth" };

    (void)state;
    refused_with(&o, "authEndpoint: \"auth\" must begin with \"/\"");
    o.endpoint = "/auth";
    o.ca_path = "/nowhere";
    refused_with(&o, "authCaPath: cannot read the certificate authority /nowhere: no such file or "
                     "directory");
}

/* It is said in the log, and known when somebody would be asked. */
static void
a_host_that_is_no_url_ends_nothing(void **state)
{
    static const char *const bad[] = { "ftp://x", "http://$HOST:8000", "http://a:80800" };
    struct auth_options o = { .hosts = bad, .host_count = 3, .endpoint = "/a" };

    (void)state;
    auth_target_free(made(&o));
}

static void
contexts_are_made_where_a_host_may_need_them(void **state)
{
    static const char *const plain[] = { "http://app.test" };
    static const char *const open[] = { "app.test" };
    struct auth_options o = { .hosts = plain, .host_count = 1, .endpoint = "/a" };
    struct auth_target *t = made(&o);

    (void)state;
    assert_null(t->tls);
    assert_null(t->tls_loopback);
    auth_target_free(t);
    o.hosts = open;
    t = made(&o);
    assert_non_null(t->tls);
    assert_non_null(t->tls_loopback);
    auth_target_free(t);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked_by_name),
        cmocka_unit_test(a_host_that_is_no_url_ends_nothing),
        cmocka_unit_test(contexts_are_made_where_a_host_may_need_them),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("channels/auth_target", tests, NULL, NULL);
}
