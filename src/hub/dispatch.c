/* SPDX-License-Identifier: MIT */
/*
 * dispatch: the way of an event through the node.
 *
 *   Redis, POST events --> channel known here?  --no--> forgotten, unparsed
 *                                |yes
 *                 envelope parsed, text encoded once --> a message to each worker with listeners
 */
#include "dispatch.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/hub_link.h"
#include "outbox.h"
#include "registry.h"
#include "wire/envelope.h"
#include "json/json_scan.h"

/* cluster is NULL before dispatch_attach() and once the hub ends; the scratch is empty or left over
 * from the last event, never needed by the next. */
struct dispatch {
    bool dev_mode;
    const struct registry *registry;
    struct outbox *outbox;
    struct cluster *cluster;
    struct buffer scratch;
};

struct dispatch *
dispatch_new(const struct registry *r, struct outbox *o, bool dev_mode)
{
    struct dispatch *d = mem_zalloc(sizeof(*d));

    d->registry = r;
    d->outbox = o;
    d->dev_mode = dev_mode;
    return d;
}

void
dispatch_free(struct dispatch *d)
{
    buffer_fini(&d->scratch);
    free(d);
}

void
dispatch_attach(struct dispatch *d, struct cluster *c)
{
    ENSURE(!d->cluster || !c);
    d->cluster = c;
}

static struct str
str_or_empty(const struct bytes *b)
{
    return b ? bytes_str(b) : str_slice("", 0);
}

static struct bytes *
bytes_or_null(struct str s)
{
    return s.len > 0 ? bytes_new(s.data, s.len) : NULL;
}

/* ---- what comes through Redis ---- */

static bool
dispatch_on_event(void *owner, struct str channel, struct str payload)
{
    struct dispatch *d = owner;
    const struct registry_channel *c = registry_find(d->registry, channel);
    struct envelope e;
    struct bytes *text, *except = NULL;

    if (!c) {
        if (d->dev_mode)
            log_notice("event without a listener channel=%s", LOG_STR(channel));
        return false;
    }
    if (!envelope_parse(payload, &e)) {
        if (d->dev_mode)
            log_notice("message ignored: not an event channel=%s", LOG_STR(channel));
        return false;
    }
    if (d->dev_mode)
        log_notice("event channel=%s event=%s", LOG_STR(channel), LOG_STR(e.event));
    text = envelope_encode(&e, channel);
    if (e.socket.len > 0) {
        buffer_clear(&d->scratch);
        json_scan_string(e.socket, &d->scratch);
        except = bytes_or_null(buffer_str(&d->scratch));
    }
    outbox_broadcast(d->outbox, c, text, except);
    bytes_unref(text);
    bytes_unref(except);
    return true;
}

static void
dispatch_on_relayed(void *owner, struct str channel, struct str text, struct str except)
{
    struct dispatch *d = owner;
    const struct registry_channel *c = registry_find(d->registry, channel);
    struct bytes *encoded, *sender;

    if (!c)
        return;
    encoded = bytes_new(text.data, text.len);
    sender = bytes_or_null(except);
    outbox_broadcast(d->outbox, c, encoded, sender);
    bytes_unref(encoded);
    bytes_unref(sender);
}

struct cluster_events
dispatch_as_events(struct dispatch *d)
{
    return (struct cluster_events){ dispatch_on_event, dispatch_on_relayed, d };
}

/* ---- what clients say ---- */

/* e has its name quoted. */
static void
dispatch_publish(
    struct dispatch *d, struct str channel, const struct envelope *e, struct bytes *except)
{
    const struct registry_channel *c = registry_find(d->registry, channel);
    bool others = d->cluster && !cluster_is_alone(d->cluster);
    struct bytes *text;

    if (d->dev_mode)
        log_notice("event channel=%s event=%s source=http%s", LOG_STR(channel), LOG_STR(e->event),
            c ? "" : " listeners=0");
    if (!c && !others)
        return;
    text = envelope_encode(e, channel);
    if (c)
        outbox_broadcast(d->outbox, c, text, except);
    if (others)
        cluster_say(d->cluster, channel, text, str_or_empty(except));
    bytes_unref(text);
}

void
dispatch_api(struct dispatch *d, const struct hub_event *e)
{
    struct envelope quoted = { .data = e->data };
    struct bytes *except = bytes_or_null(e->socket);

    buffer_clear(&d->scratch);
    json_scan_quote(e->name, &d->scratch);
    quoted.event = buffer_str(&d->scratch);
    for (size_t i = 0; i < e->channel_count; i++)
        dispatch_publish(d, e->channels[i], &quoted, except);
    bytes_unref(except);
}

void
dispatch_whisper(struct dispatch *d, struct str channel, struct bytes *text, struct bytes *except)
{
    dispatch_local(d, channel, text, except);
    if (d->cluster)
        cluster_say(d->cluster, channel, text, str_or_empty(except));
}

void
dispatch_local(struct dispatch *d, struct str channel, struct bytes *text, struct bytes *except)
{
    const struct registry_channel *c = registry_find(d->registry, channel);

    if (c)
        outbox_broadcast(d->outbox, c, text, except);
}
