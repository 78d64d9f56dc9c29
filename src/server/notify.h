/* SPDX-License-Identifier: MIT */
/*
 * notify: what is sent to the service manager, by the protocol of sd_notify(3).
 *
 * The main thread only.  Without a service manager there is no such object: every function takes
 * NULL and does nothing.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdint.h>

#include "base/str.h"

struct notify;

/* By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.  NULL: no service manager asked. */
struct notify *notify_open(void);
/* Take these out of the environment, so that no child speaks for this process; before any other
 * thread runs. */
void notify_clear_environment(void);
void notify_free(struct notify *n);

/* Serving; also what ends notify_reloading(). */
void notify_ready(struct notify *n);
/* The configuration is read anew. */
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);
/* One line for `systemctl status`; control characters become spaces. */
void notify_status(struct notify *n, struct str text);
/* All is well: due within notify_watchdog_ms(). */
void notify_alive(struct notify *n);

/* 0: notify_alive() is not expected. */
uint64_t notify_watchdog_ms(const struct notify *n);

#endif
