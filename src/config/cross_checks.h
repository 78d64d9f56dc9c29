/* SPDX-License-Identifier: MIT */
/*
 * cross_checks: whether options fit together, once each has its value; where laravel-echo-server
 * would have gone on with something else, that value is put in and a warning names it.
 */
#ifndef CONFIG_CROSS_CHECKS_H
#define CONFIG_CROSS_CHECKS_H

struct config;
struct findings;

/* where: what messages begin with. */
void cross_checks_run(struct config *c, struct findings *f, const char *where);

#endif
