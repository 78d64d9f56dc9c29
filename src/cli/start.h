/* SPDX-License-Identifier: MIT */
/*
 * start: `echo-server start`, in the foreground until a signal.
 */
#ifndef CLI_START_H
#define CLI_START_H

struct args;

int start_run(const struct args *a);

#endif
