/* SPDX-License-Identifier: MIT */
/*
 * redis_contact: hiredis' hooks, filled from net's poller.
 *
 * hiredis frees a context by itself when the connection fails, and late when it is told to inside
 * one of its callbacks.  So nothing is ever freed there: a link that falls does so at the end of
 * the turn.
 */
#include "redis_link_priv.h"

#include "base/ensure.h"
#include "net/poller.h"

enum { REPLY_MAX = 64 << 20 };

/* A greeting is always read. */
void
redis_contact_watch(struct redis_link *r)
{
    if (r->poller)
        poller_watch(
            r->poller, r->want_read && !(r->paused && r->state == REDIS_LINK_READY), r->want_write);
}

static void
add_read(void *link)
{
    struct redis_link *r = link;

    r->want_read = true;
    redis_contact_watch(r);
}

static void
del_read(void *link)
{
    struct redis_link *r = link;

    r->want_read = false;
    redis_contact_watch(r);
}

static void
add_write(void *link)
{
    struct redis_link *r = link;

    r->want_write = true;
    redis_contact_watch(r);
}

static void
del_write(void *link)
{
    struct redis_link *r = link;

    r->want_write = false;
    redis_contact_watch(r);
}

/* hiredis is about to close the descriptor. */
static void
cleanup(void *link)
{
    struct redis_link *r = link;

    if (r->poller)
        poller_close(r->poller);
    r->poller = NULL;
    r->want_read = r->want_write = false;
}

static void
on_poll(void *owner, bool readable, bool writable)
{
    struct redis_link *r = owner;

    if (readable && r->context)
        redisAsyncHandleRead(r->context);
    if (writable && r->context)
        redisAsyncHandleWrite(r->context);
    if (r->context && r->context->c.reader->len - r->context->c.reader->pos > REPLY_MAX)
        redis_link_fall(r, "a reply is too long");
}

/* Not ours any more; c's callbacks do not reach the link. */
void
redis_contact_drop(struct redis_link *r)
{
    redisAsyncContext *c = r->context;

    r->context = NULL;
    if (!c)
        return;
    c->data = NULL;
    redisAsyncFree(c);
}

/* hiredis frees c when this returns. */
static void
on_failed(const redisAsyncContext *c)
{
    struct redis_link *r = c->data;
    char reason[REDIS_REASON_SIZE];

    if (!r)
        return;
    redis_reason_failed(reason, r->where, c, r->state == REDIS_LINK_READY);
    r->context = NULL;
    redis_link_fall(r, reason);
}

static void
on_disconnect(const redisAsyncContext *c, int status)
{
    (void)status; /* only ever told by the other side: the link itself takes c->data away first */
    on_failed(c);
}

static void
on_connect(const redisAsyncContext *c, int status)
{
    if (status != REDIS_OK)
        on_failed(c);
    else if (c->data)
        redis_greeting_send(c->data);
}

static void
hook_up(struct redis_link *r, redisAsyncContext *c)
{
    r->context = c;
    c->data = r;
    c->ev.data = r;
    c->ev.addRead = add_read;
    c->ev.delRead = del_read;
    c->ev.addWrite = add_write;
    c->ev.delWrite = del_write;
    c->ev.cleanup = cleanup;
    redis_guard_install(&r->guard, c);
    r->poller = poller_open(r->loop, c->c.fd, on_poll, r);
    if (!r->poller)
        redis_link_fall(r, "the loop cannot watch the connection");
    redisAsyncSetDisconnectCallback(c, on_disconnect);
    redisAsyncSetConnectCallback(c, on_connect);
}

void
redis_contact_open(struct redis_link *r, const char *address)
{
    redisAsyncContext *c = redisAsyncConnect(address, (int)r->port);
    char reason[REDIS_REASON_SIZE];

    ENSURE(c);
    if (!c->err) {
        hook_up(r, c);
        return;
    }
    redis_reason_failed(reason, r->where, c, false);
    redisAsyncFree(c);
    redis_link_fall(r, reason);
}
