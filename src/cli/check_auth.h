/* SPDX-License-Identifier: MIT */
/*
 * check_auth: whether the application answers about private channels.
 */
#ifndef CLI_CHECK_AUTH_H
#define CLI_CHECK_AUTH_H

struct check_report;
struct config;

/* where: the configuration file, for messages. */
void check_auth(struct check_report *r, const struct config *c, const char *where);

#endif
