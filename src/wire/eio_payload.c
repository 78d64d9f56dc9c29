/* SPDX-License-Identifier: MIT */
/*
 * eio_payload: the bodies of polling, which hold many packets, and JSONP around them.
 */
#include "wire/eio_packet.h"

#include <stdint.h>

#include "base/buffer.h"
#include "base/utf8.h"

void
eio_payload_begin(struct eio_payload *p, enum eio_version v, bool octets, struct str body)
{
    *p = (struct eio_payload){ .version = v, .octets = octets, .rest = body };
    p->failed = body.len == 0;
}

/* Bytes of the first `units` UTF-16 code units; false when the text is shorter, or a character
 * lies across the end. */
static bool
bytes_of_units(struct str text, uint64_t units, size_t *bytes)
{
    size_t i = 0;

    while (units > 0 && i < text.len) {
        uint8_t lead = (uint8_t)text.data[i];
        unsigned width = lead >= 0xf0 ? 2 : 1;

        if (width > units)
            return false;
        units -= width;
        i++;
        while (i < text.len && ((uint8_t)text.data[i] & 0xc0) == 0x80)
            i++;
    }
    *bytes = i;
    return units == 0;
}

/* "<length>:" of version 3, then the packet; a length of 0 is skipped. */
static bool
payload_next_counted(struct eio_payload *p, struct str *packet)
{
    struct str rest, digits = str_cut(p->rest, ':', &rest);
    uint64_t units;
    size_t len;

    if (digits.len == p->rest.len || !str_to_u64(digits, p->rest.len, &units))
        return false;
    p->rest = rest;
    if (!bytes_of_units(rest, units, &len))
        return false;
    *packet = str_slice(rest.data, len);
    p->rest = str_slice(rest.data + len, rest.len - len);
    return true;
}

/* 00 or 01, the byte length one digit a byte, FF, the packet. */
static bool
payload_next_octets(struct eio_payload *p, struct str *packet, bool *binary)
{
    size_t i = 1, len = 0;

    *binary = p->rest.data[0] == 1;
    if ((uint8_t)p->rest.data[0] > 1)
        return false;
    for (; i < p->rest.len && (uint8_t)p->rest.data[i] != 0xff; i++) {
        if ((uint8_t)p->rest.data[i] > 9 || len > p->rest.len)
            return false;
        len = len * 10 + (uint8_t)p->rest.data[i];
    }
    if (i == 1 || i == p->rest.len || len > p->rest.len - i - 1)
        return false;
    *packet = str_slice(p->rest.data + i + 1, len);
    p->rest = str_slice(packet->data + len, p->rest.len - i - 1 - len);
    return true;
}

/*
 * Version 4: up to the separator.  One at the very end is left for the next call, to which it is
 * an empty packet: an error, but not the error of the packet before it.
 */
static void
payload_next_separated(struct eio_payload *p, struct str *packet)
{
    struct str rest;

    *packet = str_cut(p->rest, EIO_SEPARATOR, &rest);
    if (packet->len > 0 && packet->len + 1 == p->rest.len)
        rest = str_slice(packet->data + packet->len, 1);
    p->rest = rest;
}

bool
eio_payload_next(struct eio_payload *p, struct buffer *scratch, struct eio_packet *out)
{
    struct str packet;
    bool binary = false, good = true;

    if (p->failed || p->rest.len == 0)
        return false;
    if (p->octets) {
        good = payload_next_octets(p, &packet, &binary);
    } else if (p->version == EIO_4) {
        payload_next_separated(p, &packet);
    } else {
        do {
            good = payload_next_counted(p, &packet);
        } while (good && packet.len == 0 && p->rest.len > 0);
    }
    if (good && packet.len == 0 && p->version == EIO_3 && !p->octets)
        return false; /* "0:" at the end */
    if (good)
        good = binary ? eio_packet_from_binary(p->version, packet, out)
                      : eio_packet_from_text(p->version, packet, scratch, out);
    p->failed = !good;
    return good;
}

void
eio_payload_append_text(enum eio_version v, bool octets, struct str text, struct buffer *out)
{
    size_t digits;

    if (v == EIO_4) {
        if (out->len > 0)
            buffer_append_char(out, EIO_SEPARATOR);
    } else if (octets) {
        buffer_append_char(out, '\0');
        digits = out->len;
        buffer_append_u64(out, text.len);
        for (size_t i = digits; i < out->len; i++)
            out->data[i] = (char)(out->data[i] - '0');
        buffer_append_char(out, '\xff');
    } else {
        buffer_append_u64(out, utf8_utf16_length(text));
        buffer_append_char(out, ':');
    }
    buffer_append_str(out, text);
}

/* U+2028 and U+2029, which end a line in older JavaScript. */
static bool
is_line_end(const char *at, const char *end)
{
    return end - at >= 3 && memcmp(at, "\xe2\x80", 2) == 0 && ((uint8_t)at[2] & 0xfe) == 0xa8;
}

static void
append_js_char(const char **at, const char *end, struct buffer *out)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *c = *at, *meaning;

    *at += 1;
    if (*c == '"' || *c == '\\') {
        buffer_printf(out, "\\%c", *c);
    } else if ((uint8_t)*c < 0x20) {
        meaning = *c ? strchr(meanings, *c) : NULL;
        if (meaning)
            buffer_printf(out, "\\%c", letters[meaning - meanings]);
        else
            buffer_printf(out, "\\u%04x", (unsigned)*c);
    } else if (is_line_end(c, end)) {
        buffer_append_text(out, c[2] == '\xa8' ? "\\u2028" : "\\u2029");
        *at += 2;
    } else {
        buffer_append_char(out, *c);
    }
}

void
eio_payload_jsonp(struct str digits, struct str payload, struct buffer *out)
{
    const char *at = payload.data ? payload.data : "", *end = at + payload.len;

    buffer_append_text(out, "___eio[");
    buffer_append_str(out, digits);
    buffer_append_text(out, "](\"");
    while (at < end)
        append_js_char(&at, end, out);
    buffer_append_text(out, "\");");
}

/* "\n" without a backslash before it is a line feed; then "\\n" is "\n" (a form cannot carry line
 * feeds). */
static void
unescape_lines(struct str text, struct buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.data + i;
        size_t left = text.len - i;

        if (left >= 3 && memcmp(at, "\\\\n", 3) == 0) {
            buffer_append_text(out, "\\n");
            i += 2;
        } else if (left >= 2 && memcmp(at, "\\n", 2) == 0) {
            buffer_append_char(out, '\n');
            i += 1;
        } else {
            buffer_append_char(out, *at);
        }
    }
}

bool
eio_payload_from_form(struct str form, struct buffer *out)
{
    struct buffer decoded = { 0 };
    struct str value;

    if (!str_query_get(form, "d", &value))
        return false;
    decoded.len = str_url_decode(value, buffer_reserve(&decoded, value.len));
    unescape_lines(buffer_str(&decoded), out);
    buffer_fini(&decoded);
    return true;
}
