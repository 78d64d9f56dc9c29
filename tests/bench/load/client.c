/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "die.h"
#include "event.h"
#include "transport.h"

enum { SUBSCRIBE_SIZE = 400, NAME_SIZE = 200 };

static const struct transport *
transport(const struct client *c)
{
    return c->crowd->options->polling ? &transport_polling : &transport_websocket;
}

static void on_ready(void *owner, uint32_t events);

void
client_init(struct client *c, struct crowd *crowd, uint32_t number)
{
    *c = (struct client){ .crowd = crowd, .number = number, .link.fd = -1 };
    c->watch = (struct watch){ .on_ready = on_ready, .owner = c };
}

void
client_close(struct client *c)
{
    link_close(&c->link);
    free(c->held);
    client_init(c, c->crowd, c->number);
}

void
client_open(struct client *c)
{
    const struct options *o = c->crowd->options;
    const struct link_target target = { .host = o->host,
        .port = (uint16_t)o->port,
        .tls = c->crowd->tls,
        .session = c->crowd->session,
        .stamps = o->stamps,

        .is_remote = (long)c->number < o->slow };

    c->crowd->connecting++;
    c->state = CLIENT_CONNECTING;
    c->began_us = crowd_now_us();
    if (!link_open(&c->link, &target, c->number % (unsigned)o->sources)) {
        client_end(c);
        return;
    }
    watch_add(c->crowd->epoll, c->link.fd, &c->watch, EPOLLOUT);
}

/* A handshake that failed is begun again, as by a real client; a joined one counts as cut. */
void
client_end(struct client *c)
{
    struct crowd *crowd = c->crowd;
    bool had_joined = c->state == CLIENT_JOINED;

    if (c->state == CLIENT_IDLE || c->state == CLIENT_ENDED)
        return;
    link_close(&c->link);
    c->held_len = 0;
    if (had_joined) {
        c->state = CLIENT_ENDED;
        crowd->cut++;
        return;
    }
    c->state = CLIENT_IDLE;
    crowd->connecting--;
    crowd_retry(crowd, c);
}

static void
joined(struct client *c)
{
    c->state = CLIENT_JOINED;
    c->crowd->connecting--;
    c->crowd->joined++;
    histogram_add(&c->crowd->joining, crowd_now_us() - c->began_us);
}

void
client_say(struct client *c, const char *packet)
{
    if (!transport(c)->say(c, packet, strlen(packet)))
        client_end(c);
}

/* The user's name is for the application that is asked about private channels. */
static void
subscribe(struct client *c)
{
    const struct options *o = c->crowd->options;
    bool is_answered = o->acks || strncmp(o->channel, "presence-", 9) == 0;
    char name[NAME_SIZE];
    char packet[SUBSCRIBE_SIZE];

    crowd_channel_name(name, sizeof(name), o, c->number % (size_t)o->channels);
    (void)snprintf(packet, sizeof(packet),
        "42%s[\"subscribe\",{\"channel\":\"%s\",\"auth\":{\"headers\":{\"X-User\":\"%u\"}}}]",
        o->acks ? "1" : "", name, c->number + 1);
    if (is_answered)
        c->state = CLIENT_JOINING;
    else
        joined(c);
    client_say(c, packet);
}

static bool
begins(const char *data, size_t len, const char *prefix)
{
    size_t prefix_len = strlen(prefix);
    return len >= prefix_len && memcmp(data, prefix, prefix_len) == 0;
}

static void
on_event(struct client *c, const char *data, size_t len)
{
    if (event_take(c->crowd, c, data, len))
        return;
    if (begins(data, len, "42[\"presence:joining\"")) {
        c->crowd->counts.told++;
    } else if (begins(data, len, "42[\"presence:subscribed\"")) {
        if (c->state == CLIENT_JOINING && !c->crowd->options->acks)
            joined(c);
    } else if (begins(data, len, "42[\"subscription_error\"")) {
        c->crowd->refused++;
    }
}

