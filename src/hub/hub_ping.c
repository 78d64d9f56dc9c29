/* SPDX-License-Identifier: MIT */
/*
 * hub_ping: a message that the hub's thread answers before anything behind it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "hub/hub.h"
#include "hub_priv.h"
#include "net/mailbox.h"

struct ping {
    struct message base;
    void (*on_pong)(void *owner);
    void *owner;
};

static void
drop(struct message *m)
{
    free(m);
}

static void
deliver(void *hub, struct message *m)
{
    const struct ping p = *(struct ping *)m;

    (void)hub;
    drop(m);
    p.on_pong(p.owner);
}

void
hub_ping(struct hub *h, void (*on_pong)(void *owner), void *owner)
{
    static const struct message_kind kind = { "ping", deliver, drop };
    struct ping *p = mem_zalloc(sizeof(*p));

    p->base.kind = &kind;
    p->base.cost = sizeof(*p);
    p->on_pong = on_pong;
    p->owner = owner;
    (void)mailbox_post(hub_mailbox(h), &p->base); /* taken past the limit as well */
}
