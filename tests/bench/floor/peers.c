/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../load/die.h"

enum { READ_SIZE = 64 * 1024 };

/* Then the open packet and the CONNECT, as text frames. */
static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: BACScCJPNqyz+UBoqMH89VmURoA=\r\n\r\n"
                             "\x81\x42"
                             "0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":1,"
                             "\"pingTimeout\":1}   "
                             "\x81\x11"
                             "40{\"sid\":\"floor\"}";

SSL_CTX *
peers_tls(const char *cert, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        die("%s, %s: no certificate with its key", cert, key);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return tls;
}

static uint32_t
take_slot(struct peers *p)
{
    if (p->free_count > 0)
        return p->free[--p->free_count];
    if (p->used == PEERS_MOST)
        die("more than %d sockets", PEERS_MOST);
    return (uint32_t)p->used++;
}

static void
open_tls(struct peers *p, struct peer *peer)
{
    peer->ssl = SSL_new(p->tls);
    if (peer->ssl == NULL || SSL_set_fd(peer->ssl, peer->fd) != 1)
        die("no TLS session");
    SSL_set_accept_state(peer->ssl);
}

void
peers_accept(struct peers *p, int listener)
{
    int on = 1;

    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        uint32_t slot = take_slot(p);
        struct peer *peer = &p->list[slot];
        *peer = (struct peer){ .fd = fd, .secured = p->tls == NULL };
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (p->tls != NULL)
            open_tls(p, peer);
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = slot };
        if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll_ctl: %s", strerror(errno));
        p->opened++;
    }
}

static void
close_peer(struct peers *p, uint32_t slot)
{
    struct peer *peer = &p->list[slot];

    SSL_free(peer->ssl);
    close(peer->fd);
    *peer = (struct peer){ .fd = -1 };
    p->free[p->free_count++] = slot;
    p->opened--;
}

static void
await_writable(const struct peer *peer)
{
    struct pollfd wait = { .fd = peer->fd, .events = POLLOUT };
    (void)poll(&wait, 1, -1);
}

/* False when the peer is gone: its slot is freed when the loop sees that. */
static bool
write_plain(const struct peer *peer, const struct frames *f)
{
    size_t at = 0;

    if (f->count == 1)
        at = (size_t)send(peer->fd, f->whole, f->len, MSG_NOSIGNAL);
    else
        at = (size_t)writev(peer->fd, f->pieces, f->count);
    while (at != f->len) {
        if (at == (size_t)-1 && errno != EAGAIN)
            return false;
        if (at == (size_t)-1)
            at = 0;
        await_writable(peer);
        ssize_t more = send(peer->fd, f->whole + at, f->len - at, MSG_NOSIGNAL);
        if (more < 0 && errno != EAGAIN)
            return false;
        at += more > 0 ? (size_t)more : 0;
    }
    return true;
}

static bool
write_tls(const struct peer *peer, const struct frames *f)
{
    for (;;) {
        ERR_clear_error();
        int sent = SSL_write(peer->ssl, f->whole, (int)f->len);
        if (sent > 0)
            return true;
        if (SSL_get_error(peer->ssl, sent) != SSL_ERROR_WANT_WRITE)
            return false;
        await_writable(peer);
    }
}

static bool
write_frames(const struct peer *peer, const struct frames *f)
{
    return peer->ssl != NULL ? write_tls(peer, f) : write_plain(peer, f);
}

void
peers_send(struct peers *p, size_t first, size_t each, const struct frames *f)
{
    for (size_t i = first; i < p->used; i += each)
        if (p->list[i].upgraded)
            (void)write_frames(&p->list[i], f); /* the loop learns of an end by itself */
}

/* -1: ended. */
static ssize_t
read_peer(struct peer *peer, char *out, size_t size)
{
    if (peer->ssl == NULL) {
        ssize_t got = recv(peer->fd, out, size, 0);
        return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
    }
    ERR_clear_error();
    int got = SSL_read(peer->ssl, out, (int)size);
    if (got > 0)
        return got;
    return SSL_get_error(peer->ssl, got) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* A request comes whole: it is short. */
static bool
on_read(struct peer *peer)
{
    static char data[READ_SIZE];
    const struct frames f = { .count = 1, .whole = answer, .len = sizeof(answer) - 1 };

    ssize_t got = read_peer(peer, data, sizeof(data));
    if (got <= 0)
        return got == 0;
    if (peer->upgraded)
        return true;
    peer->upgraded = true;
    return write_frames(peer, &f);
}

static bool
secure(struct peer *peer)
{
    ERR_clear_error();
    int done = SSL_do_handshake(peer->ssl);
    if (done == 1) {
        peer->secured = true;
        return on_read(peer);
    }
    return SSL_get_error(peer->ssl, done) == SSL_ERROR_WANT_READ;
}

void
peers_on_ready(struct peers *p, uint32_t slot)
{
    struct peer *peer = &p->list[slot];

    if (!(peer->secured ? on_read(peer) : secure(peer)))
        close_peer(p, slot);
}
