/* SPDX-License-Identifier: MIT */
/*
 * stop: `echo-server stop`, which returns when the server is gone.  It ends no server that is
 * younger than itself: that is the one which a later start has put in the place (see turn.h).
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

#include "base/attr.h"
#include "server/running.h"

struct args;

/* What a server gets beyond its shutdownTimeout, before it is killed. */
enum { STOP_PATIENCE_MS = 5000 };

int stop_run(const struct args *a);

/* Say how an end went; false: the server is still there. */
MUST_USE bool stop_report(enum running_end end, const struct running *r, const char *where);

#endif