static void
on_message(struct client *c, const char *data, size_t len)
{
    switch (len > 1 ? data[1] : 0) {
    case '0':
        if (c->state == CLIENT_OPENING)
            subscribe(c);
        return;
    case '2':
        on_event(c, data, len);
        return;
    case '3':
        if (c->state == CLIENT_JOINING)
            joined(c);
        return;
    default:
        c->crowd->counts.malformed++;
    }
}

void
client_on_packet(struct client *c, const char *data, size_t len)
{
    switch (len > 0 ? data[0] : 0) {
    case '0':
        if (c->crowd->options->eio == 4)
            client_say(c, "40");
        return;
    case '2':
        client_say(c, "3");
        return;
    case '4':
        on_message(c, data, len);
        return;
    case '3':
    case '6':
        return; /* nothing to do */
    default:
        client_end(c);
    }
}

void
client_on_upgraded(struct client *c)
{
    c->state = CLIENT_OPENING;
}

static void
secure(struct client *c)
{
    int done = link_secure(&c->link);

    if (done < 0) {
        client_end(c);
    } else if (done == 1) {
        if (c->link.ssl != NULL && SSL_session_reused(c->link.ssl))
            c->crowd->resumed++;
        c->state = CLIENT_UPGRADING;
        if (!transport(c)->begin(c))
            client_end(c);
    }
}

static void
on_connected(struct client *c)
{
    int error = 0;
    socklen_t size = sizeof(error);

    getsockopt(c->link.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        client_end(c);
        return;
    }
    c->state = CLIENT_SECURING;
    watch_change(c->crowd->epoll, c->link.fd, &c->watch, EPOLLIN);
    secure(c);
}

static void
hold(struct client *c, const char *data, size_t len)
{
    if (c->held_size < len) {
        char *larger = realloc(c->held, len);
        if (larger == NULL)
            die("out of memory");
        c->held = larger;
        c->held_size = (uint32_t)len;
    }
    memmove(c->held, data, len);
    c->held_len = (uint32_t)len;
}

static void
take(struct client *c, size_t len)
{
    char *data = c->crowd->buffer;
    size_t taken = transport(c)->take(c, data, len);

    if (c->state < CLIENT_UPGRADING || c->state == CLIENT_ENDED)
        return;
    if (taken < len) {
        hold(c, data + taken, len - taken);
    } else if (c->held != NULL) {
        free(c->held);
        c->held = NULL;
        c->held_len = c->held_size = 0;
    }
}

static ssize_t
read_link(struct client *c, char *out, size_t size)
{
    if (!c->crowd->options->stamps)
        return link_read(&c->link, out, size);
    return link_read_stamped(&c->link, out, size, &c->crowd->last_stamp_ns);
}

/* What was held comes before what is read.  A message larger than the buffer ends the load. */
static bool
read_once(struct client *c)
{
    char *buffer = c->crowd->buffer;
    size_t before = c->held_len;

    if (before >= CLIENT_READ_SIZE)
        die("a message of more than %d bytes", CLIENT_READ_SIZE);
    if (before > 0)
        memcpy(buffer, c->held, before);
    ssize_t got = read_link(c, buffer + before, CLIENT_READ_SIZE - before);
    if (got < 0)
        client_end(c);
    if (got <= 0)
        return false;
    c->held_len = 0;
    c->crowd->counts.bytes += (uint64_t)got;
    take(c, before + (size_t)got);
    return true;
}

static void
on_ready(void *owner, uint32_t events)
{
    struct client *c = owner;

    if (c->stalled) {
        if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
            client_end(c);
        return;
    }
    if (c->state == CLIENT_CONNECTING) {
        on_connected(c);
        return;
    }
    if (c->state == CLIENT_SECURING) {
        secure(c);
        return;
    }
    /* OpenSSL may hold more than the kernel says. */
    while (c->state >= CLIENT_UPGRADING && c->state < CLIENT_ENDED && read_once(c))
        if (c->link.ssl == NULL)
            return;
}
