/* SPDX-License-Identifier: MIT */
/*
 * description: what a running server says of itself to its user: one line of key=value.
 *
 *   version=1.0.0 state=ready started=1764040866 port=6001 host=* connections=12 config=/srv/e.json
 *
 * The last value goes to the end of the line.  A reader skips keys that it does not know.  Any
 * thread.
 */
#ifndef INSTANCE_DESCRIPTION_H
#define INSTANCE_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

/* Texts are borrowed. */
struct description {
    struct str version, state, host;
    struct str config; /* empty: the built-in configuration */
    uint64_t started;  /* seconds since 1970 */
    uint64_t port, connections;
};

void description_write(const struct description *d, struct buffer *line);
/* False: not such a line. */
MUST_USE bool description_parse(struct str line, struct description *d);

#endif
