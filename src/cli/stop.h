/* SPDX-License-Identifier: MIT */
/*
 * stop: `echo-server stop`, which returns when the server is gone.
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

struct args;
struct config;
struct running_place;

int stop_run(const struct args *a);

/* End every server that is found in the place; false (and logged): one is left. */
bool stop_servers(const struct running_place *place, const struct config *c);

#endif
