/* SPDX-License-Identifier: MIT */
/*
 * websocket: the WebSocket transport.
 *
 * Idle, it owns its stream and nothing else.  Once it let go of the stream (closed by either side)
 * base.stream is NULL, and it only waits for its session to close it.
 */
#include "websocket.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "net/stream.h"
#include "ws_frame.h"

struct websocket {
    struct eio_transport base;
    struct ws_reader *reader; /* lent while something is incomplete */
};

static struct websocket *
websocket_of(struct eio_transport *t)
{
    return CONTAINER_OF(t, struct websocket, base);
}

/* ---- letting go ---- */

static void
ignore_data(void *owner, const char *data, size_t len)
{
    (void)owner, (void)data, (void)len;
}

static void
ignore_end(void *owner, enum stream_end why)
{
    (void)owner, (void)why;
}

static const struct stream_handlers nobody = { .on_data = ignore_data, .on_end = ignore_end };

void
websocket_part(struct stream *s)
{
    stream_attach(s, &nobody, NULL);
    stream_finish(s);
}

static void
send_close(struct stream *s, unsigned code)
{
    struct bytes *frame = ws_frame_new_close(code);
    stream_send(s, frame);
    bytes_unref(frame);
}

void
websocket_dismiss(struct stream *s)
{
    send_close(s, WS_CODE_NONE);
    websocket_part(s);
}

static struct stream *
let_go(struct websocket *ws)
{
    struct stream *s = ws->base.stream;
    struct eio_session *session = ws->base.session;

    session->bytes_in += stream_bytes_in(s);
    session->bytes_out += stream_bytes_out(s);
    ws->base.stream = NULL;
    return s;
}

static void
say_goodbye(struct websocket *ws, unsigned code)
{
    struct stream *s = let_go(ws);
    send_close(s, code);
    websocket_part(s);
}

/* A slow reader would not take a close frame either, and its queue is what has to go. */
static void
give_up(struct websocket *ws)
{
    struct stream *s = let_go(ws);
    stream_attach(s, &nobody, NULL);
    stream_close(s, STREAM_END_LOCAL);
}

/* ---- receiving ---- */

static void
on_message(struct websocket *ws, struct str data, bool binary)
{
    struct eio_session *s = ws->base.session;
    enum eio_version v = (enum eio_version)eio_session_version(s);
    struct eio_packet p;

    bool valid = binary ? eio_packet_from_binary(v, data, &p)
                        : eio_packet_from_text(v, data, &s->engine->scratch, &p);
    if (valid)
        eio_session_packet(s, &ws->base, &p);
    else
        eio_session_lost(s, &ws->base, EIO_END_PARSE);
}

/* What one turn gathers says nothing about the peer: a burst is offered to the kernel first. */
static bool
is_slow(struct stream *s, size_t more_bytes, size_t limit_bytes)
{
    size_t waiting;

    if (stream_cost(s) + more_bytes <= limit_bytes)
        return false;
    stream_flush(s);
    waiting = stream_cost(s);
    return waiting > 0 && waiting + more_bytes > limit_bytes;
}

bool
websocket_queue(struct stream *s, struct bytes *frame, size_t limit_bytes)
{
    if (is_slow(s, frame->len, limit_bytes))
        return false;
    stream_send(s, frame); /* the limit above is what bounds the queue, not the high mark */
    return true;
}

static bool
send_frame(struct websocket *ws, struct bytes *frame)
{
    return websocket_queue(ws->base.stream, frame, ws->base.session->engine->limits->queue_bytes);
}

static void
on_ping(struct websocket *ws, struct str data)
{
    struct bytes *pong = ws_frame_new(WS_PONG, false, data);
    bool fits = send_frame(ws, pong);

    bytes_unref(pong);
    if (!fits)
        eio_session_lost(ws->base.session, &ws->base, EIO_END_SLOW);
}

static void
on_failed(struct websocket *ws, unsigned code)
{
    say_goodbye(ws, code);
    eio_session_lost(
        ws->base.session, &ws->base, code == WS_CODE_TOO_LARGE ? EIO_END_TOO_LARGE : EIO_END_PARSE);
}

