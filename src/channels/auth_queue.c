/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: round robin over the lines, and between the many and the few.
 */
#include "auth_queue.h"

#include <stddef.h>

#include "base/ensure.h"
#include "channels/auth.h"
#include "net/shares.h"

/* One slot of so many is spared for other addresses; and lines that one look passes over. */
enum { SPARED = 8, LOOKED_MAX = 64 };

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

/* An application that hangs for one address is still asked for another: the last slots are not for
 * one that has all the others. */
static bool
address_is_served(const struct auth_line *line, size_t slots)
{
    size_t spared = slots > 1 ? (slots + SPARED - 1) / SPARED : 0;

    return line->share && shares_held(line->share, SHARES_REQUESTS) + spared >= slots;
}

/*
 * Of those that are passed over, the lines with share requests under way are no more than there are
 * slots; and lines of an address that has its share go to the end, some each time.
 */
static struct auth_line *
next_line(struct list *lines, unsigned share, size_t slots)
{
    struct list *node = lines->next, *next;

    for (unsigned looked = 0; node != lines && looked < slots + LOOKED_MAX; looked++) {
        struct auth_line *line = LIST_ENTRY(node, struct auth_line, node);
        bool served = address_is_served(line, slots);

        if (line->in_flight < share && !served)
            return line;
        next = node->next;
        if (served) {
            list_remove(node);
            list_append(lines, node);
        }
        node = next;
    }
    return NULL;
}

static struct auth_line *
auth_queue_next_line(struct auth_queue *q, unsigned share, size_t slots)
{
    struct auth_line *few = next_line(&q->few, share, slots);
    struct auth_line *many = next_line(&q->many, share, slots);
    struct auth_line *next = many && (q->many_next || !few) ? many : few;

    if (few && many)
        q->many_next = !q->many_next;
    return next;
}

struct list *
auth_queue_take(struct auth_queue *q, unsigned share, size_t slots)
{
    struct auth_line *line = auth_queue_next_line(q, share, slots);
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
