/* SPDX-License-Identifier: MIT */
/*
 * sio_fanout: the inner loop of every broadcast.
 */
#include "socket/sio_fanout.h"

#include "engine/eio_message.h"
#include "engine/eio_session.h"

size_t
sio_fanout_send(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except)
{
    struct eio_message *m = eio_message_new(text);
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        if (sessions[i] == except)
            continue;
        eio_session_send(sessions[i], m);
        sent++;
    }
    eio_message_release(m);
    return sent;
}
