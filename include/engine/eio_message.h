/* SPDX-License-Identifier: MIT */
/*
 * eio_message: a text message, or several, on its way to any number of sessions of one worker, and
 * the forms it takes on the wire.  Each form is made on first need and then shared: a server's
 * WebSocket frames are unmasked, and Engine.IO 3 and 4 share the text.
 *
 * The count is plain: a message belongs to one worker.  The text comes from anywhere.
 */
#ifndef ENGINE_EIO_MESSAGE_H
#define ENGINE_EIO_MESSAGE_H

#include "base/str.h"

struct budget;
struct bytes;
struct eio_message;

/* text is the whole Engine.IO packet, type included ("42[...]"), or several with EIO_SEPARATOR
 * (wire/eio_packet.h) between them; a reference is taken.  Held once by the caller.  budget, of
 * this worker, counts it; NULL: none. */
struct eio_message *eio_message_new(struct budget *budget, struct bytes *text);
struct eio_message *eio_message_hold(struct eio_message *m);
void eio_message_release(struct eio_message *m);

#endif
