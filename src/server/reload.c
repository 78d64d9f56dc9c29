/* SPDX-License-Identifier: MIT */
/*
 * reload: one configuration in effect, and the one before it until no thread reads it any more.
 */
#include "reload.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "certificates.h"
#include "config/config.h"
#include "sandbox/cage.h"
#include "server/resources.h"
#include "snapshot.h"
#include "worker.h"

/* A configuration and what was made of it. */
struct edition {
    const struct config *config;
    struct config *loaded; /* the same, when a reload loaded it */
    struct snapshot *limits;
};

/*
 * There is an edition before exactly while workers are awaited, and only then another reload has to
 * wait (again).  Every worker reads now's limits, or has before's until it acknowledges.
 */
struct reload {
    struct edition first; /* the hub and the caller keep to it */
    struct edition now;
    struct edition before;
    unsigned awaited;
    bool again;
    struct buffer changed; /* names of options, for the log */
    struct certificates *certificates;
    struct worker *const *workers;
    const unsigned *count;
    struct config *(*load)(void *owner);
    void *owner;
};

/* What config_reconcile() found. */
struct changes {
    struct buffer live;
    const char **waiting;
    size_t waiting_count;
};

/* The first one stays to the end. */
static void
edition_drop(const struct reload *r, struct edition *e)
{
    if (e->limits != r->first.limits) {
        snapshot_free(e->limits);
        config_free(e->loaded);
    }
    *e = (struct edition){ 0 };
}

/* What is read from files.  False: *error is one sentence, and d is empty. */
static bool
edition_prepare(const struct edition *e, struct certificates_draft *d, struct buffer *error)
{
    if (snapshot_find_auth(e->limits, e->config, error) && certificates_read(e->config, d, error))
        return true;
    certificates_drop(d);
    return false;
}

static void
reload_on_tls(void *owner, struct tls_context *tls)
{
    struct reload *r = owner;

    for (unsigned i = 0; r->count && i < *r->count; i++)
        worker_renew_tls(r->workers[i], tls);
}

struct reload *
reload_open(struct loop *l, const struct config *c)
{
    struct reload *r = mem_zalloc(sizeof(*r));

    r->first = (struct edition){ c, NULL, snapshot_new(c, resources_descriptors()) };
    r->now = r->first;
    r->certificates = certificates_open(l, reload_on_tls, r);
    return r;
}

bool
reload_begin(struct reload *r, struct buffer *error)
{
    struct certificates_draft d = { 0 };

    if (!edition_prepare(&r->now, &d, error))
        return false;
    certificates_use(r->certificates, r->now.config, &d);
    return true;
}

void
reload_attach(struct reload *r, struct worker *const *workers, const unsigned *count)
{
    r->workers = workers;
    r->count = count;
}

void
reload_from(struct reload *r, struct config *(*load)(void *owner), void *owner)
{
    r->load = load;
    r->owner = owner;
}

/* ---- another configuration ---- */

static void
reload_on_change(void *owner, const char *path, bool live)
{
    struct changes *c = owner;

    if (live) {
        buffer_printf(&c->live, "%s%s", c->live.len > 0 ? "," : "", path);
        return;
    }
    c->waiting = mem_resize(c->waiting, c->waiting_count + 1, sizeof(char *));
    c->waiting[c->waiting_count++] = path;
}

static void
put_into_effect(
    struct reload *r, const struct edition *e, struct certificates_draft *d, struct changes *c)
{
    ENSURE(r->awaited == 0 && !r->before.limits && !r->again);
    for (size_t i = 0; i < c->waiting_count; i++)
        log_warning("%s: %s has changed; it takes effect after a restart", config_name(e->config),
            c->waiting[i]);
    r->before = r->now;
    r->now = *e;
    r->changed = c->live;
    c->live = (struct buffer){ 0 };
    log_set_level((enum log_level)config_log_level(e->config));
    certificates_use(r->certificates, e->config, d);
    r->awaited = *r->count;
    for (unsigned i = 0; i < *r->count; i++)
        worker_renew(r->workers[i], e->limits);
}

/* True: it is on its way to the workers. */
static bool
exchange(struct reload *r, struct config *next)
{
    struct edition e = { .config = next, .loaded = next };
    struct certificates_draft d = { 0 };
    struct changes c = { 0 };
    struct buffer error = { 0 };
    bool ok;

    config_reconcile(next, r->now.config, reload_on_change, &c);
    e.limits = snapshot_renew(r->now.limits, next);
    ok = edition_prepare(&e, &d, &error);
    if (ok) {
        put_into_effect(r, &e, &d, &c);
    } else {
        log_error("%.*s", STR_ARG(buffer_str(&error)));
        cage_explain(next);
        edition_drop(r, &e);
    }
    buffer_fini(&error);
    buffer_fini(&c.live);
    free(c.waiting);
    return ok;
}

bool
reload_run(struct reload *r)
{
    struct config *next;

    if (r->awaited > 0) {
        r->again = true;
        return true;
    }
    if (!r->load || r->now.config->embedded) {
        log_notice("the configuration is built in: there is no file to reload");
        return false;
    }
    next = r->load(r->owner);
    if (next && exchange(r, next))
        return true;
    if (!next)
        cage_explain(r->now.config);
    log_error("the configuration was not reloaded; the previous one stays in effect");
    return false;
}

bool
reload_acknowledged(struct reload *r)
{
    bool again = r->again;

    ENSURE(r->awaited > 0 && r->before.limits);
    if (--r->awaited > 0)
        return true;
    edition_drop(r, &r->before);
    log_notice("reloaded file=%s changed=%.*s", LOG_STR(str_of(r->now.config->file)),
        STR_ARG(r->changed.len > 0 ? buffer_str(&r->changed) : STR_LIT("nothing")));
    buffer_fini(&r->changed);
    r->again = false;
    return again && reload_run(r);
}

const struct snapshot *
reload_limits(const struct reload *r)
{
    return r->now.limits;
}

struct tls_context *
reload_tls(const struct reload *r)
{
    return certificates_context(r->certificates);
}

void
reload_close(struct reload *r)
{
    certificates_close(r->certificates);
    r->certificates = NULL;
}

void
reload_free(struct reload *r)
{
    if (!r)
        return;
    certificates_close(r->certificates);
    edition_drop(r, &r->before);
    edition_drop(r, &r->now);
    snapshot_free(r->first.limits);
    buffer_fini(&r->changed);
    free(r);
}
