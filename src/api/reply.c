/* SPDX-License-Identifier: MIT */
/*
 * reply: the reply itself, and JSON in one.
 */
#include "reply.h"

#include "api_priv.h"
#include "base/buffer.h"
#include "http/http_conn.h"

void
reply_send(const struct api *a, struct http_exchange *x, const struct http_reply *reply)
{
    struct http_reply whole = *reply;
    struct buffer headers = { 0 };

    buffer_append_text(&headers, a->limits->cors_headers);
    buffer_append_text(&headers, a->limits->extra_headers);
    buffer_append_str(&headers, reply->headers);
    whole.headers = buffer_str(&headers);
    http_exchange_reply(x, &whole);
    buffer_fini(&headers);
}

void
reply_json(const struct api *a, struct http_exchange *x, unsigned status, struct str body)
{
    reply_send(a, x,
        &(struct http_reply){
            .status = status, .type = "application/json; charset=utf-8", .body = body });
}

void
reply_refuse(const struct api *a, struct http_exchange *x, unsigned status, const char *text)
{
    struct buffer body = { 0 };

    buffer_printf(&body, "{\"error\":\"%s\"}", text);
    reply_json(a, x, status, buffer_str(&body));
    buffer_fini(&body);
}
