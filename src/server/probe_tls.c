/* SPDX-License-Identifier: MIT */
/*
 * probe_tls: what is said is about a file; the option that names it is the first or in
 * `certificates`.
 */
#include "server/probe_tls.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "certificates.h"
#include "tls/tls_server.h"

enum { DAY_S = 86400, DAY_SIZE = 16 };

struct hearing {
    void (*say)(void *owner, enum config_severity severity, const char *line);
    void *owner;
    const char *where;
};

static void
say(const struct hearing *h, enum config_severity severity, struct buffer *line)
{
    buffer_append_char(line, 0);
    h->say(h->owner, severity, line->data);
    buffer_fini(line);
}

static const char *
day(int64_t time_s, char out[DAY_SIZE])
{
    time_t time = (time_t)time_s;
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(out, DAY_SIZE, "%Y-%m-%d", &tm);
    return out;
}

static void
say_time(const struct hearing *h, const struct tls_certificate *t)
{
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000), days = (t->until_s - now_s) / DAY_S;
    enum config_severity severity = CONFIG_NOTE;
    struct buffer line = { 0 };
    char date[DAY_SIZE];

    buffer_printf(&line, "%s: the certificate %s (%s) ", h->where, t->path, t->names);
    if (now_s >= t->until_s) {
        severity = CONFIG_ERROR;
        buffer_printf(&line, "expired on %s: renew it (certbot renew)", day(t->until_s, date));
    } else if (now_s < t->from_s) {
        severity = CONFIG_ERROR;
        buffer_printf(
            &line, "is not valid before %s: check the clock of this machine", day(t->from_s, date));
    } else if (days < CERTIFICATES_WARNING_DAYS) {
        severity = CONFIG_WARNING;
        buffer_printf(&line, "expires on %s, in %" PRId64 " day%s: renew it (certbot renew)",
            day(t->until_s, date), days, days == 1 ? "" : "s");
    } else {
        buffer_printf(&line, "is good until %s", day(t->until_s, date));
    }
    say(h, severity, &line);
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
    say(h, CONFIG_WARNING, &line);
}

static void
say_passed_over(const struct hearing *h, const struct tls_certificate *t)
{
    struct buffer line = { 0 };

    if (!t->passed_over)
        return;
    buffer_printf(&line, "%s: the newer certificate is ignored: %s", h->where, t->passed_over);
    say(h, CONFIG_WARNING, &line);
}

bool
probe_tls(const struct config *c,
    void (*on_line)(void *owner, enum config_severity severity, const char *line), void *owner,
    struct buffer *why)
{
    const struct hearing h = { on_line, owner, config_name(c) };
    struct certificates_draft d = { 0 };
    const struct tls_certificate *t;

    if (!certificates_read(c, &d, why)) {
        certificates_drop(&d);
        return false;
    }
    for (size_t i = 0; d.tls && (t = tls_server_certificate(d.tls, i)); i++) {
        say_time(&h, t);
        say_passed_over(&h, t);
    }
    if (d.tls)
        say_chain(&h, d.tls);
    certificates_drop(&d);
    return true;
}
