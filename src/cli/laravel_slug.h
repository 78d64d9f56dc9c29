/* SPDX-License-Identifier: MIT */
/*
 * laravel_slug: what Laravel's Str::slug() makes of a name.  Pure.
 */
#ifndef CLI_LARAVEL_SLUG_H
#define CLI_LARAVEL_SLUG_H

#include <stdbool.h>

#include "base/str.h"

struct buffer;

/* Append the slug.  False: the name has letters whose Latin spelling is not known here, so that the
 * slug may be another one. */
bool laravel_slug(struct str name, char separator, struct buffer *out);

#endif
