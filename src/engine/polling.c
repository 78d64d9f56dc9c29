/* SPDX-License-Identifier: MIT */
/*
 * polling: the transport of held GETs and POSTs.
 *
 *   send --> queue --settle(), at the end of the turn--> one body for the held GET
 *   POST --> inbox --packets--> session --> "ok", once all of them were taken
 *
 * A GET and a POST may be open at a time; a second of either ends the session.
 */
#include "polling.h"

#include <stdlib.h>

#include "adrift.h"
#include "answer.h"
#include "base/buffer.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"

enum { PACKET_OVERHEAD = 16 }; /* what a queued packet costs beside its text */

struct polling {
    struct eio_transport base;
    struct adrift adrift;
    struct http_exchange *poll; /* the held GET */
    struct http_exchange *post; /* until it is answered */

    struct eio_message **queue;
    size_t count, capacity;
    size_t queued_bytes;

    /* The POST's packets that are not taken yet, while has_inbox. */
    struct eio_payload inbox;
    struct buffer inbox_text; /* holds the inbox while the session is paused */
    bool has_inbox;
    bool busy;        /* in take_inbox() */
    bool answered;    /* the handshake's GET was */
    struct str jsonp; /* the digits of j; data NULL: XHR */
};

static struct polling *
polling_of(struct eio_transport *t)
{
    return CONTAINER_OF(t, struct polling, base);
}

/* ---- queue ---- */

static void
queue_add(struct polling *p, struct eio_message *m)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 4;
        p->queue = mem_resize(p->queue, p->capacity, sizeof(*p->queue));
    }
    p->queue[p->count++] = eio_message_hold(m);
    p->queued_bytes += eio_message_len(m) + PACKET_OVERHEAD;
}

static void
queue_clear(struct polling *p)
{
    for (size_t i = 0; i < p->count; i++)
        eio_message_release(p->queue[i]);
    p->count = 0;
    p->queued_bytes = 0;
}

static bool
polling_send(struct eio_transport *t, struct eio_message *m)
{
    struct polling *p = polling_of(t);
    size_t limit_bytes = t->session->engine->limits->queue_bytes;

    if (p->count > 0 && p->queued_bytes + eio_message_len(m) > limit_bytes)
        return false;
    queue_add(p, m);
    eio_session_mark(t->session);
    return true;
}

static bool
polling_hand_over(struct eio_transport *t, struct eio_transport *to)
{
    struct polling *p = polling_of(t);
    bool fits = true;

    for (size_t i = 0; i < p->count && fits; i++)
        fits = to->ops->send(to, p->queue[i]);
    queue_clear(p);
    return fits;
}

/* ---- answers ---- */

static void
begin_head(struct polling *p, struct buffer *head, const struct http_request *r)
{
    buffer_clear(head);
    if (!p->jsonp.data)
        answer_add_cors(head, r);
    answer_add_polling(head, r, p->base.session, !p->answered);
}

static struct str
payload(struct polling *p)
{
    struct eio_session *s = p->base.session;
    struct engine *e = s->engine;

    buffer_clear(&e->body);
    for (size_t i = 0; i < p->count; i++)
        eio_message_append(p->queue[i], (enum eio_version)eio_session_version(s), &e->body);
    queue_clear(p);
    if (!p->jsonp.data)
        return buffer_str(&e->body);
    buffer_clear(&e->script);
    eio_payload_jsonp(p->jsonp, buffer_str(&e->body), &e->script);
    return buffer_str(&e->script);
}

/* The queue, in one body, is the answer to the held GET. */
static void
answer_poll(struct polling *p, bool last)
{
    struct engine *e = p->base.session->engine;
    struct http_exchange *x = p->poll;
    const struct http_request *r = http_exchange_request(x);

    begin_head(p, &e->head, r);
    struct str body = answer_pack(e, r, payload(p));
    struct http_reply reply = {
        .status = 200,
        .type = "text/plain; charset=UTF-8",
        .headers = buffer_str(&e->head),
        .body = body,
        .close = last && e->stopping,
    };
    p->poll = NULL;
    p->answered = true;
    p->base.session->bytes_out += body.len;
    http_exchange_reply(x, &reply);
}

