/* SPDX-License-Identifier: MIT */
/*
 * syscalls: the table.  Found by running every test under strace and under the filter itself, and
 * by reading what the C library, libuv and OpenSSL fall back on.
 */
#include "syscalls.h"

#include <sys/syscall.h>

#define CALL(name)                                                                                 \
    {                                                                                              \
        SYS_##name, #name                                                                          \
    }
#define END                                                                                        \
    {                                                                                              \
        -1, NULL                                                                                   \
    }

/* Names that only the older architecture has. */
#ifdef __x86_64__
#define CALL_OLD(name) CALL(name),
#else
#define CALL_OLD(name)
#endif

/* clang-format off */
static const struct syscalls_call of_bytes[] = {
    CALL_OLD(epoll_wait) CALL(epoll_pwait), CALL(sendmsg), CALL(recvfrom), CALL(read), CALL(write),
    CALL(epoll_ctl), CALL(futex), CALL(accept4), CALL(close), CALL(recvmsg), CALL(sendto),
    CALL(connect), CALL(getsockopt), CALL(setsockopt), CALL(getsockname), CALL(getpeername),
    CALL(shutdown), CALL(readv), CALL(writev), CALL(fcntl), CALL(epoll_pwait2), END };
static const struct syscalls_call of_threads[] = {
    CALL(munmap), CALL(brk), CALL(madvise), CALL(mremap), CALL(clock_gettime), CALL(clock_getres),
    CALL(clock_nanosleep), CALL(nanosleep), CALL(gettimeofday), CALL_OLD(time) CALL(getrandom),
    CALL(rt_sigreturn), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(sigaltstack),
    CALL(restart_syscall), CALL(sched_yield), CALL(sched_getaffinity), CALL(set_robust_list),
    CALL(rseq), CALL(membarrier), CALL(exit), CALL(exit_group), END };
static const struct syscalls_call of_facts[] = {
    CALL(getpid), CALL(gettid), CALL(getppid), CALL(getuid), CALL(geteuid), CALL(getgid),
    CALL(getegid), CALL(getcpu), CALL(getrusage), CALL_OLD(getrlimit) CALL(uname), CALL(sysinfo),
    END };
static const struct syscalls_call of_looks[] = {
    CALL(fstat), CALL(newfstatat), CALL(statx), CALL_OLD(stat) CALL_OLD(lstat) CALL(lseek),
    CALL(pread64), CALL(getdents64), CALL(faccessat), CALL(faccessat2), CALL_OLD(access) END };
static const struct syscalls_call of_mappings[] = { CALL(mmap), END };
static const struct syscalls_call of_protection[] = { CALL(mprotect), END };
static const struct syscalls_call of_files[] = { CALL(openat), END };
static const struct syscalls_call of_old_files[] = { CALL_OLD(open) END };
static const struct syscalls_call of_sockets[] = { CALL(socket), END };
static const struct syscalls_call of_control[] = { CALL(ioctl), END };
static const struct syscalls_call of_names[] = { CALL(prctl), END };
static const struct syscalls_call of_limits[] = { CALL(prlimit64), END };
static const struct syscalls_call of_abort[] = { CALL(tgkill), END };
static const struct syscalls_call of_folders[] = {
    CALL(readlinkat), CALL_OLD(readlink) CALL(getcwd), CALL(statfs),
    CALL(fstatfs), CALL(unlinkat), CALL_OLD(unlink) CALL(flock), END };
static const struct syscalls_call of_resolvers[] = {
    CALL(bind), CALL(ppoll), CALL_OLD(poll) CALL(pselect6), CALL_OLD(select) CALL(sendmmsg),
    CALL(recvmmsg), CALL(socketpair), CALL(pipe2), CALL(eventfd2), CALL(epoll_create1), CALL(dup),
    CALL_OLD(dup2) CALL(dup3), END };
static const struct syscalls_call of_new_threads[] = { CALL(clone), END };
static const struct syscalls_call of_cages[] = {
    CALL(seccomp), CALL(landlock_restrict_self), END };
static const struct syscalls_call of_newer_ways[] = {
    CALL(clone3), CALL(openat2), CALL(close_range), CALL(io_uring_setup), CALL(io_uring_enter),
    CALL(io_uring_register), END };
