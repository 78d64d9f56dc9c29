/* SPDX-License-Identifier: MIT */
/*
 * cage: the parts, in the order in which the kernel wants them, and what stays readable.
 */
#include "sandbox/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "folders.h"
#include "landlock.h"
#include "net/loop.h"
#include "net/poller.h"
#include "seccomp.h"
#include "tls/tls_client.h"

enum { GATE_MS = 10000, GATE_LINES = 10 };

/* What the C library reads to look a name up, with its modules, and OpenSSL to verify a peer; and
 * what says how much memory there is. */
static const char *const of_the_system[] = { "/etc", "/usr", "/lib", "/lib32", "/lib64", "/run",
    "/nix/store", "/var/lib/extrausers", "/var/lib/sss", "/dev/null", "/dev/urandom", "/proc/self",
    "/proc/sys", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/fs/cgroup" };
/* To which the links in the folder of authorities lead. */
static const char *const of_authorities[] = { "/etc/ca-certificates", "/etc/pki",
    "/usr/share/ca-certificates", "/usr/local/share/ca-certificates" };

/* The process's; written by the main thread before there are others. */
static struct {
    bool has_landlock, has_seccomp;
    int worker_rules; /* while has_landlock */
    int denied_fd;    /* while has_seccomp */
    struct poller *denied;
} cage;

/* ---- what there is ---- */

static const char *
parts_text(bool seccomp, bool landlock)
{
    if (!seccomp)
        return landlock ? "no_new_privs,Landlock" : "no_new_privs";
    return landlock ? "no_new_privs,seccomp,Landlock" : "no_new_privs,seccomp";
}

const char *
cage_offered(void)
{
    int rules = landlock_open();

    if (rules >= 0)
        close(rules);
    return parts_text(seccomp_is_offered(), rules >= 0);
}

/* ---- denied calls ---- */

static void
say_denied(struct log_gate *gate, enum syscalls_side side, int number)
{
    static const char *const threads[] = { "main", "worker" };
    const char *name = syscalls_name(number);
    unsigned times = seccomp_take_denied(side, number);
    char text[16];

    snprintf(text, sizeof(text), "%d", number);
    if (times > 0 && log_gate_pass(gate, clock_ms(), GATE_MS, GATE_LINES) > 0)
        log_warning("the sandbox denied a system call; if something fails since, please report "
                    "this line call=%s thread=%s times=%u",
            name ? name : text, threads[side], times);
}

static void
cage_on_denied(void *owner, bool readable, bool writable)
{
    static struct log_gate gate;
    uint64_t count;

    (void)owner, (void)readable, (void)writable;
    if (read(cage.denied_fd, &count, sizeof(count)) < 0)
        return;
    for (int number = 0; number < SYSCALLS_MAX; number++)
        for (unsigned side = 0; side < SYSCALLS_SIDES; side++)
            say_denied(&gate, side, number);
}

/* ---- entering ---- */

void
cage_prepare(void)
{
    /* libuv since 1.45 hands work over to rings in memory, which no filter sees. */
    setenv("UV_USE_IO_URING", "0", 1);
}

static void
admit(void *owner, const char *path)
{
    landlock_admit(*(int *)owner, path, LANDLOCK_READ);
}

static int
rules_of_main(const struct config *c, const char *lock_path)
{
    int rules = landlock_open();
    const char *slash = lock_path ? strrchr(lock_path, '/') : NULL;
    char *folder;

    if (rules < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(of_the_system); i++)
        admit(&rules, of_the_system[i]);
    tls_client_each_authority(admit, &rules);
    folders_each(c, admit, &rules);
    folder = slash ? mem_copy_text(lock_path, (size_t)(slash + 1 - lock_path)) : mem_strdup(".");
    if (lock_path)
        landlock_admit(rules, folder, LANDLOCK_REMOVE);
    free(folder);
    return rules;
}

static int
rules_of_workers(void)
{
    int rules = landlock_open();

    if (rules < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(of_authorities); i++)
        admit(&rules, of_authorities[i]);
    tls_client_each_authority(admit, &rules);
    return rules;
}

static void
enter_landlock(const struct config *c, const char *lock_path)
{
    int rules = rules_of_main(c, lock_path);

    cage.worker_rules = rules_of_workers();
    cage.has_landlock = rules >= 0 && cage.worker_rules >= 0 && landlock_enter(rules);
    if (rules >= 0)
        close(rules);
    if (!cage.has_landlock && cage.worker_rules >= 0)
        close(cage.worker_rules);
}

static void
enter_seccomp(struct loop *l)
{
    if (!seccomp_is_offered())
        return;
    cage.denied_fd = seccomp_watch();
    if (cage.denied_fd < 0)
        return;
    cage.denied = poller_open(l, cage.denied_fd, cage_on_denied, NULL);
    poller_watch(cage.denied, true, false);
    cage.has_seccomp = seccomp_enter(SYSCALLS_MAIN);
}

const char *
cage_enter(struct loop *l, const struct config *c, const char *lock_path)
{
    const char *text;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return "off";
    tzset(); /* reads /etc/localtime, which workers cannot */
    enter_landlock(c, lock_path);
    enter_seccomp(l);
    text = parts_text(cage.has_seccomp, cage.has_landlock);
    log_info("sandbox parts=%s", text);
    return text;
}

void
cage_tighten(void)
{
    if ((cage.has_landlock && !landlock_enter(cage.worker_rules)) ||
        (cage.has_seccomp && !seccomp_enter(SYSCALLS_WORKER)))
        log_warning("the kernel refused a worker's sandbox; it has the main thread's");
}

/* ---- what is outside ---- */

/* Landlock hides what the user may read: access() knows of users only. */
static void
say_if_hidden(void *owner, const char *path)
{
    struct buffer *said = owner;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool hidden = fd < 0 && errno == EACCES && access(path, R_OK) == 0;

    if (fd >= 0)
        close(fd);
    if (!hidden || str_contains(buffer_str(said), path))
        return;
    buffer_printf(said, "%s\n", path);
    log_error("the sandbox hides %s from the running server: restart it to let it in, or set "
              "sandbox to false",
        LOG_STR(str_of(path)));
}

void
cage_explain(const struct config *c)
{
    struct buffer said = { 0 };

    if (cage.has_landlock)
        folders_each(c, say_if_hidden, &said);
    buffer_fini(&said);
}

void
cage_close(void)
{
    poller_close(cage.denied);
    cage.denied = NULL;
}