static void
on_event(struct websocket *ws, enum ws_event event, const struct ws_incoming *in)
{
    switch (event) {
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
        on_message(ws, in->data, event == WS_EVENT_BINARY);
        return;
    case WS_EVENT_PING:
        on_ping(ws, in->data);
        return;
    case WS_EVENT_CLOSE:
        say_goodbye(ws, in->code);
        eio_session_lost(ws->base.session, &ws->base, EIO_END_PEER);
        return;
    case WS_EVENT_FAILED:
        on_failed(ws, in->code);
        return;
    case WS_EVENT_PONG:
    case WS_EVENT_MORE:
        return;
    }
}

static void
read_input(struct websocket *ws, struct str input)
{
    struct engine *e = ws->base.session->engine;
    struct ws_rules rules = { e->limits->message_bytes, ws->base.deflate };
    struct ws_incoming in;
    enum ws_event event;

    if (ws->reader == NULL)
        ws->reader = ws_reader_lend(&e->readers);
    while (ws->base.stream && !ws->base.stopped) {
        event = ws_reader_next(ws->reader, &rules, &input, &in);
        if (event == WS_EVENT_MORE)
            break;
        on_event(ws, event, &in);
    }
    if (ws->base.stream == NULL)
        return; /* what the reader holds is freed at the end of the turn */
    ws_reader_keep(ws->reader, input);
    if (!ws_reader_is_idle(ws->reader))
        return;
    ws_reader_return(&e->readers, ws->reader);
    ws->reader = NULL;
}

static void
on_data(void *owner, const char *data, size_t len)
{
    struct websocket *ws = owner;
    read_input(ws, str_slice(data, len));
}

static void
on_end(void *owner, enum stream_end why)
{
    struct websocket *ws = owner;
    let_go(ws);
    eio_session_lost(
        ws->base.session, &ws->base, why == STREAM_END_PEER ? EIO_END_PEER : EIO_END_TRANSPORT);
}

void
websocket_receive(struct eio_transport *t, struct str input)
{
    struct websocket *ws = websocket_of(t);
    if (ws->base.stream && input.len > 0)
        read_input(ws, input);
}

/* ---- as a transport ---- */

static bool
websocket_send(struct eio_transport *t, struct eio_message *m)
{
    struct websocket *ws = websocket_of(t);
    size_t threshold = t->session->engine->limits->deflate_threshold;

    if (t->stream == NULL)
        return true;
    return send_frame(ws, t->deflate ? eio_message_deflated(m, threshold) : eio_message_frame(m));
}

static bool
websocket_reachable(const struct eio_transport *t)
{
    (void)t; /* open or gone: there is never a reason to wait */
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

    if (ws->base.stream && why == EIO_END_SLOW)
        give_up(ws);
    else if (ws->base.stream)
        say_goodbye(ws, WS_CODE_NONE);
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

    if (ws->base.stream == NULL || !ws->base.stopped || eio_session_paused(t->session))
        return;
    ws->base.stopped = false;
    if (ws->reader) {
        struct buffer kept = ws_reader_take_kept(ws->reader);
        /* Also with nothing kept: the reader goes back when it is idle. */
        read_input(ws, buffer_str(&kept));
        buffer_fini(&kept);
    }
    if (ws->base.stream && !ws->base.stopped)
        stream_resume(ws->base.stream);
}

static const struct eio_transport_ops websocket_ops = {
    .name = "websocket",
    .send = websocket_send,
    .reachable = websocket_reachable,
    .close = websocket_close,
    .pause = websocket_pause,
    .settle = websocket_settle,
    .hand_over = NULL, /* nobody leaves a WebSocket for another transport */
};

struct eio_transport *
websocket_new(struct eio_session *session, struct stream *s, bool deflate)
{
    static const struct stream_handlers handlers = { .on_data = on_data, .on_end = on_end };
    struct websocket *ws = mem_zalloc(sizeof(*ws));

    ws->base.ops = &websocket_ops;
    ws->base.session = session;
    ws->base.stream = s;
    ws->base.deflate = deflate;
    stream_attach(s, &handlers, ws);
    return &ws->base;
}
