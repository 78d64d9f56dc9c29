/* SPDX-License-Identifier: MIT */
/*
 * lock_file: flock(2), and /proc/locks, in which the kernel says which process holds it.
 */
#include "instance/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "instance/process.h"

/* Somebody else's look at the lock, or a holder that removes the file, is over by then. */
enum { ATTEMPTS = 10, REST_MS = 10, CONTENT_MAX = 256, REASON_SIZE = 128 };

struct lock_file {
    char *path;
    int fd;
};

static void
rest(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = REST_MS * 1000000L }, NULL);
}

/* The file may have been removed between open and lock; then the lock is on nothing. */
static bool
is_still_at(int fd, const char *path)
{
    struct stat held, there;

    return fstat(fd, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

int
lock_file_open(const char *path, int attempts)
{
    for (int attempt = 0; attempt < attempts; attempt++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_at(fd, path))
            return fd;
        close(fd);
        rest();
    }
    errno = EWOULDBLOCK;
    return -1;
}

void
lock_file_remove(int fd, const char *path)
{
    if (is_still_at(fd, path))
        unlink(path);
}

static pid_t
read_content(int fd)
{
    char text[CONTENT_MAX];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    const char *at;
    long pid;

    if (len <= 0)
        return 0;
    text[len] = 0;
    at = strstr(text, "\"process\"");
    at = at ? strchr(at, ':') : NULL;
    pid = at ? strtol(at + 1, NULL, 10) : 0;
    return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* The PID of the laravel-echo-server that wrote it and lives, or 0. */
static pid_t
reference_in(int fd)
{
    pid_t pid = read_content(fd);
    struct stat file;

    return pid && fstat(fd, &file) == 0 && process_is_reference(pid, file.st_mtime) ? pid : 0;
}

static bool
write_holder(int fd)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "{\n\t\"process\": %d\n}", (int)getpid());

    /* laravel-echo-server made it for everybody; where it is another user's, it stays so. */
    (void)!fchmod(fd, 0600);
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len;
}

enum lock_file_result
lock_file_take(const char *path, struct lock_file **lock, struct buffer *error)
{
    int fd = lock_file_open(path, ATTEMPTS);
    char reason[REASON_SIZE];

    if (fd < 0 && errno == EWOULDBLOCK)
        return LOCK_FILE_HELD;
    if (fd >= 0 && reference_in(fd)) {
        close(fd);
        return LOCK_FILE_HELD;
    }
    if (fd < 0 || !write_holder(fd)) {
        buffer_printf(error, "cannot write the lock file %s: %s", path,
            strerror_r(errno, reason, sizeof(reason)));
        if (fd >= 0)
            close(fd);
        return LOCK_FILE_FAILED;
    }
    *lock = mem_zalloc(sizeof(**lock));
    (*lock)->path = mem_strdup(path);
    (*lock)->fd = fd;
    return LOCK_FILE_TAKEN;
}

void
lock_file_release(struct lock_file *lock)
{
    if (!lock)
        return;
    lock_file_remove(lock->fd, lock->path);
    close(lock->fd);
    free(lock->path);
    free(lock);
}

/* "1234 08:01:131074 0 EOF": whether it is this PID and this inode. */
static bool
is_line_of(const char *line, pid_t pid, ino_t inode)
{
    char *end;
    intmax_t holder = strtoimax(line, &end, 10);
    const char *colon = strchr(end, ':');

    colon = colon ? strchr(colon + 1, ':') : NULL;
    return colon && holder == (intmax_t)pid && strtoumax(colon + 1, NULL, 10) == (uintmax_t)inode;
}

/*
 * Whether the kernel says that pid holds a flock on this inode: a line of /proc/locks is
 * "1: FLOCK  ADVISORY  WRITE 1234 08:01:131074 0 EOF", its PID as this PID namespace sees it.
 */
static bool
kernel_agrees(int fd, pid_t pid)
{
    FILE *locks = fopen("/proc/locks", "re");
    struct stat file;
    char line[CONTENT_MAX];
    bool agrees = false;

    if (!locks || fstat(fd, &file) != 0)
        pid = 0;
    while (pid && !agrees && fgets(line, sizeof(line), locks)) {
        const char *kind = strstr(line, "FLOCK"), *mode = kind ? strstr(kind, "WRITE ") : NULL;

        agrees = mode && is_line_of(mode + 6, pid, file.st_ino);
    }
    if (locks)
        fclose(locks);
    return agrees;
}

/* -1: there is none.  It may be a pipe. */
static int
open_to_look(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

bool
lock_file_holder(const char *path, pid_t *pid)
{
    int fd = open_to_look(path);
    bool held = false;

    *pid = 0;
    if (fd < 0)
        return false;
    for (int attempt = 0; attempt < ATTEMPTS && *pid == 0; attempt++) {
        held = flock(fd, LOCK_SH | LOCK_NB) != 0;
        if (!held)
            break;
        *pid = read_content(fd);
        if (kernel_agrees(fd, *pid))
            break;
        *pid = 0; /* a moment after the lock was taken the content is still the old one */
        rest();
    }
    close(fd);
    return held;
}

pid_t
lock_file_reference(const char *path)
{
    int fd = open_to_look(path);
    pid_t pid;

    if (fd < 0)
        return 0;
    pid = reference_in(fd);
    close(fd);
    return pid;
}
