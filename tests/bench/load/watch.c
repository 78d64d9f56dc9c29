/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "die.h"

enum { BATCH = 1024 };

int
watch_open(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll_create1: %s", strerror(errno));
    return epoll;
}

static void
control(int epoll, int operation, int fd, const struct watch *w, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = (void *)(uintptr_t)w };
    if (epoll_ctl(epoll, operation, fd, &event) != 0)
        die("epoll_ctl: %s", strerror(errno));
}

void
watch_add(int epoll, int fd, struct watch *w, uint32_t events)
{
    control(epoll, EPOLL_CTL_ADD, fd, w, events);
}

void
watch_change(int epoll, int fd, struct watch *w, uint32_t events)
{
    control(epoll, EPOLL_CTL_MOD, fd, w, events);
}

void
watch_remove(int epoll, int fd)
{
    if (epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) != 0)
        die("epoll_ctl: %s", strerror(errno));
}

int
watch_turn(int epoll, int64_t timeout_us)
{
    struct epoll_event events[BATCH];
    struct timespec timeout = { .tv_sec = timeout_us / 1000000,
        .tv_nsec = timeout_us % 1000000 * 1000 };

    int count = epoll_pwait2(epoll, events, BATCH, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        struct watch *w = events[i].data.ptr;
        w->on_ready(w->owner, events[i].events);
    }
    return count > 0 ? count : 0;
}
