/* SPDX-License-Identifier: MIT */
/*
 * descriptors: setrlimit(2).
 */
#include "server/descriptors.h"

#include <sys/resource.h>

/* When the limit is no number, or cannot be read. */
enum { PLENTY = 1 << 20, FEW = 1024 };

size_t
descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FEW;
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit raised = { limit.rlim_max, limit.rlim_max };

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur == RLIM_INFINITY ? PLENTY : (size_t)limit.rlim_cur;
}
