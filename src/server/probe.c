/* SPDX-License-Identifier: MIT */
/*
 * probe: a loop of its own, until there is an answer; the port is bound, and the certificates are
 * read, as the server does it.
 */
#include "server/probe.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "certificates.h"
#include "channels/auth.h"
#include "channels/auth_target.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "net/listener.h"
#include "net/loop.h"
#include "redis/redis_link.h"
#include "redis/redis_probe.h"
#include "redis_setup.h"
#include "tls/tls_server.h"

/* ---- Redis ---- */

struct probe {
    struct loop *loop;
    struct redis_probe *redis;
    struct buffer *why;
    bool good;
};

static void
probe_on_redis(void *owner, const char *error)
{
    struct probe *p = owner;

    p->good = !error;
    if (error)
        buffer_append_text(p->why, error);
    redis_probe_close(p->redis);
    loop_stop(p->loop);
}

bool
probe_redis(const struct config *c, struct buffer *why)
{
    struct probe p = { .why = why };
    struct buffer pattern = { 0 };
    struct redis_setup redis;

    if (!redis_setup_init(&redis, c, NULL, why))
        return false;
    p.loop = loop_new();
    redis_link_escape_pattern(str_of(c->key_prefix), &pattern);
    buffer_append_text(&pattern, "*");
    p.redis = redis_probe_open(p.loop, &redis.options, buffer_str(&pattern), probe_on_redis, &p);
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
probe_on_verdict(void *owner, const struct auth_verdict *v)
{
    struct asking *a = owner;

    a->out->status = v->status;
    if (v->cause)
        buffer_append_text(&a->out->cause, v->cause);
    auth_close(a->auth);
    loop_stop(a->loop);
}

void
probe_auth(const struct config *c, size_t host, struct probe_auth *out)
{
    static const char prefix[] = "private-echo-server-check-";
    const struct auth_options options = {
        .hosts = (const char *const *)&c->auth_hosts.items[host],
        .host_count = 1,
        .endpoint = c->auth_endpoint,
        .verify_tls = c->auth_verify_tls,
        .ca_path = c->auth_ca_path,
    };
    const struct auth_limits limits = {
        .in_flight = 1,
        .timeout_ms = c->auth_timeout_ms < TIMEOUT_MAX_MS ? c->auth_timeout_ms : TIMEOUT_MAX_MS,
        .answer_bytes = ANSWER_BYTES,
    };
    struct auth_target *target = auth_target_new(&options, &out->cause);
    struct asking a = { .out = out };
    char channel[sizeof(prefix) + NAME_DIGITS];
    struct auth_line line;
    struct auth_question question = { .line = &line };
    struct auth_ask *pending;

    if (!target)
        return;
    memcpy(channel, prefix, sizeof(prefix));
    digest_random_hex(NAME_DIGITS / 2, channel + sizeof(prefix) - 1);
    question.channel = str_of(channel);
    auth_line_init(&line);
    a.loop = loop_new();
    a.auth = auth_open(a.loop, target, &limits);
    ENSURE(auth_begin(a.auth, &question, probe_on_verdict, &a, &pending) == AUTH_OK);
    loop_run(a.loop);
    loop_free(a.loop);
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
    if (registration_find(running_host(c), port, pid, NULL))
        return PROBE_PORT_OURS;
    if (!listener_bind(c->host, port, 1, &fd, &in_use, why))
        return in_use ? PROBE_PORT_STRANGER : PROBE_PORT_BAD_HOST;
    close(fd);
    return PROBE_PORT_FREE;
}

/* ---- the certificates: what is said is about a file ---- */

enum { DAY_S = 86400, DAY_SIZE = 16 };

struct hearing {
    void (*say)(void *owner, enum config_severity severity, const char *line);
    void *owner;
    const char *where;
};

static void
probe_say(const struct hearing *h, enum config_severity severity, struct buffer *line)
{
    buffer_append_char(line, 0);
    h->say(h->owner, severity, line->data);
    buffer_fini(line);
}

static const char *
day_text(int64_t time_s, char out[DAY_SIZE])
{
    time_t time = (time_t)time_s;
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(out, DAY_SIZE, "%Y-%m-%d", &tm);
    return out;
}

static void
say_dates(const struct hearing *h, const struct tls_certificate *t)
{
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000), days = (t->until_s - now_s) / DAY_S;
    enum config_severity severity = CONFIG_NOTE;
    struct buffer line = { 0 };
    char date[DAY_SIZE];

    buffer_printf(&line, "%s: the certificate %s (%s) ", h->where, t->path, t->names);
    if (now_s >= t->until_s) {
        severity = CONFIG_ERROR;
        buffer_printf(&line, "expired on %s: renew it (certbot renew)", day_text(t->until_s, date));
    } else if (now_s < t->from_s) {
        severity = CONFIG_ERROR;
        buffer_printf(&line, "is not valid before %s: check the clock of this machine",
            day_text(t->from_s, date));
    } else if (days < CERTIFICATES_WARNING_DAYS) {
        severity = CONFIG_WARNING;
        buffer_printf(&line, "expires on %s, in %" PRId64 " day%s: renew it (certbot renew)",
            day_text(t->until_s, date), days, days == 1 ? "" : "s");
    } else {
        buffer_printf(&line, "is good until %s", day_text(t->until_s, date));
    }
    probe_say(h, severity, &line);
}

static void
say_chain(const struct hearing *h, const struct tls_context *tls)
{
    const struct tls_certificate *first = tls_server_certificate(tls, 0);
    const char *reason;
    struct buffer line = { 0 };
    enum tls_verify verdict = tls_server_verify(tls, &reason);

    if (verdict == TLS_VERIFY_GOOD)
        return;
    buffer_printf(&line, "%s: the certificate %s ", h->where, first->path);
    if (verdict == TLS_VERIFY_SELF_SIGNED)
        buffer_append_text(&line, "is signed by itself, or by an authority that this machine does "
                                  "not know: browsers refuse it unless they were told to trust it");
    else if (verdict == TLS_VERIFY_INCOMPLETE)
        buffer_append_text(&line,
            "does not lead to an authority that this machine knows: browsers "
            "may refuse it; set sslCertChainPath to the certificates between "
            "both, or sslCertPath to a file with all of them (fullchain.pem)");
    else
        buffer_printf(&line, "does not verify: %s; get another one", reason);
    probe_say(h, CONFIG_WARNING, &line);
}

bool
probe_tls(const struct config *c,
    void (*on_line)(void *owner, enum config_severity severity, const char *line), void *owner,
    struct buffer *why)
{
    const struct hearing h = { on_line, owner, config_name(c) };
    struct certificates_draft d = { 0 };
    const struct tls_certificate *t;
    struct buffer line = { 0 };

    if (!certificates_read(c, &d, why)) {
        certificates_drop(&d);
        return false;
    }
    for (size_t i = 0; d.tls && (t = tls_server_certificate(d.tls, i)); i++) {
        say_dates(&h, t);
        if (t->passed_over) {
            buffer_printf(
                &line, "%s: the newer certificate is ignored: %s", h.where, t->passed_over);
            probe_say(&h, CONFIG_WARNING, &line);
        }
    }
    if (d.tls)
        say_chain(&h, d.tls);
    certificates_drop(&d);
    return true;
}
