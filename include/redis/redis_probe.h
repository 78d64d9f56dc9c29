/* SPDX-License-Identifier: MIT */
/*
 * redis_probe: whether a Redis can be used as the server uses it: one link for commands, one that
 * subscribes.  Answers once and tries nothing twice.  Belongs to one loop.
 */
#ifndef REDIS_REDIS_PROBE_H
#define REDIS_REDIS_PROBE_H

#include "base/str.h"

struct loop;
struct redis_options;
struct redis_probe;

/*
 * pattern is subscribed to; o and pattern are copied.  on_done is called once, never from within
 * redis_probe_open(): with NULL when all is well, else with one sentence.
 */
struct redis_probe *redis_probe_open(struct loop *l, const struct redis_options *o,
    struct str pattern, void (*on_done)(void *owner, const char *error), void *owner);
/* on_done is not called any more.  May be called from within it. */
void redis_probe_close(struct redis_probe *p);

#endif
