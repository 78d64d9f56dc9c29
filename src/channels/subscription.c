/* SPDX-License-Identifier: MIT */
/*
 * subscription: the life of one.
 *
 *   (open) ---- public name ------------------------------------> JOINED
 *     `---- any other ----> ASKING ---- admitted, no member -------^
 *                             `-------- admitted as a member ----> ENTERING ---- list ----> MEMBER
 *
 *   Each ends with unsubscribe or the socket's end, ASKING also when it is refused.
 *
 * ASKING    ask is under way; acks wait with it.
 * ENTERING  the hub has the member, question is set; what comes before the list is for others.
 *           acks wait.
 * JOINED    in the room.
 * MEMBER    in the room, and the hub has the member; when the list was asked for again, question
 *           is set and acks wait.
 *
 * No answer comes after the end: it cancels the ask and forgets the question, so a client that
 * left joins nothing.
 */
#include "subscription.h"

#include <stdio.h>
#include <stdlib.h>

#include "acks.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "channels/rooms.h"
#include "channels_priv.h"
#include "engine/eio_session.h"
#include "hub/hub_link.h"
#include "member.h"
#include "net/loop.h"
#include "net/shares.h"
#include "socket/sio_socket.h"
#include "subscriptions.h"

static const unsigned may_follow[] = {
    [SUBSCRIPTION_ASKING] = BIT(SUBSCRIPTION_ENTERING) | BIT(SUBSCRIPTION_JOINED),
    [SUBSCRIPTION_ENTERING] = BIT(SUBSCRIPTION_MEMBER),
    [SUBSCRIPTION_JOINED] = 0,
    [SUBSCRIPTION_MEMBER] = 0,
};

/* Even if memory is short a client may have the channels that clients need. */
enum { LITTLE_BYTES = 16384 };

/*
 * A member that subscribes again gets the list again, which costs far more than asking for it: so
 * many bytes a millisecond for a client, on average: a list of 1,500 members comes again after
 * four seconds.  One that left in between is a new member and gets its list.
 */
enum { LISTS_BYTES_PER_MS = 64 };

/* The only place that writes s->state. */
static void
subscription_enter(struct subscription *s, enum subscription_state next)
{
    const struct subscriber *c = s->client;

    ENSURE(may_follow[s->state] & BIT(next));
    s->state = next;
    if (next != SUBSCRIPTION_ENTERING && c->channels->limits->dev_mode)
        log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST, "joined channel=%s sid=%s",
            LOG_STR(subscriptions_name(s)),
            sio_socket_log_id(c->socket, (char[SIO_SOCKET_LOG_SIZE]){ 0 }));
}

static size_t
subscription_bytes(const struct subscription *s)
{
    return sizeof(*s) + BUDGET_ALLOCATION + s->name_len + s->member_bytes;
}

static struct subscription *
subscription_new(struct subscriber *c, struct str channel)
{
    struct subscription *s = mem_zalloc(sizeof(*s) + channel.len);

    s->client = c;
    s->state = SUBSCRIPTION_ASKING;
    list_init(&s->acks);
    s->name_len = (uint32_t)channel.len; /* maxChannelLength bounds it */
    memcpy(s->name, channel.data, channel.len);
    subscriptions_add(c, s);
    subscriber_account(c, 0, subscription_bytes(s));
    return s;
}

static void
subscription_check(const struct subscription *s)
{
    bool in_room = s->state == SUBSCRIPTION_JOINED || s->state == SUBSCRIPTION_MEMBER;

    ENSURE(in_room == (s->place.room != NULL));
    ENSURE(s->state == SUBSCRIPTION_ASKING || (!s->ask && !s->headers));
    ENSURE(s->question ? s->state != SUBSCRIPTION_ASKING && s->state != SUBSCRIPTION_JOINED
                       : s->state != SUBSCRIPTION_ENTERING);
    ENSURE(list_empty(&s->acks) || s->state != SUBSCRIPTION_JOINED);
}

static void
subscription_free(struct subscription *s)
{
    struct subscriber *c = s->client;
    struct hub_link *hub = c->channels->hub;

    subscription_check(s);
    if (s->ask)
        auth_cancel(s->ask);
    texts_drop(&c->channels->texts, s->headers);
    if (s->question)
        hub_link_forget(hub, s->question);
    if (s->state == SUBSCRIPTION_ENTERING || s->state == SUBSCRIPTION_MEMBER)
        hub_link_depart(hub, subscriptions_name(s), sio_socket_public_id(c->socket));
    rooms_leave(c->channels->rooms, &s->place);
    acks_forget(c, &s->acks);
    subscriptions_remove(c, s);
    subscriber_account(c, subscription_bytes(s), 0);
    free(s);
}

