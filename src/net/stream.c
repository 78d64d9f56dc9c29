/* SPDX-License-Identifier: MIT */
/*
 * stream: states, the queue, and the socket's readiness; what differs with encryption is in ops.
 *
 * The socket is watched through the loop's readiness and read and written here: unlike libuv's TCP
 * handle this allocates nothing when the kernel refuses bytes, is 248 bytes smaller, and lets go of
 * its descriptor, so that a stream changes loops without a spare one.
 */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/shares.h"
#include "stream_priv.h"

/* A peer that takes none of the last bytes for so long is given up. */
enum { FINISH_LIMIT_MS = 10000, LINGER_LIMIT_MS = 2000, PIECE_COST = 64 };

static const unsigned may_follow[] = {
    [STREAM_OPEN] = BIT(STREAM_FINISHING) | BIT(STREAM_CLOSED) | BIT(STREAM_DETACHED),
    [STREAM_FINISHING] = BIT(STREAM_LINGERING) | BIT(STREAM_CLOSED),
    [STREAM_LINGERING] = BIT(STREAM_CLOSED),
    [STREAM_CLOSED] = 0,
    [STREAM_DETACHED] = 0,
};

static const struct stream_ops plain_ops = {
    .read = stream_ops_deliver,
    .flush = stream_ops_flush_plain,
};

/* The only place that writes s->state. */
static void
stream_enter(struct stream *s, enum stream_state next)
{
    ENSURE(may_follow[s->state] & BIT(next));
    s->state = (uint8_t)next;
}

/* The last event, and the end of the object. */
static void
stream_drop(void *object)
{
    struct stream *s = object;

    ENSURE(s->state >= STREAM_CLOSED && list_empty(&s->dirty) && !timer_active(&s->limit));
    if (s->state == STREAM_CLOSED && s->handlers)
        s->handlers->on_end(s->owner, (enum stream_end)s->why);
    budget_give(&s->loop->budget, stream_size(s));
    if (s->ops_state)
        s->ops->free(s->ops_state);
    stream_queue_fini(&s->queue);
    free(s);
}

/* Out of the loop, with or without the descriptor. */
static void
stream_leave_loop(struct stream *s)
{
    timer_stop(&s->limit);
    list_remove(&s->dirty);
    ENSURE(loop_watch(s->loop, s->fd, s->watched, 0, s));
    loop_leave(s->loop);
    loop_defer_free(s->loop, s, stream_drop);
}

/* Its descriptor is closed: wherever that happens, there is room again where it was accepted. */
static void
stream_uncount(const struct stream_origin *o)
{
    shares_give_back(o->share, SHARES_CONNECTIONS);
    if (o->home)
        ENSURE(atomic_fetch_sub(&o->home->accepted, 1) > 0);
}

static void
stream_on_limit(void *owner)
{
    struct stream *s = owner;

    stream_close(s, s->state == STREAM_LINGERING ? (enum stream_end)s->why : STREAM_END_TIMEOUT);
}

/* Tell the loop what to wait for, if that has changed. */
static void
stream_watch(struct stream *s)
{
    bool reads = !s->stalled && !s->ended && (s->handlers || s->state != STREAM_OPEN);
    bool writes = s->blocked || (s->full && s->queue.count == 0);
    unsigned wanted = (reads ? LOOP_READ : 0) | (writes ? LOOP_WRITE : 0);

    if (s->state >= STREAM_CLOSED)
        return;
    if (loop_watch(s->loop, s->fd, s->watched, wanted, s))
        s->watched = (uint8_t)wanted;
    else
        stream_close(s, STREAM_END_FAILED);
}

/* Write what the kernel takes; act on what that leaves. */
static void
stream_write(struct stream *s)
{
    uint64_t before = s->bytes_out;
    enum stream_flush result;

    if (s->state > STREAM_FINISHING)
        return;
    result = s->ops->flush(s);
    if (result == STREAM_FLUSH_DONE && s->state == STREAM_OPEN && !s->blocked)
        return;
    stream_queue_account(&s->queue, &s->loop->budget);
    if (result == STREAM_FLUSH_DONE && s->state == STREAM_FINISHING && s->ops->farewell)
        result = s->ops->farewell(s);
    s->blocked = result == STREAM_FLUSH_BLOCKED;
    if (result == STREAM_FLUSH_FAILED || (result == STREAM_FLUSH_WAITING && s->ended)) {
        stream_close(s, s->ended ? STREAM_END_PEER : STREAM_END_FAILED);
        return;
    }
    if (s->state != STREAM_FINISHING)
        return;
    if (s->bytes_out != before)
        timer_start(s->loop, &s->limit, FINISH_LIMIT_MS);
    ENSURE(timer_active(&s->limit));
    if (result != STREAM_FLUSH_DONE)
        return;
    if (s->ended) {
        stream_close(s, (enum stream_end)s->why);
        return;
    }
    stream_enter(s, STREAM_LINGERING);
    shutdown(s->fd, SHUT_WR);
    timer_start(s->loop, &s->limit, LINGER_LIMIT_MS);
}

