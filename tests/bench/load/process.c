/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

enum { PATH_SIZE = 300, LINE_SIZE = 256 };

uint64_t
process_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A thread may end while its folder is read: then there is nothing to add. */
static uint64_t
thread_ns(long pid, const char *thread)
{
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    uint64_t ns = 0;

    (void)snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof(line), file) != NULL)
        ns = strtoull(line, NULL, 10);
    (void)fclose(file);
    return ns;
}

static uint64_t
cpu_of(long pid)
{
    char path[PATH_SIZE];
    uint64_t sum = 0;

    (void)snprintf(path, sizeof(path), "/proc/%ld/task", pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        die("process %ld is not there", pid);
    for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads))
        if (entry->d_name[0] != '.')
            sum += thread_ns(pid, entry->d_name);
    (void)closedir(threads);
    return sum;
}

static uint64_t
pss_of(long pid)
{
    static const char name[] = "Pss:";
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    uint64_t kilobytes = 0;

    (void)snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        die("%s cannot be read", path);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, sizeof(name) - 1) == 0)
            kilobytes = strtoull(line + sizeof(name) - 1, NULL, 10);
    (void)fclose(file);
    return kilobytes * 1024;
}

static uint64_t
sum_over(const char *pids, uint64_t (*of)(long pid))
{
    uint64_t sum = 0;

    while (*pids != '\0') {
        char *end = NULL;
        long pid = strtol(pids, &end, 10);
        if (end == pids)
            die("pids is \"%s\": expected numbers with commas between", pids);
        sum += of(pid);
        pids = *end == ',' ? end + 1 : end;
    }
    return sum;
}

uint64_t
process_cpu_ns(const char *pids)
{
    return sum_over(pids, cpu_of);
}

uint64_t
process_pss_bytes(const char *pids)
{
    return sum_over(pids, pss_of);
}

uint64_t
process_socket_bytes(void)
{
    char line[LINE_SIZE];
    uint64_t pages = 0;

    FILE *file = fopen("/proc/net/sockstat", "re");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *found = strncmp(line, "TCP:", 4) == 0 ? strstr(line, " mem ") : NULL;
        if (found != NULL)
            pages = strtoull(found + 5, NULL, 10);
    }
    (void)fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
