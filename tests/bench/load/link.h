/* SPDX-License-Identifier: MIT */
/*
 * link: a client's TCP connection, plain or TLS, without blocking.
 */
#ifndef LOAD_LINK_H
#define LOAD_LINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct link {
    int fd;
    SSL *ssl;
};

struct link_target {
    const char *host;
    uint16_t port;
    SSL_CTX *tls;         /* NULL: plain */
    SSL_SESSION *session; /* to resume, or NULL */
    bool stamps;          /* the kernel notes when bytes arrive */
    bool is_remote;       /* small segments and buffers, as of a peer far away */
};

/* A context that trusts everybody: who the server is is not what is measured. */
SSL_CTX *link_tls(void);
/* Begins to connect from 127.0.0.2 + source. */
bool link_open(struct link *l, const struct link_target *to, unsigned source);
/* 1: done; 0: to be continued when readable; -1: failed.  Plain links are done at once. */
int link_secure(struct link *l);
/* 0: nothing there; -1: ended. */
ssize_t link_read(struct link *l, char *out, size_t size);
/* The same on a plain link; latest becomes the time of the last byte's arrival if that is later. */
ssize_t link_read_stamped(struct link *l, char *out, size_t size, uint64_t *latest_ns);
/* What a client writes is small: the kernel takes it whole, or the link is broken. */
bool link_write(struct link *l, const char *data, size_t len);
/* With a reset, so that no port waits for stragglers. */
void link_close(struct link *l);

#endif
