/* SPDX-License-Identifier: MIT */
/*
 * option_value: the value of one row, from text (defaults, environment, command line) or as the
 * text of a JSON scalar.  slot is the row's field inside struct config.  Pure; any thread.
 */
#ifndef CONFIG_OPTION_VALUE_H
#define CONFIG_OPTION_VALUE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct config_certificate;
struct config_client;
struct option;

/* False: the text is no value of this row; the slot keeps what it had. */
MUST_USE bool option_value_parse(const struct option *o, void *slot, struct str text);
/* Back to the fallback. */
void option_value_reset(const struct option *o, void *slot, const char *fallback);
void option_value_free(const struct option *o, void *slot);

/* Append the value as JSON has it; of a secret only that it is set. */
void option_value_append(const struct option *o, const void *slot, struct buffer *out);
/* Append what would be right: "a number from 1 to 65535". */
void option_value_expected(const struct option *o, struct buffer *out);

/* The next of the words of a list's text, which are parted by commas or spaces; may be empty. */
struct str option_value_next_word(struct str *rest);
/* Whether the text may be an entry of the list. */
bool option_value_takes_entry(const struct option *o, struct str text);
/* A list without entries is a value too. */
void option_value_empty_list(void *slot);

/* Append to the list, client list or header lines in slot. */
MUST_USE bool option_value_add_text(const struct option *o, void *slot, struct str text);
void option_value_add_client(void *slot, const char *app_id, const char *key);
/* c's texts are taken over. */
void option_value_add_certificate(void *slot, const struct config_certificate *c);
MUST_USE bool option_value_add_header(void *slot, struct str name, struct str value);

#endif
