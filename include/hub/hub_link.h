/* SPDX-License-Identifier: MIT */
/*
 * hub_link: a worker's end of the bridge to the hub.  Opened by the main thread before any thread
 * runs, then used on its worker's thread alone.
 */
#ifndef HUB_HUB_LINK_H
#define HUB_HUB_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "presence/presence.h"

struct bytes;
struct hub;
struct hub_link;
struct loop;

struct hub_link_handlers {
    /*
     * text ("42[...]") to every local socket in channel, but for the one whose id is except (len
     * 0: none).  Everything is borrowed; text may be referenced.
     */
    void (*on_broadcast)(void *owner, struct str channel, struct bytes *text, struct str except);
    /* hub_link_full() has become false: clients whose reading waited may go on.  May be NULL. */
    void (*on_drain)(void *owner);
};

struct hub_link *hub_link_open(struct loop *l, struct hub *h, unsigned worker);
/* The layer above; once, before the threads run. */
void hub_link_attach(struct hub_link *k, const struct hub_link_handlers *h, void *owner);
/* On the worker's thread: nothing is delivered any more; answers that are awaited are dropped. */
void hub_link_close(struct hub_link *k);
/* When all threads have ended. */
void hub_link_free(struct hub_link *k);

/*
 * A socket of this worker entered or left a channel.  Counted: one leave for each join.  name is
 * referenced.
 */
void hub_link_join(struct hub_link *k, struct bytes *name);
void hub_link_leave(struct hub_link *k, struct bytes *name);

/* An answer of the hub to one question; token is what the question returned. */
typedef void hub_link_answer(void *owner, uint32_t token);

/*
 * on_answer once the hub has handled everything that this worker posted before: a join asked for
 * is effective then.  Tokens are not 0.
 */
uint32_t hub_link_sync(struct hub_link *k, hub_link_answer *on_answer, void *owner);

/* An event from a client of the HTTP API. */
struct hub_event {
    const struct str *channels;
    size_t channel_count;
    struct str name;   /* plain text */
    struct str data;   /* raw JSON, validated */
    struct str socket; /* plain text; the id that does not receive it; len 0: none */
};

/*
 * Copied.  on_answer once the hub has it and no worker's mailbox is past its limit; never when the
 * link closes first.
 */
uint32_t hub_link_publish(
    struct hub_link *k, const struct hub_event *e, hub_link_answer *on_answer, void *owner);

/*
 * A client event: text ("42[...]") to every local socket of the channel on any worker but the
 * sender, whose id is except.  text is referenced; the order of one worker's posts is kept.
 */
void hub_link_whisper(
    struct hub_link *k, struct str channel, struct bytes *text, struct str except);

/*
 * Whether the hub, or a worker that it serves, is behind with its mailbox.  Posts are taken all the
 * same; anyone who posts on behalf of a client stops reading from it until on_drain.
 */
bool hub_link_full(const struct hub_link *k);

/*
 * text is 42["presence:subscribed","presence-x",[...]]: the members, newest first, one a user.
 * Borrowed; may be referenced.
 */
typedef void hub_link_list(void *owner, uint32_t token, struct bytes *text);

/*
 * Make a socket a member.  When on_list comes put it into its room and send it text, in this turn:
 * changes that are broadcast later are not in the list, those before it are.  m is copied.  The
 * membership ends with hub_link_depart(), also when on_list did not come yet.
 */
uint32_t hub_link_enter(
    struct hub_link *k, const struct presence_member *m, hub_link_list *on_list, void *owner);
/* The socket is not a member any more; unknown ids are fine. */
void hub_link_depart(struct hub_link *k, struct str channel, struct str id);
/* The list again, for a second subscribe. */
uint32_t hub_link_members(
    struct hub_link *k, struct str channel, hub_link_list *on_list, void *owner);

/* So many more sockets (or fewer) are connected to this worker. */
void hub_link_sockets(struct hub_link *k, int change);

enum hub_query {
    HUB_QUERY_STATUS,
    HUB_QUERY_CHANNELS,
    HUB_QUERY_CHANNEL,
    HUB_QUERY_USERS,
    HUB_QUERY_HEALTH
};

struct hub_question {
    enum hub_query kind;
    struct str name; /* CHANNELS: what names begin with; CHANNEL, USERS: the channel */
    bool cluster;    /* sockets of all nodes; else of this one.  Users are always those of all. */
};

/*
 * The answer: members of a JSON object, under the names of the HTTP API, without its braces, so
 * that the caller can put others beside them:
 *
 *   STATUS    "subscription_count":N
 *   CHANNELS  "channels":{NAME:{"subscription_count":N,"occupied":true},...}
 *   CHANNEL   "subscription_count":N,"occupied":BOOL, presence adds "user_count":N
 *   USERS     "users":[{"id":...,"user_info":...},...]
 *   HEALTH    "redis":STATE, one of "connected", "disconnected", "off" (no Redis is asked for)
 *
 * Borrowed; may be referenced.
 */
typedef void hub_link_json(void *owner, uint32_t token, struct bytes *json);

/* q is copied.  on_json comes within a second or so, whatever Redis and the other nodes do. */
uint32_t hub_link_ask(
    struct hub_link *k, const struct hub_question *q, hub_link_json *on_json, void *owner);

/* The answer to this token is not wanted any more; unknown tokens are fine. */
void hub_link_forget(struct hub_link *k, uint32_t token);

#endif