static void
subscription_join(struct subscription *s)
{
    struct subscriber *c = s->client;

    subscription_enter(s, SUBSCRIPTION_JOINED);
    rooms_join(c->channels->rooms, subscriptions_name(s), sio_socket_session(c->socket), &s->place);
    acks_confirm_all(c, &s->acks);
    subscription_check(s);
}

static void
subscription_count_list(struct subscriber *c, size_t bytes)
{
    uint64_t now = loop_now_ms(c->channels->loop);

    if (c->lists_again_ms < now)
        c->lists_again_ms = now;
    c->lists_again_ms += bytes / LISTS_BYTES_PER_MS;
}

/* The list of members, for the first time or again. */
static void
subscription_on_list(void *owner, uint32_t token, struct bytes *text)
{
    struct subscription *s = owner;
    struct subscriber *c = s->client;
    struct eio_session *session = sio_socket_session(c->socket);

    ENSURE(token == s->question);
    s->question = 0;
    if (s->state == SUBSCRIPTION_ENTERING) {
        subscription_enter(s, SUBSCRIPTION_MEMBER);
        rooms_join(c->channels->rooms, subscriptions_name(s), session, &s->place);
    } else {
        subscription_count_list(c, text->len);
    }
    (void)eio_session_broadcast(&session, 1, text, NULL);
    acks_confirm_all(c, &s->acks);
    subscription_check(s);
}

static void
subscription_refuse(struct subscriber *c, struct str channel, unsigned status, const char *cause)
{
    char digits[16];
    int len = snprintf(digits, sizeof(digits), "%u", status);

    log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST,
        "subscription refused channel=%s status=%u cause=%s sid=%s", LOG_STR(channel), status,
        LOG_STR(str_of(cause)), sio_socket_log_id(c->socket, (char[SIO_SOCKET_LOG_SIZE]){ 0 }));
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
        return ": forbidden by the channel's rule, or no user is logged in";
    case 404:
        return ": no such route, is authEndpoint right and Broadcast::routes() called?";
    case 419:
        return ": CSRF token mismatch";
    default:
        return "";
    }
}

static void
subscription_give_up(struct subscription *s, unsigned status, const char *cause)
{
    subscription_refuse(s->client, subscriptions_name(s), status, cause);
    acks_refuse_all(s->client, &s->acks, status);
    subscription_free(s);
}

/* Into a presence channel, as the member that the application's answer names. */
static void
subscription_admit(struct subscription *s, struct str body)
{
    struct subscriber *c = s->client;
    struct presence_member entry = { .channel = subscriptions_name(s),
        .id = sio_socket_public_id(c->socket) };
    struct member m = { 0 };

    switch (member_read(body, entry.id, &m)) {
    case MEMBER_OK:
        entry.user = buffer_str(&m.user);
        entry.data = buffer_str(&m.data);
        subscription_enter(s, SUBSCRIPTION_ENTERING);
        subscriber_account(c, 0, m.user.len + m.data.len);
        s->member_bytes = (uint32_t)(m.user.len + m.data.len); /* of an answer of 1 MiB at most */
        s->question = hub_link_enter(c->channels->hub, &entry, subscription_on_list, s);
        break;
    case MEMBER_NONE: /* as in laravel-echo-server: events come, but no member is shown */
        if (log_first(subscriptions_name(s)))
            log_warning("the application's answer has no member data (channel_data): the client "
                        "gets the channel's events, but is not shown to its members "
                        "channel=%s answer=%s",
                LOG_STR(subscriptions_name(s)), LOG_STR(body));
        subscription_join(s);
        break;
    case MEMBER_BAD:
        subscription_give_up(s, 0, m.fault);
        break;
    }
    member_fini(&m);
}

static void
subscription_on_verdict(void *owner, const struct auth_verdict *v)
{
    struct subscription *s = owner;
    char cause[128];

    s->ask = NULL;
    texts_drop(&s->client->channels->texts, s->headers);
    s->headers = NULL;
    if (v->status == 200) {
        if (channels_kind(subscriptions_name(s)) == CHANNEL_PRESENCE)
            subscription_admit(s, v->body);
        else
            subscription_join(s);
        return;
    }
    (void)snprintf(
        cause, sizeof(cause), "the application answered %u%s", v->status, meaning(v->status));
    subscription_give_up(s, v->status, v->cause ? v->cause : cause);
}

/* A marker elsewhere than at the start is almost always a prefix that was not removed. */
static void
warn_of_prefix(const struct subscriber *c, struct str channel)
{
    if (str_starts(channel, "private-") || str_starts(channel, "presence-"))
        return;
    if (log_first(STR_LIT("keyPrefix in a channel's name")))
        log_warning("a channel's name has private- or presence- in it, but not at its start: is "
                    "keyPrefix what the application uses? channel=%s keyPrefix=%s",
            LOG_STR(channel), LOG_STR(str_of(c->channels->limits->key_prefix)));
}

