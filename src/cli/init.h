/* SPDX-License-Identifier: MIT */
/*
 * init: `echo-server init`, also `configure`: asks, and writes a configuration file.
 */
#ifndef CLI_INIT_H
#define CLI_INIT_H

struct args;

int init_run(const struct args *a);

#endif
