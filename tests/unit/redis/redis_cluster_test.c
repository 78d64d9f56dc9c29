/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_cluster: where commands go, and what becomes of them when slots move or a node is
 * lost.  The two nodes are fakes on real sockets, which answer as they are told.
 */
#include "redis_parser.h"
#include "scene.h"

enum { NODES = 2, CONNECTIONS = 8, SLOTS = 16384 };

struct connection {
    int fd; /* 0: none */
    struct redis_parser parser;
};

struct fake {
    int listener;
    unsigned port;
    struct connection connections[CONNECTIONS];
    struct buffer heard; /* "SET foo 1;", without what every connection begins with */
    char error[64];      /* the answer to each command; "": it is served */
    unsigned errors;     /* so often */
};

static struct fake fakes[NODES];
/* The slots below it are those of the first node. */
static unsigned split;
static struct scene s;

/* "bar" is below 8192, "foo" is not. */
enum { SLOT_OF_BAR = 5061, SLOT_OF_FOO = 12182 };

static void
put_range(struct buffer *out, unsigned first, unsigned last, unsigned port)
{
    buffer_printf(out, "*3\r\n:%u\r\n:%u\r\n*2\r\n$9\r\n127.0.0.1\r\n:%u\r\n", first, last, port);
}

static void
put_slots(struct buffer *out)
{
    if (split == SLOTS) {
        buffer_append_text(out, "*1\r\n");
        put_range(out, 0, SLOTS - 1, fakes[0].port);
        return;
    }
    buffer_append_text(out, "*2\r\n");
    put_range(out, 0, split - 1, fakes[0].port);
    put_range(out, split, SLOTS - 1, fakes[1].port);
}

static void
answer(struct fake *f, const struct redis_value *v, struct buffer *out)
{
    if (str_is(v->items[0].text, "PING")) {
        buffer_append_text(out, "+PONG\r\n");
        return;
    }
    if (str_is(v->items[0].text, "CLUSTER")) {
        put_slots(out);
        return;
    }
    for (size_t i = 0; i < v->count; i++)
        buffer_printf(&f->heard, "%s%.*s", i > 0 ? " " : "", STR_ARG(v->items[i].text));
    buffer_append_char(&f->heard, ';');
    if (f->errors == 0 || str_is(v->items[0].text, "ASKING")) {
        buffer_append_text(out, "+OK\r\n");
        return;
    }
    f->errors--;
    buffer_printf(out, "-%s\r\n", f->error);
}

static void
drop_connection(struct connection *c)
{
    close(c->fd);
    c->fd = 0;
    redis_parser_fini(&c->parser);
}

