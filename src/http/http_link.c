/* SPDX-License-Identifier: MIT */
/*
 * http_link: one connection of the client.
 */
#include "http_link.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/mem.h"
#include "http/http_origin.h"
#include "http_parser.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"

enum { ANSWER_HEAD_MAX = 65536, ANSWER_HEADERS_MAX = 500 };

/* Owned by the one that asks it, between that by its pool; ends with its stream.  It has handlers
 * exactly while a request is under way, and is in no pool then. */
struct http_link {
    struct list node; /* in the pool */
    struct loop *loop;
    struct stream *stream; /* NULL: ended */
    struct http_origin origin;
    const struct http_link_handlers *handlers; /* NULL: no request under way */
    void *owner;
    struct http_parser *parser; /* while a request is under way */
    size_t answer_limit;
    struct timer idle;
    bool answering; /* a byte of the answer has come */
    bool reusable;
};

static void
link_free(void *object)
{
    struct http_link *k = object;

    http_parser_free(k->parser);
    free(k);
}

void
http_link_close(struct http_link *k)
{
    k->handlers = NULL;
    timer_stop(&k->idle);
    list_remove(&k->node);
    if (k->stream)
        stream_close(k->stream, STREAM_END_LOCAL);
}

static void
link_lose(struct http_link *k, const char *why)
{
    const struct http_link_handlers *h = k->handlers;

    http_link_close(k);
    h->on_lost(k->owner, why, !k->answering);
}

static void
new_parser(struct http_link *k)
{
    http_parser_free(k->parser);
    k->parser = http_parser_new(HTTP_PARSER_RESPONSE, ANSWER_HEAD_MAX, ANSWER_HEADERS_MAX);
    http_parser_limit_body(k->parser, k->answer_limit);
}

/* surplus: bytes follow that belong to no answer. */
static void
link_answered(struct http_link *k, bool surplus)
{
    const struct http_link_handlers *h = k->handlers;
    struct http_parser *parser = k->parser;
    const struct http_message *m = http_parser_message(parser);

    k->handlers = NULL;
    k->parser = NULL;
    k->reusable = m->keep_alive && !m->until_close && !surplus;
    h->on_answer(k->owner, m->status, http_parser_body(parser));
    http_parser_free(parser);
}

/* Returns whether to feed again: after a head, and after a message with 1xx, which comes before the
 * answer. */
static bool
link_act(struct http_link *k, enum http_parse result, bool more)
{
    unsigned status = http_parser_message(k->parser)->status;

    switch (result) {
    case HTTP_PARSE_HEAD:
        return true;
    case HTTP_PARSE_END:
        if (status >= 200) {
            link_answered(k, more);
            return false;
        }
        if (status != 101) {
            new_parser(k);
            return more;
        }
        link_lose(k, "the answer changes the protocol");
        return false;
    case HTTP_PARSE_BAD:
        link_lose(k, "the answer is not HTTP");
        return false;
    case HTTP_PARSE_HEAD_LARGE:
        link_lose(k, "the head of the answer is too long");
        return false;
    case HTTP_PARSE_BODY_LARGE:
        if (status >= 300)
            link_answered(k, true); /* the status says all */
        else
            link_lose(k, "the answer is too long");
        return false;
    case HTTP_PARSE_MORE:
        break;
    }
    return false;
}

static void
link_on_data(void *owner, const char *data, size_t len)
{
    struct http_link *k = owner;
    enum http_parse result;
    size_t used;

    if (!k->handlers) {
        http_link_close(k); /* it was not asked anything */
        return;
    }
    k->answering = true;
    do {
        result = http_parser_feed(k->parser, data, len, &used);
        data += used;
        len -= used;
    } while (link_act(k, result, len > 0));
}

/* An answer without a length is complete when the peer says so, not when the connection breaks. */
static void
link_on_end(void *owner, enum stream_end why)
{
    struct http_link *k = owner;

    k->stream = NULL;
    loop_defer_free(k->loop, k, link_free);
    if (!k->handlers)
        http_link_close(k);
    else if (why == STREAM_END_PEER && http_parser_message(k->parser)->until_close &&
             http_parser_finish(k->parser))
        link_answered(k, false);
    else
        link_lose(k, "the connection ended before the answer did");
}

static const struct stream_handlers stream_handlers = {
    .on_data = link_on_data,
    .on_end = link_on_end,
};

static void
link_on_idle(void *owner)
{
    http_link_close(owner);
}

struct http_link *
http_link_new(struct stream *s, const struct http_origin *origin)
{
    struct http_link *k = mem_zalloc(sizeof(*k));

    k->loop = stream_loop(s);
    k->stream = s;
    k->origin = *origin;
    list_init(&k->node);
    timer_init(&k->idle, link_on_idle, k);
    stream_attach(s, &stream_handlers, k);
    return k;
}

void
http_link_ask(struct http_link *k, struct bytes *request, size_t answer_limit,
    const struct http_link_handlers *h, void *owner)
{
    ENSURE(!k->handlers && k->stream && list_empty(&k->node));
    k->handlers = h;
    k->owner = owner;
    k->answer_limit = answer_limit;
    k->answering = false;
    new_parser(k);
    stream_send(k->stream, request);
}

void
http_link_rest(struct http_link *k, struct list *pool, uint64_t idle_ms)
{
    ENSURE(!k->handlers);
    if (!k->reusable || !k->stream) {
        http_link_close(k);
        return;
    }
    list_prepend(pool, &k->node);
    timer_start(k->loop, &k->idle, idle_ms);
}

struct http_link *
http_link_take(struct list *pool, const struct http_origin *origin)
{
    LIST_EACH(node, pool) {
        struct http_link *k = LIST_ENTRY(node, struct http_link, node);

        if (!http_origin_same(&k->origin, origin))
            continue;
        ENSURE(!k->handlers && k->stream);
        list_remove(&k->node);
        timer_stop(&k->idle);
        return k;
    }
    return NULL;
}

void
http_link_close_all(struct list *pool)
{
    while (!list_empty(pool))
        http_link_close(LIST_ENTRY(pool->next, struct http_link, node));
}
