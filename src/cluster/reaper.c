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
    struct reaper_options options;
    void (*on_idle)(void *owner);
    void *owner;
    struct list burials;
};

/* One node's; owned by the reaper. */
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
reaper_new(const struct reaper_options *o, void (*on_idle)(void *owner), void *owner)
{
    struct reaper *r = mem_zalloc(sizeof(*r));

    r->options = *o;
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
set_key(const struct burial *b, struct buffer *out)
{
    scripts_key_node(b->reaper->options.calls.prefix, bytes_str(b->name), out);
}

static void
end(struct burial *b)
{
    struct reaper *r = b->reaper;

    burial_free(b);
    if (reaper_idle(r))
        r->on_idle(r->owner);
}

/* Lost or refused: the next burial does it again. */
static void
on_forgotten(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;

    (void)scripts_check(b->reaper->options.calls.scripts, reply); /* it has said what is wrong */
    if (--b->pending == 0)
        end(b);
}

static void
forget(struct burial *b, const struct str *argv, size_t argc)
{
    if (redis_link_command(b->reaper->options.link, argv, argc, on_forgotten, b))
        b->pending++;
}

/* Asked before the reaping and behind it: meanwhile this node may have got a member. */
static bool
is_claimed(const struct burial *b, struct str channel)
{
    return b->claims && b->claims(b->owner, channel);
}

static void
forget_channels(struct burial *b)
{
    struct str *argv = mem_alloc((b->count + 2) * sizeof(*argv));
    struct buffer key = { 0 };
    size_t argc = 2;

    set_key(b, &key);
    argv[0] = STR_LIT("SREM");
    argv[1] = buffer_str(&key);
    for (size_t i = 0; i < b->count; i++) {
        if (!is_claimed(b, bytes_str(b->channels[i])))
            argv[argc++] = bytes_str(b->channels[i]);
    }
    if (argc > 2)
        forget(b, argv, argc);
    buffer_fini(&key);
    free(argv);
}

static void
forget_lease(struct burial *b)
{
    struct buffer key = { 0 };

    scripts_key_nodes(b->reaper->options.calls.prefix, &key);
    forget(b, (const struct str[]){ STR_LIT("ZREM"), buffer_str(&key), bytes_str(b->lease) }, 3);
    buffer_fini(&key);
    log_notice("a node is gone node=%s channels=%zu", LOG_STR(bytes_str(b->name)), b->count);
}

/* All channels were reaped, or could not be. */
static void
finish(struct burial *b)
{
    ENSURE(b->pending == 0);
    if (!b->failed) {
        forget_channels(b);
        if (b->lease)
            forget_lease(b);
    }
    if (b->pending == 0)
        end(b);
}

static void
one_less(struct burial *b, bool good)
{
    b->failed |= !good;
    if (--b->pending == 0)
        finish(b);
}

static void
on_reaped(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;

    one_less(b, scripts_check(b->reaper->options.calls.scripts, reply));
}

static void
reap(struct burial *b, struct str channel)
{
    const struct reaper_options *o = &b->reaper->options;
    const struct room_calls_reap call = { channel, bytes_str(b->name), on_reaped, b };

    b->channels[b->count++] = bytes_new(channel.data, channel.len);
    b->pending++;
    if (!room_calls_reap(&o->calls, &call)) {
        one_less(b, false);
        return;
    }
    if (o->calls.members_key)
        (void)room_calls_write_members(&o->calls, channel); /* as good as the reaping */
    if (o->publish)
        (void)room_calls_publish_members(&o->calls, channel);
}

static void
on_channels(void *owner, const struct redis_value *reply)
{
    struct burial *b = owner;

    if (!scripts_check(b->reaper->options.calls.scripts, reply) || reply->kind != REDIS_ARRAY) {
        one_less(b, false);
        return;
    }
    b->channels = mem_resize(NULL, reply->count, sizeof(struct bytes *));
    for (size_t i = 0; i < reply->count; i++) {
        struct str channel = reply->items[i].text;

        if (!is_claimed(b, channel))
            reap(b, channel);
    }
    one_less(b, true);
}

static struct burial *
begin(struct reaper *r, struct str name)
{
    struct burial *b = mem_zalloc(sizeof(*b));

    b->reaper = r;
    b->name = bytes_new(name.data, name.len);
    list_append(&r->burials, &b->node);
    return b;
}

/* The answer itself is pending first, so nothing ends before it was looked through. */
static void
dig(struct burial *b)
{
    struct buffer key = { 0 };
    bool sent;

    set_key(b, &key);
    b->pending = 1;
    sent = redis_link_command(b->reaper->options.link,
        (const struct str[]){ STR_LIT("SMEMBERS"), buffer_str(&key) }, 2, on_channels, b);
    buffer_fini(&key);
    if (!sent)
        one_less(b, false);
}

static bool
is_under_way(const struct reaper *r, struct str name)
{
    for (const struct list *node = r->burials.next; node != &r->burials; node = node->next) {
        const struct burial *b = CONTAINER_OF(node, const struct burial, node);

        if (str_equal(bytes_str(b->name), name))
            return true;
    }
    return false;
}

void
reaper_bury(struct reaper *r, struct str lease)
{
    struct str name = lease;
    struct burial *b;

    if (str_starts(lease, "~"))
        name = str_slice(lease.data + 1, lease.len - 1);
    if (is_under_way(r, name))
        return;
    b = begin(r, name);
    b->lease = bytes_new(lease.data, lease.len);
    dig(b);
}

void
reaper_tidy(
    struct reaper *r, struct str node, bool (*claims)(void *owner, struct str channel), void *owner)
{
    struct burial *b;

    if (is_under_way(r, node))
        return;
    b = begin(r, node);
    b->claims = claims;
    b->owner = owner;
    dig(b);
}
