/* SPDX-License-Identifier: MIT */
/*
 * hub_priv: what hub_link needs of the hub: its mailbox, and the place to announce its own.
 */
#ifndef HUB_HUB_PRIV_H
#define HUB_HUB_PRIV_H

#include <stddef.h>

struct hub;
struct mailbox;

/* Before the threads run. */
void hub_add_link(struct hub *h, unsigned worker, struct mailbox *box);
struct mailbox *hub_mailbox(struct hub *h);
size_t hub_mailbox_bytes(const struct hub *h);

#endif
