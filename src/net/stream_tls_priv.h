/* SPDX-License-Identifier: MIT */
/*
 * stream_tls: encryption of one stream.  Its state moves with the stream from loop to loop: it
 * knows a loop's buffers only for the length of one call.
 */
#ifndef NET_STREAM_TLS_PRIV_H
#define NET_STREAM_TLS_PRIV_H

#include <stdbool.h>
#include <stddef.h>

struct stream;
struct stream_tls;
struct tls_context;

/* Before anything is read or sent: the stream is TLS from now on, the accepting side of it. */
void stream_tls_accept(struct stream *s, struct tls_context *c);
/*
 * The connecting side.  server_name is what the certificate must be for, if c verifies.  on_ready
 * is called with the stream's owner when the handshake is done; when it fails, on_end comes.
 */
void stream_tls_connect(struct stream *s, struct tls_context *c, const char *server_name,
    void (*on_ready)(void *owner));

/* Make ready for a move: what waits inside is copied from the loop's buffers.  False during the
 * handshake. */
bool stream_tls_pack(struct stream_tls *t);
void stream_tls_adopt(struct stream *s, struct stream_tls *t);
/* NULL is fine. */
void stream_tls_free(struct stream_tls *t);
/* Bytes encrypted and not yet taken by the kernel. */
size_t stream_tls_held(const struct stream_tls *t);

#endif
