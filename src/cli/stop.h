/* SPDX-License-Identifier: MIT */
/*
 * stop: `echo-server stop`, which returns when the server is gone.  It ends no server that is
 * younger than itself: that is the one which a later start has put in the place (see turn.h).
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

struct args;

int stop_run(const struct args *a);

#endif
