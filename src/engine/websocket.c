/* SPDX-License-Identifier: MIT */
/*
 * websocket: the WebSocket transport, and how it comes about.
 *
 * When idle, it owns its stream and nothing else.  Once it has let go of the stream (closed by
 * either side) base.stream is NULL, and it only waits for its session to close it.
 */
#include "websocket.h"

#include <stdlib.h>

#include "answer.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"
#include "net/stream.h"
#include "wire/pmd_offer.h"
#include "ws_writer.h"

/*
 * What comes out of messages beyond WS_INFLATION_FREE is made up for by time: the greatest message
 * by so long, and so much at once.  It takes 16 bytes of work for a byte that was sent as a matter
 * of course, and no honest message is a thousand times as long as what was sent.
 */
enum { INFLATION_MS = 10000, INFLATION_AT_ONCE_MS = 4 * INFLATION_MS };

/* It reads only while it has its stream and is not stopped; kept input waits only while stopped. */
struct websocket {
    struct eio_transport base;
    struct ws_reader *reader; /* lent while something is incomplete */
};

static struct websocket *
websocket_of(struct eio_transport *t)
{
    return CONTAINER_OF(t, struct websocket, base);
}

static struct stream *
websocket_let_go(struct websocket *ws)
{
    struct stream *s = ws->base.stream;
    struct eio_session *session = ws->base.session;

    session->bytes_in += stream_bytes_in(s);
    session->bytes_out += stream_bytes_out(s);
    ws->base.stream = NULL;
    return s;
}

/* ---- receiving ---- */

static void
websocket_on_message(struct websocket *ws, struct str data, bool binary)
{
    struct eio_session *s = ws->base.session;
    enum eio_version v = (enum eio_version)eio_session_version(s);
    struct eio_packet p;

    bool valid = binary ? eio_packet_from_binary(v, data, &p)
                        : eio_packet_from_text(v, data, &s->engine->scratch, &p);
    if (!valid)
        eio_session_lost(s, &ws->base, EIO_END_PARSE);
    else if (s->probing && s->probing->candidate == &ws->base)
        upgrade_packet(s, &p);
    else
        eio_session_packet(s, &ws->base, &p);
}

static bool
websocket_send_frame(struct websocket *ws, struct bytes *frame)
{
    return ws_writer_queue(ws->base.stream, frame, ws->base.session->engine->limits->queue_bytes);
}

static void
websocket_on_event(struct websocket *ws, enum ws_event event, const struct ws_incoming *in)
{
    struct eio_session *s = ws->base.session;
    struct bytes *pong;
    bool fits;

    switch (event) {
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
        websocket_on_message(ws, in->data, event == WS_EVENT_BINARY);
        return;
    case WS_EVENT_PING:
        pong = bytes_count(ws_writer_frame(WS_PONG, false, in->data), s->engine->budget);
        fits = websocket_send_frame(ws, pong);
        bytes_unref(pong);
        if (!fits)
            eio_session_lost(s, &ws->base, EIO_END_SLOW);
        return;
    case WS_EVENT_CLOSE:
        ws_writer_goodbye(websocket_let_go(ws), in->code);
        eio_session_lost(s, &ws->base, EIO_END_PEER);
        return;
    case WS_EVENT_FAILED:
        ws_writer_goodbye(websocket_let_go(ws), in->code);
        eio_session_lost(s, &ws->base,
            in->code == WS_CODE_TOO_LARGE ? EIO_END_TOO_LARGE
            : in->code == WS_CODE_POLICY  ? EIO_END_INFLATION
                                          : EIO_END_PARSE);
        return;
    case WS_EVENT_PONG:
    case WS_EVENT_MORE:
        return;
    }
}

