/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: asks an application which prefix its Laravel puts before Redis keys and channels.
 *
 * Only the application knows what is in force: its `.env`, config/database.php or a cached
 * configuration.  So its own code runs, in php, as the owner of its folder and never as root.
 * Blocks until php has answered.
 */
#ifndef CLI_LARAVEL_PREFIX_H
#define CLI_LARAVEL_PREFIX_H

#include <stdint.h>

#include "base/attr.h"

/* How long php may take: an application boots in a second or two, on a slow disk in a few. */
enum { LARAVEL_PREFIX_LIMIT_MS = 10000 };

/*
 * The prefix that the application in folder uses ("" is the current one), to be freed; a line on
 * stdout says that php is asked.  NULL: it is not known, and *why is the clause after "because".
 */
MUST_USE char *laravel_prefix_ask(const char *folder, uint64_t limit_ms, const char **why);

#endif
