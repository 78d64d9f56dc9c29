/* SPDX-License-Identifier: MIT */
/*
 * adrift: a list in the order in which the sessions lost their last connection.
 *
 *   handshake answered --> adrift --poll, post, candidate--> served
 *                           |  ^----answered, lost------------'
 *                           `--time-out, or the oldest of the greediest past the limit--> ended
 *
 * A handshake needs a connection for a moment only.  A limit that refused newcomers would let
 * anyone lock everyone out; in this order a flood ends its own sessions.  A client that is there
 * has a poll held nearly all the time, and is adrift for a round trip at most.
 *
 * A session is in the list exactly while it is adrift, and adrift_count is the list's length.
 */
#include "adrift.h"

#include "base/ensure.h"
#include "base/log.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "net/shares.h"

enum { LOOKS = 64 }; /* at the oldest, for the one that ends */

void
adrift_init(struct adrift *a, struct eio_session *s)
{
    list_init(&a->node);
    a->session = s;
}

void
adrift_fini(struct adrift *a)
{
    struct engine *e = a->session->engine;

    if (list_empty(&a->node))
        return;
    ENSURE(e->adrift_count > 0 && !list_empty(&e->adrift));
    list_remove(&a->node);
    e->adrift_count--;
    shares_give_back(a->session->share, SHARES_ADRIFT);
}

void
adrift_end(struct adrift *a)
{
    struct eio_session *s = a->session;

    if (list_empty(&a->node))
        return;
    adrift_fini(a);
    if (eio_session_live(s))
        heartbeat_came(&s->heartbeat, s->engine);
}

/* Logged once each time that the limit is reached. */
static bool
adrift_is_past_limit(struct engine *e)
{
    size_t limit = e->limits->adrift;
    bool past = limit > 0 && e->adrift_count > limit;

    if (past && !e->crowded)
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "sessions without a connection are past the limit: the oldest are ended "
            "worker=%u limit=%zu",
            e->worker, limit);
    if (past || e->adrift_count < limit - limit / 16)
        e->crowded = past;
    return past;
}

/* Another than a: of those that have been adrift the longest one whose address has the most of
 * them, and of its own the oldest. */
static struct adrift *
adrift_choose(struct engine *e, const struct adrift *a)
{
    struct adrift *chosen = NULL;
    size_t most = 0;
    int looks = 0;

    LIST_EACH(node, &e->adrift) {
        struct adrift *other = LIST_ENTRY(node, struct adrift, node);
        size_t held = shares_held(other->session->share, SHARES_ADRIFT);

        if (looks++ == LOOKS && chosen)
            break;
        if (other == a || (chosen && held <= most))
            continue;
        chosen = other;
        most = held;
    }
    ENSURE(chosen);
    return chosen;
}

void
adrift_settle(struct adrift *a, bool served)
{
    struct engine *e = a->session->engine;

    if (served || a->session->state == SESSION_PROBING) {
        adrift_end(a);
        return;
    }
    if (!list_empty(&a->node))
        return;
    list_append(&e->adrift, &a->node);
    e->adrift_count++;
    shares_take(a->session->share, SHARES_ADRIFT);
    ENSURE(e->adrift_count <= e->count);
    while (adrift_is_past_limit(e)) {
        struct adrift *last = adrift_choose(e, a);

        adrift_end(last);
        if (last->session->state != SESSION_PROBING) /* a candidate came in this turn */
            eio_session_end(last->session, EIO_END_EVICTED);
    }
}
