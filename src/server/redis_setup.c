/* SPDX-License-Identifier: MIT */
/*
 * redis_setup: from the names of options to those of the redis layer.
 */
#include "redis_setup.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "config/config.h"
#include "net/connector.h"
#include "tls/tls_client.h"

static struct redis_node *
redis_setup_nodes(const struct config_nodes *from)
{
    struct redis_node *to = mem_resize(NULL, from->count, sizeof(*to));

    for (size_t i = 0; i < from->count; i++)
        to[i] = (struct redis_node){ from->items[i].host, from->items[i].port };
    return to;
}

static bool
redis_setup_tls(
    struct redis_setup *s, const struct config *c, const char *file, struct buffer *error)
{
    const struct tls_client_options o = {
        .verify = c->redis_tls_verify,
        .ca = c->redis_tls_ca,
        .cert = c->redis_tls_cert,
        .key = c->redis_tls_key,
        .passphrase = c->redis_tls_passphrase,
    };
    struct buffer why = { 0 };

    if (!c->redis_tls)
        return true;
    s->tls = tls_client_from_pem(&o, &why);
    if (!s->tls)
        buffer_printf(error, "%s%sdatabaseConfig.redis.tls.%.*s", file ? file : "",
            file ? ": " : "", STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
    return s->tls != NULL;
}

bool
redis_setup_init(
    struct redis_setup *s, const struct config *c, const char *file, struct buffer *error)
{
    bool has_host = config_is_set(c, "databaseConfig.redis.host");

    *s = (struct redis_setup){ 0 };
    if (!redis_setup_tls(s, c, file, error))
        return false;
    s->sentinels = redis_setup_nodes(&c->redis_sentinels);
    s->cluster = redis_setup_nodes(&c->redis_cluster);
    s->options = (struct redis_options){
        /* Where nodes of a cluster are named, the default host is not meant. */
        .host = c->redis_cluster.count > 0 && !has_host ? NULL : c->redis_host,
        .port = (unsigned)c->redis_port,
        .path = c->redis_path,
        .cluster = s->cluster,
        .cluster_count = c->redis_cluster.count,
        .username = c->redis_username,
        .password = c->redis_password,
        .db = (unsigned)c->redis_db,
        .connect_timeout_ms = (unsigned)c->redis_connect_timeout_ms,
        .tls = s->tls,
        .server_name = c->redis_tls_server_name,
        .sentinels = s->sentinels,
        .sentinel_count = c->redis_sentinels.count,
        .master = c->redis_master,
        .sentinel_username = c->redis_sentinel_username,
        .sentinel_password = c->redis_sentinel_password,
        .sentinel_tls = c->redis_sentinel_tls,
    };
    return true;
}

void
redis_setup_fini(struct redis_setup *s)
{
    free(s->sentinels);
    free(s->cluster);
    connector_secure_unref(s->tls);
}
