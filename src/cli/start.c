/* SPDX-License-Identifier: MIT */
/*
 * start: configuration, turn, server; the lines on stdout that tools wait for.
 */
#include "command.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "config/config.h"
#include "error_copies.h"
#include "instance/lock_file.h"
#include "instance/place.h"
#include "instance/running.h"
#include "instance/targets.h"
#include "instance/turn.h"
#include "server/resources.h"
#include "server/server.h"

/* How long an end waits for a stderr that nobody reads. */
enum { LOG_LIMIT_MS = 1000 };

struct start {
    const struct args *args;
    const struct place *place;
    struct config *config;
    struct turn turn;
    bool lock_failed; /* and was reported */
};

static void
log_finding(void *owner, enum config_severity severity, const char *line)
{
    static const enum log_level levels[] = {
        [CONFIG_NOTE] = LOG_LEVEL_NOTICE,
        [CONFIG_WARNING] = LOG_LEVEL_WARNING,
        [CONFIG_ERROR] = LOG_LEVEL_ERROR,
    };

    (void)owner;
    log_at(levels[severity], "%s", line);
}

/* owner: struct start; also called at a reload. */
static struct config *
load_config(void *owner)
{
    const struct start *start = owner;
    const struct args *a = start->args;
    struct config_setting settings[2];
    size_t count = 0;

    if (a->dev)
        settings[count++] = (struct config_setting){ "devMode", "true", "--dev" };
    if (a->port)
        settings[count++] = (struct config_setting){ "port", a->port, "--port" };
    return config_load(&(struct config_request){ .file = start->place->file,
        .settings = settings,
        .setting_count = count,
        .say = log_finding });
}

/* A full one is read by nobody, and would keep us waiting. */
static bool
stdout_has_room(void)
{
    struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&room, 1, 0) != 0;
}

/* On stdout, for tools that wait for these lines. */
static void
print_ready(const struct config *c, unsigned port)
{
    const char *scheme = c->protocol == CONFIG_HTTPS ? "https" : "http";

    if (!stdout_has_room())
        return;
    printf("Running at %s on port %u\n", c->host ? c->host : "localhost", port);
    if (c->dev_mode)
        puts("Channels are ready.");
    if (c->subscriber_http)
        puts("Listening for http events...");
    if (c->subscriber_redis)
        puts("Listening for redis events...");
    puts("\nServer ready!\n");
    if (c->embedded)
        printf("Open %s://localhost:%u/ and send an event:\n\n"
               "  curl -d '{\"channel\":\"news\",\"name\":\"NewsPosted\",\"data\":{\"text\":"
               "\"hello\"}}' '%s://localhost:%u/apps/%s/events?auth_key=%s'\n\n",
            scheme, port, scheme, port, c->clients.items[0].app_id, c->clients.items[0].key);
    fflush(stdout);
}

static int
serve_until_end(struct start *start, struct server *s, struct lock_file *lock)
{
    const struct config *c = start->config;

    server_reload_from(s, load_config, start);
    if (!server_start(s, lock ? start->turn.place.lock_path : NULL)) {
        log_error(
            "%s: workers: cannot create threads for %u workers; raise the limit (TasksMax= of "
            "the service, pids.max of the container, ulimit -u), or set fewer workers",
            config_name(c), resources_workers(c));
        lock_file_release(lock);
        log_writer_stop(LOG_LIMIT_MS);
        _exit(EXIT_FAILED); /* as below */
    }
    if (geteuid() == 0)
        log_warning(
            "this server runs as root: give it a user of its own, which can read its "
            "certificates (User= of the service, user= of supervisor, USER of a container)");
    print_ready(c, server_port(s));
    if (server_wait(s) == SERVER_ABANDONED) {
        lock_file_release(lock);
        log_writer_stop(LOG_LIMIT_MS);
        _exit(EXIT_DONE); /* threads still use what an orderly end would free */
    }
    server_free(s);
    lock_file_release(lock);
    return EXIT_DONE;
}

