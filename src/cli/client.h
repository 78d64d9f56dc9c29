/* SPDX-License-Identifier: MIT */
/*
 * client: `echo-server client:add [id]` and `client:remove id`: who may use the HTTP API.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

struct args;

int client_add(const struct args *a);
int client_remove(const struct args *a);

#endif
