/* SPDX-License-Identifier: MIT */
/*
 * notify: one datagram of "NAME=value" lines for each thing to say, to the Unix socket that
 * NOTIFY_SOCKET names.
 */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* The manager's queue holds hundreds: a full one means that it hangs, and it may have this long. */
enum { PATIENCE_S = 1, STATUS_MAX = 500 };

struct notify {
    int fd;
    struct sockaddr_un address;
    socklen_t address_len;
    uint64_t watchdog_ms;
};

/* "/path", or "@name" in the abstract name space.  False: it is neither. */
static bool
set_address(struct notify *n, const char *name)
{
    size_t len = strlen(name);

    n->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if ((*name != '/' && *name != '@') || len >= sizeof(n->address.sun_path))
        return false;
    memcpy(n->address.sun_path, name, len);
    n->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name == '/'));
    if (*name == '@')
        n->address.sun_path[0] = 0;
    return true;
}

/* The variables may have been inherited from a service that this process is only a child of. */
static uint64_t
read_watchdog_ms(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t watchdog_us, owner;

    if (!str_to_u64(str_of(getenv("WATCHDOG_USEC")), UINT64_MAX, &watchdog_us))
        return 0;
    if (pid && (!str_to_u64(str_of(pid), INT32_MAX, &owner) || owner != (uint64_t)getpid()))
        return 0;
    return watchdog_us / 1000;
}

struct notify *
notify_open(void)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    const char *name = getenv("NOTIFY_SOCKET");
    struct notify *n;

    if (!name || !*name)
        return NULL;
    n = mem_zalloc(sizeof(*n));
    n->watchdog_ms = read_watchdog_ms();
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    /* Not connected: the manager may make its socket anew. */
    if (set_address(n, name) && n->fd >= 0 &&
        setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0)
        return n;
    log_warning(
        "NOTIFY_SOCKET is %s: not a socket address, so the service manager is not notified", name);
    notify_free(n);
    return NULL;
}

void
notify_clear_environment(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void
notify_free(struct notify *n)
{
    if (!n)
        return;
    if (n->fd >= 0)
        close(n->fd);
    free(n);
}

/* What is lost is worth no more than a line: the manager acts on its own time-outs. */
static void
notify_say(struct notify *n, struct str text)
{
    struct str rest, name = str_cut(text, '=', &rest);
    ssize_t sent;

    if (!n)
        return;
    do {
        sent = sendto(n->fd, text.data, text.len, MSG_NOSIGNAL,
            (const struct sockaddr *)&n->address, n->address_len);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        log_warning("the service manager could not be notified of %.*s", STR_ARG(name));
}

void
notify_ready(struct notify *n)
{
    notify_say(n, STR_LIT("READY=1"));
}

void
notify_reloading(struct notify *n)
{
    struct buffer b = { 0 };

    buffer_printf(&b, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_us());
    notify_say(n, buffer_str(&b));
    buffer_fini(&b);
}

void
notify_stopping(struct notify *n)
{
    notify_say(n, STR_LIT("STOPPING=1"));
}

void
notify_status(struct notify *n, struct str text)
{
    struct buffer b = { 0 };

    if (text.len > STATUS_MAX)
        text.len = STATUS_MAX;
    buffer_append_text(&b, "STATUS=");
    for (size_t i = 0; i < text.len; i++)
        buffer_append_char(&b, (unsigned char)text.data[i] < ' ' ? ' ' : text.data[i]);
    notify_say(n, buffer_str(&b));
    buffer_fini(&b);
}

void
notify_alive(struct notify *n)
{
    notify_say(n, STR_LIT("WATCHDOG=1"));
}

uint64_t
notify_watchdog_ms(const struct notify *n)
{
    return n ? n->watchdog_ms : 0;
}
