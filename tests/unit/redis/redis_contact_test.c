/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_contact: servers that are none, or say what nobody asked.
 */
#include "scene.h"

/* Answers each connection with a text, whatever is asked, once the link has spoken. */
struct fake {
    int listener, fd;
    const char *text; /* NULL: nothing */
    bool close_after;
    char asked[256];
    ssize_t asked_len;
};

static void
fake_turn(struct fake *f)
{
    if (f->fd < 0) {
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
        f->asked_len = 0;
        return;
    }
    if (f->asked_len > 0)
        return;
    f->asked_len = recv(f->fd, f->asked, sizeof(f->asked) - 1, 0);
    if (f->asked_len <= 0)
        return;
    if (f->text)
        assert_int_equal(send(f->fd, f->text, strlen(f->text), MSG_NOSIGNAL), strlen(f->text));
    if (f->close_after) {
        close(f->fd);
        f->fd = -1;
    }
}

static void
fake_say(struct fake *f, const char *text)
{
    assert_int_equal(send(f->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
fake_set(struct scene *s, struct fake *f, const char *text)
{
    set(s);
    *f = (struct fake){ .listener = listen_on(s->options.port), .fd = -1, .text = text };
}

static void
fake_tear_down(struct scene *s, struct fake *f)
{
    close(f->listener);
    if (f->fd >= 0)
        close(f->fd);
    tear_down(s);
}

#define FAKE_UNTIL(s, f, condition)                                                                \
    while (!(condition)) {                                                                         \
        fake_turn(f);                                                                              \
        turn((s)->l);                                                                              \
    }

static void
answer_is_reason(const char *text, const char *reason)
{
    struct scene s;
    struct fake f;

    fake_set(&s, &f, text);
    s.options.password = "PASSWORD";
    open_link(&s);
    FAKE_UNTIL(&s, &f, s.downs);
    expect_reason(&s, reason);
    assert_null(strstr(s.reason, "PASSWORD"));
    assert_int_equal(s.readies, 0);
    fake_tear_down(&s, &f);
}

/* To PING, and to CLUSTER SLOTS. */
#define WELCOME "+PONG\r\n-ERR This instance has cluster support disabled\r\n"

#define STRANGER                                                                                   \
    "@ is not a Redis server: see databaseConfig.redis.host and databaseConfig.redis.port"

static void
web_server_and_tls_are_told_apart(void **state)
{
    (void)state;
    answer_is_reason("HTTP/1.1 400 Bad Request\r\n\r\n",
        "@ is not a Redis server but a web server: see databaseConfig.redis.host and "
        "databaseConfig.redis.port");
    answer_is_reason(
        "\x15\x03\x03\x01\x02\x02\x46", "@ speaks TLS: set databaseConfig.redis.tls to true");
}

static void
garbage_is_not_redis(void **state)
{
    static const char *const garbage[] = {
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "+OK\r\n+OK\r\n",
        "+OK\r\n$-1\r\n",
        "+OK\r\n*0\r\n",
        "+OK\r\n+PING\r\n",
        "*2000000000\r\n",
        "*-1\r\n*-1\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        "$-5\r\n",
        ":x\r\n",
        "*3\r\n$x\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(garbage); i++)
        answer_is_reason(garbage[i], STRANGER);
}

static void
refusals_have_words_and_no_password(void **state)
{
    (void)state;
    answer_is_reason("-DENIED Redis is running in protected mode because ...\r\n-x\r\n",
        "@ is in protected mode: give it a password (requirepass) and set "
        "databaseConfig.redis.password, or reach it at a loopback address");
    answer_is_reason("-ERR max number of clients reached\r\n-x\r\n",
        "@ has too many clients: raise its maxclients");
    answer_is_reason("+OK\r\n-LOADING Redis is loading the dataset in memory\r\n",
        "@ is still loading its data: nothing to do but wait");
    answer_is_reason(
        "-ERR unknown command AUTH, with args: PASSWORD\r\n+PONG\r\n", "@ answered with an error");
}

static void
unasked_replies_are_an_error_of_the_connection(void **state)
{
    static const char *const unasked[] = { "+OK\r\n", ":1\r\n", "$1\r\nx\r\n", "$-1\r\n", "*0\r\n",
        "*3\r\n$8\r\npmessage\r\n$1\r\na\r\n$1\r\nb\r\n" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(unasked); i++) {
        struct scene s;
        struct fake f;

        fake_set(&s, &f, WELCOME);
        open_link(&s);
        FAKE_UNTIL(&s, &f, s.readies);
        fake_say(&f, unasked[i]);
        FAKE_UNTIL(&s, &f, s.downs);
        expect_reason(&s, STRANGER);
        fake_tear_down(&s, &f);
    }
}

static void
subscribe_to_fake(struct scene *s, struct fake *f)
{
    fake_set(s, f, WELCOME);
    s->subscribe = true;
    open_link(s);
    FAKE_UNTIL(s, f, s->readies);
    fake_say(f, "*3\r\n$10\r\npsubscribe\r\n$6\r\ntest-*\r\n:1\r\n");
    FAKE_UNTIL(s, f, s->subscribed);
}

static void
malformed_messages_are_an_error_of_the_connection(void **state)
{
    static const char *const malformed[] = {
        "+OK\r\n",
        ":1\r\n",
        "*-1\r\n",
        "*1\r\n$8\r\npmessage\r\n",
        "*2\r\n$12\r\npunsubscribe\r\n$6\r\ntest-*\r\n",
        "*3\r\n$12\r\npunsubscribe\r\n$6\r\ntest-*\r\n$1\r\n0\r\n",
        "*4\r\n:1\r\n$1\r\nx\r\n$1\r\ny\r\n$1\r\nz\r\n",
        "*4\r\n+pmessage\r\n$1\r\nx\r\n$1\r\ny\r\n$1\r\nz\r\n",
        "*4\r\n$8\r\npmessage\r\n:1\r\n$1\r\ny\r\n$1\r\nz\r\n",
        "*4\r\n$8\r\npmessage\r\n$6\r\ntest-*\r\n$1\r\ny\r\n$-1\r\n",
        "*4\r\n$8\r\npmessage\r\n$6\r\ntest-*\r\n*1\r\n$1\r\ny\r\n$1\r\nz\r\n",
        "*4\r\n*1\r\n$8\r\npmessage\r\n$6\r\ntest-*\r\n$1\r\ny\r\n$1\r\nz\r\n",
        "*3\r\n$10\r\npsubscribe\r\n$5\r\nother\r\n:1\r\n",
        "*5\r\n$8\r\npmessage\r\n:1\r\n:2\r\n:3\r\n:4\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        struct scene s;
        struct fake f;

        subscribe_to_fake(&s, &f);
        fake_say(&f, malformed[i]);
        FAKE_UNTIL(&s, &f, s.downs);
        expect_reason(&s, STRANGER);
        assert_int_equal(s.messages, 0);
        fake_tear_down(&s, &f);
    }
}

static void
message_in_pieces_arrives_whole(void **state)
{
    static const char text[] =
        "*4\r\n$8\r\npmessage\r\n$6\r\ntest-*\r\n$6\r\ntest-b\r\n$5\r\nhello\r\n";
    struct scene s;
    struct fake f;

    (void)state;
    subscribe_to_fake(&s, &f);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        assert_int_equal(send(f.fd, text + i, 1, 0), 1);
        turn(s.l);
    }
    TURN_UNTIL(s.l, s.messages);
    assert_true(str_is(buffer_str(&s.heard), "test-b=hello;"));
    fake_tear_down(&s, &f);
}

static void
refused_subscription_is_a_reason(void **state)
{
    struct scene s;
    struct fake f;

    (void)state;
    subscribe_to_fake(&s, &f);
    fake_say(&f, "-NOPERM this user has no permissions\r\n");
    FAKE_UNTIL(&s, &f, s.downs);
    expect_reason(&s, "the user may not PSUBSCRIBE at @: grant it the command, the keys (~) and "
                      "the channels (&) under keyPrefix by ACL SETUSER");
    fake_tear_down(&s, &f);
}

static void
silence_is_a_reason(void **state)
{
    struct scene s;
    struct fake f;

    (void)state;
    fake_set(&s, &f, NULL);
    s.options.connect_timeout_ms = 100;
    open_link(&s);
    FAKE_UNTIL(&s, &f, s.downs);
    expect_reason(&s, "no answer from @ in time: see databaseConfig.redis.host and "
                      "databaseConfig.redis.port, and what a firewall says");
    fake_tear_down(&s, &f);
}

static void
goodbye_before_an_answer_is_a_reason(void **state)
{
    struct scene s;
    struct fake f;

    (void)state;
    fake_set(&s, &f, NULL);
    f.close_after = true;
    open_link(&s);
    FAKE_UNTIL(&s, &f, s.downs);
    expect_reason(&s, "@ closed the connection before it answered: if it speaks TLS, set "
                      "databaseConfig.redis.tls");
    fake_tear_down(&s, &f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(web_server_and_tls_are_told_apart),
        TEST(garbage_is_not_redis),
        TEST(refusals_have_words_and_no_password),
        TEST(unasked_replies_are_an_error_of_the_connection),
        TEST(malformed_messages_are_an_error_of_the_connection),
        TEST(message_in_pieces_arrives_whole),
        TEST(refused_subscription_is_a_reason),
        TEST(silence_is_a_reason),
        TEST(goodbye_before_an_answer_is_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
