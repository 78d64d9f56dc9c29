/* SPDX-License-Identifier: MIT */
/*
 * entry: this server's registration under its port, and what it says of itself there.  The main
 * thread only.
 */
#ifndef SERVER_ENTRY_H
#define SERVER_ENTRY_H

#include <stdint.h>

#include "base/attr.h"

struct buffer;
struct config;
struct entry;
struct loop;

/* What the configuration does not say. */
struct entry_source {
    const char *host; /* as registration_open() */
    unsigned port;
    uint64_t (*count_connections)(void *owner);
    void *owner;
};

/*
 * To be opened before the port is bound, so that who finds the port taken finds the entry as well.
 * NULL: the port is another server's of this user or of root.  A name that somebody else holds is
 * only a warning.
 */
MUST_USE struct entry *entry_open(struct loop *l, const struct config *c,
    const struct entry_source *source, struct buffer *error);
/* "starting", "ready" or "stopping"; a literal. */
void entry_set_state(struct entry *e, const char *state);
/* NULL is fine. */
void entry_close(struct entry *e);

#endif
