/* SPDX-License-Identifier: MIT */
/*
 * redis_settings: copies.
 */
#include "redis_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "net/connector.h"
#include "redis/redis_link.h"

enum { CONNECT_TIMEOUT_MS = 10000, SHORT_LIMIT_MS = 2000 };

void
redis_settings_add_node(struct redis_settings_nodes *n, const char *host, unsigned port)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->items[i].port == port && strcmp(n->items[i].host, host) == 0)
            return;
    n->items = mem_resize(n->items, n->count + 1, sizeof(*n->items));
    n->items[n->count++] = (struct redis_settings_node){ mem_strdup(host), port };
}

void
redis_settings_clear_nodes(struct redis_settings_nodes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i].host);
    free(n->items);
    *n = (struct redis_settings_nodes){ 0 };
}

/* An empty text is as good as none. */
static char *
copy_text(const char *text)
{
    return text && text[0] ? mem_strdup(text) : NULL;
}

void
redis_settings_init(struct redis_settings *s, const struct redis_options *o)
{
    *s = (struct redis_settings){
        .path = copy_text(o->path),
        .username = copy_text(o->username),
        .password = copy_text(o->password),
        .db = o->db,
        .connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS,
        .tls = connector_secure_ref(o->tls),
        .server_name = copy_text(o->server_name),
        .master = mem_strdup(o->master && o->master[0] ? o->master : "mymaster"),
        .sentinel_username = copy_text(o->sentinel_username),
        .sentinel_password = copy_text(o->sentinel_password),
        .sentinel_tls = o->sentinel_tls,
    };
    if (o->host)
        redis_settings_add_node(&s->seeds, o->host, o->port);
    for (size_t i = 0; i < o->cluster_count; i++)
        redis_settings_add_node(&s->seeds, o->cluster[i].host, o->cluster[i].port);
    for (size_t i = 0; i < o->sentinel_count; i++)
        redis_settings_add_node(&s->sentinels, o->sentinels[i].host, o->sentinels[i].port);
    ENSURE(s->path || s->seeds.count > 0 || s->sentinels.count > 0);
}

void
redis_settings_fini(struct redis_settings *s)
{
    redis_settings_clear_nodes(&s->seeds);
    redis_settings_clear_nodes(&s->sentinels);
    free(s->path);
    free(s->username);
    free(s->password);
    connector_secure_unref(s->tls);
    free(s->server_name);
    free(s->master);
    free(s->sentinel_username);
    free(s->sentinel_password);
}

unsigned
redis_settings_short_limit_ms(const struct redis_settings *s)
{
    return s->connect_timeout_ms < SHORT_LIMIT_MS ? s->connect_timeout_ms : SHORT_LIMIT_MS;
}