static void
answer_post(struct polling *p)
{
    struct engine *e = p->base.session->engine;
    struct http_exchange *x = p->post;

    p->post = NULL;
    eio_session_mark(p->base.session);
    begin_head(p, &e->head, http_exchange_request(x));
    struct http_reply reply = {
        .status = 200,
        .type = "text/html",
        .headers = buffer_str(&e->head),
        .body = STR_LIT("ok"),
    };
    http_exchange_reply(x, &reply);
}

/* ---- GET ---- */

static void
on_poll_body(void *owner, struct http_exchange *x, struct str body)
{
    (void)owner, (void)x, (void)body; /* a GET has none */
}

static void
on_poll_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct polling *p = owner;
    (void)x;
    p->poll = NULL;
    eio_session_lost(
        p->base.session, &p->base, why == HTTP_ABORT_GONE ? EIO_END_PEER : EIO_END_TOO_LARGE);
}

static void
on_overlap(struct polling *p, struct http_exchange *second)
{
    answer_empty(second, 400);
    eio_session_lost(p->base.session, &p->base, EIO_END_OVERLAP);
}

static void
on_get(struct polling *p, struct http_exchange *x)
{
    static const struct http_exchange_handlers handlers = { on_poll_body, on_poll_abort };
    struct eio_session *s = p->base.session;

    if (p->poll) {
        on_overlap(p, x);
        return;
    }
    p->poll = x;
    adrift_end(&p->adrift);
    http_exchange_take(x, HTTP_NO_BODY, &handlers, p);
    if (eio_session_live(s)) {
        eio_session_mark(s);
        return;
    }
    if (p->count == 0)
        queue_add(p, s->engine->noop);
    eio_session_end(s, (enum eio_end)s->why); /* a goodbye was waiting for it */
}

/* ---- POST ---- */

/* Unlike a WebSocket's text, a body was not checked on its way in. */
static bool
next_packet(struct polling *p, struct eio_packet *out)
{
    if (!eio_payload_next(&p->inbox, &p->base.session->engine->scratch, out))
        return false;
    p->inbox.failed = !out->binary && !utf8_valid(out->data);
    return !p->inbox.failed;
}

/* Hand the packets up until all are taken or the session is paused; then the POST is answered. */
static void
take_inbox(struct polling *p)
{
    struct eio_session *s = p->base.session;
    struct eio_packet packet;

    p->busy = true;
    while (eio_session_live(s) && s->active == &p->base && s->pauses == 0) {
        if (!next_packet(p, &packet))
            break;
        eio_session_packet(s, &p->base, &packet);
    }
    p->busy = false;
    if (eio_session_live(s) && s->pauses > 0 && p->inbox.rest.len > 0)
        return;
    p->has_inbox = false;
    bool failed = p->inbox.failed;
    answer_post(p);
    if (failed)
        eio_session_lost(s, &p->base, EIO_END_PARSE);
}

/* False: nothing that means anything (a form without its field). */
static bool
open_inbox(struct polling *p, struct str body, struct buffer *form)
{
    bool octets = str_starts(http_request_header(http_exchange_request(p->post), "Content-Type"),
        "application/octet-stream");

    if (p->jsonp.data && !eio_payload_from_form(body, form))
        return false;
    if (p->jsonp.data)
        body = buffer_str(form);
    eio_payload_begin(&p->inbox, (enum eio_version)eio_session_version(p->base.session),
        octets && !p->jsonp.data, body);
    p->has_inbox = true;
    return true;
}

static void
on_post_body(void *owner, struct http_exchange *x, struct str body)
{
    struct polling *p = owner;
    struct buffer form;

    (void)x; /* the one in p->post */
    p->base.session->bytes_in += body.len;
    buffer_init(&form);
    if (open_inbox(p, body, &form))
        take_inbox(p);
    else
        answer_post(p);
    if (p->has_inbox) { /* paused: body is not ours to keep */
        buffer_clear(&p->inbox_text);
        buffer_append_str(&p->inbox_text, p->inbox.rest);
        p->inbox.rest = buffer_str(&p->inbox_text);
    }
    buffer_fini(&form);
}

