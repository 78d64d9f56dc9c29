/* SPDX-License-Identifier: MIT */
/*
 * sio_intake: what each packet of a client does to its socket (docs/protocol.md: malformed packets,
 * and where this project departs from the references).
 *
 *   text ---> decode ---> complete? --yes--> by type ---> connect, disconnect, event
 *                            `--no--> attachments awaited ---binary messages---'
 */
#include "sio_priv.h"

#include "base/ensure.h"
#include "base/log.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "wire/sio_packet.h"
#include "json/json_scan.h"

enum { FLOODS_MS = 10000 }; /* between lines about sockets that send too much */

/* A packet as far as it names no secret: what follows "Authorization" or "Cookie" may be one. */
static struct str
intake_shown(struct str packet)
{
    for (size_t i = 0; i < packet.len; i++) {
        struct str rest = str_slice(packet.data + i, packet.len - i);

        if ((rest.len >= 13 && str_is_nocase(str_slice(rest.data, 13), "authorization")) ||
            (rest.len >= 6 && str_is_nocase(str_slice(rest.data, 6), "cookie")))
            return str_slice(packet.data, i);
    }
    return packet;
}

static void
intake_refuse(struct sio_socket *s, struct str packet, const char *reason)
{
    log_debug("malformed packet sid=%s reason=%s packet=%s",
        sio_socket_log_id(s, (char[SIO_SOCKET_LOG_SIZE]){ 0 }), LOG_STR(str_of(reason)),
        LOG_STR(intake_shown(packet)));
    sio_socket_end(s, EIO_END_PARSE);
}

/* The namespace of a packet as this version looks it up: 2.x knows of a query after its name. */
static bool
nsp_is_root(const struct sio_socket *s, struct str nsp)
{
    struct str rest;

    return str_is(s->version == EIO_3 ? str_cut(nsp, '?', &rest) : nsp, "/");
}

static void
on_connect_packet(struct sio_socket *s, const struct sio_packet *p, struct str text)
{
    struct buffer *out = &s->server->scratch;
    struct str rest;

    if (!nsp_is_root(s, p->nsp)) {
        buffer_clear(out);
        buffer_append_text(out, "44");
        buffer_append_str(out, s->version == EIO_3 ? str_cut(p->nsp, '?', &rest) : p->nsp);
        buffer_append_text(out, s->version == EIO_3 ? ",\"Invalid namespace\""
                                                    : ",{\"message\":\"Invalid namespace\"}");
        eio_session_send_text(s->session, buffer_str(out));
        return;
    }
    if (s->state != SIO_CONNECTED) {
        sio_socket_enter(s, s->version == EIO_3); /* a 2.x client expects no answer here */
        return;
    }
    if (s->version != EIO_3)
        intake_refuse(s, text, "connected already");
}

/* Words that Socket.IO keeps for itself. */
static bool
is_reserved(struct str name)
{
    static const char *const reserved[] = { "connect", "connect_error", "disconnect",
        "disconnecting", "newListener", "removeListener" };

    for (size_t i = 0; i < COUNT_OF(reserved); i++) {
        if (json_scan_string_is(name, reserved[i]))
            return true;
    }
    return false;
}

/* What makes a well-formed packet out of place; NULL: nothing. */
static const char *
out_of_place(const struct sio_socket *s, const struct sio_packet *p)
{
    if (s->state != SIO_CONNECTED || !nsp_is_root(s, p->nsp))
        return "not connected to this namespace";
    switch (p->type) {
    case SIO_CONNECT_ERROR:
        return "only a server sends this";
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        if (is_reserved(p->name))
            return "a reserved name";
        return NULL;
    case SIO_CONNECT:
    case SIO_DISCONNECT:
    case SIO_ACK:
    case SIO_BINARY_ACK:
        return NULL;
    }
    return NULL;
}

/* A complete event, its placeholders as they are. */
static void
intake_deliver(struct sio_socket *s, const struct sio_packet *p)
{
    const struct sio_event e = { .name = p->name, .argument = p->argument, .ack = p->ack };

    if (s->owner)
        s->server->handlers->on_event(s->owner, &e);
}

