/* SPDX-License-Identifier: MIT */
/*
 * acks: the answers that wait, for the application or for the hub.
 */
#include "acks.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/list.h"
#include "base/mem.h"
#include "channels_priv.h"
#include "hub/hub_link.h"
#include "socket/sio_socket.h"
#include "wire/sio_packet.h"

/* Waiting at once for one client; past it the answer is no.  The hub's question goes with it. */
enum { ACKS_MAX = 1000, ACK_BYTES = 192 };

/* In one list, counted by its client's ack_count: without a token in one of its owner's, which the
 * application decides, with one in client->acks. */
struct ack {
    struct list node;
    struct subscriber *client;
    int64_t id;
    uint32_t token; /* the hub's; 0: it was not asked */
};

static void
ack_free(struct ack *a)
{
    ENSURE(a->client->ack_count > 0);
    list_remove(&a->node);
    a->client->ack_count--;
    subscriber_account(a->client, ACK_BYTES, 0);
    free(a);
}

void
acks_refuse(struct subscriber *c, int64_t id, unsigned status)
{
    struct buffer args = { 0 };

    if (id == SIO_NO_ACK)
        return;
    buffer_printf(&args, "{\"ok\":false,\"status\":%u}", status);
    sio_socket_ack(c->socket, id, buffer_str(&args));
    buffer_fini(&args);
}

void
acks_wait(struct subscriber *c, struct list *waiting, int64_t id)
{
    struct ack *a;

    if (id == SIO_NO_ACK)
        return;
    if (c->ack_count >= ACKS_MAX) {
        acks_refuse(c, id, 0);
        return;
    }
    a = mem_zalloc(sizeof(*a));
    a->client = c;
    a->id = id;
    list_append(waiting, &a->node);
    c->ack_count++;
    subscriber_account(c, 0, ACK_BYTES);
}

static void
ack_on_effective(void *owner, uint32_t token)
{
    struct ack *a = owner;
    struct sio_socket *socket = a->client->socket;
    int64_t id = a->id;

    ENSURE(token == a->token);
    ack_free(a);
    sio_socket_ack(socket, id, STR_LIT("{\"ok\":true}"));
}

void
acks_confirm_all(struct subscriber *c, struct list *waiting)
{
    LIST_EACH(node, waiting) {
        struct ack *a = LIST_ENTRY(node, struct ack, node);

        ENSURE(a->client == c && a->token == 0);
        list_remove(node);
        list_append(&c->acks, node);
        a->token = hub_link_sync(c->channels->hub, ack_on_effective, a);
    }
}

void
acks_confirm(struct subscriber *c, int64_t id)
{
    struct list one;

    list_init(&one);
    acks_wait(c, &one, id);
    acks_confirm_all(c, &one);
}

void
acks_refuse_all(struct subscriber *c, struct list *waiting, unsigned status)
{
    LIST_EACH(node, waiting) {
        struct ack *a = LIST_ENTRY(node, struct ack, node);

        ENSURE(a->client == c && a->token == 0);
        acks_refuse(c, a->id, status);
        ack_free(a);
    }
}

void
acks_forget(struct subscriber *c, struct list *waiting)
{
    LIST_EACH(node, waiting) {
        struct ack *a = LIST_ENTRY(node, struct ack, node);

        if (a->token != 0)
            hub_link_forget(c->channels->hub, a->token);
        ack_free(a);
    }
}
