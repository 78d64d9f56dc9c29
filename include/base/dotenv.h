/* SPDX-License-Identifier: MIT */
/*
 * dotenv: a file of NAME=value lines, as Laravel's `.env`.  Lines that do not parse are skipped.
 */
#ifndef BASE_DOTENV_H
#define BASE_DOTENV_H

#include <stddef.h>

struct dotenv;

/* NULL when there is no such file. */
struct dotenv *dotenv_read(const char *path);
void dotenv_free(struct dotenv *d);
/* NULL when it is not there; d may be NULL. */
const char *dotenv_get(const struct dotenv *d, const char *name);
/* Of the i-th line; NULL when there are not so many; d may be NULL. */
const char *dotenv_name(const struct dotenv *d, size_t i);

#endif
