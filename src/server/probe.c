/* SPDX-License-Identifier: MIT */
/*
 * probe: a loop of its own, until there is an answer; the port is bound as the server binds it.
 */
#include "server/probe.h"

#include <stddef.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/ensure.h"
#include "channels/auth.h"
#include "channels/auth_target.h"
#include "config/config.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "net/listener.h"
#include "net/loop.h"
#include "redis/redis_link.h"
#include "redis/redis_probe.h"
#include "redis_setup.h"

/* ---- Redis ---- */

struct probe {
    struct loop *loop;
    struct redis_probe *redis;
    struct buffer *why;
    bool good;
};

static void
on_redis_done(void *owner, const char *error)
{
    struct probe *p = owner;

    p->good = !error;
    if (error)
        buffer_append_text(p->why, error);
    redis_probe_close(p->redis);
    loop_stop(p->loop);
}

static void
append_pattern(const struct config *c, struct buffer *out)
{
    redis_link_escape_pattern(str_of(c->key_prefix), out);
    buffer_append_text(out, "*");
}

bool
probe_redis(const struct config *c, struct buffer *why)
{
    struct probe p = { .why = why };
    struct buffer pattern = { 0 };
    struct redis_setup redis;

    if (!redis_setup_init(&redis, c, why))
        return false;
    p.loop = loop_new();
    append_pattern(c, &pattern);
    p.redis = redis_probe_open(p.loop, &redis.options, buffer_str(&pattern), on_redis_done, &p);
    loop_run(p.loop);
    buffer_fini(&pattern);
    redis_setup_fini(&redis);
    loop_free(p.loop);
    return p.good;
}

/* ---- the application: one ask of the auth that a worker has, never repeated ---- */

enum { TIMEOUT_MAX_MS = 10000, ANSWER_BYTES = 1 << 20, NAME_DIGITS = 16 };

struct asking {
    struct loop *loop;
    struct auth *auth;
    struct probe_auth *out;
};

static void
on_verdict(void *owner, const struct auth_verdict *v)
{
    struct asking *a = owner;

    a->out->status = v->status;
    if (v->cause)
        buffer_append_text(&a->out->cause, v->cause);
    auth_close(a->auth);
    loop_stop(a->loop);
}

static struct auth_target *
make_target(const struct config *c, size_t host, struct buffer *error)
{
    struct auth_options options = {
        .hosts = (const char *const *)&c->auth_hosts.items[host],
        .host_count = 1,
        .endpoint = c->auth_endpoint,
        .verify_tls = c->auth_verify_tls,
        .ca_path = c->auth_ca_path,
    };

    return auth_target_new(&options, error);
}

static void
ask(struct asking *a, const struct auth_target *target, uint64_t timeout_ms)
{
    static const char prefix[] = "private-echo-server-check-";
    struct auth_limits limits = {
        .in_flight = 1,
        .timeout_ms = timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS,
        .answer_bytes = ANSWER_BYTES,
    };
    char channel[sizeof(prefix) + NAME_DIGITS];
    struct auth_line line;
    struct auth_ask *pending;
    struct auth_question question = { .line = &line };

    memcpy(channel, prefix, sizeof(prefix));
    digest_random_hex(NAME_DIGITS / 2, channel + sizeof(prefix) - 1);
    question.channel = str_of(channel);
    auth_line_init(&line);
    a->loop = loop_new();
    a->auth = auth_open(a->loop, target, &limits);
    ENSURE(auth_begin(a->auth, &question, on_verdict, a, &pending) == AUTH_OK);
    loop_run(a->loop);
    loop_free(a->loop);
}

void
probe_auth(const struct config *c, size_t host, struct probe_auth *out)
{
    struct asking a = { .out = out };
    struct auth_target *target = make_target(c, host, &out->cause);

    if (target)
        ask(&a, target, c->auth_timeout_ms);
    auth_target_free(target);
}

/* ---- the port ---- */

enum probe_port
probe_port(const struct config *c, pid_t *pid, struct buffer *why)
{
    unsigned port = (unsigned)c->port;
    bool in_use = false;
    int fd;

    *pid = 0;
    if (registration_find(running_host(c), port, pid))
        return PROBE_PORT_OURS;
    if (!listener_bind(c->host, port, 1, &fd, &in_use, why))
        return in_use ? PROBE_PORT_STRANGER : PROBE_PORT_BAD_HOST;
    close(fd);
    return PROBE_PORT_FREE;
}
