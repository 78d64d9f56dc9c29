/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: the asks that wait for a free slot, fair between lines: each line in turn gives its
 * oldest ask, so a socket with a thousand channels does not hold up one with a single channel.
 *
 * And fair between addresses: the lines of those that have more questions than there are slots
 * take turns with all others, so the thousand sockets of one address hold up nobody else by more
 * than half.  And no address has all slots at once: one of eight, and one at least if there are
 * two, is left to others, so that an application which hangs for one address answers the next.
 */
#ifndef CHANNELS_AUTH_QUEUE_H
#define CHANNELS_AUTH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct auth_line;

/* A line is in one of the lists exactly while an ask waits in it: in that which it was for when it
 * came, or gave an ask. */
struct auth_queue {
    struct list few, many; /* next one first */
    bool many_next;        /* while there are lines in both */
};

void auth_queue_init(struct auth_queue *q);
bool auth_queue_empty(const struct auth_queue *q);
/* To the end of its line. */
void auth_queue_add(struct auth_queue *q, struct auth_line *line, struct list *ask, size_t slots);
/*
 * The ask whose turn it is, out of its line; NULL: none waits.  A line with share requests under
 * way, or more, is passed over, and is the next one when it has fewer.
 */
struct list *auth_queue_take(struct auth_queue *q, unsigned share, size_t slots);
/* An ask that waits does so no longer. */
void auth_queue_remove(struct auth_line *line, struct list *ask);

#endif
