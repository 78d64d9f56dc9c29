/* SPDX-License-Identifier: MIT */
/*
 * http_reply: an answer as bytes: measured first, then copied once.
 */
#include "http_conn_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/bytes.h"

enum { LINE_SIZE = 64 };

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 411, "Length Required" },
    { 413, "Payload Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Entity" },
    { 426, "Upgrade Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

static const char *
reason_of(unsigned status)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

static struct str
line(char out[LINE_SIZE], const char *format, unsigned long number, const char *text)
{
    int len = snprintf(out, LINE_SIZE, format, number, text);

    return str_slice(out, (size_t)len);
}

struct bytes *
http_reply_bytes(const struct http_reply *r, bool keep, bool mute)
{
    char first[LINE_SIZE], length[LINE_SIZE];
    bool bodiless = r->status == 204 || r->status == 304;
    const struct str none = { NULL, 0 };
    const struct str parts[] = {
        line(first, "HTTP/1.1 %lu %s\r\n", r->status, reason_of(r->status)),
        r->type ? STR_LIT("Content-Type: ") : none,
        str_of(r->type),
        r->type ? STR_LIT("\r\n") : none,
        r->headers,
        bodiless ? none : line(length, "Content-Length: %lu%s", r->body.len, "\r\n"),
        keep ? STR_LIT("Connection: keep-alive\r\n\r\n") : STR_LIT("Connection: close\r\n\r\n"),
        bodiless || mute ? none : r->body,
    };
    struct bytes *b;
    size_t len = 0;
    char *to;

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        len += parts[i].len;
    b = bytes_alloc(len);
    to = b->data;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (parts[i].len > 0)
            memcpy(to, parts[i].data, parts[i].len);
        to += parts[i].len;
    }
    return b;
}
