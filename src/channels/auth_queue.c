/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: round robin over the lines.
 */
#include "auth_queue.h"

#include <stddef.h>

#include "base/ensure.h"
#include "channels/auth.h"

void
auth_queue_init(struct auth_queue *q)
{
    list_init(&q->lines);
}

void
auth_queue_add(struct auth_queue *q, struct auth_line *line, struct list *ask)
{
    if (list_empty(&line->waiting))
        list_append(&q->lines, &line->node);
    list_append(&line->waiting, ask);
}

/* Passes over no more lines than there are requests under way. */
static struct auth_line *
auth_queue_next_line(const struct auth_queue *q, unsigned share)
{
    LIST_EACH(node, &q->lines) {
        struct auth_line *line = LIST_ENTRY(node, struct auth_line, node);

        if (line->in_flight < share)
            return line;
    }
    return NULL;
}

struct list *
auth_queue_take(struct auth_queue *q, unsigned share)
{
    struct auth_line *line = auth_queue_next_line(q, share);
    struct list *ask;

    if (!line)
        return NULL;
    ENSURE(!list_empty(&line->waiting));
    ask = line->waiting.next;
    list_remove(ask);
    list_remove(&line->node);
    if (!list_empty(&line->waiting))
        list_append(&q->lines, &line->node);
    return ask;
}

void
auth_queue_remove(struct auth_line *line, struct list *ask)
{
    list_remove(ask);
    if (list_empty(&line->waiting))
        list_remove(&line->node);
}
