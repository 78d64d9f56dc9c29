/* SPDX-License-Identifier: MIT */
/*
 * redis_link: the way to Redis, which comes back by itself: back-off with jitter from 100 ms to
 * 2 s, forever.  Only the link knows whether there is one server, one that sentinels name, or
 * a cluster.  Belongs to one loop; nothing blocks, names included.
 *
 * A link either carries commands or subscribes: with RESP2 a subscribed connection takes nothing
 * else.  In a cluster one that subscribes is content with any node; one for commands has a
 * connection to every master, and each command goes to the owner of its key.
 */
#ifndef REDIS_REDIS_LINK_H
#define REDIS_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct connector_secure;
struct loop;
struct redis_link;

struct redis_node {
    const char *host; /* name or address */
    unsigned port;
};

/* Texts that are empty are none. */
struct redis_options {
    const char *host; /* a server, or any node of a cluster; NULL: those of cluster alone */
    unsigned port;
    const char *path;                 /* of a Unix socket, instead of host and port */
    const struct redis_node *cluster; /* further nodes of the cluster, to begin with */
    size_t cluster_count;

    const char *username; /* NULL: the default user */
    const char *password; /* NULL: none */
    unsigned db;
    unsigned connect_timeout_ms;
    struct connector_secure *tls; /* NULL: plain; a link takes its own reference */
    const char *server_name;      /* that certificates must be for; NULL: the host */

    const struct redis_node *sentinels; /* instead of all servers above; count 0: none */
    size_t sentinel_count;
    const char *master; /* what the sentinels call it */
    const char *sentinel_username, *sentinel_password;
    bool sentinel_tls; /* they speak TLS too, with the same context */
};

struct redis_link_handlers {
    /* Connected and authenticated (again): subscribe, load scripts.  May be NULL. */
    void (*on_ready)(void *owner);
    /* Was ready and is not any more, or an attempt failed; reason is one sentence.  Called once
     * for each change of state or of reason, not for each attempt.  May be NULL. */
    void (*on_down)(void *owner, const char *reason);
    /* A message of a pattern subscribed to; borrowed.  A link without it is for commands. */
    void (*on_message)(void *owner, struct str channel, struct str payload);
    /* redis_link_psubscribe() took effect. */
    void (*on_subscribed)(void *owner);
};

/* o is copied.  Connects at once, in the background. */
struct redis_link *redis_link_open(struct loop *l, const struct redis_options *o,
    const struct redis_link_handlers *h, void *owner);
/* Handlers are not called any more; replies that are pending neither.  Commands that were sent
 * before are written first, as far as the kernel takes them at once. */
void redis_link_close(struct redis_link *r);
bool redis_link_ready(const struct redis_link *r);
/* The server that it is connected to, "10.0.0.1:6379" or a path; "" when there is none, or many. */
const char *redis_link_where(const struct redis_link *r);
/* Drop the connection and make a new one, with the usual back-off: for an owner that found it dead.
 * on_down follows in a later turn when the link was ready, with this reason (copied). */
void redis_link_restart(struct redis_link *r, const char *reason);
/*
 * Stop and resume reading from the connection: what the server sends waits in the kernel.  Not
 * nested; survives a reconnect.  Messages already read may still come.
 */
void redis_link_pause(struct redis_link *r);
void redis_link_resume(struct redis_link *r);

/* Subscribe; valid until the connection is lost: do it in on_ready. */
void redis_link_psubscribe(struct redis_link *r, struct str pattern);

enum redis_kind { REDIS_NIL, REDIS_STATUS, REDIS_ERROR, REDIS_INTEGER, REDIS_STRING, REDIS_ARRAY };

/* A reply, borrowed for the call. */
struct redis_value {
    enum redis_kind kind;
    long long integer;
    struct str text;                 /* STATUS, ERROR, STRING */
    const struct redis_value *items; /* ARRAY */
    size_t count;
};

/*
 * Send a command; its second word is the key, or of EVALSHA the fourth; SCRIPT goes to every node
 * of a cluster, and the reply is that of one.  on_reply comes once: with NULL when the connection
 * was lost first (the command may or may not have run).  False when the link is not ready: nothing
 * was sent.  on_reply may be NULL.
 */
MUST_USE bool redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);

/* Append name with glob characters escaped, for PSUBSCRIBE. */
struct buffer;
void redis_link_escape_pattern(struct str name, struct buffer *out);

#endif
