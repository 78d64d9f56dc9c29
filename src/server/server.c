/* SPDX-License-Identifier: MIT */
/*
 * server: the main thread.  The hub has a thread of its own, unless there is one worker: then it
 * shares the worker's loop, and an event passes from Redis to the sockets within a turn.
 *
 * OPEN --start--> RUNNING --signal--> STOPPING --workers, then the hub, are done--> ENDED
 *                                        `------SIGINT, or too late---------------> ABANDONED
 */
#include "server/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/mem.h"
#include "config/config.h"
#include "endpoints.h"
#include "hub/hub.h"
#include "instance/claim.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/signals.h"
#include "net/timer.h"
#include "notify.h"
#include "redis_setup.h"
#include "reload.h"
#include "sandbox/cage.h"
#include "server/resources.h"
#include "snapshot.h"
#include "supervision.h"
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

/*
 * opened workers exist, and running of them have not said that they are done; running only counts
 * from server_start() on, and the hub is stopped when it comes to 0.
 */
struct server {
    const struct config *config;
    struct reload *reload;
    struct redis_setup redis;
    struct notify *notify;           /* NULL: no service manager */
    struct supervision *supervision; /* as well */
    enum server_state state;

    struct loop *loop;
    struct mailbox *box;
    struct signals_watch *signals[COUNT_OF(watched)];
    struct endpoints at;
    struct claim *claim;
    struct timer patience;

    struct loop *hub_loop; /* a single worker's as well, which runs it then */
    struct hub *hub;
    pthread_t hub_thread; /* while RUNNING, with several workers */

    struct worker **workers;
    unsigned opened;
    unsigned running;
};

/* The only place that writes s->state. */
static void
server_enter(struct server *s, enum server_state next)
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
server_finish(struct server *s, enum server_state end)
{
    server_enter(s, end);
    signals_hold(watched, COUNT_OF(watched), true);
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        signals_close(s->signals[i]);
    supervision_close(s->supervision);
    claim_close(s->claim);
    s->claim = NULL;
    cage_close();
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
    ENSURE(s->running > 0);
    if (--s->running == 0)
        hub_stop(s->hub);
}

static void
on_hub_done(void *owner, struct message *m)
{
    struct server *s = owner;

    free(m);
    ENSURE(s->running == 0);
    server_finish(s, SERVER_STATE_ENDED);
}

static void
server_drop_message(struct message *m)
{
    free(m);
}

static void
on_worker_renewed(void *owner, struct message *m)
{
    struct server *s = owner;

    free(m);
    if (s->state != SERVER_STATE_RUNNING)
        return; /* the service manager was told of the end: READY=1 would take that back */
    if (!reload_acknowledged(s->reload))
        notify_ready(s->notify);
}

static const struct message_kind worker_done = { "worker done", on_worker_done,
    server_drop_message };
static const struct message_kind worker_renewed = { "worker renewed", on_worker_renewed,
    server_drop_message };
static const struct message_kind hub_done = { "hub done", on_hub_done, server_drop_message };

static void
server_post(struct server *s, const struct message_kind *kind)
{
    struct message *m = mem_zalloc(sizeof(*m));

    m->kind = kind;
    (void)mailbox_post(s->box, m); /* a handful at once: never past the limit */
}

static void
on_worker_closed(void *owner)
{
    server_post(owner, &worker_done);
}

/* The hub's thread, or the worker's that it shares. */
static void
on_hub_thread_end(void *owner)
{
    server_post(owner, &hub_done);
}

static void
on_worker_limits(void *owner)
{
    server_post(owner, &worker_renewed);
}

/* ---- the service manager ---- */

static void
server_on_redis(void *owner, const char *down)
{
    supervision_redis(((struct server *)owner)->supervision, down);
}

/* ---- signals ---- */

static void
server_on_patience_over(void *owner)
{
    struct server *s = owner;

    log_warning("connections were closed: they did not end within shutdownTimeout");
    server_finish(s, SERVER_STATE_ABANDONED);
}

static void
server_stop(struct server *s, int number)
{
    server_enter(s, SERVER_STATE_STOPPING);
    claim_set_state(s->claim, "stopping");
    log_notice("stopping signal=%s", number == SIGINT ? "INT" : "TERM");
    supervision_stopping(s->supervision);
    hub_retire(s->hub); /* before the workers part with their sockets */
    for (unsigned i = 0; i < s->opened; i++)
        worker_stop(s->workers[i]);
    timer_start(
        s->loop, &s->patience, reload_limits(s->reload)->shutdown_timeout_ms + ABANDON_GRACE_MS);
}

static void
server_on_signal(void *owner, int number)
{
    struct server *s = owner;

    if (number == SIGHUP && s->state == SERVER_STATE_RUNNING) {
        notify_reloading(s->notify);
        if (!reload_run(s->reload))
            notify_ready(s->notify);
    }
    if (number == SIGHUP)
        return;
    if (s->state == SERVER_STATE_RUNNING)
        server_stop(s, number);
    else if (s->state == SERVER_STATE_STOPPING && number == SIGINT)
        server_finish(s, SERVER_STATE_ABANDONED); /* SIGTERM comes from every `stop` under way */
}

/* ---- opening ---- */

static void
open_workers(struct server *s)
{
    unsigned count = reload_limits(s->reload)->workers;
    struct loop *shared = count == 1 ? s->hub_loop : NULL;

    s->workers = mem_resize(NULL, count, sizeof(struct worker *));
    while (s->opened < count) {
        const struct worker_options o = {
            .number = s->opened,
            .limits = reload_limits(s->reload),
            .loop = shared,
            .hub = s->hub,
            .tls = reload_tls(s->reload),
            .peers = s->workers,
            .on_closed = on_worker_closed,
            .on_done = shared ? on_hub_thread_end : NULL,
            .on_renewed = on_worker_limits,
            .owner = s,
        };

        s->workers[s->opened++] = worker_open(&o);
    }
    reload_attach(s->reload, s->workers, &s->opened);
}

