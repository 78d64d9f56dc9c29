/* SPDX-License-Identifier: MIT */
/*
 * reaper: read the node's set, reap each channel, and forget what was reaped.  Each step begins
 * when Redis has answered all of the one before, and the last one is awaited as well: the
 * connection of a hub that stops is closed with what it has not yet sent.
 *
 * Only what was reaped is taken from the set: a node that was taken for dead may be adding to it at
 * this moment.  When its lease is gone all the same, its next beat tells it to begin again.
 */
#include "reaper.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "redis/redis_link.h"
#include "scripts.h"

struct reaper {
    struct redis_link *commands;
    struct scripts *scripts;
    void (*on_idle)(void *owner);
    void *owner;
    struct list burials;
};

/*
 * One node's; owned by the reaper.  Invariant: one burial a node, and pending counts the replies
 * that are awaited, so it is 0 only while the next step is being begun.
 */
struct burial {
    struct list node;
    struct reaper *reaper;
    struct bytes *name;  /* the node */
    struct bytes *lease; /* NULL: it is our own, and lives */
    bool (*claims)(void *owner, struct str channel);
    void *owner;
    struct bytes **channels;
    size_t count, pending;
    bool failed;
};

struct reaper *
reaper_new(
    struct redis_link *commands, struct scripts *scripts, void (*on_idle)(void *owner), void *owner)
{
    struct reaper *r = mem_zalloc(sizeof(*r));

    r->commands = commands;
    r->scripts = scripts;
    r->on_idle = on_idle;
    r->owner = owner;
    list_init(&r->burials);
    return r;
}

static void
burial_free(struct burial *b)
{
    list_remove(&b->node);
    for (size_t i = 0; i < b->count; i++)
        bytes_unref(b->channels[i]);
    free(b->channels);
    bytes_unref(b->name);
    bytes_unref(b->lease);
    free(b);
}

void
reaper_free(struct reaper *r)
{
    if (!r)
        return;
    LIST_EACH(node, &r->burials)
        burial_free(LIST_ENTRY(node, struct burial, node));
    free(r);
}

bool
reaper_idle(const struct reaper *r)
{
    return list_empty(&r->burials);
}

static void
burial_end(struct burial *b)
{
    struct reaper *r = b->reaper;

    ENSURE(b->pending == 0);
    burial_free(b);
    if (reaper_idle(r))
        r->on_idle(r->owner);
}

/* Lost or refused: the next burial does it again. */
static void
burial_on_forgotten(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;

    ENSURE(b->pending > 0);
    (void)scripts_check(b->reaper->scripts, reply); /* the log has what is wrong */
    if (--b->pending == 0)
        burial_end(b);
}

static void
burial_forget(struct burial *b, const struct str *argv, size_t argc)
{
    if (redis_link_command(b->reaper->commands, argv, argc, burial_on_forgotten, b))
        b->pending++;
}

/* Asked before the reaping and after it: meanwhile this node may have got a member. */
static bool
burial_is_claimed(const struct burial *b, struct str channel)
{
    return b->claims && b->claims(b->owner, channel);
}

static void
burial_forget_channels(struct burial *b)
{
    struct str *argv = mem_alloc((b->count + 2) * sizeof(*argv));
    struct buffer key = { 0 };
    size_t argc = 2;

    scripts_key_node(b->reaper->scripts, bytes_str(b->name), &key);
    argv[0] = STR_LIT("SREM");
    argv[1] = buffer_str(&key);
    for (size_t i = 0; i < b->count; i++) {
        if (!burial_is_claimed(b, bytes_str(b->channels[i])))
            argv[argc++] = bytes_str(b->channels[i]);
    }
    ENSURE(argc <= b->count + 2);
    if (argc > 2)
        burial_forget(b, argv, argc);
    buffer_fini(&key);
    free(argv);
}

static void
burial_forget_lease(struct burial *b)
{
    struct buffer key = { 0 };

    scripts_key_nodes(b->reaper->scripts, &key);
    burial_forget(
        b, (const struct str[]){ STR_LIT("ZREM"), buffer_str(&key), bytes_str(b->lease) }, 3);
    buffer_fini(&key);
    log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST,
        "removed the members of a node that is gone node=%s channels=%zu",
        LOG_STR(bytes_str(b->name)), b->count);
}

/* One answer less to wait for; after the last one what was reaped is forgotten. */
static void
burial_answered(struct burial *b, bool good)
{
    ENSURE(b->pending > 0);
    b->failed |= !good;
    if (--b->pending > 0)
        return;
    if (!b->failed) {
        burial_forget_channels(b);
        if (b->lease)
            burial_forget_lease(b);
    }
    if (b->pending == 0)
        burial_end(b);
}

static void
burial_on_reaped(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;

    burial_answered(b, scripts_check(b->reaper->scripts, reply));
}

static void
burial_on_channels(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;
    struct scripts *scripts = b->reaper->scripts;

    ENSURE(b->pending == 1 && b->count == 0);
    if (!scripts_check(scripts, reply) || reply->kind != REDIS_ARRAY) {
        burial_answered(b, false);
        return;
    }
    b->channels = mem_resize(NULL, reply->count, sizeof(struct bytes *));
    for (size_t i = 0; i < reply->count; i++) {
        struct str channel = reply->items[i].text;

        if (burial_is_claimed(b, channel))
            continue;
        b->channels[b->count++] = bytes_new(channel.data, channel.len);
        if (!scripts_reap(scripts, channel, bytes_str(b->name),
                (struct scripts_reply){ burial_on_reaped, b })) {
            b->failed = true;
            break;
        }
        b->pending++;
        scripts_write_members(scripts, channel); /* as good as the reaping */
        scripts_publish_members(scripts, channel);
    }
    burial_answered(b, true);
}

/* NULL: one is under way. */
static struct burial *
burial_new(struct reaper *r, struct str name)
{
    struct burial *b;

    LIST_EACH(node, &r->burials) {
        if (str_equal(bytes_str(LIST_ENTRY(node, struct burial, node)->name), name))
            return NULL;
    }
    b = mem_zalloc(sizeof(*b));
    b->reaper = r;
    b->name = bytes_new(name.data, name.len);
    list_append(&r->burials, &b->node);
    return b;
}

/* The answer itself is pending first, so nothing ends before it was looked through. */
static void
burial_begin(struct burial *b)
{
    struct buffer key = { 0 };
    bool sent;

    scripts_key_node(b->reaper->scripts, bytes_str(b->name), &key);
    b->pending = 1;
    sent = redis_link_command(b->reaper->commands,
        (const struct str[]){ STR_LIT("SMEMBERS"), buffer_str(&key) }, 2, burial_on_channels, b);
    buffer_fini(&key);
    if (!sent)
        burial_answered(b, false);
}

void
reaper_bury(struct reaper *r, struct str lease)
{
    size_t mark = str_starts(lease, "~") ? 1 : 0;
    struct burial *b = burial_new(r, str_slice(lease.data + mark, lease.len - mark));

    if (!b)
        return;
    b->lease = bytes_new(lease.data, lease.len);
    burial_begin(b);
}

void
reaper_tidy(
    struct reaper *r, struct str node, bool (*claims)(void *owner, struct str channel), void *owner)
{
    struct burial *b = burial_new(r, node);

    if (!b)
        return;
    b->claims = claims;
    b->owner = owner;
    burial_begin(b);
}
