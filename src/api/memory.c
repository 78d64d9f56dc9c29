/* SPDX-License-Identifier: MIT */
/*
 * memory: from the kernel, and from the allocator.
 */
#include "memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"

enum { STATM_SIZE = 128 };

/* The second number of /proc/self/statm; procfs answers without touching a disk. */
static uint64_t
resident_bytes(void)
{
    char text[STATM_SIZE] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    char *end = text;
    long page = sysconf(_SC_PAGESIZE);

    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return 0;
    (void)strtoull(text, &end, 10);
    return strtoull(end, NULL, 10) * (uint64_t)page;
}

void
memory_append(struct buffer *out)
{
    struct mallinfo2 info = mallinfo2();

    buffer_printf(out, "{\"rss\":%llu,\"heapTotal\":%zu,\"heapUsed\":%zu,\"external\":%zu}",
        (unsigned long long)resident_bytes(), info.arena, info.uordblks, info.hblkhd);
}
