/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_link against a real redis-server, which each test starts on a port of its own and
 * may end and start again; and against servers that are none.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "net/loop.h"
#include "redis/redis_link.h"

/* The slowest step is redis-server's start under a sanitizer's load. */
enum { PATIENCE_S = 60, TURN_US = 500 };

struct scene {
    struct loop *l;
    struct redis_link *r;
    struct redis_options options;
    char port_text[16];
    pid_t server;
    unsigned readies, downs, subscribed, messages, replies, nulls;
    bool subscribe, close_on_message, restart_on_message, pause_on_message;
    char reason[512];
    struct buffer heard; /* "channel=payload;" */
    struct buffer reply;
};

static void
turn(struct scene *s)
{
    loop_turn(s->l);
    usleep(TURN_US);
}

#define UNTIL(s, condition)                                                                        \
    while (!(condition))                                                                           \
    turn(s)

/* ---- what the link says ---- */

static void
on_ready(void *owner)
{
    struct scene *s = owner;

    s->readies++;
    assert_true(redis_link_ready(s->r));
    if (s->subscribe)
        redis_link_psubscribe(s->r, STR_LIT("test-*"));
}

static void
on_down(void *owner, const char *reason)
{
    struct scene *s = owner;

    s->downs++;
    assert_false(redis_link_ready(s->r));
    snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static void
on_message(void *owner, struct str channel, struct str payload)
{
    struct scene *s = owner;

    s->messages++;
    buffer_append_str(&s->heard, channel);
    buffer_append_char(&s->heard, '=');
    buffer_append_str(&s->heard, payload);
    buffer_append_char(&s->heard, ';');
    if (s->restart_on_message)
        redis_link_restart(s->r, "it was enough");
    if (s->pause_on_message)
        redis_link_pause(s->r);
    if (s->close_on_message)
        redis_link_close(s->r);
}

static void
on_subscribed(void *owner)
{
    struct scene *s = owner;

    s->subscribed++;
}

static const struct redis_link_handlers handlers = { on_ready, on_down, on_message, on_subscribed };

static void
note_value(const struct redis_value *v, struct buffer *out)
{
    switch (v->kind) {
    case REDIS_NIL:
        buffer_append_text(out, "nil");
        return;
    case REDIS_INTEGER:
        buffer_printf(out, ":%lld", v->integer);
        return;
    case REDIS_STATUS:
        buffer_printf(out, "+%.*s", STR_ARG(v->text));
        return;
    case REDIS_ERROR:
        buffer_printf(out, "-%.*s", STR_ARG(v->text));
        return;
    case REDIS_STRING:
        buffer_printf(out, "$%.*s", STR_ARG(v->text));
        return;
    case REDIS_ARRAY:
        break;
    }
    buffer_append_char(out, '[');
    for (size_t i = 0; i < v->count; i++)
        note_value(&v->items[i], out);
    buffer_append_char(out, ']');
}

static void
on_reply(void *owner, const struct redis_value *reply)
{
    struct scene *s = owner;

    s->replies++;
    s->nulls += reply == NULL;
    buffer_clear(&s->reply);
    if (reply)
        note_value(reply, &s->reply);
}

/* ---- servers ---- */

/* A port that is free now; redis-server refuses to run on one that is not. */
static unsigned
free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static void
start_redis(struct scene *s, const char *option, const char *value)
{
    s->server = fork();
    assert_true(s->server >= 0);
    if (s->server > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!freopen("/dev/null", "w", stdout))
        _exit(1);
    execlp("redis-server", "redis-server", "--port", s->port_text, "--bind", "127.0.0.1", "--save",
        "", "--appendonly", "no", option, value, (char *)NULL);
    _exit(127); /* the test waits in vain, and fails */
}

static void
stop_redis(struct scene *s)
{
    if (s->server > 0) {
        kill(s->server, SIGKILL);
        waitpid(s->server, NULL, 0);
    }
    s->server = 0;
}

static int
listen_on(unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void
set(struct scene *s)
{
    *s = (struct scene){ .l = loop_new() };
    s->options = (struct redis_options){
        .host = "127.0.0.1", .port = free_port(), .connect_timeout_ms = 20000
    };
    snprintf(s->port_text, sizeof(s->port_text), "%u", s->options.port);
}

static void
open_link(struct scene *s)
{
    s->r = redis_link_open(s->l, &s->options, &handlers, s);
}

/* Attempts from before Redis was up do not count. */
static void
await_ready(struct scene *s)
{
    UNTIL(s, s->readies);
    s->downs = 0;
}

static void
tear_down(struct scene *s)
{
    redis_link_close(s->r);
    for (int i = 0; i < 3; i++)
        loop_turn(s->l);
    stop_redis(s);
    buffer_fini(&s->heard);
    buffer_fini(&s->reply);
    loop_free(s->l);
}

static bool
command(struct scene *s, const char *a, const char *b, const char *c)
{
    const struct str argv[] = { str_of(a), str_of(b), str_of(c) };

    return redis_link_command(s->r, argv, c ? 3 : b ? 2 : 1, on_reply, s);
}

static void
expect_reply(struct scene *s, const char *reply)
{
    unsigned before = s->replies;

    UNTIL(s, s->replies > before);
    buffer_append_char(&s->reply, '\0');
    assert_string_equal(s->reply.data, reply);
}

static void
expect_reason(struct scene *s, const char *format)
{
    char expected[512], where[64];

    snprintf(where, sizeof(where), "127.0.0.1:%u", s->options.port);
    snprintf(expected, sizeof(expected), "%s%s%s", format[0] == '@' ? where : "",
        format[0] == '@' ? format + 1 : format, format[0] == '@' ? "" : where);
    assert_string_equal(s->reason, expected);
}

/* ---- commands ---- */

static void
replies_have_their_kinds(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    assert_false(redis_link_ready(s.r));
    assert_false(command(&s, "PING", NULL, NULL));
    await_ready(&s);
    assert_true(command(&s, "SET", "k", "v"));
    expect_reply(&s, "+OK");
    assert_true(command(&s, "GET", "k", NULL));
    expect_reply(&s, "$v");
    assert_true(command(&s, "GET", "none", NULL));
    expect_reply(&s, "nil");
    assert_true(command(&s, "STRLEN", "k", NULL));
    expect_reply(&s, ":1");
    assert_true(command(&s, "MGET", "k", "none"));
    expect_reply(&s, "[$vnil]");
    assert_true(command(&s, "EVAL", "return {1,{'a',{}},redis.status_reply('x')}", "0"));
    expect_reply(&s, "[:1[$a[]]+x]");
    assert_true(command(&s, "LPUSH", "k", "x"));
    expect_reply(&s, "-WRONGTYPE Operation against a key holding the wrong kind of value");
    assert_true(command(&s, "SET", "k", ""));
    expect_reply(&s, "+OK");
    assert_true(redis_link_command(s.r, &STR_LIT("PING"), 1, NULL, NULL));
    assert_true(command(&s, "GET", "k", NULL));
    expect_reply(&s, "$");
    tear_down(&s);
}

static void
database_is_selected(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.db = 3;
    start_redis(&s, "--databases", "4");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "CLIENT", "INFO", NULL));
    UNTIL(&s, s.replies);
    assert_true(str_contains(buffer_str(&s.reply), " db=3 "));
    tear_down(&s);
}

