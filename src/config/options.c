/* SPDX-License-Identifier: MIT */
/*
 * options: the table.
 */
#include "options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "config/config.h"

#define AT(field) .at = offsetof(struct config, field)
#define DAY_MS 86400000
#define GIB 1073741824

static const char *const protocols[] = { "http", "https", NULL };
static const char *const databases[] = { "redis", "sqlite", NULL };
static const char *const transports[] = { "polling", "websocket", NULL };
static const char *const same_sites[] = { "Strict", "Lax", "None", NULL };
/* In the order of enum config_tls_version. */
static const char *const tls_versions[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL };
/* In the order of enum log_level. */
static const char *const log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };

/* clang-format off */
static const struct option table[] = {
    { .path = "host", .kind = OPTION_TEXT, .js = JS_OR_DEFAULT, AT(host),
      .help = "Address or name to listen on; null: all addresses, IPv6 and IPv4." },
    { .path = "port", .kind = OPTION_PORT, .js = JS_TEXT,
      AT(port), .fallback = "6001", .min = 1, .max = 65535,
      .help = "TCP port to listen on. In a string like \"tcp://10.0.0.9:6001\" the digits at the end are used." },
    { .path = "protocol", .kind = OPTION_CHOICE, .js = JS_OR_DEFAULT,
      AT(protocol), .fallback = "http",
      .choices = protocols, .env = "PROTO",
      .help = "\"https\" also needs sslCertPath and sslKeyPath, or certificates." },
    { .path = "sslCertPath", .kind = OPTION_PATH, .js = JS_OR_DEFAULT,
      AT(ssl_cert_path), .env = "SSL_CERT",
      .live = true, .help = "PEM file with the certificate, or with the certificate and its chain." },
    { .path = "sslKeyPath", .kind = OPTION_PATH, .js = JS_OR_DEFAULT,
      AT(ssl_key_path), .env = "SSL_KEY",
      .live = true, .help = "PEM file with the certificate's private key." },
    { .path = "sslCertChainPath", .kind = OPTION_PATH, .js = JS_OR_DEFAULT,
      AT(ssl_chain_path), .env = "SSL_CHAIN",
      .live = true, .help = "PEM file with the intermediate certificates." },
    { .path = "sslPassphrase", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(ssl_passphrase), .secret = true,
      .env = "SSL_PASS", .live = true, .help = "Passphrase of the private key." },
    { .path = "certificates", .kind = OPTION_CERTIFICATES, AT(certificates), .live = true,
      .help = "More certificates: [{\"certPath\", \"keyPath\", \"chainPath\", \"passphrase\", \"hosts\"}]. hosts (a name, \"*.example.com\", or a list) says which hosts one is for; without it, the names in the certificate count. A host may have both an RSA and an ECDSA certificate. Any path here and above may be a pattern like \"/etc/nginx/ssl/example.com/*/server.crt\": the newest file that has a matching key is used. Renewed files are picked up without a restart." },
    { .path = "minVersion", .kind = OPTION_CHOICE, .js = JS_OR_DEFAULT,
      AT(min_version), .fallback = "TLSv1.2",
      .choices = tls_versions, .live = true,
      .help = "Oldest TLS version to accept; versions before 1.2 count as 1.2." },
    { .path = "maxVersion", .kind = OPTION_CHOICE, .js = JS_OR_DEFAULT,
      AT(max_version), .fallback = "TLSv1.3",
      .choices = tls_versions, .live = true,
      .help = "Newest TLS version to accept; versions before 1.2 count as 1.2." },
    { .path = "ciphers", .kind = OPTION_TEXT, .js = JS_OR_DEFAULT, AT(ciphers), .live = true,
      .help = "Ciphers of TLS 1.2 and 1.3 (names that begin with TLS_) in one list, in Node's format; a version without a cipher in the list is disabled. null: OpenSSL's defaults." },
    { .path = "secureOptions", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(secure_options), .fallback = "0",
      .max = 9007199254740991, .live = true,
      .help = "The sum of OpenSSL flags, as Node's crypto.constants names them. These take effect: SSL_OP_NO_TLSv1_2, SSL_OP_NO_TLSv1_3, SSL_OP_NO_TICKET, SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_PRIORITIZE_CHACHA; those that forbid older versions, compression or renegotiation are always in force." },

    { .path = "allowedOrigins", .kind = OPTION_LIST, .empty_is_none = true,
      AT(allowed_origins), .fallback = "*",
      .live = true,
      .help = "Origins whose pages may connect; socketio.origins has to admit them, too: \"https://app.example.com\", \"https://example.com:8443\", \"*.example.com\" (any scheme and port), \"*\". The Origin header is checked, or Referer if there is none; a client that sends neither is not a browser, and is allowed." },
    { .path = "trustProxy", .kind = OPTION_LIST, AT(trusted_proxies), .fallback = "loopback",
      .words = true, .live = true,
      .help = "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, for the log, for what an address may take up, and for what the application is told: addresses, ranges like \"10.0.0.0/8\", \"loopback\", \"linklocal\", \"uniquelocal\", a number of proxies, true (all) or false (none)." },

    { .path = "authHost", .instead = "host", .kind = OPTION_LIST, .js = JS_OR_DEFAULT,
      AT(auth_hosts), .fallback = "http://localhost",
      .live = true, .help = "The application, which is asked about private channels: a URL, or a list from which the page's origin selects one." },
    { .path = "authEndpoint", .kind = OPTION_TEXT, .js = JS_TEXT, AT(auth_endpoint),
      .fallback = "/broadcasting/auth", .live = true, .help = "Path on authHost that answers for private and presence channels." },
    { .path = "authVerifyTls", .kind = OPTION_BOOL, AT(auth_verify_tls), .fallback = "true",
      .live = true, .help = "Verify the certificate of an https authHost, unless it is on loopback." },
    { .path = "authCaPath", .kind = OPTION_PATH, AT(auth_ca_path),
      .live = true, .help = "PEM file with more authorities to trust for authHost." },
    { .path = "authTimeout", .kind = OPTION_NUMBER, AT(auth_timeout_ms), .fallback = "10000",
      .min = 10, .max = DAY_MS, .unit = "ms", .live = true, .help = "Time limit for the answer to one request." },
    { .path = "authMaxRequests", .kind = OPTION_NUMBER, AT(auth_max_requests), .fallback = "32",
      .min = 1, .max = 65535,
      .live = true, .help = "Requests that the application handles at once; divided among the workers, at least one each." },
    { .path = "authForwardHeaders", .kind = OPTION_LIST, .empty_is_none = true,
      AT(auth_forward_headers), .live = true,
      .help = "Headers of a page's auth.headers that are passed on although an application believes them only from its proxy: X-Forwarded-*, Forwarded, X-Real-IP, CF-Connecting-IP, True-Client-IP, X-Original-URL, X-Rewrite-URL, Proxy." },
    { .path = "authRetryTime", .kind = OPTION_NUMBER, AT(auth_retry_ms), .fallback = "30000",
      .max = DAY_MS, .unit = "ms",
      .live = true, .help = "For how long a request is retried that failed, or was answered 429 or 502 to 504." },

    { .path = "clients", .kind = OPTION_CLIENTS, AT(clients),
      .live = true, .help = "Clients that may use the HTTP API: [{\"appId\": \"...\", \"key\": \"...\"}]." },
    { .path = "subscribers", .kind = OPTION_GROUP, .help = "Where events come from." },
    { .path = "subscribers.http", .kind = OPTION_BOOL, .js = JS_TRUTHY,
      AT(subscriber_http), .fallback = "true",
      .in_group = "false", .live = true, .help = "Serve POST /apps/:id/events." },
    { .path = "subscribers.redis", .kind = OPTION_BOOL, .js = JS_TRUTHY,
      AT(subscriber_redis), .fallback = "true",
      .in_group = "false", .help = "Receive what Laravel publishes to Redis." },
    { .path = "apiOriginAllow", .kind = OPTION_GROUP, .help = "Access to the HTTP API for pages of other origins (CORS)." },
    { .path = "apiOriginAllow.allowCors", .kind = OPTION_BOOL, .js = JS_TRUTHY,
      AT(allow_cors), .fallback = "false",
      .live = true, .help = "Send the three headers below." },
    { .path = "apiOriginAllow.allowOrigin", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(allow_origin), .fallback = "",
      .live = true, .help = "Access-Control-Allow-Origin." },
    { .path = "apiOriginAllow.allowMethods", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(allow_methods), .fallback = "",
      .live = true, .help = "Access-Control-Allow-Methods." },
    { .path = "apiOriginAllow.allowHeaders", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(allow_headers), .fallback = "",
      .live = true, .help = "Access-Control-Allow-Headers." },
    { .path = "headers", .kind = OPTION_HEADERS, AT(headers),
      .live = true, .help = "More headers for the HTTP API's answers: {\"Name\": \"value\"}." },

    { .path = "database", .kind = OPTION_CHOICE, .js = JS_OR_DEFAULT,
      AT(database), .fallback = "redis",
      .choices = databases, .help = "Where the members of presence channels are kept: \"redis\" makes the servers that share it one cluster; \"sqlite\" means in memory." },
    { .path = "databaseConfig", .kind = OPTION_GROUP, .help = "Connections." },
    { .path = "databaseConfig.redis", .kind = OPTION_GROUP,
      .text_member = "databaseConfig.redis.url",
      .help = "The application's Redis: an object, or its URL." },
    { .path = "databaseConfig.redis.url", .kind = OPTION_TEXT, AT(redis_url), .secret = true,
      .env = "REDIS_URL",
      .help = "Replaces host, port, username, password and db: redis://user:password@host:6379/0, rediss:// for TLS, unix:///run/redis.sock. Special characters in a password must be percent-encoded." },
    { .path = "databaseConfig.redis.host", .kind = OPTION_TEXT, .js = JS_TEXT, AT(redis_host),
      .fallback = "127.0.0.1", .env = "REDIS_HOST", .help = "Name or address." },
    { .path = "databaseConfig.redis.port", .kind = OPTION_PORT, .js = JS_NUMBER,
      AT(redis_port), .fallback = "6379",
      .min = 1, .max = 65535, .env = "REDIS_PORT", .help = "TCP port." },
    { .path = "databaseConfig.redis.path", .kind = OPTION_TEXT, .js = JS_TEXT, AT(redis_path),
      .env = "REDIS_PATH", .help = "Unix socket, instead of host and port." },
    { .path = "databaseConfig.redis.username", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_username),
      .env = "REDIS_USERNAME", .help = "Redis ACL user; null: the default user." },
    { .path = "databaseConfig.redis.password", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_password),
      .secret = true, .env = "REDIS_PASSWORD", .help = "Password of that user." },
    { .path = "databaseConfig.redis.db", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(redis_db), .fallback = "0",
      .max = 65535, .env = "REDIS_DB", .help = "Database number for keys; events do not depend on it." },
    { .path = "databaseConfig.redis.keyPrefix", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(key_prefix), .fallback = "",
      .env = "REDIS_KEY_PREFIX",
      .help = "Prefix that Laravel puts before channel names: REDIS_PREFIX, or one that config/database.php derives from APP_NAME." },
    { .path = "databaseConfig.redis.connectTimeout", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(redis_connect_timeout_ms), .fallback = "10000", .min = 10, .max = DAY_MS, .unit = "ms",
      .env = "REDIS_CONNECT_TIMEOUT", .help = "Time limit for one attempt to connect." },
    { .path = "databaseConfig.redis.membersKey", .kind = OPTION_BOOL, AT(members_key),
      .fallback = "true", .env = "REDIS_MEMBERS_KEY",
      .help = "Keep the members of presence channels at <keyPrefix><channel>:members, a JSON array for applications to read." },
    { .path = "databaseConfig.redis.family", .kind = OPTION_IGNORED,
      .help = "The addresses of a name are tried in order." },
    { .path = "databaseConfig.redis.retryStrategy", .kind = OPTION_IGNORED,
      .help = "Connecting is retried forever, with back-off." },
    { .path = "databaseConfig.redis.tls", .kind = OPTION_SWITCH, .js = JS_TRUTHY, AT(redis_tls),
      .fallback = "false", .env = "REDIS_TLS",
      .help = "Use TLS: true, or an object. The certificate is verified." },
    { .path = "databaseConfig.redis.tls.ca", .kind = OPTION_PATH, .js = JS_TEXT,
      AT(redis_tls_ca), .secret = true,
      .env = "REDIS_TLS_CA",
      .help = "Authority to trust instead of the system's: a PEM file, or PEM text." },
    { .path = "databaseConfig.redis.tls.cert", .kind = OPTION_PATH, .js = JS_TEXT,
      AT(redis_tls_cert),
      .secret = true, .env = "REDIS_TLS_CERT",
      .help = "Client certificate for Redis: a PEM file, or PEM text." },
    { .path = "databaseConfig.redis.tls.key", .kind = OPTION_PATH, .js = JS_TEXT, AT(redis_tls_key),
      .secret = true, .env = "REDIS_TLS_KEY", .help = "Its private key: a PEM file, or PEM text." },
    { .path = "databaseConfig.redis.tls.passphrase", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_tls_passphrase), .secret = true, .env = "REDIS_TLS_PASSPHRASE",
      .help = "Passphrase of the private key." },
    { .path = "databaseConfig.redis.tls.servername", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_tls_server_name), .env = "REDIS_TLS_SERVERNAME",
      .help = "Name for which Redis' certificate must be valid; null: the host." },
    { .path = "databaseConfig.redis.tls.rejectUnauthorized", .kind = OPTION_BOOL,
      .js = JS_NOT_FALSE,
      AT(redis_tls_verify), .fallback = "true", .env = "REDIS_TLS_REJECT_UNAUTHORIZED",
      .help = "false: accept any certificate, without verification." },
    { .path = "databaseConfig.redis.sentinels", .kind = OPTION_NODES, AT(redis_sentinels),
      .port = 26379, .env = "REDIS_SENTINELS",
      .help = "Sentinels that name the master, instead of host and port: [{\"host\": \"10.0.0.1\", \"port\": 26379}]; in the environment \"10.0.0.1:26379,10.0.0.2:26379\"." },
    { .path = "databaseConfig.redis.name", .kind = OPTION_TEXT, .js = JS_TEXT, AT(redis_master),
      .fallback = "mymaster", .env = "REDIS_NAME", .help = "Name of the master, as the sentinels know it." },
    { .path = "databaseConfig.redis.sentinelUsername", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_sentinel_username), .env = "REDIS_SENTINEL_USERNAME",
      .help = "ACL user of the sentinels; null: the default user." },
    { .path = "databaseConfig.redis.sentinelPassword", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(redis_sentinel_password), .secret = true, .env = "REDIS_SENTINEL_PASSWORD",
      .help = "Password of the sentinels." },
    { .path = "databaseConfig.redis.sentinelTLS", .kind = OPTION_SWITCH, .js = JS_TRUTHY,
      AT(redis_sentinel_tls),
      .fallback = "false", .env = "REDIS_SENTINEL_TLS",
      .help = "Use TLS to the sentinels too, with the settings of tls." },
    { .path = "databaseConfig.redis.enableTLSForSentinelMode", .kind = OPTION_IGNORED,
      .help = "tls also applies to the master that the sentinels name." },
    { .path = "databaseConfig.redis.cluster", .kind = OPTION_NODES, AT(redis_cluster),
      .port = 6379, .env = "REDIS_CLUSTER",
      .help = "Nodes of a Redis Cluster to start from, besides host and port: one that answers is enough. Whether a server is in a cluster, and which nodes there are, is detected anyway." },
    { .path = "databaseConfig.sqlite", .kind = OPTION_IGNORED,
      .help = "Members of presence channels are live connections: nothing is kept in a file." },
    { .path = "databaseConfig.publishPresence", .kind = OPTION_BOOL, .js = JS_ONLY_TRUE,
      AT(publish_presence),
      .fallback = "false", .env = "PUBLISH_PRESENCE",
      .help = "Publish the members of a presence channel to Redis when they change; of many changes within half a second, the first and what they come to." },

    { .path = "devMode", .kind = OPTION_BOOL, .js = JS_TEXT_TRUE,
      AT(dev_mode), .fallback = "false", .env = "DEBUG",
      .help = "Log each event, and connections as with logLevel \"info\"." },
    { .path = "logLevel", .kind = OPTION_CHOICE, AT(log_level), .fallback = "notice",
      .choices = log_levels, .live = true, .help = "Least severe level that is logged to stderr." },
    { .path = "sandbox", .kind = OPTION_BOOL, AT(sandbox), .fallback = "true",
      .help = "Once it runs, the server gives up what it does not need: privileges, system calls, files; docs/security.md lists what is left. Parts that the kernel does not have are left out." },
    { .path = "workers", .kind = OPTION_NUMBER, AT(workers), .fallback = "0", .max = 256,
      .help = "Threads that serve connections; 0: one per core." },
    { .path = "maxConnections", .kind = OPTION_NUMBER, AT(max_connections), .fallback = "0",
      .max = 100000000,
      .live = true, .help = "Connections past this number are answered 503; 0: as many as the limit of descriptors allows. Divided among the workers." },
    { .path = "memoryLimit", .kind = OPTION_NUMBER, AT(memory_limit), .max = 1024 * (uint64_t)GIB,
      .unit = "bytes", .live = true,
      .help = "Memory that clients may take up, divided among the workers: at the limit new clients, subscriptions and large bodies are refused, and past it those who hold most are disconnected. 0: no limit; null: half of the machine's memory, or of what the service's unit or container may have." },
    { .path = "sendQueueLimit", .kind = OPTION_NUMBER, AT(send_queue_bytes), .fallback = "4194304",
      .min = 1024, .max = GIB, .unit = "bytes",
      .live = true, .help = "Data that waits for one socket; a slow reader past it is disconnected." },
    { .path = "maxChannels", .kind = OPTION_NUMBER, AT(max_channels), .fallback = "1000",
      .min = 1, .max = 1000000, .live = true, .help = "Channels that one socket may subscribe to." },
    { .path = "maxChannelLength", .kind = OPTION_NUMBER, AT(max_channel_bytes), .fallback = "200",
      .min = 1, .max = 65535, .unit = "bytes", .live = true, .help = "Length of a channel's name." },
    { .path = "leaveGrace", .kind = OPTION_NUMBER, AT(leave_grace_ms), .fallback = "0",
      .max = DAY_MS, .unit = "ms",
      .help = "A user of a presence channel who returns within this time has not left." },
    { .path = "limits", .kind = OPTION_GROUP, .help = "What one address (a /64 of IPv6) may have of each worker, besides a share. An address is what trustProxy makes of it." },
    { .path = "limits.connections", .kind = OPTION_NUMBER, AT(address_connections),
      .fallback = "0", .max = 100000000, .live = true,
      .help = "Connections of one address (a /64 of IPv6) to each worker; more are answered 503. 0: no limit." },
    { .path = "limits.handshakes", .kind = OPTION_NUMBER, AT(address_handshakes),
      .fallback = "0", .max = 1000000, .live = true,
      .help = "New sessions of one address per second, at each worker; more are answered 503. 0: no limit." },
    { .path = "limits.questions", .kind = OPTION_NUMBER, AT(address_questions),
      .fallback = "0", .max = 1000000, .live = true,
      .help = "Subscriptions of one address per second, at each worker, about which the application is asked; more are refused. 0: no limit." },
    { .path = "limits.bytes", .kind = OPTION_NUMBER, AT(address_bytes), .fallback = "0",
      .max = 1000000000, .unit = "bytes", .live = true,
      .help = "Bytes per second that the clients of one address may send to each worker in packets, in thousands; ten times as many at once, or two of the largest messages. More ends the session. 0: no limit." },
    { .path = "subscribeRate", .kind = OPTION_NUMBER, AT(subscribe_rate),
      .fallback = "100", .max = 1000000, .live = true,
      .help = "Subscriptions of one socket per second; at once, twice maxChannels are allowed. More are refused. 0: no limit." },
    { .path = "whisperRate", .kind = OPTION_NUMBER, AT(whisper_rate),
      .fallback = "200", .max = 1000000, .live = true,
      .help = "Client events of one socket per second. More are refused. 0: no limit." },
    { .path = "messageRate", .kind = OPTION_NUMBER, AT(message_rate), .fallback = "1000",
      .max = 400000, .live = true,
      .help = "Messages of one socket per second; at once, ten times as many are allowed, and at least four times maxChannels. A socket that sends more is disconnected. 0: no limit." },
    { .path = "whisperMaxSize", .kind = OPTION_NUMBER, AT(whisper_bytes), .fallback = "0",
      .max = GIB, .unit = "bytes",
      .live = true, .help = "Size of a client event's data; 0: as socketio.maxHttpBufferSize." },
    { .path = "headTimeout", .kind = OPTION_NUMBER, AT(head_timeout_ms), .fallback = "10000",
      .min = 10, .max = DAY_MS, .unit = "ms", .live = true, .help = "Time limit for the head of an HTTP request." },
    { .path = "shutdownTimeout", .kind = OPTION_NUMBER, AT(shutdown_timeout_ms),
      .fallback = "5000", .max = DAY_MS, .unit = "ms",
      .live = true, .help = "Time limit for an orderly shutdown; after it, connections are cut." },

    { .path = "socketio", .kind = OPTION_GROUP, .help = "Options of the Socket.IO server." },
    { .path = "socketio.path", .kind = OPTION_TEXT, AT(path), .fallback = "/socket.io",
      .help = "Path under which it is served." },
    { .path = "socketio.serveClient", .kind = OPTION_BOOL, .js = JS_NOT_FALSE,
      AT(serve_client), .fallback = "true",
      .live = true, .help = "Serve the browser client at <path>/socket.io.js." },
    { .path = "socketio.origins", .kind = OPTION_LIST, .js = JS_ENTRIES, .empty_is_none = true,
      AT(origins), .fallback = "*:*",
      .live = true, .help = "Origins that may connect: \"https://example.com:443\", \"example.com:*\", \"*:*\"." },
    { .path = "socketio.transports", .kind = OPTION_LIST, .js = JS_ENTRIES, AT(transports),
      .fallback = "polling,websocket", .choices = transports, .help = "Transports that are offered." },
    { .path = "socketio.allowUpgrades", .kind = OPTION_BOOL, .js = JS_NOT_FALSE, AT(allow_upgrades),
      .fallback = "true", .live = true, .help = "Offer WebSocket to clients on polling." },
    { .path = "socketio.pingInterval", .kind = OPTION_NUMBER, .js = JS_NUMBER, AT(ping_interval_ms),
      .fallback = "25000", .min = 10, .max = DAY_MS, .unit = "ms", .zero_is_unset = true,
      .help = "Time between heartbeats." },
    { .path = "socketio.pingTimeout", .kind = OPTION_NUMBER, .js = JS_NUMBER, AT(ping_timeout_ms),
      .fallback = "20000", .min = 10, .max = DAY_MS, .unit = "ms", .zero_is_unset = true,
      .help = "Time limit for the answer to a heartbeat." },
    { .path = "socketio.upgradeTimeout", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(upgrade_timeout_ms),
      .fallback = "10000", .min = 10, .max = DAY_MS, .unit = "ms", .zero_is_unset = true,
      .live = true, .help = "Time limit for an upgrade from polling to WebSocket." },
    { .path = "socketio.connectTimeout", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(connect_timeout_ms),
      .fallback = "45000", .min = 10, .max = DAY_MS, .unit = "ms", .zero_is_unset = true,
      .live = true, .help = "Time limit for the CONNECT of a Socket.IO 3 or 4 client." },
    { .path = "socketio.destroyUpgrade", .kind = OPTION_BOOL, .js = JS_NOT_FALSE,
      AT(destroy_upgrade),
      .fallback = "true", .help = "Close upgrades on other paths; false: leave them alone." },
    { .path = "socketio.destroyUpgradeTimeout", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(destroy_upgrade_ms),
      .fallback = "1000", .min = 1, .max = DAY_MS, .unit = "ms", .zero_is_unset = true,
      .live = true, .help = "Time after which they are closed." },
    { .path = "socketio.maxHttpBufferSize", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(max_http_buffer_bytes),
      .fallback = "1000000", .min = 64, .max = GIB, .unit = "bytes", .zero_is_unset = true,
      .live = true, .help = "Size of one message, or one body, from a client." },
    { .path = "socketio.perMessageDeflate", .kind = OPTION_SWITCH, .js = JS_TRUTHY, AT(deflate),
      .fallback = "false", .open = true, .live = true, .help = "Compress WebSocket messages." },
    { .path = "socketio.perMessageDeflate.threshold", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(deflate_threshold),
      .fallback = "1024", .max = GIB, .unit = "bytes", .live = true, .help = "Shorter messages are not compressed." },
    { .path = "socketio.httpCompression", .kind = OPTION_SWITCH, .js = JS_NOT_FALSE,
      AT(compression),
      .fallback = "true", .open = true, .live = true, .help = "Compress the bodies of polling." },
    { .path = "socketio.httpCompression.threshold", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(compression_threshold), .fallback = "1024", .max = GIB, .unit = "bytes",
      .live = true, .help = "Shorter bodies are not compressed." },
    { .path = "socketio.cookie", .kind = OPTION_SWITCH, .js = JS_NOT_FALSE,
      AT(cookie), .fallback = "true",
      .text_member = "socketio.cookie.name",
      .live = true, .help = "The cookie with the session's id, for load balancers: a name, an object, or false. Clients of Socket.IO 3 and 4 get it only when this is set." },
    { .path = "socketio.cookie.name", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(cookie_name), .fallback = "io",
      .live = true, .help = "Its name." },
    { .path = "socketio.cookie.path", .kind = OPTION_TEXT, .js = JS_TEXT,
      AT(cookie_path), .false_is_none = true,
      .env = "SOCKETIO_COOKIE_OWN_PATH",
      .live = true, .help = "Its Path; null: cookiePath." },
    { .path = "socketio.cookie.domain", .kind = OPTION_TEXT, .js = JS_TEXT, AT(cookie_domain),
      .live = true, .help = "Its Domain." },
    { .path = "socketio.cookie.httpOnly", .kind = OPTION_BOOL, .js = JS_TRUTHY,
      AT(cookie_http_only),
      .fallback = "true", .env = "SOCKETIO_COOKIE_OWN_HTTP_ONLY", .live = true, .help = "Its HttpOnly." },
    { .path = "socketio.cookie.secure", .kind = OPTION_BOOL, .js = JS_TRUTHY, AT(cookie_secure),
      .fallback = "false", .live = true, .help = "Its Secure." },
    { .path = "socketio.cookie.sameSite", .kind = OPTION_TEXT, .js = JS_OR_DEFAULT,
      AT(cookie_same_site), .false_is_none = true,
      .choices = same_sites, .live = true, .help = "Its SameSite; null: Strict for Socket.IO 2, Lax for 3 and 4." },
    { .path = "socketio.cookie.maxAge", .kind = OPTION_NUMBER, .js = JS_NUMBER,
      AT(cookie_max_age_s),
      .fallback = "0", .max = 3155760000, .unit = "s", .live = true, .help = "Its Max-Age; 0: a session cookie." },
    { .path = "socketio.cookie.expires", .kind = OPTION_IGNORED, .help = "Use maxAge." },
    { .path = "socketio.cookiePath", .kind = OPTION_TEXT, .js = JS_TEXT, AT(cookie_default_path),
      .fallback = "/", .false_is_none = true,
      .live = true, .help = "The cookie's Path; false: neither Path nor HttpOnly." },
    { .path = "socketio.cookieHttpOnly", .kind = OPTION_BOOL, .js = JS_NOT_FALSE,
      AT(cookie_default_http_only),
      .fallback = "true", .live = true, .help = "The cookie's HttpOnly." },
    { .path = "socketio.adapter", .kind = OPTION_IGNORED, .help = "It needs JavaScript." },
    { .path = "socketio.parser", .kind = OPTION_IGNORED, .help = "It needs JavaScript." },
    { .path = "socketio.wsEngine", .kind = OPTION_IGNORED, .help = "It names a JavaScript module." },
    { .path = "socketio.initialPacket", .kind = OPTION_IGNORED,
      .help = "The protocol says what comes first." },
    { .path = "socketio.allowRequest", .kind = OPTION_IGNORED, .help = "It needs JavaScript." },
    { .path = "socketio.handlePreflightRequest", .kind = OPTION_IGNORED,
      .help = "Preflight requests are always answered." },
    { .path = "socketio.cors", .kind = OPTION_IGNORED,
      .help = "Use socketio.origins or allowedOrigins." },
    { .path = "socketio.allowEIO3", .kind = OPTION_IGNORED,
      .help = "All client versions are served." },
    { .path = "socketio.addTrailingSlash", .kind = OPTION_IGNORED,
      .help = "The path always ends with a slash." },
    { .path = "socketio.connectionStateRecovery", .kind = OPTION_IGNORED,
      .help = "Missed events are not sent again." },
    { .path = "socketio.cleanupEmptyChildNamespaces", .kind = OPTION_IGNORED,
      .help = "There is one namespace." },
};
/* clang-format on */

