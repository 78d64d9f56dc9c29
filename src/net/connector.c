/* SPDX-License-Identifier: MIT */
/*
 * connector: resolve, connect to one address after another, shake hands.
 *
 *   RESOLVING --list--> CONNECTING --connected--> HANDSHAKE --ready--> DONE
 *                        ^      `--refused, slow                 (plain: at once)
 *                        `----------'  next address
 *
 * An address that does not answer may use its share of the time that is left, so that a dead one
 * does not hide a living one after it.
 */
#include "net/connector.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "loop_priv.h"
#include "net/poller.h"
#include "resolver.h"
#include "stream_priv.h"

enum { ADDRESSES_MAX = 8, ENDPOINT_TEXT_SIZE = 160 };

struct endpoint {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    } at;
};

/*
 * Until it is done, exactly one of first, resolver, poller and stream is pending; afterwards none
 * is.  There is a descriptor in fd only while poller waits for it.
 */
struct connector {
    struct loop *loop;
    void (*on_done)(void *owner, struct stream *s, const char *error); /* NULL: done */
    void *owner;
    char *host;
    char *server_name;
    unsigned port;
    struct connector_secure *secure;
    uint64_t deadline_ms;
    struct timer limit;     /* for all of it */
    struct timer attempt;   /* for one address */
    struct loop_task first; /* nothing is reported from within connector_open() */
    struct resolver *resolver;
    struct poller *poller;
    struct stream *stream; /* during the handshake */
    int fd;                /* -1: none */
    unsigned count, next;
    bool has_spare; /* the last address was not asked for */
    struct endpoint addresses[ADDRESSES_MAX];
    char error[512];
};

static void connector_try_next(void *owner);

