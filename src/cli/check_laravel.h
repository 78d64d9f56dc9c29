/* SPDX-License-Identifier: MIT */
/*
 * check_laravel: whether the configuration fits the application in the same folder.
 */
#ifndef CLI_CHECK_LARAVEL_H
#define CLI_CHECK_LARAVEL_H

struct check_report;
struct config;

/* folder: the application's; if it is not one, the current folder is tried. */
void check_laravel(struct check_report *r, const struct config *c, const char *folder);

#endif
