/* SPDX-License-Identifier: MIT */
/*
 * texts: events and entries put together from raw slices.
 */
#include "texts.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "json/json_scan.h"

static void
begin_event(struct buffer *out, const char *name, struct str channel)
{
    buffer_append_text(out, "42[\"");
    buffer_append_text(out, name);
    buffer_append_text(out, "\",");
    json_scan_quote(channel, out);
    buffer_append_char(out, ',');
}

static struct bytes *
end_event(struct buffer *out)
{
    struct bytes *text;

    buffer_append_char(out, ']');
    text = buffer_to_bytes(out);
    buffer_fini(out);
    return text;
}

struct bytes *
texts_joining(struct str channel, struct str member)
{
    struct buffer out = { 0 };

    begin_event(&out, "presence:joining", channel);
    buffer_append_str(&out, member);
    return end_event(&out);
}

static void
append_without_socket(struct buffer *out, struct str member)
{
    struct json_cursor c = json_scan_enter(member);
    struct str key, value;
    char before = '{';

    while (json_scan_member(&c, &key, &value)) {
        if (json_scan_string_is(key, "socketId"))
            continue;
        buffer_append_char(out, before);
        buffer_append_str(out, key);
        buffer_append_char(out, ':');
        buffer_append_str(out, value);
        before = ',';
    }
    buffer_append_text(out, before == '{' ? "{}" : "}");
}

struct bytes *
texts_leaving(struct str channel, struct str member)
{
    struct buffer out = { 0 };

    begin_event(&out, "presence:leaving", channel);
    append_without_socket(&out, member);
    return end_event(&out);
}

void
texts_user(struct str member, struct buffer *out)
{
    struct str id = json_scan_get(member, "user_id");
    struct str info = json_scan_get(member, "user_info");

    buffer_append_char(out, '{');
    if (id.len > 0) {
        buffer_append_text(out, "\"id\":");
        buffer_append_str(out, id);
    }
    if (info.len > 0) {
        buffer_append_text(out, id.len > 0 ? ",\"user_info\":" : "\"user_info\":");
        buffer_append_str(out, info);
    }
    buffer_append_char(out, '}');
}
