/* SPDX-License-Identifier: MIT */
/*
 * environment: options from LARAVEL_ECHO_SERVER_* variables.  They win over the file.
 *
 * A variable is looked up in the process's environment, then in `.env` of the current folder, then
 * in `.env` beside the configuration file.  An empty value is unset.
 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

struct config;
struct findings;

void environment_read(struct config *c, struct findings *f);

#endif
