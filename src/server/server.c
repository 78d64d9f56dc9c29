/* SPDX-License-Identifier: MIT */
/*
 * server: the main thread.
 *
 * OPEN --start--> RUNNING --signal--> STOPPING --workers, then the hub, are done--> ENDED
 *                                        `------another signal, or too late-------> ABANDONED
 */
#include "server/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "hub/hub.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/signals.h"
#include "net/timer.h"
#include "redis_setup.h"
#include "reload.h"
#include "server/registration.h"
#include "server/running.h"
#include "snapshot.h"
#include "worker.h"

/* Beyond shutdownTimeout, for what was cut off to end. */
enum { ABANDON_GRACE_MS = 500, MAIN_MAILBOX_BYTES = 1 << 20 };

enum server_state {
    SERVER_STATE_OPEN,
    SERVER_STATE_RUNNING,
    SERVER_STATE_STOPPING,
    SERVER_STATE_ENDED,
    SERVER_STATE_ABANDONED,
};

static const int watched[] = { SIGTERM, SIGINT, SIGHUP };

struct server {
    const struct config *config;
    struct reload *reload;
    struct redis_setup redis;
    enum server_state state;

    struct loop *loop;
    struct mailbox *box;
    struct signals_watch *signals[COUNT_OF(watched)];
    struct registration *registration;
    struct timer patience;

    struct loop *hub_loop;
    struct hub *hub;
    pthread_t hub_thread;

    struct worker **workers;
    unsigned opened;  /* of workers */
    unsigned running; /* of workers */
};

/* The only place that writes s->state. */
static void
enter(struct server *s, enum server_state next)
{
    static const unsigned may_follow[] = {
        [SERVER_STATE_OPEN] = BIT(SERVER_STATE_RUNNING) | BIT(SERVER_STATE_ENDED),
        [SERVER_STATE_RUNNING] = BIT(SERVER_STATE_STOPPING),
        [SERVER_STATE_STOPPING] = BIT(SERVER_STATE_ENDED) | BIT(SERVER_STATE_ABANDONED),
        [SERVER_STATE_ENDED] = 0,
        [SERVER_STATE_ABANDONED] = 0,
    };

    ENSURE(may_follow[s->state] & BIT(next));
    s->state = next;
}

/* The main loop ends with this. */
static void
finish(struct server *s, enum server_state end)
{
    enter(s, end);
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        signals_close(s->signals[i]);
    registration_close(s->registration);
    s->registration = NULL;
    timer_stop(&s->patience);
    reload_close(s->reload);
    mailbox_close(s->box);
    loop_stop(s->loop);
}

/* ---- what the threads say ---- */

static void
on_worker_done(void *owner, struct message *m)
{
    struct server *s = owner;

    free(m);
    if (--s->running == 0)
        hub_stop(s->hub);
}

static void
on_hub_done(void *owner, struct message *m)
{
    free(m);
    finish(owner, SERVER_STATE_ENDED);
}

static void
drop(struct message *m)
{
    free(m);
}

static void
on_worker_renewed(void *owner, struct message *m)
{
    struct server *s = owner;

    free(m);
    reload_acknowledged(s->reload);
}

static const struct message_kind worker_done = { "worker done", on_worker_done, drop };
static const struct message_kind worker_renewed = { "worker renewed", on_worker_renewed, drop };
static const struct message_kind hub_done = { "hub done", on_hub_done, drop };

static void
post(struct server *s, const struct message_kind *kind)
{
    struct message *m = mem_zalloc(sizeof(*m));

    m->kind = kind;
    (void)mailbox_post(s->box, m); /* a handful at once: never past the limit */
}

static void
on_worker_thread_end(void *owner)
{
    post(owner, &worker_done);
}

static void
on_worker_limits(void *owner)
{
    post(owner, &worker_renewed);
}

static void *
run_hub(void *owner)
{
    struct server *s = owner;

    pthread_setname_np(pthread_self(), "hub");
    loop_run(s->hub_loop);
    post(s, &hub_done);
    return NULL;
}

/* ---- signals ---- */

static void
on_patience_over(void *owner)
{
    struct server *s = owner;

    log_warning("connections are cut: they did not end within shutdownTimeout");
    finish(s, SERVER_STATE_ABANDONED);
}

static void
stop(struct server *s, int number)
{
    enter(s, SERVER_STATE_STOPPING);
    log_notice("stopping signal=%s", number == SIGINT ? "INT" : "TERM");
    hub_retire(s->hub); /* before the workers part with their sockets */
    for (unsigned i = 0; i < s->opened; i++)
        worker_stop(s->workers[i]);
    timer_start(
        s->loop, &s->patience, reload_limits(s->reload)->shutdown_timeout_ms + ABANDON_GRACE_MS);
}

static void
on_signal(void *owner, int number)
{
    struct server *s = owner;

    if (number == SIGHUP && s->state == SERVER_STATE_RUNNING)
        reload_run(s->reload);
    if (number == SIGHUP)
        return;
    if (s->state == SERVER_STATE_RUNNING)
        stop(s, number);
    else if (s->state == SERVER_STATE_STOPPING)
        finish(s, SERVER_STATE_ABANDONED);
}

/* ---- opening ---- */

static void
open_main(struct server *s)
{
    signal(SIGPIPE, SIG_IGN);
    s->loop = loop_new();
    s->box = mailbox_open(s->loop, "main", MAIN_MAILBOX_BYTES, s);
    timer_init(&s->patience, on_patience_over, s);
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        s->signals[i] = signals_open(s->loop, watched[i], on_signal, s);
}

