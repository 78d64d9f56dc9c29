/* SPDX-License-Identifier: MIT */
/*
 * claim: this server's registration under its port, and what it says of itself there.  The main
 * thread only.
 */
#ifndef INSTANCE_CLAIM_H
#define INSTANCE_CLAIM_H

#include <stdint.h>

#include "base/attr.h"

struct buffer;
struct config;
struct claim;
struct loop;

/* What the configuration does not say. */
struct claim_source {
    const char *host; /* as registration_open() */
    unsigned port;
    uint64_t (*count_connections)(void *owner);
    void *owner;
};

/*
 * To be opened before the port is bound, so that whoever finds the port taken finds the claim as
 * well. NULL: the port is another server's of this user or of root.  A name that somebody else
 * holds is only a warning.
 */
MUST_USE struct claim *claim_open(struct loop *l, const struct config *c,
    const struct claim_source *source, struct buffer *error);
/* "starting", "ready" or "stopping"; a literal. */
void claim_set_state(struct claim *e, const char *state);
/* NULL is fine. */
void claim_close(struct claim *e);

#endif
