/* SPDX-License-Identifier: MIT */
/*
 * upgrade: a session's way from polling to a WebSocket that the client opened beside it.
 */
#include "upgrade.h"

#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "transport.h"

static void
cancel(struct eio_session *s)
{
    eio_session_leave_probing(s, s->probing->candidate);
}

static void
on_limit(void *owner)
{
    cancel(owner);
}

bool
upgrade_possible(const struct eio_session *s)
{
    return s->state == SESSION_OPEN && eio_session_is_polling(s);
}

void
upgrade_begin(struct eio_session *s, struct eio_transport *candidate)
{
    struct eio_probing *u = mem_zalloc(sizeof(*u));

    u->candidate = candidate;
    timer_init(&u->limit, on_limit, s);
    timer_start(s->engine->loop, &u->limit, s->engine->limits->upgrade_timeout_ms);
    s->probing = u;
    eio_session_enter(s, SESSION_PROBING);
    eio_session_mark(s); /* it is served now, poll or not */
}

bool
upgrade_is_candidate(const struct eio_session *s, const struct eio_transport *t)
{
    return s->probing && s->probing->candidate == t;
}

bool
upgrade_probed(const struct eio_session *s)
{
    return s->probing && s->probing->probed;
}

/* What still waits for a poll goes first; nothing can come between. */
static void
switch_over(struct eio_session *s)
{
    struct eio_transport *old = s->active, *next = s->probing->candidate;

    if (!old->ops->hand_over(old, next)) {
        eio_session_end(s, EIO_END_SLOW);
        return;
    }
    eio_session_activate(s, next);
    eio_session_leave_probing(s, old);
}

static void
on_probe(struct eio_session *s)
{
    struct eio_transport *candidate = s->probing->candidate;

    if (!candidate->ops->send(candidate, s->engine->probe)) {
        cancel(s);
        return;
    }
    s->probing->probed = true;
    eio_session_mark(s); /* the held poll is answered: the client waits for it before it moves */
}

void
upgrade_packet(struct eio_session *s, const struct eio_packet *p)
{
    if (p->type == EIO_UPGRADE)
        switch_over(s);
    else if (p->type == EIO_PING && str_is(p->data, "probe"))
        on_probe(s);
    else
        cancel(s);
}
