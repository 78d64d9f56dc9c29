/* SPDX-License-Identifier: MIT */
/*
 * acks: answers to clients that asked for one: [{"ok":true}] once what was asked for is effective
 * on the whole node, [{"ok":false,"status":403}] when it was refused.  An id of SIO_NO_ACK is a
 * client that did not ask: nothing happens.
 */
#ifndef CHANNELS_ACKS_H
#define CHANNELS_ACKS_H

#include <stdint.h>

struct subscriber;
struct list;

/* Yes, once the hub has handled all that was posted to it before. */
void acks_confirm(struct subscriber *c, int64_t id);
/* No, at once. */
void acks_refuse(struct subscriber *c, int64_t id, unsigned status);

/* Not decided yet: wait in this list. */
void acks_wait(struct subscriber *c, struct list *waiting, int64_t id);
void acks_confirm_all(struct subscriber *c, struct list *waiting);
void acks_refuse_all(struct subscriber *c, struct list *waiting, unsigned status);

/* The client is gone: forget those that wait in this list, or for the hub (c->acks). */
void acks_forget(struct subscriber *c, struct list *waiting);

#endif
