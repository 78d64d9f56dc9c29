/* SPDX-License-Identifier: MIT */
/*
 * redis_server: a real redis-server on loopback, which ends with the test's process.
 */
#ifndef UNIT_REDIS_REDIS_SERVER_H
#define UNIT_REDIS_REDIS_SERVER_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* With one more option and its value, which NULL leaves out.  Whoever waits for the answer of a
 * server that could not be started waits in vain. */
static inline pid_t
redis_server_start(unsigned port, const char *option, const char *value)
{
    char text[16];
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(text, sizeof(text), "%u", port);
    execlp("redis-server", "redis-server", "--port", text, "--bind", "127.0.0.1", "--save", "",
        "--appendonly", "no", "--logfile", "/dev/null", option, value, (char *)NULL);
    _exit(127);
}

static inline void
redis_server_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

#endif
