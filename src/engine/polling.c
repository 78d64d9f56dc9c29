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
#include "base/budget.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"

enum { PACKET_OVERHEAD = 16 }; /* what a queued packet costs besides its text */

/*
 * poll and post are the open requests of the session, at most one of each; without either it is
 * adrift.  An inbox belongs to the POST that brought it: has_inbox and busy imply post.
 */
struct polling {
    struct eio_transport base;
    struct adrift adrift;
    struct http_exchange *poll; /* the held GET */
    struct http_exchange *post; /* until it is answered */
    struct eio_message **queue;
    size_t count, capacity;
    size_t queued_bytes;
    struct eio_payload inbox; /* the POST's packets that are not taken yet, while has_inbox */
    struct buffer inbox_text; /* holds the inbox while the session is paused */
    size_t counted;           /* of the queue and inbox_text, by the budget */
    bool has_inbox;
    bool busy;        /* in polling_take_inbox() */
    bool answered;    /* the handshake's GET was */
    struct str jsonp; /* the digits of j; data NULL: XHR */
};

static struct polling *
polling_of(struct eio_transport *t)
{
    return CONTAINER_OF(t, struct polling, base);
}

static void
polling_account(struct polling *p)
{
    size_t now = p->capacity * sizeof(*p->queue) + p->inbox_text.capacity;
    budget_change(p->base.session->engine->budget, p->counted, now);
    p->counted = now;
}

/* ---- queue ---- */

static void
queue_add(struct polling *p, struct eio_message *m)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 4;
        p->queue = mem_resize(p->queue, p->capacity, sizeof(*p->queue));
        polling_account(p);
    }
    p->queue[p->count++] = eio_message_hold(m);
    p->queued_bytes += m->text->len + PACKET_OVERHEAD;
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

    ENSURE(eio_session_live(t->session));
    if (p->count > 0 && p->queued_bytes + m->text->len > limit_bytes)
        return false;
    queue_add(p, m);
    eio_session_mark(t->session);
    return true;
}

/* ---- answers ---- */

static void
polling_begin_head(struct polling *p, struct buffer *head, const struct http_request *r)
{
    buffer_clear(head);
    if (!p->jsonp.data)
        answer_add_cors(head, r);
    answer_add_polling(head, r, p->base.session, !p->answered);
}

/* The queue, in one body, is the answer to the held GET. */
static void
polling_answer_poll(struct polling *p, bool last)
{
    struct eio_session *s = p->base.session;
    struct engine *e = s->engine;
    struct http_exchange *x = p->poll;
    const struct http_request *r = http_exchange_request(x);
    struct buffer *text = &e->body;

    ENSURE(x && p->count > 0);
    polling_begin_head(p, &e->head, r);
    buffer_clear(&e->body);
    for (size_t i = 0; i < p->count; i++)
        eio_message_append(p->queue[i], (enum eio_version)eio_session_version(s), &e->body);
    queue_clear(p);
    if (p->jsonp.data) {
        text = &e->script;
        buffer_clear(text);
        eio_payload_jsonp(p->jsonp, buffer_str(&e->body), text);
    }
    struct str body = answer_pack(e, r, buffer_str(text));
    struct http_reply reply = {
        .status = 200,
        .type = "text/plain; charset=UTF-8",
        .headers = buffer_str(&e->head),
        .body = body,
        .close = last && e->stopping,
    };
    p->poll = NULL;
    p->answered = true;
    s->bytes_out += body.len;
    http_exchange_reply(x, &reply);
}

static void
polling_answer_post(struct polling *p)
{
    struct engine *e = p->base.session->engine;
    struct http_exchange *x = p->post;

    ENSURE(x && !p->has_inbox && !p->busy);
    p->post = NULL;
    eio_session_mark(p->base.session);
    polling_begin_head(p, &e->head, http_exchange_request(x));
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
polling_on_poll_body(void *owner, struct http_exchange *x, struct str body)
{
    (void)owner, (void)x, (void)body; /* a GET has none */
}

static void
polling_on_poll_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct polling *p = owner;
    (void)x;
    p->poll = NULL;
    eio_session_lost(
        p->base.session, &p->base, why == HTTP_ABORT_GONE ? EIO_END_PEER : EIO_END_TOO_LARGE);
}

static void
polling_on_overlap(struct polling *p, struct http_exchange *second)
{
    answer_empty(second, 400);
    eio_session_lost(p->base.session, &p->base, EIO_END_OVERLAP);
}