/* Next, with what the client may still inflate; what it does is counted. */
static enum ws_event
websocket_next(struct websocket *ws, struct str *input, struct ws_incoming *in)
{
    const struct engine *e = ws->base.session->engine;
    struct ws_rules rules = { .message_bytes = e->limits->message_bytes,
        .deflate = ws->base.deflate };
    uint32_t now = (uint32_t)loop_now_ms(e->loop), ahead = ws->base.inflated_ms - now;
    enum ws_event event;

    if (ahead > INFLATION_AT_ONCE_MS)
        ahead = 0; /* it was made up for, perhaps weeks ago */
    rules.inflation = (INFLATION_AT_ONCE_MS - ahead) * rules.message_bytes / INFLATION_MS;
    event = ws_reader_next(ws->reader, &rules, input, in);
    if (in->inflation > 0)
        ws->base.inflated_ms =
            now + ahead + (uint32_t)(in->inflation * INFLATION_MS / rules.message_bytes);
    return event;
}

static void
websocket_read(struct websocket *ws, struct str input)
{
    struct engine *e = ws->base.session->engine;
    struct ws_incoming in;
    enum ws_event event;

    if (ws->reader == NULL)
        ws->reader = ws_reader_lend(&e->readers);
    while (ws->base.stream && !ws->base.stopped) {
        event = websocket_next(ws, &input, &in);
        if (event == WS_EVENT_MORE)
            break;
        websocket_on_event(ws, event, &in);
    }
    if (ws->base.stream == NULL)
        return; /* what the reader holds is freed at the end of the turn */
    ENSURE(input.len == 0 || ws->base.stopped);
    ws_reader_keep(ws->reader, input);
    if (!ws_reader_is_idle(ws->reader)) {
        ws_reader_account(ws->reader, e->budget);
        return;
    }
    ws_reader_return(&e->readers, ws->reader);
    ws->reader = NULL;
}

static void
websocket_on_data(void *owner, const char *data, size_t len)
{
    struct websocket *ws = owner;
    websocket_read(ws, str_slice(data, len));
}

static void
websocket_on_end(void *owner, enum stream_end why)
{
    struct websocket *ws = owner;
    websocket_let_go(ws);
    eio_session_lost(
        ws->base.session, &ws->base, why == STREAM_END_PEER ? EIO_END_PEER : EIO_END_TRANSPORT);
}

void
websocket_receive(struct eio_transport *t, struct str input)
{
    struct websocket *ws = websocket_of(t);
    if (ws->base.stream && input.len > 0)
        websocket_read(ws, input);
}

/* ---- as a transport ---- */

static bool
websocket_send(struct eio_transport *t, struct eio_message *m)
{
    struct websocket *ws = websocket_of(t);
    size_t threshold = t->session->engine->limits->deflate_threshold;

    if (t->stream == NULL)
        return true;
    return websocket_send_frame(
        ws, t->deflate ? eio_message_deflated(m, threshold) : eio_message_frame(m));
}

static bool
websocket_reachable(struct eio_transport *t)
{
    (void)t; /* open or gone: there is nothing to wait for */
    return true;
}

static void
websocket_free(void *object)
{
    struct websocket *ws = object;
    ws_reader_free(ws->reader);
    free(ws);
}

static void
websocket_close(struct eio_transport *t, enum eio_end why)
{
    struct websocket *ws = websocket_of(t);

    /* A slow reader would not take a close frame either, and its queue is what has to go. */
    if (ws->base.stream && (why == EIO_END_SLOW || why == EIO_END_MEMORY))
        ws_writer_drop(websocket_let_go(ws));
    else if (ws->base.stream)
        ws_writer_goodbye(websocket_let_go(ws), WS_CODE_NONE);
    loop_defer_free(t->session->engine->loop, ws, websocket_free);
}

static void
websocket_pause(struct eio_transport *t)
{
    struct websocket *ws = websocket_of(t);
    if (ws->base.stream == NULL || ws->base.stopped)
        return;
    ws->base.stopped = true;
    stream_pause(ws->base.stream);
}

static void
websocket_settle(struct eio_transport *t)
{
    struct websocket *ws = websocket_of(t);

    if (ws->base.stream == NULL || !ws->base.stopped || t->session->pauses > 0)
        return;
    ws->base.stopped = false;
    if (ws->reader) {
        struct buffer kept = ws_reader_take_kept(ws->reader);
        /* Also with nothing kept: the reader goes back when it is idle. */
        websocket_read(ws, buffer_str(&kept));
        buffer_fini(&kept);
    }
    if (ws->base.stream && !ws->base.stopped)
        stream_resume(ws->base.stream);
}

