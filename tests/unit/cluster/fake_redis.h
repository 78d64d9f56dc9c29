/* SPDX-License-Identifier: MIT */
/*
 * fake_redis: redis_link as a test drives it: links remember what was asked of them, and the test
 * calls their handlers.  Included by one test file each; it defines the layer's functions.
 */
#ifndef TEST_CLUSTER_FAKE_REDIS_H
#define TEST_CLUSTER_FAKE_REDIS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "redis/redis_link.h"

enum { FAKE_ASKED_MAX = 16 };

/* A command that awaits its reply: its words with a space between them, a script by its first key.
 */
struct fake_command {
    char text[256];
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

struct redis_link {
    const struct redis_link_handlers *handlers;
    void *owner;
    bool ready, paused;
    unsigned restarts, published, patterns;
    char pattern[128];
    char published_to[128];
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *reply_owner;
    struct fake_command asked[FAKE_ASKED_MAX]; /* in order; fake_redis_reply() takes the first */
    size_t asked_count;
};

/* The link that subscribes is the one with on_message; beside it strange_prefix has one. */
static struct redis_link *fake_subscriber, *fake_commands;
static unsigned fake_open; /* links */

struct redis_link *
redis_link_open(
    struct loop *l, const struct redis_options *o, const struct redis_link_handlers *h, void *owner)
{
    struct redis_link *r = mem_zalloc(sizeof(*r));

    (void)l;
    (void)o;
    r->handlers = h;
    r->owner = owner;
    if (h->on_message && (h->on_ready || !fake_subscriber))
        fake_subscriber = r;
    if (!h->on_message)
        fake_commands = r;
    fake_open++;
    return r;
}

void
redis_link_close(struct redis_link *r)
{
    fake_open -= r != NULL;
    if (r == fake_subscriber)
        fake_subscriber = NULL;
    else if (r == fake_commands)
        fake_commands = NULL;
    free(r);
}

bool
redis_link_ready(const struct redis_link *r)
{
    return r->ready;
}

const char *
redis_link_where(const struct redis_link *r)
{
    (void)r;
    return "fake:1";
}

void
redis_link_restart(struct redis_link *r, const char *reason)
{
    (void)reason;
    r->restarts++;
}

void
redis_link_pause(struct redis_link *r)
{
    r->paused = true;
}

void
redis_link_resume(struct redis_link *r)
{
    r->paused = false;
}

void
redis_link_psubscribe(struct redis_link *r, struct str pattern)
{
    r->patterns++;
    snprintf(r->pattern, sizeof(r->pattern), "%.*s", STR_ARG(pattern));
}

static inline void
fake_redis_ask(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    bool script = str_is(argv[0], "EVALSHA");
    struct buffer text = { 0 };
    struct fake_command *asked;

    if (r->asked_count == FAKE_ASKED_MAX)
        return;
    asked = &r->asked[r->asked_count++];
    for (size_t i = script ? 3 : 0; i < argc; i++)
        buffer_printf(&text, "%s%.*s", text.len > 0 ? " " : "", STR_ARG(argv[i]));
    snprintf(asked->text, sizeof(asked->text), "%.*s", STR_ARG(buffer_str(&text)));
    buffer_fini(&text);
    asked->on_reply = on_reply;
    asked->owner = owner;
}

/* The reply to the first command that awaits one; NULL: the connection is lost. */
static inline void
fake_redis_reply(struct redis_link *r, const struct redis_value *reply)
{
    struct fake_command first = r->asked[0];

    r->asked_count--;
    memmove(r->asked, r->asked + 1, r->asked_count * sizeof(first));
    if (first.on_reply)
        first.on_reply(first.owner, reply);
}

bool
redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    if (!r->ready)
        return false;
    fake_redis_ask(r, argv, argc, on_reply, owner);
    r->published++;
    snprintf(r->published_to, sizeof(r->published_to), "%.*s", STR_ARG(argv[1]));
    r->on_reply = on_reply;
    r->reply_owner = owner;
    return true;
}

void
redis_link_escape_pattern(struct str name, struct buffer *out)
{
    buffer_append_str(out, name);
}

/* Connected and subscribed. */
static inline void
fake_redis_up(void)
{
    fake_subscriber->ready = true;
    fake_subscriber->handlers->on_ready(fake_subscriber->owner);
    fake_subscriber->handlers->on_subscribed(fake_subscriber->owner);
}

/* The connection is lost, with the replies that are awaited. */
static inline void
fake_redis_down(struct redis_link *r)
{
    r->ready = false;
    while (r->asked_count > 0)
        fake_redis_reply(r, NULL);
    if (r->handlers->on_down)
        r->handlers->on_down(r->owner, "it is gone");
}

static inline void
fake_redis_message(const char *channel, const char *payload)
{
    fake_subscriber->handlers->on_message(fake_subscriber->owner, str_of(channel), str_of(payload));
}

#endif
