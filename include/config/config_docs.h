/* SPDX-License-Identifier: MIT */
/*
 * config_docs: what is written from the options table: docs/config.md, echo-server.example.json,
 * which a test compares with the files, and the configuration file that `init` writes.  Pure.
 */
#ifndef CONFIG_CONFIG_DOCS_H
#define CONFIG_CONFIG_DOCS_H

#include <stddef.h>

struct buffer;
struct config_client;
struct config_setting;

/* The whole of docs/config.md. */
void config_docs_manual(struct buffer *out);
/* The whole of echo-server.example.json: every option with its default. */
void config_docs_example(struct buffer *out);
/*
 * The document that laravel-echo-server writes, member by member, with the answers in it: texts
 * as strings, those of booleans as true or false, "{}" of an object as an empty one, a text with
 * commas of a list as one.  client NULL: none.
 */
void config_docs_template(const struct config_setting *settings, size_t count,
    const struct config_client *client, struct buffer *out);

#endif
