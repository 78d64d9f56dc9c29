/* SPDX-License-Identifier: MIT */
/*
 * bench-application: the application that a server asks about private channels.
 *
 *     bench-application PORT
 *
 * It answers every POST at once with 200 and, for presence channels, with the member whose
 * number the header X-User has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../load/die.h"
#include "../load/watch.h"

enum { BACKLOG = 4096, REQUEST_SIZE = 8192, ANSWER_SIZE = 512 };

struct application {
    struct watch watch;
    int epoll;
    int listener;
};

struct caller {
    struct watch watch;
    int fd;
    size_t len;
    char request[REQUEST_SIZE];
};

/* What stands behind name in the lines of head, as a number; 0 without it. */
static unsigned long
header(const char *head, const char *end, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = head; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (strncasecmp(line, name, len) == 0)
            return strtoul(line + len, NULL, 10);
        line = next != NULL ? next + 1 : end;
    }
    return 0;
}

static void
answer(const struct caller *c, unsigned long user)
{
    char body[ANSWER_SIZE];
    char text[2 * ANSWER_SIZE];

    int body_len = snprintf(body, sizeof(body),
        "{\"channel_data\":{\"user_id\":%lu,\"user_info\":{\"name\":\"User %lu\"}}}", user, user);
    int len = snprintf(text, sizeof(text),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        body_len, body);
    /* The server that asked may be gone: then nobody waits for it. */
    (void)send(c->fd, text, (size_t)len, MSG_NOSIGNAL);
}

/* The length of the request that the bytes begin with, answered; 0 while it is not whole. */
static size_t
take(const struct caller *c)
{
    const char *end = memmem(c->request, c->len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t whole = (size_t)(end - c->request) + 4 + header(c->request, end, "content-length:");
    if (c->len < whole)
        return 0;
    answer(c, header(c->request, end, "x-user:"));
    return whole;
}

static void
on_caller(void *owner, uint32_t events)
{
    struct caller *c = owner;

    (void)events; /* an end is seen by recv */
    ssize_t got = recv(c->fd, c->request + c->len, sizeof(c->request) - c->len, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        close(c->fd);
        free(c);
        return;
    }
    c->len += (size_t)got;
    for (size_t taken = take(c); taken > 0; taken = take(c)) {
        c->len -= taken;
        memmove(c->request, c->request + taken, c->len);
    }
}

static void
on_listener(void *owner, uint32_t events)
{
    struct application *a = owner;
    int on = 1;

    (void)events;
    int fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct caller *c = calloc(1, sizeof(*c));
    if (c == NULL)
        die("out of memory");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    c->fd = fd;
    c->watch = (struct watch){ .on_ready = on_caller, .owner = c };
    watch_add(a->epoll, fd, &c->watch, EPOLLIN);
}

static void
on_input(void *owner, uint32_t events)
{
    (void)owner;
    (void)events;
    exit(0);
}

static void
open_application(struct application *a, const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1;

    a->epoll = watch_open();
    a->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(a->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(a->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(a->listener, BACKLOG) != 0)
        die("port %s: %s", port, strerror(errno));
    a->watch = (struct watch){ .on_ready = on_listener, .owner = a };
    watch_add(a->epoll, a->listener, &a->watch, EPOLLIN);
}

int
main(int argc, char **argv)
{
    struct application application;
    struct watch input = { .on_ready = on_input, .owner = NULL };

    signal(SIGPIPE, SIG_IGN);
    if (argc != 2)
        die("usage: bench-application PORT");
    open_application(&application, argv[1]);
    watch_add(application.epoll, STDIN_FILENO, &input, EPOLLIN);
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;)
        (void)watch_turn(application.epoll, 1000000);
}
