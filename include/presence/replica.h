/* SPDX-License-Identifier: MIT */
/*
 * replica: the members of one presence channel, as this node sees it: an entry for each connection,
 * in the order of arrival, and how many of them each user has.
 *
 * It says when a user's first entry came and the last one went; nothing else here makes events.  It
 * does not know whether Redis or this process keeps the truth.  The hub's thread only.
 */
#ifndef PRESENCE_REPLICA_H
#define PRESENCE_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buffer;
struct bytes;
struct replica;

/* One connection's entry; borrowed by every call. */
struct replica_item {
    struct str conn;    /* a name of this connection in the whole cluster */
    struct str user;    /* which user */
    struct str member;  /* raw JSON object */
    struct bytes *text; /* the same, to be referenced; NULL: member is copied */
    uint64_t seq;       /* later entries have larger ones; 0: after all that are here */
};

/* The user of member is here now (or not any more); member is that of the entry that decided. */
typedef void replica_on_user(void *owner, bool here, struct str member);

struct replica *replica_new(replica_on_user *on_user, void *owner);
void replica_free(struct replica *r);

/* A connection that is there already stays as it is. */
void replica_enter(struct replica *r, const struct replica_item *item);
/* Unknown connections are fine. */
void replica_leave(struct replica *r, struct str conn);
size_t replica_entries(const struct replica *r);
size_t replica_users(const struct replica *r);

/*
 * Put another truth in place: begin, name every entry of it (by see, or by keep when it is here
 * and to stay), end.  Users are compared before and after, so a user who exchanges one entry for
 * another never left.  What was not named is removed, unless keep_missing.
 */
void replica_begin(struct replica *r);
void replica_see(struct replica *r, const struct replica_item *item);
bool replica_keep(struct replica *r, struct str conn);
void replica_end(struct replica *r, bool keep_missing);

/* 42["presence:subscribed",channel,[member,...]]: newest first, one a user. */
struct bytes *replica_list(struct replica *r, struct str channel);
/* Append [{"id":...,"user_info":...},...]: oldest first, one a user. */
void replica_users_json(struct replica *r, struct buffer *out);

#endif
