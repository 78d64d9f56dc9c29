/* SPDX-License-Identifier: MIT */
/*
 * peers: the sockets of the floor program, plain or TLS.
 *
 * A WebSocket's request is answered as if by a Socket.IO server; whatever else arrives is
 * ignored.  Frames are written at once, and waited for where the kernel takes no more.
 */
#ifndef FLOOR_PEERS_H
#define FLOOR_PEERS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum peers_limit { PEERS_MOST = 19900 };

struct peer {
    int fd; /* -1: free */
    bool secured;
    bool upgraded;
    SSL *ssl;
};

struct peers {
    int epoll;
    SSL_CTX *tls; /* NULL: plain */
    size_t opened;
    size_t used; /* slots, with holes */
    size_t free_count;
    uint32_t free[PEERS_MOST];
    struct peer list[PEERS_MOST];
};

/* A TLS context as a server of many idle sessions has it. */
SSL_CTX *peers_tls(const char *cert, const char *key);
/* The number of its slot, or -1. */
void peers_accept(struct peers *p, int listener);
void peers_on_ready(struct peers *p, uint32_t slot);

/* The same bytes in two forms: pieces for the kernel, and in one for OpenSSL. */
struct frames {
    const struct iovec *pieces;
    int count;
    const char *whole;
    size_t len;
};
/* To every each-th socket from first on: one send, or one writev if there are several. */
void peers_send(struct peers *p, size_t first, size_t each, const struct frames *f);

#endif
