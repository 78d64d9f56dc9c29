/* SPDX-License-Identifier: MIT */
/*
 * config: what the operator asked for, as plain values: the configuration file, the environment and
 * the command line, checked and with every default filled in.
 *
 * The fields are filled by the options table (src/config/options.c), which is the master copy of
 * names, defaults and ranges.  It knows nothing of servers.  Any thread; immutable once loaded.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum config_protocol { CONFIG_HTTP, CONFIG_HTTPS };
enum config_database { CONFIG_DATABASE_REDIS, CONFIG_DATABASE_SQLITE };

/* items ends with NULL, also when it is empty. */
struct config_list {
    char **items;
    size_t count;
};

struct config_client {
    char *app_id, *key;
};

struct config_clients {
    struct config_client *items;
    size_t count;
};

/* A certificate besides the first: hosts is empty when those that it names itself are meant. */
struct config_certificate {
    char *cert_path, *key_path, *chain_path, *passphrase;
    struct config_list hosts;
};

struct config_certificates {
    struct config_certificate *items;
    size_t count;
};

/* In the order of their age. */
enum config_tls_version { CONFIG_TLS_1_0, CONFIG_TLS_1_1, CONFIG_TLS_1_2, CONFIG_TLS_1_3 };
/* Of secureOptions: OpenSSL's flags that leave a version out. */
enum { CONFIG_NO_TLS_1_2 = 0x08000000, CONFIG_NO_TLS_1_3 = 0x20000000 };

struct config_node {
    char *host;
    unsigned port;
};

struct config_nodes {
    struct config_node *items;
    size_t count;
};

/* Texts are NULL when they are not set, unless their default is a text.  However wrong its sources
 * are, a configuration that was loaded has ports other than 0, an auth_endpoint that begins with a
 * slash, and at least one of auth_hosts and of transports.  One a process: the order is the
 * manual's, not the smallest. */
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct config {
    char *file; /* NULL: none was read */
    /* `start --dev` without a file: loopback only, the HTTP subscriber, one generated client. */
    bool embedded;
    uint8_t *origin; /* see config_is_set() */

    char *host;
    uint64_t port;
    unsigned protocol; /* enum config_protocol */
    char *ssl_cert_path, *ssl_key_path, *ssl_chain_path, *ssl_passphrase;
    struct config_certificates certificates;
    uint64_t secure_options;
    char *ciphers;
    unsigned min_version, max_version; /* enum config_tls_version */
    struct config_list allowed_origins, trusted_proxies;

    struct config_list auth_hosts;
    char *auth_endpoint;
    bool auth_verify_tls;
    char *auth_ca_path;
    uint64_t auth_timeout_ms, auth_max_requests, auth_retry_ms;
    struct config_list auth_forward_headers;

    struct config_clients clients;
    bool subscriber_http, subscriber_redis;
    bool allow_cors;
    char *allow_origin, *allow_methods, *allow_headers;
    char *headers; /* lines "Name: value\r\n" */

    unsigned database; /* enum config_database */
    char *redis_url;   /* its parts are in the fields below, too */
    char *redis_host;
    uint64_t redis_port;
    char *redis_path;
    char *redis_username, *redis_password;
    uint64_t redis_db, redis_connect_timeout_ms;
    bool redis_tls, redis_tls_verify;
    char *redis_tls_ca, *redis_tls_cert, *redis_tls_key; /* PEM, or paths */
    char *redis_tls_passphrase, *redis_tls_server_name;
    struct config_nodes redis_sentinels, redis_cluster;
    char *redis_master, *redis_sentinel_username, *redis_sentinel_password;
    bool redis_sentinel_tls;
    char *key_prefix;
    bool members_key, publish_presence;
    uint64_t leave_grace_ms;

    bool dev_mode, sandbox;
    unsigned log_level; /* enum log_level */
    uint64_t workers, max_connections;
    uint64_t memory_limit; /* counts if it is set: config_is_set() */
    uint64_t send_queue_bytes, max_channels, max_channel_bytes;
    /* Of one address, a worker; 0: any. */
    uint64_t address_connections, address_handshakes, address_questions, address_bytes;
    uint64_t subscribe_rate, whisper_rate, message_rate, whisper_bytes;
    uint64_t head_timeout_ms, shutdown_timeout_ms;

    char *path;
    bool serve_client;
    struct config_list origins, transports;
    uint64_t ping_interval_ms, ping_timeout_ms, upgrade_timeout_ms, connect_timeout_ms;
    bool destroy_upgrade;
    uint64_t destroy_upgrade_ms;
    uint64_t max_http_buffer_bytes;
    bool allow_upgrades;
    bool deflate, compression;
    uint64_t deflate_threshold, compression_threshold;
    bool cookie;
    char *cookie_name, *cookie_path, *cookie_domain, *cookie_same_site;
    char *cookie_default_path;
    bool cookie_http_only, cookie_default_http_only, cookie_secure;
    uint64_t cookie_max_age_s; /* 0: none */
};

enum config_severity { CONFIG_NOTE, CONFIG_WARNING, CONFIG_ERROR };

/* One option from the command line; it wins over all else. */
struct config_setting {
    const char *path, *value;
    const char *flag; /* as the operator wrote it, for messages */
};

struct config_request {
    const char *file; /* NULL: the embedded default */
    const struct config_setting *settings;
    size_t setting_count;
    /* Load what can be understood, whatever is wrong: for `stop`. */
    bool lenient;
    /* Every problem found, one line each, in order; all of them, not the first. */
    void (*say)(void *owner, enum config_severity severity, const char *line);
    void *owner;
};

/* Whether a file is a configuration at all, whatever its options say: an object in JSON. */
bool config_is_readable(const char *file);

/* NULL when there was an error (never when lenient). */
struct config *config_load(const struct config_request *r);
void config_free(struct config *c);

/* The default of an option, as text; "" when it has none. */
const char *config_default(const char *path);
/* Whether an option takes this text; false: what it takes was appended. */
MUST_USE bool config_takes(const char *path, struct str text, struct buffer *expected);

/* With a random id and key, each for free(). */
struct config_client config_make_client(void);

/* Whether an option, or a group itself, was given by the file, the environment or the command line.
 */
bool config_is_set(const struct config *c, const char *path);
/* Whether the file gives a switch (true, false, or an object of further options) as an object. */
bool config_is_object(const struct config *c, const char *path);
/*
 * Report what a reload with next changes, option by option.  Where an option is not live, next
 * takes the value of running, since that stays in effect until a restart.
 */
void config_reconcile(struct config *next, const struct config *running,
    void (*on_change)(void *owner, const char *path, bool live), void *owner);

/* Each file that a reload of c reads, or pattern of such files, whether it exists or not. */
void config_each_file(
    const struct config *c, void (*each)(void *owner, const char *path), void *owner);

/* The level that logLevel and devMode ask for together (enum log_level). */
unsigned config_log_level(const struct config *c);

/* What messages about c begin with: its file, or "environment". */
const char *config_name(const struct config *c);
/* The first word of choices of transports, origins, ... in a list. */
bool config_list_has(const struct config_list *l, const char *text);

#endif