static void
serve(struct fake *f, struct connection *c)
{
    const struct redis_value *v;
    struct buffer out = { 0 };
    char data[4096];
    ssize_t len = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);

    if (len == 0) {
        drop_connection(c);
        return;
    }
    if (len < 0)
        return;
    assert_true(redis_parser_feed(&c->parser, data, (size_t)len));
    while (redis_parser_next(&c->parser, &v) == REDIS_PARSE_VALUE) {
        answer(f, v, &out);
        redis_parser_release(&c->parser);
    }
    if (out.len > 0)
        assert_int_equal(send(c->fd, out.data, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
    buffer_fini(&out);
}

static void
serve_all(void)
{
    for (struct fake *f = fakes; f < fakes + NODES; f++) {
        int fd = accept(f->listener, NULL, NULL);
        struct connection *c = f->connections;

        while (fd >= 0 && c->fd > 0)
            c++;
        if (fd >= 0) {
            c->fd = fd;
            redis_parser_init(&c->parser);
        }
        for (c = f->connections; c < f->connections + CONNECTIONS; c++)
            if (c->fd > 0)
                serve(f, c);
    }
    turn(s.l);
}

#define AWAIT(condition)                                                                           \
    while (!(condition))                                                                           \
    serve_all()

static int
open_cluster(void **state)
{
    static const struct redis_link_handlers commands = { .on_ready = on_ready, .on_down = on_down };

    be_patient(state);
    set(&s);
    split = 8192;
    for (struct fake *f = fakes; f < fakes + NODES; f++) {
        *f = (struct fake){ .port = f == fakes ? s.options.port : free_port() };
        f->listener = listen_on(f->port);
    }
    s.r = redis_link_open(s.l, &s.options, &commands, &s);
    AWAIT(s.readies);
    return 0;
}

static void
drop_connections(struct fake *f)
{
    for (struct connection *c = f->connections; c < f->connections + CONNECTIONS; c++)
        if (c->fd > 0)
            drop_connection(c);
}

static int
close_cluster(void **state)
{
    (void)state;
    tear_down(&s);
    for (struct fake *f = fakes; f < fakes + NODES; f++) {
        drop_connections(f);
        close(f->listener);
        buffer_fini(&f->heard);
    }
    return 0;
}

static void
redirect_with(struct fake *f, unsigned times, const char *word, unsigned slot, unsigned port)
{
    f->errors = times;
    snprintf(f->error, sizeof(f->error), "%s %u 127.0.0.1:%u", word, slot, port);
}

static void
expect_heard(unsigned node, const char *heard)
{
    struct buffer *b = &fakes[node].heard;

    buffer_append_char(b, '\0');
    assert_string_equal(b->data, heard);
    buffer_clear(b);
}

static void
command_goes_to_the_owner_of_its_key(void **state)
{
    (void)state;
    assert_true(command(&s, "SET", "bar", "1"));
    assert_true(command(&s, "SET", "foo", "2"));
    assert_true(command(&s, "GET", "{bar}.x", NULL));
    AWAIT(s.replies == 3);
    expect_heard(0, "SET bar 1;GET {bar}.x;");
    expect_heard(1, "SET foo 2;");
}

static void
script_goes_to_each_node_and_is_answered_once(void **state)
{
    (void)state;
    assert_true(command(&s, "SCRIPT", "LOAD", "x"));
    AWAIT(s.replies && fakes[0].heard.len && fakes[1].heard.len);
    expect_heard(0, "SCRIPT LOAD x;");
    expect_heard(1, "SCRIPT LOAD x;");
    assert_int_equal(s.replies, 1);
}

static void
moved_commands_keep_their_order(void **state)
{
    (void)state;
    redirect_with(&fakes[1], 2, "MOVED", SLOT_OF_FOO, fakes[0].port);
    split = SLOTS;
    assert_true(command(&s, "SET", "foo", "1"));
    assert_true(command(&s, "SET", "foo", "2"));
    AWAIT(fakes[1].errors == 0);
    assert_true(command(&s, "SET", "foo", "3"));
    AWAIT(s.replies == 3);
    expect_heard(1, "SET foo 1;SET foo 2;");
    expect_heard(0, "SET foo 1;SET foo 2;SET foo 3;");
    assert_int_equal(s.nulls + s.downs, 0);
}

static void
asking_is_for_once(void **state)
{
    (void)state;
    redirect_with(&fakes[1], 1, "ASK", SLOT_OF_FOO, fakes[0].port);
    assert_true(command(&s, "GET", "foo", NULL));
    AWAIT(s.replies == 1);
    assert_true(command(&s, "GET", "foo", NULL));
    AWAIT(s.replies == 2);
    expect_heard(0, "ASKING;GET foo;");
    expect_heard(1, "GET foo;GET foo;");
}

static void
redirections_have_an_end(void **state)
{
    (void)state;
    redirect_with(&fakes[0], 1000, "MOVED", SLOT_OF_BAR, fakes[0].port);
    assert_true(command(&s, "GET", "bar", NULL));
    AWAIT(s.replies);
    assert_true(str_starts(buffer_str(&s.reply), "-MOVED"));
    assert_int_equal(fakes[0].errors, 1000 - 17);
    assert_int_equal(s.downs, 0);
}

static void
lost_node_ends_all_and_tells_the_commands(void **state)
{
    (void)state;
    assert_true(command(&s, "GET", "bar", NULL));
    assert_true(command(&s, "GET", "foo", NULL));
    drop_connections(&fakes[1]);
    AWAIT(s.downs);
    assert_int_equal(s.replies, 2);
    assert_true(s.nulls >= 1);
    AWAIT(s.readies == 2);
}

static void
cluster_that_is_down_is_a_reason(void **state)
{
    (void)state;
    fakes[0].errors = 1;
    snprintf(fakes[0].error, sizeof(fakes[0].error), "CLUSTERDOWN Hash slot not served");
    assert_true(command(&s, "GET", "bar", NULL));
    AWAIT(s.downs);
    assert_int_equal(s.nulls, 1);
    assert_non_null(strstr(s.reason, "is down: a part of its slots is served by no node"));
    AWAIT(s.readies == 2);
}

int
main(void)
{
#define CLUSTER(name) cmocka_unit_test_setup_teardown(name, open_cluster, close_cluster)
    const struct CMUnitTest tests[] = {
        CLUSTER(command_goes_to_the_owner_of_its_key),
        CLUSTER(script_goes_to_each_node_and_is_answered_once),
        CLUSTER(moved_commands_keep_their_order),
        CLUSTER(asking_is_for_once),
        CLUSTER(redirections_have_an_end),
        CLUSTER(lost_node_ends_all_and_tells_the_commands),
        CLUSTER(cluster_that_is_down_is_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
