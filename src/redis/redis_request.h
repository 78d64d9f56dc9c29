/* SPDX-License-Identifier: MIT */
/*
 * redis_request: a command as it goes over the wire.  Pure.
 */
#ifndef REDIS_REDIS_REQUEST_H
#define REDIS_REDIS_REQUEST_H

#include <stddef.h>

#include "base/str.h"

struct bytes;

struct bytes *redis_request_new(const struct str *argv, size_t argc);

#endif
