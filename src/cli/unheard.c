/* SPDX-License-Identifier: MIT */
/*
 * unheard: datagrams to /dev/log.  The C library's syslog() waits when the socket is full, and a
 * loop's thread must not; a line that cannot be sent at once is lost.
 */
#include "unheard.h"

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

enum { LINE_MAX_BYTES = 2048, ERRORS_MAX_BYTES = 32 * 1024, NULL_MAJOR = 1, NULL_MINOR = 3 };

static int syslog_fd = -1;
static bool keeps;
static struct buffer errors;

/* "<27>Nov 25 03:21:01 echo-server[1234]: words". */
static void
send_line(enum log_level level, struct str line)
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
hear(enum log_level level, struct str line)
{
    if (syslog_fd >= 0 && level <= LOG_LEVEL_WARNING)
        send_line(level, line);
    if (!keeps || level != LOG_LEVEL_ERROR || errors.len + line.len > ERRORS_MAX_BYTES)
        return;
    buffer_append_str(&errors, line);
    buffer_append_char(&errors, '\n');
}

static void
fill_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

bool
unheard_is_needed(void)
{
    struct stat file;

    return fstat(STDERR_FILENO, &file) == 0 && S_ISCHR(file.st_mode) &&
           file.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

void
unheard_begin(void)
{
    fill_standard_descriptors();
    if (unheard_is_needed())
        syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    log_set_sink(hear);
}

void
unheard_keep_errors(void)
{
    keeps = true;
}

struct str
unheard_errors(void)
{
    return buffer_str(&errors);
}

void
unheard_drop_errors(void)
{
    keeps = false;
    buffer_fini(&errors);
}
