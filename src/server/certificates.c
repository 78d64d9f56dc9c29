/* SPDX-License-Identifier: MIT */
/*
 * certificates: options to files, files to a context, and an eye on both.
 */
#include "certificates.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "net/timer.h"
#include "sandbox/cage.h"
#include "tls/tls_server.h"
#include "tls/tls_tickets.h"

enum { DAY_S = 86400, DAY_MS = 1000 * DAY_S, TIME_SIZE = 24 };
/* Between two looks at the files; and how long they are left alone after a change, because a
 * certificate and its key are written one after the other. */
enum { LOOK_MS = 1000, SETTLE_MS = 300 };
/* A key of session tickets is in use for so long, and as long again for the tickets that it made.
 */
enum { TICKETS_MS = DAY_MS / 2 };

/* There is a context exactly where the protocol is https, which no reload changes; with it, the
 * timers run. */
struct certificates {
    struct loop *loop;
    const struct config *config;
    struct tls_context *tls;
    struct buffer mark; /* of the files that were tried last */
    struct buffer seen; /* of the files at the last look */
    struct timer look, daily, tickets;
    void (*on_renewed)(void *owner, struct tls_context *tls);
    void *owner;
};

/* ---- from options ---- */

/* free() the pairs. */
static void
make_options(const struct config *c, struct tls_server_options *o)
{
    struct tls_pair *pairs = mem_resize(NULL, c->certificates.count + 1, sizeof(*pairs));
    size_t count = 0;

    if (c->ssl_cert_path)
        pairs[count++] = (struct tls_pair){ c->ssl_cert_path, c->ssl_key_path, c->ssl_chain_path,
            c->ssl_passphrase, NULL };
    for (size_t i = 0; i < c->certificates.count; i++) {
        const struct config_certificate *more = &c->certificates.items[i];

        pairs[count++] = (struct tls_pair){ more->cert_path, more->key_path, more->chain_path,
            more->passphrase, (const char *const *)more->hosts.items };
    }
    *o = (struct tls_server_options){
        .pairs = pairs,
        .pair_count = count,
        .no_tls12 = c->min_version > CONFIG_TLS_1_2 || (c->secure_options & CONFIG_NO_TLS_1_2) != 0,
        .no_tls13 = c->max_version < CONFIG_TLS_1_3 || (c->secure_options & CONFIG_NO_TLS_1_3) != 0,
        .ciphers = c->ciphers,
        .flags = c->secure_options,
    };
}

/* "FILE: OPTION: SENTENCE" */
static void
certificates_explain(const struct config *c, const struct tls_fault *f, struct buffer *error)
{
    static const char *const first[] = { "sslCertPath", "sslKeyPath", "sslCertChainPath",
        "sslPassphrase" };
    static const char *const more[] = { "certPath", "keyPath", "chainPath", "passphrase" };
    size_t firsts = c->ssl_cert_path ? 1 : 0;

    buffer_printf(error, "%s: ", config_name(c));
    if (f->part == TLS_PART_CIPHERS)
        buffer_append_text(error, "ciphers");
    else if (f->pair < firsts)
        buffer_append_text(error, first[f->part]);
    else
        buffer_printf(error, "certificates[%zu].%s", f->pair - firsts, more[f->part]);
    buffer_printf(error, ": %.*s", STR_ARG(buffer_str(&f->sentence)));
}

/* ---- log lines ---- */

static const char *
time_text(int64_t time_s, char out[TIME_SIZE])
{
    time_t time = (time_t)time_s;
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

static void
say_expiry(const struct tls_certificate *c, int64_t now_s)
{
    int64_t days = (c->until_s - now_s) / DAY_S;
    char until[TIME_SIZE], from[TIME_SIZE];

    time_text(c->until_s, until);
    if (now_s >= c->until_s)
        log_warning("a certificate has expired file=%s names=%s until=%s", LOG_STR(str_of(c->path)),
            LOG_STR(str_of(c->names)), until);
    else if (days < CERTIFICATES_WARNING_DAYS)
        log_warning("a certificate expires soon file=%s names=%s until=%s days=%" PRId64,
            LOG_STR(str_of(c->path)), LOG_STR(str_of(c->names)), until, days);
    if (now_s < c->from_s)
        log_warning("a certificate is not valid yet file=%s names=%s from=%s",
            LOG_STR(str_of(c->path)), LOG_STR(str_of(c->names)), time_text(c->from_s, from));
}

static void
say_all_expiries(const struct certificates *s)
{
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000);
    const struct tls_certificate *c;

    for (size_t i = 0; (c = tls_server_certificate(s->tls, i)); i++)
        say_expiry(c, now_s);
}

static bool
certificate_is_known(const struct tls_context *tls, const struct tls_certificate *c)
{
    const struct tls_certificate *other;

    for (size_t i = 0; tls && (other = tls_server_certificate(tls, i)); i++)
        if (str_is(str_of(other->digest), c->digest))
            return true;
    return false;
}

