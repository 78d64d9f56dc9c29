/* SPDX-License-Identifier: MIT */
/*
 * room_calls: keys and arguments of the scripts that work on one channel.
 */
#include "room_calls.h"

#include "base/buffer.h"
#include "presence/replica.h"
#include "scripts.h"
#include "json/json_scan.h"

struct names {
    struct buffer entries, version, members, changes;
};

static void
names_init(struct names *n, const struct room_calls *c, struct str channel)
{
    *n = (struct names){ 0 };
    scripts_key_entries(c->prefix, channel, &n->entries);
    scripts_key_version(c->prefix, channel, &n->version);
    scripts_key_members(c->prefix, channel, &n->members);
    scripts_key_changes(c->prefix, channel, &n->changes);
}

static void
names_fini(struct names *n)
{
    buffer_fini(&n->entries);
    buffer_fini(&n->version);
    buffer_fini(&n->members);
    buffer_fini(&n->changes);
}

bool
room_calls_enter(const struct room_calls *c, struct str channel, const struct replica_item *item)
{
    struct names n;
    bool sent;

    names_init(&n, c, channel);
    sent = scripts_run(c->scripts,
        &(struct scripts_call){
            .name = SCRIPTS_ENTER,
            .argv = (const struct str[]){ buffer_str(&n.entries), buffer_str(&n.version),
                buffer_str(&n.changes), item->conn, item->user, item->member },
            .keys = 2,
            .argc = 6,
        });
    names_fini(&n);
    return sent;
}

static bool
remove_conns(const struct room_calls *c, enum scripts_name name, struct str which,
    const struct room_calls_reap *r)
{
    struct names n;
    bool sent;

    names_init(&n, c, r->channel);
    sent = scripts_run(
        c->scripts, &(struct scripts_call){
                        .name = name,
                        .argv = (const struct str[]){ buffer_str(&n.entries),
                            buffer_str(&n.version), buffer_str(&n.members), buffer_str(&n.changes),
                            str_of(c->members_key ? "1" : "0"), which },
                        .keys = 3,
                        .argc = 6,
                        .on_reply = r->on_reply,
                        .owner = r->owner,
                    });
    names_fini(&n);
    return sent;
}

bool
room_calls_leave(const struct room_calls *c, struct str channel, struct str conn)
{
    return remove_conns(c, SCRIPTS_LEAVE, conn, &(struct room_calls_reap){ .channel = channel });
}

bool
room_calls_reap(const struct room_calls *c, const struct room_calls_reap *r)
{
    struct buffer conns = { 0 };
    bool sent;

    buffer_append_str(&conns, r->node);
    buffer_append_char(&conns, '/');
    sent = remove_conns(c, SCRIPTS_REAP, buffer_str(&conns), r);
    buffer_fini(&conns);
    return sent;
}

bool
room_calls_list(const struct room_calls *c, struct str channel,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    struct names n;
    bool sent;

    names_init(&n, c, channel);
    sent = scripts_run(c->scripts,
        &(struct scripts_call){
            .name = SCRIPTS_LIST,
            .argv = (const struct str[]){ buffer_str(&n.entries), buffer_str(&n.version) },
            .keys = 2,
            .argc = 2,
            .on_reply = on_reply,
            .owner = owner,
        });
    names_fini(&n);
    return sent;
}

/* The key as the application knows it, without the prefix. */
static void
quote_key(struct str channel, struct buffer *out)
{
    struct buffer key = { 0 };

    scripts_key_members(str_slice("", 0), channel, &key);
    json_scan_quote(buffer_str(&key), out);
    buffer_fini(&key);
}

static bool
members(const struct room_calls *c, struct str channel, const char *write, const char *publish_at)
{
    struct buffer quoted = { 0 };
    struct names n;
    bool sent;

    names_init(&n, c, channel);
    quote_key(channel, &quoted);
    sent = scripts_run(c->scripts,
        &(struct scripts_call){
            .name = SCRIPTS_MEMBERS,
            .argv = (const struct str[]){ buffer_str(&n.entries), buffer_str(&n.members),
                str_of(write), str_of(publish_at), buffer_str(&quoted) },
            .keys = 2,
            .argc = 5,
        });
    names_fini(&n);
    buffer_fini(&quoted);
    return sent;
}

bool
room_calls_write_members(const struct room_calls *c, struct str channel)
{
    return members(c, channel, "1", "");
}

/* As in the reference the channel has no prefix. */
bool
room_calls_publish_members(const struct room_calls *c, struct str channel)
{
    return members(c, channel, "0", "PresenceChannelUpdated");
}
