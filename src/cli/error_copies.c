/* SPDX-License-Identifier: MIT */
/*
 * error_copies: datagrams to /dev/log.  The C library's syslog() waits when the socket is full, and
 * a loop's thread must not; a line that cannot be sent at once is lost.
 */
#include "error_copies.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "instance/place.h"

enum { LINE_MAX_BYTES = 2048, NULL_MAJOR = 1, NULL_MINOR = 3 };
enum { ERRORS_MAX_BYTES = 32 * 1024, RECORD_MAX_BYTES = 64 * 1024 };

static int syslog_fd = -1;
/* Grows only while keeps, so only before there are threads: a start that succeeds forgets. */
static struct buffer errors;
static bool keeps;

/* "<27>Nov 25 03:21:01 echo-server[1234]: words". */
static void
send_to_syslog(enum log_level level, struct str line)
{
    static const struct sockaddr_un there = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
    char text[LINE_MAX_BYTES], when[32];
    time_t now = time(NULL);
    struct tm local;
    int len;

    localtime_r(&now, &local);
    strftime(when, sizeof(when), "%b %e %H:%M:%S", &local);
    len = snprintf(text, sizeof(text), "<%d>%s echo-server[%d]: %.*s",
        LOG_DAEMON | (level == LOG_LEVEL_ERROR ? LOG_ERR : LOG_WARNING), when, (int)getpid(),
        STR_ARG(line));
    if (len >= (int)sizeof(text))
        len = (int)sizeof(text) - 1;
    (void)!sendto(syslog_fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
        (const struct sockaddr *)&there, sizeof(there));
}

static void
copy_line(enum log_level level, struct str line)
{
    if (syslog_fd >= 0 && level <= LOG_LEVEL_WARNING)
        send_to_syslog(level, line);
    if (level != LOG_LEVEL_ERROR || !keeps || errors.len + line.len > ERRORS_MAX_BYTES)
        return;
    buffer_append_str(&errors, line);
    buffer_append_char(&errors, '\n');
}

bool
error_copies_are_needed(void)
{
    struct stat file;

    return fstat(STDERR_FILENO, &file) == 0 && S_ISCHR(file.st_mode) &&
           file.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

void
error_copies_begin(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    if (error_copies_are_needed())
        syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    log_set_sink(copy_line);
}

/* ---- the record of a start that failed ---- */

void
error_copies_keep(void)
{
    keeps = true;
}

void
error_copies_record(const struct place *p)
{
    char when[32];
    struct buffer text = { 0 };
    time_t now = time(NULL);
    struct tm utc;
    int fd;

    if (!p->exists && !error_copies_are_needed())
        return;
    gmtime_r(&now, &utc);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ\n", &utc);
    buffer_append_text(&text, when);
    buffer_append_str(&text, buffer_str(&errors));
    fd = open(
        p->failed_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd >= 0) {
        /* The errors were logged as well: that the folder cannot be written to is not reported. */
        (void)!write(fd, text.data, text.len);
        close(fd);
    }
    buffer_fini(&text);
}

void
error_copies_forget(const struct place *p)
{
    keeps = false;
    buffer_fini(&errors);
    unlink(p->failed_path);
}

bool
error_copies_read(const struct place *p, struct buffer *text)
{
    int fd = open(p->failed_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t len;

    if (fd < 0)
        return false;
    len = read(fd, buffer_reserve(text, RECORD_MAX_BYTES), RECORD_MAX_BYTES);
    close(fd);
    text->len += len > 0 ? (size_t)len : 0;
    return len > 0;
}