static size_t
websocket_weight(const struct eio_transport *t)
{
    const struct websocket *ws = CONTAINER_OF(t, const struct websocket, base);

    return (t->stream ? stream_weight(t->stream) : 0) + ws_reader_bytes(ws->reader);
}

static const struct eio_transport_ops websocket_ops = {
    .name = "websocket",
    .send = websocket_send,
    .reachable = websocket_reachable,
    .close = websocket_close,
    .pause = websocket_pause,
    .settle = websocket_settle,
    .hand_over = NULL, /* a WebSocket is not left for another transport */
    .weight = websocket_weight,
};

struct eio_transport *
websocket_new(struct eio_session *session, struct stream *s, bool deflate)
{
    static const struct stream_handlers handlers = { .on_data = websocket_on_data,
        .on_end = websocket_on_end };
    struct websocket *ws = mem_zalloc(sizeof(*ws));

    ws->base.ops = &websocket_ops;
    ws->base.session = session;
    ws->base.stream = s;
    ws->base.deflate = deflate;
    stream_attach(s, &handlers, ws);
    return &ws->base;
}

/* ---- the opening handshake ---- */

/* Of Sec-WebSocket-Key: 16 bytes in base64. */
enum { KEY_LEN = 24, KEY_SIGNIFICANT = 22 };

static bool
key_valid(struct str key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (key.len != KEY_LEN || !str_ends(key, "=="))
        return false;
    for (size_t i = 0; i < KEY_SIGNIFICANT; i++) {
        if (!memchr(digits, key.data[i], sizeof(digits) - 1))
            return false;
    }
    return true;
}

bool
websocket_check(struct http_exchange *x, const struct http_request *r)
{
    struct str version = http_request_header(r, "Sec-WebSocket-Version");
    bool version_valid = str_is(version, "13") || str_is(version, "8");

    if (version_valid && r->method == HTTP_METHOD_GET &&
        str_is_nocase(http_request_header(r, "Upgrade"), "websocket") &&
        key_valid(http_request_header(r, "Sec-WebSocket-Key")))
        return true;
    answer_bad_websocket(x, version_valid);
    return false;
}

static void
add_accept_key(struct buffer *out, struct str key)
{
    char input[KEY_LEN + sizeof("258EAFA5-E914-47DA-95CA-C5AB0DC85B11") - 1];
    uint8_t digest[DIGEST_SHA1_SIZE];
    char text[DIGEST_BASE64_SIZE(DIGEST_SHA1_SIZE)];

    memcpy(input, key.data, KEY_LEN);
    memcpy(input + KEY_LEN, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", sizeof(input) - KEY_LEN);
    digest_sha1(str_slice(input, sizeof(input)), digest);
    buffer_append_text(out, "Sec-WebSocket-Accept: ");
    buffer_append(out, text, digest_base64_encode(digest, sizeof(digest), text));
    buffer_append_text(out, "\r\n");
}

struct websocket_accepted
websocket_accept(struct http_exchange *x, const struct http_request *r, bool allow_deflate)
{
    struct websocket_accepted a = { 0 };
    struct str extensions = http_request_header(r, "Sec-WebSocket-Extensions"), rest;
    struct str offered = http_request_header(r, "Sec-WebSocket-Protocol");
    struct str protocol = str_trim(str_cut(offered, ',', &rest));
    struct buffer out;

    a.deflate = allow_deflate && extensions.len > 0 && pmd_offer_accept(extensions);
    buffer_init(&out);
    buffer_append_text(
        &out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    add_accept_key(&out, http_request_header(r, "Sec-WebSocket-Key"));
    /* No subprotocol means anything here, but a client that offers some fails without one. */
    if (protocol.len > 0)
        buffer_printf(&out, "Sec-WebSocket-Protocol: %.*s\r\n", STR_ARG(protocol));
    if (a.deflate)
        buffer_append_text(&out, "Sec-WebSocket-Extensions: " PMD_OFFER_ANSWER "\r\n");
    buffer_append_text(&out, "\r\n");
    a.stream = http_exchange_upgrade(x, &a.early, &a.early_len);
    stream_send_copy(a.stream, out.data, out.len);
    buffer_fini(&out);
    return a;
}
