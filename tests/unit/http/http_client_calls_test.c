/* SPDX-License-Identifier: MIT */
/*
 * Tests of the calls of http_client: failures, time-outs, cancelling, TLS.
 */
#include "application.h"

#include "net/connector.h"
#include "server.h"
#include "tls/certs.h"
#include "tls/tls_client.h"

static void
broken_answers_have_words(void **state)
{
    static const struct {
        const char *text, *why;
        bool ends;
    } broken[] = {
        { "SSH-2.0-OpenSSH\r\n", "the answer is not HTTP", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "the answer is not HTTP", false },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "the answer is not HTTP",
            false },
        { "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
            "the answer changes the protocol", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: 51\r\n\r\n", "the answer is too long", false },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n", "the answer is too long",
            false },
        { "HTTP/1.1 200 OK\r\n\r\n12345678901234567890123456789012345678901234567890x",
            "the answer is too long", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntrue",
            "the connection ended before the answer did", true },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n",
            "the connection ended before the answer did", true },
        { "HTTP/1.1 200 OK\r\nConte", "the connection ended before the answer did", true },
        { "", "the connection ended before the answer did", true },
    };
    struct scene s;

    (void)state;
    application_open(&s);
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        post(&s);
        accept_one(&s);
        hear_post(&s);
        say(&s.app, broken[i].text);
        if (broken[i].ends)
            talker_fini(&s.app);
        failed(&s, HTTP_CALL_BROKEN, broken[i].why);
    }
    application_close(&s);
}

static void
endless_head_is_broken(void **state)
{
    struct scene s;
    char block[1000];

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nX: ");
    memset(block, 'a', sizeof(block));
    for (int i = 0; i < 70; i++)
        say_bytes(&s.app, block, sizeof(block));
    failed(&s, HTTP_CALL_BROKEN, "the head of the answer is too long");
    application_close(&s);
}

static void
no_listener_is_unreachable(void **state)
{
    struct scene s;
    char why[64];

    (void)state;
    application_open(&s);
    close(s.listener);
    post(&s);
    assert_int_equal(s.done, 0);
    snprintf(why, sizeof(why), "connection refused by 127.0.0.1:%u", s.port);
    failed(&s, HTTP_CALL_UNREACHABLE, why);
    s.listener = listen_any(&s.port);
    application_close(&s);
}

static void
silence_is_a_timeout(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    s.timeout_ms = 100;
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    failed(&s, HTTP_CALL_TIMEOUT, "no answer within 100 ms");
    hear_end(&s.app);
    application_close(&s);
}

static void
cancelled_call_is_not_heard_of(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    http_client_cancel(s.call);
    post(&s);
    accept_one(&s);
    turn_some(s.l);
    http_client_cancel(s.call);
    turn_some(s.l);
    assert_int_equal(s.done, 0);
    post(&s);
    accept_one(&s); /* the cancelled connection is not used again */
    application_close(&s);
    assert_int_equal(s.done, 0);
}

static void
abandoned_call_without_a_connection_is_cancelled(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    assert_false(http_client_abandon(s.call));
    turn_some(s.l);
    assert_int_equal(s.done, 0);
    application_close(&s);
}

static void
abandoned_call_keeps_its_connection(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    for (int i = 0; i < 2; i++) {
        hear_post(&s);
        assert_true(http_client_abandon(s.call));
        turn_some(s.l);
        assert_int_equal(s.done, 0);
        say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue");
        answered(&s, 200, "true");
        post(&s);
    }
    hear_post(&s);
    assert_true(http_client_abandon(s.call));
    talker_fini(&s.app); /* dies before the first byte, and is not asked again */
    failed(&s, HTTP_CALL_BROKEN, "the connection ended before the answer did");
    application_close(&s);
}

static void
client_may_be_closed_in_an_answer(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    s.post_again = s.close_in_done = true;
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue");
    answered(&s, 200, "true");
    turn_some(s.l);
    assert_int_equal(s.done, 0);
    application_close(&s);
}

/* ---- TLS ---- */

struct secure {
    struct scene scene;
    struct server server;
};

static struct connector_secure *
trusting(const char *ca)
{
    struct buffer error = { 0 };
    struct connector_secure *tls = tls_client_new(true, ca ? certs_path(ca) : NULL, &error);

    assert_non_null(tls);
    return tls;
}

/* An HTTPS server, and a client whose context for loopback is tls. */
static void
set_secure(struct secure *q, struct connector_secure *tls)
{
    const struct tls_pair pair = { .cert_path = certs_path("server.pem"),
        .key_path = certs_path("server.key") };
    const struct tls_server_options o = { .pairs = &pair, .pair_count = 1 };
    struct tls_fault f = { 0 };
    char url[64];

    server_open(&q->server);
    q->server.tls = tls_server_new(&o, &f);
    assert_non_null(q->server.tls);
    q->scene = (struct scene){ .l = q->server.l, .port = q->server.port, .timeout_ms = PATIENT_MS };
    q->scene.client = http_client_open(q->server.l, NULL, tls, PATIENT_MS);
    connector_secure_unref(tls);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", q->server.port);
    assert_true(http_origin_parse(str_of(url), &q->scene.origin));
}

static void
tear_down_secure(struct secure *q)
{
    http_client_close(q->scene.client);
    buffer_fini(&q->scene.body);
    server_close(&q->server);
}

static void
certificate_is_verified(void **state)
{
    struct secure q;

    (void)state;
    set_secure(&q, trusting("ca.pem"));
    for (int i = 0; i < 2; i++) {
        post(&q.scene);
        answered(&q.scene, 200, "a=1");
    }
    assert_int_equal(q.server.accepted, 1);
    tear_down_secure(&q);
    set_secure(&q, trusting(NULL));
    post(&q.scene);
    TURN_UNTIL(q.scene.l, q.scene.done);
    assert_int_equal(q.scene.result, HTTP_CALL_UNTRUSTED);
    assert_non_null(strstr(q.scene.error, ": certificate verify failed: "));
    tear_down_secure(&q);
}

static void
no_context_is_unreachable(void **state)
{
    struct secure q;

    (void)state;
    set_secure(&q, trusting("ca.pem"));
    q.scene.origin.host[0] = '2'; /* not loopback, and it has no context for that */
    post(&q.scene);
    assert_int_equal(q.scene.done, 0);
    TURN_UNTIL(q.scene.l, q.scene.done);
    assert_int_equal(q.scene.result, HTTP_CALL_UNREACHABLE);
    tear_down_secure(&q);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(broken_answers_have_words),
        TEST(endless_head_is_broken),
        TEST(no_listener_is_unreachable),
        TEST(silence_is_a_timeout),
        TEST(cancelled_call_is_not_heard_of),
        TEST(abandoned_call_without_a_connection_is_cancelled),
        TEST(abandoned_call_keeps_its_connection),
        TEST(client_may_be_closed_in_an_answer),
        TEST(certificate_is_verified),
        TEST(no_context_is_unreachable),
    };

    return cmocka_run_group_tests(tests, certs_set_up, certs_tear_down);
}
