/* SPDX-License-Identifier: MIT */
/*
 * registration: a socket named "echo-server/<port>/<host or *>" in the abstract name space.  A
 * client gets one line and is closed; the PID comes from the credentials of the connection, which
 * a server that does not run yet, or is busy, has as well.
 */
#include "instance/registration.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/poller.h"
#include "net/timer.h"

enum {
    NAME_SIZE = 100,
    BACKLOG = 128,
    CONNECT_LIMIT_S = 1,
    ANSWER_LIMIT_S = 3,
    LINE_MAX_BYTES = 8192,
    PAUSE_MS = 100,
};

static const char *const loopback[] = { "localhost", "127.0.0.1", "::1" };

/* Connections are accepted exactly while the pause does not run. */
struct registration {
    struct loop *loop;
    struct poller *poller;
    struct timer pause; /* out of descriptors: what cannot be accepted stays readable */
    int fd;
    void (*describe)(void *owner, struct buffer *line);
    void *owner;
};

static socklen_t
make_address(const char *name, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(address->sun_path + 1, name, strlen(name));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static void
make_name(const char *host, unsigned port, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "echo-server/%u/%s", port, host ? host : "*");
}

static bool
read_peer(int fd, struct ucred *peer)
{
    socklen_t size = sizeof(*peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0;
}

/* A line fits into an empty socket; anyone who asks and does not read gets less. */
static void
registration_answer(const struct registration *r, int fd)
{
    struct ucred peer;
    struct buffer line = { 0 };

    if (!read_peer(fd, &peer) || (peer.uid != geteuid() && peer.uid != 0))
        return;
    r->describe(r->owner, &line);
    (void)!send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_fini(&line);
}

static void
registration_on_ready(void *owner, bool readable, bool writable)
{
    struct registration *r = owner;
    int fd;

    (void)readable, (void)writable;
    ENSURE(!timer_active(&r->pause));
    while ((fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        registration_answer(r, fd);
        close(fd);
    }
    if (errno == EAGAIN)
        return;
    poller_watch(r->poller, false, false);
    timer_start(r->loop, &r->pause, PAUSE_MS);
}

static void
registration_on_pause_over(void *owner)
{
    struct registration *r = owner;

    poller_watch(r->poller, true, false);
}

struct registration *
registration_open(struct loop *l, const char *host, unsigned port,
    void (*describe)(void *owner, struct buffer *line), void *owner)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct registration *r;
    struct sockaddr_un address;
    char name[NAME_SIZE];
    socklen_t len;

    make_name(host, port, name);
    len = make_address(name, &address);
    if (fd < 0)
        return NULL;
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0) {
        close(fd);
        return NULL;
    }
    r = mem_zalloc(sizeof(*r));
    r->fd = fd;
    r->loop = l;
    r->describe = describe;
    r->owner = owner;
    timer_init(&r->pause, registration_on_pause_over, r);
    r->poller = poller_open(l, fd, registration_on_ready, r);
    poller_watch(r->poller, true, false);
    return r;
}

void
registration_close(struct registration *r)
{
    if (!r)
        return;
    timer_stop(&r->pause);
    poller_close(r->poller);
    close(r->fd);
    free(r);
}

static void
registration_read_line(int fd, struct buffer *line)
{
    struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
    ssize_t len;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    do {
        len = recv(fd, buffer_reserve(line, LINE_MAX_BYTES), LINE_MAX_BYTES, 0);
        if (len > 0)
            line->len += (size_t)len;
    } while (len > 0 && line->len < LINE_MAX_BYTES);
}

/* Whether one of the process's descriptors is this socket. */
static bool
process_has_socket(pid_t pid, unsigned long inode)
{
    char path[64], link[64], expected[64];
    struct dirent *entry;
    bool has = false;
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    snprintf(expected, sizeof(expected), "socket:[%lu]", inode);
    folder = opendir(path);
    while (folder && !has && (entry = readdir(folder))) {
        ssize_t len = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);

        link[len > 0 ? len : 0] = '\0';
        has = strcmp(link, expected) == 0;
    }
    if (folder)
        closedir(folder);
    return has;
}