static void
stream_on_dirty(struct list *node, const struct list *next)
{
    struct stream *s = CONTAINER_OF(node, struct stream, dirty);

    stream_prefetch(CONTAINER_OF(next, struct stream, dirty)); /* the list's head does no harm */
    if (s->ops->replay && s->state == STREAM_OPEN && !s->paused)
        s->ops->replay(s);
    if (s->state >= STREAM_CLOSED)
        return;
    if (s->blocked)
        stream_queue_account(&s->queue, &s->loop->budget);
    else
        stream_write(s);
    stream_watch(s);
}

static void
stream_on_readable(struct stream *s)
{
    struct loop *l = s->loop;
    ssize_t len;

    if (s->paused) {
        s->stalled = true;
        return;
    }
    len = recv(s->fd, l->received, LOOP_RECEIVED_SIZE, 0);
    if (len > 0) {
        if (s->state != STREAM_LINGERING)
            s->ops->read(s, l->received, (size_t)len);
        return;
    }
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len == 0)
        stream_input_ended(s);
    else
        stream_close(s, s->state == STREAM_OPEN ? STREAM_END_FAILED : (enum stream_end)s->why);
}

/* The queue is written before the owner learns that there is room. */
static void
stream_on_writable(struct stream *s)
{
    stream_write(s);
    if (s->state != STREAM_OPEN || !s->full || s->blocked || s->queue.count > 0)
        return;
    s->full = false;
    if (s->handlers && s->handlers->on_drain)
        s->handlers->on_drain(s->owner);
}

/* Closing it in this very turn does not take s out of the batch that the loop goes through. */
static void
stream_on_ready(void *stream, bool readable, bool writable)
{
    struct stream *s = stream;

    if (writable && s->state < STREAM_CLOSED && (s->watched & LOOP_WRITE))
        stream_on_writable(s);
    if (readable && s->state < STREAM_CLOSED && (s->watched & LOOP_READ))
        stream_on_readable(s);
    if (s->state < STREAM_CLOSED)
        stream_watch(s);
}

struct stream *
stream_new(struct loop *l, int fd, const struct sockaddr *peer)
{
    struct stream *s = mem_zalloc(sizeof(*s));

    l->flush = stream_on_dirty;
    l->on_ready = stream_on_ready;
    loop_join(l);
    budget_take(&l->budget, sizeof(*s));
    s->loop = l;
    s->ops = &plain_ops;
    s->fd = fd;
    s->state = STREAM_OPEN;
    list_init(&s->dirty);
    stream_queue_init(&s->queue);
    timer_init(&s->limit, stream_on_limit, s);
    s->origin.local = peer && !address_of(peer, &s->origin.peer);
    return s;
}

void
stream_accepted(struct stream *s)
{
    s->origin.home = s->loop;
    s->loop->accepted++;
}

void
stream_charge(struct stream *s, struct share *to)
{
    ENSURE(s->origin.home == s->loop); /* to is of the worker that accepted it */
    if (s->state >= STREAM_CLOSED)
        return; /* it is held by nobody any more, though a request of it may still be served */
    shares_take(to, SHARES_CONNECTIONS);
    shares_give_back(s->origin.share, SHARES_CONNECTIONS);
    s->origin.share = to;
}

static void
stream_finish_because(struct stream *s, enum stream_end why)
{
    stream_enter(s, STREAM_FINISHING);
    s->why = (uint8_t)why;
    s->paused = s->stalled = s->full = false;
    if (!timer_active(&s->limit))
        timer_start(s->loop, &s->limit, FINISH_LIMIT_MS);
    stream_touch(s);
}

/* The end of the turn looks at s once more, and waits for what the kernel refused. */
void
stream_flush(struct stream *s)
{
    if (!s->blocked && s->queue.count > 0 && !(s->ops_state && s->ops->is_busy(s->ops_state)))
        stream_write(s);
}

