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
 *   T:version    the version of the last change; missing while the channel has no entries
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
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct redis_link;
struct redis_value;
struct replica_item;
struct scripts;

enum scripts_name {
    SCRIPTS_ENTER,   /* entries, version | changes, conn, user, member */
    SCRIPTS_LEAVE,   /* entries, version, M | changes, "1" to delete M with the last, conn */
    SCRIPTS_REAP,    /* as LEAVE, but "<node>/": every connection of a node */
    SCRIPTS_LIST,    /* entries, version: [version, [conn, fields, ...]] */
    SCRIPTS_MEMBERS, /* entries, M | "1" to write M, name to publish at or "", quoted key */
    SCRIPTS_BEAT,    /* nodes | node, lease: [1 when it was known, [expired], [alive]] */
    SCRIPTS_RETIRE,  /* nodes | node, grace: [] when others stay, else [every node] */
    SCRIPTS_COUNT
};

struct scripts_options {
    struct redis_link *link; /* for commands */
    struct str prefix;       /* must outlive the scripts */
    bool members_key;        /* M is written and deleted, for applications */
    bool publish_members;    /* PresenceChannelUpdated is published */
    /* Redis forgot the scripts; they are being loaded again, and calls since were lost. */
    void (*on_missing)(void *owner);
    void *owner;
};

struct scripts *scripts_new(const struct scripts_options *o);
void scripts_free(struct scripts *s);
/* The link became ready: nothing is loaded there yet. */
void scripts_load(struct scripts *s);
/* Whether the reply is an answer; the log says what is wrong with one that is not. */
bool scripts_check(struct scripts *s, const struct redis_value *reply);

/* ---- calls; false: the link is not ready, and nothing was sent ---- */

/* Where the reply goes; on_reply NULL: it is only checked. */
struct scripts_reply {
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

MUST_USE bool scripts_enter(struct scripts *s, struct str channel, const struct replica_item *item);
MUST_USE bool scripts_leave(struct scripts *s, struct str channel, struct str conn);
/* Remove every connection of node. */
MUST_USE bool scripts_reap(
    struct scripts *s, struct str channel, struct str node, struct scripts_reply to);
MUST_USE bool scripts_list(struct scripts *s, struct str channel, struct scripts_reply to);
/* Bring M up to date, if it is written at all; a call that is lost is made up for by the next. */
void scripts_write_members(struct scripts *s, struct str channel);
/* Publish PresenceChannelUpdated with the members, if that is wanted. */
void scripts_publish_members(struct scripts *s, struct str channel);
/* BEAT or RETIRE: the lease of node ends in ms; the next beat makes up for one that is lost. */
bool scripts_lease(struct scripts *s, enum scripts_name name, struct str node, uint64_t ms,
    struct scripts_reply to);

/* ---- keys, appended ---- */

void scripts_key_nodes(const struct scripts *s, struct buffer *out);
void scripts_key_node(const struct scripts *s, struct str node, struct buffer *out);

#endif
