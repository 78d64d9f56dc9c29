/* SPDX-License-Identifier: MIT */
/*
 * targets: which running server a command means.
 *
 * The one of the configuration that was named.  Without --config: the one of the default
 * configuration; else the only one that belongs to the folder, because its lock lies there or
 * because it runs at the port, and under the file name, of a configuration there.  The latter is
 * how a server is found from a new release folder.
 */
#ifndef INSTANCE_TARGETS_H
#define INSTANCE_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "instance/place.h"
#include "instance/running.h"

struct config;

struct target {
    struct place place;
    struct config *config; /* of the place, or the defaults; whatever is wrong with it */
    struct running_place where;
};

enum { TARGETS_MAX = 32 };

struct targets {
    struct target items[TARGETS_MAX]; /* first the one that was named, or the default */
    size_t count;
};

/* What a command names of the place; NULL: nothing. */
struct targets_named {
    const char *dir, *config, *port;
};

/* than: only servers that are not younger; NULL: any. */
void targets_init(
    struct targets *t, const struct targets_named *named, const struct process_birth *than);
void targets_fini(struct targets *t);
/* Forget all but this one. */
void targets_keep(struct targets *t, size_t index);

enum targets_choice {
    TARGETS_NONE,    /* nothing runs */
    TARGETS_ONE,     /* items[*index], as *found */
    TARGETS_SEVERAL, /* said which; --config would tell */
};

MUST_USE enum targets_choice targets_choose(
    const struct targets *t, size_t *index, struct running *found);

#endif
