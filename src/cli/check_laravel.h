/* SPDX-License-Identifier: MIT */
/*
 * check_laravel: whether the configuration fits the application in whose folder it lies.
 */
#ifndef CLI_CHECK_LARAVEL_H
#define CLI_CHECK_LARAVEL_H

struct check_report;
struct config;

/* folder: of the application, if it is one, else the current one is looked at. */
void check_laravel(struct check_report *r, const struct config *c, const char *folder);

#endif
