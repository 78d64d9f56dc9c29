/* SPDX-License-Identifier: MIT */
/*
 * readiness: epoll, level-triggered, below libuv's own.
 */
#include "readiness_priv.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/ensure.h"

/* Those that are left over make the set ready once more. */
enum { BATCH = 512 };

static void
on_poll(uv_poll_t *handle, int status, int events)
{
    struct readiness *r = CONTAINER_OF(handle, struct readiness, poll);
    struct epoll_event ready[BATCH];
    int count = epoll_wait(r->set, ready, BATCH, 0);

    (void)status, (void)events; /* the set itself has no errors */
    for (int i = 0; i < count; i++) {
        uint32_t what = ready[i].events;
        bool failed = (what & (EPOLLERR | EPOLLHUP)) != 0;

        r->on_ready(ready[i].data.ptr, failed || (what & EPOLLIN), failed || (what & EPOLLOUT));
    }
}

void
readiness_init(struct readiness *r, uv_loop_t *uv)
{
    r->set = epoll_create1(EPOLL_CLOEXEC);
    r->members = 0;
    ENSURE(r->set >= 0);
    ENSURE(uv_poll_init(uv, &r->poll, r->set) == 0);
    ENSURE(uv_poll_start(&r->poll, UV_READABLE, on_poll) == 0);
    uv_unref((uv_handle_t *)&r->poll);
}

static void
on_closed(uv_handle_t *handle)
{
    close(CONTAINER_OF(handle, struct readiness, poll)->set);
}

void
readiness_close(struct readiness *r)
{
    ENSURE(r->members == 0);
    uv_close((uv_handle_t *)&r->poll, on_closed);
}

void
readiness_join(struct readiness *r)
{
    if (r->members++ == 0)
        uv_ref((uv_handle_t *)&r->poll);
}

void
readiness_leave(struct readiness *r)
{
    if (--r->members == 0)
        uv_unref((uv_handle_t *)&r->poll);
}

bool
readiness_watch(const struct readiness *r, int fd, unsigned before, unsigned wanted, void *member)
{
    struct epoll_event e = { .data.ptr = member };
    int change = before ? wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL : EPOLL_CTL_ADD;

    if (wanted == before)
        return true;
    e.events = ((wanted & READINESS_READ) ? (uint32_t)EPOLLIN : 0) |
               ((wanted & READINESS_WRITE) ? (uint32_t)EPOLLOUT : 0);
    return epoll_ctl(r->set, change, fd, &e) == 0;
}
