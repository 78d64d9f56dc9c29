/* SPDX-License-Identifier: MIT */
/*
 * process: what the kernel says of other processes, and the clock.
 *
 * Processor time is the sum over a process' threads of what the scheduler counted in
 * nanoseconds; memory is PSS, which divides shared pages among those who share them.
 */
#ifndef LOAD_PROCESS_H
#define LOAD_PROCESS_H

#include <stdint.h>

uint64_t process_now_ns(void);
/* pids: "12,34". */
uint64_t process_cpu_ns(const char *pids);
uint64_t process_pss_bytes(const char *pids);
/* What all TCP sockets of this machine hold in their queues. */
uint64_t process_socket_bytes(void);

#endif
