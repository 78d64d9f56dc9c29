/* SPDX-License-Identifier: MIT */
/*
 * rewrite: a new file beside the old one takes its name.
 */
#include "rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { FILE_BYTES_MAX = 16 << 20, NEW_FILE_MODE = 0666 };

/* Of a mode, and of that of a new file with a secret. */
enum { MODE_OTHERS = 0007, MODE_GROUP = 0070, SECRET_FILE_MODE = 0640 };

static bool
append_reason(struct buffer *error, const char *path, const char *what)
{
    char reason[128];

    buffer_printf(error, "%s: %s: %s", path, what, strerror_r(errno, reason, sizeof(reason)));
    return false;
}

/* Another process may have replaced the file between its opening and the lock. */
static bool
open_locked(struct rewrite *r)
{
    struct stat s, named;

    for (;;) {
        r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (r->fd < 0)
            return errno == ENOENT;
        if (flock(r->fd, LOCK_EX) != 0 || fstat(r->fd, &s) != 0)
            return false;
        if (stat(r->path, &named) == 0 && named.st_dev == s.st_dev && named.st_ino == s.st_ino)
            break;
        close(r->fd);
    }
    r->mode = s.st_mode & 07777;
    r->owner = s.st_uid;
    r->group = s.st_gid;
    if (S_ISREG(s.st_mode))
        return true;
    errno = S_ISDIR(s.st_mode) ? EISDIR : EINVAL;
    return false;
}

static bool
read_all(struct rewrite *r)
{
    ssize_t n = 0;

    while (r->fd >= 0 && r->text.len <= FILE_BYTES_MAX) {
        n = read(r->fd, buffer_reserve(&r->text, BUFSIZ), BUFSIZ);
        if (n <= 0)
            break;
        r->text.len += (size_t)n;
    }
    if (r->text.len > FILE_BYTES_MAX) {
        errno = EFBIG;
        return false;
    }
    return n >= 0;
}

bool
rewrite_open(struct rewrite *r, const char *path, struct buffer *error)
{
    char *target = realpath(path, NULL);
    mode_t mask = umask(0);

    umask(mask);
    *r = (struct rewrite){ .path = target ? target : mem_strdup(path),
        .fd = -1,
        .mode = NEW_FILE_MODE & ~mask,
        .owner = geteuid(),
        .group = getegid() };
    if (open_locked(r) && read_all(r))
        return true;
    append_reason(error, path, "cannot be read");
    rewrite_close(r);
    return false;
}

void
rewrite_make_secret(struct rewrite *r)
{
    r->secret = true;
}

/* The mode of the new file, of which this is the descriptor. */
static mode_t
give_away(const struct rewrite *r, int fd)
{
    mode_t mode = r->mode;

    if (r->secret)
        mode &= (mode_t)(r->fd < 0 ? SECRET_FILE_MODE : ~MODE_OTHERS);
    /* Only root can give a file to another user: where it fails the file is ours, and our group is
     * not the one that could read it. */
    if (fchown(fd, r->owner, r->group) != 0 && fchown(fd, (uid_t)-1, r->group) != 0 && r->secret)
        mode &= (mode_t)~MODE_GROUP;
    return mode;
}

static void
say_secret(const struct rewrite *r, mode_t mode)
{
    bool group = mode & MODE_GROUP;

    if (mode != r->mode)
        printf("%s: there is a key in it, so only its %s can read it now (mode %03o). The server "
               "must run as %s.\n",
            r->path, group ? "owner and group" : "owner", (unsigned)mode,
            group ? "one of them" : "that user");
}

static bool
write_all(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            text = str_slice(text.data + n, text.len - (size_t)n);
    }
    return fsync(fd) == 0;
}

bool
rewrite_commit(struct rewrite *r, struct str text, struct buffer *error)
{
    struct buffer name = { 0 };
    mode_t mode;
    int fd;
    bool ok;

    buffer_printf(&name, "%s.XXXXXX%c", r->path, 0);
    fd = mkostemp(name.data, O_CLOEXEC);
    if (fd < 0) {
        append_reason(error, r->path, "a new file cannot be created in its folder");
        buffer_fini(&name);
        return false;
    }
    mode = give_away(r, fd);
    ok = fchmod(fd, mode) == 0 && write_all(fd, text) && rename(name.data, r->path) == 0;
    if (ok) {
        say_secret(r, mode);
    } else {
        append_reason(error, r->path, "cannot be written");
        unlink(name.data);
    }
    close(fd);
    buffer_fini(&name);
    return ok;
}

void
rewrite_close(struct rewrite *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    buffer_fini(&r->text);
    free(r->path);
    r->path = NULL;
}
