/* SPDX-License-Identifier: MIT */
/*
 * handshake: what a request under the engine's path asks for, whether it may have it, and where it
 * goes.
 *
 *   query --parse--> wish --foreign?--> another worker
 *                      `---verify---> error | preflight | session's transport | new session
 */
#include "handshake.h"

#include <stdlib.h>

#include "answer.h"
#include "base/budget.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"
#include "net/shares.h"
#include "origins.h"
#include "polling.h"
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
wish_parse(struct wish *w, struct http_exchange *x, const struct http_request *r)
{
    struct value v;
    struct str raw;
    size_t digits = 0;

    *w = (struct wish){ .x = x, .r = r };
    if (query_value(r->query, "transport", &v))
        w->kind = str_is(value_str(&v), "polling")     ? KIND_POLLING
                  : str_is(value_str(&v), "websocket") ? KIND_WEBSOCKET
                                                       : KIND_UNKNOWN;
    if (query_value(r->query, "EIO", &v))
        w->version = str_is(value_str(&v), "3") ? EIO_3 : str_is(value_str(&v), "4") ? EIO_4 : 0;
    if (query_value(r->query, "sid", &w->sid) && w->sid.len == 0 &&
        str_query_get(r->query, "sid", &raw) && raw.len > 0) {
        w->sid.text[0] = '?'; /* too long to be an id, but not absent */
        w->sid.len = 1;
    }
    w->has_jsonp = query_value(r->query, "j", &w->jsonp);
    for (size_t i = 0; i < w->jsonp.len; i++) {
        if (w->jsonp.text[i] >= '0' && w->jsonp.text[i] <= '9')
            w->jsonp.text[digits++] = w->jsonp.text[i];
    }
    w->jsonp.len = digits;
}

/* ---- whether it may have it ---- */

/* A WebSocket request may name a session of either transport; wish_on_upgrade() judges that. */
static enum answer_error
wish_verify_session(const struct wish *w)
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

/* Not each time: a page that is refused tries again and again. */
static void
wish_log_refusal(struct engine *e, const struct wish *w, const char *option)
{
    unsigned times = log_gate_pass(&e->refusals, loop_now_ms(e->loop), REFUSALS_MS, 1);
    struct str origin = http_request_header(w->r, "Origin");

    if (times == 0)
        return;
    if (origin.len == 0)
        origin = http_request_header(w->r, "Referer");
    log_notice("refused an origin that is not allowed origin=%s option=%s times=%u",
        LOG_STR(origin), option, times);
}

static enum answer_error
wish_verify_opening(struct engine *e, const struct wish *w)
{
    bool jsonp = w->has_jsonp && w->version == EIO_3;

    if (w->r->method != HTTP_METHOD_GET)
        return ANSWER_BAD_METHOD;
    if (w->kind == KIND_WEBSOCKET && !w->r->upgrade)
        return ANSWER_BAD_REQUEST;
    if (!origins_admit(e->limits->origins, w->r)) {
        wish_log_refusal(e, w, "socketio.origins");
        return ANSWER_FORBIDDEN;
    }
    if (!origins_allow(e->limits->allowed_origins, w->r, jsonp)) {
        wish_log_refusal(e, w, "allowedOrigins");
        return ANSWER_FORBIDDEN;
    }
    return w->version == 0 ? ANSWER_BAD_VERSION : ANSWER_FINE;
}

static enum answer_error
wish_verify(struct engine *e, const struct wish *w)
{
    bool allowed = w->kind == KIND_POLLING ? e->limits->polling : e->limits->websocket;

    if (w->kind == KIND_UNKNOWN || !allowed)
        return ANSWER_UNKNOWN_TRANSPORT;
    if (str_has_control(http_request_header(w->r, "Origin")))
        return ANSWER_BAD_REQUEST;
    return w->sid.len > 0 ? wish_verify_session(w) : wish_verify_opening(e, w);
}

/* ---- ids: 14 random bytes and the worker's number, in base64url ---- */

enum { SID_BYTES = 15, WORKER_AT = 14 };

void
handshake_make_sid(unsigned worker, char out[EIO_SESSION_SID_LEN])
{
    uint8_t raw[SID_BYTES];
    char text[EIO_SESSION_SID_LEN + 1];

    ENSURE(worker <= UINT8_MAX);
    digest_random(raw, WORKER_AT);
    /* Masked by a random byte, so that an id does not tell the number of workers. */
    raw[WORKER_AT] = (uint8_t)(worker ^ raw[0]);
    ENSURE(digest_base64url(raw, SID_BYTES, text) == EIO_SESSION_SID_LEN);
    memcpy(out, text, EIO_SESSION_SID_LEN);
}

bool
handshake_sid_worker(struct str sid, unsigned *worker)
{
    char raw[EIO_SESSION_SID_LEN];
    size_t len = 0;

    if (sid.len != EIO_SESSION_SID_LEN || !digest_base64_decode(sid, raw, &len))
        return false;
    if (len != SID_BYTES)
        return false;
    *worker = (uint8_t)(raw[WORKER_AT] ^ raw[0]);
    return true;
}

/* ---- a new session ---- */

/* NULL: it counts nowhere. */
static struct share *
wish_share(const struct engine *e, const struct wish *w)
{
    struct address a;
    bool named = http_request_client_address(w->r, e->limits->proxies, &a);

    return e->shares && (named || !address_is_loopback(&a)) ? shares_of(e->shares, &a) : NULL;
}

