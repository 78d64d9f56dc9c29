/* SPDX-License-Identifier: MIT */
/*
 * stream_tls: encryption of one stream.  Its state moves with the stream from loop to loop: it
 * knows a loop's buffers only for the length of one call.
 */
#ifndef TLS_STREAM_TLS_H
#define TLS_STREAM_TLS_H

#include <openssl/ssl.h>

struct stream;

/* Before anything is read or sent: the stream is TLS from now on, the accepting side of it. */
void stream_tls_accept(struct stream *s, SSL_CTX *openssl);
/* The connecting side.  server_name is what the certificate must be for, if openssl verifies. */
void stream_tls_connect(struct stream *s, SSL_CTX *openssl, const char *server_name);

#endif
