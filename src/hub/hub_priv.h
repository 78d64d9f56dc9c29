/* SPDX-License-Identifier: MIT */
/*
 * hub_priv: what hub_link needs of the hub: the place to announce its mailbox, for the hub's.
 */
#ifndef HUB_HUB_PRIV_H
#define HUB_HUB_PRIV_H

#include <stddef.h>

struct hub;
struct mailbox;

/* Before the threads run.  Returns the hub's mailbox. */
struct mailbox *hub_add_link(struct hub *h, unsigned worker, struct mailbox *box);
size_t hub_mailbox_bytes(const struct hub *h);

#endif
