/* SPDX-License-Identifier: MIT */
/*
 * handshake: what a request under the engine's path wants, whether it may, and where it goes.
 *
 *   query --parse--> wish --foreign?--> another worker
 *                      `---verify---> error | preflight | session's transport | new session
 */
#include "handshake.h"

#include <stdlib.h>

#include "answer.h"
#include "base/log.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"
#include "opening.h"
#include "origins.h"
#include "polling.h"
#include "upgrade.h"
#include "websocket.h"
#include "ws_writer.h"

enum {
    VALUE_MAX = 64,      /* longer values of the query mean nothing here */
    REFUSALS_MS = 10000, /* between lines about refused origins */
};

struct value {
    char text[VALUE_MAX];
    size_t len;
};

enum kind { KIND_UNKNOWN, KIND_POLLING, KIND_WEBSOCKET };

/* A request, understood. */
struct wish {
    struct http_exchange *x;
    const struct http_request *r;
    struct value sid;   /* empty: none */
    struct value jsonp; /* its digits */
    bool has_jsonp;
    unsigned version; /* 0: neither 3 nor 4 */
    enum kind kind;
    struct eio_session *session;
};

/* ---- the query ---- */

static bool
query_value(struct str query, const char *key, struct value *out)
{
    struct str raw;

    out->len = 0;
    if (!str_query_get(query, key, &raw))
        return false;
    if (raw.len <= VALUE_MAX)
        out->len = str_url_decode(raw, out->text);
    return true;
}

static struct str
value_str(const struct value *v)
{
    return str_slice(v->text, v->len);
}

static void
keep_digits(struct value *v)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->len; i++) {
        if (v->text[i] >= '0' && v->text[i] <= '9')
            v->text[kept++] = v->text[i];
    }
    v->len = kept;
}

static enum kind
parse_kind(struct str query)
{
    struct value v;

    if (!query_value(query, "transport", &v))
        return KIND_UNKNOWN;
    if (str_is(value_str(&v), "polling"))
        return KIND_POLLING;
    return str_is(value_str(&v), "websocket") ? KIND_WEBSOCKET : KIND_UNKNOWN;
}

static unsigned
parse_version(struct str query)
{
    struct value v;

    if (!query_value(query, "EIO", &v) || v.len != 1)
        return 0;
    return v.text[0] == '3' ? EIO_3 : v.text[0] == '4' ? EIO_4 : 0;
}

static void
parse(struct wish *w, struct http_exchange *x, const struct http_request *r)
{
    w->x = x;
    w->r = r;
    w->session = NULL;
    w->kind = parse_kind(r->query);
    w->version = parse_version(r->query);
    struct str raw;
    if (query_value(r->query, "sid", &w->sid) && w->sid.len == 0 &&
        str_query_get(r->query, "sid", &raw) && raw.len > 0) {
        w->sid.text[0] = '?'; /* too long to be an id, but not absent */
        w->sid.len = 1;
    }
    w->has_jsonp = query_value(r->query, "j", &w->jsonp);
    keep_digits(&w->jsonp);
}

/* ---- may it? ---- */

static bool
kind_allowed(const struct engine_limits *limits, enum kind kind)
{
    return (kind == KIND_POLLING && limits->polling) ||
           (kind == KIND_WEBSOCKET && limits->websocket);
}

/* A WebSocket request may name a session of either transport: what comes of it is decided later. */
static enum answer_error
verify_session(const struct wish *w)
{
    const struct eio_session *s = w->session;

    if (s == NULL)
        return ANSWER_UNKNOWN_SID;
    if (!eio_session_live(s) && (w->r->method != HTTP_METHOD_GET || w->r->upgrade))
        return ANSWER_UNKNOWN_SID; /* all that is left of it is a goodbye for a poll */
    if (!w->r->upgrade && (w->kind != KIND_POLLING || !eio_session_is_polling(s)))
        return ANSWER_BAD_REQUEST;
    if (w->version != eio_session_version(s))
        return ANSWER_BAD_REQUEST;
    return ANSWER_FINE;
}

/* Said once in a while: a page that is refused tries again and again. */
static void
say_refused(struct engine *e, const struct wish *w, const char *option)
{
    uint64_t now_ms = loop_now_ms(e->loop);
    struct str origin = http_request_header(w->r, "Origin");

    e->refusals++;
    if (e->refused_ms && now_ms - e->refused_ms < REFUSALS_MS)
        return;
    if (origin.len == 0)
        origin = http_request_header(w->r, "Referer");
    log_notice(
        "an origin is refused origin=%s option=%s times=%u", LOG_STR(origin), option, e->refusals);
    e->refused_ms = now_ms;
    e->refusals = 0;
}

