/* SPDX-License-Identifier: MIT */
/*
 * failed_start: a text file: the time, then the errors, a line each.
 */
#include "failed_start.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"
#include "place.h"
#include "unheard.h"

enum { RECORD_MAX_BYTES = 64 * 1024 };

/* To be freed. */
static char *
path_of(const struct place *p)
{
    struct str stem = str_of(p->lock_path);
    struct buffer b = { 0 };
    char *path;

    if (str_ends(stem, ".lock"))
        stem.len -= 5;
    buffer_printf(&b, "%.*s.failed", STR_ARG(stem));
    path = mem_copy_text(b.data, b.len);
    buffer_fini(&b);
    return path;
}

void
failed_start_watch(void)
{
    unheard_keep_errors();
}

void
failed_start_record(const struct place *p)
{
    struct str errors = unheard_errors();
    struct buffer text = { 0 };
    char when[32], *path;
    time_t now = time(NULL);
    struct tm utc;
    int fd;

    if (!p->exists && !unheard_is_needed())
        return;
    gmtime_r(&now, &utc);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ\n", &utc);
    buffer_append_text(&text, when);
    buffer_append_str(&text, errors);
    path = path_of(p);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd >= 0) {
        /* The errors were logged, too: a folder that cannot be written to is no further one. */
        (void)!write(fd, text.data, text.len);
        close(fd);
    }
    free(path);
    buffer_fini(&text);
}

void
failed_start_forget(const struct place *p)
{
    char *path = path_of(p);

    unheard_drop_errors();
    unlink(path);
    free(path);
}

bool
failed_start_read(const struct place *p, struct buffer *text)
{
    char *path = path_of(p);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t len = 0;

    free(path);
    if (fd < 0)
        return false;
    len = read(fd, buffer_reserve(text, RECORD_MAX_BYTES), RECORD_MAX_BYTES);
    close(fd);
    if (len <= 0)
        return false;
    text->len += (size_t)len;
    return true;
}
