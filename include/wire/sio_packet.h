/* SPDX-License-Identifier: MIT */
/*
 * sio_packet: Socket.IO packets, parser revisions 4 (Socket.IO 2, on Engine.IO 3) and 5 (Socket.IO
 * 3 and 4, on Engine.IO 4): <type>[<attachments>-][<nsp>,][<ack id>][JSON] (docs/protocol.md).
 *
 * Pure.  Decoding validates the JSON and borrows from its input.
 */
#ifndef WIRE_SIO_PACKET_H
#define WIRE_SIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR,
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK
};

enum { SIO_ATTACHMENTS_MAX = 10, SIO_NO_ACK = -1 };

struct sio_packet {
    enum sio_type type;
    unsigned attachments; /* binary messages that follow */
    struct str nsp;       /* "/" when none was written; query included as sent */
    int64_t ack;          /* SIO_NO_ACK when none */
    struct str payload;   /* raw JSON value; len 0 when none */
    /* Of an event, raw JSON; len 0 when there is none. */
    struct str name;     /* a string, with its quotes */
    struct str argument; /* the first */
};

enum sio_parse {
    SIO_PARSE_OK,
    SIO_PARSE_UNKNOWN, /* the first character is not a type */
    SIO_PARSE_BAD,     /* anything else that is wrong, payload of the wrong kind included */
};

/*
 * message: what followed the Engine.IO type.  Payload rules: EVENT an array whose first element is
 * a string; ACK an array; CONNECT none or an object; DISCONNECT none; CONNECT_ERROR anything.
 * EVENT without a payload ("2") or with a number as its name (`2[1]`) is SIO_PARSE_OK with
 * payload.len and name.len 0: the references ignore it.  BINARY_*: 1 to SIO_ATTACHMENTS_MAX
 * attachments, placeholders in range.
 */
MUST_USE enum sio_parse sio_packet_decode(struct str message, struct sio_packet *out);

/*
 * Encoders append the Engine.IO type too ("42[...]"), since a text message is the same in both
 * versions and on both transports.  name and channel are plain text, data raw JSON (len 0: the
 * argument is left out).
 */
void sio_packet_event(struct str name, struct str channel, struct str data, struct buffer *out);
/* 43<id>[<args>]; args is raw JSON without brackets. */
void sio_packet_ack(int64_t id, struct str args, struct buffer *out);

#endif
