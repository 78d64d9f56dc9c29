/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: the asks that wait for a free slot, fair between lines: each line in turn gives its
 * oldest ask, so a socket with a thousand channels does not hold up one with a single channel.
 */
#ifndef CHANNELS_AUTH_QUEUE_H
#define CHANNELS_AUTH_QUEUE_H

#include "base/list.h"

struct auth_line;

/* A line is in lines exactly while an ask waits in it. */
struct auth_queue {
    struct list lines; /* next one first */
};

void auth_queue_init(struct auth_queue *q);
/* To the end of its line. */
void auth_queue_add(struct auth_queue *q, struct auth_line *line, struct list *ask);
/*
 * The ask whose turn it is, out of its line; NULL: none waits.  A line with share requests under
 * way, or more, is passed over, and is the next one when it has fewer.
 */
struct list *auth_queue_take(struct auth_queue *q, unsigned share);
/* An ask that waits does so no longer. */
void auth_queue_remove(struct auth_line *line, struct list *ask);

#endif
