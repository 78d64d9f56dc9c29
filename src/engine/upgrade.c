/* SPDX-License-Identifier: MIT */
/*
 * upgrade: a session's way from polling to a WebSocket that the client opened beside it.
 *
 * The candidate carries the handshake alone: "are you there?", then "move over".  Whatever goes
 * wrong with it, the session stays where it is.
 */
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"

static void
upgrade_cancel(struct eio_session *s)
{
    eio_session_leave_probing(s, s->probing->candidate);
}

static void
upgrade_on_limit(void *owner)
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
    struct eio_probing *u = mem_zalloc(sizeof(*u));

    u->candidate = candidate;
    timer_init(&u->limit, upgrade_on_limit, s);
    timer_start(s->engine->loop, &u->limit, s->engine->limits->upgrade_timeout_ms);
    s->probing = u;
    eio_session_enter(s, SESSION_PROBING);
    eio_session_mark(s); /* it is served now, poll or not */
}

void
upgrade_packet(struct eio_session *s, const struct eio_packet *p)
{
    struct eio_transport *old = s->active, *candidate = s->probing->candidate;

    ENSURE(s->state == SESSION_PROBING && old != candidate);
    if (p->type == EIO_UPGRADE) {
        /* What still waits for a poll goes first; nothing can come between. */
        if (!old->ops->hand_over(old, candidate)) {
            eio_session_end(s, EIO_END_SLOW);
        } else if (eio_session_live(s)) {
            eio_session_activate(s, candidate);
            eio_session_leave_probing(s, old);
        }
    } else if (p->type == EIO_PING && str_is(p->data, "probe") &&
               candidate->ops->send(candidate, s->engine->probe)) {
        s->probing->probed = true;
        eio_session_mark(s); /* answers the held poll: the client waits for that before it moves */
    } else {
        upgrade_cancel(s);
    }
}
