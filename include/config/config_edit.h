/* SPDX-License-Identifier: MIT */
/*
 * config_edit: changes the clients in the text of a configuration file.  All else stays as it was
 * written: unknown members, their order, blanks, line ends.  What is added looks like its
 * neighbours.  Nothing of the environment gets into it.  out is empty
 * at first.  Pure.
 */
#ifndef CONFIG_CONFIG_EDIT_H
#define CONFIG_CONFIG_EDIT_H

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum config_edit {
    CONFIG_EDIT_ADDED,
    CONFIG_EDIT_UPDATED,
    CONFIG_EDIT_REMOVED,
    CONFIG_EDIT_ABSENT, /* no such client: *out is the text as it was */
    CONFIG_EDIT_FAILED, /* *error is one sentence, without the file's name */
};

/* Add a client, or give a new key to every entry that has this id already. */
MUST_USE enum config_edit config_edit_put_client(
    struct str text, const char *app_id, const char *key, struct buffer *out, struct buffer *error);

/* Remove every entry of this id. */
MUST_USE enum config_edit config_edit_remove_client(
    struct str text, const char *app_id, struct buffer *out, struct buffer *error);

#endif
