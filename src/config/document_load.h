/* SPDX-License-Identifier: MIT */
/*
 * document_load: the text of a configuration as JSON, and what is wrong with one that is not, in
 * words for whoever wrote it.
 */
#ifndef CONFIG_DOCUMENT_LOAD_H
#define CONFIG_DOCUMENT_LOAD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct findings;
struct json_t;

/* The file as JSON.parse takes it, which laravel-echo-server uses.  NULL: why was said. */
struct json_t *document_load(const char *file, struct findings *f);

/* Whether a text is an object in JSON; false: one sentence was appended, without a file's name. */
MUST_USE bool document_load_check(struct str text, struct buffer *error);

#endif