/* The answer to the peer's last words may still be queued. */
void
stream_input_ended(struct stream *s)
{
    s->ended = true;
    if (s->state == STREAM_OPEN)
        stream_finish_because(s, STREAM_END_PEER);
    else if (s->state == STREAM_LINGERING)
        stream_close(s, (enum stream_end)s->why);
    stream_touch(s);
}

void
stream_attach(struct stream *s, const struct stream_handlers *h, void *owner)
{
    s->handlers = h;
    s->owner = owner;
    stream_touch(s);
}

bool
stream_send(struct stream *s, struct bytes *out)
{
    if (s->state != STREAM_OPEN || out->len == 0)
        return !s->full;
    stream_queue_push(&s->queue, bytes_ref(out));
    stream_touch(s);
    if (s->queue.total_bytes >= STREAM_HIGH_MARK)
        s->full = true;
    return !s->full;
}

bool
stream_send_copy(struct stream *s, const char *data, size_t len)
{
    struct bytes *copy = bytes_count(bytes_new(data, len), &s->loop->budget);
    bool room = stream_send(s, copy);

    bytes_unref(copy);
    return room;
}

size_t
stream_queued(const struct stream *s)
{
    return s->queue.total_bytes + (s->ops_state ? s->ops->held(s->ops_state) : 0);
}

size_t
stream_cost(const struct stream *s)
{
    return stream_queued(s) + (size_t)s->queue.count * PIECE_COST;
}

size_t
stream_weight(const struct stream *s)
{
    return stream_size(s) + stream_queue_weight(&s->queue);
}

void
stream_pause(struct stream *s)
{
    if (s->state == STREAM_OPEN)
        s->paused = true;
}

void
stream_resume(struct stream *s)
{
    s->paused = s->stalled = false;
    stream_touch(s);
}

void
stream_finish(struct stream *s)
{
    if (s->state == STREAM_OPEN)
        stream_finish_because(s, STREAM_END_LOCAL);
}

void
stream_close(struct stream *s, enum stream_end why)
{
    if (s->state >= STREAM_CLOSED)
        return;
    stream_enter(s, STREAM_CLOSED);
    s->why = (uint8_t)why;
    s->full = false;
    stream_leave_loop(s);
    close(s->fd);
    stream_uncount(&s->origin);
    stream_queue_fini(&s->queue);
    stream_queue_account(&s->queue, &s->loop->budget);
}

const char *
stream_error(const struct stream *s)
{
    return s->ops_state ? s->ops->error(s->ops_state) : NULL;
}

bool
stream_is_encrypted(const struct stream *s)
{
    return s->ops_state != NULL;
}

bool
stream_peer(const struct stream *s, struct address *out)
{
    *out = s->origin.local ? address_loopback() : s->origin.peer;
    return !s->origin.local;
}

struct loop *
stream_loop(const struct stream *s)
{
    return s->loop;
}

uint64_t
stream_bytes_in(const struct stream *s)
{
    return s->bytes_in;
}

uint64_t
stream_bytes_out(const struct stream *s)
{
    return s->bytes_out;
}

struct stream_parcel *
stream_detach(struct stream *s)
{
    struct stream_parcel *p;

    if (s->state != STREAM_OPEN || stream_queued(s) > 0 ||
        (s->ops_state && !s->ops->pack(s->ops_state)))
        return NULL;
    ENSURE(!timer_active(&s->limit));
    p = mem_zalloc(sizeof(*p));
    p->ops = s->ops;
    p->ops_state = s->ops_state;
    p->fd = s->fd;
    p->bytes_in = s->bytes_in;
    p->bytes_out = s->bytes_out;
    p->origin = s->origin;
    stream_set_state(s, NULL);
    stream_enter(s, STREAM_DETACHED);
    stream_leave_loop(s);
    return p;
}

struct stream *
stream_adopt(struct loop *l, struct stream_parcel *p, const struct stream_handlers *h, void *owner)
{
    struct stream *s = stream_new(l, p->fd, NULL);

    p->fd = -1;
    s->bytes_in = p->bytes_in;
    s->bytes_out = p->bytes_out;
    s->origin = p->origin;
    s->ops = p->ops;
    stream_set_state(s, p->ops_state);
    p->ops_state = NULL;
    stream_attach(s, h, owner);
    stream_parcel_drop(p);
    return s;
}

void
stream_parcel_drop(struct stream_parcel *p)
{
    if (!p)
        return;
    if (p->fd >= 0) {
        close(p->fd);
        stream_uncount(&p->origin);
    }
    if (p->ops_state)
        p->ops->free(p->ops_state);
    free(p);
}
