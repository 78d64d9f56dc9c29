/* SPDX-License-Identifier: MIT */
/*
 * origins: who may open a session from a page, as socket.io 2's `origins` has it.  Pure.
 */
#ifndef ENGINE_ORIGINS_H
#define ENGINE_ORIGINS_H

#include <stdbool.h>

struct http_request;

/* list ends with NULL; NULL admits everybody. */
bool origins_admit(const char *const *list, const struct http_request *r);

#endif