static const struct syscalls_call of_programs[] = { CALL(execve), CALL(execveat), END };
static const struct syscalls_call of_attacks[] = {
    CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(init_module),
    CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(bpf), CALL(perf_event_open),
    CALL(userfaultfd), CALL(keyctl), CALL(add_key), CALL(request_key), CALL(mount), CALL(umount2),
    CALL(open_tree), CALL(move_mount), CALL(fsopen), CALL(fsmount), CALL(pivot_root), CALL(chroot),
    CALL(setns), CALL(unshare), CALL(reboot), CALL(swapon), END };

static const struct syscalls_group groups[] = {
    { "Bytes of connections, and the loop's wait", { RULE_FREE, RULE_FREE }, of_bytes },
    { "Memory, time, randomness, a thread's own state", { RULE_FREE, RULE_FREE }, of_threads },
    { "Mappings: libraries that look names up are loaded when they are needed",
      { RULE_FREE, RULE_NO_EXEC }, of_mappings },
    { "Protection of mappings", { RULE_NO_EXEC, RULE_NO_EXEC }, of_protection },
    { "Sockets to Redis, the application, name servers, the service manager",
      { RULE_NETLINK, RULE_FAMILIES }, of_sockets },
    { "Facts about the process and the machine", { RULE_FREE, RULE_FREE }, of_facts },
    { "Looks at files: the configuration, certificates; on workers the system's authorities",
      { RULE_FREE, RULE_FREE }, of_looks },
    { "Files, which Landlock limits further", { RULE_READ_3, RULE_READ_3 }, of_files },
    { "Files, the older call", { RULE_READ_2, RULE_READ_2 }, of_old_files },
    { "Descriptors", { RULE_CONTROL, RULE_CONTROL }, of_control },
    { "Names of threads", { RULE_NAMES, RULE_NAMES }, of_names },
    { "Limits", { RULE_OWN_LIMITS, RULE_OWN_LIMITS }, of_limits },
    { "The end by a failed assertion", { RULE_OWN_PROCESS, RULE_OWN_PROCESS }, of_abort },
    { "Folders: patterns of certificates; the lock file's end", { RULE_FREE, RULE_DENIED },
      of_folders },
    { "What libraries that look names up need", { RULE_FREE, RULE_DENIED }, of_resolvers },
    { "Threads, which are made by the main thread", { RULE_THREAD, RULE_DENIED }, of_new_threads },
    { "A tighter cage, which each thread enters by itself", { RULE_FREE, RULE_DENIED }, of_cages },
    { "Newer ways of what is allowed; arguments in memory, or a way around a filter",
      { RULE_ABSENT, RULE_ABSENT }, of_newer_ways },
    { "Other programs", { RULE_DENIED, RULE_KILLED }, of_programs },
    { "What no server does", { RULE_KILLED, RULE_KILLED }, of_attacks },
    { NULL, { RULE_DENIED, RULE_DENIED }, NULL },
};
/* clang-format on */

const struct syscalls_group *
syscalls_groups(void)
{
    return groups;
}

const char *
syscalls_rule_text(enum syscalls_rule rule)
{
    static const char *const texts[RULES] = {
        [RULE_DENIED] = "EPERM",
        [RULE_ABSENT] = "ENOSYS",
        [RULE_KILLED] = "ends the process",
        [RULE_FREE] = "yes",
        [RULE_NO_EXEC] = "never executable",
        [RULE_READ_2] = "for reading",
        [RULE_READ_3] = "for reading",
        [RULE_FAMILIES] = "IPv4, IPv6, Unix",
        [RULE_NETLINK] = "IPv4, IPv6, Unix, netlink",
        [RULE_THREAD] = "no processes",
        [RULE_OWN_PROCESS] = "its own process",
        [RULE_OWN_LIMITS] = "asking",
        [RULE_NAMES] = "naming",
        [RULE_CONTROL] = "FIONBIO, FIONREAD, TCGETS",
    };

    return texts[rule];
}

const char *
syscalls_name(int number)
{
    for (const struct syscalls_group *g = groups; g->purpose; g++)
        for (const struct syscalls_call *c = g->calls; c->name; c++)
            if (c->number == number)
                return c->name;
    return NULL;
}
