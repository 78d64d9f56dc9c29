/* SPDX-License-Identifier: MIT */
/*
 * failed_start: a text file: the time, then the errors, a line each.
 */
#include "failed_start.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/str.h"
#include "instance/place.h"
#include "unheard.h"

enum { RECORD_MAX_BYTES = 64 * 1024 };

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
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    int fd;

    if (!p->exists && !unheard_is_needed())
        return;
    gmtime_r(&now, &utc);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ\n", &utc);
    buffer_append_text(&text, when);
    buffer_append_str(&text, errors);
    fd = open(
        p->failed_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd >= 0) {
        /* The errors were logged, too: a folder that cannot be written to is no further one. */
        (void)!write(fd, text.data, text.len);
        close(fd);
    }
    buffer_fini(&text);
}

void
failed_start_forget(const struct place *p)
{
    unheard_drop_errors();
    unlink(p->failed_path);
}

bool
failed_start_read(const struct place *p, struct buffer *text)
{
    int fd = open(p->failed_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t len = 0;

    if (fd < 0)
        return false;
    len = read(fd, buffer_reserve(text, RECORD_MAX_BYTES), RECORD_MAX_BYTES);
    close(fd);
    if (len <= 0)
        return false;
    text->len += (size_t)len;
    return true;
}
