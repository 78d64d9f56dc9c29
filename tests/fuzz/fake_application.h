/* SPDX-License-Identifier: MIT */
/*
 * fake_application: what the server's connections lead to: each is one end of a pair of sockets,
 * and the entry plays the application at the other.  Included by one entry each; it defines the
 * functions of net's connector.
 */
#ifndef FUZZ_FAKE_APPLICATION_H
#define FUZZ_FAKE_APPLICATION_H

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/connector.h"
#include "stream_priv.h"

enum { FAKE_CONNECTIONS_MAX = 64 };

/* Asked for, and not answered yet. */
struct connector {
    struct list node;
    struct loop *loop;
    void (*on_done)(void *owner, struct stream *s, const char *error);
    void *owner;
};

static struct list fake_connectors = { &fake_connectors, &fake_connectors };
/* The application's ends, the oldest first. */
static int fake_connections[FAKE_CONNECTIONS_MAX];
static size_t fake_connection_count;

struct connector_secure *
connector_secure_ref(struct connector_secure *c)
{
    return c;
}

void
connector_secure_unref(struct connector_secure *c)
{
    (void)c;
}

struct connector *
connector_open(struct loop *l, const struct connector_target *target,
    void (*on_done)(void *owner, struct stream *s, const char *error), void *owner)
{
    struct connector *c = mem_zalloc(sizeof(*c));

    (void)target;
    c->loop = l;
    c->on_done = on_done;
    c->owner = owner;
    list_append(&fake_connectors, &c->node);
    return c;
}

void
connector_cancel(struct connector *c)
{
    if (!c)
        return;
    list_remove(&c->node);
    free(c);
}

static inline struct stream *
fake_application_pair(struct loop *l)
{
    int pair[2];

    ENSURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    fake_connections[fake_connection_count++] = pair[1];
    return stream_new(l, pair[0], NULL);
}

/* Each connection that is asked for is made, or refused. */
static inline void
fake_application_accept(bool refuse)
{
    while (!list_empty(&fake_connectors)) {
        struct connector c = *LIST_ENTRY(fake_connectors.next, struct connector, node);
        bool full = refuse || fake_connection_count == FAKE_CONNECTIONS_MAX;

        connector_cancel(LIST_ENTRY(fake_connectors.next, struct connector, node));
        if (full)
            c.on_done(c.owner, NULL, "connection refused");
        else
            c.on_done(c.owner, fake_application_pair(c.loop), NULL);
    }
}

static inline void
fake_application_close(size_t i)
{
    close(fake_connections[i]);
    fake_connection_count--;
    for (; i < fake_connection_count; i++)
        fake_connections[i] = fake_connections[i + 1];
}

/* What has come is read into out, as far as it has room.  False: the server has closed. */
static inline bool
fake_application_read(size_t i, char *out, size_t size, size_t *len)
{
    ssize_t got = 0;

    *len = 0;
    while (*len < size && (got = recv(fake_connections[i], out + *len, size - *len, 0)) > 0)
        *len += (size_t)got;
    return *len == size || (got < 0 && errno == EAGAIN);
}

#endif
