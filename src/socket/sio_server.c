/* SPDX-License-Identifier: MIT */
/*
 * sio_server: the engine's owner: a socket for each session, and the map of those that are
 * connected.
 */
#include "socket/sio_server.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "sio_priv.h"

struct sio_server *
sio_server_open(struct loop *l, struct engine *e, const struct sio_limits *limits)
{
    static const struct engine_handlers handlers = {
        .on_open = sio_socket_on_open,
        .on_message = sio_intake_on_message,
        .on_close = sio_socket_on_close,
        .weight = sio_socket_weight,
    };
    struct sio_server *v = mem_zalloc(sizeof(*v));

    v->loop = l;
    v->engine = e;
    v->limits = *limits;
    engine_attach(e, &handlers, v);
    return v;
}

void
sio_server_attach(struct sio_server *v, const struct sio_handlers *h, void *owner)
{
    v->handlers = h;
    v->owner = owner;
}

void
sio_server_set_limits(struct sio_server *v, const struct sio_limits *limits)
{
    v->limits = *limits;
}

void
sio_server_close(struct sio_server *v)
{
    if (!v)
        return;
    ENSURE(v->connected.count == 0 && v->disguised.count == 0);
    map_fini(&v->connected);
    map_fini(&v->disguised);
    buffer_fini(&v->scratch);
    free(v);
}

struct sio_socket *
sio_server_find(const struct sio_server *v, struct str id)
{
    struct sio_socket *s = map_get(&v->connected, id);

    return s ? s : map_get(&v->disguised, id);
}

size_t
sio_server_count(const struct sio_server *v)
{
    return v->connected.count;
}
