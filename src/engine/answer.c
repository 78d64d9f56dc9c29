/* SPDX-License-Identifier: MIT */
/*
 * answer: the HTTP answers of Engine.IO that do not depend on a transport.
 */
#include "answer.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_conn.h"
#include "net/stream.h"
#include "wire/deflate.h"
#include "ws_writer.h"

static const char *const messages[] = {
    [ANSWER_UNKNOWN_TRANSPORT] = "Transport unknown",
    [ANSWER_UNKNOWN_SID] = "Session ID unknown",
    [ANSWER_BAD_METHOD] = "Bad handshake method",
    [ANSWER_BAD_REQUEST] = "Bad request",
    [ANSWER_FORBIDDEN] = "Forbidden",
    [ANSWER_BAD_VERSION] = "Unsupported protocol version",
};

/* ---- headers ---- */

void
answer_add_cors(struct buffer *head, const struct http_request *r)
{
    struct str origin = http_request_header(r, "Origin");

    if (origin.len == 0) {
        buffer_append_text(head, "Access-Control-Allow-Origin: *\r\n");
    } else {
        buffer_append_text(
            head, "Access-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Origin: ");
        buffer_append_str(head, origin);
        buffer_append_text(head, "\r\n");
    }
    buffer_append_text(head, "Vary: Origin\r\n");
}

static void
add_cookie(struct buffer *head, const char *name, struct str sid, const char *attributes)
{
    if (name == NULL)
        return;
    buffer_append_text(head, "Set-Cookie: ");
    buffer_append_text(head, name);
    buffer_append_str(head, sid);
    if (attributes)
        buffer_append_text(head, attributes);
    buffer_append_text(head, "\r\n");
}

void
answer_add_polling(
    struct buffer *head, const struct http_request *r, const struct eio_session *s, bool first)
{
    const struct engine_limits *limits = s->engine->limits;
    struct str agent = http_request_header(r, "User-Agent");

    if (str_contains(agent, ";MSIE") || str_contains(agent, "Trident/"))
        buffer_append_text(head, "X-XSS-Protection: 0\r\n");
    if (eio_session_version(s) == EIO_3) {
        add_cookie(head, limits->cookie3_name, eio_session_sid(s), limits->cookie3_attributes);
        return;
    }
    buffer_append_text(head, "Cache-Control: no-store\r\n");
    if (first)
        add_cookie(head, limits->cookie4_name, eio_session_sid(s), limits->cookie4_attributes);
}

struct str
answer_pack(struct engine *e, const struct http_request *r, struct str body)
{
    const struct engine_limits *limits = e->limits;
    bool gzip = http_request_accepts(r, "gzip");

    if (!limits->compression || body.len < limits->compression_threshold)
        return body;
    if (!gzip && !http_request_accepts(r, "deflate"))
        return body;
    buffer_append_text(
        &e->head, gzip ? "Content-Encoding: gzip\r\n" : "Content-Encoding: deflate\r\n");
    buffer_clear(&e->packed);
    deflate_compress(gzip ? DEFLATE_GZIP : DEFLATE_ZLIB, body, &e->packed);
    return buffer_str(&e->packed);
}

/* ---- answers ---- */

static void
answer_upgrade(struct http_exchange *x, const char *status, const char *headers, const char *body)
{
    struct buffer out = { 0 };
    char *early;
    size_t early_len;
    struct stream *s = http_exchange_upgrade(x, &early, &early_len);

    free(early); /* what follows a refused request is not read */
    buffer_printf(&out,
        "HTTP/1.1 %s\r\nConnection: close\r\nContent-type: text/html\r\n"
        "Content-Length: %zu\r\n%s\r\n%s",
        status, strlen(body), headers, body);
    stream_send_copy(s, out.data, out.len);
    buffer_fini(&out);
    ws_writer_part(s);
}

void
answer_error(struct http_exchange *x, enum answer_error error, unsigned version)
{
    const struct http_request *r = http_exchange_request(x);
    struct buffer head = { 0 }, body = { 0 };
    bool forbidden = error == ANSWER_FORBIDDEN;

    ENSURE(error < ANSWER_FINE);
    if (r->upgrade) {
        answer_upgrade(
            x, "400 Bad Request", "", forbidden && version != EIO_4 ? "" : messages[error]);
        return;
    }
    if (!forbidden)
        answer_add_cors(&head, r);
    buffer_printf(&body, "{\"code\":%d,\"message\":\"%s\"}", (int)error, messages[error]);
    struct http_reply reply = {
        .status = forbidden ? 403 : 400,
        .type = "application/json",
        .headers = buffer_str(&head),
        .body = buffer_str(&body),
    };
    http_exchange_reply(x, &reply);
    buffer_fini(&head);
    buffer_fini(&body);
}

void
answer_bad_websocket(struct http_exchange *x, bool version_valid)
{
    answer_upgrade(x, "400 Bad Request", version_valid ? "" : "Sec-WebSocket-Version: 13, 8\r\n",
        "Bad Request");
}

void
answer_unavailable(struct http_exchange *x, const char *why)
{
    static const char retry[] = "Retry-After: 5\r\n";
    struct buffer head = { 0 };

    if (http_exchange_request(x)->upgrade) {
        answer_upgrade(x, "503 Service Unavailable", retry, why);
        return;
    }
    answer_add_cors(&head, http_exchange_request(x));
    buffer_append_text(&head, retry);
    http_exchange_reply(x, &(struct http_reply){ .status = 503,
                               .type = "text/plain; charset=utf-8",
                               .headers = buffer_str(&head),
                               .body = str_of(why) });
    buffer_fini(&head);
}

void
answer_preflight(struct http_exchange *x, const struct eio_session *s)
{
    const struct http_request *r = http_exchange_request(x);
    struct str asked = http_request_header(r, "Access-Control-Request-Headers");
    struct buffer head = { 0 };

    answer_add_cors(&head, r);
    buffer_append_text(&head, "Access-Control-Allow-Headers: Content-Type");
    if (asked.len > 0 && !str_is_nocase(asked, "content-type")) {
        buffer_append_text(&head, ", ");
        buffer_append_str(&head, asked);
    }
    buffer_append_text(&head, "\r\nAccess-Control-Allow-Methods: GET, POST, OPTIONS\r\n");
    if (s)
        answer_add_polling(&head, r, s, false);
    http_exchange_reply(x, &(struct http_reply){ .status = 200, .headers = buffer_str(&head) });
    buffer_fini(&head);
}

void
answer_empty(struct http_exchange *x, unsigned status)
{
    struct buffer head = { 0 };

    answer_add_cors(&head, http_exchange_request(x));
    http_exchange_reply(x, &(struct http_reply){ .status = status, .headers = buffer_str(&head) });
    buffer_fini(&head);
}
