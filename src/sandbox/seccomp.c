/* SPDX-License-Identifier: MIT */
/*
 * seccomp: one comparison a call, in the order of the table, and two instructions each; kernels
 * since 5.11 evaluate that once per call number and remember which are always allowed.
 */
#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/ensure.h"

/* The machine that the table is for, and where a signal's context has a call's result.
 * Instrumented builds make calls of their own: they are built without. */
#if defined(__x86_64__) && !defined(WITHOUT_SANDBOX)
#define MACHINE AUDIT_ARCH_X86_64
#define SET_RESULT(context, value) ((context)->uc_mcontext.gregs[REG_RAX] = (value))
#elif defined(__aarch64__) && !defined(WITHOUT_SANDBOX)
#define MACHINE AUDIT_ARCH_AARCH64
#define SET_RESULT(context, value) ((context)->uc_mcontext.regs[0] = (uint64_t)(value))
#else
#define MACHINE 0
#define SET_RESULT(context, value) ((void)(context))
#endif

enum { PROGRAM_MAX = 1024, VALUES_MAX = 5 };

/* The C library has no names for the first two. */
enum {
    BY_FILTER = 1,
    NAME_OF_MEMORY = 0x53564d41,
    WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND
};

struct condition {
    unsigned argument;           /* from 0 */
    uint32_t none_of, any_of;    /* bits */
    uint32_t one_of[VALUES_MAX]; /* ends with 0 */
};

/* clang-format off */
static const struct condition conditions[RULES] = {
    [RULE_NO_EXEC] = { .argument = 2, .none_of = PROT_EXEC },
    [RULE_READ_2] = { .argument = 1, .none_of = WRITING },
    [RULE_READ_3] = { .argument = 2, .none_of = WRITING },
    [RULE_FAMILIES] = { .one_of = { AF_INET, AF_INET6, AF_UNIX } },
    [RULE_NETLINK] = { .one_of = { AF_INET, AF_INET6, AF_UNIX, AF_NETLINK } },
    [RULE_THREAD] = { .any_of = CLONE_THREAD },
    [RULE_OWN_LIMITS] = { .argument = 2, .none_of = UINT32_MAX },
    [RULE_NAMES] = { .one_of = { PR_SET_NAME, PR_GET_NAME, NAME_OF_MEMORY } },
    [RULE_CONTROL] = { .argument = 1, .one_of = { FIONBIO, FIONREAD, TCGETS } },
};
/* clang-format on */

struct program {
    struct sock_filter code[PROGRAM_MAX];
    size_t length;
};

/* ---- the filter ---- */

static void
program_add(struct program *p, struct sock_filter instruction)
{
    ENSURE(p->length < PROGRAM_MAX);
    p->code[p->length++] = instruction;
}

static void
program_load(struct program *p, size_t offset)
{
    program_add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void
program_return(struct program *p, uint32_t verdict)
{
    program_add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* The verdict where what was loaded fulfils a comparison (BPF_JEQ and its like); else go on. */
static void
program_return_if(struct program *p, uint16_t comparison, uint32_t with, uint32_t verdict)
{
    program_add(
        p, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | comparison | BPF_K), with, 0, 1));
    program_return(p, verdict);
}

static void
program_add_condition(struct program *p, const struct condition *c)
{
    program_load(p, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * c->argument);
    if (c->none_of)
        program_return_if(p, BPF_JSET, c->none_of, SECCOMP_RET_TRAP);
    if (c->any_of)
        program_return_if(p, BPF_JSET, c->any_of, SECCOMP_RET_ALLOW);
    for (const uint32_t *value = c->one_of; *value; value++)
        program_return_if(p, BPF_JEQ, *value, SECCOMP_RET_ALLOW);
    program_return(p, c->none_of ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
}

/* What becomes of a call whose number it is. */
static void
program_add_rule(struct program *p, enum syscalls_rule rule)
{
    struct condition own = { .one_of = { (uint32_t)getpid() } };

    if (rule == RULE_FREE)
        program_return(p, SECCOMP_RET_ALLOW);
    else if (rule == RULE_DENIED)
        program_return(p, SECCOMP_RET_TRAP);
    else if (rule == RULE_ABSENT)
        program_return(p, SECCOMP_RET_ERRNO | ENOSYS);
    else if (rule == RULE_KILLED)
        program_return(p, SECCOMP_RET_KILL_PROCESS);
    else
        program_add_condition(p, rule == RULE_OWN_PROCESS ? &own : &conditions[rule]);
}

/* x32's numbers are above all others. */
static void
program_build(struct program *p, enum syscalls_side side)
{
    p->length = 0;
    program_load(p, offsetof(struct seccomp_data, arch));
    program_add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
    program_return(p, SECCOMP_RET_KILL_PROCESS);
    program_load(p, offsetof(struct seccomp_data, nr));
    program_return_if(p, BPF_JGT, SYSCALLS_NEWEST, SECCOMP_RET_ERRNO | ENOSYS);
    for (const struct syscalls_group *g = syscalls_groups(); g->purpose; g++)
        for (const struct syscalls_call *c = g->calls; c->name; c++) {
            size_t before = p->length;

            program_add(p, (struct sock_filter){ 0 });
            program_add_rule(p, g->rule[side]);
            p->code[before] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                (uint32_t)c->number, 0, (uint8_t)(p->length - before - 1));
        }
    program_return(p, SECCOMP_RET_TRAP);
}

/* ---- denials ---- */

static atomic_uint denied[SYSCALLS_SIDES][SYSCALLS_MAX];
static int denied_fd = -1;
static _Thread_local volatile enum syscalls_side own_side;

/* On the thread whose call it was; the call then returns EPERM. */
static void
seccomp_on_denied(int number, siginfo_t *info, void *context)
{
    const uint64_t one = 1;
    int error = errno;
    ucontext_t *at = context;

    (void)number;
    if (info->si_code != BY_FILTER)
        return;
    atomic_fetch_add(&denied[own_side][info->si_syscall % SYSCALLS_MAX], 1);
    (void)!write(denied_fd, &one, sizeof(one));
    SET_RESULT(at, -EPERM);
    errno = error;
}

int
seccomp_watch(void)
{
    struct sigaction action = { .sa_sigaction = seccomp_on_denied, .sa_flags = SA_SIGINFO };

    ENSURE(denied_fd < 0);
    denied_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&action.sa_mask);
    sigaction(SIGSYS, &action, NULL);
    return denied_fd;
}

unsigned
seccomp_take_denied(enum syscalls_side side, int number)
{
    return atomic_exchange(&denied[side][number], 0);
}

/* ---- entering ---- */

bool
seccomp_is_offered(void)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;

    return MACHINE != 0 && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool
seccomp_enter(enum syscalls_side side)
{
    /* Without the second flag, kernels before 5.16 would make filtered threads slower. */
    unsigned long flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    struct program p;
    struct sock_fprog filter = { .filter = p.code };

    own_side = side;
    if (MACHINE == 0)
        return false;
    if (side == SYSCALLS_MAIN)
        flags |= SECCOMP_FILTER_FLAG_TSYNC;
    program_build(&p, side);
    filter.len = (unsigned short)p.length;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0;
}
