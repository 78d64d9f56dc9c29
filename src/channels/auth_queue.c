/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: round robin over the lines, and between the many and the few.
 */
#include "auth_queue.h"

#include <stddef.h>

#include "base/ensure.h"
#include "channels/auth.h"
#include "net/shares.h"

void
auth_queue_init(struct auth_queue *q)
{
    list_init(&q->few);
    list_init(&q->many);
    q->many_next = false;
}

bool
auth_queue_empty(const struct auth_queue *q)
{
    return list_empty(&q->few) && list_empty(&q->many);
}

static void
auth_queue_append(struct auth_queue *q, struct auth_line *line, size_t slots)
{
    bool many = shares_held(line->share, SHARES_QUESTIONS) > slots;

    list_append(many ? &q->many : &q->few, &line->node);
}

void
auth_queue_add(struct auth_queue *q, struct auth_line *line, struct list *ask, size_t slots)
{
    if (list_empty(&line->waiting))
        auth_queue_append(q, line, slots);
    list_append(&line->waiting, ask);
}

/* Passes over no more lines than there are requests under way. */
static struct auth_line *
next_line(const struct list *lines, unsigned share)
{
    LIST_EACH(node, lines) {
        struct auth_line *line = LIST_ENTRY(node, struct auth_line, node);

        if (line->in_flight < share)
            return line;
    }
    return NULL;
}

static struct auth_line *
auth_queue_next_line(struct auth_queue *q, unsigned share)
{
    struct auth_line *few = next_line(&q->few, share), *many = next_line(&q->many, share);
    struct auth_line *next = many && (q->many_next || !few) ? many : few;

    if (few && many)
        q->many_next = !q->many_next;
    return next;
}

struct list *
auth_queue_take(struct auth_queue *q, unsigned share, size_t slots)
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
        auth_queue_append(q, line, slots);
    return ask;
}

void
auth_queue_remove(struct auth_line *line, struct list *ask)
{
    list_remove(ask);
    if (list_empty(&line->waiting))
        list_remove(&line->node);
}
