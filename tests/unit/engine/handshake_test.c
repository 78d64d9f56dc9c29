/* SPDX-License-Identifier: MIT */
/*
 * handshake: which requests are accepted, and how others are answered; ids name their worker.
 */
#include "base/budget.h"
#include "dialogue.h"
#include "handshake.h"

static const char *const origins[] = { "http://good.test:80", NULL };

static void
a_polling_session_of_3_begins_with_open_and_connect(void **state)
{
    struct client c = dial(*state);

    say_get(&c, 3, "&t=abc&b64=1");
    struct answer a = hear_answer(&c);
    assert_int_equal(a.status, 200);
    assert_memory_equal(a.body, "97:0{\"sid\":\"", 12);
    assert_string_equal(a.body + 32,
        "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000}2:40");
    assert_non_null(strstr(a.head, "\r\nContent-Type: text/plain; charset=UTF-8\r\n"));
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Origin: *\r\n"));
    assert_non_null(strstr(a.head, "; Path=/; HttpOnly; SameSite=Strict\r\n"));
    assert_memory_equal(strstr(a.head, "Set-Cookie: io=") + 15, a.body + 12, 20);
    answer_fini(&a);
    hang_up(&c);
}

static void
a_polling_session_of_4_begins_with_open_alone(void **state)
{
    struct client c = dial(*state);

    say(&c, "GET /socket.io/anything?transport=pollin%67&EIO=%34 HTTP/1.1\r\nHost: a\r\n"
            "Origin: http://a.test\r\nUser-Agent: Trident/7\r\n\r\n");
    struct answer a = hear_answer(&c);
    assert_memory_equal(a.body, "0{\"sid\":\"", 9);
    assert_string_equal(a.body + 29, "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
                                     "\"pingTimeout\":20000,\"maxPayload\":100000}");
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Origin: http://a.test\r\n"));
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Credentials: true\r\n"));
    assert_non_null(strstr(a.head, "\r\nVary: Origin\r\n"));
    assert_non_null(strstr(a.head, "\r\nX-XSS-Protection: 0\r\n"));
    assert_non_null(strstr(a.head, "\r\nCache-Control: no-store\r\n"));
    assert_null(strstr(a.head, "Set-Cookie"));
    answer_fini(&a);
    hang_up(&c);
}

static void
a_websocket_session_begins_with_frames(void **state)
{
    struct client c3 = dial(*state), c4 = dial(*state);

    open_websocket(&c3, 3);
    open_websocket(&c4, 4);
    assert_int_equal(engine_session_count(c3.server->engine), 2);
    hear_nothing(&c4, 20);
    hang_up(&c3);
    hang_up(&c4);
}

/* Its cost is given back with the session, and so is what it sent along. */
static void
a_session_counts_with_its_headers(void **state)
{
    struct client c = dial(*state);
    const struct budget *b = loop_budget(c.server->loop);
    char request[4096], cookie[3000];
    size_t before;

    turn(c.server);
    before = budget_used(b);
    memset(cookie, 'c', sizeof(cookie) - 1);
    cookie[sizeof(cookie) - 1] = '\0';
    (void)snprintf(request, sizeof(request),
        "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
        cookie);
    say(&c, request);
    struct answer a = hear_answer(&c);
    assert_int_equal(a.status, 200);
    assert_in_range(budget_used(b) - before, sizeof(cookie), sizeof(cookie) + 2000);
    assert_in_range(engine_heaviest(c.server->engine), sizeof(cookie), sizeof(cookie) + 2000);
    assert_int_equal(engine_relieve(c.server->engine, 5000, 1), 0);
    assert_true(engine_relieve(c.server->engine, 2000, 1) > sizeof(cookie));
    turn(c.server);
    assert_int_equal(c.server->why, EIO_END_MEMORY);
    assert_int_equal(budget_used(b), before);
    answer_fini(&a);
    hang_up(&c);
}

static void
newcomers_are_refused_when_memory_is_short(void **state)
{
    struct client first = dial(*state), post = dial(*state), late = dial(*state);
    struct sid_query q = open_polling(&first, 4);
    struct budget *b = loop_budget(first.server->loop);
    char large[20001];

    budget_set_limit(b, 1);
    say_get(&late, 4, "");
    struct answer a = hear_answer(&late);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.body, "The server is short of memory\n");
    assert_non_null(strstr(a.head, "\r\nRetry-After: 5\r\n"));
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Origin: "));
    answer_fini(&a);
    say_post(&post, 4, q.text, "4hello");
    expect_answer(&post, 200, "ok");
    memset(large, '4', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    say_post(&post, 4, q.text, large);
    expect_answer(&post, 413, "");
    budget_set_limit(b, 0);
    hang_up(&first);
    hang_up(&post);
    hang_up(&late);
}

