/* SPDX-License-Identifier: MIT */
/*
 * snapshot: from the names of options to the names of layers.
 */
#include "snapshot.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proxies.h"
#include "config/config.h"
#include "server/resources.h"

enum {
    HEAD_BYTES = 16384,
    HEADERS = 100,
    BODY_TIMEOUT_MS = 10000,
    BODY_BYTES_PER_S = 16384, /* 71 s for 1 MB over a poor mobile link */
    IDLE_TIMEOUT_MS = 75000,  /* above nginx' 60 s, so that the proxy closes first */
    ANSWER_BYTES_PER_S = 1024,
    AUTH_HEADERS = 32,
    AUTH_HEADER_BYTES = 16384,
    AUTH_ANSWER_BYTES = 1 << 20,
    API_BODY_BYTES = 10 << 20,
    MAILBOX_BYTES = 64 << 20,
    ADRIFT_A_CONNECTION = 2, /* twice as many as lose their polls at once, by a broadcast */
};

static size_t
snapshot_connections(const struct config *c, size_t descriptors, unsigned workers)
{
    size_t room = resources_room(c, descriptors, workers);

    if (c->max_connections == 0)
        return room;
    if (c->max_connections <= room)
        return c->max_connections;
    log_warning("maxConnections is more than the limit of descriptors allows "
                "wanted=%llu descriptors=%zu room=%zu",
        (unsigned long long)c->max_connections, descriptors, room);
    return room;
}

size_t
snapshot_share(size_t total, unsigned workers, unsigned worker)
{
    size_t share;

    ENSURE(worker < workers);
    share = total / workers + (worker < total % workers ? 1 : 0);
    return share > 0 ? share : 1;
}

static char *
take_text(struct buffer *b)
{
    char *text = mem_copy_text(b->data ? b->data : "", b->len);

    buffer_fini(b);
    return text;
}

/* With a slash at both ends. */
static char *
make_path(const char *path)
{
    struct str s = str_of(path);
    struct buffer b = { 0 };

    while (str_ends(s, "/"))
        s.len--;
    while (str_starts(s, "/"))
        s = str_slice(s.data + 1, s.len - 1);
    buffer_printf(&b, "%s%.*s/", s.len ? "/" : "", STR_ARG(s));
    return take_text(&b);
}

/* What an attribute is when the configuration does not say so. */
struct cookie_defaults {
    const char *path, *same_site;
    bool http_only;
};

/* In the order of engine.io's own: Max-Age, Domain, Path, HttpOnly, Secure, SameSite. */
static char *
make_cookie_attributes(const struct config *c, struct cookie_defaults otherwise)
{
    const char *path = config_is_set(c, "socketio.cookie.path") ? c->cookie_path : otherwise.path;
    const char *same_site =
        config_is_set(c, "socketio.cookie.sameSite") ? c->cookie_same_site : otherwise.same_site;
    bool http_only =
        config_is_set(c, "socketio.cookie.httpOnly") ? c->cookie_http_only : otherwise.http_only;
    struct buffer b = { 0 };

    if (c->cookie_max_age_s > 0)
        buffer_printf(&b, "; Max-Age=%llu", (unsigned long long)c->cookie_max_age_s);
    if (c->cookie_domain)
        buffer_printf(&b, "; Domain=%s", c->cookie_domain);
    if (path)
        buffer_printf(&b, "; Path=%s", path);
    buffer_append_text(&b, http_only ? "; HttpOnly" : "");
    buffer_append_text(&b, c->cookie_secure ? "; Secure" : "");
    if (same_site)
        buffer_printf(&b, "; SameSite=%s", same_site);
    return take_text(&b);
}

/*
 * Engine.IO 3 has the cookie unless it is turned off, and sends of one that is an object what is in
 * it, and nothing else; 4 has it only when it is asked for.
 */
static void
make_cookies(struct snapshot *l, const struct config *c)
{
    struct cookie_defaults otherwise = {
        .path = c->cookie_default_path,
        .same_site = "Lax",
        .http_only = c->cookie_default_http_only && c->cookie_default_path,
    };
    struct buffer name = { 0 };

    if (!c->cookie)
        return;
    buffer_printf(&name, "%s=", c->cookie_name);
    l->cookie_name = take_text(&name);
    if (config_is_set(c, "socketio.cookie")) {
        l->engine.cookie4_name = l->cookie_name;
        l->engine.cookie4_attributes = l->cookie4_attributes = make_cookie_attributes(c, otherwise);
    }
    otherwise.same_site = "Strict";
    if (config_is_object(c, "socketio.cookie"))
        otherwise = (struct cookie_defaults){ 0 };
    l->engine.cookie3_name = l->cookie_name;
    l->engine.cookie3_attributes = l->cookie3_attributes = make_cookie_attributes(c, otherwise);
}

