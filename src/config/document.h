/* SPDX-License-Identifier: MIT */
/*
 * document: the configuration file, JSON, into the fields of struct config.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

struct config;
struct findings;

void document_read(struct config *c, const char *file, struct findings *f);

#endif
