/* SPDX-License-Identifier: MIT */
/*
 * manager: a service manager as a server sees it: NOTIFY_SOCKET, and what arrives there.
 */
#ifndef SERVER_MANAGER_H
#define SERVER_MANAGER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MANAGER_TEXT_SIZE = 1024 };

struct manager {
    int fd;
    char path[64]; /* "@..." in the abstract name space */
};

/* Into the environment, as a manager does for the process that it begins. */
static inline void
manager_name(const struct manager *m)
{
    setenv("NOTIFY_SOCKET", m->path, 1);
}

static inline void
manager_bind(struct manager *m)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(m->path);

    memcpy(address.sun_path, m->path, len);
    if (*m->path == '@')
        address.sun_path[0] = 0;
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(m->fd >= 0);
    len += offsetof(struct sockaddr_un, sun_path) + (*m->path == '/');
    assert_int_equal(bind(m->fd, (struct sockaddr *)&address, (socklen_t)len), 0);
    manager_name(m);
}

static inline void
manager_open(struct manager *m)
{
    snprintf(m->path, sizeof(m->path), "/tmp/echo-notify-%d", (int)getpid());
    unlink(m->path);
    manager_bind(m);
}

static inline void
manager_open_abstract(struct manager *m)
{
    snprintf(m->path, sizeof(m->path), "@echo-notify-%d", (int)getpid());
    manager_bind(m);
}

static inline void
manager_close(struct manager *m)
{
    close(m->fd);
    if (*m->path == '/')
        unlink(m->path);
}

/* The next datagram; "" when there is none. */
static inline void
manager_read(const struct manager *m, char text[MANAGER_TEXT_SIZE])
{
    ssize_t len = recv(m->fd, text, MANAGER_TEXT_SIZE - 1, 0);

    text[len > 0 ? len : 0] = 0;
}

static inline void
manager_hears(const struct manager *m, const char *expected)
{
    char text[MANAGER_TEXT_SIZE];

    manager_read(m, text);
    assert_string_equal(text, expected);
}

#endif
