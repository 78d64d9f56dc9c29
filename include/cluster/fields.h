/* SPDX-License-Identifier: MIT */
/*
 * fields: a list of byte strings in one, "<length>:<bytes>" each: what nodes say to each other, and
 * what an entry of a presence channel holds in Redis.  Members and texts travel as opaque bytes;
 * Lua makes and takes the form apart without knowing what is inside.  Pure.
 */
#ifndef CLUSTER_FIELDS_H
#define CLUSTER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

void fields_put(struct buffer *out, struct str field);
void fields_put_u64(struct buffer *out, uint64_t value);
/* Take the first one off *rest, borrowed; false: there is none, or it is cut off. */
MUST_USE bool fields_take(struct str *rest, struct str *field);
MUST_USE bool fields_take_u64(struct str *rest, uint64_t *value);

#endif