/* The whole place or nothing: NULL, and *in_use if another server has it. */
static struct server *
take_place(struct start *start, struct lock_file **lock, bool *in_use, struct buffer *error)
{
    enum lock_file_result got = LOCK_FILE_TAKEN;
    struct server *s = NULL;

    *lock = NULL;
    *in_use = true;
    if (start->turn.place.lock_path)
        got = lock_file_take(start->turn.place.lock_path, lock, error);
    /* Without a lock file it is still found by its port. */
    if (got == LOCK_FILE_FAILED && !start->lock_failed)
        log_warning("%.*s", STR_ARG(buffer_str(error)));
    start->lock_failed |= got == LOCK_FILE_FAILED;
    buffer_clear(error);
    if (got != LOCK_FILE_HELD)
        s = server_open(start->config, in_use, error);
    if (!s)
        lock_file_release(*lock);
    return s;
}

static int
refuse_start(const struct start *start, const struct running *holder)
{
    unsigned port = start->turn.place.port;

    if (!holder->pid)
        log_error("port %u: a server is already running", port);
    else
        log_error("port %u: a %s is already running, process %d; stop it first, or use --force",
            port, running_kind(holder), (int)holder->pid);
    return EXIT_RUNNING;
}

/* EXIT_RUNNING: another server was quicker. */
static int
try_to_serve(struct start *start)
{
    struct buffer error = { 0 };
    struct lock_file *lock;
    bool in_use;
    struct server *s = take_place(start, &lock, &in_use, &error);
    int code = EXIT_RUNNING;

    if (s && !turn_is_forbidden(&start->turn)) {
        error_copies_forget(start->place);
        code = serve_until_end(start, s, lock);
    } else if (s) {
        server_free(s);
        lock_file_release(lock);
        code = EXIT_DONE;
    } else if (!in_use || turn_is_a_strangers(&start->turn)) {
        log_error("%.*s", STR_ARG(buffer_str(&error)));
        code = EXIT_FAILED;
    }
    buffer_fini(&error);
    return code;
}

static int
wait_and_serve(struct start *start)
{
    struct running holder;
    int code = EXIT_RUNNING;

    if (stdout_has_room())
        puts("\nE C H O  S E R V E R\n\nversion " ECHO_SERVER_VERSION "\n\nStarting server...\n");
    fflush(stdout);
    while (code == EXIT_RUNNING) {
        switch (turn_wait(&start->turn, &holder)) {
        case TURN_FREE:
            code = try_to_serve(start);
            break;
        case TURN_YIELDED:
        case TURN_SIGNALLED:
            return EXIT_DONE;
        case TURN_REFUSED:
            return refuse_start(start, &holder);
        }
    }
    return code;
}

static int
start_configured(const struct args *a, const struct place *p)
{
    struct start start = { .args = a, .place = p };
    struct config *c = load_config(&start);
    struct running_place where;
    int code;

    if (!c)
        return EXIT_FAILED;
    start.config = c;
    log_set_level((enum log_level)config_log_level(c));
    where = (struct running_place){
        .lock_path = c->embedded ? NULL : p->lock_path,
        .host = running_host(c),
        .port = (unsigned)c->port,
    };
    turn_init(&start.turn, c, &where, a->force);
    code = wait_and_serve(&start);
    config_free(c);
    return code;
}

int
start_run(const struct args *a)
{
    int code = EXIT_FAILED;
    struct place p;

    place_init(&p, a->dir, a->config);
    error_copies_keep();
    if (p.file ? p.exists : a->dev)
        code = start_configured(a, &p);
    else if (p.file)
        log_error("%s: there is no such configuration file", p.file);
    else
        log_error("there is no echo-server.json or laravel-echo-server.json in %s: write one "
                  "(echo-server.example.json shows every option), name one with --config, or try "
                  "the built-in configuration with --dev",
            a->dir ? a->dir : "this folder");
    if (code != EXIT_DONE)
        error_copies_record(&p);
    place_fini(&p);
    log_writer_stop(LOG_LIMIT_MS);
    return code;
}
