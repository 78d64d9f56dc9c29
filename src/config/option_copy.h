/* SPDX-License-Identifier: MIT */
/*
 * option_copy: values of one row in two configurations.  Pure; any thread.
 */
#ifndef CONFIG_OPTION_COPY_H
#define CONFIG_OPTION_COPY_H

#include <stdbool.h>

struct option;

bool option_copy_same(const struct option *o, const void *a, const void *b);
/* to's value is freed first. */
void option_copy(const struct option *o, void *to, const void *from);

#endif
