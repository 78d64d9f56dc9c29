/* SPDX-License-Identifier: MIT */
/*
 * upgrade: a session's way from polling to a WebSocket that the client opened beside it.
 */
#include "upgrade.h"

#include <stdlib.h>

#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "transport.h"

/* Owned by its session while PROBING. */
struct upgrade {
    struct eio_transport *candidate;
    struct timer limit;
    bool probed; /* the candidate asked and was answered */
};

static void
on_limit(void *owner)
{
    upgrade_cancel(owner);
}

bool
upgrade_possible(const struct eio_session *s)
{
    return s->state == SESSION_OPEN && eio_session_is_polling(s);
}

void
upgrade_begin(struct eio_session *s, struct eio_transport *candidate)
{
    struct upgrade *u = mem_zalloc(sizeof(*u));

    u->candidate = candidate;
    timer_init(&u->limit, on_limit, s);
    timer_start(s->engine->loop, &u->limit, s->engine->limits->upgrade_timeout_ms);
    s->upgrade = u;
    eio_session_enter(s, SESSION_PROBING);
    eio_session_mark(s); /* it is served now, poll or not */
}

void
upgrade_end(struct eio_session *s, struct eio_transport *loser)
{
    struct upgrade *u = s->upgrade;

    timer_stop(&u->limit);
    s->upgrade = NULL;
    free(u);
    eio_session_enter(s, SESSION_OPEN);
    eio_session_mark(s); /* it may be adrift now */
    loser->ops->close(loser, EIO_END_LOCAL);
}

void
upgrade_cancel(struct eio_session *s)
{
    upgrade_end(s, s->upgrade->candidate);
}

bool
upgrade_is_candidate(const struct eio_session *s, const struct eio_transport *t)
{
    return s->upgrade && s->upgrade->candidate == t;
}

bool
upgrade_probed(const struct eio_session *s)
{
    return s->upgrade && s->upgrade->probed;
}

/* What still waits for a poll goes first; nothing can come between. */
static void
switch_over(struct eio_session *s)
{
    struct eio_transport *old = s->active, *next = s->upgrade->candidate;

    if (!old->ops->hand_over(old, next)) {
        eio_session_end(s, EIO_END_SLOW);
        return;
    }
    eio_session_activate(s, next);
    upgrade_end(s, old);
}

static void
on_probe(struct eio_session *s)
{
    struct eio_transport *candidate = s->upgrade->candidate;

    if (!candidate->ops->send(candidate, s->engine->probe)) {
        upgrade_cancel(s);
        return;
    }
    s->upgrade->probed = true;
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
        upgrade_cancel(s);
}
