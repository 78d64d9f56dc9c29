/* SPDX-License-Identifier: MIT */
/*
 * marks: the files of stop_marks, from outside.
 */
#ifndef UNIT_INSTANCE_MARKS_H
#define UNIT_INSTANCE_MARKS_H

#include <glob.h>
#include <stdio.h>
#include <unistd.h>

/* How many there are under this port, whoever made them; removed on demand. */
static inline size_t
marks_count(unsigned port, int remove_them)
{
    char pattern[64];
    glob_t found;
    size_t count;

    snprintf(pattern, sizeof(pattern), "/dev/shm/echo-server-stop-%u-*", port);
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    count = found.gl_pathc;
    for (size_t i = 0; i < count && remove_them; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
    return count;
}

#endif
