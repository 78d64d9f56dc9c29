/* SPDX-License-Identifier: MIT */
/*
 * nodes: options that list servers: "a:26379,b:26379" in the environment, and in the file that, or
 * a list of such texts or of {"host": "a", "port": 26379}.
 */
#ifndef CONFIG_NODES_H
#define CONFIG_NODES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct config_nodes;
struct option;

/* Replace what *n holds.  False: it is as it was. */
MUST_USE bool nodes_parse(const struct option *o, struct config_nodes *n, struct str text);
MUST_USE bool nodes_read(const struct option *o, struct config_nodes *n, const json_t *value);
void nodes_free(struct config_nodes *n);
void nodes_copy(struct config_nodes *to, const struct config_nodes *from);
bool nodes_same(const struct config_nodes *a, const struct config_nodes *b);

#endif