static void
polling_on_get(struct polling *p, struct http_exchange *x)
{
    static const struct http_exchange_handlers handlers = { polling_on_poll_body,
        polling_on_poll_abort };
    struct eio_session *s = p->base.session;

    if (p->poll) {
        polling_on_overlap(p, x);
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

/* Hand the packets up until all are taken or the session is paused, unless it is the last
 * opportunity; then the POST is answered. */
static void
polling_take_inbox(struct polling *p, bool last)
{
    struct eio_session *s = p->base.session;
    struct eio_packet packet;
    bool failed;

    ENSURE(p->post && p->has_inbox && !p->busy);
    p->busy = true;
    while (eio_session_live(s) && s->active == &p->base && (last || s->pauses == 0)) {
        if (!eio_payload_next(&p->inbox, &s->engine->scratch, &packet))
            break;
        /* Unlike a WebSocket's text, a body was not checked on its way in. */
        p->inbox.failed = !packet.binary && !utf8_valid(packet.data);
        if (p->inbox.failed)
            break;
        eio_session_packet(s, &p->base, &packet);
    }
    p->busy = false;
    if (eio_session_live(s) && !last && s->pauses > 0 && p->inbox.rest.len > 0)
        return;
    p->has_inbox = false;
    failed = p->inbox.failed;
    polling_answer_post(p);
    if (failed)
        eio_session_lost(s, &p->base, EIO_END_PARSE);
}

static void
polling_on_post_body(void *owner, struct http_exchange *x, struct str body)
{
    struct polling *p = owner;
    struct eio_session *s = p->base.session;
    struct str type = http_request_header(http_exchange_request(x), "Content-Type");
    bool octets = !p->jsonp.data && str_starts(type, "application/octet-stream");
    struct buffer form = { 0 };

    ENSURE(x == p->post && !p->has_inbox);
    s->bytes_in += body.len;
    if (p->jsonp.data && !eio_payload_from_form(body, &form)) {
        polling_answer_post(p); /* a form without its field means nothing */
        buffer_fini(&form);
        return;
    }
    if (p->jsonp.data)
        body = buffer_str(&form);
    eio_payload_begin(&p->inbox, (enum eio_version)eio_session_version(s), octets, body);
    p->has_inbox = true;
    polling_take_inbox(p, false);
    if (p->has_inbox) { /* paused: body is not ours to keep */
        buffer_clear(&p->inbox_text);
        buffer_append_str(&p->inbox_text, p->inbox.rest);
        p->inbox.rest = buffer_str(&p->inbox_text);
        polling_account(p);
    }
    buffer_fini(&form);
}

static void
polling_on_post_abort(void *owner, struct http_exchange *x, enum http_abort why)
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
polling_on_post(struct polling *p, struct http_exchange *x)
{
    static const struct http_exchange_handlers handlers = { polling_on_post_body,
        polling_on_post_abort };
    struct eio_session *s = p->base.session;
    struct str type = http_request_header(http_exchange_request(x), "Content-Type");

    if (p->post) {
        polling_on_overlap(p, x);
        return;
    }
    if (eio_session_version(s) == EIO_4 && str_starts(type, "application/octet-stream")) {
        answer_empty(x, 400);
        eio_session_lost(s, &p->base, EIO_END_PARSE);
        return;
    }
    p->post = x;
    adrift_end(&p->adrift);
    http_exchange_take(x, engine_body_limit(s->engine), &handlers, p);
}

void
polling_request(struct eio_transport *t, struct http_exchange *x)
{
    enum http_method method = http_exchange_request(x)->method;

    if (method == HTTP_METHOD_GET)
        polling_on_get(polling_of(t), x);
    else if (method == HTTP_METHOD_POST)
        polling_on_post(polling_of(t), x);
    else
        http_exchange_reply(x, &(struct http_reply){ .status = 500 });
}

/* ---- as a transport ---- */

static bool
polling_reachable(struct eio_transport *t)
{
    return polling_of(t)->poll != NULL;
}

static void
polling_free(void *object)
{
    struct polling *p = object;

    ENSURE(!p->poll && !p->post && p->count == 0);
    free(p->queue);
    free((char *)p->jsonp.data);
    buffer_fini(&p->inbox_text);
    free(p);
}

static void
polling_release_post(struct polling *p)
{
    struct http_exchange *x = p->post;

    if (p->busy)
        return; /* its packets are being taken: polling_take_inbox() answers */
    if (p->has_inbox) {
        p->has_inbox = false;
        polling_answer_post(p);
        return;
    }
    p->post = NULL;
    http_exchange_destroy(x);
}

static void
polling_close(struct eio_transport *t, enum eio_end why)
{
    struct polling *p = polling_of(t);
    struct engine *e = t->session->engine;

    /* A client that said goodbye itself is only released from its poll. */
    if (p->poll && why != EIO_END_PEER)
        queue_add(p, e->close);
    else if (p->poll && p->count == 0)
        queue_add(p, e->noop);
    if (p->poll)
        polling_answer_poll(p, true);
    if (p->post)
        polling_release_post(p);
    adrift_fini(&p->adrift);
    queue_clear(p);
    budget_give(e->budget, p->counted);
    loop_defer_free(e->loop, p, polling_free);
}

static void
polling_pause(struct eio_transport *t)
{
    (void)t; /* polling_take_inbox() looks for itself */
}

/* A pause does not outlast its transport: what one POST brought is no more than another message. */
static bool
polling_hand_over(struct eio_transport *t, struct eio_transport *to)
{
    struct polling *p = polling_of(t);
    bool fits = true;

    if (p->has_inbox)
        polling_take_inbox(p, true);
    for (size_t i = 0; i < p->count && fits && eio_session_live(t->session); i++)
        fits = to->ops->send(to, p->queue[i]);
    if (eio_session_live(t->session))
        queue_clear(p);
    return fits;
}

static void
polling_settle(struct eio_transport *t)
{
    struct polling *p = polling_of(t);
    struct eio_session *s = t->session;

    if (p->has_inbox && !(eio_session_live(s) && s->pauses > 0))
        polling_take_inbox(p, false); /* may close the session, or upgrade it */
    if (p->poll && p->count == 0 && eio_session_live(s) && s->probing && s->probing->probed)
        queue_add(p, s->engine->noop);
    if (p->poll && p->count > 0 && eio_session_live(s))
        polling_answer_poll(p, false);
    if (s->active == t)
        adrift_settle(&p->adrift, p->poll || p->post);
}

/* A message that others hold as well counts by its part; the one in the middle speaks for all. */
static size_t
polling_weight(const struct eio_transport *t)
{
    const struct polling *p = CONTAINER_OF(t, const struct polling, base);
    unsigned holders = p->count > 0 ? p->queue[p->count / 2]->holders : 1;

    return p->counted + p->queued_bytes / holders;
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
        .weight = polling_weight,
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