static void
intake_on_decoded(struct sio_socket *s, const struct sio_packet *p, struct str text)
{
    const char *fault;

    if (p->type == SIO_CONNECT) {
        on_connect_packet(s, p, text);
        return;
    }
    fault = out_of_place(s, p);
    if (fault) {
        intake_refuse(s, text, fault);
        return;
    }
    if (p->attachments > 0) {
        sio_socket_begin_assembly(
            s, p->attachments, p->type == SIO_BINARY_EVENT ? text : str_slice(NULL, 0));
    } else if (p->type == SIO_DISCONNECT)
        sio_socket_leave(s);
    else if (p->type == SIO_EVENT && p->name.len > 0)
        intake_deliver(s, p);
}

/* 2.x servers take "40[]" and "40null" for one more connect, which they ignore. */
static bool
is_connect_again(struct str text)
{
    struct str payload;

    if (!str_starts(text, "0"))
        return false;
    if (!json_scan_whole(str_slice(text.data + 1, text.len - 1), &payload))
        return false;
    return json_scan_kind(payload) == JSON_ARRAY || json_scan_kind(payload) == JSON_NULL;
}

static void
intake_on_text(struct sio_socket *s, struct str text)
{
    struct sio_packet p;

    if (s->assembly || text.len == 0) {
        intake_refuse(s, text, s->assembly ? "an attachment is missing" : "empty");
        return;
    }
    switch (sio_packet_decode(text, &p)) {
    case SIO_PARSE_OK:
        intake_on_decoded(s, &p, text);
        return;
    case SIO_PARSE_UNKNOWN:
        if (s->version != EIO_3)
            intake_refuse(s, text, "unknown type");
        return;
    case SIO_PARSE_BAD:
        if (s->version != EIO_3 || !is_connect_again(text))
            intake_refuse(s, text, "not a packet");
        return;
    }
}

static void
intake_complete(struct sio_socket *s)
{
    struct bytes *text = s->assembly->packet;
    struct sio_packet p;

    s->assembly->packet = NULL;
    sio_socket_drop_assembly(s);
    if (text && sio_packet_decode(bytes_str(text), &p) == SIO_PARSE_OK)
        intake_deliver(s, &p);
    bytes_unref(text);
}

/* The bytes themselves are not kept: no layer above has a use for them. */
static void
intake_on_attachment(struct sio_socket *s, struct str data)
{
    if (!s->assembly) {
        intake_refuse(s, STR_LIT(""), "binary message out of turn");
        return;
    }
    s->assembly->bytes += data.len;
    if (s->assembly->bytes > engine_get_limits(s->server->engine)->message_bytes) {
        sio_socket_end(s, EIO_END_TOO_LARGE);
        return;
    }
    ENSURE(s->assembly->missing > 0);
    if (--s->assembly->missing == 0)
        intake_complete(s);
}

/* Well past what each kind of message is refused for: nobody reads the answers. */
static void
intake_flooded(struct sio_socket *s)
{
    struct sio_server *v = s->server;
    unsigned times = log_gate_pass(&v->floods, loop_now_ms(v->loop), FLOODS_MS, 1);

    if (times > 0)
        log_notice("a socket sent too many messages in a second and is disconnected (messageRate) "
                   "sid=%s ip=%s times=%u",
            sio_socket_log_id(s, (char[SIO_SOCKET_LOG_SIZE]){ 0 }),
            LOG_STR(eio_session_address(s->session)), times);
    sio_socket_end(s, EIO_END_FLOOD);
}

void
sio_intake_on_message(void *socket, struct str data, bool binary)
{
    struct sio_socket *s = socket;

    if (s->state == SIO_CLOSED)
        return;
    if (!allowance_take(&s->messages, s->server->limits.message_rate, loop_now_ms(s->server->loop)))
        intake_flooded(s);
    else if (binary)
        intake_on_attachment(s, data);
    else
        intake_on_text(s, data);
}
