/* SPDX-License-Identifier: MIT */
/*
 * json_fault: what is wrong with a file that is not JSON, in words for whoever wrote it.
 */
#ifndef CONFIG_JSON_FAULT_H
#define CONFIG_JSON_FAULT_H

#include <jansson.h>

#include "base/str.h"

struct buffer;

/* Append one sentence: what the parser says, and the usual mistake, if it is one. */
void json_fault_explain(struct str text, const json_error_t *e, struct buffer *out);

/* The same with the file's name and the place in it; also where the file cannot be read. */
void json_fault_explain_file(const char *file, const json_error_t *e, struct buffer *out);

#endif
