/* SPDX-License-Identifier: MIT */
/*
 * opening: how a session begins.
 */
#include "opening.h"

#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_request.h"
#include "transport.h"

/* ---- ids: 14 random bytes and the worker's number, in base64url ---- */

enum { SID_BYTES = 15, WORKER_AT = 14 };

void
opening_make_sid(unsigned worker, char out[EIO_SESSION_SID_LEN])
{
    uint8_t raw[SID_BYTES];
    char text[EIO_SESSION_SID_LEN + 1];

    ENSURE(worker <= UINT8_MAX);
    digest_random(raw, WORKER_AT);
    /* Masked by a random byte: the number of workers is nobody's business. */
    raw[WORKER_AT] = (uint8_t)(worker ^ raw[0]);
    ENSURE(digest_base64url(raw, SID_BYTES, text) == EIO_SESSION_SID_LEN);
    memcpy(out, text, EIO_SESSION_SID_LEN);
}

bool
opening_sid_worker(struct str sid, unsigned *worker)
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

/* ---- a session without a transport ---- */

/* A session, zero but for what describes its client, behind it in its own allocation. */
static struct eio_session *
with_client(const struct engine *e, const struct http_request *r)
{
    const struct proxies *proxies = e->limits->proxies;
    char text[ADDRESS_TEXT_SIZE];
    const char *address = http_request_client(r, proxies, text);
    struct str peer = str_of(address ? address : "");
    struct str cookie = http_request_header(r, "Cookie");
    struct str referer = http_request_header(r, "Referer");
    struct eio_session *s = mem_zalloc(sizeof(*s) + peer.len + 1 + cookie.len + referer.len);

    memcpy(s->client, peer.data, peer.len);
    if (cookie.len > 0)
        memcpy(s->client + peer.len + 1, cookie.data, cookie.len);
    if (referer.len > 0)
        memcpy(s->client + peer.len + 1 + cookie.len, referer.data, referer.len);
    s->cookie_len = (uint32_t)cookie.len;
    s->referer_len = (uint32_t)referer.len;
    s->secure = http_request_secure(r, proxies);
    return s;
}

struct eio_session *
opening_session(struct engine *e, enum eio_version v, const struct http_request *r)
{
    struct eio_session *s = with_client(e, r);

    opening_make_sid(e->worker, s->sid);
    eio_session_init(s, e, v);
    return s;
}

/* ---- its beginning ---- */

static void
append_member(struct buffer *out, const char *key, uint64_t value)
{
    buffer_append_text(out, key);
    buffer_append_u64(out, value);
}

static void
send_open_packet(struct eio_session *s)
{
    const struct engine_limits *limits = s->engine->limits;
    bool upgrade = limits->allow_upgrades && limits->websocket && eio_session_is_polling(s);
    struct buffer out;

    buffer_init(&out);
    buffer_append_text(&out, "0{\"sid\":\"");
    buffer_append_str(&out, eio_session_sid(s));
    buffer_append_text(&out, upgrade ? "\",\"upgrades\":[\"websocket\"]" : "\",\"upgrades\":[]");
    append_member(&out, ",\"pingInterval\":", limits->ping_interval_ms);
    append_member(&out, ",\"pingTimeout\":", limits->ping_timeout_ms);
    if (eio_session_version(s) == EIO_4)
        append_member(&out, ",\"maxPayload\":", limits->message_bytes);
    buffer_append_char(&out, '}');
    eio_session_send_text(s, buffer_str(&out));
    buffer_fini(&out);
}

void
opening_begin(struct eio_session *s, struct eio_transport *t)
{
    eio_session_activate(s, t);
    if (eio_session_is_polling(s))
        heartbeat_expect(&s->heartbeat, s->engine);
    else
        heartbeat_start(&s->heartbeat, s->engine);
    send_open_packet(s);
}

void
opening_announce(struct eio_session *s)
{
    struct engine *e = s->engine;

    if (!eio_session_live(s) || e->handlers == NULL)
        return;
    s->told = false;
    e->handlers->on_open(e->owner, s);
}
