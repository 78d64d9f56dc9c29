/* SPDX-License-Identifier: MIT */
/*
 * channels: between the sockets and the hub of a worker.
 *
 *   sio_server --on_event--> subscribe, unsubscribe, client event --> subscription, whisper
 *   hub_link --on_broadcast--> rooms --> the sessions
 *
 * A payload that is broken, or not what Echo sends, is ignored: nothing a client sends is an error
 * of this program.
 */
#include "channels/channels.h"

#include <stdlib.h>

#include "acks.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "channels/rooms.h"
#include "channels_priv.h"
#include "hub/hub_link.h"
#include "net/loop.h"
#include "socket/sio_server.h"
#include "subscription.h"
#include "whisper.h"
#include "wire/sio_packet.h"
#include "json/json_scan.h"

static bool
is_kind(struct str value, enum json_kind kind)
{
    return value.len > 0 && json_scan_kind(value) == kind;
}

/* The channel of a payload, decoded, in c->name; false: there is none, and the event is ignored. */
static bool
take_channel(struct channels *c, struct str payload, struct str *channel)
{
    struct str raw;

    if (!is_kind(payload, JSON_OBJECT))
        return false;
    raw = json_scan_get(payload, "channel");
    if (!is_kind(raw, JSON_STRING))
        return false;
    buffer_clear(&c->name);
    json_scan_string(raw, &c->name);
    *channel = buffer_str(&c->name);
    return channel->len > 0;
}

static struct str
headers_of(struct str payload)
{
    struct str auth = json_scan_get(payload, "auth");
    struct str headers;

    if (!is_kind(auth, JSON_OBJECT))
        return str_slice(NULL, 0);
    headers = json_scan_get(auth, "headers");
    return is_kind(headers, JSON_OBJECT) ? headers : str_slice(NULL, 0);
}

static void
on_subscribe(struct client *c, const struct sio_event *e)
{
    struct str channel, headers = { NULL, 0 };

    if (!take_channel(c->channels, e->argument, &channel)) {
        acks_refuse(c, e->ack, 0);
        return;
    }
    if (channels_kind(channel) != CHANNEL_PUBLIC)
        headers = headers_of(e->argument);
    subscription_open(c, channel, headers, e->ack);
}

static void
on_unsubscribe(struct client *c, const struct sio_event *e)
{
    struct str channel;

    if (take_channel(c->channels, e->argument, &channel))
        subscription_close(c, channel, e->ack);
    else
        acks_refuse(c, e->ack, 0);
}

/* The object, whether it came as one or as a JSON string of one. */
static struct str
unwrap(struct channels *c, struct str argument)
{
    struct str value;

    if (!is_kind(argument, JSON_STRING))
        return argument;
    buffer_clear(&c->payload);
    json_scan_string(argument, &c->payload);
    return json_scan_whole(buffer_str(&c->payload), &value) ? value : str_slice(NULL, 0);
}

static void
on_client_event(struct client *c, const struct sio_event *e)
{
    struct str payload = unwrap(c->channels, e->argument);
    struct whisper w = { .ack = e->ack };

    if (take_channel(c->channels, payload, &w.channel)) {
        w.event = json_scan_get(payload, "event");
        w.data = json_scan_get(payload, "data");
    }
    if (is_kind(w.event, JSON_STRING))
        whisper_send(c, &w);
    else
        acks_refuse(c, e->ack, 0);
}

static void
pause_when_full(struct client *c)
{
    if (!hub_link_full(c->channels->hub) || !list_empty(&c->paused))
        return;
    list_append(&c->channels->paused, &c->paused);
    sio_socket_pause(c->socket);
}

static void
resume(struct client *c)
{
    if (list_empty(&c->paused))
        return;
    list_remove(&c->paused);
    sio_socket_resume(c->socket);
}

static void
on_event(void *owner, const struct sio_event *e)
{
    static const struct {
        const char *name;
        void (*handle)(struct client *c, const struct sio_event *e);
    } events[] = {
        { "subscribe", on_subscribe },
        { "unsubscribe", on_unsubscribe },
        { "client event", on_client_event },
    };
    struct client *c = owner;

    for (size_t i = 0; i < COUNT_OF(events); i++) {
        if (!json_scan_string_is(e->name, events[i].name))
            continue;
        events[i].handle(c, e);
        pause_when_full(c);
        return;
    }
}

static void
on_connect(void *owner, struct sio_socket *socket)
{
    struct client *c = mem_zalloc(sizeof(*c));

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
client_free(void *object)
{
    free(object);
}

static void
on_disconnect(void *owner)
{
    struct client *c = owner;

    resume(c);
    subscription_close_all(c);
    auth_line_fini(c->channels->auth, &c->line);
    acks_forget(c, &c->acks);
    hub_link_sockets(c->channels->hub, -1);
    ENSURE(c->ack_count == 0 && c->subscription_count == 0);
    loop_defer_free(c->channels->loop, c, client_free);
}

static void
on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct channels *c = owner;
    struct sio_socket *sender = except.len > 0 ? sio_server_find(c->sockets, except) : NULL;

    (void)rooms_broadcast(c->rooms, channel, text, sender ? sio_socket_session(sender) : NULL);
}

static void
on_drain(void *owner)
{
    struct channels *c = owner;
    struct list due;

    list_init(&due); /* a client that posts again at once waits for the next time */
    list_splice(&due, &c->paused);
    while (!list_empty(&due))
        resume(LIST_ENTRY(due.next, struct client, paused));
}

struct channels *
channels_open(struct loop *l, struct sio_server *v, struct hub_link *hub, struct auth *auth,
    const struct channels_limits *limits)
{
    static const struct sio_handlers socket_handlers = {
        .on_connect = on_connect,
        .on_event = on_event,
        .on_disconnect = on_disconnect,
    };
    static const struct hub_link_handlers hub_handlers = {
        .on_broadcast = on_broadcast,
        .on_drain = on_drain,
    };
    struct channels *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->sockets = v;
    c->hub = hub;
    c->auth = auth;
    c->limits = limits;
    c->rooms = rooms_new(hub);
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
    rooms_free(c->rooms);
    buffer_fini(&c->name);
    buffer_fini(&c->payload);
    free(c);
}
