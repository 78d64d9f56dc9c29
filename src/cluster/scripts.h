/* SPDX-License-Identifier: MIT */
/*
 * scripts: what this project runs inside Redis, in Lua: loaded once on each connection, called by
 * digest.  Members and users are opaque bytes to them (fields.h): cjson would turn an empty
 * array into an object.
 *
 * Keys.  M is "<prefix><channel>:members", the key that laravel-echo-server wrote; T is "{M}", so
 * that all of one channel share a Redis Cluster slot, or M itself when it has a tag already.
 *
 *   T:entries    hash: conn -> fields(seq, user, member)
 *   T:version    the version of the last change; missing in a room that nobody is in
 *   M            string: JSON array of members, oldest first
 *   <prefix>echo-server:nodes        sorted set: node -> end of its lease, ms; "~node": it stopped
 *   <prefix>echo-server:node:<node>  set: channels with entries of the node
 *
 * Each change is published at <prefix>echo-server:presence:<channel>, by the script that makes it:
 * fields("1", version, version before or "0", "+" or "-", conn[, user, member]).
 */
#ifndef CLUSTER_SCRIPTS_H
#define CLUSTER_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct redis_link;
struct redis_value;
struct scripts;

enum scripts_name {
    SCRIPTS_ENTER,   /* entries, version | name, conn, user, member */
    SCRIPTS_LEAVE,   /* entries, version, M | name, "1" to delete M with the last, conn */
    SCRIPTS_REAP,    /* as LEAVE, but "<node>/": every connection of a node */
    SCRIPTS_LIST,    /* entries, version: [version, [conn, fields, ...]] */
    SCRIPTS_MEMBERS, /* entries, M | "1" to write M, name to publish at or "", quoted channel */
    SCRIPTS_BEAT,    /* nodes | node, lease: [1 when it was known, [expired], [alive]] */
    SCRIPTS_RETIRE,  /* nodes | node, grace: [] when others stay, else [every node] */
    SCRIPTS_COUNT
};

/* on_missing: Redis forgot the scripts; they are being loaded again, and calls since were lost. */
struct scripts *scripts_new(struct redis_link *link, void (*on_missing)(void *owner), void *owner);
void scripts_free(struct scripts *s);
/* The link became ready: nothing is loaded there yet. */
void scripts_load(struct scripts *s);

struct scripts_call {
    enum scripts_name name;
    const struct str *argv;                                         /* keys, then arguments */
    size_t keys, argc;                                              /* argc of both */
    void (*on_reply)(void *owner, const struct redis_value *reply); /* NULL: it is checked */
    void *owner;
};

/* False: the link is not ready. */
MUST_USE bool scripts_run(struct scripts *s, const struct scripts_call *c);
/* Whether the reply is an answer; what is wrong is said in the log. */
bool scripts_check(struct scripts *s, const struct redis_value *reply);

/* Append the name of a key, or of where changes are published. */
void scripts_key_members(struct str prefix, struct str channel, struct buffer *out);
void scripts_key_entries(struct str prefix, struct str channel, struct buffer *out);
void scripts_key_version(struct str prefix, struct str channel, struct buffer *out);
void scripts_key_changes(struct str prefix, struct str channel, struct buffer *out);
void scripts_key_nodes(struct str prefix, struct buffer *out);
void scripts_key_node(struct str prefix, struct str node, struct buffer *out);

#endif