/* At least 1 kB, if there is a limit at all. */
static struct allowance_rate
kilobytes_of(const struct config *c)
{
    enum { KILO = 1000, AT_ONCE = 10 };
    uint64_t per_s = (c->address_bytes + KILO - 1) / KILO;
    uint64_t largest = 2 * c->max_http_buffer_bytes / KILO, burst = AT_ONCE * per_s;
    const uint64_t most = 4000000; /* allowance.h */

    if (burst < largest)
        burst = largest;
    return (struct allowance_rate){ (uint32_t)per_s, (uint32_t)(burst < most ? burst : most) };
}

static void
make_engine(struct snapshot *l, const struct config *c)
{
    l->path = make_path(c->path);
    l->engine = (struct engine_limits){
        .path = l->path,
        .ping_interval_ms = c->ping_interval_ms,
        .ping_timeout_ms = c->ping_timeout_ms,
        .upgrade_timeout_ms = c->upgrade_timeout_ms,
        .message_bytes = c->max_http_buffer_bytes,
        .queue_bytes = c->send_queue_bytes,
        .adrift = ADRIFT_A_CONNECTION * snapshot_share(l->connections, l->workers, 0),
        .address_handshakes = { (uint32_t)c->address_handshakes, 0 },
        .address_kilobytes = kilobytes_of(c),
        .polling = config_list_has(&c->transports, "polling"),
        .websocket = config_list_has(&c->transports, "websocket"),
        .allow_upgrades = c->allow_upgrades,
        .deflate = c->deflate,
        .deflate_threshold = c->deflate_threshold,
        .compression = c->compression,
        .compression_threshold = c->compression_threshold,
    };
    if (!config_list_has(&c->origins, "*:*"))
        l->engine.origins = (const char *const *)c->origins.items;
    if (!config_list_has(&c->allowed_origins, "*"))
        l->engine.allowed_origins = (const char *const *)c->allowed_origins.items;
    l->engine.proxies = l->proxies;
    make_cookies(l, c);
}

static void
make_channels(struct snapshot *l, const struct config *c)
{
    l->auth_options = (struct auth_options){
        .hosts = (const char *const *)c->auth_hosts.items,
        .host_count = c->auth_hosts.count,
        .endpoint = c->auth_endpoint,
        .verify_tls = c->auth_verify_tls,
        .ca_path = c->auth_ca_path,
    };
    l->channels = (struct channels_limits){
        .channels = (unsigned)c->max_channels,
        .name_bytes = c->max_channel_bytes,
        .subscribe_rate = { (uint32_t)c->subscribe_rate, (uint32_t)c->max_channels * 2 },
        .address_questions = { (uint32_t)c->address_questions, 0 },
        .whisper_rate = { (uint32_t)c->whisper_rate, 0 },
        .whisper_bytes = c->whisper_bytes ? c->whisper_bytes : c->max_http_buffer_bytes,
        .auth = {
            .in_flight = (unsigned)c->auth_max_requests,
            .timeout_ms = c->auth_timeout_ms,
            .retry_ms = c->auth_retry_ms,
            .headers = AUTH_HEADERS,
            .header_bytes = AUTH_HEADER_BYTES,
            .answer_bytes = AUTH_ANSWER_BYTES,
            .forward = (const char *const *)c->auth_forward_headers.items,
            .forward_count = c->auth_forward_headers.count,
        },
        .key_prefix = c->key_prefix,
        .dev_mode = c->dev_mode,
    };
}

static void
append_header(struct buffer *b, const char *name, const char *value)
{
    if (*value)
        buffer_printf(b, "%s: %s\r\n", name, value);
}