static void
database_that_is_not_there_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.db = 9;
    start_redis(&s, "--databases", "4");
    open_link(&s);
    UNTIL(&s, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "@ has no database of that number");
    tear_down(&s);
}

/* ---- subscriptions ---- */

static void
publish_burst(struct scene *s, struct redis_link *publisher, unsigned count)
{
    char payload[16];

    for (unsigned i = 0; i < count; i++) {
        struct str argv[] = { STR_LIT("PUBLISH"), STR_LIT("test-a"), { payload, 0 } };

        argv[2].len = (size_t)snprintf(payload, sizeof(payload), "%u", i);
        assert_true(redis_link_command(publisher, argv, 3, on_reply, s));
    }
}

static struct redis_link *
open_publisher(struct scene *s)
{
    static const struct redis_link_handlers none = { 0 };
    struct redis_link *publisher = redis_link_open(s->l, &s->options, &none, NULL);

    UNTIL(s, redis_link_ready(publisher));
    return publisher;
}

static void
open_subscribed(struct scene *s)
{
    s->subscribe = true;
    start_redis(s, "--loglevel", "warning");
    open_link(s);
    UNTIL(s, s->subscribed);
    s->downs = 0;
}

static void
messages_arrive_in_order(void **state)
{
    struct scene s;
    struct redis_link *publisher;
    struct buffer expected = { 0 };

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    publish_burst(&s, publisher, 500);
    UNTIL(&s, s.messages == 500);
    for (unsigned i = 0; i < 500; i++)
        buffer_printf(&expected, "test-a=%u;", i);
    assert_true(str_equal(buffer_str(&s.heard), buffer_str(&expected)));
    buffer_fini(&expected);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
paused_link_reads_nothing(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    redis_link_pause(s.r);
    publish_burst(&s, publisher, 10);
    UNTIL(&s, s.replies == 10);
    for (int i = 0; i < 20; i++)
        turn(&s);
    assert_int_equal(s.messages, 0);
    redis_link_resume(s.r);
    UNTIL(&s, s.messages == 10);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
paused_link_reconnects(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    redis_link_pause(s.r);
    redis_link_restart(s.r, "a test");
    assert_int_equal(s.downs, 0);
    UNTIL(&s, s.readies == 2);
    publish_burst(&s, publisher, 3);
    UNTIL(&s, s.replies == 3);
    for (int i = 0; i < 20; i++)
        turn(&s);
    assert_int_equal(s.messages, 0);
    redis_link_resume(s.r);
    UNTIL(&s, s.subscribed == 2);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
link_may_be_closed_from_a_message(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    s.close_on_message = true;
    publish_burst(&s, publisher, 5);
    UNTIL(&s, s.replies == 5 && s.messages);
    for (int i = 0; i < 20; i++)
        turn(&s);
    assert_int_equal(s.messages, 1);
    assert_int_equal(s.downs, 0);
    s.r = NULL;
    redis_link_close(publisher);
    tear_down(&s);
}

static void
link_may_be_restarted_from_a_message(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    s.restart_on_message = true;
    publish_burst(&s, publisher, 5);
    UNTIL(&s, s.messages);
    assert_int_equal(s.messages, 1);
    UNTIL(&s, s.downs);
    assert_string_equal(s.reason, "it was enough");
    s.restart_on_message = false;
    UNTIL(&s, s.subscribed == 2);
    publish_burst(&s, publisher, 1);
    UNTIL(&s, s.messages == 2);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
pattern_is_escaped(void **state)
{
    struct scene s = { 0 };
    struct redis_link *publisher;
    struct buffer pattern = { 0 };

    (void)state;
    redis_link_escape_pattern(STR_LIT("a*b?c[d]e\\f^g-h"), &pattern);
    assert_true(str_is(buffer_str(&pattern), "a\\*b\\?c\\[d\\]e\\\\f^g-h"));
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    redis_link_psubscribe(s.r, buffer_str(&pattern));
    UNTIL(&s, s.subscribed);
    publisher = open_publisher(&s);
    assert_true(redis_link_command(publisher,
        (struct str[]){ STR_LIT("PUBLISH"), STR_LIT("a*b?c[d]e\\f^g-h"), STR_LIT("1") }, 3,
        on_reply, &s));
    expect_reply(&s, ":1");
    UNTIL(&s, s.messages);
    buffer_fini(&pattern);
    redis_link_close(publisher);
    tear_down(&s);
}

/* ---- coming back ---- */

static void
link_comes_back_by_itself(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.subscribe = true;
    open_link(&s);
    UNTIL(&s, s.downs);
    expect_reason(&s, "connection refused by ");
    for (int i = 0; i < 500; i++)
        turn(&s);
    assert_int_equal(s.downs, 1); /* the same again is no news */
    start_redis(&s, "--loglevel", "warning");
    UNTIL(&s, s.subscribed == 1);
    stop_redis(&s);
    UNTIL(&s, s.downs == 3);
    expect_reason(&s, "connection refused by ");
    start_redis(&s, "--loglevel", "warning");
    UNTIL(&s, s.subscribed == 2);
    assert_int_equal(s.downs, 3);
    tear_down(&s);
}

static void
commands_under_way_are_told(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "BLPOP", "nothing", "0"));
    assert_true(command(&s, "PING", NULL, NULL));
    turn(&s);
    stop_redis(&s);
    UNTIL(&s, s.downs);
    assert_int_equal(s.replies, 2);
    assert_int_equal(s.nulls, 2);
    expect_reason(&s, "@ closed the connection");
    tear_down(&s);
}

static void
restart_tells_commands_under_way(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "BLPOP", "nothing", "0"));
    redis_link_restart(s.r, "it is dead");
    assert_int_equal(s.nulls, 0);
    assert_false(redis_link_ready(s.r));
    assert_false(command(&s, "PING", NULL, NULL));
    UNTIL(&s, s.readies == 2);
    assert_int_equal(s.nulls, 1);
    assert_int_equal(s.downs, 1);
    assert_string_equal(s.reason, "it is dead");
    tear_down(&s);
}

