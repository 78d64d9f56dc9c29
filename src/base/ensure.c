/* SPDX-License-Identifier: MIT */
/*
 * ensure: the end of a program that found itself wrong.
 */
#include "base/ensure.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log_writer.h"

enum { LINE_MAX_BYTES = 1024, LIMIT_MS = 1000 };

/* A stderr that nobody reads does not keep the program from its end. */
void
ensure_failed(const char *condition, const char *file, int line, const char *function)
{
    char text[LINE_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "echo-server: ENSURE(%s) failed in %s, %s:%d\n",
        condition, function, file, line);
    size_t size = len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1;

    log_writer_flush(LIMIT_MS); /* so that there is room */
    if (log_writer_take(text, size))
        log_writer_flush(LIMIT_MS);
    else
        (void)!write(STDERR_FILENO, text, size);
    abort();
}
