/* SPDX-License-Identifier: MIT */
/*
 * watch: descriptors and who is told when they are ready: epoll, level-triggered.
 */
#ifndef LOAD_WATCH_H
#define LOAD_WATCH_H

#include <stdint.h>

/* Embedded in what owns the descriptor. */
struct watch {
    void (*on_ready)(void *owner, uint32_t events);
    void *owner;
};

int watch_open(void);
/* events: EPOLLIN and so on. */
void watch_add(int epoll, int fd, struct watch *w, uint32_t events);
void watch_change(int epoll, int fd, struct watch *w, uint32_t events);
void watch_remove(int epoll, int fd);
/* Waits at most timeout_us and serves what is ready; gives how many were. */
int watch_turn(int epoll, int64_t timeout_us);

#endif
