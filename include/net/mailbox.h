/* SPDX-License-Identifier: MIT */
/*
 * mailbox: the only bridge between threads: typed messages, moved and not shared.
 *
 * A layer defines its messages as structs that begin with `struct message`, a kind each, and opens
 * a mailbox on each loop that receives them.  The receiver detaches the waiting batch under the
 * lock and handles it outside; a batch costs at most one wake-up, and none on the receiver's own
 * thread, where it is handled at the end of the turn.  What is still inside when the mailbox closes
 * is dropped by its kind, so a stopping thread loses nothing it owned.
 */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct loop;
struct mailbox;
struct message;

struct message_kind {
    const char *name;
    /* On the receiver's thread; owns m from here on. */
    void (*deliver)(void *owner, struct message *m);
    /* The mailbox closed first: free m. */
    void (*drop)(struct message *m);
};

struct message {
    struct message *next;
    const struct message_kind *kind;
    size_t cost; /* bytes that count against the mailbox's limit */
};

/* Messages of one thread that are to be posted together, in order; all zero is none. */
struct mailbox_chain {
    struct message *first, **last; /* the end of a chain that is not empty */
};

/* Takes m over. */
void mailbox_chain_add(struct mailbox_chain *c, struct message *m);
/* The first of them, linked by next, now the caller's; NULL: none.  The chain is empty then. */
struct message *mailbox_chain_take(struct mailbox_chain *c);
/* Instead: drop each by its kind. */
void mailbox_chain_drop(struct mailbox_chain *c);

/*
 * Deliver to owner on l's thread.  Call before the loop runs, or on its thread.  A mailbox past
 * limit_bytes still takes messages (what was accepted is not lost); mailbox_post() says so, and a
 * sender that can wait then waits.
 */
struct mailbox *mailbox_open(struct loop *l, size_t limit_bytes, void *owner);
/* The receiver's thread: drop what waits; later posts are dropped at once.  Memory is kept until
 * mailbox_free(), since other threads may still post. */
void mailbox_close(struct mailbox *b);
/* When no thread can post any more, and its loop has ended. */
void mailbox_free(struct mailbox *b);

/* Any thread; takes m over.  False: past the limit (m was taken all the same). */
bool mailbox_post(struct mailbox *b, struct message *m);
/* The same for a chain by next, in order: they are one batch, or part of one. */
bool mailbox_post_all(struct mailbox *b, struct message *first);
/*
 * Any thread: once b is below its limit, post m to back (at once when it is already).  So a sender
 * learns that it may go on.
 */
void mailbox_post_when_below(struct mailbox *b, struct mailbox *back, struct message *m);

#endif