/* old NULL: this is the start. */
static void
say_news(const struct tls_context *old, const struct tls_context *fresh)
{
    const struct tls_certificate *c;
    char until[TIME_SIZE];

    for (size_t i = 0; (c = tls_server_certificate(fresh, i)); i++) {
        if (c->passed_over)
            log_warning("the newer certificate is ignored: %s", c->passed_over);
        if (!certificate_is_known(old, c))
            log_at(old ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO,
                "certificate in use file=%s names=%s key=%s until=%s", LOG_STR(str_of(c->path)),
                LOG_STR(str_of(c->names)), c->key_type, time_text(c->until_s, until));
    }
}

static void
certificates_on_day(void *owner)
{
    struct certificates *s = owner;

    say_all_expiries(s);
    timer_start(s->loop, &s->daily, DAY_MS);
}

static void
certificates_on_tickets(void *owner)
{
    struct certificates *s = owner;

    tls_tickets_renew();
    timer_start(s->loop, &s->tickets, TICKETS_MS);
}

/* ---- use ---- */

bool
certificates_read(const struct config *c, struct certificates_draft *d, struct buffer *error)
{
    struct tls_server_options o;
    struct tls_fault f = { 0 };

    if (c->protocol != CONFIG_HTTPS)
        return true;
    make_options(c, &o);
    tls_files_mark(&o, &d->mark); /* first: what changes while it is read will differ */
    d->tls = tls_server_new(&o, &f);
    if (!d->tls)
        certificates_explain(c, &f, error);
    buffer_fini(&f.sentence);
    free((void *)o.pairs);
    return d->tls != NULL;
}

void
certificates_drop(struct certificates_draft *d)
{
    tls_server_unref(d->tls);
    d->tls = NULL;
    buffer_fini(&d->mark);
}

/* d is emptied.  Calls up. */
static void
take_up(struct certificates *s, struct certificates_draft *d)
{
    struct tls_context *old = s->tls;

    buffer_fini(&s->mark);
    s->mark = d->mark;
    s->tls = d->tls;
    *d = (struct certificates_draft){ 0 };
    say_news(old, s->tls);
    say_all_expiries(s);
    tls_server_unref(old);
    s->on_renewed(s->owner, s->tls);
}

void
certificates_use(struct certificates *s, const struct config *c, struct certificates_draft *d)
{
    ENSURE(d->tls || !s->tls);
    s->config = c;
    if (!d->tls)
        return;
    timer_start(s->loop, &s->look, LOOK_MS);
    timer_start(s->loop, &s->daily, DAY_MS);
    if (!timer_active(&s->tickets)) /* a reload does not put it off */
        timer_start(s->loop, &s->tickets, TICKETS_MS);
    take_up(s, d);
}

/* Calls up. */
static void
try_files(struct certificates *s)
{
    struct certificates_draft d = { 0 };
    struct buffer error = { 0 };

    if (certificates_read(s->config, &d, &error)) {
        take_up(s, &d);
        return;
    }
    log_error("the changed certificate cannot be used, so the current one stays in use: %.*s",
        STR_ARG(buffer_str(&error)));
    cage_explain(s->config);
    buffer_fini(&error);
    buffer_fini(&s->mark);
    s->mark = d.mark;
}

/* Calls up. */
static void
certificates_on_look(void *owner)
{
    struct certificates *s = owner;
    struct tls_server_options o;
    struct buffer mark = { 0 };
    bool settled;

    make_options(s->config, &o);
    tls_files_mark(&o, &mark);
    free((void *)o.pairs);
    settled = str_equal(buffer_str(&mark), buffer_str(&s->seen));
    buffer_fini(&s->seen);
    s->seen = mark;
    timer_start(s->loop, &s->look, settled ? LOOK_MS : SETTLE_MS);
    if (settled && !str_equal(buffer_str(&mark), buffer_str(&s->mark)))
        try_files(s);
}

struct certificates *
certificates_open(
    struct loop *l, void (*on_renewed)(void *owner, struct tls_context *tls), void *owner)
{
    struct certificates *s = mem_zalloc(sizeof(*s));

    s->loop = l;
    s->on_renewed = on_renewed;
    s->owner = owner;
    timer_init(&s->look, certificates_on_look, s);
    timer_init(&s->daily, certificates_on_day, s);
    timer_init(&s->tickets, certificates_on_tickets, s);
    return s;
}

void
certificates_close(struct certificates *s)
{
    if (!s)
        return;
    timer_stop(&s->look);
    timer_stop(&s->daily);
    timer_stop(&s->tickets);
    tls_server_unref(s->tls);
    buffer_fini(&s->mark);
    buffer_fini(&s->seen);
    free(s);
}

struct tls_context *
certificates_context(const struct certificates *s)
{
    return s->tls;
}
