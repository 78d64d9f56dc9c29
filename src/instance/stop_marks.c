/* SPDX-License-Identifier: MIT */
/*
 * stop_marks: an empty file in /dev/shm for each mark, and all of it in the name:
 * echo-server-stop-<port>-<the stop's birth>-<its parent's>-<chance>-<host>.  Anyone may make files
 * there, and nobody can remove those of others: so the owner of a file says whose mark it is, and
 * chance lets no other user's file be in the way.
 */
#include "instance/stop_marks.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/digest.h"
#include "instance/process.h"
#include "instance/registration.h"

/* A mark is of use while starts are under way, and to the start that follows in its script, after
 * composer and npm. */
enum { MARKS_MAX = 16, NAME_SIZE = 256, MARK_LIFE_S = 3600, CHANCE_BYTES = 4 };

static const char folder_path[] = "/dev/shm";

struct mark {
    struct process_birth stop, parent; /* parent.pid 0: it is not known any more */
    bool is_own;                       /* else root's */
    char name[NAME_SIZE];
    const char *host; /* in name */
};

/* The youngest, in no order. */
struct marks {
    DIR *folder;
    struct mark items[MARKS_MAX];
    size_t count;
};

/* False: there is no number, or no dash after it. */
static bool
mark_take_number(const char **at, uint64_t *value)
{
    char *end;

    *value = strtoull(*at, &end, 10);
    if (end == *at || *end != '-')
        return false;
    *at = end + 1;
    return true;
}

/* What follows the port. */
static bool
mark_parse(struct mark *m, const char *at)
{
    uint64_t pid, parent_pid;

    if (!mark_take_number(&at, &m->stop.ticks) || !mark_take_number(&at, &pid) ||
        !mark_take_number(&at, &m->parent.ticks) || !mark_take_number(&at, &parent_pid))
        return false;
    m->stop.pid = (pid_t)pid;
    m->parent.pid = (pid_t)parent_pid;
    m->host = strchr(at, '-');
    if (!m->host)
        return false;
    m->host++;
    return true;
}

/* The first to do so has it. */
static bool
mark_remove(const struct marks *m, const struct mark *k)
{
    return k->is_own && unlinkat(dirfd(m->folder), k->name, 0) == 0;
}

/* A mark of another user, unless that is root, says nothing. */
static bool
mark_is_believed(const struct marks *m, struct mark *k)
{
    struct stat file;

    if (fstatat(dirfd(m->folder), k->name, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(file.st_mode))
        return false;
    k->is_own = file.st_uid == geteuid();
    if (process_age_s(&k->stop) < MARK_LIFE_S)
        return k->is_own || file.st_uid == 0;
    (void)mark_remove(m, k);
    return false;
}

static struct mark *
oldest_of(struct marks *m)
{
    struct mark *oldest = m->items;

    for (size_t i = 1; i < m->count; i++)
        if (process_is_younger(&oldest->stop, &m->items[i].stop))
            oldest = &m->items[i];
    return oldest;
}

static void
add_mark(struct marks *m, const struct mark *k)
{
    struct mark *place = &m->items[m->count];

    if (m->count == MARKS_MAX)
        place = oldest_of(m);
    else
        m->count++;
    *place = *k;
    place->host = place->name + (k->host - k->name);
}

/* False: there is no such folder, and no marks.  Else closedir(m->folder). */
static bool
read_marks(struct marks *m, unsigned port)
{
    struct dirent *entry;
    char prefix[64];
    struct mark k;

    m->count = 0;
    m->folder = opendir(folder_path);
    snprintf(prefix, sizeof(prefix), "echo-server-stop-%u-", port);
    while (m->folder && (entry = readdir(m->folder))) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(k.name, sizeof(k.name), "%s", entry->d_name);
        if (mark_parse(&k, k.name + strlen(prefix)) && mark_is_believed(m, &k))
            add_mark(m, &k);
    }
    return m->folder != NULL;
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

/* Says nothing that a later stop of the same script does not say. */
static bool
mark_is_repeated(const struct mark *k, const struct process_birth *parent, const char *host)
{
    return parent->pid && process_is_same(&k->parent, parent) && strcmp(k->host, host) == 0 &&
           mark_is_over(k);
}

void
stop_marks_leave(const char *host, unsigned port)
{
    struct process_birth stop = process_own_birth(), parent = own_parent();
    char chance[2 * CHANCE_BYTES + 1], path[NAME_SIZE];
    struct marks m;
    int fd;

    host = host ? host : "*";
    if (!read_marks(&m, port))
        return;
    digest_random_hex(CHANCE_BYTES, chance);
    snprintf(path, sizeof(path), "%s/echo-server-stop-%u-%" PRIu64 "-%d-%" PRIu64 "-%d-%s-%s",
        folder_path, port, stop.ticks, (int)stop.pid, parent.ticks, (int)parent.pid, chance, host);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    if (m.count == MARKS_MAX)
        (void)mark_remove(&m, oldest_of(&m));
    for (size_t i = 0; i < m.count; i++)
        if (mark_is_repeated(&m.items[i], &parent, host))
            (void)mark_remove(&m, &m.items[i]);
    closedir(m.folder);
}

bool
stop_marks_forbid(const char *host, unsigned port, const struct process_birth *start)
{
    struct marks m;
    bool forbidden = false;

    if (!read_marks(&m, port))
        return false;
    for (size_t i = 0; i < m.count; i++)
        if (registration_overlaps(m.items[i].host, host) &&
            process_is_younger(&m.items[i].stop, start))
            forbidden = true;
    closedir(m.folder);
    return forbidden;
}

/* NULL: there is none. */
static const struct mark *
mark_choose(const struct marks *m, const char *host, const struct process_birth *start)
{
    struct process_birth parent = own_parent();
    const struct mark *oldest = NULL;

    for (size_t i = 0; i < m->count; i++) {
        const struct mark *k = &m->items[i];

        if (!k->is_own || !registration_overlaps(k->host, host) ||
            !process_is_younger(start, &k->stop))
            continue;
        if (parent.pid && process_is_same(&k->parent, &parent))
            return k;
        if (!oldest || process_is_younger(&oldest->stop, &k->stop))
            oldest = k;
    }
    return oldest;
}

bool
stop_marks_take(const char *host, unsigned port, const struct process_birth *start)
{
    const struct mark *chosen = NULL;
    bool taken = false;
    struct marks m;

    /* Another start may be quicker: then there may be another mark. */
    for (int i = 0; i < MARKS_MAX && !taken && (i == 0 || chosen); i++) {
        if (!read_marks(&m, port))
            return false;
        chosen = mark_choose(&m, host, start);
        taken = chosen && mark_remove(&m, chosen);
        closedir(m.folder);
    }
    return taken;
}