static void
on_post_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct polling *p = owner;

    p->post = NULL;
    p->has_inbox = false;
    if (why == HTTP_ABORT_TOO_LARGE)
        answer_empty(x, 413);
    eio_session_lost(
        p->base.session, &p->base, why == HTTP_ABORT_GONE ? EIO_END_PEER : EIO_END_TOO_LARGE);
}

static void
on_post(struct polling *p, struct http_exchange *x)
{
    static const struct http_exchange_handlers handlers = { on_post_body, on_post_abort };
    struct eio_session *s = p->base.session;
    struct str type = http_request_header(http_exchange_request(x), "Content-Type");

    if (p->post) {
        on_overlap(p, x);
        return;
    }
    if (eio_session_version(s) == EIO_4 && str_starts(type, "application/octet-stream")) {
        answer_empty(x, 400);
        eio_session_lost(s, &p->base, EIO_END_PARSE);
        return;
    }
    p->post = x;
    adrift_end(&p->adrift);
    http_exchange_take(x, s->engine->limits->message_bytes, &handlers, p);
}

void
polling_request(struct eio_transport *t, struct http_exchange *x)
{
    enum http_method method = http_exchange_request(x)->method;

    if (method == HTTP_METHOD_GET)
        on_get(polling_of(t), x);
    else if (method == HTTP_METHOD_POST)
        on_post(polling_of(t), x);
    else
        http_exchange_reply(x, &(struct http_reply){ .status = 500 });
}

/* ---- as a transport ---- */

static bool
polling_reachable(const struct eio_transport *t)
{
    return CONTAINER_OF(t, const struct polling, base)->poll != NULL;
}

static void
polling_free(void *object)
{
    struct polling *p = object;
    free(p->queue);
    free((char *)p->jsonp.data);
    buffer_fini(&p->inbox_text);
    free(p);
}

/* A client that said goodbye itself is only released from its poll. */
static void
release_poll(struct polling *p, enum eio_end why)
{
    struct engine *e = p->base.session->engine;

    if (why != EIO_END_PEER)
        queue_add(p, e->close);
    else if (p->count == 0)
        queue_add(p, e->noop);
    answer_poll(p, true);
}

static void
release_post(struct polling *p)
{
    if (p->busy)
        return; /* its packets are being taken: take_inbox() answers */
    if (p->has_inbox) {
        p->has_inbox = false;
        answer_post(p);
        return;
    }
    struct http_exchange *x = p->post;
    p->post = NULL;
    http_exchange_destroy(x);
}

static void
polling_close(struct eio_transport *t, enum eio_end why)
{
    struct polling *p = polling_of(t);

    if (p->poll)
        release_poll(p, why);
    if (p->post)
        release_post(p);
    adrift_fini(&p->adrift);
    queue_clear(p);
    loop_defer_free(t->session->engine->loop, p, polling_free);
}

static void
polling_pause(struct eio_transport *t)
{
    (void)t; /* take_inbox() looks for itself */
}

static void
polling_settle(struct eio_transport *t)
{
    struct polling *p = polling_of(t);
    struct eio_session *s = t->session;

    if (p->has_inbox && !(eio_session_live(s) && s->pauses > 0))
        take_inbox(p); /* may close the session, or upgrade it */
    if (p->poll && p->count == 0 && eio_session_live(s) && s->probing && s->probing->probed)
        queue_add(p, s->engine->noop);
    if (p->poll && p->count > 0 && eio_session_live(s))
        answer_poll(p, false);
    if (s->active == t)
        adrift_settle(&p->adrift, p->poll || p->post);
}

struct eio_transport *
polling_new(struct eio_session *s, struct str jsonp)
{
    static const struct eio_transport_ops ops = {
        .name = "polling",
        .send = polling_send,
        .reachable = polling_reachable,
        .close = polling_close,
        .pause = polling_pause,
        .settle = polling_settle,
        .hand_over = polling_hand_over,
    };
    struct polling *p = mem_zalloc(sizeof(*p));

    p->base.ops = &ops;
    p->base.session = s;
    adrift_init(&p->adrift, s);
    buffer_init(&p->inbox_text);
    if (jsonp.data)
        p->jsonp = str_slice(mem_copy_text(jsonp.data, jsonp.len), jsonp.len);
    return &p->base;
}
