/* SPDX-License-Identifier: MIT */
/*
 * worker_messages: what the main thread and other workers say to a worker.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "http/http_conn.h"
#include "net/mailbox.h"
#include "tls/tls_server.h"
#include "worker_priv.h"

/* A connection with a request's head, and what came behind it. */
enum { MOVE_COST = 16384 };

struct worker_message {
    struct message base;
    struct worker_content content;
};

/* The content is the handler's from here on. */
static struct worker_content
unwrap(struct message *m)
{
    struct worker_content c = ((struct worker_message *)m)->content;

    free(m);
    return c;
}

static void
drop(struct message *m)
{
    struct worker_content c = unwrap(m);

    http_parcel_drop(c.parcel);
    tls_server_unref(c.tls);
}

#define DELIVER(ENUM, name)                                                                        \
    static void deliver_##name(void *owner, struct message *m)                                     \
    {                                                                                              \
        struct worker_content c = unwrap(m);                                                       \
        worker_on_##name(owner, &c);                                                               \
    }
WORKER_MESSAGES(DELIVER)

#define KIND(ENUM, event)                                                                          \
    [WORKER_MESSAGE_##ENUM] = { .name = #event, .deliver = deliver_##event, .drop = drop },
static const struct message_kind kinds[WORKER_MESSAGE_TYPES] = { WORKER_MESSAGES(KIND) };

void
worker_messages_post(
    struct worker *w, enum worker_message_type type, const struct worker_content *c)
{
    struct worker_message *m = mem_zalloc(sizeof(*m));

    m->base.kind = &kinds[type];
    m->base.cost = c->parcel ? MOVE_COST : sizeof(*m);
    m->content = *c;
    /* Past the limit it was taken all the same, and a moved connection has nowhere else to go. */
    (void)mailbox_post(w->box, &m->base);
}
