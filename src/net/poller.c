/* SPDX-License-Identifier: MIT */
/*
 * poller: a libuv poll handle for a descriptor of other code.
 */
#include "net/poller.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "loop_priv.h"

struct poller {
    uv_poll_t poll;
    int wanted; /* UV_READABLE, UV_WRITABLE; libuv watches for just that */
    void (*on_ready)(void *owner, bool readable, bool writable);
    void *owner;
};

/* libuv stops a handle whose socket has an error: the owner learns which by reading or writing. */
static void
poller_on_poll(uv_poll_t *handle, int status, int events)
{
    struct poller *p = CONTAINER_OF(handle, struct poller, poll);

    ENSURE(p->wanted);
    if (status < 0) {
        events = p->wanted;
        ENSURE(uv_poll_start(&p->poll, p->wanted, poller_on_poll) == 0);
    }
    p->on_ready(p->owner, (events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
}

static void
poller_on_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct poller, poll));
}

struct poller *
poller_open(struct loop *l, int fd, void (*on_ready)(void *owner, bool readable, bool writable),
    void *owner)
{
    struct poller *p = mem_zalloc(sizeof(*p));

    p->on_ready = on_ready;
    p->owner = owner;
    if (uv_poll_init(&l->uv, &p->poll, fd) != 0) {
        free(p);
        return NULL;
    }
    return p;
}

void
poller_watch(struct poller *p, bool readable, bool writable)
{
    int wanted = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);

    ENSURE(!uv_is_closing((uv_handle_t *)&p->poll));
    if (wanted == p->wanted)
        return;
    p->wanted = wanted;
    ENSURE(uv_poll_start(&p->poll, wanted, poller_on_poll) == 0); /* of nothing: stops */
}

void
poller_close(struct poller *p)
{
    if (!p || uv_is_closing((uv_handle_t *)&p->poll))
        return;
    p->wanted = 0;
    uv_close((uv_handle_t *)&p->poll, poller_on_closed);
}
