/* SPDX-License-Identifier: MIT */
/*
 * change: one change of a presence channel, as its script published it (scripts.h).  Pure.
 */
#ifndef HUB_CHANGE_H
#define HUB_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "presence/replica.h"

struct change {
    uint64_t version, before; /* before 0: the room was empty */
    bool enters;              /* else it leaves, and item has a conn only */
    struct replica_item item;
};

/* Borrows from payload.  False: another protocol, or damaged. */
MUST_USE bool change_parse(struct str payload, struct change *out);
/* A member is a JSON object; what another node wrote goes to browsers as it is. */
bool change_is_member(struct str text);

#endif
