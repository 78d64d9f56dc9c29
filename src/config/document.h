/* SPDX-License-Identifier: MIT */
/*
 * document: the configuration file, JSON, into the fields of struct config.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <jansson.h>

struct config;
struct findings;
struct option;

/* Reads config->file. */
void document_read(struct config *c, struct findings *f);

/* ---- document_entries.c: lists of objects, and objects with any names ---- */

/* A file while it is read. */
struct reading {
    struct config *config;
    const char *file;
    struct findings *findings;
};

void document_entries_clients(struct reading *r, const struct option *o, const json_t *value);
void document_entries_certificates(struct reading *r, const struct option *o, const json_t *value);
void document_entries_headers(struct reading *r, const struct option *o, const json_t *value);
/* "a:26379,b:26379", or a list of such texts and of {"host": "a", "port": 26379}. */
void document_entries_nodes(struct reading *r, const struct option *o, const json_t *value);

#endif
