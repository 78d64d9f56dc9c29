/* SPDX-License-Identifier: MIT */
/*
 * eio_packet: Engine.IO 3 and 4 packets as they travel in one WebSocket message, and in the
 * bodies of polling (docs/protocol.md; Engine.IO protocol revisions 3 and 4).
 *
 * Decoding borrows from its input; base64 and UTF-16 work use the caller's buffer.  Pure.
 */
#ifndef WIRE_EIO_PACKET_H
#define WIRE_EIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum eio_version { EIO_3 = 3, EIO_4 = 4 };

enum eio_type { EIO_OPEN, EIO_CLOSE, EIO_PING, EIO_PONG, EIO_MESSAGE, EIO_UPGRADE, EIO_NOOP };

struct eio_packet {
    enum eio_type type;
    bool binary;     /* data is a binary message */
    struct str data; /* without the type; borrowed */
};

/* A text message of a WebSocket: "4hello", "b4AQID" (3) or "bAQID" (4).  scratch takes what
 * base64 holds; the packet borrows from it.  False: empty, or not a packet. */
MUST_USE bool eio_packet_from_text(
    enum eio_version v, struct str in, struct buffer *scratch, struct eio_packet *out);
/* A binary message of a WebSocket.  In 3 the first byte is the type (a number); an empty one in 3
 * is to be ignored: returns true with type NOOP. */
MUST_USE bool eio_packet_from_binary(enum eio_version v, struct str in, struct eio_packet *out);

/* Between packets in a payload of 4, and in any text that holds several: JSON has it only escaped.
 */
enum { EIO_SEPARATOR = '\x1e' };

/* Packets of a polling body, one after another. */
struct eio_payload {
    enum eio_version version;
    bool octets; /* 3 only: application/octet-stream */
    struct str rest;
    bool failed;
};

/* An empty body is a parse error: the first call of _next fails. */
void eio_payload_begin(struct eio_payload *p, enum eio_version v, bool octets, struct str body);
/* False at the end, or at the first bad packet: then p->failed. */
MUST_USE bool eio_payload_next(
    struct eio_payload *p, struct buffer *scratch, struct eio_packet *out);

/*
 * Encoding of a polling body.  text is an encoded text packet with its type digit ("42[...]",
 * "6"), which is all that this server sends; octets (3 only): the whole body is
 * application/octet-stream.  In 4 the separator is put between packets: out must hold this body
 * alone.
 */
void eio_payload_append_text(enum eio_version v, bool octets, struct str text, struct buffer *out);

/* JSONP (3 only): the response `___eio[j]("...");` around a payload; j are the digits only. */
void eio_payload_jsonp(struct str digits, struct str payload, struct buffer *out);
/* The payload inside a JSONP POST's form body (`d=...`); false: d is missing. */
MUST_USE bool eio_payload_from_form(struct str form, struct buffer *out);

#endif