static bool
wish_is_in_time(const struct engine *e, const struct wish *w)
{
    struct allowance_rate rate = e->limits->address_handshakes;
    struct share *share = rate.per_s > 0 ? wish_share(e, w) : NULL;

    return shares_pass(share, SHARES_HANDSHAKE, rate, loop_now_ms(e->loop)) ||
           !shares_refuse(share, "handshakes");
}

/* Without a transport yet. */
static struct eio_session *
session_new(struct engine *e, const struct wish *w)
{
    const struct proxies *proxies = e->limits->proxies;
    char text[ADDRESS_TEXT_SIZE];
    struct str peer = str_of(http_request_client(w->r, proxies, text));
    struct eio_session *s = mem_zalloc(sizeof(*s) + peer.len + 1);

    memcpy(s->client, peer.data, peer.len);
    s->cookie = texts_hold(&e->texts, http_request_header(w->r, "Cookie"));
    s->referer = texts_hold(&e->texts, http_request_header(w->r, "Referer"));
    s->share = wish_share(e, w);
    shares_take(s->share, SHARES_SESSIONS);
    s->secure = http_request_secure(w->r, proxies);
    handshake_make_sid(e->worker, s->sid);
    eio_session_init(s, e, (enum eio_version)w->version);
    return s;
}

/* The open packet goes out on t. */
static void
session_begin(struct eio_session *s, struct eio_transport *t)
{
    const struct engine_limits *limits = s->engine->limits;
    struct buffer out = { 0 };
    bool polling;

    eio_session_activate(s, t);
    polling = eio_session_is_polling(s);
    if (polling)
        heartbeat_expect(&s->heartbeat, s->engine);
    else
        heartbeat_start(&s->heartbeat, s->engine);
    /* Not printed: this is a tenth of what a client costs until it has joined. */
    buffer_append_text(&out, "0{\"sid\":\"");
    buffer_append_str(&out, eio_session_sid(s));
    buffer_append_text(&out, polling && limits->allow_upgrades && limits->websocket
                                 ? "\",\"upgrades\":[\"websocket\"],\"pingInterval\":"
                                 : "\",\"upgrades\":[],\"pingInterval\":");
    buffer_append_u64(&out, limits->ping_interval_ms);
    buffer_append_text(&out, ",\"pingTimeout\":");
    buffer_append_u64(&out, limits->ping_timeout_ms);
    if (eio_session_version(s) == EIO_4) {
        buffer_append_text(&out, ",\"maxPayload\":");
        buffer_append_u64(&out, limits->message_bytes);
    }
    buffer_append_char(&out, '}');
    eio_session_send_text(s, buffer_str(&out));
    buffer_fini(&out);
}

/* Tell the layer above, which may close it. */
static void
session_announce(struct eio_session *s)
{
    struct engine *e = s->engine;

    if (!eio_session_live(s))
        return;
    s->told = false;
    e->handlers->on_open(e->owner, s);
}

/* ---- where it goes ---- */

static void
wish_on_polling(struct engine *e, const struct wish *w)
{
    bool jsonp = w->has_jsonp && w->version == EIO_3;
    struct eio_session *s = session_new(e, w);
    struct eio_transport *t = polling_new(s, jsonp ? value_str(&w->jsonp) : str_slice(NULL, 0));

    session_begin(s, t);
    polling_request(t, w->x); /* first, so that what is sent on opening travels with the answer */
    session_announce(s);
}

static void
wish_on_upgrade(struct engine *e, const struct wish *w)
{
    struct eio_session *s = w->session;
    bool wanted = w->kind == KIND_WEBSOCKET && (!s || upgrade_possible(s));
    struct websocket_accepted a;
    struct eio_transport *t;

    if (!websocket_check(w->x, w->r))
        return;
    if (wanted && !s)
        s = session_new(e, w);
    a = websocket_accept(w->x, w->r, wanted && e->limits->deflate);
    if (!wanted) {
        /* Real clients never do this; the references accept the connection and close it. */
        ws_writer_goodbye(a.stream, WS_CODE_NONE);
    } else {
        t = websocket_new(s, a.stream, a.deflate);
        if (w->session) {
            upgrade_begin(s, t);
        } else {
            session_begin(s, t);
            session_announce(s);
        }
        websocket_receive(t, str_slice(a.early, a.early_len));
    }
    free(a.early);
}

void
handshake_request(struct engine *e, struct http_exchange *x, const struct http_request *r)
{
    struct wish w;
    unsigned worker;
    enum answer_error error;

    wish_parse(&w, x, r);
    if (e->on_foreign && w.sid.len > 0 && handshake_sid_worker(value_str(&w.sid), &worker) &&
        worker != e->worker) {
        e->on_foreign(e->foreign_owner, x, worker);
        return;
    }
    if (w.sid.len > 0)
        w.session = map_get(&e->sessions, value_str(&w.sid));
    if (r->method == HTTP_METHOD_OPTIONS && !r->upgrade) {
        answer_preflight(x, w.session);
        return;
    }
    error = wish_verify(e, &w);
    if (error != ANSWER_FINE)
        answer_error(x, error, w.version);
    else if (!w.session && e->stopping)
        answer_unavailable(x, "The server is stopping\n");
    else if (!w.session && budget_is_spent(e->budget))
        answer_unavailable(x, "The server is short of memory\n");
    else if (!w.session && !wish_is_in_time(e, &w))
        answer_unavailable(x, "Too many sessions of your address in a second\n");
    else if (r->upgrade)
        wish_on_upgrade(e, &w);
    else if (w.session)
        polling_request(w.session->active, x);
    else
        wish_on_polling(e, &w);
}
