/* SPDX-License-Identifier: MIT */
/*
 * document_load: the text of a configuration as JSON, or what is wrong with it, in words for its
 * author.
 */
#ifndef CONFIG_DOCUMENT_LOAD_H
#define CONFIG_DOCUMENT_LOAD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct findings;
struct json_t;

/* The file as JSON.parse reads it, for laravel-echo-server does.  NULL: the reason was reported. */
struct json_t *document_load(const char *file, struct findings *f);

/* Whether a text is an object in JSON; false: one sentence was appended, without a file's name. */
MUST_USE bool document_load_check(struct str text, struct buffer *error);

#endif
