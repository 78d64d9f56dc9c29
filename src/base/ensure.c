/* SPDX-License-Identifier: MIT */
/*
 * ensure: the end of a program that found itself wrong.
 */
#include "base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

void
ensure_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(
        stderr, "echo-server: ENSURE(%s) failed in %s, %s:%d\n", condition, function, file, line);
    abort();
}
