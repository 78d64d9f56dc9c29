/* SPDX-License-Identifier: MIT */
/*
 * bench-floor: the least that a server can do: the same bytes to the same sockets, and nothing
 * else.
 *
 *     bench-floor PORT CONTROL_PORT [CERTIFICATE KEY]
 *
 * Clients come to PORT, orders to CONTROL_PORT (control.h).  A line on stdin is answered on
 * stdout by what OpenSSL holds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../load/die.h"
#include "account.h"
#include "control.h"
#include "peers.h"

/* Above all slots. */
enum { LISTENER = PEERS_MOST, CONTROL_LISTENER, CONTROL, INPUT };

enum { BATCH = 1024, BACKLOG = 4096 };

struct floor {
    int listener;
    int control_listener;
    struct peers peers;
    struct control control;
};

static void
watch(const struct floor *f, int fd, uint32_t who)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = who };
    if (epoll_ctl(f->peers.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl: %s", strerror(errno));
}

static int
listen_on(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0)
        die("port %s: %s", port, strerror(errno));
    return fd;
}

static void
on_input(const struct floor *f)
{
    char line[256];

    if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
        exit(0);
    (void)printf("{\"sockets\":%zu,\"openssl_bytes\":%zu}\n", f->peers.opened, account_bytes());
    (void)fflush(stdout);
}

static void
on_event(struct floor *f, uint32_t who)
{
    switch (who) {
    case LISTENER:
        peers_accept(&f->peers, f->listener);
        return;
    case CONTROL_LISTENER:
        if (f->control.fd >= 0)
            close(f->control.fd);
        f->control.fd = accept4(f->control_listener, NULL, NULL, SOCK_CLOEXEC);
        watch(f, f->control.fd, CONTROL);
        return;
    case CONTROL:
        control_on_ready(&f->control, &f->peers);
        return;
    case INPUT:
        on_input(f);
        return;
    default:
        peers_on_ready(&f->peers, who);
    }
}

static void
raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* if not, accept() fails and a load says so */
    }
}

static void
open_floor(struct floor *f, char **argv)
{
    f->peers.epoll = epoll_create1(EPOLL_CLOEXEC);
    f->listener = listen_on(argv[1]);
    f->control_listener = listen_on(argv[2]);
    f->control.fd = -1;
    if (argv[3] != NULL && argv[4] != NULL)
        f->peers.tls = peers_tls(argv[3], argv[4]);
    watch(f, f->listener, LISTENER);
    watch(f, f->control_listener, CONTROL_LISTENER);
    watch(f, STDIN_FILENO, INPUT);
}

int
main(int argc, char **argv)
{
    static struct floor f;
    struct epoll_event events[BATCH];

    account_begin();
    signal(SIGPIPE, SIG_IGN);
    raise_limit();
    if (argc != 3 && argc != 5)
        die("usage: bench-floor PORT CONTROL_PORT [CERTIFICATE KEY]");
    open_floor(&f, argv);
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) {
        int count = epoll_wait(f.peers.epoll, events, BATCH, -1);
        for (int i = 0; i < count; i++)
            on_event(&f, events[i].data.u32);
    }
}
