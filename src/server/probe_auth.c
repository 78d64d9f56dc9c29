/* SPDX-License-Identifier: MIT */
/*
 * probe_auth: one ask of the auth that a worker has, on a loop of its own, never repeated.
 */
#include "server/probe_auth.h"

#include "base/digest.h"
#include "base/ensure.h"
#include "channels/auth.h"
#include "channels/auth_target.h"
#include "config/config.h"
#include "net/loop.h"

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
