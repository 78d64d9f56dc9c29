/* SPDX-License-Identifier: MIT */
/*
 * config_template: the configuration file that `init` writes: the document that laravel-echo-server
 * writes, member by member, with the answers in it.  Pure.
 */
#ifndef CONFIG_CONFIG_TEMPLATE_H
#define CONFIG_CONFIG_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct config_client;
struct config_setting;

/* The default of an option, as text; "" when it has none. */
const char *config_template_default(const char *path);

/* Whether an option takes this text; false: *expected says what it takes. */
MUST_USE bool config_template_takes(const char *path, struct str text, struct buffer *expected);

/* Texts stand as texts, those of booleans as true or false, "{}" of an object as an empty one.
 * client NULL: none. */
void config_template_write(const struct config_setting *settings, size_t count,
    const struct config_client *client, struct buffer *out);

#endif
