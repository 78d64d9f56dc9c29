/* SPDX-License-Identifier: MIT */
/*
 * landlock: the kernel's three calls, for which the C library has no names, in the versions 1 to 6.
 */
#include "landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What newer kernels have and older headers do not. */
enum { FILES_OF_1 = (1 << 13) - 1, REFER_OF_2 = 1 << 13, TRUNCATE_OF_3 = 1 << 14 };
enum { BIND_OF_4 = 1, DEVICES_OF_5 = 1 << 15 };

/* As seccomp: a sanitizer's runtime reads what it likes. */
#ifdef WITHOUT_SANDBOX
static const bool is_built = false;
#else
static const bool is_built = true;
#endif

struct attributes {
    uint64_t files;
    uint64_t ports; /* from version 4 on */
};

static long
landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* A version only knows its own bits, and its own size. */
int
landlock_open(void)
{
    long version = landlock_version();
    struct attributes a = { .files = FILES_OF_1 };

    if (!is_built || version < 1)
        return -1;
    if (version >= 2)
        a.files |= REFER_OF_2;
    if (version >= 3)
        a.files |= TRUNCATE_OF_3;
    if (version >= 4)
        a.ports = BIND_OF_4;
    if (version >= 5)
        a.files |= DEVICES_OF_5;
    return (int)syscall(
        SYS_landlock_create_ruleset, &a, version >= 4 ? sizeof(a) : sizeof(a.files), 0);
}

void
landlock_admit(int rules, const char *path, enum landlock_access access)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
    struct stat file;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return;
    if (access == LANDLOCK_REMOVE)
        rule.allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE;
    else if (fstat(rule.parent_fd, &file) == 0 && S_ISDIR(file.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
}

bool
landlock_enter(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}
