/* SPDX-License-Identifier: MIT */
/*
 * config_docs: the document of `init`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config_docs.h"
#include "written.h"

static const char *const defaults =
    "{\n\t\"authHost\": \"http://localhost\",\n\t\"authEndpoint\": \"/broadcasting/auth\",\n"
    "\t\"clients\": [],\n\t\"database\": \"redis\",\n\t\"databaseConfig\": {\n\t\t\"redis\": {},\n"
    "\t\t\"sqlite\": {\n\t\t\t\"databasePath\": \"/database/laravel-echo-server.sqlite\"\n\t\t}\n"
    "\t},\n\t\"devMode\": false,\n\t\"host\": null,\n\t\"port\": 6001,\n\t\"protocol\": \"http\",\n"
    "\t\"socketio\": {},\n\t\"secureOptions\": 67108864,\n\t\"sslCertPath\": \"\",\n"
    "\t\"sslKeyPath\": \"\",\n\t\"sslCertChainPath\": \"\",\n\t\"sslPassphrase\": \"\",\n"
    "\t\"subscribers\": {\n\t\t\"http\": true,\n\t\t\"redis\": true\n\t},\n"
    "\t\"apiOriginAllow\": {\n\t\t\"allowCors\": false,\n\t\t\"allowOrigin\": \"\",\n"
    "\t\t\"allowMethods\": \"\",\n\t\t\"allowHeaders\": \"\"\n\t}\n}";

static void
without_answers_it_is_the_document_of_the_reference(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    config_docs_template(NULL, 0, NULL, &out);
    assert_string_equal(text(&out), defaults);
    buffer_fini(&out);
}

static void
answers_stand_in_it_and_it_loads(void **state)
{
    static const struct config_setting settings[] = {
        { "port", "7000", NULL },
        { "devMode", "yes", NULL },
        { "databaseConfig.redis.keyPrefix", "l\u00e4 \"x\"_", NULL },
    };
    struct config_client client = { (char[]){ "id" }, (char[]){ "secret" } };
    struct buffer out = { 0 };
    struct written w;

    (void)state;
    config_docs_template(settings, 3, &client, &out);
    assert_non_null(load(&w, text(&out)));
    assert_int_equal(w.errors.len + w.warnings.len, 0);
    assert_int_equal(w.config->port, 7000);
    assert_true(w.config->dev_mode && w.config->subscriber_http && w.config->subscriber_redis);
    assert_string_equal(w.config->key_prefix, "l\u00e4 \"x\"_");
    assert_string_equal(w.config->clients.items[0].app_id, "id");
    assert_string_equal(w.config->clients.items[0].key, "secret");
    assert_non_null(strstr(out.data, "\t\"port\": \"7000\",\n"));
    assert_non_null(strstr(out.data, "\n\t\t\t\"keyPrefix\": \"l\u00e4 \\\"x\\\"_\"\n\t\t},\n"));
    buffer_fini(&out);
    discard(&w);
}

static void
an_answer_that_the_option_does_not_take_is_told(void **state)
{
    struct buffer expected = { 0 };

    (void)state;
    assert_true(config_takes("port", STR_LIT("6001"), &expected));
    assert_true(config_takes("protocol", STR_LIT("https"), &expected));
    assert_true(config_takes("authHost", STR_LIT("http://a,http://b"), &expected));
    assert_int_equal(expected.len, 0);
    assert_false(config_takes("port", STR_LIT("70000"), &expected));
    assert_non_null(strstr(text(&expected), "65535"));
    buffer_clear(&expected);
    assert_false(config_takes("protocol", STR_LIT("ftp"), &expected));
    assert_non_null(strstr(text(&expected), "https"));
    assert_false(config_takes("sslCertPath", STR_LIT("\xff"), &expected));
    buffer_fini(&expected);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_answers_it_is_the_document_of_the_reference),
        cmocka_unit_test(answers_stand_in_it_and_it_loads),
        cmocka_unit_test(an_answer_that_the_option_does_not_take_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
