/* SPDX-License-Identifier: MIT */
/*
 * held_file: open, lock, compare.
 */
#include "held_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void
held_file_rest(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = HELD_FILE_REST_MS * 1000000L }, NULL);
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
held_file_open(const char *path, int attempts)
{
    for (int attempt = 0; attempt < attempts; attempt++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_at(fd, path))
            return fd;
        close(fd);
        held_file_rest();
    }
    errno = EWOULDBLOCK;
    return -1;
}

void
held_file_remove(int fd, const char *path)
{
    if (is_still_at(fd, path))
        unlink(path);
}
