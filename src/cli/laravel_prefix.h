/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: what config/database.php of an application says about the prefix that Laravel
 * puts before its Redis keys and channels.  PHP is read as text, not run: what is written in an
 * unusual way is unknown.  Pure.
 */
#ifndef CLI_LARAVEL_PREFIX_H
#define CLI_LARAVEL_PREFIX_H

#include <stdbool.h>

#include "base/str.h"

enum { LARAVEL_PREFIX_MAX = 100 };

struct laravel_prefix {
    bool known;
    bool from_env;  /* REDIS_PREFIX, when it is set, is the prefix */
    bool slugged;   /* else: the slug of APP_NAME comes before the text */
    char separator; /* of the slug */
    char text[LARAVEL_PREFIX_MAX];
};

struct laravel_prefix laravel_prefix_read(struct str php);

#endif
