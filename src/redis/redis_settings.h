/* SPDX-License-Identifier: MIT */
/*
 * redis_settings: a link's own copy of its options.  Belongs to the link; what the link opens
 * borrows from it.
 */
#ifndef REDIS_REDIS_SETTINGS_H
#define REDIS_REDIS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct connector_secure;
struct redis_options;

struct redis_settings_node {
    char *host;
    unsigned port;
};

/* All zero is an empty list. */
struct redis_settings_nodes {
    struct redis_settings_node *items;
    size_t count;
};

/* Embedded.  Texts are NULL when they are empty. */
struct redis_settings {
    struct redis_settings_nodes seeds; /* host and port, then the further nodes of a cluster */
    char *path;
    char *username, *password;
    unsigned db, connect_timeout_ms;
    struct connector_secure *tls; /* NULL: plain */
    char *server_name;
    struct redis_settings_nodes sentinels;
    char *master, *sentinel_username, *sentinel_password;
    bool sentinel_tls;
    size_t first_sentinel;           /* the one that knew the last time */
    bool warned_password, warned_db; /* each is logged once a link */
};

void redis_settings_init(struct redis_settings *s, const struct redis_options *o);
void redis_settings_fini(struct redis_settings *s);

/* For one of several servers: another one may answer sooner. */
unsigned redis_settings_short_limit_ms(const struct redis_settings *s);

/* A node that is there already is not added again. */
void redis_settings_add_node(struct redis_settings_nodes *n, const char *host, unsigned port);
void redis_settings_clear_nodes(struct redis_settings_nodes *n);

#endif
