/* SPDX-License-Identifier: MIT */
/*
 * outbox: the hub's end of every worker's mailbox, and what happens when one is past its limit: the
 * hub's sources are held, the workers stop reading from clients that post, and answers to
 * publishers wait, until every mailbox is below its limit again.  The hub's thread only.
 */
#ifndef HUB_OUTBOX_H
#define HUB_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

struct bytes;
struct hub_message;
struct loop;
struct mailbox;
struct outbox;
struct registry_channel;

struct outbox_handlers {
    /* The first worker fell behind. */
    void (*on_hold)(void *owner);
    /* The last one caught up. */
    void (*on_release)(void *owner);
};

struct outbox *outbox_new(
    struct loop *l, unsigned workers, const struct outbox_handlers *h, void *owner);
/* Drops the answers that wait. */
void outbox_free(struct outbox *o);
/* Before the threads run; back is the mailbox that BELOW messages come to. */
void outbox_add(struct outbox *o, unsigned worker, struct mailbox *box, struct mailbox *back);

/* At the end of this turn of the loop, in one batch with what else the worker gets. */
void outbox_post(struct outbox *o, unsigned worker, struct hub_message *m);
/*
 * An event to the workers that have listeners of c; except NULL: to all of them.  Events of one
 * channel that follow each other travel as one text, with EIO_SEPARATOR between them: each
 * socket then takes a burst as one piece.
 */
void outbox_broadcast(
    struct outbox *o, const struct registry_channel *c, struct bytes *text, struct bytes *except);
/* The answer to a publisher, once no worker is behind. */
void outbox_answer(struct outbox *o, unsigned worker, uint32_t token);
/* Whether some worker is behind. */
bool outbox_full(const struct outbox *o);
/* A BELOW message of this worker came. */
void outbox_below(struct outbox *o, unsigned worker);

#endif
