/* SPDX-License-Identifier: MIT */
/*
 * config: what a file, the environment and the command line make of the options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

static void
an_empty_file_is_the_reference_s_defaults(void **state)
{
    struct written w;
    struct config *c = load(&w, "{}");

    (void)state;
    assert_non_null(c);
    assert_null(c->host);
    assert_int_equal(c->port, 6001);
    assert_int_equal(c->protocol, CONFIG_HTTP);
    assert_string_equal(c->auth_hosts.items[0], "http://localhost");
    assert_string_equal(c->auth_endpoint, "/broadcasting/auth");
    assert_true(c->subscriber_http && c->subscriber_redis);
    assert_int_equal(c->redis_port, 6379);
    assert_string_equal(c->key_prefix, "");
    assert_int_equal(c->ping_interval_ms, 25000);
    assert_int_equal(c->ping_timeout_ms, 20000);
    assert_int_equal(c->max_http_buffer_bytes, 1000000);
    assert_true(c->compression && !c->deflate && c->cookie);
    assert_string_equal(c->cookie_name, "io");
    assert_int_equal(c->transports.count, 2);
    assert_int_equal(c->clients.count, 0);
    assert_false(c->embedded);
    assert_int_equal(w.errors.len + w.warnings.len + w.notes.len, 0);
    discard(&w);
}

static void
what_init_wrote_is_read_without_a_word(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"authHost\":\"http://localhost\",\"authEndpoint\":\"/broadcasting/auth\","
        "\"clients\":[{\"appId\":\"a\",\"key\":\"k\"}],\"database\":\"redis\","
        "\"databaseConfig\":{\"redis\":{},\"sqlite\":{\"databasePath\":\"/database/x.sqlite\"}},"
        "\"devMode\":true,\"host\":null,\"port\":\"6002\",\"protocol\":\"http\",\"socketio\":{},"
        "\"secureOptions\":67108864,\"sslCertPath\":\"\",\"sslKeyPath\":\"\","
        "\"sslCertChainPath\":\"\",\"sslPassphrase\":\"\","
        "\"subscribers\":{\"http\":true,\"redis\":true},"
        "\"apiOriginAllow\":{\"allowCors\":false,\"allowOrigin\":\"\",\"allowMethods\":\"\","
        "\"allowHeaders\":\"\"}}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->port, 6002);
    assert_true(c->dev_mode);
    assert_null(c->ssl_cert_path);
    assert_string_equal(c->clients.items[0].app_id, "a");
    assert_int_equal(w.errors.len + w.warnings.len, 0);
    assert_int_equal(c->secure_options, 67108864);
    assert_non_null(strstr(text(&w.notes), "sqlite"));
    assert_int_equal(lines(&w.notes), 1);
    discard(&w);
}

static void
an_object_replaces_its_default_whole(void **state)
{
    struct written w;
    struct config *c = load(&w, "{\"subscribers\":{\"redis\":true}}");

    (void)state;
    assert_true(c->subscriber_redis);
    assert_false(c->subscriber_http);
    discard(&w);
}

static void
numbers_may_be_texts_and_texts_numbers(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"workers\":\"4\",\"socketio\":{\"pingInterval\":\"3000\",\"maxHttpBufferSize\":1e6,"
        "\"pingTimeout\":0},\"databaseConfig\":{\"redis\":{\"port\":\"6380\","
        "\"password\":12345}},\"clients\":[{\"appId\":7,\"key\":\"k\"}]}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->workers, 4);
    assert_int_equal(c->ping_interval_ms, 3000);
    assert_int_equal(c->ping_timeout_ms, 20000);
    assert_int_equal(c->max_http_buffer_bytes, 1000000);
    assert_int_equal(c->redis_port, 6380);
    assert_string_equal(c->redis_password, "12345");
    assert_string_equal(c->clients.items[0].app_id, "7");
    discard(&w);
}

static void
lists_and_switches_take_every_form(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"authHost\":[\"http://a\",\".b.example\"],\"socketio\":{\"transports\":[\"websocket\"],"
        "\"origins\":\"x:*\",\"perMessageDeflate\":{\"threshold\":10,\"zlibDeflateOptions\":{}},"
        "\"httpCompression\":false,\"cookie\":\"lb\",\"cookiePath\":false}}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->auth_hosts.count, 2);
    assert_null(c->auth_hosts.items[2]);
    assert_true(config_list_has(&c->transports, "websocket"));
    assert_false(config_list_has(&c->transports, "polling"));
    assert_true(c->deflate);
    assert_int_equal(c->deflate_threshold, 10);
    assert_false(c->compression);
    assert_true(c->cookie);
    assert_string_equal(c->cookie_name, "lb");
    assert_null(c->cookie_default_path);
    assert_true(config_is_set(c, "socketio.cookie"));
    assert_false(config_is_set(c, "socketio.path"));
    assert_int_equal(w.warnings.len, 0);
    discard(&w);
}

static void
headers_become_lines(void **state)
{
    struct written w;
    struct config *c = load(&w, "{\"headers\":{\"X-A\":\"one\",\"X-B\":2}}");

    (void)state;
    assert_string_equal(c->headers, "X-A: one\r\nX-B: 2\r\n");
    discard(&w);
    c = load(&w,
        "{\"headers\":{\"X-A\":\"one\\r\\nX-B: two\",\"X-C\":[\"a\",\"b\"],\"X D\":1,\"X-E\":{},"
        "\"X-F\":true}}");
    assert_string_equal(c->headers, "X-C: a,b\r\nX-F: true\r\n");
    assert_int_equal(lines(&w.warnings), 3);
    assert_non_null(strstr(text(&w.warnings), "headers.X-A is not a valid header and is ignored"));
    discard(&w);
}

static void
every_error_is_named_at_once(void **state)
{
    struct written w;

    (void)state;
    assert_null(load(&w,
        "{\"port\":\"none\",\"protocol\":\"https\",\"workers\":1000,\"authTimeout\":\"1x\","
        "\"authVerifyTls\":\"perhaps\",\"logLevel\":7,\"maxChannels\":true,"
        "\"socketio\":{\"path\":[],\"origins\":5},"
        "\"databaseConfig\":{\"redis\":{\"sentinels\":[7]}}}"));
    assert_int_equal(lines(&w.errors), 11);
    assert_non_null(
        strstr(text(&w.errors), "databaseConfig.redis.sentinels is [7]; expected a list"));
    assert_non_null(strstr(
        text(&w.errors), "test.json: port is \"none\"; expected a number from 1 to 65535\n"));
    assert_non_null(
        strstr(text(&w.errors), "test.json: workers is 1000; expected a number from 0 to 256\n"));
    assert_non_null(strstr(text(&w.errors),
        "test.json: authTimeout is \"1x\"; expected a number (ms) from 10 to 86400000\n"));
    assert_non_null(
        strstr(text(&w.errors), "authVerifyTls is \"perhaps\"; expected true or false\n"));
    assert_non_null(strstr(text(&w.errors), "logLevel is 7; expected \"error\", \"warning\","));
    assert_non_null(strstr(text(&w.errors), "maxChannels is true; expected a number from 1"));
    assert_non_null(strstr(text(&w.errors), "socketio.path is []; expected a string\n"));
    assert_non_null(strstr(text(&w.errors), "socketio.origins is 5; expected a string, or a list"));
    discard(&w);
}

static void
what_laravel_echo_server_put_up_with_is_a_warning_with_the_effect(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"protocol\":\"HTTPS\",\"port\":1234567,\"host\":5,\"devMode\":1,\"subscribers\":true,"
        "\"apiOriginAllow\":{\"allowCors\":\"false\",\"allowMethods\":[\"GET\",\"POST\"]},"
        "\"authHost\":7,\"authEndpoint\":\"auth\",\"database\":\"mysql\",\"clients\":{\"key\":"
        "\"k\"},"
        "\"sslCertPath\":{},\"socketio\":{\"pingInterval\":\"x\",\"pingTimeout\":2500.5,"
        "\"maxHttpBufferSize\":1,\"serveClient\":0,\"transports\":[\"websocket\",\"flash\"],"
        "\"cookie\":\"a b\"}}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(w.errors.len, 0);
    assert_int_equal(lines(&w.warnings), 19); /* the last: no event will arrive */
    assert_int_equal(c->protocol, CONFIG_HTTP);
    assert_int_equal(c->port, 34567);
    assert_null(c->host);
    assert_false(c->dev_mode);
    assert_false(c->subscriber_http || c->subscriber_redis);
    assert_true(c->allow_cors);
    assert_string_equal(c->allow_methods, "GET,POST");
    assert_string_equal(c->auth_hosts.items[0], "http://localhost");
    assert_string_equal(c->auth_endpoint, "/auth");
    assert_int_equal(c->database, CONFIG_DATABASE_REDIS);
    assert_int_equal(c->clients.count, 0);
    assert_int_equal(c->ping_interval_ms, 25000);
    assert_int_equal(c->ping_timeout_ms, 2500);
    assert_int_equal(c->max_http_buffer_bytes, 64);
    assert_true(c->serve_client);
    assert_int_equal(c->transports.count, 1);
    assert_string_equal(c->cookie_name, "io");
    assert_non_null(
        strstr(text(&w.warnings), "test.json: protocol is \"HTTPS\"; taken as \"http\"; "
                                  "expected \"http\" or \"https\"\n"));
    assert_non_null(
        strstr(text(&w.warnings), "subscribers is true; taken as {}; expected an object"));
    assert_null(strstr(text(&w.warnings), "\"k\""));
    discard(&w);
}

