/* SPDX-License-Identifier: MIT */
/*
 * http_exchange: one request's answer.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "http_conn_priv.h"
#include "http_parser.h"
#include "net/stream.h"

static const char *
reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        { 101, "Switching Protocols" },
        { 200, "OK" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 413, "Payload Too Large" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

const struct http_request *
http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

void
http_exchange_take(
    struct http_exchange *x, size_t body_limit, const struct http_exchange_handlers *h, void *owner)
{
    struct http_conn *c = http_conn_of(x);

    ENSURE(c->state == HTTP_CONN_DECIDING);
    x->handlers = h;
    x->owner = owner;
    x->body_limit = body_limit;
    if (http_parser_has_body(c->parser) &&
        str_is_nocase(http_request_header(&x->request, "Expect"), "100-continue"))
        stream_send_copy(c->stream, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    http_conn_enter(c, HTTP_CONN_BODY);
}

static bool
status_has_body(unsigned status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* Whether the next request's first byte is known to follow this request's last one. */
static bool
request_is_read(const struct http_conn *c)
{
    return c->state == HTTP_CONN_WAITING ||
           (c->state == HTTP_CONN_DECIDING && !http_parser_has_body(c->parser) &&
               !c->exchange.request.upgrade);
}

void
http_exchange_reply(struct http_exchange *x, const struct http_reply *reply)
{
    struct http_conn *c = http_conn_of(x);
    bool keep = c->keep_alive && !reply->close && !c->retiring && request_is_read(c);
    struct buffer out = { 0 };
    struct bytes *bytes;

    x->handlers = NULL;
    if (c->state >= HTTP_CONN_CLOSING)
        return;
    buffer_reserve(&out, reply->headers.len + reply->body.len + 256);
    buffer_printf(&out, "HTTP/1.1 %u %s\r\n", reply->status, reason_of(reply->status));
    if (reply->type)
        buffer_printf(&out, "Content-Type: %s\r\n", reply->type);
    if (status_has_body(reply->status))
        buffer_printf(&out, "Content-Length: %zu\r\n", reply->body.len);
    buffer_append_str(&out, reply->headers);
    buffer_printf(&out, "Connection: %s\r\n\r\n", keep ? "keep-alive" : "close");
    if (status_has_body(reply->status) && x->request.method != HTTP_METHOD_HEAD)
        buffer_append_str(&out, reply->body);
    bytes = buffer_to_bytes(&out);
    buffer_fini(&out);
    stream_send(c->stream, bytes);
    bytes_unref(bytes);
    c->keep_alive = keep;
    http_conn_next(c);
}

void
http_exchange_reply_text(
    struct http_exchange *x, unsigned status, const char *type, const char *body)
{
    http_exchange_reply(
        x, &(struct http_reply){ .status = status, .type = type, .body = str_of(body) });
}

void
http_exchange_destroy(struct http_exchange *x)
{
    x->handlers = NULL;
    http_conn_close(http_conn_of(x));
}

struct stream *
http_exchange_upgrade(struct http_exchange *x, char **early, size_t *early_len)
{
    struct http_conn *c = http_conn_of(x);
    struct stream *s = c->stream;

    ENSURE(c->state == HTTP_CONN_DECIDING);
    *early = NULL;
    *early_len = c->rest.len;
    if (c->rest.len > 0) {
        *early = c->rest.data;
        c->rest = (struct buffer){ 0 };
    }
    http_conn_abandon(c);
    if (c->handlers->on_left)
        c->handlers->on_left(c->owner, c);
    return s;
}
