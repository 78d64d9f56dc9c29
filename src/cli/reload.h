/* SPDX-License-Identifier: MIT */
/*
 * reload: `echo-server reload`, SIGHUP to the server that `stop` would end.  What became of it is
 * in the server's log.
 */
#ifndef CLI_RELOAD_H
#define CLI_RELOAD_H

struct args;

int reload_run(const struct args *a);

#endif
