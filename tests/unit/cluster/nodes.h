/* SPDX-License-Identifier: MIT */
/*
 * nodes: hubs of several nodes and a worker each, in one thread and on a real redis-server.  A node
 * that is not turned is dead, or cut off.  What its worker hears is a story, a line each.  Included
 * by one test file each.
 */
#ifndef TEST_CLUSTER_NODES_H
#define TEST_CLUSTER_NODES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "hub/hub.h"
#include "hub/hub_link.h"
#include "net/free_port.h"
#include "net/loop.h"
#include "redis/redis_server.h"

/* On a busy machine, or with a sanitizer, what is awaited may take PATIENCE times as long. */
enum { NODES_MAX = 3, LEASE_MS = 900, PATIENCE = 10 };

struct node {
    struct loop *loop;
    struct hub *hub;
    struct hub_link *link;
    bool running, ended; /* turned by turn() */
    struct buffer story;
    unsigned joinings, leavings, lists;
};

static struct node nodes[NODES_MAX];
static pid_t redis_pid;
static unsigned redis_port;

/* ---- redis-server ---- */

/* Run a command of Redis; its answer without the last newline. */
static inline const char *
redis_cli(const char *command)
{
    static char answer[65536];
    char line[1024];
    FILE *pipe;
    size_t len;

    snprintf(line, sizeof(line), "redis-cli -p %u %s 2>&1", redis_port, command);
    pipe = popen(line, "r");
    assert_non_null(pipe);
    len = fread(answer, 1, sizeof(answer) - 1, pipe);
    answer[len] = '\0';
    if (len > 0 && answer[len - 1] == '\n')
        answer[len - 1] = '\0';
    pclose(pipe);
    return answer;
}

static inline void
redis_start(void)
{
    redis_pid = redis_server_start(redis_port, NULL, NULL);
    for (int i = 0; i < 200 && strcmp(redis_cli("ping"), "PONG") != 0; i++)
        usleep(20000);
    assert_string_equal(redis_cli("ping"), "PONG");
}

static inline void
redis_stop(void)
{
    redis_server_stop(redis_pid);
}

/* ---- nodes ---- */

static inline void
tell(struct node *n, const char *what, struct str text)
{
    buffer_append_text(&n->story, what);
    buffer_append_str(&n->story, text);
    buffer_append_char(&n->story, '\n');
}

static inline void
on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct node *n = owner;

    (void)channel;
    for (struct str rest = bytes_str(text); rest.len > 0;) {
        struct str event = str_cut(rest, '\x1e', &rest);

        n->joinings += str_contains(event, "presence:joining");
        n->leavings += str_contains(event, "presence:leaving");
        tell(n, "", event);
    }
    if (except.len > 0)
        tell(n, "  but ", except);
}

static inline void
on_list(void *owner, uint32_t token, struct bytes *text)
{
    struct node *n = owner;

    (void)token;
    n->lists++;
    tell(n, "", bytes_str(text));
}

static inline void
node_start(int i)
{
    static const struct hub_link_handlers handlers = { on_broadcast, NULL };
    struct node *n = &nodes[i];
    const struct hub_options o = {
        .workers = 1,
        .mailbox_bytes = 1 << 26,
        .cluster = {
            .redis = { .host = "127.0.0.1", .port = redis_port, .connect_timeout_ms = 2000 },
            .key_prefix = "p_",
            .events = true,
            .presence = true,
            .members_key = true,
            .lease_ms = LEASE_MS,
        },
    };

    *n = (struct node){ .loop = loop_new(), .running = true };
    n->hub = hub_open(n->loop, &o);
    n->link = hub_link_open(n->loop, n->hub, 0);
    hub_link_attach(n->link, &handlers, n);
}

static inline void
turn(void)
{
    for (int i = 0; i < NODES_MAX; i++) {
        if (nodes[i].running)
            loop_turn(nodes[i].loop);
    }
    usleep(200);
}

static inline void
run_for(uint64_t ms)
{
    uint64_t end = clock_ms() + ms;

    do
        turn();
    while (clock_ms() < end);
}

