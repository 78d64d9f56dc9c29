/* SPDX-License-Identifier: MIT */
/*
 * member: slices of the body, put together again with the socket's id.
 */
#include "member.h"

#include "json/json_scan.h"

/* What JavaScript would not take for data either. */
static bool
is_none(struct str value)
{
    return value.len == 0 || str_is(value, "null") || str_is(value, "false") ||
           str_is(value, "\"\"");
}

/* The object, whether it came as one or as a JSON string of one. */
static enum member_parse
member_unwrap(struct str value, struct buffer *text, struct str *object)
{
    *object = value;
    if (is_none(value))
        return MEMBER_NONE;
    if (json_scan_kind(value) != JSON_STRING)
        return MEMBER_OK;
    json_scan_string(value, text);
    if (!json_scan_whole(buffer_str(text), object))
        return MEMBER_BAD;
    return is_none(*object) ? MEMBER_NONE : MEMBER_OK;
}

static bool
member_take_user(struct str user_id, struct buffer *user)
{
    enum json_kind kind = json_scan_kind(user_id);

    if (kind == JSON_STRING)
        json_scan_string(user_id, user);
    else if (kind == JSON_NUMBER)
        buffer_append_str(user, user_id);
    else
        return false;
    return true;
}

static void
append_with_id(struct str object, struct str socket_id, struct buffer *out)
{
    struct json_cursor c = json_scan_enter(object);
    struct str key, value;

    buffer_append_char(out, '{');
    while (json_scan_member(&c, &key, &value)) {
        if (json_scan_string_is(key, "socketId"))
            continue;
        json_scan_normalise(key, out);
        buffer_append_char(out, ':');
        json_scan_normalise(value, out);
        buffer_append_char(out, ',');
    }
    buffer_append_text(out, "\"socketId\":");
    json_scan_quote(socket_id, out);
    buffer_append_char(out, '}');
}

static enum member_parse
member_read_object(struct str object, struct str socket_id, struct member *out)
{
    if (json_scan_kind(object) != JSON_OBJECT) {
        out->fault = "the application's channel_data is not an object";
        return MEMBER_BAD;
    }
    if (!member_take_user(json_scan_get(object, "user_id"), &out->user)) {
        out->fault = "the application's channel_data has no user_id that is a number or a string";
        return MEMBER_BAD;
    }
    append_with_id(object, socket_id, &out->data);
    return MEMBER_OK;
}

enum member_parse
member_read(struct str body, struct str socket_id, struct member *out)
{
    struct json_field data = { .name = "channel_data" };
    struct buffer text = { 0 };
    enum member_parse parse = MEMBER_NONE;
    struct str object = { NULL, 0 };

    if (json_scan_fields(body, &data, 1))
        parse = member_unwrap(data.value, &text, &object);
    if (parse == MEMBER_OK)
        parse = member_read_object(object, socket_id, out);
    else if (parse == MEMBER_BAD)
        out->fault = "the application's channel_data is a string that is not JSON";
    buffer_fini(&text);
    return parse;
}

void
member_fini(struct member *m)
{
    buffer_fini(&m->user);
    buffer_fini(&m->data);
}
