/* SPDX-License-Identifier: MIT */
/*
 * channels: between the sockets and the hub of a worker.
 *
 *   sio_server --on_event--> subscribe, unsubscribe --> subscription
 *                       `--> client event --> hub_link
 *   hub_link --on_broadcast--> rooms --> the sessions
 *
 * A payload that is broken, or not what Echo sends, is ignored: nothing a client sends is an error
 * of this program.
 */
#include "channels/channels.h"

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
#include "net/loop.h"
#include "socket/sio_server.h"
#include "socket/sio_socket.h"
#include "subscription.h"
#include "wire/envelope.h"
#include "wire/sio_packet.h"
#include "json/json_scan.h"

enum { WHISPER_REFUSED = 403 };

/* ---- what a client asks for ---- */

/* A payload's channel, decoded, in c->name; false: there is none, and the event is ignored. */
static bool
take_channel(struct channels *c, struct str raw, struct str *channel)
{
    if (json_scan_kind(raw) != JSON_STRING)
        return false;
    buffer_clear(&c->name);
    json_scan_string(raw, &c->name);
    *channel = buffer_str(&c->name);
    return channel->len > 0;
}

static void
on_subscribe(struct subscriber *c, const struct sio_event *e)
{
    struct str channel, headers = { NULL, 0 };

    if (!take_channel(c->channels, json_scan_get(e->argument, "channel"), &channel)) {
        acks_refuse(c, e->ack, 0);
        return;
    }
    if (channels_kind(channel) != CHANNEL_PUBLIC)
        headers = json_scan_get(json_scan_get(e->argument, "auth"), "headers");
    if (json_scan_kind(headers) != JSON_OBJECT)
        headers = str_slice(NULL, 0);
    subscription_open(c, channel, headers, e->ack);
}

static void
on_unsubscribe(struct subscriber *c, const struct sio_event *e)
{
    struct str channel;

    if (take_channel(c->channels, json_scan_get(e->argument, "channel"), &channel))
        subscription_close(c, channel, e->ack);
    else
        acks_refuse(c, e->ack, 0);
}

/* ---- client events: from a member of a private or presence channel to the others in it ---- */

static bool
is_client_event(struct str event)
{
    struct buffer name = { 0 };
    bool is;

    json_scan_string(event, &name);
    is = str_starts(buffer_str(&name), "client-");
    buffer_fini(&name);
    return is;
}

/* NULL: it may go.  The names are anchored: neither is x-private-y a private channel, nor
 * x-client-y a client event. */
static const char *
whisper_objection(struct subscriber *c, struct str channel, const struct envelope *whisper)
{
    const struct channels_limits *limits = c->channels->limits;

    if (!str_starts(channel, "private-") && !str_starts(channel, "presence-"))
        return "only private and presence channels take client events";
    if (!is_client_event(whisper->event))
        return "the name of a client event begins with client-";
    if (!subscription_is_joined(c, channel))
        return "not a member of this channel";
    if (whisper->data.len > limits->whisper_bytes)
        return "the data is too large (whisperMaxSize)";
    if (!allowance_take(&c->whispers, limits->whisper_rate, loop_now_ms(c->channels->loop)))
        return "too many client events in a second (whisperRate)";
    return NULL;
}

static void
whisper_refuse(struct subscriber *c, struct str channel, const char *reason)
{
    struct buffer quoted = { 0 };

    log_gated(LOG_LEVEL_INFO, LOG_GATE_MOST, "whisper refused channel=%s cause=%s sid=%s",
        LOG_STR(channel), LOG_STR(str_of(reason)),
        sio_socket_log_id(c->socket, (char[SIO_SOCKET_LOG_SIZE]){ 0 }));
    json_scan_quote(str_of(reason), &quoted);
    sio_socket_emit(c->socket, STR_LIT("whisper_error"), channel, buffer_str(&quoted));
    buffer_fini(&quoted);
}

/* Through the hub, so that a sender's order holds on every worker. */
static void
on_client_event(struct subscriber *c, const struct sio_event *e)
{
    struct json_field f[] = { { .name = "channel" }, { .name = "event" }, { .name = "data" } };
    struct str channel, payload = e->argument;
    struct buffer *decoded = &c->channels->payload;
    struct envelope whisper;
    const char *reason;
    struct bytes *text;

    if (json_scan_kind(payload) == JSON_STRING) { /* of an object */
        buffer_clear(decoded);
        json_scan_string(payload, decoded);
        payload = buffer_str(decoded);
    }
    if (!json_scan_fields(payload, f, COUNT_OF(f)) || json_scan_kind(f[1].value) != JSON_STRING ||
        !take_channel(c->channels, f[0].value, &channel)) {
        acks_refuse(c, e->ack, 0);
        return;
    }
    whisper = (struct envelope){ .event = f[1].value, .data = f[2].value };
    reason = whisper_objection(c, channel, &whisper);
    if (reason) {
        whisper_refuse(c, channel, reason);
        acks_refuse(c, e->ack, WHISPER_REFUSED);
        return;
    }
    text = envelope_encode(&whisper, channel);
    hub_link_whisper(c->channels->hub, channel, text, sio_socket_public_id(c->socket));
    bytes_unref(text);
    acks_confirm(c, e->ack);
}

