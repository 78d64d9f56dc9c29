/* SPDX-License-Identifier: MIT */
/*
 * option_value: what can be done with the value of one row, whatever its kind.  slot is the row's
 * field inside struct config, or one like it.  Pure; any thread.
 */
#ifndef CONFIG_OPTION_VALUE_H
#define CONFIG_OPTION_VALUE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct option;

/* False: the text is not a value of this row; the slot keeps what it had. */
MUST_USE bool option_value_parse(const struct option *o, void *slot, struct str text);
/* Back to the fallback. */
void option_value_reset(const struct option *o, void *slot, const char *fallback);
void option_value_free(const struct option *o, void *slot);
bool option_value_same(const struct option *o, const void *a, const void *b);
/* to's value is freed first. */
void option_value_copy(const struct option *o, void *to, const void *from);

/* Append the value as JSON has it; of a secret only that it is set. */
void option_value_append(const struct option *o, const void *slot, struct buffer *out);
/* Append what would be right: "a number from 1 to 65535". */
void option_value_expected(const struct option *o, struct buffer *out);

/* Append an item, whose texts are taken over: of a list a char *, of clients a struct
 * config_client, and so on. */
void option_value_add(const struct option *o, void *slot, const void *item);
/* An empty list, which is a value too. */
void option_value_empty(const struct option *o, void *slot);

/* The next word of a list's text, which are separated by commas or spaces; may be empty. */
struct str option_value_next_word(struct str *rest);
/* Whether the text may be an entry of the list. */
bool option_value_takes_entry(const struct option *o, struct str text);
/* Append one; false: it is not valid. */
MUST_USE bool option_value_add_entry(const struct option *o, void *slot, struct str text);

/* Append the nodes of a text, "a:26379,b:26379"; false: one is not right. */
MUST_USE bool option_value_add_nodes(const struct option *o, void *slot, struct str text);
/* Append one; false: no host, or no port. */
MUST_USE bool option_value_add_node(
    const struct option *o, void *slot, struct str host, uint64_t port);

#endif
