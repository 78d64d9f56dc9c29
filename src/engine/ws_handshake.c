/* SPDX-License-Identifier: MIT */
/*
 * ws_handshake: the opening handshake of RFC 6455 on the server's side.
 */
#include "ws_handshake.h"

#include "answer.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "http/http_conn.h"
#include "net/stream.h"
#include "wire/pmd_offer.h"

/* Of Sec-WebSocket-Key: 16 bytes in base64. */
enum { KEY_LEN = 24, KEY_SIGNIFICANT = 22 };

static bool
is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static bool
key_valid(struct str key)
{
    if (key.len != KEY_LEN || !str_ends(key, "=="))
        return false;
    for (size_t i = 0; i < KEY_SIGNIFICANT; i++) {
        if (!is_base64(key.data[i]))
            return false;
    }
    return true;
}

bool
ws_handshake_check(struct http_exchange *x, const struct http_request *r)
{
    struct str version = http_request_header(r, "Sec-WebSocket-Version");
    bool version_valid = str_is(version, "13") || str_is(version, "8");

    if (version_valid && r->method == HTTP_METHOD_GET &&
        str_is_nocase(http_request_header(r, "Upgrade"), "websocket") &&
        key_valid(http_request_header(r, "Sec-WebSocket-Key")))
        return true;
    answer_refuse_text(x, "400 Bad Request",
        version_valid ? "" : "Sec-WebSocket-Version: 13, 8\r\n", STR_LIT("Bad Request"));
    return false;
}

static void
add_accept_key(struct buffer *out, struct str key)
{
    char input[KEY_LEN + sizeof("258EAFA5-E914-47DA-95CA-C5AB0DC85B11") - 1];
    uint8_t digest[DIGEST_SHA1_SIZE];
    char text[DIGEST_BASE64_SIZE(DIGEST_SHA1_SIZE)];

    memcpy(input, key.data, KEY_LEN);
    memcpy(input + KEY_LEN, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", sizeof(input) - KEY_LEN);
    digest_sha1(str_slice(input, sizeof(input)), digest);
    buffer_append_text(out, "Sec-WebSocket-Accept: ");
    buffer_append(out, text, digest_base64_encode(digest, sizeof(digest), text));
    buffer_append_text(out, "\r\n");
}

/* No subprotocol means anything here, but a client that offers some fails without an answer. */
static void
add_protocol(struct buffer *out, struct str offered)
{
    struct str rest;
    struct str first = str_trim(str_cut(offered, ',', &rest));

    if (first.len == 0)
        return;
    buffer_append_text(out, "Sec-WebSocket-Protocol: ");
    buffer_append_str(out, first);
    buffer_append_text(out, "\r\n");
}

struct ws_accepted
ws_handshake_accept(struct http_exchange *x, const struct http_request *r, bool allow_deflate)
{
    struct ws_accepted a = { 0 };
    struct str extensions = http_request_header(r, "Sec-WebSocket-Extensions");
    struct buffer out;

    a.deflate = allow_deflate && extensions.len > 0 && pmd_offer_accept(extensions);
    buffer_init(&out);
    buffer_append_text(
        &out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    add_accept_key(&out, http_request_header(r, "Sec-WebSocket-Key"));
    add_protocol(&out, http_request_header(r, "Sec-WebSocket-Protocol"));
    if (a.deflate)
        buffer_append_text(&out, "Sec-WebSocket-Extensions: " PMD_OFFER_ANSWER "\r\n");
    buffer_append_text(&out, "\r\n");
    a.stream = http_exchange_upgrade(x, &a.early, &a.early_len);
    stream_send_copy(a.stream, out.data, out.len);
    buffer_fini(&out);
    return a;
}