static void
closed_link_tells_nothing(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "PING", NULL, NULL));
    redis_link_close(s.r);
    s.r = NULL;
    for (int i = 0; i < 20; i++)
        turn(&s);
    assert_int_equal(s.replies, 0);
    assert_int_equal(s.downs, 0);
    tear_down(&s);
}

/* Redis listens on one of localhost's two addresses. */
static void
localhost_is_either_address(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "localhost";
    start_redis(&s, "--bind", "::1");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

static void
name_that_does_not_exist_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "no-such-host.invalid";
    open_link(&s);
    UNTIL(&s, s.downs);
    assert_non_null(strstr(s.reason, "no-such-host.invalid"));
    tear_down(&s);
}

static void
closed_while_it_looks_up_a_name(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "no-such-host.invalid";
    open_link(&s);
    turn(&s);
    redis_link_close(s.r);
    s.r = NULL;
    for (int i = 0; i < 100; i++)
        turn(&s);
    assert_int_equal(s.downs, 0);
    tear_down(&s);
}

/* ---- passwords ---- */

static void
password_is_sent(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "s3cret word";
    start_redis(&s, "--requirepass", "s3cret word");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

static void
user_and_password_are_sent(void **state)
{
    static const struct str add_user[] = { STR_LIT("ACL"), STR_LIT("SETUSER"), STR_LIT("echo"),
        STR_LIT("on"), STR_LIT(">s3cret"), STR_LIT("+@all") };
    struct scene s;
    struct redis_link *first;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    first = open_publisher(&s);
    assert_true(redis_link_command(first, add_user, COUNT_OF(add_user), on_reply, &s));
    expect_reply(&s, "+OK");
    s.options.username = "echo";
    s.options.password = "s3cret";
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "ACL", "WHOAMI", NULL));
    expect_reply(&s, "$echo");
    redis_link_close(first);
    tear_down(&s);
}

