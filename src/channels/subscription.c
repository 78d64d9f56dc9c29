/* SPDX-License-Identifier: MIT */
/*
 * subscription: the life of one.
 *
 *            public name                     admitted
 *   (open) ----------------> JOINED <------------------- ASKING <---- any other name (open)
 *                              |                           |
 *                              `----- unsubscribe, gone ---`----- refused ----> (freed)
 *
 * ASKING  ask is under way; acks wait with it.
 * JOINED  in the room.
 *
 * An answer that comes late finds nobody: leaving cancels the ask, so what left joins nothing.
 */
#include "subscription.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "acks.h"
#include "base/log.h"
#include "base/mem.h"
#include "channels/rooms.h"
#include "channels_priv.h"
#include "socket/sio_socket.h"

enum subscription_state { SUBSCRIPTION_ASKING, SUBSCRIPTION_JOINED };

/* Owned by its client. */
struct subscription {
    struct list node;
    struct client *client;
    enum subscription_state state;
    struct auth_ask *ask;    /* while ASKING */
    struct room_place place; /* while JOINED */
    struct list acks;        /* while ASKING */
    size_t name_len;
    char name[];
};

static struct str
name_of(const struct subscription *s)
{
    return str_slice(s->name, s->name_len);
}

static struct subscription *
find(const struct client *c, struct str channel)
{
    LIST_EACH(node, &c->subscriptions)
    {
        struct subscription *s = LIST_ENTRY(node, struct subscription, node);

        if (str_equal(name_of(s), channel))
            return s;
    }
    return NULL;
}

static struct subscription *
subscription_new(struct client *c, struct str channel)
{
    struct subscription *s = mem_zalloc(sizeof(*s) + channel.len);

    s->client = c;
    s->state = SUBSCRIPTION_ASKING;
    list_init(&s->acks);
    s->name_len = channel.len;
    memcpy(s->name, channel.data, channel.len);
    list_append(&c->subscriptions, &s->node);
    c->subscription_count++;
    return s;
}

static void
subscription_free(struct subscription *s)
{
    struct client *c = s->client;

    if (s->ask)
        auth_cancel(s->ask);
    rooms_leave(c->channels->rooms, &s->place);
    acks_forget(c, &s->acks);
    list_remove(&s->node);
    c->subscription_count--;
    free(s);
}

static void
join(struct subscription *s)
{
    struct client *c = s->client;

    s->state = SUBSCRIPTION_JOINED;
    rooms_join(c->channels->rooms, name_of(s), sio_socket_session(c->socket), &s->place);
    acks_confirm_all(c, &s->acks);
    if (c->channels->limits->dev_mode)
        log_notice(
            "joined channel=%s sid=%s", LOG_STR(name_of(s)), LOG_STR(sio_socket_sid(c->socket)));
}

static void
refuse(struct client *c, struct str channel, unsigned status, const char *cause)
{
    char digits[16];
    int len = snprintf(digits, sizeof(digits), "%u", status);

    log_notice("subscription refused channel=%s status=%u cause=%s sid=%s", LOG_STR(channel),
        status, LOG_STR(str_of(cause)), LOG_STR(sio_socket_sid(c->socket)));
    sio_socket_emit(
        c->socket, STR_LIT("subscription_error"), channel, str_slice(digits, (size_t)len));
}

/* What Laravel most often means by a status. */
static const char *
meaning(unsigned status)
{
    switch (status) {
    case 301:
    case 302:
        return ": a redirect, mostly to the login page";
    case 401:
        return ": not authenticated";
    case 403:
        return ": forbidden by the channel's rule, or nobody is logged in";
    case 404:
        return ": no such route, is authEndpoint right and Broadcast::routes() called?";
    case 419:
        return ": CSRF token mismatch";
    default:
        return "";
    }
}