/* The inode of a line of /proc/net/tcp (proc(5)) if that socket listens at the port; else 0. */
static unsigned long
inode_of_listener(char *line, unsigned port)
{
    enum { LOCAL = 1, STATE = 3, INODE = 9, FIELDS };
    char *field[FIELDS], *rest = line, *colon;

    for (size_t i = 0; i < FIELDS; i++) {
        field[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (!field[i])
            return 0;
    }
    colon = strchr(field[LOCAL], ':');
    if (!colon || strtoul(colon + 1, NULL, 16) != port ||
        strtoul(field[STATE], NULL, 16) != TCP_LISTEN)
        return 0;
    return strtoul(field[INODE], NULL, 10);
}

static bool
process_listens(pid_t pid, unsigned port, const char *table)
{
    FILE *sockets = fopen(table, "re");
    char line[512];
    bool listens = false;

    while (sockets && !listens && fgets(line, sizeof(line), sockets)) {
        unsigned long inode = inode_of_listener(line, port);

        listens = inode != 0 && process_has_socket(pid, inode);
    }
    if (sockets)
        fclose(sockets);
    return listens;
}

/*
 * Anyone may bind this name.  Believed is who could end this process anyway: its own user, and
 * root; and root believes whoever serves the port.
 */
static bool
is_believed(const struct ucred *peer, unsigned port)
{
    if (peer->uid == geteuid() || peer->uid == 0)
        return true;
    return geteuid() == 0 && (process_listens(peer->pid, port, "/proc/net/tcp") ||
                                 process_listens(peer->pid, port, "/proc/net/tcp6"));
}

/* False: no process that is believed listens under this name.  line NULL: its line is not wanted.
 */
static bool
ask_owner(const char *name, unsigned port, pid_t *pid, struct buffer *line)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = { .tv_sec = CONNECT_LIMIT_S };
    struct sockaddr_un address;
    socklen_t len = make_address(name, &address);
    struct ucred peer;
    bool there;

    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    there = connect(fd, (struct sockaddr *)&address, len) == 0 && read_peer(fd, &peer) &&
            is_believed(&peer, port);
    if (there)
        *pid = peer.pid;
    if (there && *pid && *pid != getpid() && line)
        registration_read_line(fd, line);
    close(fd);
    if (*pid != getpid())
        return there;
    *pid = 0;
    return false;
}

static bool
is_loopback(const char *host)
{
    for (size_t i = 0; i < COUNT_OF(loopback); i++)
        if (strcasecmp(host, loopback[i]) == 0)
            return true;
    return false;
}

/* "localhost" stands for both addresses of loopback. */
bool
registration_overlaps(const char *one, const char *other)
{
    one = one ? one : "*";
    other = other ? other : "*";
    if (strcasecmp(one, other) == 0 || strcmp(one, "*") == 0 || strcmp(other, "*") == 0)
        return true;
    return (strcmp(one, "localhost") == 0 && is_loopback(other)) ||
           (strcmp(other, "localhost") == 0 && is_loopback(one));
}

/* Other hosts at this port: the lines of /proc/net/unix that end with "@echo-server/<port>/...". */
static bool
registration_search(const char *host, unsigned port, pid_t *pid, struct buffer *said)
{
    FILE *table = fopen("/proc/net/unix", "re");
    char prefix[NAME_SIZE], line[512];
    bool found = false;

    if (!table)
        return false;
    snprintf(prefix, sizeof(prefix), " @echo-server/%u/", port);
    while (!found && fgets(line, sizeof(line), table)) {
        char *at = strstr(line, prefix);

        if (!at || strlen(at) >= NAME_SIZE)
            continue;
        at[strcspn(at, "\n")] = 0;
        found =
            registration_overlaps(at + strlen(prefix), host) && ask_owner(at + 2, port, pid, said);
    }
    fclose(table);
    return found;
}

bool
registration_find(const char *host, unsigned port, pid_t *pid, struct buffer *line)
{
    char name[NAME_SIZE];

    *pid = 0;
    make_name(host, port, name);
    return ask_owner(name, port, pid, line) || registration_search(host, port, pid, line);
}