/* At once: the hub is told of its end and of nothing before. */
static inline void
node_end(int i)
{
    struct node *n = &nodes[i];

    hub_link_close(n->link);
    hub_stop(n->hub);
    loop_run(n->loop);
    hub_link_free(n->link);
    hub_free(n->hub);
    loop_free(n->loop);
    buffer_fini(&n->story);
    *n = (struct node){ 0 };
}

/* As server does: the hub is told first. */
static inline void
node_stop(int i)
{
    hub_retire(nodes[i].hub);
    run_for(20);
    node_end(i);
}

/* Until condition is true, which takes less than limit_ms on a machine that does nothing else. */
#define UNTIL(limit_ms, condition)                                                                 \
    do {                                                                                           \
        uint64_t until_end = clock_ms() + (limit_ms)*PATIENCE;                                     \
        while (!(condition) && clock_ms() < until_end)                                             \
            turn();                                                                                \
        if (!(condition))                                                                          \
            fail_msg("not within %d ms: %s\n0: %.*s\n1: %.*s", (int)(limit_ms), #condition,        \
                STR_ARG(buffer_str(&nodes[0].story)), STR_ARG(buffer_str(&nodes[1].story)));       \
    } while (0)

static inline void
forget(void)
{
    for (int i = 0; i < NODES_MAX; i++) {
        buffer_clear(&nodes[i].story);
        nodes[i].joinings = nodes[i].leavings = nodes[i].lists = 0;
    }
}

static inline bool
said(int i, const char *text)
{
    return str_contains(buffer_str(&nodes[i].story), text);
}

#define story_is(i, expected) assert_told(&nodes[i].story, expected)

/* ---- members ---- */

static inline void
enter(int node, int socket, int user)
{
    char id[16], key[16], data[128];

    snprintf(id, sizeof(id), "s%d", socket);
    snprintf(key, sizeof(key), "%d", user);
    snprintf(
        data, sizeof(data), "{\"user_id\":%d,\"user_info\":[],\"socketId\":\"s%d\"}", user, socket);
    (void)hub_link_enter(nodes[node].link,
        &(struct presence_member){ STR_LIT("presence-x"), str_of(id), str_of(key), str_of(data) },
        on_list, &nodes[node]);
}

static inline void
depart(int node, int socket)
{
    char id[16];

    snprintf(id, sizeof(id), "s%d", socket);
    hub_link_depart(nodes[node].link, STR_LIT("presence-x"), str_of(id));
}

/* Every node's list as it is now. */
static inline void
ask_lists(void)
{
    forget();
    for (int i = 0; i < NODES_MAX; i++) {
        if (nodes[i].running)
            (void)hub_link_members(nodes[i].link, STR_LIT("presence-x"), on_list, &nodes[i]);
    }
    for (int i = 0; i < NODES_MAX; i++) {
        if (nodes[i].running)
            UNTIL(2000, nodes[i].lists == 1);
    }
}

#define M(user, socket) "{\"user_id\":" #user ",\"user_info\":[],\"socketId\":\"s" #socket "\"}"
#define JOINING(user, socket) "42[\"presence:joining\",\"presence-x\"," M(user, socket) "]\n"
#define LEAVING(user)                                                                              \
    "42[\"presence:leaving\",\"presence-x\",{\"user_id\":" #user ",\"user_info\":[]}]\n"
#define LIST(members) "42[\"presence:subscribed\",\"presence-x\",[" members "]]\n"

static inline void
start_two(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    node_start(0);
    node_start(1);
    UNTIL(3000, strcmp(redis_cli("zcard p_echo-server:nodes"), "2") == 0);
    run_for(50);
}

static inline int
setup(void **state)
{
    (void)state;
    redis_port = free_port();
    redis_start();
    start_two();
    return 0;
}

static inline int
teardown(void **state)
{
    (void)state;
    for (int i = 0; i < NODES_MAX; i++) {
        if (nodes[i].loop) {
            nodes[i].running = true;
            node_stop(i);
        }
    }
    redis_stop();
    return 0;
}

#endif
