/* SPDX-License-Identifier: MIT */
/*
 * sio_fanout: one message for all.
 */
#include "socket/sio_fanout.h"

#include "engine/eio_message.h"
#include "engine/eio_session.h"

size_t
sio_fanout_send(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except)
{
    struct eio_message *m = eio_message_new(text);
    size_t sent = eio_session_broadcast(sessions, count, m, except);

    eio_message_release(m);
    return sent;
}
