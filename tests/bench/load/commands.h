/* SPDX-License-Identifier: MIT */
/*
 * commands: what a load can be asked for, one line each: "burst count=5 size=20".
 *
 * One JSON object answers each.  commands.c has the list.
 */
#ifndef LOAD_COMMANDS_H
#define LOAD_COMMANDS_H

#include "crowd.h"
#include "publish.h"

struct commands {
    struct crowd crowd;
    struct publish publish;
    size_t channel; /* of the next event, in turn */
};

void commands_open(struct commands *c, const struct options *o);
/* False when it was the last. */
bool commands_run(struct commands *c, char *line);

#endif
