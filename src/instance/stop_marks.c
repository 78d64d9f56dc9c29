/* SPDX-License-Identifier: MIT */
/*
 * stop_marks: /dev/shm/echo-server-<uid>-<port>, a line a mark: the stop's birth, its parent's, the
 * host.
 */
#include "instance/stop_marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/ensure.h"
#include "instance/lock_file.h"
#include "instance/process.h"
#include "instance/registration.h"

/* The file is held for a moment only.  A mark is of use while starts are under way, and to
 * the start that follows in its script, after composer and npm. */
enum { ATTEMPTS = 100, MARKS_MAX = 16, LINE_SIZE = 160, MARK_LIFE_S = 3600, HOST_SIZE = 64 };

struct mark {
    struct process_birth stop, parent; /* parent.pid 0: it is not known any more */
    char host[HOST_SIZE];
};

struct marks {
    char path[64];
    int fd;
    struct mark items[MARKS_MAX]; /* in the order in which they were left */
    size_t count;
    bool changed;
};

/* False: there is no number, or no blank after it. */
static bool
mark_take_number(char **at, uint64_t *value)
{
    char *end;

    *value = strtoull(*at, &end, 10);
    if (end == *at || *end != ' ')
        return false;
    *at = end + 1;
    return true;
}

static bool
mark_parse(char *line, struct mark *m)
{
    uint64_t pid, parent_pid;

    if (!mark_take_number(&line, &m->stop.ticks) || !mark_take_number(&line, &pid) ||
        !mark_take_number(&line, &m->parent.ticks) || !mark_take_number(&line, &parent_pid))
        return false;
    m->stop.pid = (pid_t)pid;
    m->parent.pid = (pid_t)parent_pid;
    snprintf(m->host, sizeof(m->host), "%s", line);
    return process_age_s(&m->stop) < MARK_LIFE_S;
}

static void
read_marks(struct marks *m)
{
    char text[MARKS_MAX * LINE_SIZE];
    ssize_t len = pread(m->fd, text, sizeof(text) - 1, 0);
    char *line = text, *end;

    text[len > 0 ? len : 0] = 0;
    while (m->count < MARKS_MAX && (end = strchr(line, '\n')) != NULL) {
        *end = 0;
        if (mark_parse(line, &m->items[m->count]))
            m->count++;
        line = end + 1;
    }
}

/* Locked until close_marks(); false: there are none, and none can be left. */
static bool
open_marks(struct marks *m, unsigned port, bool make)
{
    struct stat file;

    *m = (struct marks){ .fd = -1 };
    snprintf(m->path, sizeof(m->path), "/dev/shm/echo-server-%u-%u", (unsigned)geteuid(), port);
    if (!make && access(m->path, F_OK) != 0)
        return false;
    m->fd = lock_file_open(m->path, ATTEMPTS);
    if (m->fd < 0)
        return false;
    if (fstat(m->fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_uid != geteuid()) {
        close(m->fd);
        return false;
    }
    read_marks(m);
    return true;
}

/* A text that was cut by a full file system is read as the lines that are whole. */
static void
write_marks(const struct marks *m)
{
    char text[MARKS_MAX * LINE_SIZE];
    size_t len = 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct mark *k = &m->items[i];

        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "%" PRIu64 " %d %" PRIu64 " %d %s\n",
                k->stop.ticks, (int)k->stop.pid, k->parent.ticks, (int)k->parent.pid, k->host);
        ENSURE(len < sizeof(text)); /* a line has four numbers and a host, and so much room */
    }
    if (ftruncate(m->fd, 0) == 0)
        (void)!pwrite(m->fd, text, len, 0);
}

static void
close_marks(struct marks *m)
{
    if (m->count == 0)
        lock_file_remove(m->fd, m->path);
    else if (m->changed)
        write_marks(m);
    close(m->fd);
}

static void
mark_drop(struct marks *m, size_t index)
{
    ENSURE(index < m->count && m->count <= MARKS_MAX);
    m->count--;
    m->changed = true;
    memmove(&m->items[index], &m->items[index + 1], (m->count - index) * sizeof(m->items[0]));
}

/* A script that is gone has left its children to init. */
static struct process_birth
own_parent(void)
{
    struct process_birth parent = { 0 };
    pid_t pid = getppid();

    if (pid <= 1 || !process_read_birth(pid, &parent))
        parent = (struct process_birth){ 0 };
    return parent;
}

static bool
mark_is_over(const struct mark *m)
{
    struct process_birth now;

    return !process_read_birth(m->stop.pid, &now) || !process_is_same(&now, &m->stop);
}

/* An earlier stop of the same script says nothing that this one does not say. */
static void
drop_what_is_repeated(struct marks *m, const struct mark *mine)
{
    for (size_t i = m->count; i-- > 0;) {
        const struct mark *k = &m->items[i];

        if (mine->parent.pid && process_is_same(&k->parent, &mine->parent) &&
            strcmp(k->host, mine->host) == 0 && mark_is_over(k))
            mark_drop(m, i);
    }
}

void
stop_marks_leave(const char *host, unsigned port)
{
    struct mark mine = { .stop = process_own_birth(), .parent = own_parent() };
    struct marks m;

    if (!open_marks(&m, port, true))
        return;
    snprintf(mine.host, sizeof(mine.host), "%s", host ? host : "*");
    drop_what_is_repeated(&m, &mine);
    if (m.count == MARKS_MAX)
        mark_drop(&m, 0);
    m.items[m.count++] = mine;
    m.changed = true;
    close_marks(&m);
}

bool
stop_marks_forbid(const char *host, unsigned port, const struct process_birth *start)
{
    struct marks m;
    bool forbidden = false;

    if (!open_marks(&m, port, false))
        return false;
    for (size_t i = 0; i < m.count; i++)
        if (registration_overlaps(m.items[i].host, host) &&
            process_is_younger(&m.items[i].stop, start))
            forbidden = true;
    close_marks(&m);
    return forbidden;
}

/* m->count: there is none. */
static size_t
mark_choose(const struct marks *m, const char *host, const struct process_birth *start)
{
    struct process_birth parent = own_parent();
    size_t oldest = m->count;

    for (size_t i = 0; i < m->count; i++) {
        const struct mark *k = &m->items[i];

        if (!registration_overlaps(k->host, host) || !process_is_younger(start, &k->stop))
            continue;
        if (parent.pid && process_is_same(&k->parent, &parent))
            return i;
        if (oldest == m->count || process_is_younger(&m->items[oldest].stop, &k->stop))
            oldest = i;
    }
    return oldest;
}

bool
stop_marks_take(const char *host, unsigned port, const struct process_birth *start)
{
    struct marks m;
    size_t chosen;
    bool taken;

    if (!open_marks(&m, port, false))
        return false;
    chosen = mark_choose(&m, host, start);
    taken = chosen < m.count;
    if (taken)
        mark_drop(&m, chosen);
    close_marks(&m);
    return taken;
}