/* ---- clients ---- */

static void
subscriber_resume(struct subscriber *c)
{
    struct eio_session *session = sio_socket_session(c->socket);

    if (list_empty(&c->paused))
        return;
    list_remove(&c->paused);
    if (session)
        eio_session_resume(session);
}

static void
channels_on_event(void *owner, const struct sio_event *e)
{
    static const struct {
        const char *name;
        void (*handle)(struct subscriber *c, const struct sio_event *e);
    } events[] = {
        { "subscribe", on_subscribe },
        { "unsubscribe", on_unsubscribe },
        { "client event", on_client_event },
    };
    struct subscriber *c = owner;

    for (size_t i = 0; i < COUNT_OF(events); i++) {
        if (!json_scan_string_is(e->name, events[i].name))
            continue;
        events[i].handle(c, e);
        if (hub_link_full(c->channels->hub) && list_empty(&c->paused)) {
            list_append(&c->channels->paused, &c->paused);
            eio_session_pause(sio_socket_session(c->socket));
        }
        return;
    }
}

static void
channels_on_connect(void *owner, struct sio_socket *socket)
{
    struct subscriber *c = mem_zalloc(sizeof(*c));

    c->channels = owner;
    c->socket = socket;
    hub_link_sockets(c->channels->hub, 1);
    auth_line_init(&c->line);
    list_init(&c->subscriptions);
    list_init(&c->acks);
    list_init(&c->paused);
    sio_socket_attach(socket, c);
}

static void
subscriber_free(void *object)
{
    free(object);
}

static void
channels_on_disconnect(void *owner)
{
    struct subscriber *c = owner;

    subscriber_resume(c);
    subscription_close_all(c);
    auth_line_fini(c->channels->auth, &c->line);
    acks_forget(c, &c->acks);
    texts_drop(&c->channels->texts, c->headers);
    hub_link_sockets(c->channels->hub, -1);
    ENSURE(c->ack_count == 0 && c->subscription_count == 0 && c->held == 0 && !c->by_name);
    ENSURE(list_empty(&c->acks) && list_empty(&c->subscriptions) && list_empty(&c->paused));
    loop_defer_free(c->channels->loop, c, subscriber_free);
}

static size_t
channels_weight(const void *owner)
{
    const struct subscriber *c = owner;

    return c->held + c->line.bytes;
}

static void
channels_on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct channels *c = owner;
    struct sio_socket *sender = except.len > 0 ? sio_server_find(c->sockets, except) : NULL;

    (void)rooms_broadcast(c->rooms, channel, text, sender ? sio_socket_session(sender) : NULL);
}

static void
channels_on_drain(void *owner)
{
    struct channels *c = owner;
    struct list due;

    list_init(&due); /* a client that posts again at once waits for the next time */
    list_splice(&due, &c->paused);
    while (!list_empty(&due))
        subscriber_resume(LIST_ENTRY(due.next, struct subscriber, paused));
}

struct channels *
channels_open(struct loop *l, struct sio_server *v, struct hub_link *hub, struct auth *auth,
    const struct channels_limits *limits)
{
    static const struct sio_handlers socket_handlers = {
        .on_connect = channels_on_connect,
        .on_event = channels_on_event,
        .on_disconnect = channels_on_disconnect,
        .weight = channels_weight,
    };
    static const struct hub_link_handlers hub_handlers = {
        .on_broadcast = channels_on_broadcast,
        .on_drain = channels_on_drain,
    };
    struct channels *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->budget = c->texts.budget = loop_budget(l);
    c->sockets = v;
    c->hub = hub;
    c->auth = auth;
    c->limits = limits;
    c->rooms = rooms_new(hub, c->budget);
    list_init(&c->paused);
    sio_server_attach(v, &socket_handlers, c);
    hub_link_attach(hub, &hub_handlers, c);
    return c;
}

void
channels_set_limits(struct channels *c, const struct channels_limits *limits)
{
    c->limits = limits;
    auth_set_limits(c->auth, &limits->auth);
}

void
channels_close(struct channels *c)
{
    if (!c)
        return;
    ENSURE(list_empty(&c->paused));
    rooms_free(c->rooms);
    texts_fini(&c->texts);
    buffer_fini(&c->name);
    buffer_fini(&c->payload);
    free(c);
}
