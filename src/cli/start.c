/* SPDX-License-Identifier: MIT */
/*
 * start: configuration, lock file, server; the lines on stdout that tools wait for.
 */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "base/buffer.h"
#include "base/log.h"
#include "config/config.h"
#include "exits.h"
#include "place.h"
#include "server/lock_file.h"
#include "server/running.h"
#include "server/server.h"
#include "stop.h"

/* A server that has just bound its port registers within this. */
enum { SEARCHES = 10, SEARCH_REST_MS = 20 };

static void
say(void *owner, enum config_severity severity, const char *line)
{
    static const enum log_level levels[] = {
        [CONFIG_NOTE] = LOG_LEVEL_NOTICE,
        [CONFIG_WARNING] = LOG_LEVEL_WARNING,
        [CONFIG_ERROR] = LOG_LEVEL_ERROR,
    };

    (void)owner;
    log_at(levels[severity], "%s", line);
}

static struct config *
load(const struct args *a, const struct place *p)
{
    struct config_setting settings[2];
    size_t count = 0;

    if (a->dev)
        settings[count++] = (struct config_setting){ "devMode", "true", "--dev" };
    if (a->port)
        settings[count++] = (struct config_setting){ "port", a->port, "--port" };
    return config_load(&(struct config_request){
        .file = p->file, .settings = settings, .setting_count = count, .say = say });
}

/* ---- stdout ---- */

static void
print_head(void)
{
    puts("\nE C H O  S E R V E R\n");
    puts("version " ECHO_SERVER_VERSION "\n");
    puts("Starting server...\n");
    fflush(stdout);
}

static void
print_ready(const struct config *c, unsigned port)
{
    printf("Running at %s on port %u\n", c->host ? c->host : "localhost", port);
    if (c->dev_mode)
        puts("Channels are ready.");
    if (c->subscriber_http)
        puts("Listening for http events...");
    if (c->subscriber_redis)
        puts("Listening for redis events...");
    puts("\nServer ready!\n");
    fflush(stdout);
}

static void
print_embedded(const struct config *c)
{
    const struct config_client *client = &c->clients.items[0];
    const char *scheme = c->protocol == CONFIG_HTTPS ? "https" : "http";
    unsigned port = (unsigned)c->port;

    printf("Open %s://localhost:%u/ and send an event:\n\n", scheme, port);
    printf(
        "  curl -d '{\"channel\":\"news\",\"name\":\"NewsPosted\",\"data\":{\"text\":\"hello\"}}'"
        " '%s://localhost:%u/apps/%s/events?auth_key=%s'\n\n",
        scheme, port, client->app_id, client->key);
    fflush(stdout);
}

/* ---- another server ---- */

static int
refuse_second(const struct running_place *where, const char *what)
{
    pid_t pid = 0;

    if (!running_find(where, &pid) || !pid)
        log_error("%s: a server is already running", what);
    else
        log_error("%s: a server is already running, process %d; stop it first, or use --force",
            what, (int)pid);
    return EXIT_RUNNING;
}

static bool
is_found_in_time(const struct running_place *where)
{
    pid_t pid;

    for (int i = 0; i < SEARCHES; i++) {
        if (running_find(where, &pid))
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = SEARCH_REST_MS * 1000000L }, NULL);
    }
    return false;
}

static int
fail_to_open(const struct running_place *where, bool in_use, struct str error)
{
    struct running_place by_port = { NULL, where->host, where->port };
    char what[32];

    snprintf(what, sizeof(what), "port %u", where->port);
    if (in_use && is_found_in_time(&by_port))
        return refuse_second(&by_port, what);
    log_error("%.*s", STR_ARG(error));
    return EXIT_FAILED;
}

/* ---- the server ---- */

static int
serve(const struct config *c, struct lock_file *lock, const struct running_place *where)
{
    struct buffer error = { 0 };
    bool in_use;
    struct server *s;
    enum server_end end;
    int code = EXIT_DONE;

    print_head();
    s = server_open(c, &in_use, &error);
    if (!s) {
        code = fail_to_open(where, in_use, buffer_str(&error));
        buffer_fini(&error);
        return code;
    }
    server_start(s);
    print_ready(c, server_port(s));
    if (c->embedded)
        print_embedded(c);
    end = server_wait(s);
    if (end == SERVER_ABANDONED) {
        lock_file_release(lock);
        _exit(EXIT_DONE); /* threads still use what an orderly end would free */
    }
    server_free(s);
    return code;
}

static int
lock_and_serve(const struct config *c, const struct running_place *where)
{
    struct lock_file *lock = NULL;
    struct buffer error = { 0 };
    int code;

    if (where->lock_path) {
        switch (lock_file_take(where->lock_path, &lock, &error)) {
        case LOCK_FILE_TAKEN:
            break;
        case LOCK_FILE_HELD:
            return refuse_second(where, where->lock_path);
        case LOCK_FILE_FAILED: /* it is found by its port all the same */
            log_warning("%.*s", STR_ARG(buffer_str(&error)));
            break;
        }
    }
    buffer_fini(&error);
    code = serve(c, lock, where);
    lock_file_release(lock);
    return code;
}

static int
start_configured(const struct args *a, const struct place *p)
{
    struct config *c = load(a, p);
    struct running_place where;
    int code = EXIT_RUNNING;

    if (!c)
        return EXIT_FAILED;
    log_set_level((enum log_level)c->log_level);
    if (c->dev_mode && !config_is_set(c, "logLevel"))
        log_set_level(LOG_LEVEL_INFO);
    where = (struct running_place){ c->embedded ? NULL : p->lock_path, running_host(c),
        (unsigned)c->port };
    if (!a->force || stop_servers(&where, c))
        code = lock_and_serve(c, &where);
    config_free(c);
    return code;
}

int
start_run(const struct args *a)
{
    struct place p;
    int code = EXIT_FAILED;

    place_init(&p, a);
    if (p.file && !p.exists)
        log_error("%s: there is no such configuration file", p.file);
    else if (!p.file && !a->dev)
        log_error("there is no echo-server.json or laravel-echo-server.json in %s: write one "
                  "(echo-server.example.json shows every option), name one with --config, or try "
                  "the built-in configuration with --dev",
            a->dir ? a->dir : "this folder");
    else
        code = start_configured(a, &p);
    place_fini(&p);
    return code;
}
