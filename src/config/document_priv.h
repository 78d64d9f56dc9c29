/* SPDX-License-Identifier: MIT */
/*
 * document, for the files that read it.
 */
#ifndef CONFIG_DOCUMENT_PRIV_H
#define CONFIG_DOCUMENT_PRIV_H

#include <jansson.h>

struct config;
struct findings;
struct option;

/* One reading. */
struct reading {
    struct config *config;
    const char *file;
    struct findings *findings;
};

/* NULL: it is no JSON, and error says why. */
json_t *document_load(const char *file, json_error_t *error, struct findings *f);

/* Say that a value is wrong, or what it was taken as. */
void document_wrong(struct reading *r, const struct option *o, const json_t *value);
void document_taken(struct reading *r, const struct option *o, const json_t *value);

void document_entries_clients(struct reading *r, const struct option *o, const json_t *value);
void document_entries_certificates(struct reading *r, const struct option *o, const json_t *value);
void document_entries_headers(struct reading *r, const struct option *o, const json_t *value);

#endif
