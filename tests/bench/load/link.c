/* SPDX-License-Identifier: MIT */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

/*
 * On loopback a segment has 64 kB and the sender's buffer therefore 4 MB: a thousand peers that
 * do not read would hold the kernel's whole memory for TCP before a server notices one of them.
 */
enum { REMOTE_SEGMENT = 1460, REMOTE_BUFFER = 4096 };

SSL_CTX *
link_tls(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL)
        die("no TLS context");
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return tls;
}

static void
set(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof(value)) != 0)
        die("setsockopt: %s", strerror(errno));
}

static struct sockaddr_in
address(in_addr_t host, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = host
    };
}

static bool
begin(int fd, const struct link_target *to, unsigned source)
{
    in_addr_t host = inet_addr(to->host);
    struct sockaddr_in from = address(htonl(INADDR_LOOPBACK + 1 + source), 0);
    struct sockaddr_in there = address(host, to->port);

    set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (to->stamps)
        set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (to->is_remote) {
        set(fd, IPPROTO_TCP, TCP_MAXSEG, REMOTE_SEGMENT);
        set(fd, SOL_SOCKET, SO_RCVBUF, REMOTE_BUFFER);
    }
    bool is_loopback = (ntohl(host) >> 24) == IN_LOOPBACKNET;
    if (is_loopback && bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0)
        die("bind: %s", strerror(errno));
    return connect(fd, (const struct sockaddr *)&there, sizeof(there)) == 0 || errno == EINPROGRESS;
}

/* OpenSSL lets a session be used once: each link has its own copy. */
static void
resume(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION *copy = SSL_SESSION_dup(session);

    if (copy == NULL || SSL_set_session(ssl, copy) != 1)
        die("a TLS session cannot be resumed");
    SSL_SESSION_free(copy);
}

bool
link_open(struct link *l, const struct link_target *to, unsigned source)
{
    *l = (struct link){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
    if (l->fd < 0)
        die("socket: %s", strerror(errno));
    if (!begin(l->fd, to, source))
        return false;
    if (to->tls == NULL)
        return true;
    l->ssl = SSL_new(to->tls);
    if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1)
        die("no TLS session");
    if (to->session != NULL)
        resume(l->ssl, to->session);
    return true;
}

int
link_secure(struct link *l)
{
    if (l->ssl == NULL)
        return 1;
    ERR_clear_error();
    int done = SSL_connect(l->ssl);
    if (done == 1)
        return 1;
    return SSL_get_error(l->ssl, done) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static ssize_t
read_tls(SSL *ssl, char *out, size_t size)
{
    size_t len = 0;

    ERR_clear_error();
    int done = SSL_read_ex(ssl, out, size, &len);
    if (done == 1)
        return (ssize_t)len;
    return SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ ? 0 : -1;
}

ssize_t
link_read(struct link *l, char *out, size_t size)
{
    if (l->ssl != NULL)
        return read_tls(l->ssl, out, size);
    ssize_t len = recv(l->fd, out, size, 0);
    if (len > 0)
        return len;
    return len < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t
link_read_stamped(struct link *l, char *out, size_t size, uint64_t *latest_ns)
{
    char control[CMSG_SPACE(sizeof(struct timespec)) * 2];
    struct iovec piece = { .iov_base = out, .iov_len = size };
    struct msghdr message = { .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control) };

    ssize_t len = recvmsg(l->fd, &message, 0);
    if (len <= 0)
        return len < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        struct timespec at;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&at, CMSG_DATA(c), sizeof(at));
        uint64_t ns = (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
        if (ns > *latest_ns)
            *latest_ns = ns;
    }
    return len;
}

bool
link_write(struct link *l, const char *data, size_t len)
{
    if (l->ssl != NULL) {
        ERR_clear_error();
        return SSL_write(l->ssl, data, (int)len) == (int)len;
    }
    return send(l->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

void
link_close(struct link *l)
{
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };

    SSL_free(l->ssl);
    l->ssl = NULL;
    if (l->fd < 0)
        return;
    setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(l->fd);
    l->fd = -1;
}