static void
subscription_ask(struct subscription *s, struct str headers)
{
    static const char *const causes[] = {
        [AUTH_TOO_MANY_HEADERS] = "too many headers in auth.headers",
        [AUTH_HEADERS_TOO_LARGE] = "auth.headers is too large",
        [AUTH_QUEUE_FULL] = "too many subscriptions of this socket wait for the application",
    };
    struct subscriber *c = s->client;
    struct auth_question q = {
        .line = &c->line,
        .channel = subscriptions_name(s),
        .cookie = eio_session_cookie(sio_socket_session(c->socket)),
        .referer = eio_session_referer(sio_socket_session(c->socket)),
        .address = eio_session_address(sio_socket_session(c->socket)),
        .share = eio_session_share(sio_socket_session(c->socket)),
    };
    enum auth_refusal refusal;

    if (!shares_pass(q.share, SHARES_QUESTION, c->channels->limits->address_questions,
            loop_now_ms(c->channels->loop)) &&
        shares_refuse(q.share, "questions")) {
        subscription_give_up(
            s, 0, "too many questions of one address in a second (limits.questions)");
        return;
    }
    s->headers = texts_hold(&c->channels->texts, headers);
    q.headers = texts_str(s->headers);
    q.own_bytes = s->headers && !bytes_is_shared(s->headers) ? headers.len : 0;
    refusal = auth_begin(c->channels->auth, &q, subscription_on_verdict, s, &s->ask);
    warn_of_prefix(c, subscriptions_name(s));
    if (refusal != AUTH_OK) {
        subscription_give_up(s, 0, causes[refusal]);
        return;
    }
    if (s->headers && s->headers != c->headers) { /* mostly it sends the same each time */
        texts_drop(&c->channels->texts, c->headers);
        c->headers = bytes_ref(s->headers);
    }
}

/* Why a new subscription is over a limit, or NULL; with the status to refuse it. */
static const char *
subscription_over_limit(
    const struct subscriber *c, struct str channel, bool in_time, unsigned *status)
{
    const struct channels_limits *limits = c->channels->limits;

    *status = 0;
    if (!in_time)
        return "too many subscriptions in a second (subscribeRate)";
    if (channel.len > limits->name_bytes)
        return "the channel's name is too long (maxChannelLength)";
    if (c->subscription_count >= limits->channels)
        return "too many channels on one socket (maxChannels)";
    if (budget_is_spent(c->channels->budget) && c->held + c->line.bytes > LITTLE_BYTES) {
        *status = 503;
        return "memory is short, and this socket holds much of it (memoryLimit)";
    }
    return NULL;
}

/* A member gets the list again, unless that was too much lately: it has followed all changes. */
static void
subscription_open_again(struct subscription *s, int64_t ack)
{
    struct subscriber *c = s->client;
    bool member = s->state == SUBSCRIPTION_MEMBER && !s->question;

    if (s->state == SUBSCRIPTION_JOINED ||
        (member && loop_now_ms(c->channels->loop) < c->lists_again_ms)) {
        acks_confirm(c, ack);
        return;
    }
    acks_wait(c, &s->acks, ack);
    if (member)
        s->question =
            hub_link_members(c->channels->hub, subscriptions_name(s), subscription_on_list, s);
}

void
subscription_open(struct subscriber *c, struct str channel, struct str headers, int64_t ack)
{
    bool in_time = allowance_take(
        &c->subscribes, c->channels->limits->subscribe_rate, loop_now_ms(c->channels->loop));
    struct subscription *s = subscriptions_find(c, channel);
    const char *cause;
    unsigned status;

    if (s && in_time) {
        subscription_open_again(s, ack);
        return;
    }
    if (s) {
        acks_refuse(c, ack, 0); /* it stays; only the answer is refused */
        return;
    }
    cause = subscription_over_limit(c, channel, in_time, &status);
    if (cause) {
        subscription_refuse(c, channel, status, cause);
        acks_refuse(c, ack, status);
        return;
    }
    s = subscription_new(c, channel);
    acks_wait(c, &s->acks, ack);
    if (channels_kind(channel) == CHANNEL_PUBLIC)
        subscription_join(s);
    else
        subscription_ask(s, headers);
}

void
subscription_close(struct subscriber *c, struct str channel, int64_t ack)
{
    struct subscription *s = subscriptions_find(c, channel);

    if (s) {
        acks_refuse_all(c, &s->acks, 0);
        subscription_free(s);
    }
    acks_confirm(c, ack);
}

void
subscription_close_all(struct subscriber *c)
{
    LIST_EACH(node, &c->subscriptions)
        subscription_free(LIST_ENTRY(node, struct subscription, node));
}

bool
subscription_is_joined(const struct subscriber *c, struct str channel)
{
    const struct subscription *s = subscriptions_find(c, channel);

    return s && (s->state == SUBSCRIPTION_JOINED || s->state == SUBSCRIPTION_MEMBER);
}