static void
wrong_password_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "topsecret";
    start_redis(&s, "--requirepass", "right");
    open_link(&s);
    UNTIL(&s, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "wrong password for ");
    assert_int_equal(s.readies, 0);
    tear_down(&s);
}

static void
missing_password_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--requirepass", "right");
    open_link(&s);
    UNTIL(&s, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "NOAUTH: a password is required by ");
    tear_down(&s);
}

static void
needless_password_is_no_obstacle(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "needless";
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

/* ---- servers that are none ---- */

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
        turn(s);                                                                                   \
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

static void
garbage_is_not_redis(void **state)
{
    static const char *const garbage[] = {
        "HTTP/1.1 400 Bad Request\r\n\r\n",
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
        answer_is_reason(garbage[i], "@ is not a Redis server");
}

static void
refusals_have_words_and_no_password(void **state)
{
    (void)state;
    answer_is_reason("-DENIED Redis is running in protected mode because ...\r\n-x\r\n",
        "@ is in protected mode: it needs a password or a bind address");
    answer_is_reason("-ERR max number of clients reached\r\n-x\r\n", "@ has too many clients");
    answer_is_reason("+OK\r\n-LOADING Redis is loading the dataset in memory\r\n",
        "@ is still loading its data");
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

        fake_set(&s, &f, "+PONG\r\n");
        open_link(&s);
        FAKE_UNTIL(&s, &f, s.readies);
        fake_say(&f, unasked[i]);
        FAKE_UNTIL(&s, &f, s.downs);
        expect_reason(&s, "@ is not a Redis server");
        fake_tear_down(&s, &f);
    }
}

static void
subscribe_to_fake(struct scene *s, struct fake *f)
{
    fake_set(s, f, "+PONG\r\n");
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
        "*5\r\n$8\r\npmessage\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(malformed); i++) {
        struct scene s;
        struct fake f;

        subscribe_to_fake(&s, &f);
        fake_say(&f, malformed[i]);
        FAKE_UNTIL(&s, &f, s.downs);
        expect_reason(&s, "@ is not a Redis server");
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
        turn(&s);
    }
    UNTIL(&s, s.messages);
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
    expect_reason(&s, "the user may not do this at ");
    fake_tear_down(&s, &f);
}

static void
silence_is_a_reason(void **state)
{
    struct scene s;
    struct fake f;
    char expected[128];

    (void)state;
    fake_set(&s, &f, NULL);
    s.options.connect_timeout_ms = 100;
    open_link(&s);
    FAKE_UNTIL(&s, &f, s.downs);
    snprintf(
        expected, sizeof(expected), "no answer from 127.0.0.1:%u within 100 ms", s.options.port);
    assert_string_equal(s.reason, expected);
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
    expect_reason(&s, "@ closed the connection before it answered");
    fake_tear_down(&s, &f);
}

static int
be_patient(void **state)
{
    (void)state;
    alarm(PATIENCE_S);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, be_patient)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_have_their_kinds),
        TEST(database_is_selected),
        TEST(database_that_is_not_there_is_a_reason),
        TEST(messages_arrive_in_order),
        TEST(paused_link_reads_nothing),
        TEST(paused_link_reconnects),
        TEST(link_may_be_closed_from_a_message),
        TEST(link_may_be_restarted_from_a_message),
        TEST(pattern_is_escaped),
        TEST(link_comes_back_by_itself),
        TEST(commands_under_way_are_told),
        TEST(restart_tells_commands_under_way),
        TEST(closed_link_tells_nothing),
        TEST(localhost_is_either_address),
        TEST(name_that_does_not_exist_is_a_reason),
        TEST(closed_while_it_looks_up_a_name),
        TEST(password_is_sent),
        TEST(user_and_password_are_sent),
        TEST(wrong_password_is_a_reason),
        TEST(missing_password_is_a_reason),
        TEST(needless_password_is_no_obstacle),
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
