/* SPDX-License-Identifier: MIT */
/*
 * registration: a socket named "echo-server/<port>/<host or *>" in the abstract name space.  A
 * client gets one line and is closed; the PID comes from the credentials of the connection, which
 * a server that does not run yet, or is busy, has as well.  What a client asks for is the end of
 * the name that its own socket has, "echo-server/ask/<pid>/<request>": so it is known as soon as
 * the connection is, and nobody waits for it.
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
    void (*describe)(void *owner, struct str request, struct buffer *line);
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

#define ASK_PREFIX "echo-server/ask/"

/* len is of the whole address. */
static struct str
request_of(const struct sockaddr_un *client, socklen_t len)
{
    const size_t head = offsetof(struct sockaddr_un, sun_path) + 1; /* an abstract name's zero */
    struct str name, pid, request;

    if (len <= head || client->sun_path[0] != '\0')
        return STR_LIT("");
    name = str_slice(client->sun_path + 1, len - head);
    if (!str_starts(name, ASK_PREFIX))
        return STR_LIT("");
    pid = str_slice(name.data + sizeof(ASK_PREFIX) - 1, name.len - (sizeof(ASK_PREFIX) - 1));
    (void)str_cut(pid, '/', &request);
    return request;
}

/* A line fits into an empty socket; anyone who asks and does not read gets less. */
static void
registration_answer(const struct registration *r, int fd, struct str request)
{
    struct ucred peer;
    struct buffer line = { 0 };

    if (!read_peer(fd, &peer) || (peer.uid != geteuid() && peer.uid != 0))
        return;
    r->describe(r->owner, request, &line);
    (void)!send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_fini(&line);
}

static void
registration_on_ready(void *owner, bool readable, bool writable)
{
    struct registration *r = owner;
    struct sockaddr_un client = { 0 };
    socklen_t len = sizeof(client);
    int fd;

    (void)readable, (void)writable;
    ENSURE(!timer_active(&r->pause));
    while ((fd = accept4(r->fd, (struct sockaddr *)&client, &len, SOCK_CLOEXEC)) >= 0) {
        registration_answer(r, fd, request_of(&client, len));
        close(fd);
        len = sizeof(client);
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
    void (*describe)(void *owner, struct str request, struct buffer *line), void *owner)
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

/* What is asked: of whom, and what for; request NULL: nothing besides the line. */
struct asking {
    const char *host;
    unsigned port;
    const char *request;
};

static bool
name_request(int fd, const char *request)
{
    char name[NAME_SIZE];
    struct sockaddr_un own;
    socklen_t len;

    if (!request)
        return true;
    ENSURE(strlen(request) < REGISTRATION_REQUEST_SIZE);
    snprintf(name, sizeof(name), ASK_PREFIX "%d/%s", (int)getpid(), request);
    len = make_address(name, &own);
    return bind(fd, (struct sockaddr *)&own, len) == 0;
}

/* False: no process that is believed listens under this name.  line NULL: its line is not wanted.
 */
static bool
ask_owner(const char *name, const struct asking *a, pid_t *pid, struct buffer *line)
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
    there = name_request(fd, a->request) && connect(fd, (struct sockaddr *)&address, len) == 0 &&
            read_peer(fd, &peer) && is_believed(&peer, a->port);
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
registration_search(const struct asking *a, pid_t *pid, struct buffer *said)
{
    FILE *table = fopen("/proc/net/unix", "re");
    char prefix[NAME_SIZE], line[512];
    bool found = false;

    if (!table)
        return false;
    snprintf(prefix, sizeof(prefix), " @echo-server/%u/", a->port);
    while (!found && fgets(line, sizeof(line), table)) {
        char *at = strstr(line, prefix);

        if (!at || strlen(at) >= NAME_SIZE)
            continue;
        at[strcspn(at, "\n")] = 0;
        found =
            registration_overlaps(at + strlen(prefix), a->host) && ask_owner(at + 2, a, pid, said);
    }
    fclose(table);
    return found;
}

bool
registration_ask(
    const char *host, unsigned port, const char *request, pid_t *pid, struct buffer *line)
{
    const struct asking a = { host, port, request };
    char name[NAME_SIZE];

    *pid = 0;
    make_name(host, port, name);
    return ask_owner(name, &a, pid, line) || registration_search(&a, pid, line);
}

bool
registration_find(const char *host, unsigned port, pid_t *pid, struct buffer *line)
{
    return registration_ask(host, port, NULL, pid, line);
}