static void
on_verdict(void *owner, const struct auth_verdict *v)
{
    struct subscription *s = owner;
    char cause[128];

    s->ask = NULL;
    if (v->status == 200) {
        join(s);
        return;
    }
    (void)snprintf(
        cause, sizeof(cause), "the application answered %u%s", v->status, meaning(v->status));
    refuse(s->client, name_of(s), v->status, v->cause ? v->cause : cause);
    acks_refuse_all(s->client, &s->acks, v->status);
    subscription_free(s);
}

/* A marker that does not stand at the start is almost always a prefix that nobody cut off. */
static void
say_prefix(const struct client *c, struct str channel)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;

    if (str_starts(channel, "private-") || str_starts(channel, "presence-"))
        return;
    if (!atomic_flag_test_and_set(&said))
        log_warning("a channel's name holds private- or presence-, but not at its start: is "
                    "keyPrefix what the application uses? channel=%s keyPrefix=%s",
            LOG_STR(channel), LOG_STR(str_of(c->channels->limits->key_prefix)));
}

static const char *
refusal_text(enum auth_refusal refusal)
{
    switch (refusal) {
    case AUTH_OK:
        return NULL;
    case AUTH_TOO_MANY_HEADERS:
        return "too many headers in auth.headers";
    case AUTH_HEADERS_TOO_LARGE:
        return "auth.headers is too large";
    case AUTH_QUEUE_FULL:
        return "too many subscriptions of this socket wait for the application";
    }
    return NULL;
}

static void
ask(struct subscription *s, struct str headers)
{
    struct client *c = s->client;
    const struct auth_question q = {
        .line = &c->line,
        .channel = name_of(s),
        .headers = headers,
        .cookie = sio_socket_cookie(c->socket),
        .referer = sio_socket_referer(c->socket),
    };
    enum auth_refusal refusal = auth_begin(c->channels->auth, &q, on_verdict, s, &s->ask);

    say_prefix(c, name_of(s));
    if (refusal == AUTH_OK)
        return;
    refuse(c, name_of(s), 0, refusal_text(refusal));
    acks_refuse_all(c, &s->acks, 0);
    subscription_free(s);
}

/* NULL when the limits let a new subscription pass. */
static const char *
over_limit(const struct client *c, struct str channel)
{
    const struct channels_limits *limits = c->channels->limits;

    if (channel.len > limits->name_bytes)
        return "the channel's name is too long (maxChannelLength)";
    if (c->subscription_count >= limits->channels)
        return "too many channels on one socket (maxChannels)";
    return NULL;
}

static void
open_again(struct subscription *s, int64_t ack)
{
    if (s->state == SUBSCRIPTION_ASKING)
        acks_wait(s->client, &s->acks, ack);
    else
        acks_confirm(s->client, ack);
}

void
subscription_open(struct client *c, struct str channel, struct str headers, int64_t ack)
{
    struct subscription *s = find(c, channel);
    const char *cause;

    if (s) {
        open_again(s, ack);
        return;
    }
    cause = over_limit(c, channel);
    if (cause) {
        refuse(c, channel, 0, cause);
        acks_refuse(c, ack, 0);
        return;
    }
    s = subscription_new(c, channel);
    acks_wait(c, &s->acks, ack);
    if (channels_kind(channel) == CHANNEL_PUBLIC)
        join(s);
    else
        ask(s, headers);
}

void
subscription_close(struct client *c, struct str channel, int64_t ack)
{
    struct subscription *s = find(c, channel);

    if (s) {
        acks_refuse_all(c, &s->acks, 0);
        subscription_free(s);
    }
    acks_confirm(c, ack);
}

void
subscription_close_all(struct client *c)
{
    LIST_EACH(node, &c->subscriptions)
    subscription_free(LIST_ENTRY(node, struct subscription, node));
}

bool
subscription_is_joined(const struct client *c, struct str channel)
{
    const struct subscription *s = find(c, channel);

    return s && s->state == SUBSCRIPTION_JOINED;
}
