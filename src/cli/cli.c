/* SPDX-License-Identifier: MIT */
/*
 * cli: the tables of commands and of their flags.
 */
#include "cli/cli.h"

#include <stdio.h>

#include "args.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "config/config_docs.h"
#include "error_copies.h"

#define TEXT(field, value) .value_name = (value), .at = offsetof(struct args, field)
#define ANSWER(field) .answer = true, .at = offsetof(struct args, field)
#define SWITCH(field) .at = offsetof(struct args, field)

#define FLAG_CONFIG                                                                                \
    {                                                                                              \
        .name = "config", .letter = 'c', TEXT(config, "FILE"),                                     \
        .help = "configuration file (echo-server.json, or laravel-echo-server.json)"               \
    }
#define FLAG_DIR                                                                                   \
    {                                                                                              \
        .name = "dir", .letter = 'd', TEXT(dir, "DIR"),                                            \
        .help = "folder of the configuration (the current one)"                                    \
    }
#define FLAG_PORT                                                                                  \
    {                                                                                              \
        .name = "port", TEXT(port, "N"), .help = "port, overriding the configuration"              \
    }

static const struct flag start_flags[] = {
    FLAG_CONFIG,
    FLAG_DIR,
    FLAG_PORT,
    { .name = "dev",
        SWITCH(dev),
        .help = "development mode; without a file, with a built-in configuration" },
    { .name = "force", SWITCH(force), .help = "stop a running server first" },
    { .name = NULL },
};

/* For commands that look for a running server. */
static const struct flag place_flags[] = {
    FLAG_CONFIG,
    FLAG_DIR,
    FLAG_PORT,
    { .name = NULL },
};

static const struct flag limits_flags[] = {
    FLAG_CONFIG,
    FLAG_DIR,
    FLAG_PORT,
    { .name = "lift",
        TEXT(lift, "ADDRESS"),
        .help = "refuse nothing to it any more, until the server ends" },
    { .name = NULL },
};

/* For commands that read or change a configuration file. */
static const struct flag file_flags[] = {
    FLAG_CONFIG,
    FLAG_DIR,
    { .name = NULL },
};

/* Each question has a flag, named as in laravel-echo-server. */
static const struct flag init_flags[] = {
    { .name = "config",
        .letter = 'c',
        TEXT(config, "FILE"),
        .help = "name to suggest for the file (echo-server.json)" },
    { .name = "dir",
        .letter = 'd',
        TEXT(dir, "DIR"),
        .help = "folder of the file, and of the application" },
    { .name = "yes", .letter = 'y', SWITCH(yes), .help = "ask nothing: accept all suggestions" },
    { .name = "force", SWITCH(force), .help = "overwrite an existing file" },
    { .name = "devMode", ANSWER(dev_mode), .help = "development mode (no)" },
    { .name = "port", TEXT(port, "N"), .help = "port to serve from (6001)" },
    { .name = "database",
        TEXT(database, "NAME"),
        .help = "redis or sqlite, for the members of presence channels (redis)" },
    { .name = "authHost",
        TEXT(auth_host, "URL"),
        .help = "the application (APP_URL, else http://localhost)" },
    { .name = "protocol", TEXT(protocol, "NAME"), .help = "http or https (http)" },
    { .name = "sslCertPath", TEXT(cert_path, "FILE"), .help = "certificate, with https" },
    { .name = "sslKeyPath", TEXT(key_path, "FILE"), .help = "its key" },
    { .name = "addClient",
        ANSWER(add_client),
        .help = "generate an id and a key for the HTTP API (no)" },
    { .name = "corsAllow",
        ANSWER(cors_allow),
        .help = "let pages of another origin use the HTTP API (no)" },
    { .name = "allowOrigin", TEXT(allow_origin, "URL"), .help = "that origin" },
    { .name = "allowMethods", TEXT(allow_methods, "LIST"), .help = "methods that it may use" },
    { .name = "allowHeaders", TEXT(allow_headers, "LIST"), .help = "headers that it may send" },
    { .name = "file", TEXT(file, "FILE"), .help = "the file to write" },
    { .name = "redisHost",
        TEXT(redis_host, "HOST"),
        .help = "host of the application's Redis (REDIS_HOST)" },
    { .name = "redisPort", TEXT(redis_port, "N"), .help = "its port (REDIS_PORT)" },
    { .name = "keyPrefix",
        TEXT(key_prefix, "TEXT"),
        .may_be_empty = true,
        .help = "prefix of Laravel's channel names (what the application says)" },
    { .name = NULL },
};

