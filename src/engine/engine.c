/* SPDX-License-Identifier: MIT */
/*
 * engine: Engine.IO 3 and 4 on one worker.
 *
 *   request --handshake--> session <--> transport --packets--> session --messages--> layer above
 *
 * Sessions in which something happened gather in `dirty` and are settled once a turn: held polls
 * are answered with all that came, ends are reported, the dead are freed.
 */
#include "engine/engine.h"

#include <stdlib.h>

#include "answer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "handshake.h"
#include "http/http_conn.h"

/* Past this a working buffer gives its memory back at the end of the turn. */
enum { KEPT_CAPACITY = 262144 };

static void
engine_on_turn(void *owner)
{
    struct engine *e = owner;
    struct buffer *const buffers[] = { &e->head, &e->body, &e->script, &e->packed, &e->scratch };

    while (!list_empty(&e->dirty)) {
        struct list *node = e->dirty.next;
        list_remove(node);
        eio_session_settle(LIST_ENTRY(node, struct eio_session, node));
    }
    for (size_t i = 0; i < COUNT_OF(buffers); i++) {
        if (buffers[i]->capacity > KEPT_CAPACITY)
            buffer_fini(buffers[i]);
    }
}

struct engine *
engine_open(
    struct loop *l, unsigned worker, const struct engine_limits *limits, struct shares *shares)
{
    struct engine *e = mem_zalloc(sizeof(*e));

    e->loop = l;
    e->budget = e->texts.budget = loop_budget(l);
    e->worker = worker;
    e->limits = limits;
    e->shares = shares;
    list_init(&e->dirty);
    list_init(&e->adrift);
    loop_task_init(&e->turn, engine_on_turn, e);
    e->ping = eio_message_of("2");
    e->pong = eio_message_of("3");
    e->close = eio_message_of("1");
    e->noop = eio_message_of("6");
    e->probe = eio_message_of("3probe");
    return e;
}

void
engine_attach(struct engine *e, const struct engine_handlers *h, void *owner)
{
    ENSURE(!e->handlers && e->count == 0);
    e->handlers = h;
    e->owner = owner;
}

void
engine_on_foreign_sid(struct engine *e,
    void (*on_foreign)(void *owner, struct http_exchange *x, unsigned worker), void *owner)
{
    e->on_foreign = on_foreign;
    e->foreign_owner = owner;
}

void
engine_set_limits(struct engine *e, const struct engine_limits *limits)
{
    e->limits = limits;
}

const struct engine_limits *
engine_get_limits(const struct engine *e)
{
    return e->limits;
}

bool
engine_offer(void *engine, struct http_exchange *x, const struct http_request *r)
{
    struct engine *e = engine;

    if (!str_starts(r->target, e->limits->path))
        return false;
    handshake_request(e, x, r);
    return true;
}

void
engine_answer_unknown(struct http_exchange *x)
{
    answer_error(x, ANSWER_UNKNOWN_SID, 0);
}

void
engine_shutdown(struct engine *e, struct loop_task *emptied)
{
    struct eio_session *s;

    e->stopping = true;
    e->emptied = emptied;
    for (size_t i = 0; (s = map_next(&e->sessions, &i));)
        eio_session_end(s, EIO_END_SHUTDOWN);
    ENSURE(e->adrift_count == 0);
    if (e->count == 0 && emptied)
        loop_end_of_turn(e->loop, emptied);
}

size_t
engine_heaviest(const struct engine *e)
{
    const struct eio_session *s;
    size_t most = 0;

    for (size_t i = 0; (s = map_next(&e->sessions, &i));) {
        size_t weight = eio_session_weight(s);

        most = weight > most ? weight : most;
    }
    return most;
}

size_t
engine_relieve(struct engine *e, size_t least, size_t wanted)
{
    struct eio_session *s;
    size_t sum = 0;

    for (size_t i = 0; sum < wanted && (s = map_next(&e->sessions, &i));) {
        size_t weight = eio_session_weight(s);

        if (weight < least)
            continue;
        sum += weight;
        eio_session_end(s, EIO_END_MEMORY);
    }
    return sum;
}

size_t
engine_session_count(const struct engine *e)
{
    return e->count;
}

void
engine_close(struct engine *e)
{
    if (e == NULL)
        return;
    ENSURE(e->count == 0 && list_empty(&e->dirty));
    ENSURE(e->adrift_count == 0 && list_empty(&e->adrift));
    loop_task_cancel(&e->turn);
    map_fini(&e->sessions);
    texts_fini(&e->texts);
    ws_reader_pool_fini(&e->readers);
    eio_message_release(e->ping);
    eio_message_release(e->pong);
    eio_message_release(e->close);
    eio_message_release(e->noop);
    eio_message_release(e->probe);
    buffer_fini(&e->head);
    buffer_fini(&e->body);
    buffer_fini(&e->script);
    buffer_fini(&e->packed);
    buffer_fini(&e->scratch);
    free(e);
}