static void
make_api(struct snapshot *l, const struct config *c)
{
    struct buffer cors = { 0 };

    if (c->allow_cors) {
        append_header(&cors, "Access-Control-Allow-Origin", c->allow_origin);
        append_header(&cors, "Access-Control-Allow-Methods", c->allow_methods);
        append_header(&cors, "Access-Control-Allow-Headers", c->allow_headers);
    }
    l->cors_headers = take_text(&cors);
    l->clients = mem_resize(NULL, c->clients.count + 1, sizeof(*l->clients));
    for (size_t i = 0; i < c->clients.count; i++)
        l->clients[i] = (struct api_client){ c->clients.items[i].app_id, c->clients.items[i].key };
    l->api = (struct api_limits){
        .clients = l->clients,
        .client_count = c->clients.count,
        .body_bytes = API_BODY_BYTES,
        .events = c->subscriber_http,
        .cors_headers = l->cors_headers,
        .extra_headers = c->headers ? c->headers : "",
        .proxies = l->proxies,
        .dev_mode = c->dev_mode,
    };
    l->pages = (struct pages_options){ .path = l->path, .serve_client = c->serve_client };
    if (c->embedded) {
        l->pages.demo_app_id = c->clients.items[0].app_id;
        l->pages.demo_key = c->clients.items[0].key;
    }
}

static void
make_hub(struct snapshot *l, const struct config *c)
{
    l->hub = (struct hub_options){
        .workers = l->workers,
        .dev_mode = c->dev_mode,
        .mailbox_bytes = MAILBOX_BYTES,
        .leave_grace_ms = c->leave_grace_ms,
        .cluster = {
            .key_prefix = c->key_prefix,
            .events = c->subscriber_redis,
            .presence = resources_redis_members(c),
            .members_key = c->members_key,
            .publish_presence = c->publish_presence,
        },
    };
}

/* A page that comes back subscribes to all its channels at once, perhaps twice. */
static struct allowance_rate
snapshot_message_rate(const struct config *c)
{
    struct allowance_rate r = { (uint32_t)c->message_rate, (uint32_t)c->message_rate * 10 };

    if (r.burst < c->max_channels * 4)
        r.burst = (uint32_t)c->max_channels * 4;
    return r;
}

static struct snapshot *
snapshot_make(const struct config *c, size_t descriptors, size_t memory, unsigned workers)
{
    struct snapshot *l = mem_zalloc(sizeof(*l));
    struct buffer ignored = { 0 }; /* the configuration was checked: its entries make sense */

    l->workers = workers;
    l->descriptors = descriptors;
    l->memory = memory;
    l->memory_limit = resources_memory_limit(c, memory);
    l->proxies = proxies_new(
        (const char *const *)c->trusted_proxies.items, c->trusted_proxies.count, &ignored);
    buffer_fini(&ignored);
    l->connections = snapshot_connections(c, descriptors, workers);
    l->address_connections = c->address_connections;
    l->http = (struct http_limits){
        .head_bytes = HEAD_BYTES,
        .headers = HEADERS,
        .head_timeout_ms = c->head_timeout_ms,
        .body_timeout_ms = BODY_TIMEOUT_MS,
        .body_bytes_per_s = BODY_BYTES_PER_S,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .answer_bytes_per_s = ANSWER_BYTES_PER_S,
    };
    l->sockets.connect_timeout_ms = c->connect_timeout_ms;
    l->sockets.message_rate = snapshot_message_rate(c);
    l->unclaimed_ms = c->destroy_upgrade ? c->destroy_upgrade_ms : 0;
    l->shutdown_timeout_ms = c->shutdown_timeout_ms;
    make_engine(l, c);
    make_channels(l, c);
    make_api(l, c);
    make_hub(l, c);
    return l;
}

struct snapshot *
snapshot_new(const struct config *c, size_t descriptors)
{
    if (c->database == CONFIG_DATABASE_SQLITE)
        log_notice("database is \"sqlite\": the members of presence channels are live sockets and "
                   "kept in memory");
    return snapshot_make(
        c, descriptors, resources_memory("/proc", "/sys/fs/cgroup"), resources_workers(c));
}

struct snapshot *
snapshot_renew(const struct snapshot *previous, const struct config *c)
{
    return snapshot_make(c, previous->descriptors, previous->memory, previous->workers);
}

bool
snapshot_find_auth(struct snapshot *l, const struct config *c, struct buffer *error)
{
    struct buffer why = { 0 };

    l->auth = auth_target_new(&l->auth_options, &why);
    if (!l->auth)
        buffer_printf(error, "%s: %.*s", config_name(c), STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
    return l->auth != NULL;
}

void
snapshot_free(struct snapshot *l)
{
    if (!l)
        return;
    free(l->path);
    free(l->cookie_name);
    free(l->cookie3_attributes);
    free(l->cookie4_attributes);
    free(l->cors_headers);
    free(l->clients);
    auth_target_free(l->auth);
    proxies_free(l->proxies);
    free(l);
}
