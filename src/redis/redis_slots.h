/* SPDX-License-Identifier: MIT */
/*
 * redis_slots: which node of a Redis Cluster a key is on, by what CLUSTER SLOTS and redirections
 * say.  Pure.
 */
#ifndef REDIS_REDIS_SLOTS_H
#define REDIS_REDIS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "redis/redis_link.h"
#include "redis_settings.h"

enum { REDIS_SLOTS_COUNT = 16384 };

/* Embedded; all zero is empty. */
struct redis_slots {
    struct redis_settings_nodes masters;
    struct redis_settings_nodes nodes; /* replicas too */
    uint16_t owner[REDIS_SLOTS_COUNT]; /* index among the masters, from 1; 0: none */
};

/* Of a key: the CRC16 of its tag, or of all of it. */
unsigned redis_slots_of(struct str key);

/* v answers CLUSTER SLOTS; host is that of the server that said so, for nodes that do not know
 * their own.  False: it is not such an answer. */
MUST_USE bool redis_slots_read(
    struct redis_slots *s, const struct redis_value *v, const char *host);
void redis_slots_fini(struct redis_slots *s);
/* Whether each slot has an owner. */
bool redis_slots_complete(const struct redis_slots *s);

struct redis_slots_redirection {
    bool ask; /* this once; else the slot has moved */
    struct str host;
    unsigned port;
};

/* Whether error is a redirection. */
bool redis_slots_redirects(struct str error, struct redis_slots_redirection *out);

#endif