static void
packets_may_follow_the_head_at_once(void **state)
{
    struct client c = dial(*state);

    say(&c, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
            "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: one, two\r\n\r\n\x81\x86\1\1\1\1"
            "5idmmn");
    HEAR(&c, ACCEPTED "Sec-WebSocket-Protocol: one\r\n\r\n\x81");
    hear_at_least(&c, 1);
    size_t len = (unsigned char)c.in.data[0];
    hear_at_least(&c, 1 + len);
    buffer_consume(&c.in, 1 + len);
    hear_packet(&c, "4echo:hello");
    hang_up(&c);
}

static void
errors_are_json(void **state)
{
    static const struct {
        const char *request;
        unsigned status;
        const char *body;
    } rows[] = {
        { "GET /socket.io/", 400, "{\"code\":0,\"message\":\"Transport unknown\"}" },
        { "GET /socket.io/?EIO=4&transport=flash", 400,
            "{\"code\":0,\"message\":\"Transport unknown\"}" },
        { "GET /socket.io/?EIO=4&transport=polling&sid=aaaaaaaaaaaaaaaaaaaa", 400,
            "{\"code\":1,\"message\":\"Session ID unknown\"}" },
        { "POST /socket.io/?EIO=4&transport=polling&sid=x", 400,
            "{\"code\":1,\"message\":\"Session ID unknown\"}" },
        { "POST /socket.io/?EIO=4&transport=polling", 400,
            "{\"code\":2,\"message\":\"Bad handshake method\"}" },
        { "GET /socket.io/?EIO=4&transport=websocket", 400,
            "{\"code\":3,\"message\":\"Bad request\"}" },
        { "GET /socket.io/?EIO=5&transport=polling", 400,
            "{\"code\":5,\"message\":\"Unsupported protocol version\"}" },
        { "GET /socket.io/?transport=polling", 400,
            "{\"code\":5,\"message\":\"Unsupported protocol version\"}" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client c = dial(*state);
        say(&c, rows[i].request);
        say(&c, " HTTP/1.1\r\nHost: a\r\nOrigin: http://a.test\r\nContent-Length: 0\r\n\r\n");
        struct answer a = hear_answer(&c);
        assert_int_equal(a.status, rows[i].status);
        assert_string_equal(a.body, rows[i].body);
        assert_non_null(strstr(a.head, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Origin: http://a.test\r\n"));
        answer_fini(&a);
        hang_up(&c);
    }
}

static void
a_refused_websocket_hears_text(void **state)
{
    static const struct {
        const char *query, *answer;
    } rows[] = {
        { "EIO=4&transport=flash", "17\r\n\r\nTransport unknown" },
        { "EIO=4&transport=websocket&sid=x", "18\r\n\r\nSession ID unknown" },
        { "EIO=2&transport=websocket", "28\r\n\r\nUnsupported protocol version" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client c = dial(*state);
        say_upgrade(&c, rows[i].query, "");
        HEAR(&c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
                 "Content-Length: ");
        hear_bytes(&c, rows[i].answer, strlen(rows[i].answer));
        hear_end(&c);
        hang_up(&c);
    }
}

static void
a_bad_websocket_head_hears_bad_request(void **state)
{
    struct client c = dial(*state);

    say(&c, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    HEAR(&c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
             "Content-Length: 11\r\nSec-WebSocket-Version: 13, 8\r\n\r\nBad Request");
    hear_end(&c);
    hang_up(&c);
}

static void
origins_are_kept_out(void **state)
{
    struct server *v = *state;
    struct client c = dial(v), w3 = dial(v), w4 = dial(v), good = dial(v);

    v->limits.origins = origins;
    say_get(&c, 4, "");
    struct answer a = hear_answer(&c);
    assert_int_equal(a.status, 403);
    assert_string_equal(a.body, "{\"code\":4,\"message\":\"Forbidden\"}");
    assert_null(strstr(a.head, "Access-Control"));
    answer_fini(&a);
    say_upgrade(&w3, "EIO=3&transport=websocket", "Origin: http://evil.test\r\n");
    HEAR(&w3, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
              "Content-Length: 0\r\n\r\n");
    hear_end(&w3);
    say_upgrade(&w4, "EIO=4&transport=websocket", "Origin: http://evil.test\r\n");
    HEAR(&w4, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
              "Content-Length: 9\r\n\r\nForbidden");
    hear_end(&w4);
    say_upgrade(&good, "EIO=4&transport=websocket", "Origin: http://good.test\r\n");
    HEAR(&good, ACCEPTED);
    hang_up(&c);
    hang_up(&w3);
    hang_up(&w4);
    hang_up(&good);
}

static void
any_preflight_is_answered(void **state)
{
    struct client c = dial(*state);

    say(&c, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n"
            "Origin: http://a.test\r\nAccess-Control-Request-Headers: x-token\r\n\r\n");
    struct answer a = hear_answer(&c);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "");
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Headers: Content-Type, x-token\r\n"));
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Methods: GET, POST, OPTIONS\r\n"));
    assert_non_null(strstr(a.head, "\r\nAccess-Control-Allow-Origin: http://a.test\r\n"));
    answer_fini(&a);
    hang_up(&c);
}

static void
a_session_request_repeats_its_version_and_transport(void **state)
{
    struct client c = dial(*state), w = dial(*state);
    struct sid_query q = open_polling(&c, 3);
    char query[96];

    say_get(&c, 4, q.text);
    expect_answer(&c, 400, "{\"code\":3,\"message\":\"Bad request\"}");
    snprintf(query, sizeof(query), "GET /socket.io/?EIO=3&transport=websocket%s", q.text);
    say(&w, query);
    say(&w, " HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_answer(&w, 400, "{\"code\":3,\"message\":\"Bad request\"}");
    say(&c, "PUT /socket.io/?EIO=3&transport=polling");
    say(&c, q.text);
    say(&c, " HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_answer(&c, 500, "");
    hang_up(&c);
    hang_up(&w);
}

static void
a_sid_of_another_worker_is_sent_there(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    char sid[EIO_SESSION_SID_LEN], query[64];

    handshake_make_sid(9, sid);
    snprintf(query, sizeof(query), "&sid=%.*s", EIO_SESSION_SID_LEN, sid);
    engine_on_foreign_sid(v->engine, on_foreign, v);
    say_get(&c, 4, query);
    expect_answer(&c, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    assert_int_equal(v->foreign, 9);
    hang_up(&c);
}

static void
other_paths_are_not_the_engines(void **state)
{
    struct client c = dial(*state);

    say(&c, "GET /socket.io?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_answer(&c, 404, "not the engine's");
    hang_up(&c);
}

static void
transports_can_be_switched_off(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    v->limits.websocket = false;
    say_get(&c, 4, "");
    struct answer a = hear_answer(&c);
    assert_non_null(strstr(a.body, "\"upgrades\":[]"));
    answer_fini(&a);
    say(&c, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_answer(&c, 400, "{\"code\":0,\"message\":\"Transport unknown\"}");
    hang_up(&c);
}

/* ---- ids ---- */

static void
an_id_names_its_worker(void **state)
{
    (void)state;
    for (unsigned worker = 0; worker < 256; worker++) {
        char text[EIO_SESSION_SID_LEN];
        unsigned found = 999;
        handshake_make_sid(worker, text);
        assert_true(handshake_sid_worker(str_slice(text, sizeof(text)), &found));
        assert_int_equal(found, worker);
    }
}

static void
ids_differ_also_in_their_last_byte(void **state)
{
    char a[EIO_SESSION_SID_LEN], b[EIO_SESSION_SID_LEN];
    bool last_differs = false;

    (void)state;
    for (int i = 0; i < 64; i++) {
        handshake_make_sid(1, a);
        handshake_make_sid(1, b);
        assert_memory_not_equal(a, b, sizeof(a));
        last_differs = last_differs || a[19] != b[19];
    }
    assert_true(last_differs);
}

static void
foreign_forms_name_no_worker(void **state)
{
    static const char *const texts[] = { "", "abc", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaa!", "aaaaaaaaaaaaaaaaaa==", "                    " };
    unsigned worker;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(handshake_sid_worker(str_of(texts[i]), &worker));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_polling_session_of_3_begins_with_open_and_connect),
        ENGINE_TEST(a_polling_session_of_4_begins_with_open_alone),
        ENGINE_TEST(a_session_counts_with_its_headers),
        ENGINE_TEST(newcomers_are_refused_when_memory_is_short),
        ENGINE_TEST(a_websocket_session_begins_with_frames),
        ENGINE_TEST(packets_may_follow_the_head_at_once),
        ENGINE_TEST(errors_are_json),
        ENGINE_TEST(a_refused_websocket_hears_text),
        ENGINE_TEST(a_bad_websocket_head_hears_bad_request),
        ENGINE_TEST(origins_are_kept_out),
        ENGINE_TEST(any_preflight_is_answered),
        ENGINE_TEST(a_session_request_repeats_its_version_and_transport),
        ENGINE_TEST(a_sid_of_another_worker_is_sent_there),
        ENGINE_TEST(other_paths_are_not_the_engines),
        ENGINE_TEST(transports_can_be_switched_off),
        cmocka_unit_test(an_id_names_its_worker),
        cmocka_unit_test(ids_differ_also_in_their_last_byte),
        cmocka_unit_test(foreign_forms_name_no_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