static void
server_count(void *owner, struct claim_line *line)
{
    const struct server *s = owner;

    line->connections = line->memory = line->memory_limit = 0;
    for (unsigned i = 0; i < s->opened; i++) {
        struct loop *l = worker_loop(s->workers[i]);

        line->connections += loop_accepted_count(l);
        line->memory += budget_used(loop_budget(l));
        line->memory_limit += budget_limit(loop_budget(l));
    }
}

static bool
open_and_listen(struct server *s, bool *in_use, struct buffer *error)
{
    struct claim_source source = { .count = server_count, .owner = s };

    if (!endpoints_choose(&s->at, s->config, error) || !reload_begin(s->reload, error))
        return false;
    open_workers(s);
    source.host = s->at.host;
    source.port = s->at.port;
    s->claim = claim_open(s->loop, s->config, &source, error);
    *in_use = !s->claim;
    return s->claim && endpoints_open(&s->at, s->config, s->workers, s->opened, in_use, error);
}

struct server *
server_open(const struct config *c, bool *in_use, struct buffer *error)
{
    struct server *s = mem_zalloc(sizeof(*s));
    struct supervision_options supervision = { .redis = resources_redis(c) };
    struct hub_options hub;

    *in_use = false;
    s->config = c;
    if (!resources_fit(c, resources_descriptors(), error) ||
        !redis_setup_init(&s->redis, c, config_name(c), error)) {
        free(s); /* nothing else is open */
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    if (c->sandbox)
        cage_prepare();
    s->notify = notify_open();
    s->loop = loop_new();
    s->box = mailbox_open(s->loop, MAIN_MAILBOX_BYTES, s);
    timer_init(&s->patience, server_on_patience_over, s);
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        s->signals[i] = signals_open(s->loop, watched[i], server_on_signal, s);
    s->reload = reload_open(s->loop, c);
    hub = reload_limits(s->reload)->hub;
    hub.cluster.redis = s->redis.options;
    hub.cluster.on_redis = server_on_redis;
    hub.cluster.owner = s;
    s->hub_loop = loop_new();
    s->hub = hub_open(s->hub_loop, &hub);
    if (!open_and_listen(s, in_use, error)) {
        server_free(s);
        return NULL;
    }
    supervision.workers = s->opened;
    supervision.port = s->at.port;
    s->supervision = supervision_open(s->loop, s->notify, &supervision);
    for (unsigned i = 0; i < s->opened; i++)
        supervision_watch(s->supervision, i, worker_loop(s->workers[i]));
    supervision_watch(s->supervision, s->opened, s->hub_loop);
    return s;
}

unsigned
server_port(const struct server *s)
{
    return s->at.port;
}

void
server_reload_from(struct server *s, struct config *(*load)(void *owner), void *owner)
{
    reload_from(s->reload, load, owner);
}

static void *
server_run_hub(void *owner)
{
    struct server *s = owner;

    pthread_setname_np(pthread_self(), "hub");
    cage_tighten();
    loop_run(s->hub_loop);
    on_hub_thread_end(s);
    return NULL;
}

bool
server_start(struct server *s, const char *lock_path)
{
    notify_clear_environment();
    activation_clear_environment();
    server_enter(s, SERVER_STATE_RUNNING);
    claim_set_state(s->claim, "ready");
    signals_hold(watched, COUNT_OF(watched), true);
    if (s->config->sandbox)
        claim_set_sandbox(s->claim, cage_enter(s->loop, s->config, lock_path));
    (void)log_writer_start(log_lost); /* in the cage; without it all wait for stderr */
    if (!loop_make_pool(s->loop))
        return false;
    if (s->opened > 1 && pthread_create(&s->hub_thread, NULL, server_run_hub, s) != 0)
        return false;
    for (s->running = 0; s->running < s->opened; s->running++)
        if (!worker_start(s->workers[s->running]))
            return false;
    signals_hold(watched, COUNT_OF(watched), false);
    log_info("ready port=%u workers=%u connections=%zu", s->at.port, s->opened,
        reload_limits(s->reload)->connections);
    supervision_start(s->supervision);
    return true;
}

enum server_end
server_wait(struct server *s)
{
    loop_run(s->loop);
    if (s->state == SERVER_STATE_ABANDONED)
        return SERVER_ABANDONED;
    for (unsigned i = 0; i < s->opened; i++)
        worker_join(s->workers[i]);
    if (s->opened > 1)
        pthread_join(s->hub_thread, NULL);
    log_notice("stopped");
    return SERVER_ENDED;
}

void
server_free(struct server *s)
{
    if (!s)
        return;
    if (s->state == SERVER_STATE_OPEN) { /* what never started ends on this thread */
        for (unsigned i = 0; i < s->opened; i++)
            worker_abort(s->workers[i]);
        hub_stop(s->hub);
        loop_run(s->hub_loop);
        server_finish(s, SERVER_STATE_ENDED);
        loop_run(s->loop);
    }
    for (unsigned i = 0; i < s->opened; i++)
        worker_free(s->workers[i]);
    free(s->workers);
    hub_free(s->hub);
    loop_free(s->hub_loop);
    mailbox_free(s->box);
    loop_free(s->loop);
    supervision_free(s->supervision);
    notify_free(s->notify);
    reload_free(s->reload);
    redis_setup_fini(&s->redis);
    free(s);
}
