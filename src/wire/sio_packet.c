/* SPDX-License-Identifier: MIT */
/*
 * sio_packet: the Socket.IO codec, revisions 4 and 5.
 */
#include "wire/sio_packet.h"

#include "base/buffer.h"
#include "base/ensure.h"
#include "json/json_scan.h"

enum { ACK_DIGITS_MAX = 15 };

static bool
is_binary(enum sio_type type)
{
    return type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK;
}

static struct str
digits_of(struct str s)
{
    size_t n = 0;

    while (n < s.len && s.data[n] >= '0' && s.data[n] <= '9')
        n++;
    return str_slice(s.data, n);
}

static struct str
skip_bytes(struct str s, size_t n)
{
    return str_slice(s.data + n, s.len - n);
}

/* "1-" of a binary packet. */
static bool
take_attachments(struct str *rest, struct sio_packet *out)
{
    struct str digits = digits_of(*rest);
    uint64_t count;

    if (!is_binary(out->type))
        return true;
    if (!str_to_u64(digits, SIO_ATTACHMENTS_MAX, &count) || count == 0)
        return false;
    if (digits.len == rest->len || rest->data[digits.len] != '-')
        return false;
    out->attachments = (unsigned)count;
    *rest = skip_bytes(*rest, digits.len + 1);
    return true;
}

static bool
take_ack(struct str *rest, struct sio_packet *out)
{
    struct str digits = digits_of(*rest);
    uint64_t id;

    out->ack = SIO_NO_ACK;
    if (digits.len == 0)
        return true;
    if (digits.len > ACK_DIGITS_MAX || !str_to_u64(digits, INT64_MAX, &id))
        return false;
    out->ack = (int64_t)id;
    *rest = skip_bytes(*rest, digits.len);
    return true;
}

/* A number as the name is ignored by the references: no payload.  All else is an error. */
static bool
take_event(struct sio_packet *p)
{
    struct json_cursor c;

    if (json_scan_kind(p->payload) != JSON_ARRAY)
        return false;
    c = json_scan_enter(p->payload);
    if (!json_scan_element(&c, &p->name))
        return false;
    if (json_scan_kind(p->name) == JSON_NUMBER) {
        p->payload = p->name = (struct str){ NULL, 0 };
        return true;
    }
    if (!json_scan_element(&c, &p->argument))
        p->argument = (struct str){ NULL, 0 };
    return json_scan_kind(p->name) == JSON_STRING;
}

static bool
check_payload(struct sio_packet *p)
{
    enum json_kind kind = json_scan_kind(p->payload);

    switch (p->type) {
    case SIO_CONNECT:
        return kind == JSON_NONE || kind == JSON_OBJECT;
    case SIO_DISCONNECT:
        return kind == JSON_NONE;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        return kind == JSON_NONE ? p->type == SIO_EVENT : take_event(p);
    case SIO_ACK:
    case SIO_BINARY_ACK:
        return kind == JSON_ARRAY;
    case SIO_CONNECT_ERROR:
        return true;
    }
    return false;
}

/*
 * ---- placeholders: {"_placeholder":true,"num":0}: where attachments belong ----
 *
 * One placeholders_walk over a value, each byte once.  Asking json_scan for the members of every
 * object would read a nested text once a level, and a peer decides how deep it nests.
 */

/* What the members seen so far say of their object; the last of a name wins. */
struct found {
    bool placeholder; /* "_placeholder" is true */
    bool in_range;    /* "num" is one of the attachments */
};

static bool placeholders_walk(struct json_cursor *c, unsigned attachments, struct str *scalar);

/* The byte where the next value, comma or end of container is. */
static char
placeholders_peek(struct json_cursor *c)
{
    while (c->at < c->end && strchr(" \n\r\t", *c->at) && *c->at != '\0')
        c->at++;
    return c->at < c->end ? *c->at : '\0';
}

static void
placeholders_note(struct str key, struct str scalar, unsigned attachments, struct found *found)
{
    uint64_t number;

    if (json_scan_string_is(key, "_placeholder"))
        found->placeholder = json_scan_kind(scalar) == JSON_TRUE;
    else if (json_scan_string_is(key, "num"))
        found->in_range = attachments > 0 && str_to_u64(scalar, attachments - 1, &number);
}

/* From after the opening bracket to after the closing one. */
static bool
placeholders_walk_container(struct json_cursor *c, unsigned attachments, bool object)
{
    struct found found = { false, false };
    struct str key, scalar;

    while (placeholders_peek(c) != ']' && *c->at != '}') {
        if (*c->at == ',')
            c->at++;
        if (object) {
            if (!json_scan_value(c, &key))
                return false;
            c->at++; /* the colon */
        }
        if (!placeholders_walk(c, attachments, &scalar))
            return false;
        if (object)
            placeholders_note(key, scalar, attachments, &found);
    }
    c->at++;
    return !found.placeholder || found.in_range;
}

/* One value; *scalar is empty for a container.  Recursion ends at JSON_SCAN_DEPTH_MAX. */
static bool
placeholders_walk(struct json_cursor *c, unsigned attachments, struct str *scalar)
{
    char first = placeholders_peek(c);

    *scalar = (struct str){ NULL, 0 };
    if (first != '{' && first != '[')
        return json_scan_value(c, scalar);
    c->at++;
    return placeholders_walk_container(c, attachments, first == '{');
}

/* Whether every placeholder in a value that was validated names one of the attachments. */
static bool
placeholders_within(struct str value, unsigned attachments)
{
    struct json_cursor c = json_scan_begin(value);
    struct str scalar;

    return value.len == 0 || placeholders_walk(&c, attachments, &scalar);
}

/* ---- packets ---- */

enum sio_parse
sio_packet_decode(struct str message, struct sio_packet *out)
{
    struct str rest;

    *out = (struct sio_packet){ .ack = SIO_NO_ACK };
    if (message.len == 0)
        return SIO_PARSE_BAD;
    if (message.data[0] < '0' || message.data[0] > '6')
        return SIO_PARSE_UNKNOWN;
    out->type = (enum sio_type)(message.data[0] - '0');
    rest = skip_bytes(message, 1);
    if (!take_attachments(&rest, out))
        return SIO_PARSE_BAD;
    out->nsp = STR_LIT("/");
    if (rest.len > 0 && rest.data[0] == '/')
        out->nsp = str_cut(rest, ',', &rest);
    if (!take_ack(&rest, out))
        return SIO_PARSE_BAD;
    if (rest.len > 0 && !json_scan_whole(rest, &out->payload))
        return SIO_PARSE_BAD;
    if (!check_payload(out))
        return SIO_PARSE_BAD;
    if (is_binary(out->type) && !placeholders_within(out->payload, out->attachments))
        return SIO_PARSE_BAD;
    return SIO_PARSE_OK;
}

void
sio_packet_event(struct str name, struct str channel, struct str data, struct buffer *out)
{
    buffer_append_text(out, "42[");
    json_scan_quote(name, out);
    buffer_append_char(out, ',');
    json_scan_quote(channel, out);
    if (data.len > 0) {
        buffer_append_char(out, ',');
        buffer_append_str(out, data);
    }
    buffer_append_char(out, ']');
}

void
sio_packet_ack(int64_t id, struct str args, struct buffer *out)
{
    ENSURE(id >= 0);
    buffer_append_text(out, "43");
    buffer_append_u64(out, (uint64_t)id);
    buffer_append_char(out, '[');
    buffer_append_str(out, args);
    buffer_append_char(out, ']');
}
