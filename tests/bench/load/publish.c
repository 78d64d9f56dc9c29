/* SPDX-License-Identifier: MIT */
#include "publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "die.h"
#include "event.h"
#include "frame.h"

enum { NAME_SIZE = 200, HEAD_SIZE = 600, REQUEST_SIZE = 1600, ANSWER_SIZE = 64 * 1024 };

static void
add(struct publish *p, const char *data, size_t len)
{
    if (p->out_len + len > p->out_size) {
        p->out_size = (p->out_len + len) * 2;
        p->out = realloc(p->out, p->out_size);
        if (p->out == NULL)
            die("out of memory");
    }
    memcpy(p->out + p->out_len, data, len);
    p->out_len += len;
}

/* before, the data, after. */
static void
add_around(struct publish *p, const char *before, const char *after)
{
    add(p, before, strlen(before));
    add(p, p->data, p->data_len);
    add(p, after, strlen(after));
}

/* As Laravel publishes. */
static void
add_redis(struct publish *p, const char *channel, size_t number)
{
    static const char before[] = "{\"event\":\"" EVENT_NAME "\",\"data\":";
    static const char after[] = ",\"socket\":null}";
    char head[HEAD_SIZE];

    (void)number; /* the name says it */
    (void)snprintf(head, sizeof(head), "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%zu\r\n%s",
        strlen(channel), channel, sizeof(before) + sizeof(after) - 2 + p->data_len, before);
    add_around(p, head, after);
    add(p, "\r\n", 2);
}

static void
add_http(struct publish *p, const char *channel, size_t number)
{
    const char *colon = strchr(p->options->key, ':');
    char before[HEAD_SIZE];
    char head[REQUEST_SIZE];

    (void)number;
    if (colon == NULL)
        die("key is \"%s\": expected appId:key", p->options->key);
    (void)snprintf(before, sizeof(before),
        "{\"channel\":\"%s\",\"name\":\"" EVENT_NAME "\",\"data\":", channel);
    (void)snprintf(head, sizeof(head),
        "POST /apps/%.*s/events?auth_key=%s HTTP/1.1\r\nHost: %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        (int)(colon - p->options->key), p->options->key, colon + 1, p->options->host,
        strlen(before) + p->data_len + 1, before);
    add_around(p, head, "}");
}

/* A line that says who gets how many bytes of frames, then the frame as a server makes it. */
static void
add_floor(struct publish *p, const char *channel, size_t number)
{
    char before[HEAD_SIZE];
    char frame[FRAME_HEAD_SIZE];
    char line[HEAD_SIZE];

    int text = snprintf(before, sizeof(before), "42[\"" EVENT_NAME "\",\"%s\",", channel);
    size_t len = (size_t)text + p->data_len + 1;
    size_t head = frame_head(frame, FRAME_TEXT, len, false);
    int line_len = snprintf(
        line, sizeof(line), "send %zu %ld %zu\n", number, p->options->channels, head + len);
    add(p, line, (size_t)line_len);
    add(p, frame, head);
    add_around(p, before, "]");
}

static const struct {
    const char *name;
    void (*add)(struct publish *p, const char *channel, size_t number);
} kinds[] = {
    { "redis", add_redis },
    { "http", add_http },
    { "floor", add_floor },
};

/* Answers say nothing that the clients do not. */
static void
on_ready(void *owner, uint32_t events)
{
    struct publish *p = owner;
    char answer[ANSWER_SIZE];

    (void)events; /* an end is seen by recv */
    ssize_t got = recv(p->fd, answer, sizeof(answer), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        die("the other end of publish=%s is gone", p->options->publish);
    if (got > 0 && answer[0] == '-')
        die("Redis: %.*s", (int)got, answer);
}

static unsigned
find_kind(const char *name)
{
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    die("publish is \"%s\": expected redis, http or floor", name);
}

void
publish_resize(struct publish *p, size_t len)
{
    p->data_len = len;
    p->data = realloc(p->data, len + 1);
    if (p->data == NULL)
        die("out of memory");
}

void
publish_open(struct publish *p, int epoll, const struct options *o)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)o->publish_port),
        .sin_addr.s_addr = inet_addr(o->host) };
    int on = 1;

    *p = (struct publish){ .options = o,
        .kind = find_kind(o->publish),
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    p->numbers = calloc((size_t)o->channels, sizeof(*p->numbers));
    if (p->fd < 0 || p->numbers == NULL)
        die("cannot publish");
    publish_resize(p, (size_t)o->payload);
    if (connect(p->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
        die("publish_port %ld: %s", o->publish_port, strerror(errno));
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    p->watch = (struct watch){ .on_ready = on_ready, .owner = p };
    watch_add(epoll, p->fd, &p->watch, EPOLLIN);
}

const char *
publish_data(struct publish *p, size_t channel)
{
    event_write(p->data, p->data_len, crowd_now_us(), ++p->numbers[channel]);
    return p->data;
}

void
publish_add(struct publish *p, size_t channel)
{
    char name[NAME_SIZE];

    crowd_channel_name(name, sizeof(name), p->options, channel);
    (void)publish_data(p, channel);
    kinds[p->kind].add(p, name, channel);
}

void
publish_nobody(struct publish *p, size_t channel)
{
    char name[NAME_SIZE];

    (void)snprintf(name, sizeof(name), "nobody-%05zu", channel);
    event_write(p->data, p->data_len, crowd_now_us(), 1);
    kinds[p->kind].add(p, name, channel);
}

void
publish_flush(struct publish *p)
{
    size_t at = 0;

    while (at < p->out_len) {
        ssize_t sent = send(p->fd, p->out + at, p->out_len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            at += (size_t)sent;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            die("publish: %s", strerror(errno));
        struct pollfd both = { .fd = p->fd, .events = POLLIN | POLLOUT };
        (void)poll(&both, 1, -1);
        if (both.revents & POLLIN)
            on_ready(p, EPOLLIN);
    }
    p->out_len = 0;
}
