/* SPDX-License-Identifier: MIT */
/*
 * redis_sentinel: asks one sentinel after another who the master is, until one knows.  Belongs to
 * one loop.
 */
#ifndef REDIS_REDIS_SENTINEL_H
#define REDIS_REDIS_SENTINEL_H

struct loop;
struct redis_sentinel;
struct redis_settings;

struct redis_sentinel_handlers {
    /* The last event; host is borrowed.  Never from within redis_sentinel_open(). */
    void (*on_master)(void *owner, const char *host, unsigned port);
    /* The last event: no sentinel knew; reason is one sentence. */
    void (*on_failed)(void *owner, const char *reason);
};

/* s, which names sentinels, must outlive it. */
struct redis_sentinel *redis_sentinel_open(
    struct loop *l, struct redis_settings *s, const struct redis_sentinel_handlers *h, void *owner);
/* No more events; due after the last event, too. */
void redis_sentinel_close(struct redis_sentinel *n);

#endif