static void
an_auth_host_that_is_set_to_nothing_is_host(void **state)
{
    struct written w;
    struct config *c = load(&w, "{\"authHost\":\"\",\"host\":\"127.0.0.1\"}");

    (void)state;
    assert_int_equal(c->auth_hosts.count, 1);
    assert_string_equal(c->auth_hosts.items[0], "http://127.0.0.1");
    assert_false(config_is_set(c, "authHost"));
    assert_int_equal(lines(&w.warnings), 1);
    discard(&w);
    c = load(&w, "{\"authHost\":null,\"host\":\"::1\"}");
    assert_string_equal(c->auth_hosts.items[0], "http://[::1]");
    discard(&w);
    c = load(&w, "{\"authHost\":\"\"}");
    assert_string_equal(c->auth_hosts.items[0], "http://localhost");
    discard(&w);
    c = load(&w, "{\"host\":\"127.0.0.1\"}");
    assert_string_equal(c->auth_hosts.items[0], "http://localhost");
    discard(&w);
}

static void
a_port_of_redis_that_is_none_matters_where_redis_is_needed(void **state)
{
    struct written w;

    (void)state;
    assert_null(load(&w, "{\"databaseConfig\":{\"redis\":{\"port\":70000}}}"));
    assert_non_null(strstr(text(&w.errors), "databaseConfig.redis.port is not valid"));
    discard(&w);
    assert_non_null(load(&w, "{\"databaseConfig\":{\"redis\":{\"port\":\"abc\"}},"
                             "\"subscribers\":{\"http\":true}}"));
    assert_int_equal(w.config->redis_port, 6379);
    assert_int_equal(lines(&w.warnings), 1);
    discard(&w);
}