static bool
open_redis(struct server *s, struct buffer *error)
{
    const struct config *c = s->config;
    struct buffer why = { 0 };
    bool ok = redis_setup_init(&s->redis, c, &why);

    if (!ok)
        buffer_printf(
            error, "%s: %.*s", c->file ? c->file : "environment", STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
    return ok;
}

/* Redis is not changed by a reload: its options are those of the start. */
static void
open_hub(struct server *s)
{
    struct hub_options o = reload_limits(s->reload)->hub;

    o.redis_link = s->redis.options;
    s->hub_loop = loop_new();
    s->hub = hub_open(s->hub_loop, &o);
}

static void
open_workers(struct server *s)
{
    unsigned count = reload_limits(s->reload)->workers;

    s->workers = mem_resize(NULL, count, sizeof(struct worker *));
    while (s->opened < count) {
        const struct worker_options o = {
            .number = s->opened,
            .limits = reload_limits(s->reload),
            .hub = s->hub,
            .tls = reload_tls(s->reload),
            .peers = s->workers,
            .on_done = on_worker_thread_end,
            .on_renewed = on_worker_limits,
            .owner = s,
        };

        s->workers[s->opened++] = worker_open(&o);
    }
    reload_attach(s->reload, s->workers, &s->opened);
}

static bool
listen_on(struct server *s, const char *host, bool *in_use, struct buffer *error)
{
    unsigned count = s->opened, port = (unsigned)s->config->port;
    int *fds = mem_resize(NULL, count, sizeof(*fds));
    struct buffer why = { 0 };
    bool ok = listener_bind(host, port, count, fds, in_use, &why);

    if (!ok)
        buffer_printf(error, "%s: %s: %.*s", s->config->file ? s->config->file : "environment",
            *in_use ? "port" : "host", STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
    for (unsigned i = 0; ok && i < count; i++) {
        ok = worker_listen(s->workers[i], fds[i]);
        if (!ok)
            buffer_printf(error, "cannot listen on %s:%u", host ? host : "*", port);
    }
    free(fds);
    return ok;
}

/* Without IPv6 the embedded default is on IPv4's loopback alone. */
static bool
listen_all(struct server *s, bool *in_use, struct buffer *error)
{
    struct buffer ignored = { 0 };
    bool ok;

    if (!s->config->embedded)
        return listen_on(s, s->config->host, in_use, error);
    if (!listen_on(s, "127.0.0.1", in_use, error))
        return false;
    ok = listen_on(s, "::1", in_use, &ignored) || !*in_use;
    if (!ok)
        buffer_append_str(error, buffer_str(&ignored));
    buffer_fini(&ignored);
    return ok;
}

static void
enroll(struct server *s)
{
    const char *host = running_host(s->config);

    s->registration = registration_open(s->loop, host, (unsigned)s->config->port);
    if (!s->registration)
        log_warning("the server's name under its port is taken: `stop` needs its lock file");
}

static bool
open_and_listen(struct server *s, bool *in_use, struct buffer *error)
{
    if (!reload_begin(s->reload, error))
        return false;
    open_workers(s);
    return listen_all(s, in_use, error);
}

struct server *
server_open(const struct config *c, bool *in_use, struct buffer *error)
{
    struct server *s = mem_zalloc(sizeof(*s));

    *in_use = false;
    s->config = c;
    if (!open_redis(s, error)) {
        free(s); /* nothing else is open */
        return NULL;
    }
    open_main(s);
    s->reload = reload_open(s->loop, c);
    open_hub(s);
    if (!open_and_listen(s, in_use, error)) {
        server_free(s);
        return NULL;
    }
    enroll(s);
    return s;
}

void
server_reload_from(struct server *s, struct config *(*load)(void *owner), void *owner)
{
    reload_from(s->reload, load, owner);
}

void
server_start(struct server *s)
{
    enter(s, SERVER_STATE_RUNNING);
    ENSURE(pthread_create(&s->hub_thread, NULL, run_hub, s) == 0);
    for (unsigned i = 0; i < s->opened; i++)
        worker_start(s->workers[i]);
    s->running = s->opened;
    log_info("ready port=%u workers=%u connections=%zu", (unsigned)s->config->port, s->opened,
        reload_limits(s->reload)->connections);
}

enum server_end
server_wait(struct server *s)
{
    loop_run(s->loop);
    if (s->state == SERVER_STATE_ABANDONED)
        return SERVER_ABANDONED;
    for (unsigned i = 0; i < s->opened; i++)
        worker_join(s->workers[i]);
    pthread_join(s->hub_thread, NULL);
    log_notice("stopped");
    return SERVER_ENDED;
}

/* What was opened and never started ends on this thread. */
static void
abort_opening(struct server *s)
{
    for (unsigned i = 0; i < s->opened; i++)
        worker_abort(s->workers[i]);
    hub_stop(s->hub);
    loop_run(s->hub_loop);
    finish(s, SERVER_STATE_ENDED);
    loop_run(s->loop);
}

void
server_free(struct server *s)
{
    if (!s)
        return;
    if (s->state == SERVER_STATE_OPEN)
        abort_opening(s);
    for (unsigned i = 0; i < s->opened; i++)
        worker_free(s->workers[i]);
    free(s->workers);
    hub_free(s->hub);
    loop_free(s->hub_loop);
    mailbox_free(s->box);
    loop_free(s->loop);
    reload_free(s->reload);
    redis_setup_fini(&s->redis);
    free(s);
}