/* NULL: none. */
static const char *
refusing_option(const struct engine_limits *limits, const struct wish *w)
{
    if (!origins_admit(limits->origins, w->r))
        return "socketio.origins";
    if (!origins_allow(limits->allowed_origins, w->r, w->has_jsonp && w->version == EIO_3))
        return "allowedOrigins";
    return NULL;
}

static enum answer_error
verify_opening(struct engine *e, const struct wish *w)
{
    const char *option = refusing_option(e->limits, w);

    if (w->r->method != HTTP_METHOD_GET)
        return ANSWER_BAD_METHOD;
    if (w->kind == KIND_WEBSOCKET && !w->r->upgrade)
        return ANSWER_BAD_REQUEST;
    if (option) {
        say_refused(e, w, option);
        return ANSWER_FORBIDDEN;
    }
    return w->version == 0 ? ANSWER_BAD_VERSION : ANSWER_FINE;
}

static enum answer_error
verify(struct engine *e, const struct wish *w)
{
    if (!kind_allowed(e->limits, w->kind))
        return ANSWER_UNKNOWN_TRANSPORT;
    if (str_has_control(http_request_header(w->r, "Origin")))
        return ANSWER_BAD_REQUEST;
    return w->sid.len > 0 ? verify_session(w) : verify_opening(e, w);
}

/* ---- where it goes ---- */

static void
open_polling(struct engine *e, const struct wish *w)
{
    struct eio_session *s = opening_session(e, (enum eio_version)w->version, w->r);
    bool jsonp = w->has_jsonp && w->version == EIO_3;
    struct eio_transport *t = polling_new(s, jsonp ? value_str(&w->jsonp) : str_slice(NULL, 0));

    opening_begin(s, t);
    polling_request(t, w->x); /* first, so that what is sent on opening travels with the answer */
    opening_announce(s);
}

static void
open_websocket(struct engine *e, const struct wish *w)
{
    struct eio_session *s = opening_session(e, (enum eio_version)w->version, w->r);
    struct websocket_accepted a = websocket_accept(w->x, w->r, e->limits->deflate);
    struct eio_transport *t = websocket_new(s, a.stream, a.deflate);

    opening_begin(s, t);
    opening_announce(s);
    websocket_receive(t, str_slice(a.early, a.early_len));
    free(a.early);
}

static void
open_candidate(struct engine *e, const struct wish *w)
{
    struct websocket_accepted a = websocket_accept(w->x, w->r, e->limits->deflate);
    struct eio_transport *t = websocket_new(w->session, a.stream, a.deflate);

    upgrade_begin(w->session, t);
    websocket_receive(t, str_slice(a.early, a.early_len));
    free(a.early);
}

/* Real clients never do this; the references accept the connection and close it. */
static void
accept_and_dismiss(const struct wish *w)
{
    struct websocket_accepted a = websocket_accept(w->x, w->r, false);
    free(a.early);
    ws_writer_goodbye(a.stream, WS_CODE_NONE);
}

static void
on_upgrade(struct engine *e, const struct wish *w)
{
    if (!websocket_check(w->x, w->r))
        return;
    if (w->kind == KIND_POLLING || (w->session && !upgrade_possible(w->session)))
        accept_and_dismiss(w);
    else if (w->session)
        open_candidate(e, w);
    else
        open_websocket(e, w);
}

static void
refuse(const struct wish *w, enum answer_error error)
{
    if (w->r->upgrade)
        answer_refuse(w->x, error, w->version);
    else
        answer_error(w->x, error);
}

static void
refuse_new(const struct wish *w)
{
    if (w->r->upgrade)
        answer_refuse_text(w->x, "503 Service Unavailable", "", STR_LIT("Service Unavailable"));
    else
        answer_empty_cors(w->x, 503);
}

static bool
is_foreign(const struct engine *e, const struct wish *w, unsigned *worker)
{
    return e->on_foreign && w->sid.len > 0 && opening_sid_worker(value_str(&w->sid), worker) &&
           *worker != e->worker;
}

void
handshake_request(struct engine *e, struct http_exchange *x, const struct http_request *r)
{
    struct wish w;
    unsigned worker;

    parse(&w, x, r);
    if (is_foreign(e, &w, &worker)) {
        e->on_foreign(e->foreign_owner, x, worker);
        return;
    }
    if (w.sid.len > 0)
        w.session = map_get(&e->sessions, value_str(&w.sid));
    if (r->method == HTTP_METHOD_OPTIONS && !r->upgrade) {
        answer_preflight(x, w.session);
        return;
    }
    enum answer_error error = verify(e, &w);
    if (error != ANSWER_FINE)
        refuse(&w, error);
    else if (!w.session && e->stopping)
        refuse_new(&w);
    else if (r->upgrade)
        on_upgrade(e, &w);
    else if (w.session)
        polling_request(w.session->active, x);
    else
        open_polling(e, &w);
}