size_t
options_count(void)
{
    return COUNT_OF(table);
}

const struct option *
options_row(size_t i)
{
    return &table[i];
}

const struct option *
options_find(struct str path)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_is(path, table[i].path))
            return &table[i];
    return NULL;
}

const struct option *
options_get(const char *path)
{
    const struct option *o = options_find(str_of(path));

    ENSURE(o);
    return o;
}

bool
options_has_field(const struct option *o)
{
    return o->kind < OPTION_GROUP;
}

void *
options_slot(struct config *c, const struct option *o)
{
    return (char *)c + o->at;
}

enum option_origin
options_origin(const struct config *c, const struct option *o)
{
    return (enum option_origin)c->origin[o - table];
}

void
options_mark(struct config *c, const struct option *o, enum option_origin origin)
{
    c->origin[o - table] = (uint8_t)origin;
}

bool
options_env_name(const struct option *o, char *name)
{
    char made[OPTIONS_ENV_SIZE - sizeof(OPTIONS_ENV_PREFIX)];
    size_t n = 0;

    if (o->kind > OPTION_SWITCH && o->kind != OPTION_NODES)
        return false;
    /* authVerifyTls -> AUTH_VERIFY_TLS, socketio.pingInterval -> SOCKETIO_PING_INTERVAL. */
    for (const char *p = o->path; *p; p++) {
        ENSURE(n + 2 < sizeof(made));
        if (isupper((unsigned char)*p))
            made[n++] = '_';
        made[n++] = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
    }
    made[n] = 0;
    snprintf(name, OPTIONS_ENV_SIZE, "%s%s", OPTIONS_ENV_PREFIX, o->env ? o->env : made);
    return true;
}