struct connector_secure *
connector_secure_ref(struct connector_secure *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void
connector_secure_unref(struct connector_secure *c)
{
    if (c && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
        c->free(c);
}

static void
connector_drop(void *object)
{
    struct connector *c = object;

    connector_secure_unref(c->secure);
    free(c->host);
    free(c->server_name);
    free(c);
}

static void
connector_leave_address(struct connector *c)
{
    timer_stop(&c->attempt);
    poller_close(c->poller);
    c->poller = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* Nothing is pending any more; the object goes at the end of the turn. */
static void
connector_wind_up(struct connector *c)
{
    ENSURE(c->on_done);
    c->on_done = NULL;
    timer_stop(&c->limit);
    loop_task_cancel(&c->first);
    resolver_cancel(c->resolver);
    c->resolver = NULL;
    connector_leave_address(c);
    if (c->stream) {
        stream_attach(c->stream, NULL, NULL);
        stream_close(c->stream, STREAM_END_LOCAL);
        c->stream = NULL;
    }
    loop_defer_free(c->loop, c, connector_drop);
}

static void
connector_finish(struct connector *c, struct stream *s)
{
    void (*on_done)(void *owner, struct stream *s, const char *error) = c->on_done;
    void *owner = c->owner;

    connector_wind_up(c);
    on_done(owner, s, s ? NULL : c->error);
}

/* The address that was tried last. */
static void
endpoint_text(const struct connector *c, char out[ENDPOINT_TEXT_SIZE])
{
    const struct endpoint *a = &c->addresses[c->next - 1];
    char host[INET6_ADDRSTRLEN] = "";

    if (a->at.any.sa_family == AF_UNIX) {
        snprintf(out, ENDPOINT_TEXT_SIZE, "%s", a->at.path.sun_path);
    } else if (a->at.any.sa_family == AF_INET6) {
        uv_ip6_name(&a->at.v6, host, sizeof(host));
        snprintf(out, ENDPOINT_TEXT_SIZE, "[%s]:%u", host, c->port);
    } else {
        uv_ip4_name(&a->at.v4, host, sizeof(host));
        snprintf(out, ENDPOINT_TEXT_SIZE, "%s:%u", host, c->port);
    }
}

/* The address that was tried last cannot be reached. */
static void
note_failure(struct connector *c, int error)
{
    char where[ENDPOINT_TEXT_SIZE], reason[LOOP_ERROR_SIZE];

    ENSURE(c->next > 0 && c->next <= c->count);
    if (c->has_spare && c->next == c->count && c->error[0])
        return;
    endpoint_text(c, where);
    if (error == ECONNREFUSED)
        snprintf(c->error, sizeof(c->error), "connection refused by %s", where);
    else if (error == ETIMEDOUT)
        snprintf(c->error, sizeof(c->error), "no answer from %s in time", where);
    else
        snprintf(c->error, sizeof(c->error), "cannot connect to %s: %s", where,
            loop_error_text(error, reason));
}

static void
on_handshake_data(void *owner, const char *data, size_t len)
{
    (void)owner;
    (void)data;
    (void)len;
}

static void
on_handshake_end(void *owner, enum stream_end why)
{
    struct connector *c = owner;
    const char *error = stream_error(c->stream);
    char where[ENDPOINT_TEXT_SIZE];

    endpoint_text(c, where);
    c->stream = NULL;
    if (error)
        snprintf(c->error, sizeof(c->error), "%s", error);
    else if (why == STREAM_END_TIMEOUT)
        snprintf(c->error, sizeof(c->error), "no TLS handshake with %s in time", where);
    else
        snprintf(c->error, sizeof(c->error), "%s ended the TLS handshake", where);
    connector_finish(c, NULL);
}

static void
on_handshake_done(void *owner)
{
    struct connector *c = owner;
    struct stream *s = c->stream;

    c->stream = NULL;
    connector_finish(c, s);
}

static const struct stream_handlers handshake_handlers = {
    .on_data = on_handshake_data,
    .on_ready = on_handshake_done,
    .on_end = on_handshake_end,
};

static void
connector_on_connected(struct connector *c)
{
    const struct endpoint *a = &c->addresses[c->next - 1];
    struct stream *s;
    int fd = c->fd, on = 1;

    c->fd = -1;
    connector_leave_address(c);
    if (a->at.any.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s = stream_new(c->loop, fd, &a->at.any);
    if (!c->secure) {
        connector_finish(c, s);
        return;
    }
    c->stream = s;
    stream_attach(s, &handshake_handlers, c);
    c->secure->begin(c->secure, s, c->server_name);
}

static void
connector_on_writable(void *owner, bool readable, bool writable)
{
    struct connector *c = owner;
    int error = 0;
    socklen_t len = sizeof(error);

    (void)readable;
    (void)writable;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error == 0) {
        connector_on_connected(c);
        return;
    }
    connector_leave_address(c);
    note_failure(c, error);
    connector_try_next(c);
}

static void
on_slow_address(void *owner)
{
    struct connector *c = owner;

    connector_leave_address(c);
    note_failure(c, ETIMEDOUT);
    connector_try_next(c);
}

/* Wait for the connection that was begun.  False: the loop cannot watch it. */
static bool
await_connection(struct connector *c)
{
    uint64_t now_ms = loop_now_ms(c->loop);
    uint64_t left_ms = c->deadline_ms > now_ms ? c->deadline_ms - now_ms : 0;

    c->poller = poller_open(c->loop, c->fd, connector_on_writable, c);
    if (!c->poller)
        return false;
    if (c->next < c->count)
        timer_start(c->loop, &c->attempt, left_ms / (c->count - c->next + 1));
    poller_watch(c->poller, false, true);
    return true;
}

static void
connector_try_next(void *owner)
{
    struct connector *c = owner;

    ENSURE(!c->resolver && !c->poller && !c->stream && c->fd < 0);
    while (c->next < c->count) {
        const struct endpoint *a = &c->addresses[c->next++];
        int error = 0;

        c->fd = socket(a->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, &a->at.any, a->len) != 0)
            error = errno;
        if (error == 0) {
            connector_on_connected(c);
            return;
        }
        if (error == EINPROGRESS) {
            if (await_connection(c))
                return;
            error = ENOMEM;
        }
        connector_leave_address(c);
        note_failure(c, error);
    }
    connector_finish(c, NULL);
}

static void
connector_add_address(struct connector *c, const struct sockaddr *at, socklen_t len)
{
    struct endpoint *a = &c->addresses[c->count];

    if (c->count == ADDRESSES_MAX || (at->sa_family != AF_INET && at->sa_family != AF_INET6))
        return;
    a->len = len;
    memcpy(&a->at, at, len);
    if (at->sa_family == AF_INET)
        a->at.v4.sin_port = htons((uint16_t)c->port);
    else
        a->at.v6.sin6_port = htons((uint16_t)c->port);
    c->count++;
}

/* A hosts file may know one address of localhost, and a server may listen on the other. */
static void
add_other_loopback(struct connector *c)
{
    const struct sockaddr_in v4 = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };

    if (c->count != 1 || !str_is_nocase(str_of(c->host), "localhost"))
        return;
    c->has_spare = true;
    if (c->addresses[0].at.any.sa_family == AF_INET)
        connector_add_address(c, (const struct sockaddr *)&v6, sizeof(v6));
    else
        connector_add_address(c, (const struct sockaddr *)&v4, sizeof(v4));
}

static void
connector_on_list(void *owner, const struct addrinfo *list, const char *error)
{
    struct connector *c = owner;

    c->resolver = NULL;
    if (error)
        snprintf(c->error, sizeof(c->error), "%s", error);
    for (; list; list = list->ai_next)
        connector_add_address(c, list->ai_addr, list->ai_addrlen);
    add_other_loopback(c);
    connector_try_next(c);
}

static void
connector_on_limit(void *owner)
{
    struct connector *c = owner;

    if (c->next > 0)
        note_failure(c, ETIMEDOUT);
    else
        snprintf(
            c->error, sizeof(c->error), "%s was not resolved in time", LOG_STR(str_of(c->host)));
    connector_finish(c, NULL);
}

struct connector *
connector_open(struct loop *l, const struct connector_target *target,
    void (*on_done)(void *owner, struct stream *s, const char *error), void *owner)
{
    struct connector *c = mem_zalloc(sizeof(*c));
    const char *name = target->server_name ? target->server_name : target->host;
    const char *path = target->path;
    struct endpoint *a = &c->addresses[0];

    c->loop = l;
    c->on_done = on_done;
    c->owner = owner;
    c->host = mem_strdup(target->host);
    c->server_name = mem_strdup(name ? name : "localhost");
    c->port = target->port;
    c->secure = connector_secure_ref(target->secure);
    c->fd = -1;
    c->deadline_ms = loop_now_ms(l) + target->timeout_ms;
    timer_init(&c->limit, connector_on_limit, c);
    timer_init(&c->attempt, on_slow_address, c);
    loop_task_init(&c->first, connector_try_next, c);
    timer_start(l, &c->limit, target->timeout_ms);
    if (!path) {
        c->resolver = resolver_open(l, target->host, connector_on_list, c);
        return c;
    }
    if (strlen(path) >= sizeof(a->at.path.sun_path)) {
        snprintf(c->error, sizeof(c->error), "the path of the socket is too long: %s", path);
    } else {
        a->len = sizeof(a->at.path);
        a->at.path.sun_family = AF_UNIX;
        memcpy(a->at.path.sun_path, path, strlen(path) + 1);
        c->count = 1;
    }
    loop_end_of_turn(l, &c->first);
    return c;
}

void
connector_cancel(struct connector *c)
{
    if (c && c->on_done)
        connector_wind_up(c);
}