static void
no_origin_in_a_list_admits_no_page(void **state)
{
    struct written w;
    struct config *c = load(&w, "{\"socketio\":{\"origins\":[]}}");

    (void)state;
    assert_int_equal(c->origins.count, 0);
    assert_non_null(c->origins.items);
    assert_non_null(strstr(text(&w.warnings), "socketio.origins is []; taken as []"));
    discard(&w);
    c = load(&w, "{\"socketio\":{\"origins\":\"http://a.example:80 b.example:*\"}}");
    assert_int_equal(c->origins.count, 2);
    assert_string_equal(c->origins.items[1], "b.example:*");
    discard(&w);
}

static void
a_secret_is_in_no_message(void **state)
{
    struct written w;

    (void)state;
    assert_non_null(load(&w, "{\"databaseConfig\":{\"redis\":{\"password\":[\"hunter2\"]}},"
                             "\"sslPassphrase\":{\"a\":\"hunter2\"},"
                             "\"clients\":[{\"appId\":[],\"key\":\"hunter2\"}]}"));
    assert_int_equal(lines(&w.warnings), 3);
    assert_null(strstr(text(&w.warnings), "hunter2"));
    assert_string_equal(w.config->redis_password, "hunter2");
    discard(&w);
}

static void
an_unknown_option_is_a_warning_with_the_nearest_name(void **state)
{
    struct written w;
    struct config *c =
        load(&w, "{\"prot\":1,\"keyPrefix\":\"x\",\"socketio\":{\"pingIntervall\":1},"
                 "\"qqqqqqqqqq\":1}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(lines(&w.warnings), 4);
    assert_non_null(strstr(text(&w.warnings), "unknown option prot; did you mean port?"));
    assert_non_null(strstr(text(&w.warnings), "did you mean databaseConfig.redis.keyPrefix?"));
    assert_non_null(strstr(text(&w.warnings), "did you mean socketio.pingInterval?"));
    assert_non_null(strstr(text(&w.warnings), "unknown option qqqqqqqqqq\n"));
    discard(&w);
    c = load(&w, "{\"socketio.path\":\"/ws\"}");
    assert_string_equal(c->path, "/socket.io");
    assert_non_null(
        strstr(text(&w.warnings), "unknown option \"socketio.path\"; use nested objects"));
    discard(&w);
}

static void
a_file_that_is_no_json_is_named_with_the_line(void **state)
{
    struct written w;

    (void)state;
    assert_null(load(&w, "{\n\"port\": 1,,\n}"));
    assert_non_null(strstr(text(&w.errors), "test.json:2:"));
    discard(&w);
    assert_null(load(&w, "7"));
    assert_non_null(strstr(text(&w.errors), "test.json:1:1: the file is not JSON"));
    discard(&w);
    assert_non_null(load(&w, "{\"host\":\"a\xe9z\",\"x\":12345678901234567890}"));
    assert_string_equal(w.config->host, "a\xef\xbf\xbdz");
    assert_non_null(strstr(text(&w.warnings), "test.json: the file is not UTF-8"));
    discard(&w);
    assert_non_null(load(&w, "[]"));
    assert_non_null(strstr(text(&w.warnings), "expected an object"));
    discard(&w);
}

static void
https_needs_a_certificate_and_a_key(void **state)
{
    struct written w;

    (void)state;
    assert_null(load(&w, "{\"protocol\":\"https\"}"));
    assert_int_equal(lines(&w.errors), 2);
    assert_non_null(strstr(text(&w.errors), "sslCertPath"));
    assert_non_null(strstr(text(&w.errors), "sslKeyPath"));
    discard(&w);
}

static void
the_command_line_wins_over_the_environment_and_that_over_the_file(void **state)
{
    const struct config_setting port = { "port", "7003", "--port" };
    struct written w;
    struct config *c;

    (void)state;
    setenv("LARAVEL_ECHO_SERVER_PORT", "tcp://10.0.0.9:7002", 1);
    setenv("LARAVEL_ECHO_SERVER_REDIS_HOST", "", 1);
    setenv("LARAVEL_ECHO_SERVER_AUTH_HOST", "${MY_HOST}", 1);
    setenv("LARAVEL_ECHO_SERVER_SOCKETIO_PING_TIMEOUT", "1234", 1);
    setenv("MY_HOST", "http://mine", 1);
    c = load(&w, "{\"port\":7001,\"databaseConfig\":{\"redis\":{\"host\":\"r\"}}}");
    assert_int_equal(c->port, 7002);
    assert_string_equal(c->redis_host, "r");
    assert_string_equal(c->auth_hosts.items[0], "http://mine");
    assert_int_equal(c->ping_timeout_ms, 1234);
    discard(&w);
    c = load_with(&w, "{\"port\":7001}", &port, 1);
    assert_int_equal(c->port, 7003);
    discard(&w);
    setenv("LARAVEL_ECHO_SERVER_PORT", "abc", 1);
    assert_null(load(&w, "{}"));
    assert_non_null(strstr(text(&w.errors),
        "LARAVEL_ECHO_SERVER_PORT: port is abc; expected a number from 1 to 65535"));
    discard(&w);
    unsetenv("LARAVEL_ECHO_SERVER_PORT");
    unsetenv("LARAVEL_ECHO_SERVER_AUTH_HOST");
    unsetenv("LARAVEL_ECHO_SERVER_SOCKETIO_PING_TIMEOUT");
}

static void
without_a_file_it_is_the_embedded_default(void **state)
{
    struct written w, other;
    struct config *c = load(&w, NULL);

    (void)state;
    assert_true(c->embedded);
    assert_true(c->subscriber_http && !c->subscriber_redis);
    assert_int_equal(c->clients.count, 1);
    assert_int_equal(strlen(c->clients.items[0].app_id), 16);
    assert_int_equal(strlen(c->clients.items[0].key), 32);
    assert_string_not_equal(load(&other, NULL)->clients.items[0].key, c->clients.items[0].key);
    discard(&w);
    discard(&other);
}

static void
a_lenient_reader_gets_what_can_be_understood(void **state)
{
    struct written w;
    struct config *c;

    (void)state;
    assert_null(load(&w, "{\"port\":7001,\"workers\":\"all\"}"));
    c = config_load(&(struct config_request){ .file = w.file, .lenient = true });
    assert_int_equal(c->port, 7001);
    config_free(c);
    discard(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_the_reference_s_defaults),
        cmocka_unit_test(what_init_wrote_is_read_without_a_word),
        cmocka_unit_test(an_object_replaces_its_default_whole),
        cmocka_unit_test(numbers_may_be_texts_and_texts_numbers),
        cmocka_unit_test(lists_and_switches_take_every_form),
        cmocka_unit_test(headers_become_lines),
        cmocka_unit_test(every_error_is_named_at_once),
        cmocka_unit_test(what_laravel_echo_server_put_up_with_is_a_warning_with_the_effect),
        cmocka_unit_test(an_auth_host_that_is_set_to_nothing_is_host),
        cmocka_unit_test(a_port_of_redis_that_is_none_matters_where_redis_is_needed),
        cmocka_unit_test(no_origin_in_a_list_admits_no_page),
        cmocka_unit_test(a_secret_is_in_no_message),
        cmocka_unit_test(an_unknown_option_is_a_warning_with_the_nearest_name),
        cmocka_unit_test(a_file_that_is_no_json_is_named_with_the_line),
        cmocka_unit_test(https_needs_a_certificate_and_a_key),
        cmocka_unit_test(the_command_line_wins_over_the_environment_and_that_over_the_file),
        cmocka_unit_test(without_a_file_it_is_the_embedded_default),
        cmocka_unit_test(a_lenient_reader_gets_what_can_be_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
