/* SPDX-License-Identifier: MIT */
/*
 * config_docs: what is derived from the options table for readers: docs/config.md and
 * echo-server.example.json.  A test compares both with the files.  Pure.
 */
#ifndef CONFIG_CONFIG_DOCS_H
#define CONFIG_CONFIG_DOCS_H

struct buffer;

/* The whole of docs/config.md. */
void config_docs_manual(struct buffer *out);
/* The whole of echo-server.example.json: every option with its default. */
void config_docs_example(struct buffer *out);

#endif
