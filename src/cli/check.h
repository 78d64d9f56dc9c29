/* SPDX-License-Identifier: MIT */
/*
 * check: `echo-server check`: tries all that a configuration names, and reports every problem.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

struct args;

int check_run(const struct args *a);

#endif
