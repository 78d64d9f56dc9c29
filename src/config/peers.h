/* SPDX-License-Identifier: MIT */
/*
 * peers: what the options about TLS, origins and proxies say together.
 */
#ifndef CONFIG_PEERS_H
#define CONFIG_PEERS_H

struct config;
struct findings;

/* where: the file, for messages. */
void peers_check(const struct config *c, struct findings *f, const char *where);

#endif
