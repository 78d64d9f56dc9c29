/* SPDX-License-Identifier: MIT */
/*
 * envelope: what an application publishes, taken apart and made an event.
 */
#include "wire/envelope.h"

#include "base/attr.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "json/json_scan.h"

bool
envelope_parse(struct str message, struct envelope *out)
{
    struct json_field fields[] = { { .name = "event" }, { .name = "data" }, { .name = "socket" } };

    *out = (struct envelope){ 0 };
    if (!json_scan_fields(message, fields, COUNT_OF(fields)))
        return false;
    *out = (struct envelope){ fields[0].value, fields[1].value, fields[2].value };
    if (json_scan_kind(out->socket) != JSON_STRING)
        out->socket = (struct str){ NULL, 0 };
    return json_scan_kind(out->event) == JSON_STRING;
}

struct bytes *
envelope_encode(const struct envelope *e, struct str channel)
{
    struct buffer text = { 0 };
    struct bytes *encoded;

    buffer_reserve(&text, e->event.len + channel.len + e->data.len + 16);
    buffer_append_text(&text, "42[");
    json_scan_normalise(e->event, &text);
    buffer_append_char(&text, ',');
    json_scan_quote(channel, &text);
    buffer_append_char(&text, ',');
    if (e->data.len > 0)
        json_scan_normalise(e->data, &text);
    else
        buffer_append_text(&text, "null");
    buffer_append_char(&text, ']');
    encoded = buffer_to_bytes(&text);
    buffer_fini(&text);
    return encoded;
}
