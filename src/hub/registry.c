/* SPDX-License-Identifier: MIT */
/*
 * registry: the channels of this node and their counts by worker, in one hash map, since each event
 * that Redis brings costs one look-up here.
 */
#include "registry.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"

/* Each channel in the map has listeners, which are the sum of of_worker; its sockets are some or
 * all of them. */
struct registry {
    struct map channels; /* name -> struct registry_channel, which owns it */
    unsigned workers;
};

struct registry *
registry_new(unsigned workers)
{
    struct registry *r = mem_zalloc(sizeof(*r));

    r->workers = workers;
    return r;
}

static void
channel_free(struct registry_channel *c)
{
    bytes_unref(c->name);
    free(c);
}

void
registry_free(struct registry *r)
{
    struct registry_channel *c;

    if (!r)
        return;
    for (size_t i = 0; (c = map_next(&r->channels, &i));)
        channel_free(c);
    map_fini(&r->channels);
    free(r);
}

static struct registry_channel *
registry_add(struct registry *r, struct bytes *name, unsigned worker)
{
    struct registry_channel *c = map_get(&r->channels, bytes_str(name));

    ENSURE(worker < r->workers);
    if (!c) {
        c = mem_zalloc(sizeof(*c) + r->workers * sizeof(c->of_worker[0]));
        c->name = bytes_ref(name);
        map_put(&r->channels, bytes_str(c->name), c);
    }
    c->listeners++;
    c->of_worker[worker]++;
    ENSURE(c->of_worker[worker] <= c->listeners);
    return c;
}

bool
registry_join(struct registry *r, struct bytes *name, unsigned worker)
{
    struct registry_channel *c = registry_add(r, name, worker);

    c->sockets++;
    ENSURE(c->sockets <= c->listeners);
    return c->listeners == 1;
}

bool
registry_hold(struct registry *r, struct bytes *name, unsigned worker)
{
    return registry_add(r, name, worker)->listeners == 1;
}

static bool
registry_take_off(struct registry *r, struct registry_channel *c, unsigned worker)
{
    ENSURE(worker < r->workers && c->of_worker[worker] > 0);
    c->of_worker[worker]--;
    c->listeners--;
    ENSURE(c->sockets <= c->listeners && c->of_worker[worker] <= c->listeners);
    if (c->listeners > 0)
        return false;
    ENSURE(map_remove(&r->channels, bytes_str(c->name)) == c);
    channel_free(c);
    return true;
}

bool
registry_leave(struct registry *r, struct bytes *name, unsigned worker)
{
    struct registry_channel *c = map_get(&r->channels, bytes_str(name));

    ENSURE(c && c->sockets > 0);
    c->sockets--;
    return registry_take_off(r, c, worker);
}

bool
registry_release(struct registry *r, struct bytes *name, unsigned worker)
{
    struct registry_channel *c = map_get(&r->channels, bytes_str(name));

    ENSURE(c && c->listeners > c->sockets);
    return registry_take_off(r, c, worker);
}

const struct registry_channel *
registry_find(const struct registry *r, struct str name)
{
    return map_get(&r->channels, name);
}

const struct registry_channel *
registry_next(const struct registry *r, size_t *cursor)
{
    return map_next(&r->channels, cursor);
}

static bool
registry_has_name(const void *registry, struct str name)
{
    return registry_find(registry, name);
}

static bool
registry_next_name(const void *registry, size_t *cursor, struct str *name)
{
    const struct registry_channel *c = registry_next(registry, cursor);

    if (c)
        *name = bytes_str(c->name);
    return c;
}

struct cluster_channels
registry_as_channels(const struct registry *r)
{
    return (struct cluster_channels){ registry_has_name, registry_next_name, r };
}
