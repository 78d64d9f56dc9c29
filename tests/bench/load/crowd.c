/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "client.h"
#include "die.h"
#include "process.h"

enum { OPEN_AT_ONCE = 256, FAILURES_EACH = 10 };

/* A copy of the first session is kept for all others, because OpenSSL spoils one that was used. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
    struct crowd *crowd = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (crowd->session == NULL)
        crowd->session = SSL_SESSION_dup(session);
    return 0;
}

static void
open_tls(struct crowd *crowd)
{
    crowd->tls = link_tls();
    if (!crowd->options->resume)
        return;
    SSL_CTX_set_app_data(crowd->tls, crowd);
    SSL_CTX_set_session_cache_mode(
        crowd->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(crowd->tls, on_session);
}

void
crowd_open(struct crowd *crowd, const struct options *o)
{
    *crowd = (struct crowd){ .options = o, .epoll = watch_open() };
    crowd->clients = calloc((size_t)o->sockets + 1, sizeof(struct client));
    crowd->again = calloc((size_t)o->sockets + 1, sizeof(*crowd->again));
    crowd->buffer = malloc(CLIENT_READ_SIZE);
    if (crowd->clients == NULL || crowd->again == NULL || crowd->buffer == NULL)
        die("out of memory");
    if (o->tls)
        open_tls(crowd);
    for (size_t i = 0; i < (size_t)o->sockets; i++)
        client_init(&crowd->clients[i], crowd, (uint32_t)i);
}

static bool
may_open(const struct crowd *crowd)
{
    size_t limit = (size_t)crowd->options->inflight;
    bool waits_for_session = crowd->options->resume && crowd->session == NULL && crowd->opened > 0;
    bool is_due = crowd->again_count > 0 || (crowd->opened < crowd->wanted && !waits_for_session);

    return is_due && (limit == 0 || crowd->connecting < limit);
}

static void
open_next(struct crowd *crowd)
{
    size_t next = crowd->again_count > 0 ? crowd->again[--crowd->again_count] : crowd->opened++;

    client_open(&crowd->clients[next]);
}

void
crowd_retry(struct crowd *crowd, const struct client *c)
{
    if (++crowd->failed > FAILURES_EACH * (crowd->wanted + 1))
        die("%zu handshakes failed, %zu clients have joined", crowd->failed, crowd->joined);
    crowd->again[crowd->again_count++] = c->number;
}

void
crowd_turn(struct crowd *crowd, int64_t timeout_us)
{
    for (int i = 0; i < OPEN_AT_ONCE && may_open(crowd); i++)
        open_next(crowd);
    watch_turn(crowd->epoll, may_open(crowd) ? 0 : timeout_us);
}

/* Of the first count clients, those on a channel. */
static size_t
on_channel(const struct crowd *crowd, size_t count, size_t channel)
{
    size_t channels = (size_t)crowd->options->channels;
    return count > channel ? (count - channel - 1) / channels + 1 : 0;
}

size_t
crowd_members(const struct crowd *crowd, size_t channel)
{
    return on_channel(crowd, crowd->wanted, channel) - on_channel(crowd, crowd->stalled, channel);
}

void
crowd_stall(struct crowd *crowd, size_t count)
{
    for (; crowd->stalled < count && crowd->stalled < crowd->joined; crowd->stalled++) {
        struct client *c = &crowd->clients[crowd->stalled];
        c->stalled = true;
        watch_change(crowd->epoll, c->link.fd, &c->watch, EPOLLRDHUP);
    }
}

void
crowd_look_away(struct crowd *crowd)
{
    for (size_t i = crowd->stalled; i < crowd->opened; i++) {
        struct client *c = &crowd->clients[i];
        if (c->state == CLIENT_JOINED)
            watch_remove(crowd->epoll, c->link.fd);
    }
}

void
crowd_look(struct crowd *crowd)
{
    for (size_t i = crowd->stalled; i < crowd->opened; i++) {
        struct client *c = &crowd->clients[i];
        if (c->state == CLIENT_JOINED)
            watch_add(crowd->epoll, c->link.fd, &c->watch, EPOLLIN);
    }
}

void
crowd_leave(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->opened; i++)
        client_close(&crowd->clients[i]);
    crowd->wanted = crowd->opened = crowd->connecting = crowd->joined = 0;
    crowd->again_count = 0;
    crowd->cut = crowd->failed = crowd->resumed = crowd->stalled = 0;
}

void
crowd_clear_counts(struct crowd *crowd)
{
    crowd->counts = (struct crowd_counts){ 0 };
    crowd->last_stamp_ns = 0;
    histogram_clear(&crowd->latency);
    histogram_clear(&crowd->joining);
}

void
crowd_channel_name(char *out, size_t size, const struct options *o, size_t channel)
{
    (void)snprintf(out, size, "%s%05zu", o->channel, channel);
}

uint64_t
crowd_now_us(void)
{
    return process_now_ns() / 1000;
}
