/* SPDX-License-Identifier: MIT */
/*
 * status: `echo-server status`: the server that `stop` would end, by what it says of itself under
 * its port; else the last start that failed.  Its exit code is 0 when a server runs and 3 when none
 * does, as of any init script.
 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

struct args;

int status_run(const struct args *a);

#endif