/* Also frees it. */
static int
print_text(struct buffer *text)
{
    fwrite(text->data, 1, text->len, stdout);
    buffer_fini(text);
    return EXIT_DONE;
}

static int
docs_config(const struct args *a)
{
    struct buffer text = { 0 };

    (void)a;
    config_docs_manual(&text);
    return print_text(&text);
}

static int
docs_example(const struct args *a)
{
    struct buffer text = { 0 };

    (void)a;
    config_docs_example(&text);
    return print_text(&text);
}

static const struct command commands[] = {
    { .name = "start",
        .help = "Run the server in the foreground, until SIGTERM",
        .flags = start_flags,
        .run = start_run },
    { .name = "stop",
        .help = "Stop the running server, and wait until it has ended",
        .flags = place_flags,
        .run = control_stop },
    { .name = "init",
        .alias = "configure",
        .help = "Ask questions, and write a configuration file",
        .flags = init_flags,
        .run = init_run },
    { .name = "check",
        .help = "Try everything that the configuration names, and report every problem",
        .flags = place_flags,
        .run = check_run },
    { .name = "client:add",
        .operand = "[ID]",
        .help = "Register a client of the HTTP API, or give it a new key",
        .flags = file_flags,
        .run = client_add },
    { .name = "client:remove",
        .operand = "ID",
        .help = "Remove a client of the HTTP API",
        .flags = file_flags,
        .run = client_remove },
    { .name = "status",
        .help = "Show the running server and any start that failed; exit code 3 without a server",
        .flags = place_flags,
        .run = control_status },
    { .name = "limits",
        .help = "Show the addresses that were refused something in the last ten minutes",
        .flags = limits_flags,
        .run = control_limits },
    { .name = "reload",
        .help = "Make the running server read its configuration and certificates again",
        .flags = place_flags,
        .run = control_reload },
    { .name = "docs:config", .run = docs_config },
    { .name = "docs:example", .run = docs_example },
    { .name = NULL },
};

static int
print_help(const struct command *command)
{
    struct buffer text = { 0 };

    if (command)
        args_help_command(command, &text);
    else
        args_help_all(commands, &text);
    return print_text(&text);
}

static int
run_command(const struct args *a)
{
    if (a->version) {
        puts(ECHO_SERVER_VERSION);
        return EXIT_DONE;
    }
    if (a->word && !a->command) {
        log_error("unknown command %s: see `echo-server --help`", a->word);
        return EXIT_FAILED;
    }
    if (a->help)
        return print_help(a->command);
    if (a->command && !digest_works()) {
        log_error(
            "libcrypto provides no random numbers, or no SHA-1 and SHA-256: its configuration "
            "disables them; see openssl.cnf, or the file that OPENSSL_CONF names");
        return EXIT_FAILED;
    }
    if (a->command)
        return a->command->run(a);
    print_help(NULL);
    return EXIT_FAILED;
}

int
cli_run(char **argv)
{
    struct buffer error = { 0 };
    struct args a;
    int code = EXIT_FAILED;

    error_copies_begin();
    if (args_parse(argv, commands, &a, &error))
        code = run_command(&a);
    else
        log_error("%.*s", STR_ARG(buffer_str(&error)));
    buffer_fini(&error);
    return code;
}
