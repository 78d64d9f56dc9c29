/* SPDX-License-Identifier: MIT */
/*
 * process: /proc/PID/stat and /proc/PID/cmdline.
 */
#include "instance/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PIDs are given in order and begin anew at a maximum that is 32,768 at least: within one tick a
 * wider gap is a new beginning. */
enum { TEXT_SIZE = 1024, PID_GAP = 16384, PARENTS_MAX = 64, CLOCK_SLACK_S = 2 };
enum { FIELD_PARENT = 4, FIELD_BIRTH = 22 };

struct stat_line {
    char state;
    pid_t parent;
    uint64_t ticks;
};

/* NUL-terminated; 0: there is nothing to read. */
static size_t
read_text(pid_t pid, const char *name, char text[TEXT_SIZE])
{
    char path[64];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    len = read(fd, text, TEXT_SIZE - 1);
    close(fd);
    if (len < 0)
        return 0;
    text[len] = 0;
    return (size_t)len;
}

/* The number that is this field of the line, counted from 1 as proc(5) does; from: field 3. */
static uint64_t
number_of_field(const char *from, unsigned field)
{
    for (unsigned i = 3; i < field && from; i++) {
        from = strchr(from, ' ');
        from = from ? from + 1 : NULL;
    }
    return from ? strtoull(from, NULL, 10) : 0;
}

/* "1234 (any (text)) S 1 ..." */
static bool
read_stat(pid_t pid, struct stat_line *line)
{
    char text[TEXT_SIZE];
    const char *at;

    if (pid <= 0 || read_text(pid, "stat", text) == 0)
        return false;
    at = strrchr(text, ')');
    if (!at || at[1] != ' ' || !at[2])
        return false;
    *line = (struct stat_line){
        .state = at[2],
        .parent = (pid_t)number_of_field(at + 2, FIELD_PARENT),
        .ticks = number_of_field(at + 2, FIELD_BIRTH),
    };
    return line->ticks > 0;
}

bool
process_read_birth(pid_t pid, struct process_birth *birth)
{
    struct stat_line line;

    *birth = (struct process_birth){ 0 };
    if (!read_stat(pid, &line) || line.state == 'Z' || line.state == 'X')
        return false;
    *birth = (struct process_birth){ line.ticks, pid };
    return true;
}

struct process_birth
process_own_birth(void)
{
    struct process_birth birth;

    /* Without /proc everybody is older. */
    if (!process_read_birth(getpid(), &birth))
        birth = (struct process_birth){ UINT64_MAX, getpid() };
    return birth;
}

bool
process_is_younger(const struct process_birth *one, const struct process_birth *other)
{
    int gap = (int)one->pid - (int)other->pid;

    if (one->ticks != other->ticks)
        return one->ticks > other->ticks;
    return abs(gap) > PID_GAP ? gap < 0 : gap > 0;
}

bool
process_is_same(const struct process_birth *one, const struct process_birth *other)
{
    return one->pid == other->pid && one->ticks == other->ticks;
}

uint64_t
process_age_s(const struct process_birth *birth)
{
    uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);
    struct timespec now;
    uint64_t born = birth->ticks / second;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec > born ? (uint64_t)now.tv_sec - born : 0;
}

/* This process, its parent, and so on. */
static bool
is_own_line(pid_t pid)
{
    struct stat_line line = { .parent = getpid() };

    for (int i = 0; i < PARENTS_MAX && line.parent > 0; i++) {
        if (line.parent == pid)
            return true;
        if (!read_stat(line.parent, &line))
            return false;
    }
    return false;
}

static bool
is_own_user(pid_t pid)
{
    char path[32];
    struct stat folder;

    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    return stat(path, &folder) == 0 && folder.st_uid == geteuid();
}

bool
process_is_reference(pid_t pid, time_t written)
{
    struct process_birth birth;
    char text[TEXT_SIZE];
    size_t len;

    if (!process_read_birth(pid, &birth) || !is_own_user(pid) || is_own_line(pid))
        return false;
    if (time(NULL) - (time_t)process_age_s(&birth) > written + CLOCK_SLACK_S)
        return false;
    len = read_text(pid, "cmdline", text);
    return len > 0 && memmem(text, len, "laravel-echo-server", 19) != NULL;
}
