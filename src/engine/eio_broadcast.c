/* SPDX-License-Identifier: MIT */
/*
 * eio_broadcast: the inner loop of every broadcast.  Its cost is the memory of the receivers, which
 * no cache holds when they are thousands: what is needed next is fetched while this one is served.
 */
#include "engine/eio_broadcast.h"

#include "eio_session_priv.h"
#include "net/stream.h"

/* Receivers from the one that is served to the one that is fetched. */
enum { AHEAD = 6 };

/* Where a receiver's stream lies is learned from its session: two steps ahead, then one. */
static void
prefetch(struct eio_session *const *sessions, size_t count, size_t i)
{
    if (i + (size_t)2 * AHEAD < count)
        __builtin_prefetch(sessions[i + (size_t)2 * AHEAD]);
    if (i + AHEAD < count)
        stream_prefetch(sessions[i + AHEAD]->direct);
}

size_t
eio_broadcast(struct eio_session *const *sessions, size_t count, struct eio_message *m,
    const struct eio_session *except)
{
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        prefetch(sessions, count, i);
        if (sessions[i] == except)
            continue;
        eio_session_send(sessions[i], m);
        sent++;
    }
    return sent;
}
