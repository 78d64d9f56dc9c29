/* SPDX-License-Identifier: MIT */
/*
 * whisper: the rules of client events.  The names are anchored: x-private-y is no private channel
 * and x-client-y no client event.
 */
#include "whisper.h"

#include "acks.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "channels_priv.h"
#include "hub/hub_link.h"
#include "net/loop.h"
#include "socket/sio_socket.h"
#include "subscription.h"
#include "wire/envelope.h"
#include "json/json_scan.h"

enum { REFUSED_STATUS = 403 };

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

/* NULL: it may go. */
static const char *
objection(struct client *c, const struct whisper *w)
{
    const struct channels_limits *limits = c->channels->limits;

    if (!str_starts(w->channel, "private-") && !str_starts(w->channel, "presence-"))
        return "only private and presence channels take client events";
    if (!is_client_event(w->event))
        return "the name of a client event begins with client-";
    if (!subscription_is_joined(c, w->channel))
        return "not a member of this channel";
    if (w->data.len > limits->whisper_bytes)
        return "the data is too large (whisperMaxSize)";
    if (!allowance_take(&c->whispers, limits->whisper_rate, loop_now_ms(c->channels->loop)))
        return "too many client events in a second (whisperRate)";
    return NULL;
}

static void
refuse(struct client *c, const struct whisper *w, const char *reason)
{
    struct buffer quoted = { 0 };

    log_info("whisper refused channel=%s cause=%s sid=%s", LOG_STR(w->channel),
        LOG_STR(str_of(reason)), LOG_STR(sio_socket_sid(c->socket)));
    json_scan_quote(str_of(reason), &quoted);
    sio_socket_emit(c->socket, STR_LIT("whisper_error"), w->channel, buffer_str(&quoted));
    buffer_fini(&quoted);
    acks_refuse(c, w->ack, REFUSED_STATUS);
}

void
whisper_send(struct client *c, const struct whisper *w)
{
    const struct envelope e = { .event = w->event, .data = w->data };
    const char *reason = objection(c, w);
    struct bytes *text;

    if (reason) {
        refuse(c, w, reason);
        return;
    }
    text = envelope_encode(&e, w->channel);
    hub_link_whisper(c->channels->hub, w->channel, text, sio_socket_public_id(c->socket));
    bytes_unref(text);
    acks_confirm(c, w->ack);
}
