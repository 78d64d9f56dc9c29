/* SPDX-License-Identifier: MIT */
/*
 * said: which warnings about a channel were given, by any worker of the process.  It remembers a
 * limited number of them; past it nothing more is said.  Any thread.
 */
#ifndef CHANNELS_SAID_H
#define CHANNELS_SAID_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

/* True for the first caller with this text. */
MUST_USE bool said_first(struct str what);

#endif
